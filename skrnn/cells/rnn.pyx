"""The Elman network (Elman 1990, "Finding structure in time").

    a_t = W x_t + U h_{t-1} + b        (1)
    h_t = φ(a_t)                       (2)

with φ = tanh or relu. Parameters: ``weight_ih`` W (H, F), ``weight_hh`` U (H, H), ``bias`` b (H,).
The equations in code are in rnn.h, the loops in kernels/recurrence.h.
"""

from numpy cimport ndarray

from skrnn.kernels.arena cimport Arena
from skrnn.kernels.recurrence cimport Recurrence
from skrnn.kernels.threads cimport task

cdef extern from "rnn.h" nogil:
    int TANH, RELU
    const task FORWARD[3][2]
    const task BACKWARD[3][2]
    const task WEIGHTS[3][2]

GATES = ("h",)
STATES = ("h",)
VARIANTS = {"tanh": TANH, "relu": RELU}

cdef Recurrence RECURRENCE = Recurrence(x_order=[0], h_order=[0], bias_order=[0], n_states=1)
RECURRENCE.forward_tasks, RECURRENCE.backward_tasks = FORWARD, BACKWARD
RECURRENCE.weights_tasks = WEIGHTS


def param_shapes(n_features, n_hidden, activation):
    return {
        "weight_ih": (n_hidden, n_features),
        "weight_hh": (n_hidden, n_hidden),
        "bias": (n_hidden,),
    }


def prepare(params, Arena arena, activation):
    return RECURRENCE.prepare(params, arena)


def forward(
    const int[::1] offsets, ndarray x, prepared, initial, bint keep, Arena arena, activation,
):
    return RECURRENCE.forward(offsets, x, prepared, initial, keep, arena, VARIANTS[activation])


def backward(
    const int[::1] offsets, ndarray x, params, states, ndarray cache, ndarray dout, dfinal,
    dparams, bint need_dx, Arena arena, activation,
):
    return RECURRENCE.backward(
        offsets, x, params, states, cache, dout, dfinal, dparams, need_dx, arena,
        VARIANTS[activation],
    )
