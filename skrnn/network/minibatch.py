"""The packed minibatch: the one form in which data enters the network."""

from skrnn.kernels.gather import arrange, gather


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
        arena.clear()
        self.arena = arena
        self.order, self.offsets, self.final_states = arrange(sequences.lengths, index)
        self.x = gather(sequences.rows, sequences.starts, self.order, self.offsets, arena)

    @property
    def n_sequences(self):
        return len(self.order)
