"""An epoch over rows in a file, beside the same in memory: ``python -m benchmarks.memmap folder``.

20,000,000 rows of 8 float32 features (640 MB), as windows of 48 steps that stand side by side, so
an epoch reads each row once. Each run is a process of its own; runs alternate, after one that
warms the page cache. Private memory is ``RssAnon`` of Linux at its peak, the interpreter included
and the mapped file not. Options: the number of rows, and the number of rounds. With neither, the
table is written to ``results/memmap.md``.
"""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import numpy as np

RESULTS = Path(__file__).parent / "results" / "memmap.md"
N_ROWS, N_FEATURES, WINDOW, N_ROUNDS = 20_000_000, 8, 48, 3


def private():
    """The private memory of this process, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def run(path, case):
    """Fit one epoch; print its seconds and the peak of private memory."""
    from skrnn import GRURegressor, Sequences

    rows = np.memmap(path, np.float32, "r").reshape(-1, N_FEATURES)
    if case == "memory":
        rows = np.array(rows)
    n_windows = len(rows) // WINDOW
    starts = np.arange(n_windows) * WINDOW
    X = Sequences(rows, starts, np.full(n_windows, WINDOW))
    y = np.random.default_rng(0).standard_normal(n_windows, np.float32)
    model = GRURegressor(8, batch_size=256, max_iter=1, random_state=0)
    peak, done = [private()], Event()

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], private())

    watcher = Thread(target=watch)
    watcher.start()
    start = perf_counter()
    model.fit(X, y)
    seconds = perf_counter() - start
    done.set()
    watcher.join()
    print(seconds, peak[0])


def write(path, n_rows):
    """The file, a part at a time."""
    rng, part = np.random.default_rng(0), 1_000_000
    with path.open("wb") as file:
        for begin, end in pairwise([*range(0, n_rows, part), n_rows]):
            rng.standard_normal((end - begin, N_FEATURES), np.float32).tofile(file)


def measured(path, case):
    """Seconds and MB of one run."""
    command = [sys.executable, "-m", "benchmarks.memmap", str(path), case]
    found = subprocess.check_output(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, text=True)
    return [float(number) for number in found.split()]


def main(folder, n_rows=N_ROWS, n_rounds=N_ROUNDS):
    """Print the table and write it."""
    from benchmarks._measure import print_table  # modules would count as memory of a run
    from benchmarks.accuracy import markdown

    path = Path(folder) / "rows.dat"
    write(path, int(n_rows))
    cases = ["memory", "memmap"]
    measured(path, "memmap")
    found = np.array([[measured(path, c) for c in cases] for _ in range(int(n_rounds))])
    path.unlink()
    print(f"{int(n_rows):,} rows of {N_FEATURES} float32, windows of {WINDOW}")
    header = ["rows in", "seconds", "times as long", "MB of private memory"]
    table = []
    for k, case in enumerate(cases):
        low, ratio, high = np.quantile(found[:, k, 0] / found[:, 0, 0], [0, 0.5, 1])
        ratio = f"{ratio:.2f} ({low:.2f} to {high:.2f})" if k else ""
        best, peak = found[:, k, 0].min(), found[:, k, 1].max()
        table.append([case, f"{best:.2f}", ratio, f"{peak:.0f}"])
    print_table(header, table)
    if (int(n_rows), int(n_rounds)) == (N_ROWS, N_ROUNDS):
        RESULTS.write_text(markdown(header, table))


if __name__ == "__main__":
    is_run = len(sys.argv) == 3 and sys.argv[2] in ("memory", "memmap")
    run(*sys.argv[1:]) if is_run else main(*sys.argv[1:])
