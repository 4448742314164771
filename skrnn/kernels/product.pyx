"""The gradient of a layer's input from the gradients of its gates."""

from numpy cimport PyArray_DATA, import_array, ndarray

from skrnn.kernels.isa cimport ISA
from skrnn.kernels.arena cimport row_length
from skrnn.kernels.threads cimport run, task

cdef extern from "product.h" nogil:
    ctypedef struct product_pass:
        const void *da
        ptrdiff_t vector
        int n_vectors, G, used
        const void *weight_t
        void *out
        ptrdiff_t out_row
        int n
    const task PRODUCT[3][2]

cdef enum:
    ROWS_PER_TASK = 96

import_array()


cdef input_gradient(
    Arena arena, ndarray da, int n_features, int first, int used, ndarray weight_t,
):
    """dx (N, F) from da (unit vectors, N, gates, lanes), of which gates first to first + used."""
    cdef product_pass p
    cdef int N = da.shape[1]
    cdef ndarray dx = arena.rows(N, n_features, da.dtype)
    p.da = <char *> PyArray_DATA(da) + first * da.strides[2]
    p.vector = row_length(da)
    p.n_vectors, p.G, p.used = da.shape[0], da.shape[2], used
    p.weight_t = PyArray_DATA(weight_t)
    p.out = PyArray_DATA(dx)
    p.out_row = row_length(dx)
    p.n = n_features
    run(PRODUCT[ISA][da.itemsize == 8], &p, N, ROWS_PER_TASK)
    return dx
