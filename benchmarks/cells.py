"""Every cell beside the GRU: ``python -m benchmarks.cells``.

A training step of each cell (as in ``benchmarks.peers``) and its forward pass alone, float32, on
one thread, in milliseconds. A ratio is the cell's time by that of ``gru``, the median over rounds
in which all cells take turns. GF/s counts the products of the training step: for each block of
weights of H rows 2 H B T F (input) or 2 H B T H (hidden state) forward, and as much again for the
gradient of the weights and for that of the hidden state. It stands beside the rate of sgemm
(NumPy's OpenBLAS, n = 2048) in the same process.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np
from skrnn.kernels.arena import Arena

from benchmarks._measure import (
    data,
    interleaved,
    median_ratio,
    print_table,
    sgemm_rate,
    training_step,
)
from skrnn.cells import CELLS
from skrnn.kernels.parameters import INPUT, RECURRENT
from skrnn.network.minibatch import Minibatch
from skrnn.network.stack import Network
from skrnn.validation import as_sequences

SHAPES = [(32, 24, 1, (32,)), (64, 60, 8, (64,)), (128, 60, 16, (128,)), (64, 100, 32, (256,))]


def forward(cell, shape):
    """A callable that takes a minibatch that is ready through one layer."""
    B, _, F, sizes = shape
    network = Network(cell, F, sizes, 1)
    theta = network.initialize(np.random.default_rng(0), np.float32)
    minibatch = Minibatch(as_sequences(data(shape, B)[0]), np.arange(B), Arena())
    minibatch.arena = Arena()  # of the layer, which leaves the minibatch as it is
    (layer,), (weights, *_) = network.layers, network.prepare(network.params(theta), Arena()).layers
    initial = [None] * len(layer.state_widths())

    def run():
        minibatch.arena.clear()
        layer.forward(weights, minibatch, minibatch.x, initial, False)

    return run


def flops(cell, shape):
    """Floating-point operations of the products in a training step."""
    B, T, F, (H,) = shape
    columns = {INPUT: 0, RECURRENT: 0}
    for parameter in CELLS[cell].parameters.values():
        if parameter.kind in columns:
            columns[parameter.kind] += len(parameter.columns)
    return 2 * H * B * T * (2 * F * columns[INPUT] + 3 * H * columns[RECURRENT])


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    rate, rows = sgemm_rate(), []
    for shape in SHAPES:
        steps = {cell: training_step(cell, shape) for cell in CELLS}
        passes = {cell: forward(cell, shape) for cell in CELLS}
        training = interleaved(steps, options.rounds, 0.03)
        inference = interleaved(passes, options.rounds, 0.03)
        B, T, F, (H,) = shape
        for cell in CELLS:
            gflops = flops(cell, shape) / np.median(training[cell]) / 1e9
            row = [f"{B}, {T}, {F}, {H}", cell]
            for times in (training, inference):
                ratio = median_ratio(times[cell], times["gru"])
                row += [f"{np.median(times[cell]) * 1e3:.3f}", f"{ratio:.2f}"]
            rows.append([*row, f"{gflops:.0f}", f"{gflops / rate:.0%}"])
    print(f"one thread; sgemm {rate:.0f} GF/s")
    header = ["B, T, F, H", "cell", "training", "by gru", "forward", "by gru", "GF/s", "of sgemm"]
    print_table(header, rows)


if __name__ == "__main__":
    main()
