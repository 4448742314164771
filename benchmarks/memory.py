"""Peak memory of windows over a long series: ``python -m benchmarks.memory``.

Each row is a process of its own. The series has 1,000,000 rows of 4 float32 features; as an array
its windows of 100 steps would take 100 times its size.
"""

import resource
import subprocess
import sys

import numpy as np

N_ROWS, N_FEATURES, WINDOW = 1_000_000, 4, 100
CASES = ["series", "transform", "fit"]


def run(case):
    """Do one case and print the peak resident size in MB."""
    from sklearn.pipeline import make_pipeline

    from skrnn import LSTMRegressor, SlidingWindow

    X = np.random.default_rng(0).standard_normal((N_ROWS, N_FEATURES), dtype=np.float32)
    if case == "transform":
        SlidingWindow(WINDOW).fit_transform(X)
    elif case == "fit":
        model = LSTMRegressor(4, batch_size=1000, max_iter=1, n_iter_no_change=np.inf)
        make_pipeline(SlidingWindow(WINDOW), model).fit(X, X[:, 0])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main():
    """Print the table."""
    series = N_ROWS * N_FEATURES * 4 / 2**20
    peak = {}
    for case in CASES:
        command = [sys.executable, "-m", "benchmarks.memory", case]
        peak[case] = float(subprocess.check_output(command, text=True))
    print(f"{N_ROWS:,} rows x {N_FEATURES} float32: {series:.1f} MB; "
          f"as an array of windows of {WINDOW}: {series * WINDOW:,.0f} MB")  # fmt: skip
    print(f"{'case':<12}{'peak MB':>10}{'above the series':>18}{'in series':>11}")
    for case in CASES:
        above = peak[case] - peak["series"]
        print(f"{case:<12}{peak[case]:>10.0f}{above:>15.0f} MB{above / series:>11.1f}")


if __name__ == "__main__":
    run(sys.argv[1]) if len(sys.argv) > 1 else main()
