"""The gradient of a layer's input from the gradients of its gates."""

from numpy cimport PyArray_DATA, import_array, ndarray

from skrnn.kernels.isa cimport ISA, lanes
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
    Arena arena, ndarray da, int G, int first, int used, ndarray weight_t, int n_features,
):
    """dx (N, F) from da (unit vectors, N * G * lanes): of ``used`` gates from ``first`` on."""
    cdef product_pass p
    cdef int item_size = da.itemsize, L = lanes(item_size), N = da.shape[1] // (G * L)
    cdef ndarray dx = arena.rows(N, n_features, item_size)
    p.da = <char *> PyArray_DATA(da) + first * L * item_size
    p.vector = row_length(da)
    p.n_vectors, p.G, p.used = da.shape[0], G, used
    p.weight_t = PyArray_DATA(weight_t)
    p.out = PyArray_DATA(dx)
    p.out_row = row_length(dx)
    p.n = n_features
    cdef task f = PRODUCT[ISA][item_size == 8]
    with nogil:
        run(f, &p, N, ROWS_PER_TASK, 2.0 * N * n_features * p.n_vectors * used * L)
    return dx
