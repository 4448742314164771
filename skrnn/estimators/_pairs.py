"""Sequences with a sequence to write for each."""

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skrnn.estimators._data import Data, checked_weight
from skrnn.network.pairs import Pairs


class PairedSamples:
    """Sequences with one sequence to write each; see ``Samples``.

    Parameters
    ----------
    sequences : Sequences
    y : array-like
        What is to be written, one for each sequence.
    n_hidden : int
        Steps of each sequence that the user does not see: 1 for the end of a string.
    """

    def __init__(self, sequences, y, n_hidden):
        check_consistent_length(sequences, y)
        self.sequences = sequences
        self.y = y
        self.lengths = sequences.lengths - n_hidden

    def check_weight(self, sample_weight):
        """The weight of each target, in float64."""
        return checked_weight(sample_weight, self.sequences.starts)

    def data(self, encode, values, weight):
        """Pairs of a weight greater than zero, with the steps that follow those given."""
        kept = np.flatnonzero(weight)
        encoded = encode(values[kept])
        starts, lengths = encoded.starts, encoded.lengths - 1
        given, following = encoded._respan(starts, lengths), encoded._respan(starts + 1, lengths)
        weights = following.astype(weight.dtype)._respan(starts + 1, lengths)
        weights.rows = np.repeat(weight[kept], encoded.lengths)[:, np.newaxis]
        return Data(Pairs(self.sequences[kept], given), following, weights, values[kept])


def as_written(values):
    """Valid targets as ``predict`` gives them: strings, or an array of numbers."""
    if isinstance(values[0], str):
        return values
    lengths = {len(steps) for steps in values}
    if len(lengths) > 1:
        raise ValueError(
            f"y has from {min(lengths)} to {max(lengths)} steps; expected equal numbers of steps, "
            f"as predict writes. With early_stopping set scoring='loss'."
        )
    return np.stack(list(values))


def given_by(encoded):
    """What a decoder is given to write these targets."""
    return encoded._respan(encoded.starts, encoded.lengths - 1)
