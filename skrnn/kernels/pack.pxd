from numpy cimport ndarray

cdef inline int n_vectors(int n_units, int n_lanes) noexcept:
    return (n_units + n_lanes - 1) // n_lanes


cdef inline ptrdiff_t row_length(ndarray rows) noexcept:
    """From row to row, in elements."""
    return rows.strides[0] // rows.itemsize


cdef aligned(n, dtype)
cdef empty_rows(n_rows, n_columns, dtype)
cdef initial_rows(n_rows, initial, n_given, n_columns, dtype)
cdef pack_gates(ndarray matrix, const int *gates, int n_columns, int H)
cdef pack_transposed(ndarray matrix, const int *gates, int n_gates, int H)
cdef unpack_gates(
    ndarray matrix, const int *gates, int n_columns, int H, ndarray packed, int first_row,
)
