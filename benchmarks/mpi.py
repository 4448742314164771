"""Two processes that fit one model over MPI, beside one: ``python -m benchmarks.mpi``.

It needs mpi4py and an MPI library (``pip install "skrnn[mpi]"``). All processes have one thread,
and the two take the same minibatches as the one. Runs alternate; the ratio is that of two runs
that follow each other. The table is written to ``results/mpi.md``.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks._measure import print_table

RESULTS = Path(__file__).parent / "results" / "mpi.md"
N_SEQUENCES, N_TIMESTEPS, N_FEATURES = 1280, 60, 16
SIZES = [(128, 128), (256, 128), (128, 32)]  # units, sequences of a minibatch
N_ROUNDS = 7


def run(n_hidden, batch_size):
    """Fit two epochs and print the seconds of the slowest process."""
    from skrnn import LSTMRegressor
    from skrnn.distributed import data_parallel

    X = np.random.default_rng(0).standard_normal((N_SEQUENCES, N_TIMESTEPS, N_FEATURES), "f")
    y = X[:, -5:].mean(axis=(1, 2))
    model = LSTMRegressor(n_hidden, batch_size=batch_size, max_iter=2)
    with data_parallel() as comm:
        part = slice(comm.rank, None, comm.size)
        comm.Barrier()
        start = perf_counter()
        model.fit(X[part], y[part])
        seconds = max(comm.allgather(perf_counter() - start))
    if comm.rank == 0:
        print(seconds)


def seconds(size, *numbers):
    """Of a fit by ``size`` processes."""
    mpiexec = str(Path(sys.executable).parent / "mpiexec")
    start = [mpiexec, "-n", str(size)] if size > 1 else []
    command = [*start, sys.executable, "-m", "benchmarks.mpi", *map(str, numbers)]
    return float(subprocess.check_output(command, env=os.environ | {"OMP_NUM_THREADS": "1"}))


def row(numbers):
    """The seconds of one process and of two, and their ratio."""
    pairs = np.array([[seconds(size, *numbers) for size in (1, 2)] for _ in range(N_ROUNDS)])
    best = [f"{each:.2f}" for each in pairs.min(axis=0)]
    low, ratio, high = np.quantile(pairs[:, 0] / pairs[:, 1], [0, 0.5, 1])
    return [*map(str, numbers), *best, f"{ratio:.2f} ({low:.2f} to {high:.2f})"]


def main():
    """Print the table and write it."""
    from benchmarks.accuracy import markdown  # the processes that are measured do without it

    print(f"LSTM, {N_SEQUENCES} sequences of {N_TIMESTEPS} steps and {N_FEATURES} features")
    header = ["units", "minibatch", "seconds of one", "of two", "ratio"]
    table = [row(numbers) for numbers in SIZES]
    print_table(header, table)
    RESULTS.write_text(markdown(header, table))


if __name__ == "__main__":
    run(*map(int, sys.argv[1:])) if len(sys.argv) > 1 else main()
