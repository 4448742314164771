"""Long sequences in chunks of steps, and the carry: what each chunk leaves for the next."""

import numpy as np

from skrnn.network.minibatch import Minibatch


def count_chunks(lengths, n_steps):
    """In how many chunks of at most ``n_steps`` steps sequences of these lengths are read."""
    return -(-lengths // n_steps)


class Chunks:
    """Sequences in chunks of at most ``n_steps`` steps, to be read one after the other.

    The chunks end together, at the end of the sequences, so the first chunk of a sequence may be
    shorter. Memory grows with the chunk and not with the sequence. The network goes on from chunk
    to chunk to the same bits as if it had read all steps at once.

    Parameters
    ----------
    network : Network
    sequences : Sequences
    index : ndarray of int of shape (n_sequences,)
        Which sequences.
    n_steps : int or None
        None is one chunk of all steps.
    carry : list of ndarray or None
        What the steps before the sequences left, each (n_sequences, ·); None is nothing.

    Attributes
    ----------
    carry : list of ndarray
        What the chunks that were read have left, in the order of ``index``.
    """

    def __init__(self, network, sequences, index, n_steps, carry=None):
        self.sequences = sequences
        self.index = index
        longest = int(sequences.lengths[index].max())
        self.n_steps = longest if n_steps is None else n_steps
        self.n_chunks = count_chunks(longest, self.n_steps)
        self.carry = network.start(len(index), sequences.dtype) if carry is None else carry

    def read(self, k, arena):
        """The minibatch of chunk k, and the carry before it."""
        arena.clear()
        skip = (self.n_chunks - 1 - k) * self.n_steps
        minibatch = Minibatch(self.sequences, self.index, arena, skip=skip, n_steps=self.n_steps)
        return minibatch, [array[minibatch.positions] for array in self.carry]

    def leave(self, minibatch, carry):
        """Keep what the steps of a minibatch have left."""
        for array, after in zip(self.carry, carry, strict=True):
            array[minibatch.positions] = after


def last_steps(network, prepared, sequences, index, n_steps, arena, dropout_rng=None):
    """Read all but the last ``n_steps`` steps of the sequences ``index``; None is all steps.

    Nothing is kept for a backward pass of the steps that are read.

    Returns
    -------
    minibatch : Minibatch
        Of the last steps.
    carry : list of ndarray or None
        Of the steps before them, in the order of the minibatch; None if there are none.
    """
    if n_steps is None or sequences.lengths[index].max() <= n_steps:
        arena.clear()
        return Minibatch(sequences, index, arena, n_steps=n_steps), None
    chunks = Chunks(network, sequences, index, n_steps)
    for k in range(chunks.n_chunks - 1):
        minibatch, carry = chunks.read(k, arena)
        encoding = network.encode(prepared, minibatch, carry=carry, dropout_rng=dropout_rng)
        chunks.leave(minibatch, encoding.carry)
    return chunks.read(chunks.n_chunks - 1, arena)


def all_steps(network, prepared, sequences, n_steps, batch_size, arena, carry=None):
    """Read every step of all sequences, in minibatches.

    Nothing is kept for a backward pass. ``carry`` is what the steps before left, each
    (n_samples, ·), or None; afterwards it has what all steps have left.

    Yields
    ------
    minibatch : Minibatch
    encoding : Encoding
    place : ndarray of int of shape (N,)
        Where the rows of the minibatch are among the steps of all sequences, one sequence after
        the other.
    """
    begins = np.cumsum(sequences.lengths) - sequences.lengths
    for first in range(0, len(sequences), batch_size):
        index = np.arange(first, min(first + batch_size, len(sequences)))
        given = None if carry is None else [array[index] for array in carry]
        chunks = Chunks(network, sequences, index, n_steps, given)
        for k in range(chunks.n_chunks):
            minibatch, before = chunks.read(k, arena)
            encoding = network.encode(prepared, minibatch, carry=before)
            chunks.leave(minibatch, encoding.carry)
            yield minibatch, encoding, minibatch.places(begins)
        for array, after in zip(carry or [], chunks.carry, strict=False):
            array[index] = after
