"""Forward passes against two independent oracles: readable NumPy, and ONNX Runtime."""

import numpy as np
import pytest

from skrnn.cells import CELLS
from tests._oracle import run
from tests._problems import forward, minibatch, ragged, random_params, random_states

LENGTHS = [7, 3, 1, 9, 9, 4, *range(1, 40)]


def contracting_params(cell, n_features, n_hidden, dtype):
    """Weights with which a rounding error does not grow from step to step."""
    params = random_params(cell, n_features, n_hidden, dtype)
    return [p * dtype(1 / np.sqrt(n_hidden)) for p in params]


def hidden_states(cell, sequences, params, n_hidden):
    """Hidden, initial and final states of every sequence, in the order of ``sequences``."""
    batch = minibatch(sequences)
    first = random_states(cell, len(sequences), n_hidden, batch.x.dtype)
    states, _ = forward(cell, batch, params, first)
    hidden, initial, final = ([None] * len(sequences) for _ in range(3))
    for place, i in enumerate(batch.order):
        rows = len(sequences) + batch.offsets[: sequences.lengths[i]] + place
        hidden[i] = states[0][rows]
        initial[i] = [state[place] for state in first]
        final[i] = [state[batch.final_states[place]] for state in states]
    return hidden, initial, final


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize(("n_features", "n_hidden"), [(1, 1), (3, 5), (8, 32), (17, 33)])
@pytest.mark.parametrize("cell", CELLS)
def test_numpy(cell, n_features, n_hidden, dtype, atol):
    sequences = ragged(LENGTHS, n_features, dtype)
    params = contracting_params(cell, n_features, n_hidden, dtype)
    results = hidden_states(cell, sequences, params, n_hidden)
    for x, ours, state, final in zip(sequences, *results, strict=True):
        expected, expected_final = run(cell, x, state, params)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=atol)
        np.testing.assert_allclose(final, expected_final, rtol=0, atol=atol)


# The cells that ONNX has, and its order of the gates: i o f g (LSTM), z r n (GRU).
ONNX = {
    "rnn_tanh": ("RNN", [0], {}),
    "rnn_relu": ("RNN", [0], {"activations": ["Relu"]}),
    "gru": ("GRU", [1, 0, 2], {"linear_before_reset": 1}),
    "gru_reset_before": ("GRU", [1, 0, 2], {"linear_before_reset": 0}),
    "lstm": ("LSTM", [0, 3, 1, 2], {}),
}


def onnx_hidden_states(cell, x, lengths, initial, params, n_hidden):
    """ONNX Runtime's hidden states (T, B, H) of padded x (T, B, F)."""
    # It does not run everywhere that the kernels do; the test above does.
    import onnxruntime
    from onnx import TensorProto, checker, helper, numpy_helper

    operator, gates, attributes = ONNX[cell]

    def reorder(array):
        blocks = np.split(array, len(array) // n_hidden)
        return np.concatenate([blocks[k] for k in gates])[np.newaxis]

    weight_ih, weight_hh, bias = params
    n = len(gates) * n_hidden
    recurrent_bias = np.zeros(n, np.float32)
    recurrent_bias[n - len(bias[n:]) :] = bias[n:]  # the GRU's b_q
    inputs = {
        "x": x,
        "W": reorder(weight_ih),
        "R": reorder(weight_hh),
        "B": np.concatenate([reorder(bias[:n]), reorder(recurrent_bias)], axis=1),
        "sequence_lens": lengths.astype(np.int32),
        **{f"initial_{k}": state[np.newaxis] for k, state in enumerate(initial)},
    }
    node = helper.make_node(operator, list(inputs), ["y"], hidden_size=n_hidden, **attributes)
    graph = helper.make_graph(
        [node],
        cell,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [*"TDBH"])],
        [numpy_helper.from_array(value, name) for name, value in inputs.items() if name != "x"],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], {"x": x})[0][:, 0]


@pytest.mark.parametrize(("n_features", "n_hidden"), [(1, 4), (6, 20)])
@pytest.mark.parametrize("cell", ONNX)
def test_onnx_runtime(cell, n_features, n_hidden):
    sequences = ragged(LENGTHS, n_features, np.float32)
    params = contracting_params(cell, n_features, n_hidden, np.float32)
    hidden, initial, _ = hidden_states(cell, sequences, params, n_hidden)
    x = np.zeros((max(LENGTHS), len(sequences), n_features), np.float32)
    for i, sequence in enumerate(sequences):
        x[: len(sequence), i] = sequence
    initial = [np.stack(states) for states in zip(*initial, strict=True)]
    expected = onnx_hidden_states(cell, x, sequences.lengths, initial, params, n_hidden)
    for i, ours in enumerate(hidden):
        np.testing.assert_allclose(ours, expected[: len(ours), i], rtol=1e-5, atol=1e-5)
