"""Utterances: who speaks, in recordings of different lengths
==========================================================

Nine men say the same two vowels, in recordings of 7 to 29 steps of 12 numbers each. A list of
arrays goes straight into a classifier: no padding, no resampling.

The plain RNN, the GRU, the LSTM and an LSTM that reads in both directions learn from 270
recordings, from three seeds, and are compared on 370 others. Logistic regression on the mean of
each recording is nearly as good: here the order of the steps adds little. It is always worth a
look. ``transform`` gives the hidden state of each recording: in the middle of the figure it is
projected to a plane, and the speakers stand apart. Run it with ``python examples/utterances.py``:
it prints the accuracies, and draws ``utterances.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import GRUClassifier, LSTMClassifier, PerStep, RNNClassifier
from skrnn.datasets import load_japanese_vowels

PNG = Path(__file__).with_suffix(".png")
SEEDS = range(3)


def load():
    """The recordings to learn from and the others, each a list of arrays and the speakers."""
    parts = (load_japanese_vowels(subset=part, return_X_y=True) for part in ("train", "test"))
    return [part for X_y in parts for part in X_y]


def means(recordings):
    """The mean over the steps of each recording, (n_recordings, 12)."""
    return np.array([recording.mean(axis=0) for recording in recordings])


def make_models(seed):
    """Names and models of recordings."""
    networks = {
        "RNN": RNNClassifier(32, random_state=seed),
        "GRU": GRUClassifier(32, random_state=seed),
        "LSTM": LSTMClassifier(32, random_state=seed),
        "LSTM, both directions": LSTMClassifier(32, bidirectional=True, random_state=seed),
    }
    regression = LogisticRegression(max_iter=1000)
    of_means = make_pipeline(FunctionTransformer(means), StandardScaler(), regression)
    return {
        "Means, logistic regression": of_means,
        **{name: make_pipeline(PerStep(StandardScaler()), net) for name, net in networks.items()},
    }


# %%
# The same ``fit`` and ``score`` for all of them.


def compare(X, y, X_test, y_test, seeds=SEEDS):
    """The accuracy of each model (columns) from each seed (rows), and the last models."""
    rows = []
    for seed in seeds:
        models = {name: model.fit(X, y) for name, model in make_models(seed).items()}
        rows.append({name: model.score(X_test, y_test) for name, model in models.items()})
    return pd.DataFrame(rows), models


def draw(accuracy, model, X_test, y_test):
    """The accuracies, the hidden states in a plane, and who is taken for whom."""
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    bars, plane, matrix = figure.subplots(1, 3, width_ratios=[1.1, 1, 1])
    names = accuracy.columns[::-1]
    bars.barh(names, accuracy.mean()[names], color="C0", alpha=0.35)
    for name in names:
        bars.plot(accuracy[name], [name] * len(accuracy), "o", c="C0", ms=4)
    bars.set(xlim=(0.8, 1), xlabel="Accuracy: mean, and each seed")
    bars.set_title("Recordings not heard before")

    states = PCA(2).fit_transform(model.transform(X_test))
    points = plane.scatter(*states.T, c=y_test, cmap="tab10", vmax=9, s=14)
    plane.set(xticks=[], yticks=[], title="Their hidden states in the GRU")
    plane.legend(*points.legend_elements(num=None), title="Speaker", fontsize="x-small")

    ConfusionMatrixDisplay.from_estimator(
        model, X_test, y_test, ax=matrix, cmap="Blues", colorbar=False
    )
    matrix.set(xlabel="Recognised as", ylabel="Speaker", title="Who is taken for whom by the GRU")
    figure.savefig(PNG, dpi=120)


def main():
    """Fit all models, report."""
    X, y, X_test, y_test = load()
    lengths = [len(recording) for recording in X]
    print(f"{len(X)} recordings of {min(lengths)} to {max(lengths)} steps, {len(X_test)} others.")
    accuracy, models = compare(X, y, X_test, y_test)
    draw(accuracy, models["GRU"], X_test, y_test)
    print("\nAccuracy on the others, mean of three seeds:\n")
    print(accuracy.mean().round(3).to_string(), f"The figure is in {PNG}", sep="\n\n")


if __name__ == "__main__":
    main()
