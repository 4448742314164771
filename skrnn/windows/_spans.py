"""Spans of rows as windows: of whole segments, and with earlier rows in front."""

import numpy as np

from skrnn.sequences import Sequences


def in_segments(rows, starts, lengths, segment):
    """Windows of whole segments, from spans of rows."""
    ends, n_segments = starts + lengths, np.maximum(lengths // segment, 1)
    firsts = ends - n_segments * segment
    short = lengths < segment
    if short.any():
        # Behind the rows comes, for each start of a series, its first row as often as it may stand
        # for others, and the rows after it that a short window can have.
        begins, series = np.unique(starts[short], return_inverse=True)
        step = np.maximum(np.arange(1 - segment, segment - 1), 0)
        copied = np.minimum(begins[:, np.newaxis] + step, len(rows) - 1)
        firsts[short] = len(rows) + series * len(step) + lengths[short] - 1
        rows = np.concatenate([rows, rows[copied.ravel()]])
    return Sequences(rows, firsts, n_segments, segment)


def join(tail_rows, n_tail, rows, panel, begins):
    """Rows with the tails in front, their order, and whether a run begins at each position."""
    n_tails = n_tail.sum()
    codes = np.concatenate([np.repeat(np.arange(len(n_tail)), n_tail), panel.codes])
    order = np.concatenate([np.arange(n_tails), n_tails + panel.order])
    begins = begins & ~(panel.begins() & (n_tail > 0)[panel.codes[panel.order]])
    begins_tail = np.zeros(n_tails, bool)
    begins_tail[(np.cumsum(n_tail) - n_tail)[n_tail > 0]] = True
    by_series = np.argsort(codes[order], kind="stable")
    begins = np.concatenate([begins_tail, begins])
    return np.concatenate([*tail_rows, rows]), order[by_series], begins[by_series]
