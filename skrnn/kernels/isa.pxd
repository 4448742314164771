cdef int ISA  # index into the dispatch tables
cdef int lanes(int item_size) noexcept nogil
