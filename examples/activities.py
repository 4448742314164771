"""Activities: a label for every time step
=======================================

A label for every row: what does a person do, as an accelerometer at the hip sees it?

Twenty people sit, walk and run in turn, each in a way of their own. The table has a row for each
tenth of a second of each person: who, when, and the acceleration up and to the side. The data are
made up here.

A single row says little: a step has moments without acceleration, and a person who sits may fidget.
``RNNStepClassifier(group=..., time=...)`` gives each row a label from the rows of its person until
then. Rows go in and rows come out, so ``cross_val_predict`` with ``GroupKFold`` labels each person
by a model of other people, and every metric works as for any other classifier. Two thirds of the
labels of a logistic regression on single rows are right, and 96 % of those of the network. Run it
with ``python examples/activities.py``: it prints a report, and draws ``activities.png`` beside this
script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report
from sklearn.model_selection import GroupKFold, cross_val_predict

from skrnn import RNNStepClassifier

WHO, WHEN = "person", "second"
FEATURES = ["up", "side"]
ACTIVITIES = ["run", "sit", "walk"]
COLORS = ListedColormap(["C3", "C0", "C2"])
RATE = 10  # rows per second
PNG = Path(__file__).with_suffix(".png")


def record(rng, n_seconds):
    """The accelerations (g) and the activities of one person, row by row."""
    n_rows = n_seconds * RATE
    activity, current = np.empty(n_rows, object), rng.choice(ACTIVITIES)
    start = 0
    while start < n_rows:
        end = start + int(rng.uniform(5, 20) * RATE)
        activity[start:end] = current
        current = rng.choice([other for other in ACTIVITIES if other != current])
        start = end
    # Of this person: steps per second, and how hard they are.
    pace = {"sit": 0, "walk": rng.normal(1.8, 0.1), "run": rng.normal(2.7, 0.15)}
    force = {"sit": 0, "walk": rng.uniform(0.2, 0.5), "run": rng.uniform(0.5, 1.1)}
    phase = 2 * np.pi * np.cumsum([pace[name] for name in activity]) / RATE
    strength = np.array([force[name] for name in activity]) * rng.uniform(0.8, 1.2, n_rows)
    fidgets = 0.3 * rng.standard_normal(n_rows) * (rng.uniform(size=n_rows) < 0.15)
    up = strength * np.sin(phase) + 0.1 * rng.standard_normal(n_rows) + fidgets
    side = strength * np.sin(phase / 2) / 2 + 0.1 * rng.standard_normal(n_rows) + fidgets
    return up, side, activity


def make_table(n_people, n_seconds, seed):
    """The recordings of all people in one table, in the order of time, and the activities."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(1, n_people + 1):
        up, side, activity = record(rng, n_seconds)
        columns = {WHO: f"person {number}", WHEN: np.arange(len(up)) / RATE, "up": up, "side": side}
        parts.append(pd.DataFrame(columns).assign(activity=activity))
    # As the rows would come if all were recorded at once.
    table = pd.concat(parts).sort_values(WHEN, kind="stable", ignore_index=True)
    return table.drop(columns="activity"), table["activity"].to_numpy(str)


def make_classifier(**parameters):
    """A GRU with a label for each row, trained on pieces of six seconds of each person."""
    options = {"cell": "gru", "group": WHO, "time": WHEN, "tbptt_steps": 6 * RATE}
    options |= {"batch_size": 4, "max_iter": 20, "random_state": 0}
    return RNNStepClassifier(32, **options | parameters)


def label(model, table, activity, n_folds=5):
    """The probabilities of the activities at each row, by a model of other people."""
    folds = GroupKFold(n_folds)
    return cross_val_predict(
        model, table, activity, groups=table[WHO], cv=folds, method="predict_proba"
    )


def label_single_rows(table, activity, n_folds=5):
    """The activities at each row, by a model of other people that sees nothing but the row."""
    X = np.abs(table[FEATURES])  # up or down, it is a step
    folds = GroupKFold(n_folds)
    return cross_val_predict(LogisticRegression(), X, activity, groups=table[WHO], cv=folds)


def draw(table, activity, proba, who):
    """One person: the accelerations, the true and the predicted labels, the probabilities."""
    rows = (table[WHO] == who).to_numpy()
    seconds = table.loc[rows, WHEN].to_numpy()
    truth, proba = activity[rows], proba[rows]
    found = np.array(ACTIVITIES)[proba.argmax(axis=1)]
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    signal, labels, chances = figure.subplots(3, 1, sharex=True, height_ratios=[3, 1.2, 2])
    up, side = table.loc[rows, FEATURES].to_numpy().T
    signal.plot(seconds, up, lw=0.8, c="black", label="up")
    signal.plot(seconds, side - 2.5, lw=0.8, c="C7", label="side, lowered by 2.5")
    signal.set(ylabel="Acceleration (g)", title=f"What does {who} do? A model of other people")
    signal.legend(frameon=False, ncols=2, loc="lower right")
    for place, activities in enumerate([found, truth]):
        codes = np.searchsorted(ACTIVITIES, activities)
        extent = seconds[0], seconds[-1], place - 0.45, place + 0.45
        labels.imshow(codes[np.newaxis], cmap=COLORS, vmin=0, vmax=2, extent=extent, aspect="auto")
    labels.set(yticks=[0, 1], yticklabels=["predicted", "truth"], ylim=(-0.5, 1.5))
    areas = chances.stackplot(seconds, proba.T, colors=COLORS.colors, labels=ACTIVITIES, lw=0)
    chances.set(xlabel="Time (seconds)", ylabel="Probability", ylim=(0, 1))
    chances.set(xlim=(seconds[0], seconds[-1]))
    figure.legend(handles=areas, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(PNG, dpi=120)


def main():
    """Label all people by models of others, report."""
    table, activity = make_table(n_people=20, n_seconds=120, seed=0)
    print("The table, in the order of time:\n", table.head(3).round(2).to_string(), sep="\n")
    single = accuracy_score(activity, label_single_rows(table, activity))
    proba = label(make_classifier(), table, activity)
    found = np.array(ACTIVITIES)[proba.argmax(axis=1)]
    print(f"\nRight with single rows: {single:.3f}\n")
    print(classification_report(activity, found, digits=3))
    draw(table, activity, proba, "person 7")
    print(f"The figure is in {PNG}")


if __name__ == "__main__":
    main()
