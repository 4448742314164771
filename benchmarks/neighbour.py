"""Two threads with a busy neighbour: ``python -m benchmarks.neighbour``. Linux only.

The time of a training step (float32; see ``_measure.training_step``) on two cores: with one thread
and with two, alone, and with two while another process keeps the second core busy. The neighbour
is pinned; our threads are not, within the two cores. In each round the three take turns.
Milliseconds are medians over the rounds, the ratios medians over rounds:

- speed-up: one thread by two, alone;
- ratio: two threads with the neighbour by one thread alone. Asked for: at most 1.3.
"""

import argparse
import os
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._measure import median_ratio, print_table, seconds_per_call, training_step

CELLS = ["lstm", "gru"]
SHAPES = [(64, 60, 8, (64,)), (128, 60, 16, (128,)), (64, 100, 32, (256,))]
TURN = 0.3  # seconds: many turns of the scheduler
SPIN = "print(flush=True)\nwhile True: pass"


@contextmanager
def neighbour(core):
    """A process that keeps a core busy."""
    with subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE) as process:
        try:
            os.sched_setaffinity(process.pid, {core})
            process.stdout.readline()
            yield
        finally:
            process.kill()


def step_seconds(step, n_threads):
    """Seconds per step with a number of threads, and BLAS with one, as in ``fit``."""
    with threadpool_limits({"openmp": n_threads, "blas": 1}):
        step()
        return seconds_per_call(step, TURN)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    load, cores = os.getloadavg(), sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        sys.exit("This benchmark needs two cores.")
    os.sched_setaffinity(0, cores)
    rows = []
    for cell in CELLS:
        for shape in SHAPES:
            step = training_step(cell, shape)
            one, two, busy = times = [], [], []
            for _ in range(options.rounds):
                one.append(step_seconds(step, 1))
                two.append(step_seconds(step, 2))
                with neighbour(cores[1]):
                    busy.append(step_seconds(step, 2))
            ms = [f"{1e3 * np.median(seconds):.2f}" for seconds in times]
            speed_up, ratio = f"{median_ratio(one, two):.2f}", f"{median_ratio(busy, one):.2f}"
            B, T, F, (H,) = shape
            rows.append([f"{cell.upper()} {B}, {T}, {F}, {H}", *ms[:2], speed_up, ms[2], ratio])
    print(f"training step, ms; load before: {load[0]:.2f} over one minute, {load[1]:.2f} over five")
    header = ["B, T, F, H", "1 thread", "2 threads", "speed-up", "2 with neighbour", "ratio"]
    print_table(header, rows)


if __name__ == "__main__":
    main()
