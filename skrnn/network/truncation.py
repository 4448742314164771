"""Long sequences in chunks of steps: what the steps before the last chunk leave."""

from skrnn.network.minibatch import Minibatch


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
