from numpy cimport ndarray

from skrnn.kernels.arena cimport Arena

cdef input_gradient(
    Arena arena, ndarray da, int G, int first, int used, ndarray weight_t, int n_features,
)
cdef dense_rows(const void *x, ptrdiff_t x_stride, int N, tuple prepared, ndarray out)
