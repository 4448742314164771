"""Rows pushed through a fitted Pipeline as they come."""

from skrnn.streaming._stream import Stream

__all__ = ["Stream"]
