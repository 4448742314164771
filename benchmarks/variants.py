"""The instruction sets and precisions: ``python -m benchmarks.variants``.

GF/s of the products in a training step (``_measure.flops``) on one thread, for every instruction
set that runs here, and how much that is of the rate of NumPy's matrix product at n = 2048 (sgemm
for float32, dgemm for float64) in the same process. NumPy always has its widest instruction set.
"""

import argparse

import numpy as np

from benchmarks._measure import (
    CELLS,
    flops,
    in_process,
    interleaved,
    print_table,
    sgemm_rate,
    training_step,
)

SHAPES = [(64, 60, 8, (64,)), (64, 100, 32, (256,))]


def run(isa, rounds):
    """The rows of the table for the instruction set that SKRNN_ISA names."""
    rows = []
    for dtype in (np.float32, np.float64):
        gemm = sgemm_rate(dtype)
        for shape in SHAPES:
            steps = {cell: training_step(cell, shape, dtype) for cell in CELLS}
            times = interleaved(steps, rounds, 0.1)
            B, T, F, (H,) = shape
            row = [isa, dtype.__name__, f"{B}, {T}, {F}, {H}", f"{gemm:.0f}"]
            for cell in CELLS:
                rate = flops(cell, "training step", shape) / np.median(times[cell]) / 1e9
                row += [f"{rate:.1f}", f"{rate / gemm:.0%}"]
            rows.append(row)
    return rows


def main():
    """Print the table."""
    from skrnn.kernels import isa

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = []
    for name in isa.available():
        rows += in_process(run, name, options.rounds, SKRNN_ISA=name, OMP_NUM_THREADS="1")
    print("training step, one thread, GF/s and percent of gemm")
    header = ["SKRNN_ISA", "precision", "B, T, F, H", "gemm"]
    print_table([*header, *(column for cell in CELLS for column in (cell.upper(), "%"))], rows)


if __name__ == "__main__":
    main()
