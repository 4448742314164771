"""The gated recurrent unit (Cho et al. 2014), with two places for the reset gate.

    r_t = σ(W_r x_t + U_r h_{t-1} + b_r)       (1)
    z_t = σ(W_z x_t + U_z h_{t-1} + b_z)       (2)

Reset after the recurrent product (cuDNN, PyTorch, Keras):

    q_t = U_n h_{t-1} + b_q                    (3)
    n_t = tanh(W_n x_t + b_n + r_t q_t)        (4)

Reset before it (Cho et al. 2014):

    q_t = r_t h_{t-1}                          (3')
    n_t = tanh(W_n x_t + b_n + U_n q_t)        (4')

Either way:

    h_t = (1 - z_t) n_t + z_t h_{t-1}          (5)

Parameters: ``weight_ih`` W (3H, F), ``weight_hh`` U (3H, H), gates in the order r z n; ``bias``
b (4H,) in the order r z n q, or (3H,) where the reset comes before the product.
"""

from cython cimport floating
from cython.parallel cimport prange

import numpy as np

from skrnn.kernels.activations cimport sigmoid_, tanh_
from skrnn.kernels.linalg cimport add_column_sums, fill_rows, gemm
from skrnn.kernels.shards cimport (
    SHARD_SIZE, n_shards, n_threads, shard_rows, state_after, state_before
)

GATES = ("r", "z", "n")
STATES = ("h",)


def param_shapes(n_features, n_hidden, reset_after):
    return {
        "weight_ih": (3 * n_hidden, n_features),
        "weight_hh": (3 * n_hidden, n_hidden),
        "bias": ((4 if reset_after else 3) * n_hidden,),
    }


def forward(
    const int[::1] offsets,              # (T + 1,) rows of each step, see kernels/shards.pxd
    const floating[:, ::1] x,            # (N, F) packed inputs
    const floating[:, ::1] weight_ih,    # (3H, F)
    const floating[:, ::1] weight_hh,    # (3H, H)
    const floating[::1] bias,            # (4H,) or (3H,)
    floating[:, ::1] h,                  # (B + N, H), the first B rows given, the others written
    bint keep,                           # whether to return r, z, n, q (N, 4H) for backward
    reset_after,
):
    cdef int s, B = offsets[1]
    cdef bint after = reset_after
    # Otherwise each sequence has room for the gates of one step.
    cache = np.empty((x.shape[0] if keep else B, 4 * h.shape[1]), np.asarray(h).dtype)
    cdef floating[:, ::1] gates = cache
    for s in prange(n_shards(B), nogil=True, schedule="dynamic", chunksize=1,
                    num_threads=n_threads(B)):
        forward_shard(s * SHARD_SIZE, offsets, x, weight_ih, weight_hh, bias, h, gates, keep,
                      after)
    return cache if keep else None


cdef void forward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] x, const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh, const floating[::1] bias, floating[:, ::1] h,
    floating[:, ::1] gates, bint keep, bint reset_after,
) noexcept nogil:
    cdef int t, m, i, j, T = offsets.shape[0] - 1
    cdef int F = x.shape[1], H = h.shape[1], G = 4 * H
    cdef floating *a
    cdef floating *a_i
    cdef floating *h_
    cdef const floating *h_before
    for t in range(T):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            break
        a = &gates[first + (offsets[t] if keep else 0), 0]
        h_ = &h[state_after(&offsets[0], t) + first, 0]
        h_before = &h[state_before(&offsets[0], t) + first, 0]
        fill_rows[floating](&bias[0], m, bias.shape[0], a, G)
        gemm[floating](
            b"n", b"t", m, 3 * H, F,
            &x[offsets[t] + first, 0], F, &weight_ih[0, 0], F, 1, a, G,
        )
        gemm[floating](b"n", b"t", m, 2 * H, H, h_before, H, &weight_hh[0, 0], H, 1, a, G)
        for i in range(m):
            sigmoid_(a + i * G, 2 * H)                                           # (1), (2)
        if reset_after:
            gemm[floating](  # (3)
                b"n", b"t", m, H, H,
                h_before, H, &weight_hh[2 * H, 0], H, 1, a + 3 * H, G,
            )
            for i in range(m):
                a_i = a + i * G
                for j in range(H):
                    a_i[2 * H + j] += a_i[j] * a_i[3 * H + j]                    # (4)
        else:
            for i in range(m):
                a_i = a + i * G
                for j in range(H):
                    a_i[3 * H + j] = a_i[j] * h_before[i * H + j]                # (3')
            gemm[floating](  # (4')
                b"n", b"t", m, H, H,
                a + 3 * H, G, &weight_hh[2 * H, 0], H, 1, a + 2 * H, G,
            )
        for i in range(m):
            a_i = a + i * G
            tanh_(a_i + 2 * H, H)                                                # (4), (4')
            for j in range(H):
                h_[i * H + j] = (1 - a_i[H + j]) * a_i[2 * H + j] \
                    + a_i[H + j] * h_before[i * H + j]                           # (5)


