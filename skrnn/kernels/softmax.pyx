"""Sums of a softmax over the steps of packed sequences, taken one step after the other."""

from cython cimport floating


def running_maximum(
    const int[::1] offsets,
    floating[:, :] s,             # (N, 1) the score of each step
    floating[:, ::1] largest,     # (B, 1) before the first step, then after the last
    floating[:, ::1] until,       # (N, 1) written: the largest score until each step
    floating[:, ::1] change,      # (N, 1) written: by how much that is below the one before
):
    """The largest score until each step; a NaN goes on as one."""
    cdef Py_ssize_t row
    cdef int t, i
    with nogil:
        for t in range(offsets.shape[0] - 1):
            for i in range(offsets[t + 1] - offsets[t]):
                row = offsets[t] + i
                until[row, 0] = largest[i, 0] if s[row, 0] <= largest[i, 0] else s[row, 0]
                change[row, 0] = largest[i, 0] - until[row, 0]
                largest[i, 0] = until[row, 0]


def add_steps(
    const int[::1] offsets,
    const floating[:, ::1] scale,   # (N, 1) of what was summed before each step
    const floating[:, ::1] share,   # (N, 1) of each step
    const floating[:, :] hidden,    # (N, D), each row contiguous
    floating[:, ::1] sums,          # (B, D + 1) of the hidden states and of the shares, added to
):
    """sums = scale sums + share (h, 1), step by step."""
    cdef Py_ssize_t row, k, D = hidden.shape[1]
    cdef int t, i
    cdef floating a, b
    cdef const floating *h
    cdef floating *out
    if D > 1 and hidden.strides[1] != sizeof(floating):
        raise ValueError("The rows of hidden are not contiguous.")
    with nogil:
        for t in range(offsets.shape[0] - 1):
            for i in range(offsets[t + 1] - offsets[t]):
                row = offsets[t] + i
                a, b = scale[row, 0], share[row, 0]
                h, out = &hidden[row, 0], &sums[i, 0]
                for k in range(D):
                    out[k] = a * out[k] + b * h[k]
                out[D] = a * out[D] + b
