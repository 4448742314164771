"""Activations over contiguous spans, in place."""

from cython cimport floating
from libc.math cimport exp, expf, tanh, tanhf


cdef inline void tanh_(floating *x, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if floating is float:
            x[i] = tanhf(x[i])
        else:
            x[i] = tanh(x[i])


cdef inline void sigmoid_(floating *x, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if floating is float:
            x[i] = 1 / (1 + expf(-x[i]))
        else:
            x[i] = 1 / (1 + exp(-x[i]))


cdef inline void relu_(floating *x, int n) noexcept nogil:
    """max(x, 0), a NaN stays one."""
    cdef int i
    for i in range(n):
        x[i] = 0 if x[i] < 0 else x[i]
