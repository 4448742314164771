from numpy cimport ndarray

from skrnn.kernels.arena cimport Arena

cdef inline int n_vectors(int n_units, int n_lanes) noexcept:
    return (n_units + n_lanes - 1) // n_lanes


cdef ndarray pack_gates(
    Arena arena, ndarray matrix, const int *gates, int n_columns, int H,
)
cdef ndarray pack_transposed(
    Arena arena, ndarray matrix, const int *gates, int n_gates, int H,
)
cdef unpack_gates(
    ndarray matrix, const int *gates, int n_columns, int H, ndarray packed, size_t first,
)
cdef ndarray pack_dense(Arena arena, ndarray weight, ndarray bias)
