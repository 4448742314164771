"""Both directions and stacks of layers, against readable NumPy and ONNX Runtime."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, checker, helper, numpy_helper
from skrnn.kernels.arena import Arena

from skrnn import RNNRegressor
from skrnn.cells import CELLS
from skrnn.network.stack import Network
from tests._estimators import CELL_PARAMETERS
from tests._oracle import run
from tests._problems import minibatch, ragged, random_states
from tests.test_reference import ONNX

LENGTHS = [7, 3, 1, 9, 9, 4, *range(1, 25)]
STACKS = [(5,), (4, 3), (20, 6, 9)]
N_FEATURES = 3


def contracting_network(cell, hidden_layer_sizes, dtype, bidirectional=True):
    """A network, and a theta with which a rounding error does not grow from step to step."""
    network = Network(cell, N_FEATURES, hidden_layer_sizes, 1, bidirectional=bidirectional)
    rng = np.random.default_rng(5)
    bound = 0.8 / np.sqrt(max(hidden_layer_sizes))
    return network, rng.uniform(-bound, bound, network.layout.size).astype(dtype)


def direction_params(theta, network, layer):
    """The parameters of the direction from the start and of the one from the end."""
    params = network.params(theta).layers[layer]
    return [list(part.values()) for part in network.layers[layer].split(params)]


def random_initial(cell, n_sequences, hidden_layer_sizes, dtype):
    """For each layer and direction its initial states, each (n_sequences, n_hidden)."""
    return [
        [random_states(cell, n_sequences, size, dtype, seed=10 * k + d) for d in range(2)]
        for k, size in enumerate(hidden_layer_sizes)
    ]


def run_network(network, theta, sequences, initial):
    """Of every sequence: the last layer's hidden states, its summary, and all final states."""
    batch = minibatch(sequences)
    prepared = network.prepare(network.params(theta), Arena())
    before = [state[batch.order] for layer in initial for states in layer for state in states]
    trace = network.forward(prepared, batch, carry=before)
    hidden, summary, final = ([None] * len(sequences) for _ in range(3))
    for place, i in enumerate(batch.order):
        hidden[i] = trace.encoding.trunk.output[batch.offsets[: sequences.lengths[i]] + place]
        summary[i] = trace.encoding.pooled[place]
        final[i] = [state[place] for state in trace.encoding.carry]
    return hidden, summary, final


def both_directions(cell, x, state_start, state_end, params_start, params_end):
    """Hidden states (T, 2H) after every step, and the states of each direction at its end."""
    from_start, final_start = run(cell, x, state_start, params_start)
    from_end, final_end = run(cell, x[::-1], state_end, params_end)
    return np.hstack([from_start, from_end[::-1]]), final_start, final_end


