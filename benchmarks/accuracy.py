"""Accuracy on public data sets: ``python -m benchmarks.accuracy --data FOLDER``.

Each row is a data set and a model: the mean and standard deviation over seeds of its score on the
test part, what is asked of it, the best of the simple models, what others report under the same
protocol (the reference), and the seconds that a fit takes. The table is written to
``results/accuracy.md`` when it has all data sets.

``--choose`` compares hyperparameters instead, by the folds of the training part; it never sees the
test part.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_val_score

from benchmarks._measure import print_table
from benchmarks._models import DATA_SETS

RESULTS = Path(__file__).parent / "results" / "accuracy.md"
HEADER = [
    "data set", "model", "metric", "score", "asked for", "best simple", "reference", "seconds",
]  # fmt: skip
CHOICES_HEADER = ["data set", "model", "change", "metric", "score in validation"]


def fit_and_score(protocol, estimator, seeds):
    """The test score of each seed, and the mean number of seconds of a fit."""
    scores, seconds = [], []
    for seed in seeds:
        model = clone(estimator).set_params(random_state=seed)
        start = time.perf_counter()
        model.fit(*protocol.train)
        seconds.append(time.perf_counter() - start)
        X, y = protocol.test
        scores.append(protocol.score(y, model.predict(X)))
    return scores, np.mean(seconds)


def rows(name, data_set, data, seeds):
    """The rows of a data set: simple models, then ours."""
    protocol = data_set.protocol(data)
    best = f"{protocol.best(protocol.baselines.values()):.4g}"
    for title, reference in data_set.simple.items():
        score = f"{protocol.baselines[title]:.4g}"
        yield [name, title, protocol.metric, score, "", "", reference, ""]
    for title, model in data_set.models.items():
        scores, seconds = fit_and_score(protocol, model.estimator, seeds)
        score = f"{np.mean(scores):.4g} ± {np.std(scores):.2g}"
        yield [
            name, title, protocol.metric, score, model.asked_for, best, model.reference,
            f"{seconds:.0f}",
        ]  # fmt: skip


def choices(name, data_set, data, seeds):
    """The validation scores of each model and of the changes to it, means over seeds and folds."""
    protocol = data_set.protocol(data)
    for title, model in data_set.models.items():
        for change in [{}, *model.changes]:
            scores = [
                cross_val_score(
                    clone(model.estimator).set_params(random_state=seed, **change),
                    *protocol.train,
                    cv=protocol.folds,
                    scoring=make_scorer(protocol.score),
                    error_score="raise",
                ).mean()
                for seed in seeds
            ]
            words = ", ".join(f"{key}={value}" for key, value in change.items())
            score = f"{np.mean(scores):.4g} ± {np.std(scores):.2g}"
            yield [name, title, words or "as it is", protocol.metric, score]


def markdown(header, table):
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--only", default="", help="data sets whose name contains this")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--choose", action="store_true", help="compare hyperparameters instead")
    options = parser.parse_args()
    seeds = range(options.seeds)
    table = []
    for name, data_set in DATA_SETS.items():
        if options.only.lower() in name.lower():
            table += (choices if options.choose else rows)(name, data_set, options.data, seeds)
    if options.choose:
        print_table(CHOICES_HEADER, table)
        return
    print_table(HEADER, table)
    if not options.only:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(markdown(HEADER, table))


if __name__ == "__main__":
    main()
