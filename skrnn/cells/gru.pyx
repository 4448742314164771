"""The gated recurrent unit (Cho et al. 2014), reset after the product (cuDNN, PyTorch, Keras).

    r_t = σ(W_r x_t + U_r h_{t-1} + b_r)       (1)
    z_t = σ(W_z x_t + U_z h_{t-1} + b_z)       (2)
    q_t = U_n h_{t-1} + b_q                    (3)
    n_t = tanh(W_n x_t + b_n + r_t q_t)        (4)
    h_t = (1 - z_t) n_t + z_t h_{t-1}          (5)

Parameters: ``weight_ih`` W (3H, F), ``weight_hh`` U (3H, H), gates in the order r z n; ``bias``
b (4H,) in the order r z n q. The equations in code are in gru.h, the loops in
kernels/recurrence.h.
"""

from skrnn.kernels.recurrence cimport recurrence, recurrence_kernels

cdef extern from "gru.h":
    const recurrence_kernels KERNELS

GATES = ("r", "z", "n")
STATES = ("h",)

# The vectors are n r z q: those of x come first, those of h last.
CELL = recurrence(&KERNELS, [2, 0, 1], [0, 1, 2], [2, 0, 1, 3], n_states=1)
prepare, forward, backward = CELL.prepare, CELL.forward, CELL.backward


def param_shapes(n_features, n_hidden):
    return {
        "weight_ih": (3 * n_hidden, n_features),
        "weight_hh": (3 * n_hidden, n_hidden),
        "bias": (4 * n_hidden,),
    }
