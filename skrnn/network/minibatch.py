"""The packed minibatch: the one form in which data enters the network."""

import numpy as np

from skrnn.kernels.gather import gather


class Minibatch:
    """Sequences packed time-major without padding, longest first.

    Step t works on the first ``n_active[t]`` sequences only; their rows are ``offsets[t]`` to
    ``offsets[t + 1]`` of ``x``. State arrays have ``n_sequences`` rows more, the initial states,
    in front (cuDNN and PyTorch call the layout a packed sequence).

    Parameters
    ----------
    sequences : Sequences
        Where the rows are taken from.
    index : ndarray of int of shape (n_sequences,)
        Which sequences, in any order.
    arena : Arena
        Where the arrays of the minibatch and of passes over it come from; it is cleared.

    Attributes
    ----------
    order : ndarray of int of shape (n_sequences,)
        ``index``, longest sequence first.
    offsets : ndarray of int32 of shape (n_timesteps + 1,)
        The first row of each step, and the end.
    final_states : ndarray of int of shape (n_sequences,)
        The row of each sequence's last state in a state array.
    x : ndarray of shape (offsets[-1], n_features)
        The packed rows.
    """

    def __init__(self, sequences, index, arena):
        lengths = sequences.lengths[index]
        longest_first = np.argsort(-lengths, kind="stable")
        lengths = lengths[longest_first]
        n_sequences, n_timesteps = len(lengths), int(lengths[0])
        n_rows = int(lengths.sum())
        if n_sequences + n_rows > np.iinfo(np.int32).max:
            raise ValueError(
                f"A minibatch of {n_sequences} sequences has {n_rows} steps, more than a 32-bit "
                f"integer counts. Lower batch_size."
            )
        n_ended = np.bincount(lengths, minlength=n_timesteps + 1).cumsum()  # after t steps
        self.order = index[longest_first]
        self.offsets = np.zeros(n_timesteps + 1, np.int32)
        np.cumsum(n_sequences - n_ended[:-1], out=self.offsets[1:])
        self.final_states = n_sequences + self.offsets[lengths - 1] + np.arange(n_sequences)
        arena.clear()
        self.arena = arena
        n_features = sequences.rows.shape[1]
        self.x = arena.take(n_rows * n_features, sequences.dtype).reshape(n_rows, n_features)
        gather(sequences.rows, sequences.starts[self.order], self.offsets, self.x)

    @property
    def n_sequences(self):
        return len(self.order)
