"""Readable NumPy cells: one sequence, one step, the equations as the papers write them."""

import numpy as np
from scipy.special import expit


def split(params, n_gates):
    return [[np.split(p, n_gates)[k] for p in params] for k in range(n_gates)]


def rnn(x, state, weight_ih, weight_hh, bias, activation):
    (h,) = state
    return (activation(weight_ih @ x + weight_hh @ h + bias),)


def gru(x, state, weight_ih, weight_hh, bias):
    (h,) = state
    (W_r, U_r), (W_z, U_z), (W_n, U_n) = split([weight_ih, weight_hh], 3)
    b_r, b_z, b_n, b_q = np.split(bias, 4)
    r = expit(W_r @ x + U_r @ h + b_r)
    z = expit(W_z @ x + U_z @ h + b_z)
    n = np.tanh(W_n @ x + b_n + r * (U_n @ h + b_q))
    return ((1 - z) * n + z * h,)


def gru_reset_before(x, state, weight_ih, weight_hh, bias):
    (h,) = state
    (W_r, U_r, b_r), (W_z, U_z, b_z), (W_n, U_n, b_n) = split([weight_ih, weight_hh, bias], 3)
    r = expit(W_r @ x + U_r @ h + b_r)
    z = expit(W_z @ x + U_z @ h + b_z)
    n = np.tanh(W_n @ x + U_n @ (r * h) + b_n)
    return ((1 - z) * n + z * h,)


def lstm(x, state, weight_ih, weight_hh, bias):
    h, c = state
    i, f, g, o = (W @ x + U @ h + b for W, U, b in split([weight_ih, weight_hh, bias], 4))
    c = expit(f) * c + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c), c


def peephole_lstm(x, state, weight_ih, weight_hh, bias, weight_peephole):
    h, c = state
    i, f, g, o = (W @ x + U @ h + b for W, U, b in split([weight_ih, weight_hh, bias], 4))
    p_i, p_f, p_o = np.split(weight_peephole, 3)
    c_next = expit(f + p_f * c) * c + expit(i + p_i * c) * np.tanh(g)
    return expit(o + p_o * c_next) * np.tanh(c_next), c_next


def mingru(x, state, weight_ih, bias):
    (h,) = state
    z, n = (W @ x + b for W, b in split([weight_ih, bias], 2))
    return ((1 - expit(z)) * h + expit(z) * n,)


STEPS = {
    "rnn_tanh": lambda *args: rnn(*args, np.tanh),
    "rnn_relu": lambda *args: rnn(*args, lambda a: np.maximum(a, 0)),
    "gru": gru,
    "gru_reset_before": gru_reset_before,
    "lstm": lstm,
    "peephole_lstm": peephole_lstm,
    "mingru": mingru,
}


def run(cell, x, state, params):
    """The hidden states (T, H) after every step of one sequence, in float64."""
    params = [np.asarray(p, np.float64) for p in params]
    state = tuple(np.asarray(s, np.float64) for s in state)
    hidden = []
    for x_t in np.asarray(x, np.float64):
        state = STEPS[cell](x_t, state, *params)
        hidden.append(state[0])
    return np.array(hidden), state
