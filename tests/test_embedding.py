"""Embeddings: codes in the input become vectors that are learned with the rest."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena
from skrnn.kernels.embedding import add_at, look_up

from skrnn.cells import CELLS
from skrnn.kernels.parameters import INPUT
from skrnn.network.losses import SquaredError
from skrnn.network.objective import ChunkedObjective, Objective
from skrnn.network.stack import Network
from skrnn.network.truncation import Chunks, last_steps
from skrnn.sequences import Sequences
from skrnn.training import PartBatches
from tests._problems import coded, minibatch, ragged
from tests.test_gradients import assert_close, central_differences

LENGTHS = [3, 5, 1, 5]
# Width of the input, and (n_codes, dim) of its columns of codes.
INPUTS = {"alone": (1, {0: (5, 3)}), "beside numbers": (4, {1: (4, 2), 3: (3, 2)})}


def problem(cell, n_features, shapes, **network):
    """An objective's network and data, and a theta that is on no kink."""
    rng = np.random.default_rng(4)
    sequences = coded(LENGTHS, n_features, shapes)
    network = Network(
        cell, n_features, n_outputs=2, embeddings=shapes,
        **{"hidden_layer_sizes": (3,)} | network,
    )  # fmt: skip
    theta = network.initialize(rng, np.float64)
    theta += rng.uniform(-0.3, 0.3, theta.shape)
    n = len(sequences)
    return network, sequences, rng.standard_normal((n, 2)), rng.uniform(0.5, 2, n), theta


# The same as a product with one-hot codes.


def one_hot(sequences, shapes):
    """The sequences with as many columns of 0 and 1 in place of each code as there are codes."""
    blocks = [
        np.eye(shapes[k][0])[column.astype(int)] if k in shapes else column[:, np.newaxis]
        for k, column in enumerate(sequences.rows.T)
    ]
    return Sequences(np.hstack(blocks), sequences.starts, sequences.lengths)


def as_matrix(network, params):
    """What turns a one-hot row into what the first layer reads, and where its vectors are."""
    shapes, n_features = network.embedding.shapes, network.n_features
    heights = [shapes.get(k, (1,))[0] for k in range(n_features)]
    widths = [shapes.get(k, (1, 1))[1] for k in range(n_features)]
    matrix, places = np.zeros((sum(heights), sum(widths))), {}
    for k in range(n_features):
        top, left = sum(heights[:k]), sum(widths[:k])
        places[k] = np.s_[top : top + heights[k], left : left + widths[k]]
        matrix[places[k]] = params[f"weight_embedding_{k}"] if k in shapes else 1
    return matrix, places


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_a_product_with_one_hot_codes(cell, bidirectional, kind):
    n_features, shapes = INPUTS[kind]
    network, sequences, *rest, theta = problem(
        cell, n_features, shapes, bidirectional=bidirectional, hidden_layer_sizes=(3, 2)
    )
    views = network.layout.views(theta)
    matrix, places = as_matrix(network, views)
    read = [
        f"{name}_l0{direction}"
        for name, parameter in CELLS[cell].parameters.items()
        for direction in ["", "_reverse"][: 1 + bidirectional]
        if parameter.kind == INPUT
    ]
    wide = Network(
        cell, len(matrix), (3, 2), 2, bidirectional=bidirectional
    )  # fmt: skip
    wide_theta = np.empty(wide.layout.size)
    for name, view in wide.layout.views(wide_theta).items():
        view[:] = views[name] @ matrix.T if name in read else views[name]

    wide_sequences = one_hot(sequences, shapes)
    found, expected = network.predict(theta, sequences), wide.predict(wide_theta, wide_sequences)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)

    index, loss = np.arange(len(sequences)), SquaredError()
    value, gradient = Objective(network, loss, sequences, *rest).loss_gradient(theta, index)
    wide_objective = Objective(wide, loss, wide_sequences, *rest)
    wide_value, wide_gradient = wide_objective.loss_gradient(wide_theta, index)
    assert value == pytest.approx(wide_value, rel=1e-12)
    gradients, wide_gradients = network.layout.views(gradient), wide.layout.views(wide_gradient)
    dmatrix = sum(wide_gradients[name].T @ views[name] for name in read)
    for name, ours in gradients.items():
        if name.startswith("weight_embedding"):
            theirs = dmatrix[places[int(name.rpartition("_")[2])]]
        else:
            theirs = wide_gradients[name] @ matrix if name in read else wide_gradients[name]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        assert np.abs(ours).max() > 0


