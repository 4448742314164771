"""Arrays as the register tile wants them: aligned, packed, and with room for whole vectors."""

import numpy as np

from numpy cimport PyArray_DATA, import_array, ndarray

from skrnn.kernels.isa cimport ISA, lanes

cdef extern from "pack.h" nogil:
    ctypedef void (*pack_task)(void *, const void *, ptrdiff_t, int, int, int, const int *)
    ctypedef void (*unpack_task)(void *, ptrdiff_t, const void *, ptrdiff_t, int, int, int,
                                 const int *)
    const pack_task PACK_GATES[3][2]
    const pack_task PACK_TRANSPOSED[3][2]
    const unpack_task UNPACK_GATES[3][2]

cdef enum:
    CACHE_LINE = 64

import_array()


cdef aligned(n, dtype):
    """An uninitialised vector of n elements that starts at a cache line."""
    dtype = np.dtype(dtype)
    cdef ndarray memory = np.empty(n * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -<size_t> PyArray_DATA(memory) % CACHE_LINE
    return memory[start : start + n * dtype.itemsize].view(dtype)


cdef empty_rows(n_rows, n_columns, dtype):
    """An uninitialised (n_rows, n_columns) view of aligned rows with room for whole vectors."""
    return _wide_rows(n_rows, n_columns, dtype)[:, :n_columns]


cdef initial_rows(n_rows, initial, n_given, n_columns, dtype):
    """The same with the first n_given rows as given, or zero; zero also beyond the columns."""
    rows = _wide_rows(n_rows, n_columns, dtype)
    rows[:n_given] = 0
    rows = rows[:, :n_columns]
    if initial is not None:
        rows[:n_given] = initial
    return rows


cdef _wide_rows(n_rows, n_columns, dtype):
    # An even number of cache lines would put the same columns of all rows into few cache sets.
    per_line = CACHE_LINE // np.dtype(dtype).itemsize
    width = (-(-n_columns // per_line) | 1) * per_line
    return aligned(n_rows * width, dtype).reshape(n_rows, width)


cdef pack_gates(ndarray matrix, const int *gates, int n_columns, int H):
    """The gates of (G H, K) as [unit vector][k][column][lane], column c being gate gates[c]."""
    cdef int K = matrix.shape[1] if matrix.ndim == 2 else 1, L = lanes(matrix.itemsize)
    cdef ndarray packed = aligned(n_vectors(H, L) * K * n_columns * L, matrix.dtype)
    PACK_GATES[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), K, H, K, n_columns, gates
    )
    return packed


cdef pack_transposed(ndarray matrix, const int *gates, int n_gates, int H):
    """The gates of (G H, n) for products with gate gradients."""
    cdef int n = matrix.shape[1], L = lanes(matrix.itemsize)
    cdef ndarray packed = aligned(n_vectors(H, L) * n_gates * L * n_vectors(n, L) * L, matrix.dtype)
    PACK_TRANSPOSED[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), n, H, n, n_gates, gates
    )
    return packed


cdef unpack_gates(
    ndarray matrix, const int *gates, int n_columns, int H, ndarray packed, int first_row,
):
    """Add packed (unit vectors, rows, column, lane), from first_row on, to the gates."""
    cdef int K = matrix.shape[1] if matrix.ndim == 2 else 1
    UNPACK_GATES[ISA][matrix.itemsize == 8](
        PyArray_DATA(matrix), K, <char *> PyArray_DATA(packed) + first_row * packed.strides[1],
        packed.strides[0] // packed.itemsize, H, K, n_columns, gates,
    )
