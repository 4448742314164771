"""What the benchmarks share: taking turns on the clock, a rate to compare with, tables.

And the training step that several of them time. A shape is ``(B, T, F, sizes)``: sequences per
minibatch, steps, features, and the widths of the layers from the input up.
"""

import importlib
import itertools
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

PAUSE = 0.1  # seconds between two turns

CELLS = {"lstm": "lstm", "gru": "gru", "rnn": "rnn_tanh"}  # names in skrnn.cells.CELLS
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
N_MINIBATCHES = 8  # in training, so that gathering is not from the nearest cache


def seconds_per_call(call, min_seconds):
    """The mean over as many calls as take ``min_seconds``, and at least one."""
    start, n = time.perf_counter(), 0
    while True:
        call()
        n += 1
        seconds = time.perf_counter() - start
        if seconds >= min_seconds:
            return seconds / n


def interleaved(calls, rounds, min_seconds):
    """Seconds per call in every round, by name; in each round all calls take their turn.

    A turn lasts ``min_seconds``. If that is not 0, it begins with a pause, in which the threads of
    the one before come to rest (most libraries let theirs spin for a while), and an untimed call.
    """
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            if min_seconds > 0:
                time.sleep(PAUSE)
                call()
            times[name].append(seconds_per_call(call, min_seconds))
    return times


def median_ratio(a, b):
    """The median over rounds of ``a`` by ``b``."""
    return float(np.median(np.divide(a, b)))


def sgemm_rate(dtype=np.float32):
    """GF/s of NumPy's matrix product at n = 2048, with the threads that it has."""
    n = 2048
    a, b = np.random.default_rng(0).standard_normal((2, n, n)).astype(dtype)
    times = interleaved({"gemm": lambda: np.matmul(a, b)}, rounds=5, min_seconds=0.1)
    return 2 * n**3 / np.median(times["gemm"]) / 1e9


def print_table(header, rows):
    """Columns as wide as they need to be, the first to the left and the others to the right."""
    table = [list(map(str, row)) for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *others in table:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]), flush=True)


def in_process(function, *args, **environment):
    """What ``function(*args)`` returns in a new process with these environment variables."""
    os.environ.update(environment)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        return executor.submit(function, *args).result()


def peer(name):
    """The module of a library that we are compared with."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        sys.exit(f"{error}. This benchmark compares skrnn with {name}; `make bench` installs it.")


def flops(cell, task, shape):
    """Floating-point operations of the products in the recurrent layers."""
    B, T, F, sizes = shape
    B = 1 if task == "one window" else B
    total = 0
    for n_in, H in itertools.pairwise((F, *sizes)):
        k = 2 * n_in + 3 * H if task == "training step" else n_in + H
        total += 2 * GATES[cell] * H * B * T * k
    return total


def data(shape, n, dtype=np.float32):
    """``n`` windows (n, T, F) and targets (n, 1)."""
    _, T, F, _ = shape
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, T, F), dtype), rng.standard_normal((n, 1), dtype)


def minibatch_indices(B):
    """Shuffled minibatches, given out in turn for ever."""
    order = np.random.default_rng(1).permutation(B * N_MINIBATCHES)
    return itertools.cycle(order.reshape(N_MINIBATCHES, B))


def training_step(cell, shape, dtype=np.float32):
    """A callable that takes a minibatch through skrnn, forward and back, and steps with Adam."""
    from skrnn.network.losses import SquaredError
    from skrnn.network.objective import Objective
    from skrnn.network.stack import Network
    from skrnn.training import Adam
    from skrnn.validation import as_sequences

    B, _, F, sizes = shape
    X, y = data(shape, B * N_MINIBATCHES, dtype)
    network = Network(CELLS.get(cell, cell), F, sizes, 1)
    theta = network.initialize(np.random.default_rng(0), np.dtype(dtype))
    weight = np.ones(len(y), y.dtype)
    objective = Objective(network, SquaredError(), as_sequences(X, np.dtype(dtype)), y, weight)
    adam, batches = Adam(0.9, 0.999, 1e-8), minibatch_indices(B)

    def step():
        _, gradient = objective.loss_gradient(theta, next(batches))
        adam.step(theta, gradient, 1e-3)

    return step
