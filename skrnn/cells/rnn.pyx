"""The Elman network (Elman 1990, "Finding structure in time").

    a_t = W x_t + U h_{t-1} + b        (1)
    h_t = φ(a_t)                       (2)

with φ = tanh or relu. Parameters: ``weight_ih`` W (H, F), ``weight_hh`` U (H, H), ``bias`` b (H,).
"""

from skrnn.kernels.recurrence cimport declare, recurrence_kernels

from skrnn.kernels.parameters import bias, input_product, recurrent_product

cdef extern from "rnn.h":
    enum:
        TANH, RELU, A
    const recurrence_kernels KERNELS

PARAMETERS = {
    "weight_ih": input_product(h=A),
    "weight_hh": recurrent_product(h=A),
    "bias": bias(h=A),
}
WITH_TANH = declare(__doc__, &KERNELS, ["h"], PARAMETERS, {}, TANH)
WITH_RELU = declare(__doc__, &KERNELS, ["h"], PARAMETERS, {}, RELU)
