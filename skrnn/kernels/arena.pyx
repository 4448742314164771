"""Memory for the arrays of one minibatch, used again for the next."""

from libc.string cimport memset
from numpy cimport (
    NPY_DOUBLE, NPY_FLOAT, NPY_UINT8, PyArray_DATA, PyArray_EMPTY, PyArray_SetBaseObject,
    PyArray_SimpleNewFromData, import_array, npy_intp
)
from cpython.ref cimport Py_INCREF

cdef extern from *:
    """
    /* Under AddressSanitizer an array has a block of its own and ends with it, so that nothing is
       read or written beyond it unseen. */
    #ifdef __SANITIZE_ADDRESS__
    enum { IS_WATCHED = 1 };
    #else
    enum { IS_WATCHED = 0 };
    #endif
    """
    const bint IS_WATCHED

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
        self.memory = empty_bytes(0)
        self.clear()

    cpdef clear(self):
        """Take all arrays back."""
        if not IS_WATCHED and self.wanted > <size_t> self.memory.shape[0]:
            self.memory = empty_bytes(self.wanted)
        self.used = self.wanted = 0

    cpdef ndarray take(self, size_t n_rows, size_t n_columns, int item_size):
        """An uninitialised (n_rows, n_columns) array that starts at a cache line.

        Its items are float32 or float64, of 4 or 8 bytes.
        """
        if item_size != 4 and item_size != 8:
            raise TypeError(f"Arrays are of float32 or float64, got items of {item_size} bytes.")
        cdef size_t n_bytes = n_rows * n_columns * item_size + CACHE_LINE
        cdef size_t start = self.used
        cdef ndarray memory = self.memory, array
        cdef npy_intp[2] shape = [n_rows, n_columns]
        self.wanted += n_bytes
        if IS_WATCHED:
            memory, start = empty_bytes(n_bytes - CACHE_LINE), 0
        elif start + n_bytes > <size_t> memory.shape[0]:
            memory, start = empty_bytes(n_bytes), 0
        else:
            self.used += n_bytes
        start += <size_t> PyArray_DATA(memory)
        if not IS_WATCHED:
            start += -start % CACHE_LINE
        array = PyArray_SimpleNewFromData(
            2, shape, NPY_FLOAT if item_size == 4 else NPY_DOUBLE, <void *> start
        )
        Py_INCREF(memory)
        PyArray_SetBaseObject(array, memory)
        return array

    cdef ndarray rows(self, size_t n_rows, size_t n_columns, int item_size):
        """The same with room for whole vectors in every row."""
        # An even number of cache lines would put a column of all rows into few cache sets.
        cdef size_t per_line = CACHE_LINE // item_size
        cdef size_t width = ((n_columns + per_line - 1) // per_line | 1) * per_line
        return self.take(n_rows, width, item_size)[:, :n_columns]

    cdef ndarray given_rows(
        self, size_t n_rows, size_t n_columns, int item_size, given, size_t n_given
    ):
        """The same with the first n_given rows as given, or zero; zero also beyond the columns."""
        cdef ndarray rows = self.rows(n_rows, n_columns, item_size)
        memset(PyArray_DATA(rows), 0, n_given * rows.strides[0])
        if given is not None:
            rows[:n_given] = given
        return rows


cdef ndarray empty_bytes(npy_intp n):
    return PyArray_EMPTY(1, &n, NPY_UINT8, 0)
