"""Passes through a layer, the same for every cell; recurrence.h has the loops."""

from libc.string cimport memset
from numpy cimport PyArray_DATA, import_array, ndarray

from skrnn.kernels.arena cimport Arena, row_length
from skrnn.kernels.isa cimport ISA, lanes
from skrnn.kernels.pack cimport n_vectors, pack_gates, pack_transposed, unpack_gates
from skrnn.kernels.product cimport input_gradient
from skrnn.kernels.threads cimport run, task

cdef extern from "pass.h" nogil:
    ctypedef struct recurrence_pass:
        const int *offsets
        int T, F, H, variant
        const void *x
        void *h
        void *c
        void *gates
        ptrdiff_t x_row, state_row, vector
        const void *weight_ih
        const void *weight_hh
        const void *bias
        const void *weight_hh_t
        const void *dout
        void *dh
        void *dc
        ptrdiff_t dout_row, dstate_row
        void *dweight

import_array()

cdef enum:
    # Sequences that one thread takes through all steps: the cut depends on the batch alone.
    SHARD = 16


cdef recurrence(
    const recurrence_kernels *kernels, x_order, h_order, bias_order, int n_states, int variant=0,
):
    """The passes of a cell.

    x_order, h_order and bias_order say which gate of the weights is in each vector that has a
    product with x, with h, and in each vector; n_states is 2 for a cell state besides the hidden
    state.
    """
    cdef int i
    cdef Recurrence self = Recurrence.__new__(Recurrence)
    counts = [kernels.x_gates, kernels.h_gates, kernels.gates]
    if list(map(len, [x_order, h_order, bias_order])) != counts:
        raise ValueError(f"The kernels have {counts} vectors for x, h and in all.")
    for i in range(kernels.x_gates):
        self.x_order[i] = x_order[i]
    for i in range(kernels.h_gates):
        self.h_order[i] = h_order[i]
    for i in range(kernels.gates):
        self.bias_order[i] = bias_order[i]
    self.kernels, self.n_states, self.variant = kernels, n_states, variant
    return self


cdef class Recurrence:
    """Three of the names of a cell, see skrnn/cells/__init__.py."""

    def prepare(self, params, Arena arena):
        """The parameters as forward reads them."""
        weight_ih, weight_hh, bias = params
        cdef int H = weight_hh.shape[1]
        return (
            pack_gates(arena, weight_ih, self.x_order, self.kernels.x_gates, H),
            pack_gates(arena, weight_hh, self.h_order, self.kernels.h_gates, H),
            pack_gates(arena, bias, self.bias_order, self.kernels.gates, H),
            H,
        )

    def forward(
        self, const int[::1] offsets, ndarray x, prepared, initial, bint keep, Arena arena
    ):
        """The states (B + N, H), initial ones first, and the gates for backward, or None."""
        cdef ndarray W = prepared[0], U = prepared[1], b = prepared[2], gates = None
        cdef int B = offsets[1], F = x.shape[1], H = prepared[3], L = lanes(x.itemsize)
        cdef double flops = 2.0 * H * x.shape[0] * (
            F * self.kernels.x_gates + H * self.kernels.h_gates
        )
        cdef size_t N = x.shape[0]
        cdef recurrence_pass p
        states = [arena.given_rows(B + N, H, x.itemsize, given, B) for given in initial]
        fill(&p, offsets, x, H, states, self.variant)
        p.weight_ih, p.weight_hh, p.bias = PyArray_DATA(W), PyArray_DATA(U), PyArray_DATA(b)
        if keep:
            gates = arena.take(n_vectors(H, L), N * self.kernels.gates * L, x.itemsize)
            p.gates, p.vector = PyArray_DATA(gates), row_length(gates)
        cdef task f = self.kernels.forward[ISA][x.itemsize == 8]
        with nogil:
            run(f, &p, B, SHARD, flops)
        return states, gates

    def backward(
        self, const int[::1] offsets, ndarray x, params, states, ndarray gates, ndarray dout,
        dfinal, dparams, bint need_dx, Arena arena,
    ):
        """The gradients of x, or None, and of the initial states; dparams are added to."""
        weight_ih, weight_hh, _ = params
        cdef int B = offsets[1], F = x.shape[1], H = weight_hh.shape[1]
        cdef int L = lanes(x.itemsize), V = n_vectors(H, L)
        cdef size_t N = x.shape[0], U_row = <size_t> F * self.kernels.x_gates
        cdef size_t b_row = U_row + <size_t> H * self.kernels.h_gates
        cdef recurrence_pass p
        fill(&p, offsets, x, H, states, self.variant)
        p.gates, p.vector = PyArray_DATA(gates), row_length(gates)
        dinitial = [arena.given_rows(B, H, x.itemsize, given, B) for given in dfinal]
        cdef ndarray dh = dinitial[0], dc = dinitial[self.n_states - 1]
        p.dh, p.dc, p.dstate_row = PyArray_DATA(dh), PyArray_DATA(dc), row_length(dh)
        if dout is not None:
            p.dout, p.dout_row = PyArray_DATA(dout), row_length(dout)
        cdef ndarray U_t = pack_transposed(arena, weight_hh, self.h_order, self.kernels.h_gates, H)
        p.weight_hh_t = PyArray_DATA(U_t)
        cdef ndarray dweight = arena.take(V, (b_row + self.kernels.gates) * L, x.itemsize)
        p.dweight = PyArray_DATA(dweight)
        cdef task back = self.kernels.backward[ISA][x.itemsize == 8]
        cdef task weights = self.kernels.weights[ISA][x.itemsize == 8]
        with nogil:
            run(back, &p, B, SHARD, 2.0 * H * N * H * self.kernels.h_gates)
            run(weights, &p, 2 * V, 1, 2.0 * H * N * b_row)
        unpack_gates(dparams[0], self.x_order, self.kernels.x_gates, H, dweight, 0)
        unpack_gates(dparams[1], self.h_order, self.kernels.h_gates, H, dweight, U_row)
        unpack_gates(dparams[2], self.bias_order, self.kernels.gates, H, dweight, b_row)
        dx = None
        if need_dx:
            W_t = pack_transposed(arena, weight_ih, self.x_order, self.kernels.x_gates, H)
            dx = input_gradient(
                arena, gates, self.kernels.gates, self.kernels.x_first, self.kernels.x_gates, W_t, F
            )
        return dx, dinitial


cdef void fill(recurrence_pass *p, const int[::1] offsets, ndarray x, int H, states, int variant):
    """What both passes need; nothing else points anywhere."""
    cdef ndarray h = states[0], c
    memset(p, 0, sizeof(recurrence_pass))
    p.offsets, p.T, p.F, p.H = &offsets[0], offsets.shape[0] - 1, x.shape[1], H
    p.variant = variant
    p.x, p.x_row = PyArray_DATA(x), row_length(x)
    p.h, p.state_row = PyArray_DATA(h), row_length(h)
    if len(states) == 2:
        c = states[1]
        p.c = PyArray_DATA(c)
