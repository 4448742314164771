"""Transformers and helpers that turn series and tables into sequences."""

from skrnn.windows._columnwise import ColumnwiseRegressor
from skrnn.windows._horizon import make_horizon_target
from skrnn.windows._lag_columns import LagColumnsToSequence
from skrnn.windows._long import from_long, to_long
from skrnn.windows._padding import pad_sequences
from skrnn.windows._per_step import PerStep
from skrnn.windows._scaled import WindowScaledRegressor
from skrnn.windows._sliding import SlidingWindow

__all__ = [
    "ColumnwiseRegressor",
    "LagColumnsToSequence",
    "PerStep",
    "SlidingWindow",
    "WindowScaledRegressor",
    "from_long",
    "make_horizon_target",
    "pad_sequences",
    "to_long",
]
