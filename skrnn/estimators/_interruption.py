"""Ctrl-C twice: the first ends a fit, the second also ends what has called it."""

from time import monotonic

SECONDS = 3  # between the two
_last = float("-inf")


def is_repeated():
    """Whether a fit was interrupted a few seconds ago; asked whenever one is."""
    global _last
    before, _last = _last, monotonic()
    return _last - before < SECONDS
