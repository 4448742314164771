"""Memory for the arrays of one minibatch, used again for the next."""

import numpy as np

from numpy cimport PyArray_DATA, import_array

cdef enum:
    CACHE_LINE = 64

import_array()


cdef class Arena:
    """Hands out arrays from one block of memory.

    The system gives fresh memory page by page as it is touched, which can take as long as the
    work on it. Arrays of an arena are valid until it is cleared; then the block grows to what
    was wanted since the last time.
    """

    def __init__(self):
        self.memory = np.empty(0, np.uint8)
        self.clear()

    cpdef clear(self):
        """Take all arrays back."""
        if self.wanted > <size_t> self.memory.shape[0]:
            self.memory = np.empty(self.wanted, np.uint8)
        self.used = self.wanted = 0

    cpdef ndarray take(self, size_t n, dtype):
        """An uninitialised vector of n elements that starts at a cache line."""
        cdef size_t n_bytes = n * np.dtype(dtype).itemsize, start
        cdef ndarray memory = self.memory
        self.wanted += n_bytes + CACHE_LINE
        start = self.used
        if start + n_bytes + CACHE_LINE > <size_t> memory.shape[0]:
            memory, start = np.empty(n_bytes + CACHE_LINE, np.uint8), 0
        else:
            self.used += n_bytes + CACHE_LINE
        start += -(<size_t> PyArray_DATA(memory) + start) % CACHE_LINE
        return memory[start : start + n_bytes].view(dtype)

    cdef ndarray rows(self, size_t n_rows, size_t n_columns, dtype):
        """An uninitialised (n_rows, n_columns) view of rows with room for whole vectors."""
        return self._wide(n_rows, n_columns, dtype)[:, :n_columns]

    cdef ndarray given_rows(self, size_t n_rows, size_t n_columns, dtype, given, size_t n_given):
        """The same with the first n_given rows as given, or zero; zero also beyond the columns."""
        rows = self._wide(n_rows, n_columns, dtype)
        rows[:n_given] = 0
        rows = rows[:, :n_columns]
        if given is not None:
            rows[:n_given] = given
        return rows

    def _wide(self, n_rows, n_columns, dtype):
        # An even number of cache lines would put a column of all rows into few cache sets.
        per_line = CACHE_LINE // np.dtype(dtype).itemsize
        width = (-(-n_columns // per_line) | 1) * per_line
        return self.take(n_rows * width, dtype).reshape(n_rows, width)
