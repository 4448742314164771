from skrnn.kernels.threads cimport task


cdef extern from "pass.h" nogil:
    ctypedef struct recurrence_kernels:
        task forward[3][2]
        task backward[3][2]
        task weights[3][2]
        int gates, x_first, x_gates, h_gates


cdef recurrence(
    const recurrence_kernels *kernels, x_order, h_order, bias_order, int n_states, int variant=*,
)

cdef class Recurrence:
    cdef const recurrence_kernels *kernels
    cdef int n_states, variant
    cdef int[4] x_order, h_order, bias_order
