from numpy cimport ndarray


cdef inline ptrdiff_t row_length(ndarray rows) noexcept:
    """From row to row, in elements."""
    return rows.strides[0] // rows.itemsize


cdef class Arena:
    cdef ndarray memory
    cdef size_t used, wanted

    cpdef clear(self)
    cpdef ndarray take(self, size_t n_rows, size_t n_columns, int item_size)
    cdef ndarray rows(self, size_t n_rows, size_t n_columns, int item_size)
    cdef ndarray given_rows(
        self, size_t n_rows, size_t n_columns, int item_size, given, size_t n_given
    )
