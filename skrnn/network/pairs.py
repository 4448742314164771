"""Pairs of sequences: what an encoder reads, and what a decoder is given to read at each step."""

from functools import cached_property

import numpy as np

from skrnn.network.minibatch import Minibatch


class Pairs:
    """For each sample the sequence that is read, and what the decoder is given at each step.

    That is the step before the one that it writes: as in the target (teacher forcing), or as the
    decoder has written it. Lengths and shape are those of the sources.

    Parameters
    ----------
    source : Sequences
    given : Sequences
        As many, each with as many steps as are written.
    """

    def __init__(self, source, given):
        self.source = source
        self.given = given

    def __len__(self):
        return len(self.source)

    def __getitem__(self, index):
        return Pairs(self.source[index], self.given[index])

    @property
    def lengths(self):
        return self.source.lengths

    @property
    def shape(self):
        return self.source.shape

    @property
    def dtype(self):
        return self.source.dtype

    @property
    def starts(self):
        return self.source.starts

    @property
    def ends(self):
        return self.source.ends


class PairedMinibatch:
    """A minibatch of pairs: one of the sources, and one of what the decoder is given.

    Each is sorted by its own lengths. What is said of "the minibatch" is that of the decoder.

    Parameters
    ----------
    pairs : Pairs
    index : ndarray of int of shape (n_sequences,)
        Which pairs, in any order.
    arena : Arena
        As for Minibatch.

    Attributes
    ----------
    source, given : Minibatch
    """

    def __init__(self, pairs, index, arena):
        self.source = Minibatch(pairs.source, index, arena)
        self.given = Minibatch(pairs.given, index, arena)
        self.take = self.given.take
        # Where the source of each sequence of ``given`` is.
        place = np.empty(len(index), np.intp)
        place[self.source.positions] = np.arange(len(index))
        self.partners = place[self.given.positions]

    @cached_property
    def memory_rows(self):
        """The packed rows of the sources, one source after the other, and where each begins."""
        return memory_rows(self.source, self.partners)

    def feed_back(self, written, is_fed):
        """Give the decoder what it has written at the step before, (N, ·), where ``is_fed``."""
        rows = np.flatnonzero(is_fed[self.given.offsets[1] :]) + self.given.offsets[1]
        before = self.given.offsets[self.given.step_of_row[rows] - 1]
        self.given.put(rows, written[before + self.given.sequence_of_row[rows]])


def memory_rows(source, order):
    """The packed rows of the sequences of a minibatch, one sequence after the other.

    Parameters
    ----------
    source : Minibatch
    order : ndarray of int of shape (n,)
        Which sequences, by their position in the minibatch.

    Returns
    -------
    rows : ndarray of int of shape (M,)
    begins : ndarray of int of shape (n + 1,)
        Where in ``rows`` each sequence begins, and the end.
    """
    lengths = source.lengths[order]
    begins = np.r_[0, np.cumsum(lengths)]
    step = np.arange(begins[-1]) - np.repeat(begins[:-1], lengths)
    return source.offsets[step] + np.repeat(order, lengths), begins
