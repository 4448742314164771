"""Transformers that turn series and tables into sequences."""

from skrnn.windows._sliding import SlidingWindow

__all__ = ["SlidingWindow"]
