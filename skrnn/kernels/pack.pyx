"""Packing of weights for the register tile, and unpacking of their gradients; see pack.h."""

from numpy cimport PyArray_DATA, import_array

from skrnn.kernels.arena cimport row_length
from skrnn.kernels.isa cimport ISA, lanes

cdef extern from "pack.h" nogil:
    ctypedef void (*pack_task)(void *, const void *, ptrdiff_t, int, int, int, const int *)
    ctypedef void (*unpack_task)(void *, ptrdiff_t, const void *, ptrdiff_t, int, int, int,
                                 const int *)
    ctypedef void (*dense_task)(void *, const void *, int, int, const void *)
    const pack_task PACK_GATES[3][2]
    const pack_task PACK_TRANSPOSED[3][2]
    const unpack_task UNPACK_GATES[3][2]
    const dense_task PACK_DENSE[3][2]

import_array()


cdef ndarray pack_gates(
    Arena arena, ndarray matrix, const int *gates, int n_columns, int H,
):
    """The gates of (G H, K) as [unit vector][k][column][lane], column c being gate gates[c]."""
    cdef int K = matrix.shape[1] if matrix.ndim == 2 else 1, L = lanes(matrix.itemsize)
    cdef ndarray packed = arena.take(
        n_vectors(H, L), <size_t> K * n_columns * L, matrix.itemsize
    )
    PACK_GATES[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), K, H, K, n_columns, gates
    )
    return packed


cdef ndarray pack_transposed(
    Arena arena, ndarray matrix, const int *gates, int n_gates, int H,
):
    """The gates of (G H, n) for products with gate gradients."""
    cdef int n = matrix.shape[1], L = lanes(matrix.itemsize)
    cdef ndarray packed = arena.take(
        n_vectors(H, L) * n_gates * L, n_vectors(n, L) * L, matrix.itemsize
    )
    PACK_TRANSPOSED[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), n, H, n, n_gates, gates
    )
    return packed


cdef unpack_gates(
    ndarray matrix, const int *gates, int n_columns, int H, ndarray packed, size_t first,
):
    """Add packed (unit vectors, rows of vectors), from vector `first` on, to the gates."""
    cdef int K = matrix.shape[1] if matrix.ndim == 2 else 1
    cdef size_t start = first * lanes(matrix.itemsize) * matrix.itemsize
    UNPACK_GATES[ISA][matrix.itemsize == 8](
        PyArray_DATA(matrix), K, <char *> PyArray_DATA(packed) + start,
        row_length(packed), H, K, n_columns, gates,
    )


cdef ndarray pack_dense(Arena arena, ndarray weight, ndarray bias):
    """A dense layer (n, K) for products with rows (K + 1, n in whole vectors), the bias last."""
    cdef int n = weight.shape[0], K = weight.shape[1], L = lanes(weight.itemsize)
    cdef ndarray packed = arena.take(K + 1, <size_t> n_vectors(n, L) * L, weight.itemsize)
    PACK_DENSE[ISA][weight.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(weight), n, K,
        NULL if bias is None else PyArray_DATA(bias),
    )
    return packed
