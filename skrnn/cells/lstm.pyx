"""Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    i_t = σ(W_i x_t + U_i h_{t-1} + b_i)       (1)
    f_t = σ(W_f x_t + U_f h_{t-1} + b_f)       (2)
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)    (3)
    o_t = σ(W_o x_t + U_o h_{t-1} + b_o)       (4)
    c_t = f_t c_{t-1} + i_t g_t                (5)
    h_t = o_t tanh(c_t)                        (6)

Parameters: ``weight_ih`` W (4H, F), ``weight_hh`` U (4H, H), ``bias`` b (4H,), gates in the order
i f g o. The equations in code are in lstm.h, the loops in kernels/recurrence.h.
"""

from skrnn.kernels.recurrence cimport recurrence, recurrence_kernels

cdef extern from "lstm.h":
    const recurrence_kernels KERNELS

GATES = ("i", "f", "g", "o")
STATES = ("h", "c")

CELL = recurrence(&KERNELS, [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], n_states=2)
prepare, forward, backward = CELL.prepare, CELL.forward, CELL.backward


def param_shapes(n_features, n_hidden):
    return {
        "weight_ih": (4 * n_hidden, n_features),
        "weight_hh": (4 * n_hidden, n_hidden),
        "bias": (4 * n_hidden,),
    }
