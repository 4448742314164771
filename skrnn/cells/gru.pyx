"""The gated recurrent unit (Cho et al. 2014), reset after the product (cuDNN, PyTorch, Keras).

    r_t = σ(W_r x_t + U_r h_{t-1} + b_r)       (1)
    z_t = σ(W_z x_t + U_z h_{t-1} + b_z)       (2)
    q_t = U_n h_{t-1} + b_q                    (3)
    n_t = tanh(W_n x_t + b_n + r_t q_t)        (4)
    h_t = (1 - z_t) n_t + z_t h_{t-1}          (5)

Parameters: ``weight_ih`` W (3H, F), ``weight_hh`` U (3H, H), blocks in the order r z n; ``bias``
b (4H,) in the order r z n q.
"""

from skrnn.kernels.recurrence cimport declare, recurrence_kernels

from skrnn.kernels.parameters import bias, input_product, recurrent_product

cdef extern from "gru.h":
    enum:
        N, R, Z, Q
    const recurrence_kernels KERNELS

CELL = declare(__doc__, &KERNELS, ["h"], {
    "weight_ih": input_product(r=R, z=Z, n=N),
    "weight_hh": recurrent_product(r=R, z=Z, n=Q),
    "bias": bias(r=R, z=Z, n=N, q=Q),
}, {"z": 1})
