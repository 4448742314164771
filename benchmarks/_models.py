"""The models of the accuracy benchmark, with what is asked of them and what others report.

Hyperparameters were chosen on the training part only: ``python -m benchmarks.accuracy --choose``
scores each model, and each of the ``changes`` to it that were considered, on the folds of the
training part. What is not set is as it is by default: a cosine schedule, gradients clipped at
norm 1, all epochs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone

from benchmarks import _protocols
from skrnn import GRUClassifier, GRURegressor, LSTMClassifier, LSTMRegressor


class PerColumn(RegressorMixin, BaseEstimator):
    """One model for each column of X, from its own past to its own future."""

    def __init__(self, regressor, random_state=None):
        self.regressor = regressor
        self.random_state = random_state

    def fit(self, X, y):
        n_columns = X.shape[2]
        futures = y.reshape(len(y), n_columns, -1)
        one = clone(self.regressor).set_params(random_state=self.random_state)
        self.regressors_ = [clone(one).fit(X[:, :, [c]], futures[:, c]) for c in range(n_columns)]
        return self

    def predict(self, X):
        columns = [r.predict(X[:, :, [c]]) for c, r in enumerate(self.regressors_)]
        return np.concatenate(columns, axis=1)


@dataclass
class Model:
    """A row of the table.

    Parameters
    ----------
    estimator : estimator with a ``random_state``
    asked_for : str
    reference : str
        What others report.
    changes : sequence of dict
        Other values of its parameters that were considered.
    """

    estimator: BaseEstimator
    asked_for: str
    reference: str
    changes: Sequence[dict[str, Any]] = ()


@dataclass
class DataSet:
    """A protocol, the simple models to show with their reference figures, and models."""

    protocol: Callable
    simple: dict[str, str]
    models: dict[str, Model]


# 270 utterances are too few to spare some for early stopping: a schedule that ends at zero, and
# dropout in the recurrence too.
SPEAKER = {
    "dropout": 0.2,
    "recurrent_dropout": 0.2,
    "batch_size": 32,
    "learning_rate_init": 0.003,
    "max_iter": 100,
}
SPEAKER_CHANGES = [
    {"recurrent_dropout": 0.0},
    {"batch_size": 16},
    {
        "recurrent_dropout": 0.0,
        "learning_rate": "constant",
        "early_stopping": True,
        "validation_fraction": 0.2,
    },
]

# The second part of the training windows, later months, decides when to stop. The series are in
# units of their standard deviation as they are.
FORECAST = {
    "dropout": 0.2,
    "batch_size": 64,
    "max_iter": 60,
    "normalize_y": False,
    "tol": 0,
    "early_stopping": True,
    "n_iter_no_change": 8,
    "validation_split": "last",
    "validation_fraction": 2857 / (8521 + 2857),
}
BEYOND_RIDGE = FORECAST | {"ar_steps": 96, "normalize_y": True}
OIL, ALL_SEVEN = slice(7, 8), slice(1, 8)  # columns
PUBLISHED_OIL = "LSTMa 0.114, Informer 0.098"
PUBLISHED_ALL = "LSTMa 0.650, Informer 0.577"

DATA_SETS = {
    "Japanese Vowels": DataSet(
        _protocols.japanese_vowels,
        {"Logistic regression on 15 resampled steps": "0.992 (the same)"},
        {
            "LSTM": Model(
                LSTMClassifier(64, **SPEAKER),
                "≥ 0.955",
                "PyTorch 0.958 ± 0.006; LSTM-FCN 0.99",
                SPEAKER_CHANGES,
            ),
            "bidirectional LSTM": Model(
                LSTMClassifier(64, bidirectional=True, **SPEAKER),
                "≥ 0.97",
                "PyTorch 0.978",
                SPEAKER_CHANGES,
            ),
            "GRU": Model(
                GRUClassifier(64, **SPEAKER), "", "PyTorch 0.965 ± 0.009", SPEAKER_CHANGES
            ),
        },
    ),
    "Pen digits": DataSet(
        _protocols.pen_digits,
        {"1-nearest neighbour": "0.974 (the same)"},
        {
            "LSTM": Model(
                LSTMClassifier(
                    64,
                    dropout=0.2,
                    recurrent_dropout=0.2,
                    batch_size=64,
                    learning_rate_init=0.01,
                    max_iter=60,
                ),
                "≥ 0.974",
                "PyTorch 0.976 ± 0.005; MiniRocket 0.967",
                [
                    {"recurrent_dropout": 0.0},
                    {"learning_rate_init": 0.003},
                    {"early_stopping": True, "validation_fraction": 0.2},
                ],
            ),
        },
    ),
    "Beijing PM2.5, next hour": DataSet(
        _protocols.beijing,
        {"Persistence": "26.56 (the same)", "Ridge": "26.25"},
        {
            name: Model(
                LSTMRegressor(
                    50,
                    loss="absolute_error",
                    ar_steps=ar_steps,
                    batch_size=72,
                    shuffle=False,
                    learning_rate_init=0.003,
                    max_iter=50,
                ),
                asked_for,
                reference,
                [
                    {"learning_rate": "constant"},
                    {"learning_rate": "constant", "learning_rate_init": 0.001},
                    {"learning_rate_init": 0.001},
                ],
            )
            for name, ar_steps, asked_for, reference in (
                ("LSTM", 0, "≤ 26.75", "PyTorch 26.59 ± 0.14; tutorial 26.50"),
                ("LSTM, ar_steps=1", 1, "", ""),
            )
        },
    ),
    "ETTh1, oil temperature": DataSet(
        partial(_protocols.etth1, columns=OIL),
        {
            "Persistence": "0.034 (the same)",
            "Same hour of the last day": "0.046 (the same)",
            "Ridge": "",
            "Ridge, last value subtracted": "0.0264 (the same)",
        },
        {
            "LSTM": Model(
                LSTMRegressor(32, learning_rate_init=0.001, **FORECAST),
                "≤ 0.058",
                f"PyTorch 0.0566 ± 0.003; {PUBLISHED_OIL}",
                [
                    {"hidden_layer_sizes": 64},
                    {"learning_rate_init": 0.0003},
                    {"learning_rate_init": 0.003},
                    {"dropout": 0.0},
                    {"learning_rate": "constant"},
                    {"init": "pytorch"},
                ],
            ),
            "LSTM, ar_steps=96": Model(
                LSTMRegressor(32, ar_steps=96, learning_rate_init=0.0003, **FORECAST),
                "",
                "",
                [{"hidden_layer_sizes": 64}, {"learning_rate_init": 0.001}],
            ),
        },
    ),
    "ETTh1, oil temperature, last value subtracted": DataSet(
        partial(_protocols.etth1, columns=OIL, subtracted=True),
        {},
        {
            "GRU, ar_steps=96": Model(
                GRURegressor(64, learning_rate_init=0.001, **BEYOND_RIDGE),
                "≤ 0.027",
                "PyTorch GRU 0.0268 ± 0.0006",
                [{"learning_rate_init": 0.0003}, {"learning_rate_init": 0.0001}],
            ),
        },
    ),
    "ETTh1, all seven": DataSet(
        partial(_protocols.etth1, columns=ALL_SEVEN),
        {
            "Persistence": "1.222 (the same)",
            "Same hour of the last day": "0.424 (the same)",
            "Ridge": "0.296 (the same)",
            "Ridge, last value subtracted": "",
        },
        {
            "LSTM": Model(
                LSTMRegressor(64, learning_rate_init=0.001, **FORECAST),
                "",
                f"PyTorch GRU 0.586; {PUBLISHED_ALL}",
            ),
        },
    ),
    "ETTh1, all seven, last value subtracted": DataSet(
        partial(_protocols.etth1, columns=ALL_SEVEN, subtracted=True),
        {},
        {
            "GRU, ar_steps=96, one per column": Model(
                PerColumn(GRURegressor(64, learning_rate_init=0.0001, **BEYOND_RIDGE)),
                "≤ 0.30",
                "PyTorch GRU 0.384 ± 0.004",
                [{"regressor__learning_rate_init": 0.0003}],
            ),
        },
    ),
}
