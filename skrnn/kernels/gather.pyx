"""Gathering the rows of a minibatch."""

from cython cimport floating
from libc.string cimport memcpy


def gather(
    const floating[:, ::1] rows,         # (n_rows, F)
    const Py_ssize_t[::1] starts,        # (B,) first row of each sequence, longest first
    const int[::1] offsets,              # (T + 1,) see shards.pxd
    floating[:, ::1] out,                # (N, F) packed, written
):
    cdef Py_ssize_t F = rows.shape[1]
    cdef int t, i, T = offsets.shape[0] - 1
    with nogil:
        for t in range(T):
            for i in range(offsets[t + 1] - offsets[t]):
                memcpy(&out[offsets[t] + i, 0], &rows[starts[i] + t, 0], F * sizeof(floating))
