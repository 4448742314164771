"""Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    i_t = σ(W_i x_t + U_i h_{t-1} + b_i)       (1)
    f_t = σ(W_f x_t + U_f h_{t-1} + b_f)       (2)
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)    (3)
    o_t = σ(W_o x_t + U_o h_{t-1} + b_o)       (4)
    c_t = f_t c_{t-1} + i_t g_t                (5)
    h_t = o_t tanh(c_t)                        (6)

Parameters: ``weight_ih`` W (4H, F), ``weight_hh`` U (4H, H), ``bias`` b (4H,), gates in the order
i f g o.
"""

from cython cimport floating
from cython.parallel cimport prange
from libc.string cimport memcpy

import numpy as np

from skrnn.kernels.activations cimport sigmoid_, tanh_
from skrnn.kernels.linalg cimport add_column_sums, fill_rows, gemm
from skrnn.kernels.shards cimport (
    SHARD_SIZE, n_shards, n_threads, shard_rows, state_after, state_before
)

GATES = ("i", "f", "g", "o")
STATES = ("h", "c")


def param_shapes(n_features, n_hidden):
    return {
        "weight_ih": (4 * n_hidden, n_features),
        "weight_hh": (4 * n_hidden, n_hidden),
        "bias": (4 * n_hidden,),
    }


def forward(
    const int[::1] offsets,              # (T + 1,) rows of each step, see kernels/shards.pxd
    const floating[:, ::1] x,            # (N, F) packed inputs
    const floating[:, ::1] weight_ih,    # (4H, F)
    const floating[:, ::1] weight_hh,    # (4H, H)
    const floating[::1] bias,            # (4H,)
    floating[:, ::1] h,                  # (B + N, H), the first B rows given, the others written
    floating[:, ::1] c,                  # (B + N, H), the same
    bint keep,                           # whether to return the gates (N, 4H) for backward
):
    cdef int s, B = offsets[1]
    # Otherwise each sequence has room for the gates of one step.
    cache = np.empty((x.shape[0] if keep else B, 4 * h.shape[1]), np.asarray(h).dtype)
    cdef floating[:, ::1] gates = cache
    for s in prange(n_shards(B), nogil=True, schedule="dynamic", chunksize=1,
                    num_threads=n_threads(B)):
        forward_shard(s * SHARD_SIZE, offsets, x, weight_ih, weight_hh, bias, h, c, gates, keep)
    return cache if keep else None


cdef void forward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] x, const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh, const floating[::1] bias, floating[:, ::1] h,
    floating[:, ::1] c, floating[:, ::1] gates, bint keep,
) noexcept nogil:
    cdef int t, m, i, j, T = offsets.shape[0] - 1
    cdef int F = x.shape[1], H = h.shape[1], G = 4 * H
    cdef Py_ssize_t before, after
    cdef floating *a
    cdef floating *c_
    cdef floating *h_
    cdef const floating *c_before
    for t in range(T):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            break
        before = state_before(&offsets[0], t) + first
        after = state_after(&offsets[0], t) + first
        a = &gates[first + (offsets[t] if keep else 0), 0]
        fill_rows[floating](&bias[0], m, G, a, G)
        gemm[floating](
            b"n", b"t", m, G, F,
            &x[offsets[t] + first, 0], F, &weight_ih[0, 0], F, 1, a, G,
        )
        gemm[floating](b"n", b"t", m, G, H, &h[before, 0], H, &weight_hh[0, 0], H, 1, a, G)
        for i in range(m):
            c_before = &c[before + i, 0]
            c_ = &c[after + i, 0]
            h_ = &h[after + i, 0]
            sigmoid_(a, 2 * H)                                                   # (1), (2)
            tanh_(a + 2 * H, H)                                                  # (3)
            sigmoid_(a + 3 * H, H)                                               # (4)
            for j in range(H):
                c_[j] = a[H + j] * c_before[j] + a[j] * a[2 * H + j]             # (5)
            memcpy(h_, c_, H * sizeof(floating))
            tanh_(h_, H)
            for j in range(H):
                h_[j] *= a[3 * H + j]                                            # (6)
            a += G


