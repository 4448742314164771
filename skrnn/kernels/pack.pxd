from numpy cimport ndarray

from skrnn.kernels.arena cimport Arena

cdef inline int n_vectors(int n_units, int n_lanes) noexcept:
    return (n_units + n_lanes - 1) // n_lanes


cdef ndarray room_for_blocks(Arena arena, size_t K, int n_columns, int H, int item_size)
cdef void pack_blocks(ndarray packed, ndarray matrix, const int *blocks, int n_columns, int H)
cdef void unpack_blocks(
    ndarray matrix, const int *blocks, int n_columns, int H, ndarray packed, size_t first,
)
cdef ndarray pack_transposed(
    Arena arena, ndarray matrix, const int *blocks, int n_columns, int H,
)
cdef ndarray pack_dense(Arena arena, ndarray weight, ndarray bias)
