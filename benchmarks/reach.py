"""Time to reach the accuracy of the earlier defaults: ``python -m benchmarks.reach --data FOLDER``.

Each model is fitted with the earlier parameters of training, and as it is, to a part of the
training part of a data set. The table has the error on the rest, and the seconds of processor time:
of the earlier fit, and of as many epochs of today's as it takes until the error is no greater.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import skrnn
from benchmarks._measure import print_table
from benchmarks._suite import SUITE, scaled, take
from benchmarks.defaults import before, kind

TASKS = (
    "Japanese Vowels", "Pen digits", "ItalyPowerDemand", "BasicMotions", "Sinusoids", "M4 Hourly",
    "Adding problem", "Nearly linear",
)  # fmt: skip
HEADER = [
    "data set", "model", "error before", "seconds", "error now", "seconds", "reached after",
    "ratio",
]  # fmt: skip


def row(name, task, cell, seed):
    """The errors and times of one model on one data set."""
    fit, score = task.split(seed)
    X, X_score = scaled(take(task.X, fit), take(task.X, score))
    y, y_score = task.y[fit], task.y[score]
    model = getattr(skrnn, cell + kind(task))

    def timed(**parameters):
        estimator, start = model(random_state=seed, **parameters), time.process_time()
        estimator.fit(X, y)
        return (
            task.error(y_score, estimator.predict(X_score)),
            time.process_time() - start,
            estimator,
        )

    def negative_error(estimator, X, y):
        return -task.error(y, estimator.predict(X))

    first, first_seconds, _ = timed(**before(len(y), None))
    now, seconds, estimator = timed()
    watched = model(random_state=seed, early_stopping=True, scoring=negative_error)
    watched.fit(X, y, X_val=X_score, y_val=y_score)
    reached = np.flatnonzero(-np.array(watched.validation_scores_) <= first)
    if len(reached) == 0:
        return [name, cell, f"{first:.4f}", f"{first_seconds:.1f}", f"{now:.4f}", f"{seconds:.1f}",
                "never", ""]  # fmt: skip
    needed = seconds * (reached[0] + 1) / estimator.n_iter_
    return [
        name, cell, f"{first:.4f}", f"{first_seconds:.1f}", f"{now:.4f}", f"{seconds:.1f}",
        f"{needed:.1f}", f"{needed / first_seconds:.2f}",
    ]  # fmt: skip


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = []
    for name in TASKS:
        task = SUITE[name](options.data)
        table += [row(name, task, cell, options.seed) for cell in ("GRU", "LSTM")]
    print_table(HEADER, table)


if __name__ == "__main__":
    main()
