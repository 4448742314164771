from numpy cimport ndarray

from skrnn.kernels.arena cimport Arena
from skrnn.kernels.threads cimport task


cdef class Recurrence:
    cdef:
        const task (*forward_tasks)[2]
        const task (*backward_tasks)[2]
        const task (*weights_tasks)[2]
        int n_gates, x_gates, h_gates, x_first, n_states
        int[4] x_order, h_order, bias_order

    cdef prepare(self, params, Arena arena)
    cdef forward(self, const int[::1] offsets, ndarray x, prepared, initial, bint keep,
                 Arena arena, int variant)
    cdef backward(self, const int[::1] offsets, ndarray x, params, states, ndarray gates,
                  ndarray dout, dfinal, dparams, bint need_dx, Arena arena, int variant)
