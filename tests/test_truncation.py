"""Truncated back-propagation through time: what is read, what has a gradient, what is kept."""

import tracemalloc

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skrnn.cells import CELLS
from skrnn.network.losses import SquaredError
from skrnn.network.objective import Objective
from skrnn.network.pooling import POOLINGS
from skrnn.network.stack import PREDICT_BATCH_SIZE, PREDICT_STEPS, Network
from tests._estimators import ESTIMATORS, assert_same_outputs, make
from tests._oracle import run
from tests._problems import ragged

LENGTHS = [9, 4, 7, 1, 3, 9, 2, 6, 8, 5, 2, 1]


def problem(name):
    X = ragged(LENGTHS, 2)
    y = np.array([x.sum() for x in X])
    return X, y > 0 if name.endswith("Classifier") else y


# The path of a gradient, by hand.


def test_one_step_by_hand():
    """With one step the state before it is a constant: the delta rule on each sequence."""
    sequences, n_hidden = ragged(LENGTHS, 2), 3
    network = Network("rnn_tanh", 2, (n_hidden,), 1)
    theta = np.random.default_rng(0).uniform(-0.8, 0.8, network.layout.size)
    target = np.arange(len(LENGTHS))[:, np.newaxis] / 10
    objective = Objective(
        network, SquaredError(), sequences, target, np.ones(len(LENGTHS)), tbptt_steps=1
    )
    loss, gradient = objective.loss_gradient(theta, np.arange(len(LENGTHS)))
    views, total = network.layout.views(theta), 0
    W, U, b = (views[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias"))
    expected = {name: np.zeros_like(view) for name, view in views.items()}
    for x, y in zip(sequences, target[:, 0], strict=True):
        hidden, _ = run("rnn_tanh", x, [np.zeros(n_hidden)], [W, U, b])
        h, before = hidden[-1], hidden[-2] if len(x) > 1 else np.zeros(n_hidden)
        error = views["weight_out"][0] @ h + views["bias_out"][0] - y
        da = error * views["weight_out"][0] * (1 - h**2)
        expected["weight_ih_l0"] += np.outer(da, x[-1])
        expected["weight_hh_l0"] += np.outer(da, before)
        expected["bias_l0"] += da
        expected["weight_out"] += error * h
        expected["bias_out"] += error
        total += error**2 / 2
    assert loss == pytest.approx(total / len(LENGTHS), rel=1e-13)
    for name, ours in network.layout.views(gradient).items():
        np.testing.assert_allclose(ours, expected[name] / len(LENGTHS), rtol=0, atol=1e-14)


# Through the estimators.


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_predictions_read_every_step(name, pooling):
    """Of the same weights the predictions and the loss are the same, truncated or not."""
    X, y = problem(name)
    parameters = {
        "solver": "sgd", "learning_rate_init": 5e-324, "max_grad_norm": 0.1, "dtype": "float64",
        "pooling": pooling, "batch_size": 5,
    }  # fmt: skip
    whole = make(name, (4, 3), **parameters).fit(X, y)
    for tbptt_steps in (1, 2, 5):
        model = make(name, (4, 3), tbptt_steps=tbptt_steps, **parameters).fit(X, y)
        np.testing.assert_array_equal(model._theta, whole._theta)
        assert_same_outputs(model, X, whole, X)
        np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_, rtol=1e-12)


VARIATIONS = {
    "adam": {"batch_size": 5},
    "dropout": {"dropout": 0.3, "recurrent_dropout": 0.2, "batch_size": 5},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "attention": {"pooling": "attention"},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.4},
}


@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_as_many_steps_as_the_longest_has(name, variation):
    """Or more: the same fit to the last bit; with less another one."""
    X, y = problem(name)
    fits = {
        steps: make(name, (4, 3), tbptt_steps=steps, **VARIATIONS[variation]).fit(X, y)
        for steps in (None, 9, 10, 10**6, 2)
    }
    for steps in (9, 10, 10**6):
        np.testing.assert_array_equal(fits[steps]._theta, fits[None]._theta)
        assert fits[steps].loss_curve_ == fits[None].loss_curve_
    assert (fits[2]._theta != fits[None]._theta).any()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_not_with_both_directions(name):
    X, y = problem(name)
    model = make(name, bidirectional=True, tbptt_steps=3)
    with pytest.raises(ValueError, match=r"tbptt_steps=3 is not supported with bidirec.*Set"):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


# Memory.


def peak_memory(cell, n_timesteps, tbptt_steps, pooling):
    """The most that gradients of long sequences need beside the data, in bytes."""
    sequences = ragged([n_timesteps] * 4, 2, np.float32)
    network = Network(cell, 2, (16, 16), 1, pooling=pooling)
    theta = network.initialize(np.random.default_rng(0), np.float32)
    objective = Objective(
        network, SquaredError(), sequences, np.ones((4, 1), np.float32), np.ones(4, np.float32),
        tbptt_steps=tbptt_steps,
    )  # fmt: skip
    tracemalloc.start()
    try:
        for _ in range(3):  # only then memory is used again
            objective.loss_gradient(theta, np.arange(4))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_memory_is_that_of_the_last_steps(cell, pooling):
    """A hundredth of the steps takes less than a thirtieth of the memory, weights and all."""
    whole = peak_memory(cell, 2000, None, pooling)
    truncated = peak_memory(cell, 2000, 20, pooling)
    assert whole > 30 * truncated
    # Whatever the length of the sequences.
    assert truncated < 1.1 * peak_memory(cell, 500, 20, pooling)


def peak_of_prediction(n_sequences, n_timesteps, **parameters):
    """The most that predictions need beside the data and the weights, in bytes."""
    sequences = ragged([n_timesteps] * n_sequences, 2, np.float32)
    network = Network("lstm", 2, (16, 16), 1, **parameters)
    theta = network.initialize(np.random.default_rng(0), np.float32)
    network.predict(theta, sequences[:1])  # what is imported and compiled once
    tracemalloc.start()
    try:
        network.predict(theta, sequences)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_memory_of_predictions_does_not_grow_with_the_length(pooling):
    chunk = peak_of_prediction(8, PREDICT_STEPS, pooling=pooling)
    assert peak_of_prediction(8, 30 * PREDICT_STEPS, pooling=pooling) < 4 * chunk


def test_memory_of_both_directions_is_that_of_one_long_sequence():
    n_timesteps = PREDICT_BATCH_SIZE * PREDICT_STEPS  # as many as are read at once
    one = peak_of_prediction(1, n_timesteps, bidirectional=True)
    assert peak_of_prediction(4, n_timesteps, bidirectional=True) < 2.5 * one


def test_not_with_lbfgs():
    X, y = problem("GRURegressor")
    with pytest.raises(ValueError, match=r"tbptt_steps=2 is not supported with solver='lbfgs'"):
        make("GRURegressor", solver="lbfgs", tbptt_steps=2).fit(X, y)
