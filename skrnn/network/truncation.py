"""Long sequences in chunks of steps: the last chunk, and what the steps before it leave."""

from skrnn.network.minibatch import Minibatch


def last_steps(network, prepared, sequences, index, n_steps, arena, dropout_rng=None):
    """Read all but the last ``n_steps`` steps of the sequences ``index``; None is all steps.

    Returns
    -------
    minibatch : Minibatch
        Of the last steps.
    carry : list of ndarray or None
        Of the steps before them, in the order of the minibatch; None if there are none.
    """
    carry = None
    if n_steps is not None and sequences.lengths[index].max() > n_steps:
        carry = read_before(network, prepared, sequences, index, n_steps, arena, dropout_rng)
    minibatch = Minibatch(sequences, index, arena, n_steps=n_steps)
    if carry is not None:
        carry = [array[minibatch.positions] for array in carry]
    return minibatch, carry


def read_before(network, prepared, sequences, index, n_steps, arena, dropout_rng):
    """Read all but the last ``n_steps`` steps of the sequences ``index``, in chunks of as many.

    Nothing is kept for a backward pass, so memory grows with the chunk and not with the sequence.
    The network goes on from what is returned to the same bits as if it had read all steps at once.

    Returns
    -------
    list of ndarray
        The carry of these steps' forward pass, each (len(index), ·) in the order of ``index``.
    """
    carry = network.start(len(index), sequences.dtype)
    longest = int(sequences.lengths[index].max())
    for n_chunks in range((longest - 1) // n_steps, 0, -1):
        chunk = Minibatch(sequences, index, arena, skip=n_chunks * n_steps, n_steps=n_steps)
        given = [array[chunk.positions] for array in carry]
        encoding = network.encode(prepared, chunk, carry=given, dropout_rng=dropout_rng)
        for array, after in zip(carry, encoding.carry, strict=True):
            array[chunk.positions] = after
    return carry
