"""Dropout: what it drops, how often, when, and that its seed decides.

The loss of one small sequence under dropout is compared with the losses, by the readable cells,
of every set of values that can be dropped: it must be exactly one of them.
"""

from itertools import product

import numpy as np
import pytest

from skrnn.cells import CELLS
from skrnn.kernels.parameters import RECURRENT
from skrnn.network.dropout import drop_recurrent, dropout_mask
from skrnn.network.losses import SquaredError
from skrnn.network.objective import Objective
from skrnn.network.stack import Network
from tests._estimators import CELL_PARAMETERS, ESTIMATORS, assert_same_outputs, make, problem
from tests._oracle import run
from tests._problems import RECURRENT_CELLS, ragged

RATE = 0.3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_mask(rate, dtype):
    mask = dropout_mask((400, 500), rate, np.dtype(dtype), np.random.default_rng(0))
    assert mask.dtype == dtype
    assert set(np.unique(mask)) <= {dtype(0), dtype(1 / (1 - rate))}
    assert np.mean(mask == 0) == pytest.approx(rate, abs=0.005)
    assert mask.mean(dtype=np.float64) == pytest.approx(1, abs=0.03)
    # Each on its own: whole rows and columns have the rate too.
    deviation = 5 * np.sqrt(rate * (1 - rate) / 400)
    for axis in (0, 1):
        assert np.abs(np.mean(mask == 0, axis=axis) - rate).max() <= deviation


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", RECURRENT_CELLS)
def test_columns_of_recurrent_weights(cell, bidirectional):
    """A unit's column is zero in all gates or in none, and each matrix has a mask of its own."""
    n_hidden = 400
    network = Network(cell, 2, (n_hidden, n_hidden), 1, bidirectional=bidirectional)
    theta = np.random.default_rng(1).uniform(0.5, 1, network.layout.size)
    kept = theta.copy()
    params = network.params(theta)
    dropped, masks = drop_recurrent(network.layers, params, RATE, np.random.default_rng(0))
    np.testing.assert_array_equal(theta, kept)
    cut = {}
    for before, after, layer_masks in zip(params.layers, dropped.layers, masks, strict=True):
        assert before.keys() == after.keys()
        for name, weight in before.items():
            if not name.startswith("weight_hh"):
                assert after[name] is weight
                continue
            column_is_cut = (after[name] == 0).all(axis=0)
            np.testing.assert_array_equal(
                after[name] == 0, np.tile(column_is_cut, (len(weight), 1))
            )
            rest = ~column_is_cut
            expected = weight[:, rest] / (1 - RATE)
            np.testing.assert_allclose(after[name][:, rest], expected, rtol=1e-15)
            np.testing.assert_array_equal(after[name], weight * layer_masks[name])
            cut[name] = column_is_cut
    assert len(cut) == (4 if bidirectional else 2)
    for column_is_cut in cut.values():
        assert column_is_cut.mean() == pytest.approx(RATE, abs=0.08)
    assert len({mask.tobytes() for mask in cut.values()}) == len(cut)
    for part in ("pooling", "readout", "linear"):
        assert getattr(dropped, part) is getattr(params, part)


# The loss under dropout.

SQUARED, TARGET = SquaredError(), 5.0


def small_problem(cell, sizes, dropout):
    network = Network(cell, 2, sizes, 1, dropout=dropout)
    theta = np.random.default_rng(2).uniform(-0.4, 0.4, network.layout.size)
    for name, view in network.layout.views(theta).items():
        view += 1.2 * name.startswith("bias")  # no unit is dead
    return network, theta, ragged([3], 2)


def losses_under_dropout(network, theta, sequences, **options):
    """The loss for two hundred seeds."""
    target, weight = np.array([[TARGET]]), np.ones(1)
    found = []
    for seed in range(200):
        objective = Objective(
            network, SQUARED, sequences, target, weight,
            dropout_rng=np.random.default_rng(seed), **options,
        )  # fmt: skip
        found.append(objective.loss_gradient(theta, np.arange(1))[0])
    return np.array(found)


def masks_of(size):
    return [np.array(mask) for mask in product([0, 1 / (1 - RATE)], repeat=size)]


def assert_drawn_from(found, losses, masks):
    """Each found loss is that of one mask, and each value is dropped as often as the rate says."""
    which = np.abs(np.subtract.outer(found, losses)).argmin(axis=1)
    np.testing.assert_allclose(found, np.array(losses)[which], rtol=1e-12)
    share = np.mean([masks[k] == 0 for k in which], axis=0)
    np.testing.assert_allclose(share, RATE, rtol=0, atol=0.12)


def layer_params(network, theta, k):
    return list(network.params(theta).layers[k].values())


def loss_of(network, theta, pooled):
    views = network.layout.views(theta)
    raw = views["weight_out"][0] @ pooled + views["bias_out"][0]
    return (raw - TARGET) ** 2 / 2


