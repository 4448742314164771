"""Recurrent networks as ordinary scikit-learn estimators."""

from skrnn.estimators import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNRegressor,
)
from skrnn.sequences import Sequences
from skrnn.windows import SlidingWindow

__version__ = "0.1.dev0"

__all__ = [
    "GRUClassifier",
    "GRURegressor",
    "LSTMClassifier",
    "LSTMRegressor",
    "RNNClassifier",
    "RNNRegressor",
    "Sequences",
    "SlidingWindow",
]
