"""Recurrent networks as ordinary scikit-learn estimators."""

from importlib.metadata import version

from skrnn.estimators import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    RNNClassifier,
    RNNEncoderDecoder,
    RNNRegressor,
    RNNStepClassifier,
    RNNStepRegressor,
)
from skrnn.forecasting import forecast
from skrnn.generation import sample
from skrnn.model_selection import PanelTimeSeriesSplit
from skrnn.sequences import Sequences
from skrnn.streaming import Stream
from skrnn.tokens import TokenEncoder
from skrnn.windows import (
    ColumnwiseRegressor,
    LagColumnsToSequence,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
    from_long,
    make_horizon_target,
    pad_sequences,
    to_long,
)

__version__ = version("skrnn")

__all__ = [
    "ColumnwiseRegressor",
    "GRUClassifier",
    "GRURegressor",
    "LSTMClassifier",
    "LSTMRegressor",
    "LagColumnsToSequence",
    "PanelTimeSeriesSplit",
    "PerStep",
    "RNNClassifier",
    "RNNEncoderDecoder",
    "RNNRegressor",
    "RNNStepClassifier",
    "RNNStepRegressor",
    "Sequences",
    "SlidingWindow",
    "Stream",
    "TokenEncoder",
    "WindowScaledRegressor",
    "forecast",
    "from_long",
    "make_horizon_target",
    "pad_sequences",
    "sample",
    "to_long",
]
