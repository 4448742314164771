"""Gradients against finite differences in float64."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.network.losses import (
    AbsoluteError,
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Pinball,
    Poisson,
    SquaredError,
)
from skrnn.network.objective import Objective
from skrnn.network.pooling import POOLINGS
from skrnn.network.stack import Network
from skrnn.network.truncation import last_steps
from tests._problems import (
    RECURRENT_CELLS,
    forward,
    minibatch,
    ragged,
    random_params,
    random_states,
)

LENGTHS = {1: [1, 1, 1], 2: [2, 1, 2], 5: [3, 5, 1, 5]}


def central_differences(f, vector, step=1e-5):
    """Fourth-order differences of f at the vector, one component at a time, in place."""
    gradient = np.empty_like(vector)
    for i in range(vector.size):
        kept, values = vector.flat[i], []
        for k in (-2, -1, 1, 2):
            vector.flat[i] = kept + k * step
            values.append(f())
        vector.flat[i] = kept
        gradient.flat[i] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return gradient


def assert_close(gradient, expected):
    assert np.linalg.norm(gradient - expected) <= 1e-6 * np.linalg.norm(expected)


@pytest.mark.parametrize("n_timesteps", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_cell(cell, n_timesteps):
    """Input, parameters and initial states, given gradients of every output and final state."""
    n_features, n_hidden = 3, 4
    batch = minibatch(ragged(LENGTHS[n_timesteps], n_features))
    n_sequences, x = batch.n_sequences, batch.x
    params = random_params(cell, n_features, n_hidden)
    initial = random_states(cell, n_sequences, n_hidden)
    rng = np.random.default_rng(3)
    dout = rng.standard_normal((len(x), n_hidden))
    dfinal = [rng.standard_normal((n_sequences, n_hidden)) for _ in initial]

    def loss():
        states, _ = forward(cell, batch, params, initial)
        total = np.sum(dout * states[0][n_sequences:])
        return total + sum(
            np.sum(d * s[batch.final_states]) for d, s in zip(dfinal, states, strict=True)
        )

    dparams = [np.zeros_like(p) for p in params]
    dx, dinitial = backward(cell, batch, params, initial, dout, dfinal, dparams)
    assert_close(dx, central_differences(loss, x))
    for gradient, param in zip(dparams, params, strict=True):
        assert_close(gradient, central_differences(loss, param))
    for gradient, state in zip(dinitial, initial, strict=True):
        assert_close(gradient, central_differences(loss, state))


def backward(cell, batch, params, initial, dout, dfinal, dparams):
    """Forward and back: the gradients of x and of the initial states."""
    states, cache = forward(cell, batch, params, initial, keep=True)
    return CELLS[cell].backward(
        batch.offsets, batch.x, params, states, cache, dout, dfinal, dparams, True, Arena()
    )


def wide_problem(cell, n_hidden, dtype):
    """Several vectors of units, blocks, shards and segments; all gradients, and what gives them."""
    rng = np.random.default_rng(8)
    n_features, n_sequences = 21, 50
    batch = minibatch(ragged(rng.integers(1, 13, n_sequences), n_features, dtype))
    params = [p * dtype(1 / np.sqrt(n_hidden)) for p in random_params(cell, n_features, n_hidden)]
    params = [p.astype(dtype) for p in params]
    initial = random_states(cell, n_sequences, n_hidden, dtype)
    dout = rng.standard_normal((len(batch.x), n_hidden)).astype(dtype)
    dfinal = [rng.standard_normal((n_sequences, n_hidden)).astype(dtype) for _ in initial]
    dparams = [np.zeros_like(p) for p in params]
    dx, dinitial = backward(cell, batch, params, initial, dout, dfinal, dparams)
    return batch, params, initial, dout, dfinal, [dx, *dparams, *dinitial]


@pytest.mark.parametrize("n_hidden", [37, 70, 130])
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "rnn_relu"])  # has kinks
def test_wide_cell(cell, n_hidden):
    """Derivatives along random directions, where differences one by one would take too long."""
    batch, params, initial, dout, dfinal, gradients = wide_problem(cell, n_hidden, np.float64)

    def loss():
        states, _ = forward(cell, batch, params, initial)
        total = np.sum(dout * states[0][len(initial[0]) :])
        return total + sum(
            np.sum(d * s[batch.final_states]) for d, s in zip(dfinal, states, strict=True)
        )

    rng = np.random.default_rng(9)
    for array, gradient in zip([batch.x, *params, *initial], gradients, strict=True):
        kept, direction = array.copy(), rng.standard_normal(array.shape)

        def along(step, array=array, kept=kept, direction=direction):
            array[:] = kept + step[0] * direction
            return loss()

        step = np.zeros(1)
        expected = central_differences(lambda along=along, step=step: along(step), step, 1e-4)
        array[:] = kept
        assert np.sum(gradient * direction) == pytest.approx(expected[0], rel=1e-6)


@pytest.mark.parametrize("n_hidden", [37, 70])
@pytest.mark.parametrize("cell", CELLS)
def test_float32_gradients(cell, n_hidden):
    """They agree with those of float64 to its rounding."""
    single = wide_problem(cell, n_hidden, np.float32)[-1]
    double = wide_problem(cell, n_hidden, np.float64)[-1]
    for a, b in zip(single, double, strict=True):
        assert a.dtype == np.float32
        assert np.linalg.norm(a - b) <= 1e-5 * np.linalg.norm(b)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_accumulate(cell):
    """The gradients of parameters are added to what is there."""
    batch = minibatch(ragged([3, 2], 2))
    params, initial = random_params(cell, 2, 3), random_states(cell, 2, 3)
    dfinal = [np.ones((2, 3)) for _ in initial]
    results = []
    for start in (0.0, 1.0):
        results.append([np.full_like(p, start) for p in params])
        backward(cell, batch, params, initial, None, dfinal, results[-1])
    for from_zero, from_one in zip(*results, strict=True):
        np.testing.assert_allclose(from_one, from_zero + 1, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cell", CELLS)
def test_zero_upstream_gives_exactly_zero(cell, dtype):
    batch = minibatch(ragged([4, 2, 5], 2, dtype))
    params, initial = random_params(cell, 2, 3, dtype), random_states(cell, 3, 3, dtype)
    dparams = [np.zeros_like(p) for p in params]
    dx, dinitial = backward(cell, batch, params, initial, None, [None] * len(initial), dparams)
    for gradient in [dx, *dinitial, *dparams]:
        assert not gradient.any()


SQUARED = SquaredError()
TARGETS = {
    SQUARED: lambda rng, n: rng.standard_normal((n, 2)),
    AbsoluteError(): lambda rng, n: rng.standard_normal((n, 2)),
    Huber(): lambda rng, n: 2 * rng.standard_normal((n, 2)),
    Pinball(0.8): lambda rng, n: rng.standard_normal((n, 2)),
    Poisson(): lambda rng, n: rng.poisson(1.5, (n, 2)).astype(float),
    BinaryLogLoss(): lambda rng, n: rng.integers(0, 2, (n, 1)).astype(float),
    MultilabelLogLoss(): lambda rng, n: rng.integers(0, 2, (n, 3)).astype(float),
    MultinomialLogLoss(): lambda rng, n: rng.integers(0, 3, (n, 1)).astype(float),
}
LOSSES = pytest.mark.parametrize("loss", TARGETS, ids=lambda loss: type(loss).__name__)


def whole_problem(cell, n_timesteps, loss, **network):
    """An objective with everything in it, and a theta that is on no kink."""
    rng = np.random.default_rng(4)
    sequences = ragged(LENGTHS[n_timesteps], 2)
    target = TARGETS[loss](rng, len(sequences))
    n_outputs = 3 if loss.out_activation == "softmax" else target.shape[1]
    network = Network(cell, 2, n_outputs=n_outputs, **network)
    theta = network.initialize(rng, np.float64)
    theta += rng.uniform(-0.3, 0.3, theta.shape)  # biases of zero sit on the kink of relu
    weight = rng.uniform(0.5, 2, len(sequences))
    return network, sequences, target, weight, theta


@pytest.mark.parametrize("hidden_layer_sizes", [(4,), (3, 4)])
@pytest.mark.parametrize("n_timesteps", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_component(cell, n_timesteps, hidden_layer_sizes):
    """The whole objective: stack, pooling, readout, linear path, loss and penalty."""
    loss = SQUARED
    network, *data, theta = whole_problem(
        cell, n_timesteps, loss, hidden_layer_sizes=hidden_layer_sizes, ar_steps=2,
        pooling="attention", bidirectional=True,
    )  # fmt: skip
    objective = Objective(network, loss, *data, alpha=0.1)
    index = np.arange(len(data[0]))
    gradient = objective.loss_gradient(theta, index)[1].copy()
    expected = central_differences(lambda: objective.loss_gradient(theta, index)[0], theta)
    assert_close(gradient, expected)


def assert_close_along(loss, theta, gradient):
    """The derivative along the gradient and something random, where one by one takes too long."""
    rng = np.random.default_rng(9)
    direction = gradient / np.linalg.norm(gradient)
    direction += rng.standard_normal(theta.shape) / np.sqrt(theta.size)
    step = np.zeros(1)
    # A very short step, as relu has kinks nearby.
    expected = central_differences(lambda: loss(theta + step[0] * direction), step, 1e-7)
    assert gradient @ direction == pytest.approx(expected[0], rel=1e-6)


@LOSSES
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("hidden_layer_sizes", [(4,), (3, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_objective(cell, hidden_layer_sizes, bidirectional, pooling, loss):
    """Every combination, each with ragged lengths, sample weights and a linear path."""
    for n_timesteps in LENGTHS:
        network, *data, theta = whole_problem(
            cell, n_timesteps, loss, hidden_layer_sizes=hidden_layer_sizes, ar_steps=2,
            pooling=pooling, bidirectional=bidirectional,
        )  # fmt: skip
        objective = Objective(network, loss, *data, alpha=0.1)
        index = np.arange(len(data[0]))

        def value(theta, objective=objective, index=index):
            return objective.loss_gradient(theta, index)[0]

        gradient = objective.loss_gradient(theta, index)[1].copy()
        assert_close_along(value, theta, gradient)


@LOSSES
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("hidden_layer_sizes", [(4,), (3, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_truncated_objective(cell, hidden_layer_sizes, pooling, loss):
    """What the steps before the last two leave is a constant, and is what it is without."""
    network, sequences, target, weight, theta = whole_problem(
        cell, 5, loss, hidden_layer_sizes=hidden_layer_sizes, pooling=pooling
    )
    data, index = (sequences, target, weight), np.arange(len(sequences))
    objective = Objective(network, loss, *data, tbptt_steps=2)
    total, gradient = objective.loss_gradient(theta, index)
    whole, _ = Objective(network, loss, *data).loss_gradient(theta, index)
    assert total == pytest.approx(whole, rel=1e-13)
    prepared = network.prepare(network.params(theta), Arena())
    last, before = last_steps(network, prepared, sequences, index, 2, Arena())

    def value(theta):
        trace = network.forward(network.prepare(network.params(theta), Arena()), last, carry=before)
        share = weight[last.order, np.newaxis] / weight.sum()
        return loss.loss_gradient(trace.raw, target[last.order], share)[0]

    assert_close_along(value, theta, gradient)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_truncation_beyond_the_longest_is_none(cell, pooling):
    loss = SQUARED
    network, *data, theta = whole_problem(cell, 5, loss, hidden_layer_sizes=(3, 4), pooling=pooling)
    index = np.arange(len(data[0]))
    results = [
        Objective(network, loss, *data, tbptt_steps=steps).loss_gradient(theta, index)[1]
        for steps in (None, 5, 9)
    ]
    for gradient in results[1:]:
        np.testing.assert_array_equal(gradient, results[0])


@LOSSES
def test_batches_add_up(loss):
    """The loss on all sequences does not depend on how they are read."""
    network, *data, theta = whole_problem("gru", 5, loss, hidden_layer_sizes=(4,))
    objective = Objective(network, loss, *data, alpha=0.1)
    whole, expected = objective.loss_gradient(theta, np.arange(4))
    expected = expected.copy()
    batches = [np.array([2, 0]), np.array([3]), np.array([1])]
    total, gradient = objective.total_loss_gradient(theta, batches)
    assert total == pytest.approx(whole, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_input_gradients(cell, bidirectional):
    """By the rows of the data, each step of which is in one sequence only."""
    loss = SQUARED
    network, sequences, *rest, theta = whole_problem(
        cell, 5, loss, hidden_layer_sizes=(3, 4), pooling="mean", bidirectional=bidirectional
    )
    objective, index = Objective(network, loss, sequences, *rest), np.arange(len(sequences))
    minibatch, dinputs = objective.input_gradients(theta, index)
    expected = central_differences(lambda: objective.loss_gradient(theta, index)[0], sequences.rows)
    ends = (sequences.starts + sequences.lengths)[minibatch.order][minibatch.sequence_of_row]
    assert_close(dinputs[0], expected[ends - 1 - minibatch.steps_to_end])


@pytest.mark.parametrize("kind", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_gradient(cell, bidirectional, kind):
    """With the same mask in every evaluation, dropout is differentiated too."""
    loss = SQUARED
    rate = 0.5 if kind == "dropout" else 0.0
    network, *data, theta = whole_problem(
        cell, 5, loss, hidden_layer_sizes=(4, 3), dropout=rate, bidirectional=bidirectional
    )

    def loss_gradient(rng):
        objective = Objective(network, loss, *data, recurrent_dropout=0.5 - rate, dropout_rng=rng)
        return objective.loss_gradient(theta, np.arange(len(data[0])))

    expected = central_differences(lambda: loss_gradient(np.random.default_rng(7))[0], theta)
    assert_close(loss_gradient(np.random.default_rng(7))[1], expected)
    without = loss_gradient(None)[1]
    acts = kind == "dropout" or cell in RECURRENT_CELLS
    assert acts == (np.linalg.norm(without - expected) > 1e-3 * np.linalg.norm(expected))