# Gradients against finite differences.


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("hidden_layer_sizes", [(3,), (2, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient(cell, hidden_layer_sizes, bidirectional, kind):
    network, *data, theta = problem(
        cell, *INPUTS[kind], hidden_layer_sizes=hidden_layer_sizes, bidirectional=bidirectional
    )
    objective, index = Objective(network, SquaredError(), *data, alpha=0.1), np.arange(4)
    gradient = objective.loss_gradient(theta, index)[1].copy()
    assert_close(
        gradient, central_differences(lambda: objective.loss_gradient(theta, index)[0], theta)
    )


def step_problem(cell, n_features, shapes, **network):
    """The same with targets and weights of every step."""
    network, sequences, *_, theta = problem(cell, n_features, shapes, pooling=None, **network)
    rng, n_rows = np.random.default_rng(6), len(sequences.rows)
    spans = sequences.starts, sequences.lengths
    target = Sequences(rng.standard_normal((n_rows, 2)), *spans)
    return network, sequences, target, Sequences(rng.uniform(0.5, 2, (n_rows, 1)), *spans), theta


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_with_an_output_at_every_step(cell, bidirectional, kind):
    network, *data, theta = step_problem(cell, *INPUTS[kind], bidirectional=bidirectional)
    objective, index = Objective(network, SquaredError(), *data), np.arange(4)
    gradient = objective.loss_gradient(theta, index)[1].copy()
    assert_close(
        gradient, central_differences(lambda: objective.loss_gradient(theta, index)[0], theta)
    )


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_each_chunk(cell, kind):
    network, sequences, target, weight, theta = step_problem(cell, *INPUTS[kind])
    loss, index = SquaredError(), np.arange(4)
    objective = ChunkedObjective(network, loss, sequences, target, weight, tbptt_steps=2)
    chunks = Chunks(network, sequences, index, 2)
    of_chunk = weight.rows.sum() / objective.n_chunks.sum()  # the mean weight of a chunk
    for part in PartBatches(objective.n_chunks, 4):
        gradient = objective.loss_gradient(theta, part)[1].copy()
        batch, carry = chunks.read(part.number, Arena())

        def value(batch=batch, carry=carry):
            prepared = network.prepare(network.params(theta), Arena())
            trace = network.forward(prepared, batch, carry=carry)
            share = batch.take(weight) / (of_chunk * len(batch.order))
            return loss.loss_gradient(trace.raw, batch.take(target), share)[0]

        assert_close(gradient, central_differences(value, theta))
        trace = network.forward(network.prepare(network.params(theta), Arena()), batch, carry=carry)
        chunks.leave(batch, trace.encoding.carry)


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("hidden_layer_sizes", [(3,), (2, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_truncated_gradient(cell, hidden_layer_sizes, kind):
    """What the steps before the last two leave is a constant."""
    network, *data, theta = problem(cell, *INPUTS[kind], hidden_layer_sizes=hidden_layer_sizes)
    (sequences, target, weight), loss = data, SquaredError()
    index, arena = np.arange(4), Arena()
    objective = Objective(network, loss, *data, tbptt_steps=2)
    gradient = objective.loss_gradient(theta, index)[1]
    prepared = network.prepare(network.params(theta), Arena())
    last, before = last_steps(network, prepared, sequences, index, 2, arena)

    def value():
        prepared = network.prepare(network.params(theta), Arena())
        trace = network.forward(prepared, last, carry=before)
        share = weight[last.order, np.newaxis] / weight.sum()
        return loss.loss_gradient(trace.raw, target[last.order], share)[0]

    assert_close(gradient, central_differences(value, theta))


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_with_dropout(cell, kind):
    """With the same codes dropped in every evaluation."""
    network, *data, theta = problem(cell, *INPUTS[kind], embedding_dropout=0.4)

    def loss_gradient(rng):
        objective = Objective(network, SquaredError(), *data, dropout_rng=rng)
        return objective.loss_gradient(theta, np.arange(4))

    expected = central_differences(lambda: loss_gradient(np.random.default_rng(5))[0], theta)
    assert_close(loss_gradient(np.random.default_rng(5))[1], expected)
    without = loss_gradient(None)[1]
    assert np.linalg.norm(without - expected) > 1e-3 * np.linalg.norm(expected)


def test_codes_that_do_not_occur_have_no_gradient():
    """Neither of the loss nor of the penalty, along which Adam would make full steps."""
    network, sequences, *rest, theta = problem("gru", 1, {0: (9, 3)})
    sequences.rows[:] = np.where(sequences.rows == 7, 2, sequences.rows)
    objective = Objective(network, SquaredError(), sequences, *rest, alpha=10.0)
    gradient = network.layout.views(objective.loss_gradient(theta, np.arange(4))[1])
    occurs = np.isin(np.arange(9), sequences.rows)
    assert not occurs.all()
    np.testing.assert_array_equal(gradient["weight_embedding_0"].any(axis=1), occurs)


# The stage itself.


def encoded(network, theta, batch, **options):
    prepared = network.prepare(network.params(theta), Arena())
    return network.encode(prepared, batch, keep=True, **options).trunk.layers[0].x


def test_vectors_come_in_the_place_of_their_column():
    n_features, shapes = INPUTS["beside numbers"]
    network, sequences, *_, theta = problem("gru", n_features, shapes)
    batch, views = minibatch(sequences), network.layout.views(theta)
    first, second = (views[f"weight_embedding_{k}"][batch.x[:, k].astype(int)] for k in (1, 3))
    expected = np.hstack([batch.x[:, [0]], first, batch.x[:, [2]], second])
    np.testing.assert_array_equal(encoded(network, theta, batch), expected)


def test_without_codes_the_stage_is_not_there():
    network = Network("gru", 2, (3,), 1)
    batch = minibatch(ragged([3, 2], 2))
    theta = network.initialize(np.random.default_rng(0), np.float64)
    assert encoded(network, theta, batch) is batch.x
    assert not any("embedding" in name for name in network.layout.shapes)


def test_dropout_is_of_vectors():
    """The numbers beside them stay, and what is kept makes up for what is dropped."""
    n_features, shapes = INPUTS["beside numbers"]
    network = Network("gru", n_features, (3,), 1, embeddings=shapes, embedding_dropout=0.3)
    theta = network.initialize(np.random.default_rng(0), np.float64)
    batch = minibatch(coded([30] * 50, n_features, shapes))
    whole = encoded(network, theta, batch).copy()
    dropped = encoded(network, theta, batch, dropout_rng=np.random.default_rng(1))
    ratio = dropped / whole
    np.testing.assert_array_equal(ratio[:, [0, 3]], 1)
    vectors = ratio[:, [1, 2, 4, 5]]
    np.testing.assert_allclose(vectors, np.where(vectors > 0, 1 / 0.7, 0), rtol=1e-12)
    np.testing.assert_allclose((vectors == 0).mean(axis=0), 0.3, atol=0.05)


@pytest.mark.parametrize(("init", "lengths"), [("glorot", (1, 1)), ("normal", (8, 2))])
def test_lengths_of_first_vectors(init, lengths):
    network = Network("gru", 3, (3,), 1, embeddings={0: (2000, 64), 2: (2000, 4)})
    theta = network.initialize(np.random.default_rng(0), np.float64, init=init)
    views = network.layout.views(theta)
    for column, length in zip((0, 2), lengths, strict=True):
        squares = np.sum(views[f"weight_embedding_{column}"] ** 2, axis=1)
        assert np.sqrt(squares.mean()) == pytest.approx(length, rel=0.03)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels(dtype):
    """Among other columns, with codes that occur several times."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (40, 2)).astype(dtype)
    vectors = rng.standard_normal((5, 3)).astype(dtype)
    out = np.zeros((40, 7), dtype)
    look_up(x[:, 1], vectors, out[:, 2:5])
    np.testing.assert_array_equal(out[:, 2:5], vectors[x[:, 1].astype(int)])
    assert not out[:, [0, 1, 5, 6]].any()
    added, expected = vectors.copy(), vectors.copy()
    add_at(x[:, 1], added, out[:, 2:5])
    np.add.at(expected, x[:, 1].astype(int), out[:, 2:5])
    np.testing.assert_array_equal(added, expected)


@pytest.mark.parametrize("code", [-1.0, 5.0, 1.5, np.nan, 1e30])
@pytest.mark.parametrize("kernel", [look_up, add_at])
def test_kernels_stay_within_the_arrays(kernel, code):
    vectors, rows = np.zeros((5, 3)), np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"Row 1 has .*; expected an integer code, from 0 to 4\."):
        kernel(np.array([4, code]), vectors, rows)
    for wrong in (np.zeros((3, 3)), np.zeros((2, 2)), np.zeros((3, 2)).T, np.zeros((2, 6))[:, ::2]):
        with pytest.raises(ValueError, match=r"expected \(2, 3\) and contiguous rows"):
            kernel(np.zeros(2), vectors, wrong)
