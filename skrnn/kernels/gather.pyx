"""Gathering a minibatch: from rows and spans to the packed layout of packed.h."""

from cython cimport floating
from libc.limits cimport INT_MAX
from libc.string cimport memcpy

import numpy as np

from skrnn.kernels.arena cimport Arena


def arrange(const Py_ssize_t[::1] lengths):
    """Sort sequences by length, longest first and otherwise as they come.

    Returns their order, the offsets of the steps, and the row of every sequence's last state in
    a state array.
    """
    cdef Py_ssize_t i, t, position, B = lengths.shape[0], n_rows = 0, T = 0
    for i in range(B):
        if lengths[i] < 1:
            raise ValueError(f"Sequence {i} has {lengths[i]} steps; expected at least one.")
        T = max(T, lengths[i])
        n_rows += lengths[i]
    if B + n_rows > INT_MAX:
        raise ValueError(
            f"A minibatch of {B} sequences has {n_rows} steps, more than a 32-bit integer can "
            f"count. Lower batch_size."
        )
    order, offsets = np.empty(B, np.intp), np.zeros(T + 1, np.int32)
    final_states, next_position = np.empty(B, np.intp), np.zeros(T + 1, np.intp)
    cdef Py_ssize_t[::1] order_ = order, final_states_ = final_states, next_ = next_position
    cdef int[::1] offsets_ = offsets
    # Counting sort: next_[t] is the position of the next sequence of length t.
    for i in range(B):
        next_[lengths[i] - 1] += 1
    for t in range(T - 1, -1, -1):
        next_[t] += next_[t + 1]  # the sequences of more than t steps: those active at step t
    for t in range(T):
        offsets_[t + 1] = offsets_[t] + next_[t]
    for i in range(B):
        t = lengths[i]
        position = next_[t]
        next_[t] += 1
        order_[position] = i
        final_states_[position] = B + offsets_[t - 1] + position
    return order, offsets, final_states


def gather(
    const floating[:, ::1] rows,         # (n_rows, F)
    const Py_ssize_t[::1] starts,        # (B,) first row of each sequence, longest first
    const int[::1] offsets,              # (T + 1,)
    Arena arena,
    int segment=1,
):
    """The steps of the sequences, packed (N, segment * F)."""
    cdef Py_ssize_t F = rows.shape[1] * segment
    cdef int t, i, T = offsets.shape[0] - 1
    for t in range(T):  # the sequences that end at each step
        for i in range(n_active(offsets, t + 1), n_active(offsets, t)):
            if not 0 <= starts[i] <= rows.shape[0] - <Py_ssize_t> (t + 1) * segment:
                raise ValueError(f"Sequence {i} reaches beyond the {rows.shape[0]} rows.")
    x = arena.take(offsets[T], F, sizeof(floating))
    cdef floating[:, ::1] out = x
    with nogil:
        for t in range(T):
            for i in range(n_active(offsets, t)):
                memcpy(
                    &out[offsets[t] + i, 0],
                    &rows[starts[i] + <Py_ssize_t> t * segment, 0],
                    F * sizeof(floating),
                )
    return x


cdef inline int n_active(const int[::1] offsets, int t) noexcept nogil:
    """How many sequences run at step t; none after the last one."""
    return 0 if t == offsets.shape[0] - 1 else offsets[t + 1] - offsets[t]
