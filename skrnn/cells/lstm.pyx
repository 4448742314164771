"""Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    i_t = σ(W_i x_t + U_i h_{t-1} + b_i)       (1)
    f_t = σ(W_f x_t + U_f h_{t-1} + b_f)       (2)
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)    (3)
    o_t = σ(W_o x_t + U_o h_{t-1} + b_o)       (4)
    c_t = f_t c_{t-1} + i_t g_t                (5)
    h_t = o_t tanh(c_t)                        (6)

Parameters: ``weight_ih`` W (4H, F), ``weight_hh`` U (4H, H), ``bias`` b (4H,), blocks in the order
i f g o.
"""

from skrnn.kernels.recurrence cimport declare, recurrence_kernels

from skrnn.kernels.parameters import bias, input_product, recurrent_product

cdef extern from "lstm.h":
    enum:
        GATE_I, GATE_F, GATE_G, GATE_O
    const recurrence_kernels KERNELS

GATES = {"i": GATE_I, "f": GATE_F, "g": GATE_G, "o": GATE_O}
CELL = declare(__doc__, &KERNELS, ["h", "c"], {
    "weight_ih": input_product(**GATES),
    "weight_hh": recurrent_product(**GATES),
    "bias": bias(**GATES),
}, {"f": 1, "i": -1})
