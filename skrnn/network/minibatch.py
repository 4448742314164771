"""The packed minibatch: the one form in which data enters the network."""

from functools import cached_property
from itertools import pairwise

import numpy as np

from skrnn.kernels.gather import arrange, gather
from skrnn.kernels.repeated import Repeated


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
        Where the arrays of the minibatch and of passes over it come from.
    skip : int
        How many steps are left out at the end of each sequence. Those that have no others are
        left out themselves.
    n_steps : int or None
        The greatest number of steps of each sequence, the latest that are not skipped.
    n_before : ndarray of int of shape (len(index),) or None
        How many steps were read before this minibatch, if that is not the number of steps that
        ``sequences`` have before it. Only without ``skip``.

    Attributes
    ----------
    positions : ndarray of int of shape (n_sequences,)
        Where in ``index`` the sequences are, longest first.
    order : ndarray of int of shape (n_sequences,)
        ``index[positions]``.
    lengths : ndarray of int of shape (n_sequences,)
        Their number of steps in this minibatch.
    n_before : ndarray of int of shape (n_sequences,)
        Their number of steps before it, which the pooling of a mean counts.
    begins : ndarray of int of shape (n_sequences,)
        Which step of each sequence is its first one here.
    offsets : ndarray of int32 of shape (n_timesteps + 1,)
        The first row of each step, and the end.
    final_states : ndarray of int of shape (n_sequences,)
        The row of each sequence's last state in a state array.
    x : ndarray of shape (offsets[-1], n_features)
        The packed rows.
    """

    def __init__(self, sequences, index, arena, *, skip=0, n_steps=None, n_before=None):
        self.arena = arena
        self.sequences = sequences
        left = sequences.lengths[index] - skip
        if skip:
            present = np.flatnonzero(left > 0)
            left = left[present]
        lengths = left if n_steps is None else np.minimum(left, n_steps)
        order, self.offsets, self.final_states = arrange(lengths)
        self.positions = present[order] if skip else order
        self.order = index[self.positions]
        self.lengths = lengths[order]
        self.begins = left[order] - self.lengths
        self.n_before = self.begins if n_before is None else n_before[order]
        self.x = self._gather(sequences)

    # Whether the gradient by the input of every single step is wanted.
    by_row = False

    @property
    def n_sequences(self):
        return len(self.order)

    def take(self, values):
        """The values of the sequences (B, ·), or of their steps (N, ·) if they are Sequences.

        The latter have as many steps as the sequences of the minibatch.
        """
        if isinstance(values, np.ndarray):
            return values[self.order]
        return self._gather(values)

    def _gather(self, sequences):
        starts = sequences.starts[self.order] + self.begins * sequences.segment
        return gather(sequences.rows, starts, self.offsets, self.arena, sequences.segment)

    def places(self, begins):
        """Where the steps of the packed rows are, if those of a sequence begin there: (N,)."""
        first = begins[self.order] + self.begins
        return first[self.sequence_of_row] + self.step_of_row

    @cached_property
    def distinct(self):
        """The different values of the first column as integers (M,), and which one each row has."""
        values, index = np.unique(self.x[:, 0], return_inverse=True)
        return values.astype(np.intp), index.astype(np.int32)

    def put(self, rows, values):
        """Replace some of the packed rows."""
        self.x[rows] = values
        vars(self).pop("distinct", None)

    @property
    def last_rows(self):
        """The packed row of the last step of each sequence, (n_sequences,)."""
        return self.final_states - self.n_sequences

    @cached_property
    def sequence_of_row(self):
        """The sequence of each packed row, (N,)."""
        n_active = np.diff(self.offsets)
        return np.arange(len(self.x)) - np.repeat(self.offsets[:-1], n_active)

    @cached_property
    def step_of_row(self):
        """The step of each packed row, (N,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def steps_to_end(self):
        """How many steps follow each packed row in its sequence, (N,)."""
        return self.lengths[self.sequence_of_row] - 1 - self.step_of_row

    @cached_property
    def reversal(self):
        """The row of each packed row when every sequence is read from its end, (N,)."""
        return self.offsets[self.steps_to_end] + self.sequence_of_row

    def reversed(self, rows):
        """Packed rows (N, width) with every sequence read from its end."""
        if isinstance(rows, Repeated):
            return rows.take(self.reversal)
        out = self.arena.take(*rows.shape, rows.itemsize)
        return np.take(rows, self.reversal, axis=0, out=out, mode="clip")

    def reduce(self, ufunc, rows, initial):
        """``ufunc`` over the steps of each sequence, from ``initial`` (B, width) on: (B, width).

        The steps are taken one after the other, so that those of an earlier minibatch can be
        gone on from to the last bit.
        """
        result = initial.copy()
        for first, last in pairwise(self.offsets.tolist()):
            active = result[: last - first]
            ufunc(active, rows[first:last], out=active)
        return result


def flat(values):
    """One row for each sequence, or for each step if the values are Sequences: (n, ·)."""
    if not isinstance(values, np.ndarray):
        values = np.concatenate(list(values))
    return values.reshape(len(values), -1)
