"""The gated recurrent unit as Cho et al. (2014) have it: reset before the product.

    r_t = σ(W_r x_t + U_r h_{t-1} + b_r)       (1)
    z_t = σ(W_z x_t + U_z h_{t-1} + b_z)       (2)
    q_t = r_t h_{t-1}                          (3)
    n_t = tanh(W_n x_t + b_n + U_n q_t)        (4)
    h_t = (1 - z_t) n_t + z_t h_{t-1}          (5)

Parameters: ``weight_ih`` W (3H, F), ``weight_hh`` U (3H, H), ``bias`` b (3H,), gates in the order
r z n. A step has two products, one after the other, which the loops of kernels/recurrence.h do not
have: here each is a call of BLAS.
"""

from cython cimport floating
from libc.math cimport exp, tanh

import numpy as np

from skrnn.kernels.linalg cimport gemm

cdef extern from "packed.h" nogil:
    int n_active(const int *offsets, int t)
    ptrdiff_t state_before(const int *offsets, int t)

GATES = ("r", "z", "n")
STATES = ("h",)


def param_shapes(n_features, n_hidden):
    return {
        "weight_ih": (3 * n_hidden, n_features),
        "weight_hh": (3 * n_hidden, n_hidden),
        "bias": (3 * n_hidden,),
    }


def prepare(params, arena):
    return params


def forward(const int[::1] offsets, x, params, initial, bint keep, arena):
    weight_ih, weight_hh, bias = params
    B, H = offsets[1], weight_hh.shape[1]
    h = np.zeros((B + len(x), H), x.dtype)
    if initial[0] is not None:
        h[:B] = initial[0]
    gates = np.empty((len(x), 4 * H), x.dtype)  # r z n q
    gates[:, : 3 * H] = x @ weight_ih.T + bias
    if x.dtype == np.float32:
        forward_steps[float](offsets, weight_hh, h, gates)
    else:
        forward_steps[double](offsets, weight_hh, h, gates)
    return [h], gates if keep else None


cdef forward_steps(
    const int[::1] offsets,
    floating[:, ::1] weight_hh,
    floating[:, ::1] h,
    floating[:, ::1] gates,   # (N, 4H) W x + b, overwritten with r z n q
):
    cdef int t, m, i, j, H = h.shape[1], G = 4 * H
    cdef ptrdiff_t before
    cdef floating z, n
    cdef floating *a
    cdef floating *h_before
    cdef floating *h_after
    with nogil:
        for t in range(offsets.shape[0] - 1):
            m = n_active(&offsets[0], t)
            before = state_before(&offsets[0], t)
            gemm[floating](
                c'n', c't', m, 2 * H, H,
                &h[before, 0], H, &weight_hh[0, 0], H, 1, &gates[offsets[t], 0], G,
            )
            for i in range(m):
                a, h_before = &gates[offsets[t] + i, 0], &h[before + i, 0]
                for j in range(2 * H):
                    a[j] = 1 / (1 + exp(-a[j]))                                  # (1), (2)
                for j in range(H):
                    a[3 * H + j] = a[j] * h_before[j]                            # (3)
            gemm[floating](
                c'n', c't', m, H, H,
                &gates[offsets[t], 3 * H], G, &weight_hh[2 * H, 0], H, 1,
                &gates[offsets[t], 2 * H], G,
            )
            for i in range(m):
                a, h_before = &gates[offsets[t] + i, 0], &h[before + i, 0]
                h_after = &h[offsets[1] + offsets[t] + i, 0]
                for j in range(H):
                    a[2 * H + j] = tanh(a[2 * H + j])  # (4)
                    z, n = a[H + j], a[2 * H + j]
                    h_after[j] = (1 - z) * n + z * h_before[j]                   # (5)


def backward(
    const int[::1] offsets, x, params, states, gates, dout, dfinal, dparams, bint need_dx, arena,
):
    weight_ih, weight_hh, _ = params
    dweight_ih, dweight_hh, dbias = dparams
    B, H = offsets[1], weight_hh.shape[1]
    dh = np.zeros((B, H), x.dtype)
    if dfinal[0] is not None:
        dh[:] = dfinal[0]
    if dout is not None:
        dout = np.ascontiguousarray(dout)
    dq = np.empty((B, H), x.dtype)
    if x.dtype == np.float32:
        backward_steps[float](offsets, weight_hh, states[0], gates, dout, dh, dq, dweight_hh)
    else:
        backward_steps[double](offsets, weight_hh, states[0], gates, dout, dh, dq, dweight_hh)
    da = gates[:, : 3 * H]
    dweight_ih += da.T @ x
    dbias += da.sum(axis=0)
    return da @ weight_ih if need_dx else None, [dh]


cdef backward_steps(
    const int[::1] offsets,
    floating[:, ::1] weight_hh,
    floating[:, ::1] h,
    floating[:, ::1] gates,       # (N, 4H) r z n q; r z n overwritten with their gradients
    floating[:, ::1] dout,        # (N, H) or None
    floating[:, ::1] dh,          # (B, H) of the final state, then of the initial one
    floating[:, ::1] dq,          # (B, H) room
    floating[:, ::1] dweight_hh,  # added to
):
    cdef int t, m, i, j, H = h.shape[1], G = 4 * H
    cdef ptrdiff_t before
    cdef floating r, z, n, dh_
    cdef floating *a
    with nogil:
        for t in range(offsets.shape[0] - 2, -1, -1):
            m = n_active(&offsets[0], t)
            before = state_before(&offsets[0], t)
            for i in range(m):
                a = &gates[offsets[t] + i, 0]
                for j in range(H):
                    z, n = a[H + j], a[2 * H + j]
                    dh_ = dh[i, j]
                    if dout is not None:
                        dh_ = dh_ + dout[offsets[t] + i, j]
                    a[H + j] = dh_ * (h[before + i, j] - n) * z * (1 - z)        # (5), (2)
                    a[2 * H + j] = dh_ * (1 - z) * (1 - n * n)                   # (5), (4)
                    dh[i, j] = dh_ * z                                           # (5)
            a = &gates[offsets[t], 0]
            gemm[floating](  # (4)
                c'n', c'n', m, H, H,
                a + 2 * H, G, &weight_hh[2 * H, 0], H, 0, &dq[0, 0], H,
            )
            gemm[floating](  # (4)
                c't', c'n', H, H, m,
                a + 2 * H, G, a + 3 * H, G, 1, &dweight_hh[2 * H, 0], H,
            )
            for i in range(m):
                a = &gates[offsets[t] + i, 0]
                for j in range(H):
                    r = a[j]
                    dh[i, j] += dq[i, j] * r                                     # (3)
                    a[j] = dq[i, j] * h[before + i, j] * r * (1 - r)             # (3), (1)
            a = &gates[offsets[t], 0]
            gemm[floating](  # (1), (2)
                c'n', c'n', m, H, 2 * H,
                a, G, &weight_hh[0, 0], H, 1, &dh[0, 0], H,
            )
            gemm[floating](  # (1), (2)
                c't', c'n', 2 * H, H, m,
                a, G, &h[before, 0], H, 1, &dweight_hh[0, 0], H,
            )
