"""Packing of parameters for the register tile, and unpacking of their gradients; see pack.h."""

from libc.string cimport memset
from numpy cimport PyArray_DATA, import_array

from skrnn.kernels.isa cimport ISA, lanes

cdef extern from "pack.h" nogil:
    ctypedef void (*pack_task)(void *, const void *, int, int, int, const int *)
    ctypedef void (*unpack_task)(void *, const void *, ptrdiff_t, int, int, int, const int *)
    ctypedef void (*dense_task)(void *, const void *, int, int, const void *)
    const pack_task PACK_BLOCKS[3][2]
    const pack_task PACK_TRANSPOSED[3][2]
    const unpack_task UNPACK_BLOCKS[3][2]
    const dense_task PACK_DENSE[3][2]

import_array()


cdef ndarray room_for_blocks(Arena arena, size_t K, int n_columns, int H, int item_size):
    """Zeros for (unit vectors, K * n_columns * lanes)."""
    cdef int L = lanes(item_size)
    cdef ndarray packed = arena.take(n_vectors(H, L), K * n_columns * L, item_size)
    memset(PyArray_DATA(packed), 0, packed.nbytes)
    return packed


cdef void pack_blocks(ndarray packed, ndarray matrix, const int *blocks, int n_columns, int H):
    """A parameter (G H, K) or (G H,) into its columns of [unit vector][k][column][lane]."""
    PACK_BLOCKS[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), H, length(matrix), n_columns, blocks
    )


cdef void unpack_blocks(
    ndarray matrix, const int *blocks, int n_columns, int H, ndarray packed, size_t first,
):
    """Add packed (unit vectors, rows of vectors), from vector `first` on, to a parameter."""
    cdef size_t start = first * lanes(matrix.itemsize) * matrix.itemsize
    UNPACK_BLOCKS[ISA][matrix.itemsize == 8](
        PyArray_DATA(matrix), <char *> PyArray_DATA(packed) + start,
        packed.shape[1], H, length(matrix), n_columns, blocks,
    )


cdef ndarray pack_transposed(
    Arena arena, ndarray matrix, const int *blocks, int n_columns, int H,
):
    """A parameter (G H, n) for products with gradients of its columns."""
    cdef int n = matrix.shape[1], L = lanes(matrix.itemsize)
    cdef ndarray packed = arena.take(
        <size_t> n_vectors(H, L) * n_columns * L, n_vectors(n, L) * L, matrix.itemsize
    )
    PACK_TRANSPOSED[ISA][matrix.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(matrix), H, n, n_columns, blocks
    )
    return packed


cdef ndarray pack_dense(Arena arena, ndarray weight, ndarray bias):
    """A dense layer (n, K) for products with rows (K + 1, n in whole vectors), the bias last."""
    cdef int n = weight.shape[0], K = weight.shape[1], L = lanes(weight.itemsize)
    cdef ndarray packed = arena.take(K + 1, <size_t> n_vectors(n, L) * L, weight.itemsize)
    PACK_DENSE[ISA][weight.itemsize == 8](
        PyArray_DATA(packed), PyArray_DATA(weight), n, K,
        NULL if bias is None else PyArray_DATA(bias),
    )
    return packed


cdef int length(ndarray matrix):
    """K of a parameter (G H, K), 1 of a vector."""
    return matrix.shape[1] if matrix.ndim == 2 else 1