def backward(
    const int[::1] offsets,
    const floating[:, ::1] x,
    const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh,
    const floating[::1] bias,
    const floating[:, ::1] h,
    const floating[:, ::1] c,
    floating[:, ::1] cache,              # the gates, overwritten with their gradients
    const floating[:, ::1] dout,         # (N, H) gradient of every step's h, or None
    floating[:, ::1] dh,                 # (B, H) gradient of the final h in, of the initial h out
    floating[:, ::1] dc,                 # (B, H) the same for c
    floating[:, ::1] dx,                 # (N, F) or None; added to
    floating[:, ::1] dweight_ih,         # the parameters' gradients are added to
    floating[:, ::1] dweight_hh,
    floating[::1] dbias,
):
    cdef int s, t, m, B = offsets[1], T = offsets.shape[0] - 1
    cdef int N = x.shape[0], F = x.shape[1], H = h.shape[1], G = 4 * H
    cdef floating[:, ::1] tanh_c = np.empty((n_shards(B), H), np.asarray(h).dtype)
    with nogil:
        for s in prange(n_shards(B), schedule="dynamic", chunksize=1, num_threads=n_threads(B)):
            backward_shard(s * SHARD_SIZE, offsets, weight_hh, c, cache, dout, dh, dc,
                           &tanh_c[s, 0])
        # (1) to (4), summed over steps
        for t in range(T):
            m = offsets[t + 1] - offsets[t]
            gemm[floating](
                b"t", b"n", G, H, m,
                &cache[offsets[t], 0], G, &h[state_before(&offsets[0], t), 0], H, 1, &dweight_hh[0, 0], H,
            )
        gemm[floating](b"t", b"n", G, F, N, &cache[0, 0], G, &x[0, 0], F, 1, &dweight_ih[0, 0], F)
        add_column_sums[floating](&cache[0, 0], N, G, G, &dbias[0])
        if dx is not None:
            gemm[floating](
                b"n", b"n", N, F, G,
                &cache[0, 0], G, &weight_ih[0, 0], F, 1, &dx[0, 0], F,
            )


cdef void backward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] weight_hh,
    const floating[:, ::1] c, floating[:, ::1] gates, const floating[:, ::1] dout,
    floating[:, ::1] dh, floating[:, ::1] dc, floating *tanh_c,
) noexcept nogil:
    cdef int t, m, k, j, T = offsets.shape[0] - 1, H = c.shape[1], G = 4 * H
    cdef Py_ssize_t row, before, after
    cdef floating *a
    cdef floating i, f, g, o, dh_, dc_
    for t in range(T - 1, -1, -1):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            continue
        row = offsets[t] + first
        before = state_before(&offsets[0], t) + first
        after = state_after(&offsets[0], t) + first
        for k in range(m):
            a = &gates[row + k, 0]
            memcpy(tanh_c, &c[after + k, 0], H * sizeof(floating))
            tanh_(tanh_c, H)
            for j in range(H):
                i, f, g, o = a[j], a[H + j], a[2 * H + j], a[3 * H + j]
                dh_ = dh[first + k, j]
                if dout is not None:
                    dh_ = dh_ + dout[row + k, j]
                dc_ = dc[first + k, j] + dh_ * o * (1 - tanh_c[j] * tanh_c[j])   # (6)
                a[3 * H + j] = dh_ * tanh_c[j] * o * (1 - o)                     # (6), (4)
                a[j] = dc_ * g * i * (1 - i)                                     # (5), (1)
                a[H + j] = dc_ * c[before + k, j] * f * (1 - f)                  # (5), (2)
                a[2 * H + j] = dc_ * i * (1 - g * g)                             # (5), (3)
                dc[first + k, j] = dc_ * f                                       # (5)
        gemm[floating](  # (1) to (4)
            b"n", b"n", m, H, G,
            &gates[row, 0], G, &weight_hh[0, 0], H, 0, &dh[first, 0], H,
        )
