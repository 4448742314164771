"""The gated recurrent unit as Cho et al. (2014) have it: reset before the product.

    r_t = σ(W_r x_t + U_r h_{t-1} + b_r)       (1)
    z_t = σ(W_z x_t + U_z h_{t-1} + b_z)       (2)
    q_t = r_t h_{t-1}                          (3)
    n_t = tanh(W_n x_t + U_n q_t + b_n)        (4)
    h_t = (1 - z_t) n_t + z_t h_{t-1}          (5)

Parameters: ``weight_ih`` W (3H, F), ``weight_hh`` U (3H, H), ``bias`` b (3H,), blocks in the order
r z n. (4) needs all units of (3), so it is a second stage.
"""

from skrnn.kernels.recurrence cimport declare, recurrence_kernels

from skrnn.kernels.parameters import bias, input_product, recurrent_product

cdef extern from "gru_reset_before.h":
    enum:
        R, Z, N
    const recurrence_kernels KERNELS

CELL = declare(__doc__, &KERNELS, ["h"], {
    "weight_ih": input_product(r=R, z=Z, n=N),
    "weight_hh": recurrent_product(r=R, z=Z, n=N),
    "bias": bias(r=R, z=Z, n=N),
}, {"z": 1})
