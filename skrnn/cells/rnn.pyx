"""The Elman network (Elman 1990, "Finding structure in time").

    a_t = W x_t + U h_{t-1} + b        (1)
    h_t = φ(a_t)                       (2)

with φ = tanh or relu. Parameters: ``weight_ih`` W (H, F), ``weight_hh`` U (H, H), ``bias`` b (H,).
The equations in code are in rnn.h, the loops in kernels/recurrence.h.
"""

from skrnn.kernels.recurrence cimport recurrence, recurrence_kernels

cdef extern from "rnn.h":
    int TANH, RELU
    const recurrence_kernels KERNELS

GATES = ("h",)
STATES = ("h",)

CELLS = {
    "tanh": recurrence(&KERNELS, [0], [0], [0], n_states=1, variant=TANH),
    "relu": recurrence(&KERNELS, [0], [0], [0], n_states=1, variant=RELU),
}


def param_shapes(n_features, n_hidden, activation):
    return {
        "weight_ih": (n_hidden, n_features),
        "weight_hh": (n_hidden, n_hidden),
        "bias": (n_hidden,),
    }


def prepare(*args, activation):
    return CELLS[activation].prepare(*args)


def forward(*args, activation):
    return CELLS[activation].forward(*args)


def backward(*args, activation):
    return CELLS[activation].backward(*args)
