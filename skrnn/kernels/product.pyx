"""Products whose sums have one order: dense layers, and the gradient of a layer's input."""

from numpy cimport PyArray_DATA, PyArray_TYPE, import_array, ndarray

from skrnn.kernels.arena cimport row_length
from skrnn.kernels.isa cimport ISA, lanes
from skrnn.kernels.pack cimport n_vectors, pack_dense
from skrnn.kernels.threads cimport run, task

cdef extern from "product.h" nogil:
    ctypedef struct product_pass:
        const void *a
        ptrdiff_t a_stride, panel
        int n_panels, K
        const void *w
        const void *bias
        void *out
        ptrdiff_t out_stride
        int n
    const task PRODUCT[3][2]

cdef enum:
    ROWS_PER_TASK = 96

import_array()


def prepare_dense(ndarray weight, ndarray bias, Arena arena):
    """``weight`` (n, K) and ``bias`` (n,), or None, as :func:`dense` reads them."""
    return pack_dense(arena, weight, bias), weight.shape[0], weight.shape[1]


def dense(ndarray x, prepared, Arena arena):
    """x W' + b for x (N, K): (N, n), each row with the same bits whatever the others are."""
    cdef ndarray packed = prepared[0], out
    cdef int K = prepared[2]
    if PyArray_TYPE(x) != PyArray_TYPE(packed) or x.shape[1] != K or (
        K > 1 and x.strides[1] != x.itemsize
    ):
        raise ValueError(
            f"x has rows of {x.shape[1]} {x.dtype} values, {x.strides[1]} bytes apart; expected "
            f"contiguous rows of {K} {packed.dtype} values."
        )
    out = arena.rows(x.shape[0], prepared[1], x.itemsize)
    dense_rows(PyArray_DATA(x), row_length(x), x.shape[0], prepared, out)
    return out


cdef dense_rows(const void *x, ptrdiff_t x_stride, int N, tuple prepared, ndarray out):
    """The same into the rows of ``out``, of rows as the dense layer needs them."""
    cdef product_pass p
    cdef ndarray packed = prepared[0]
    cdef int n = prepared[1], K = prepared[2], L = lanes(packed.itemsize)
    p.a, p.a_stride, p.panel, p.n_panels, p.K = x, x_stride, 0, 1, K
    p.w = PyArray_DATA(packed)
    p.bias = <char *> PyArray_DATA(packed) + K * packed.strides[0]  # the last row
    p.out, p.out_stride, p.n = PyArray_DATA(out), row_length(out), n
    run_product(&p, N, L, packed.itemsize)


cdef input_gradient(
    Arena arena, ndarray da, int G, int first, int used, ndarray weight_t, int n_features,
):
    """dx (N, F) from da (unit vectors, N * G * lanes): of ``used`` columns from ``first`` on."""
    cdef product_pass p
    cdef int item_size = da.itemsize, L = lanes(item_size), N = da.shape[1] // (G * L)
    cdef ndarray dx = arena.rows(N, n_features, item_size)
    p.a = <char *> PyArray_DATA(da) + first * L * item_size
    p.a_stride, p.panel, p.n_panels, p.K = G * L, row_length(da), da.shape[0], used * L
    p.w, p.bias = PyArray_DATA(weight_t), NULL
    p.out, p.out_stride, p.n = PyArray_DATA(dx), row_length(dx), n_features
    run_product(&p, N, L, item_size)
    return dx


cdef void run_product(product_pass *p, int N, int L, int item_size):
    cdef task f = PRODUCT[ISA][item_size == 8]
    cdef double flops = 2.0 * N * p.n_panels * p.K * n_vectors(p.n, L) * L
    with nogil:
        run(f, p, N, ROWS_PER_TASK, flops)