def backward(
    const int[::1] offsets,
    const floating[:, ::1] x,
    const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh,
    const floating[::1] bias,
    const floating[:, ::1] h,
    floating[:, ::1] cache,              # r, z, n overwritten with their gradients, q where it has one
    const floating[:, ::1] dout,         # (N, H) gradient of every step's h, or None
    floating[:, ::1] dh,                 # (B, H) gradient of the final h in, of the initial h out
    floating[:, ::1] dx,                 # (N, F) or None; added to
    floating[:, ::1] dweight_ih,         # the parameters' gradients are added to
    floating[:, ::1] dweight_hh,
    floating[::1] dbias,
    reset_after,
):
    cdef int s, t, m, B = offsets[1], T = offsets.shape[0] - 1
    cdef int N = x.shape[0], F = x.shape[1], H = h.shape[1], G = 4 * H
    cdef bint after = reset_after
    cdef floating *a
    cdef const floating *h_before
    cdef floating[:, ::1] dq = np.empty((B, H), np.asarray(h).dtype)
    with nogil:
        for s in prange(n_shards(B), schedule="dynamic", chunksize=1, num_threads=n_threads(B)):
            backward_shard(s * SHARD_SIZE, offsets, weight_hh, h, cache, dout, dh, dq, after)
        # (1) to (4'), summed over steps
        for t in range(T):
            m = offsets[t + 1] - offsets[t]
            a = &cache[offsets[t], 0]
            h_before = &h[state_before(&offsets[0], t), 0]
            gemm[floating](b"t", b"n", 2 * H, H, m, a, G, h_before, H, 1, &dweight_hh[0, 0], H)
            if after:
                gemm[floating](
                    b"t", b"n", H, H, m,
                    a + 3 * H, G, h_before, H, 1, &dweight_hh[2 * H, 0], H,
                )
            else:
                gemm[floating](
                    b"t", b"n", H, H, m,
                    a + 2 * H, G, a + 3 * H, G, 1, &dweight_hh[2 * H, 0], H,
                )
        gemm[floating](
            b"t", b"n", 3 * H, F, N,
            &cache[0, 0], G, &x[0, 0], F, 1, &dweight_ih[0, 0], F,
        )
        add_column_sums[floating](&cache[0, 0], N, dbias.shape[0], G, &dbias[0])
        if dx is not None:
            gemm[floating](
                b"n", b"n", N, F, 3 * H,
                &cache[0, 0], G, &weight_ih[0, 0], F, 1, &dx[0, 0], F,
            )


cdef void backward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] weight_hh,
    const floating[:, ::1] h, floating[:, ::1] gates, const floating[:, ::1] dout,
    floating[:, ::1] dh, floating[:, ::1] dq, bint reset_after,
) noexcept nogil:
    cdef int t, m, i, j, T = offsets.shape[0] - 1, H = h.shape[1], G = 4 * H
    cdef Py_ssize_t row, before
    cdef floating *a
    cdef floating r, z, n, dh_
    for t in range(T - 1, -1, -1):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            continue
        row = offsets[t] + first
        before = state_before(&offsets[0], t) + first
        for i in range(m):
            a = &gates[row + i, 0]
            for j in range(H):
                r, z, n = a[j], a[H + j], a[2 * H + j]
                dh_ = dh[first + i, j]
                if dout is not None:
                    dh_ = dh_ + dout[row + i, j]
                a[H + j] = dh_ * (h[before + i, j] - n) * z * (1 - z)            # (5), (2)
                a[2 * H + j] = dh_ * (1 - z) * (1 - n * n)                       # (5), (4)
                dh[first + i, j] = dh_ * z                                       # (5)
                if reset_after:
                    a[j] = a[2 * H + j] * a[3 * H + j] * r * (1 - r)             # (4), (1)
                    a[3 * H + j] = a[2 * H + j] * r                              # (4)
        a = &gates[row, 0]
        if reset_after:
            gemm[floating](  # (3)
                b"n", b"n", m, H, H,
                a + 3 * H, G, &weight_hh[2 * H, 0], H, 1, &dh[first, 0], H,
            )
        else:
            gemm[floating](  # (4')
                b"n", b"n", m, H, H,
                a + 2 * H, G, &weight_hh[2 * H, 0], H, 0, &dq[first, 0], H,
            )
            for i in range(m):
                a = &gates[row + i, 0]
                for j in range(H):
                    r = a[j]
                    dh[first + i, j] += dq[first + i, j] * r                     # (3')
                    a[j] = dq[first + i, j] * h[before + i, j] * r * (1 - r)     # (3'), (1)
            a = &gates[row, 0]
        gemm[floating](  # (1), (2)
            b"n", b"n", m, H, 2 * H,
            a, G, &weight_hh[0, 0], H, 1, &dh[first, 0], H,
        )