@pytest.mark.parametrize("tbptt_steps", [None, 2])
@pytest.mark.parametrize("cell", RECURRENT_CELLS)
def test_recurrent_dropout_is_the_same_at_every_step(cell, tbptt_steps):
    """Before a truncation too."""
    network, theta, sequences = small_problem(cell, (3,), 0.0)
    params = layer_params(network, theta, 0)
    kinds = [parameter.kind for parameter in CELLS[cell].parameters.values()]
    masks, losses = masks_of(3), []
    zero = [np.zeros(3)] * len(CELLS[cell].states)
    for mask in masks:
        masked = [
            p * mask if kind == RECURRENT else p for p, kind in zip(params, kinds, strict=True)
        ]
        hidden, _ = run(cell, sequences[0], zero, masked)
        losses.append(loss_of(network, theta, hidden[-1]))
    found = losses_under_dropout(
        network, theta, sequences, recurrent_dropout=RATE, tbptt_steps=tbptt_steps
    )
    assert_drawn_from(found, losses, masks)


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_before_the_head(cell):
    network, theta, sequences = small_problem(cell, (4,), RATE)
    zero = [np.zeros(4)] * len(CELLS[cell].states)
    hidden, _ = run(cell, sequences[0], zero, layer_params(network, theta, 0))
    masks = masks_of(4)
    losses = [loss_of(network, theta, hidden[-1] * mask) for mask in masks]
    assert_drawn_from(losses_under_dropout(network, theta, sequences), losses, masks)


@pytest.mark.parametrize("tbptt_steps", [None, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_between_layers(cell, tbptt_steps):
    """Of every unit at every step on its own, and before the head; never of the input."""
    network, theta, sequences = small_problem(cell, (2, 3), RATE)
    states = len(CELLS[cell].states)
    hidden, _ = run(cell, sequences[0], [np.zeros(2)] * states, layer_params(network, theta, 0))
    masks, losses = masks_of(3 * 2 + 3), []
    for mask in masks:
        x = hidden * mask[:6].reshape(3, 2)
        above, _ = run(cell, x, [np.zeros(3)] * states, layer_params(network, theta, 1))
        losses.append(loss_of(network, theta, above[-1] * mask[6:]))
    found = losses_under_dropout(network, theta, sequences, tbptt_steps=tbptt_steps)
    assert_drawn_from(found, losses, masks)


# Through the estimators.

KINDS = ["dropout", "recurrent_dropout"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(4,), (4, 3)])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_acts_in_training(name, sizes, kind):
    X, y = problem(name)
    without = make(name, sizes).fit(X, y)
    dropped = make(name, sizes, **{kind: 0.5}).fit(X, y)
    assert dropped.loss_curve_[0] != without.loss_curve_[0]
    assert (without._theta != dropped._theta).any()
    # With the same seed it is the same.
    again = make(name, sizes, **{kind: 0.5}).fit(X, y)
    np.testing.assert_array_equal(again._theta, dropped._theta)
    assert_same_outputs(again, X, dropped, X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_first_weights_and_batches_do_not_depend_on_it(name, kind):
    """The dropped values have a random stream of their own."""
    X, y = problem(name)

    def theta(**parameters):
        tiny = {"learning_rate_init": 5e-324, "solver": "sgd", "max_grad_norm": 0.1}
        return make(name, dtype="float64", **tiny, **parameters).fit(X, y)._theta

    np.testing.assert_array_equal(theta(**{kind: 0.5}), theta())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", CELLS)
def test_prediction_is_without(cell, kind):
    X, y = problem(n_samples=6)
    parameters = {**CELL_PARAMETERS[cell], "dtype": "float64", kind: 0.5}
    model = make("RNNRegressor", (4, 3), **parameters).fit(X, y)
    pooled = []
    for hidden in X:
        for k, n_hidden in enumerate((4, 3)):
            zero = [np.zeros(n_hidden)] * len(CELLS[cell].states)
            hidden, _ = run(cell, hidden, zero, layer_params(model._network, model._theta, k))
        pooled.append(hidden[-1])
    np.testing.assert_allclose(model.transform(X), pooled, rtol=0, atol=1e-13)
    views = model._network.layout.views(model._theta)
    raw = pooled @ views["weight_out"][0] + views["bias_out"]
    np.testing.assert_allclose(model.predict(X), raw * y.std() + y.mean(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_validation_is_without(name, kind):
    X, y = problem(name)
    model = make(
        name, early_stopping=True, validation_split="last", validation_fraction=0.2, max_iter=1,
        scoring=None,
        **{kind: 0.5},
    ).fit(X, y)  # fmt: skip
    assert model.best_validation_score_ == pytest.approx(model.score(X[-6:], y[-6:]), rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_not_with_a_solver_that_needs_one_loss(kind):
    X, y = problem()
    with pytest.raises(ValueError, match=rf"{kind}=0\.5.* not supported with solver='lbfgs'"):
        make("GRURegressor", solver="lbfgs", **{kind: 0.5}).fit(X, y)
