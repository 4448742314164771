"""Vectors of codes: looking them up, and adding to them.

Rows are taken one after the other, so sums have one order.
"""

from cython cimport floating
from libc.string cimport memcpy


def look_up(
    const floating[:] codes,         # (N,)
    const floating[:, ::1] vectors,  # (n_codes, dim)
    floating[:, :] out,              # (N, dim) written, each row contiguous
):
    """out[i] = vectors[codes[i]]."""
    cdef Py_ssize_t i, dim = vectors.shape[1]
    check(codes, vectors.shape[0], dim, out.shape, out.strides[1])
    with nogil:
        for i in range(codes.shape[0]):
            memcpy(&out[i, 0], &vectors[<Py_ssize_t> codes[i], 0], dim * sizeof(floating))


def add_at(
    const floating[:] codes,    # (N,)
    floating[:, ::1] vectors,   # (n_codes, dim) added to
    const floating[:, :] rows,  # (N, dim), each contiguous
):
    """vectors[codes[i]] += rows[i]."""
    cdef Py_ssize_t i, k, dim = vectors.shape[1]
    cdef floating *vector
    cdef const floating *row
    check(codes, vectors.shape[0], dim, rows.shape, rows.strides[1])
    with nogil:
        for i in range(codes.shape[0]):
            vector, row = &vectors[<Py_ssize_t> codes[i], 0], &rows[i, 0]
            for k in range(dim):
                vector[k] += row[k]


cdef int check(
    const floating[:] codes, Py_ssize_t n_codes, Py_ssize_t dim, Py_ssize_t *shape,
    Py_ssize_t stride,
) except -1:
    """Raise a ValueError if a code has no vector, or if the rows have no room for them."""
    cdef Py_ssize_t i
    if shape[0] != codes.shape[0] or shape[1] != dim or stride != sizeof(floating):
        raise ValueError(
            f"The rows have shape ({shape[0]}, {shape[1]}) and values {stride} bytes apart; "
            f"expected ({codes.shape[0]}, {dim}) and contiguous rows."
        )
    for i in range(codes.shape[0]):
        # NaN is not greater than or equal to 0.
        if not 0 <= codes[i] < n_codes or codes[i] != <Py_ssize_t> codes[i]:
            raise ValueError(
                f"Row {i} has {codes[i]}; expected an integer code, from 0 to {n_codes - 1}."
            )
    return 0
