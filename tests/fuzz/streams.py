"""Rows pushed through Pipelines one by one, beside the same rows at once."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skrnn
from tests.fuzz.data import pick
from tests.fuzz.transformers import copy_of


def pipelines(rng):
    small = {"max_iter": 1, "random_state": 0}
    network = skrnn.RNNRegressor(
        int(rng.integers(1, 9)), cell=pick(rng, ["gru", "lstm", "rnn", "mingru", "peephole_lstm"]),
        pooling=pick(rng, ["last", "mean", "max", "attention"]), ar_steps=pick(rng, [0, 0, 2]),
        bidirectional=bool(rng.integers(2)), **small,
    )  # fmt: skip
    scaler = pick(rng, [StandardScaler(), MinMaxScaler()])
    window = skrnn.SlidingWindow(int(rng.integers(1, 7)), step=int(rng.integers(1, 3)))
    by_step = skrnn.RNNStepRegressor(5, cell=network.cell, **small)
    return {
        "windows": make_pipeline(window, network),
        "scaled after": make_pipeline(window, skrnn.PerStep(scaler), network),
        "scaled before": make_pipeline(scaler, window, network),
        "state": make_pipeline(scaler, by_step),
        "state alone": by_step,
    }


def stream(rng, name):
    X = rng.standard_normal((int(rng.integers(12, 20)), int(rng.integers(1, 4))))
    X = X.astype(pick(rng, ["f4", "f8"]))
    model = pick(rng, [*pipelines(rng).values()]).fit(X, X.sum(axis=1).astype(float))
    expected = model.predict(X)
    first = skrnn.Stream(model)
    n_past = int(rng.integers(0, 6))
    if n_past:
        first.warm_start(X[:n_past])
    found = []
    for t, row in enumerate(X[n_past:]):
        if t == 3:
            first = copy_of(first)
        found.append(first.push(row))
    np.testing.assert_array_equal(found, expected[n_past:])
    # Two streams at once, one of them later.
    second = skrnn.Stream(model)
    for t in range(6):
        ids, rows = [["a"], X[[t]]] if t < 2 else [["b", "a"], X[[t - 2, t]]]
        found = second.push(rows, ids=ids)
        np.testing.assert_array_equal(found, expected[[t] if t < 2 else [t - 2, t]])
