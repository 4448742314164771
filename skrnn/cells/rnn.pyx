"""The Elman network (Elman 1990, "Finding structure in time").

    a_t = W x_t + U h_{t-1} + b        (1)
    h_t = φ(a_t)                       (2)

with φ = tanh or relu. Parameters: ``weight_ih`` W (H, F), ``weight_hh`` U (H, H), ``bias`` b (H,).
"""

from cython cimport floating
from cython.parallel cimport prange

import numpy as np

from skrnn.kernels.activations cimport relu_, tanh_
from skrnn.kernels.linalg cimport add_column_sums, fill_rows, gemm
from skrnn.kernels.shards cimport (
    SHARD_SIZE, n_shards, n_threads, shard_rows, state_after, state_before
)

GATES = ("h",)
STATES = ("h",)


def param_shapes(n_features, n_hidden, activation):
    return {
        "weight_ih": (n_hidden, n_features),
        "weight_hh": (n_hidden, n_hidden),
        "bias": (n_hidden,),
    }


def forward(
    const int[::1] offsets,              # (T + 1,) rows of each step, see kernels/shards.pxd
    const floating[:, ::1] x,            # (N, F) packed inputs
    const floating[:, ::1] weight_ih,    # (H, F)
    const floating[:, ::1] weight_hh,    # (H, H)
    const floating[::1] bias,            # (H,)
    floating[:, ::1] h,                  # (B + N, H), the first B rows given, the others written
    bint keep,                           # no matter: backward needs only h
    activation,
):
    cdef int s, B = offsets[1]
    cdef bint relu = activation == "relu"
    for s in prange(n_shards(B), nogil=True, schedule="dynamic", chunksize=1,
                    num_threads=n_threads(B)):
        forward_shard(s * SHARD_SIZE, offsets, x, weight_ih, weight_hh, bias, h, relu)


cdef void forward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] x, const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh, const floating[::1] bias, floating[:, ::1] h, bint relu,
) noexcept nogil:
    cdef int t, m, T = offsets.shape[0] - 1
    cdef int F = x.shape[1], H = h.shape[1]
    cdef floating *a
    for t in range(T):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            break
        a = &h[state_after(&offsets[0], t) + first, 0]
        fill_rows[floating](&bias[0], m, H, a, H)                                          # (1)
        gemm[floating](
            b"n", b"t", m, H, F,
            &x[offsets[t] + first, 0], F, &weight_ih[0, 0], F, 1, a, H,
        )
        gemm[floating](
            b"n", b"t", m, H, H,
            &h[state_before(&offsets[0], t) + first, 0], H, &weight_hh[0, 0], H, 1, a, H,
        )
        if relu:                                                                 # (2)
            relu_(a, m * H)
        else:
            tanh_(a, m * H)


def backward(
    const int[::1] offsets,
    const floating[:, ::1] x,
    const floating[:, ::1] weight_ih,
    const floating[:, ::1] weight_hh,
    const floating[::1] bias,
    const floating[:, ::1] h,
    cache,                               # None
    const floating[:, ::1] dout,         # (N, H) gradient of every step's h, or None
    floating[:, ::1] dh,                 # (B, H) gradient of the final h in, of the initial h out
    floating[:, ::1] dx,                 # (N, F) or None; added to
    floating[:, ::1] dweight_ih,         # the parameters' gradients are added to
    floating[:, ::1] dweight_hh,
    floating[::1] dbias,
    activation,
):
    cdef int s, t, m, B = offsets[1], T = offsets.shape[0] - 1
    cdef int N = x.shape[0], F = x.shape[1], H = h.shape[1]
    cdef bint relu = activation == "relu"
    cdef floating[:, ::1] da = np.empty((N, H), np.asarray(h).dtype)
    with nogil:
        for s in prange(n_shards(B), schedule="dynamic", chunksize=1, num_threads=n_threads(B)):
            backward_shard(s * SHARD_SIZE, offsets, weight_hh, h, da, dout, dh, relu)
        # (1), summed over steps
        for t in range(T):
            m = offsets[t + 1] - offsets[t]
            gemm[floating](
                b"t", b"n", H, H, m,
                &da[offsets[t], 0], H, &h[state_before(&offsets[0], t), 0], H, 1, &dweight_hh[0, 0], H,
            )
        gemm[floating](b"t", b"n", H, F, N, &da[0, 0], H, &x[0, 0], F, 1, &dweight_ih[0, 0], F)
        add_column_sums[floating](&da[0, 0], N, H, H, &dbias[0])
        if dx is not None:
            gemm[floating](b"n", b"n", N, F, H, &da[0, 0], H, &weight_ih[0, 0], F, 1, &dx[0, 0], F)


cdef void backward_shard(
    int first, const int[::1] offsets, const floating[:, ::1] weight_hh,
    const floating[:, ::1] h, floating[:, ::1] da, const floating[:, ::1] dout,
    floating[:, ::1] dh, bint relu,
) noexcept nogil:
    cdef int t, m, i, j, T = offsets.shape[0] - 1, H = h.shape[1]
    cdef Py_ssize_t row, after
    cdef floating dh_, h_
    for t in range(T - 1, -1, -1):
        m = shard_rows(&offsets[0], t, first)
        if m == 0:
            continue
        row = offsets[t] + first
        after = state_after(&offsets[0], t) + first
        for i in range(m):
            for j in range(H):
                dh_ = dh[first + i, j]
                if dout is not None:
                    dh_ = dh_ + dout[row + i, j]
                h_ = h[after + i, j]
                if relu:                                                         # (2)
                    da[row + i, j] = dh_ if h_ > 0 else 0
                else:
                    da[row + i, j] = dh_ * (1 - h_ * h_)
        gemm[floating](  # (1)
            b"n", b"n", m, H, H,
            &da[row, 0], H, &weight_hh[0, 0], H, 0, &dh[first, 0], H,
        )
