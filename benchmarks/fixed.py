"""Fixed costs beside scikit-learn's: ``python -m benchmarks.fixed``.

Milliseconds, medians over rounds in which both sides take turns; the ratio is the median over
rounds of scikit-learn's time by ours (over 1: we are faster).

- import: a new interpreter that imports skrnn, or sklearn.linear_model, and ends;
- fit: one epoch of 10 rows of 24 steps, LSTMRegressor beside MLPRegressor, default sizes;
- predict: one row, as a table (1, 24) or as an array (1, 24, 1). MLPRegressor has the table.
"""

import argparse
import subprocess
import sys
import warnings

import numpy as np

from benchmarks._measure import interleaved, median_ratio, print_table


def importing(name):
    """A callable that imports a module in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", f"import {name}"], check=True)


def cases():
    """What is timed: ours and scikit-learn's callable, and the least seconds of a turn."""
    from sklearn.neural_network import MLPRegressor

    from skrnn import LSTMRegressor

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 24), np.float32), rng.standard_normal(10, np.float32)
    once = {"max_iter": 1, "n_iter_no_change": np.inf}
    lstm, mlp = LSTMRegressor(**once).fit(X, y), MLPRegressor(**once).fit(X, y)
    row = X[:1]
    window = row[:, :, np.newaxis]
    return {
        "import": (importing("skrnn"), importing("sklearn.linear_model"), 0),
        "fit, 10 rows, 1 epoch": (lambda: lstm.fit(X, y), lambda: mlp.fit(X, y), 0.1),
        "predict, 1 row, 2-D": (lambda: lstm.predict(row), lambda: mlp.predict(row), 0.1),
        "predict, 1 row, 3-D": (lambda: lstm.predict(window), lambda: mlp.predict(row), 0.1),
    }


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # one epoch is too few
    rows = []
    for name, (ours, theirs, min_seconds) in cases().items():
        times = interleaved({"ours": ours, "theirs": theirs}, options.rounds, min_seconds)
        medians = [f"{1e3 * np.median(seconds):.2f}" for seconds in times.values()]
        rows.append([name, *medians, f"{median_ratio(times['theirs'], times['ours']):.2f}"])
    print_table(["milliseconds", "skrnn", "scikit-learn", "ratio"], rows)


if __name__ == "__main__":
    main()