@pytest.mark.parametrize("hidden_layer_sizes", STACKS)
@pytest.mark.parametrize("cell", CELLS)
def test_numpy(cell, hidden_layer_sizes):
    sequences = ragged(LENGTHS, N_FEATURES)
    network, theta = contracting_network(cell, hidden_layer_sizes, np.float64)
    initial = random_initial(cell, len(sequences), hidden_layer_sizes, np.float64)
    results = run_network(network, theta, sequences, initial)
    for i, (ours, summary, final) in enumerate(zip(*results, strict=True)):
        x, expected_final = sequences[i], []
        for k, layer in enumerate(initial):
            states = [[state[i] for state in states] for states in layer]
            params = direction_params(theta, network, k)
            x, *ends = both_directions(cell, x, *states, *params)
            expected_final += [state for end in ends for state in end]
        np.testing.assert_allclose(ours, x, rtol=0, atol=1e-12)
        for one, other in zip(final, expected_final, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
        # Each direction after its own last step: the end of the sequence, and its start.
        n_hidden = hidden_layer_sizes[-1]
        np.testing.assert_array_equal(summary, [*ours[-1, :n_hidden], *ours[0, n_hidden:]])


def onnx_nodes(cell, k, x, params, initial):
    """Layer k of a graph that reads ``x``, (T, B, F) to (T, B, 2H) ``x{k + 1}``."""
    operator, gates, attributes = ONNX[cell]
    n_hidden = initial[0][0].shape[1]
    n = len(gates) * n_hidden

    def reorder(array):
        blocks = np.split(array, len(array) // n_hidden)
        return np.concatenate([blocks[gate] for gate in gates])

    def biases(bias):
        recurrent = np.zeros(n, np.float32)
        recurrent[n - len(bias[n:]) :] = bias[n:]  # the GRU's b_q
        return np.concatenate([reorder(bias[:n]), reorder(recurrent)])

    weight_ih, weight_hh, bias = zip(*params, strict=True)
    constants = {
        f"W{k}": np.stack([reorder(weight) for weight in weight_ih]),
        f"R{k}": np.stack([reorder(weight) for weight in weight_hh]),
        f"B{k}": np.stack([biases(b) for b in bias]),
        "sequence_lens": None,
        **{f"state{k}_{s}": np.stack(pair) for s, pair in enumerate(zip(*initial, strict=True))},
    }
    if "activations" in attributes:
        attributes = {"activations": 2 * attributes["activations"]}
    nodes = [
        helper.make_node(
            operator, [x, *constants], [f"y{k}"], hidden_size=n_hidden, direction="bidirectional",
            **attributes,
        ),
        # (T, 2, B, H) to (T, B, 2H)
        helper.make_node("Transpose", [f"y{k}"], [f"t{k}"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", [f"t{k}", f"shape{k}"], [f"x{k + 1}"]),
    ]  # fmt: skip
    del constants["sequence_lens"]  # of all layers
    return nodes, constants | {f"shape{k}": np.array([0, 0, 2 * n_hidden])}


def onnx_hidden_states(cell, x, lengths, network, theta, initial):
    """ONNX Runtime's hidden states of the last layer (T, B, 2H), of padded x (T, B, F)."""
    nodes, constants = [], {"sequence_lens": lengths.astype(np.int32)}
    for k, layer in enumerate(initial):
        params = direction_params(theta, network, k)
        more_nodes, more_constants = onnx_nodes(cell, k, f"x{k}", params, layer)
        nodes, constants = nodes + more_nodes, constants | more_constants
    graph = helper.make_graph(
        nodes,
        cell,
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info(f"x{len(initial)}", TensorProto.FLOAT, [*"TBH"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x0": x})[0]


@pytest.mark.parametrize("hidden_layer_sizes", STACKS)
@pytest.mark.parametrize("cell", ONNX)
def test_onnx_runtime(cell, hidden_layer_sizes):
    sequences = ragged(LENGTHS, N_FEATURES, np.float32)
    network, theta = contracting_network(cell, hidden_layer_sizes, np.float32)
    initial = random_initial(cell, len(sequences), hidden_layer_sizes, np.float32)
    hidden, _, _ = run_network(network, theta, sequences, initial)
    x = np.zeros((max(LENGTHS), len(sequences), N_FEATURES), np.float32)
    for i, sequence in enumerate(sequences):
        x[: len(sequence), i] = sequence
    expected = onnx_hidden_states(cell, x, sequences.lengths, network, theta, initial)
    for i, ours in enumerate(hidden):
        np.testing.assert_allclose(ours, expected[: len(ours), i], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("hidden_layer_sizes", [(4,), (4, 3)])
@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_transform(cell, hidden_layer_sizes):
    """Each direction's hidden state after its own last step, whatever the other lengths."""
    X, y = ragged([3, 1, 6, 2], N_FEATURES), np.array([1.0, 3.0, 2.0, 7.0])
    model = RNNRegressor(
        hidden_layer_sizes, bidirectional=True, dtype="float64", max_iter=3, random_state=0,
        n_iter_no_change=np.inf, **CELL_PARAMETERS[cell],
    ).fit(X, y)  # fmt: skip
    expected = []
    for x in X:
        for k, n_hidden in enumerate(hidden_layer_sizes):
            zero = [np.zeros(n_hidden)] * len(CELLS[cell].states)
            params = direction_params(model._theta, model._network, k)
            x, end, start = both_directions(cell, x, zero, zero, *params)
        expected.append(np.concatenate([end[0], start[0]]))
    np.testing.assert_allclose(model.transform(X), expected, rtol=0, atol=1e-12)
    assert len(model.get_feature_names_out()) == 2 * hidden_layer_sizes[-1]
    for i, x in enumerate(X):
        np.testing.assert_allclose(model.transform([x])[0], expected[i], rtol=0, atol=1e-12)
    views = model._network.layout.views(model._theta)
    raw = expected @ views["weight_out"].T + views["bias_out"]
    np.testing.assert_allclose(model.predict(X), raw[:, 0] * y.std() + y.mean(), rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_end_can_tell_the_start(cell):
    """The direction from the end sees at every step what comes later, and nothing earlier."""
    sequences = ragged([6], N_FEATURES)
    network, theta = contracting_network(cell, (4,), np.float64)
    initial = random_initial(cell, 1, (4,), np.float64)
    (hidden,), _, _ = run_network(network, theta, sequences, initial)
    sequences.rows[2] += 1
    (other,), _, _ = run_network(network, theta, sequences, initial)
    changed = hidden != other
    np.testing.assert_array_equal(changed[:, :4].any(axis=1), [False] * 2 + [True] * 4)
    np.testing.assert_array_equal(changed[:, 4:].any(axis=1), [True] * 3 + [False] * 3)
