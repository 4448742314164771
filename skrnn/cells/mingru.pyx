"""The minimal gated recurrent unit, minGRU (Feng et al. 2024, "Were RNNs all we needed?").

    z_t = σ(W_z x_t + b_z)             (1)
    n_t = W_n x_t + b_n                (2)
    h_t = (1 - z_t) h_{t-1} + z_t n_t  (3)

Neither the gate nor the candidate sees the hidden state, so there is no recurrent product.
Parameters: ``weight_ih`` W (2H, F), ``bias`` b (2H,), blocks in the order z n.
"""

from skrnn.kernels.recurrence cimport declare, recurrence_kernels

from skrnn.kernels.parameters import bias, input_product

cdef extern from "mingru.h":
    enum:
        Z, N
    const recurrence_kernels KERNELS

CELL = declare(__doc__, &KERNELS, ["h"], {
    "weight_ih": input_product(z=Z, n=N),
    "bias": bias(z=Z, n=N),
}, {"z": -1})
