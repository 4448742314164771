"""The cells as operators of ONNX."""

from typing import NamedTuple

import numpy as np


class Operator(NamedTuple):
    """How a cell is written in ONNX."""

    name: str
    blocks: list[int]  # ours, in the order of ONNX: i o f c (LSTM), z r h (GRU)
    attributes: dict


OPERATORS = {
    "rnn_tanh": Operator("RNN", [0], {}),
    "rnn_relu": Operator("RNN", [0], {"activations": ["Relu"]}),
    "gru": Operator("GRU", [1, 0, 2], {"linear_before_reset": 1}),
    "gru_reset_before": Operator("GRU", [1, 0, 2], {"linear_before_reset": 0}),
    "lstm": Operator("LSTM", [0, 3, 1, 2], {}),
    "peephole_lstm": Operator("LSTM", [0, 3, 1, 2], {}),
}
# h = (1 - z) h + z n is a GRU without recurrent weights that keeps 1 - z = sigmoid(-a), and has no
# tanh: an affine function with the slope 1.
MINGRU = Operator(
    "GRU",
    [0, 1],
    {"activations": ["Sigmoid", "Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]},
)


def recurrence(graph, cell, params, n_hidden, x, initial=None):
    """Run a cell over x (T, B, F), of any length.

    Parameters
    ----------
    graph : Graph
    cell : str
        A name in ``CELLS``.
    params : dict of str to ndarray
        The parameters of the layer, without its name.
    n_hidden : int
    x : str
        (T, B, F) of float32.
    initial : list of str or None
        The state before the first step, each (B, H).

    Returns
    -------
    hidden : str
        (T, B, H).
    final : list of str
        The state after the last step, each (B, H).
    """
    params = {name: value.astype(np.float32) for name, value in params.items()}
    if cell == "mingru":
        operator, params = MINGRU, _as_gru(params, n_hidden)
        weights = params["weight_ih"], params["weight_hh"], params["bias"]
    else:
        operator = OPERATORS[cell]
        weights = _weights(operator, params, n_hidden)
    inputs = [np.ascontiguousarray(weight)[np.newaxis] for weight in weights]
    if cell == "peephole_lstm":
        initial = initial or [_zeros(graph, x, n_hidden)] * 2
    if initial:
        # Not left out, as skl2onnx sorts nodes by the names of all inputs.
        n_steps = graph.add("Expand", graph.length(x, 0), graph.length(x, 1))
        inputs.append(graph.cast(n_steps, np.int32))
        inputs += [graph.unsqueeze(state, 0) for state in initial]
    if cell == "peephole_lstm":
        peepholes = np.split(params["weight_peephole"], 3)  # i f o; ONNX has i o f
        inputs.append(np.concatenate([peepholes[k] for k in (0, 2, 1)])[np.newaxis])
    n_states = 2 if operator.name == "LSTM" else 1
    hidden, *final = graph.add(
        operator.name, x, *inputs, n_outputs=1 + n_states, hidden_size=n_hidden,
        **operator.attributes,
    )  # fmt: skip
    return graph.squeeze(hidden, 1), [graph.squeeze(state, 0) for state in final]


def _zeros(graph, x, n_hidden):
    """A state of zero for each sequence of x (T, B, F), (B, H)."""
    shape = graph.add("Concat", graph.length(x, 1), np.array([n_hidden]), axis=0)
    return graph.add("Expand", np.float32(0), shape)


def _weights(operator, params, n_hidden):
    """W, R and B: ONNX has two biases, the second of which is that of the recurrent product."""
    n = len(operator.blocks) * n_hidden
    bias, recurrent_bias = params["bias"][:n], np.zeros(n, np.float32)
    of_recurrent = params["bias"][n:]  # the GRU's, of n
    recurrent_bias[n - len(of_recurrent) :] = of_recurrent

    def in_order(array):
        blocks = np.split(array, len(operator.blocks))
        return np.concatenate([blocks[k] for k in operator.blocks])

    biases = np.concatenate([in_order(bias), recurrent_bias])
    return in_order(params["weight_ih"]), in_order(params["weight_hh"]), biases


def _as_gru(params, n_hidden):
    """The weights of a minGRU, z n, as those of a GRU, z r h."""
    (W_z, W_n), (b_z, b_n) = (np.split(params[name], 2) for name in ("weight_ih", "bias"))
    return {
        "weight_ih": np.concatenate([-W_z, np.zeros_like(W_z), W_n]),
        "weight_hh": np.zeros((3 * n_hidden, n_hidden), np.float32),
        "bias": np.concatenate([-b_z, np.zeros_like(b_z), b_n, np.zeros(3 * n_hidden, np.float32)]),
    }
