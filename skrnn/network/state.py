"""What a network has read of sequences so far, as a value."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """What a network has read of one or more streams, one stream for each row.

    A value: what goes on from a state makes a new one. It holds two arrays and nothing else, and
    can be pickled.

    Attributes
    ----------
    values : ndarray of shape (n_streams, n_values)
        Side by side the states of each layer, from the first layer up (h; for an LSTM h and c),
        what the pooling has summed up, and the rows that a linear path reads.
    n_steps : ndarray of int64 of shape (n_streams,)
        How many rows have been read.
    """

    values: np.ndarray
    n_steps: np.ndarray

    def __len__(self):
        return len(self.values)

    def __getitem__(self, which):
        """The state of some streams: a slice, or an array of indices or booleans."""
        return State(self.values[which], self.n_steps[which])
