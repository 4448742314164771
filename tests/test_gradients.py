"""Gradients against finite differences in float64."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.network.losses import BinaryLogLoss, MultinomialLogLoss, SquaredError
from skrnn.network.objective import Objective
from skrnn.network.stack import Network
from tests._problems import forward, minibatch, ragged, random_params, random_states

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


TARGETS = {
    SquaredError: lambda rng, n: rng.standard_normal((n, 2)),
    BinaryLogLoss: lambda rng, n: rng.integers(0, 2, (n, 1)).astype(float),
    MultinomialLogLoss: lambda rng, n: np.eye(3)[rng.integers(0, 3, n)],
}


@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("hidden_layer_sizes", [(4,), (3, 4)])
@pytest.mark.parametrize("n_timesteps", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_objective(cell, n_timesteps, hidden_layer_sizes, loss):
    """The whole objective: stack, readout, loss and penalty."""
    rng = np.random.default_rng(4)
    sequences = ragged(LENGTHS[n_timesteps], 2)
    target = TARGETS[loss](rng, len(sequences))
    network = Network(cell, 2, hidden_layer_sizes, target.shape[1])
    theta = network.initialize(rng, np.float64)
    theta += rng.uniform(-0.3, 0.3, theta.shape)
    objective = Objective(network, loss, sequences, target, 0.1, dropout_rng=None)
    index = np.arange(len(sequences))
    _, gradient = objective.loss_gradient(theta, index)
    gradient = gradient.copy()
    expected = central_differences(lambda: objective.loss_gradient(theta, index)[0], theta)
    assert_close(gradient, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_gradient(cell):
    """With the same mask in every evaluation, dropout is differentiated too."""
    sequences = ragged([3, 5, 1], 2)
    target = np.random.default_rng(5).standard_normal((3, 1))
    network = Network(cell, 2, (4, 3), 1, dropout=0.5)
    rng = np.random.default_rng(6)
    theta = network.initialize(rng, np.float64)
    theta += rng.uniform(-0.3, 0.3, theta.shape)  # biases of zero sit on the kink of relu

    def loss_gradient():
        rng = np.random.default_rng(7)
        return Objective(network, SquaredError, sequences, target, 0.0, rng).loss_gradient(
            theta, np.arange(3)
        )

    expected = central_differences(lambda: loss_gradient()[0], theta)
    assert_close(loss_gradient()[1], expected)
    network.dropout = 0.0
    assert np.linalg.norm(loss_gradient()[1] - expected) > 1e-3 * np.linalg.norm(expected)
