"""Gradients where every step has an output, by finite differences, whole and chunk by chunk."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.network.objective import ChunkedObjective, Objective
from skrnn.network.stack import Network
from skrnn.network.truncation import Chunks
from skrnn.sequences import Sequences
from skrnn.training import Part, PartBatches
from tests._oracle import run
from tests._problems import ragged
from tests.test_gradients import LENGTHS, LOSSES, SQUARED, TARGETS, assert_close_along

STACKS = pytest.mark.parametrize("hidden_layer_sizes", [(4,), (3, 4)])


def step_problem(cell, n_timesteps, loss, *, has_labels=None, **network):
    """Sequences with a target at every step, and a theta that is on no kink."""
    rng = np.random.default_rng(4)
    sequences = ragged(LENGTHS[n_timesteps], 2)
    n_steps = len(sequences.rows)
    target = TARGETS[loss](rng, n_steps)
    weight = rng.uniform(0.5, 2, (n_steps, 1))
    if has_labels is not None:
        weight *= has_labels(np.arange(n_steps))[:, np.newaxis]
    n_outputs = 3 if loss.out_activation == "softmax" else target.shape[1]
    network = Network(cell, 2, n_outputs=n_outputs, pooling=None, **network)
    theta = network.initialize(rng, np.float64)
    theta += rng.uniform(-0.3, 0.3, theta.shape)  # biases of zero sit on the kink of relu
    spans = sequences.starts, sequences.lengths
    return network, sequences, Sequences(target, *spans), Sequences(weight, *spans), theta


@LOSSES
@pytest.mark.parametrize("bidirectional", [False, True])
@STACKS
@pytest.mark.parametrize("cell", CELLS)
def test_objective(cell, hidden_layer_sizes, bidirectional, loss):
    """Ragged lengths, weights, and steps without a label."""
    for n_timesteps in LENGTHS:
        network, *data, theta = step_problem(
            cell, n_timesteps, loss, hidden_layer_sizes=hidden_layer_sizes,
            bidirectional=bidirectional, has_labels=lambda step: step % 3 != 1,
        )  # fmt: skip
        objective = Objective(network, loss, *data, alpha=0.1)
        index = np.arange(len(data[0]))

        def value(theta, objective=objective, index=index):
            return objective.loss_gradient(theta, index)[0]

        gradient = objective.loss_gradient(theta, index)[1].copy()
        assert_close_along(value, theta, gradient)


@LOSSES
@STACKS
@pytest.mark.parametrize("cell", CELLS)
def test_chunks(cell, hidden_layer_sizes, loss):
    """Each chunk's gradient is that of its own loss, the states before it held fixed."""
    network, sequences, target, weight, theta = step_problem(
        cell, 5, loss, hidden_layer_sizes=hidden_layer_sizes
    )
    objective = ChunkedObjective(network, loss, sequences, target, weight, tbptt_steps=2)
    index = np.arange(len(sequences))
    chunks = Chunks(network, sequences, index, 2)
    parts = list(PartBatches(objective.n_chunks, len(index)))
    assert [part.number for part in parts] == [0, 1, 2]
    assert [len(part) for part in parts] == [2, 3, 4]  # of lengths 3, 5, 1 and 5
    n_chunks, total_weight = 2 + 3 + 1 + 3, weight.rows.sum()
    losses = []
    for part in parts:
        total, gradient = objective.loss_gradient(theta, part)
        minibatch, carry = chunks.read(part.number, Arena())

        def value(theta, minibatch=minibatch, carry=carry):
            prepared = network.prepare(network.params(theta), Arena())
            trace = network.forward(prepared, minibatch, carry=carry)
            # The mean weight of a chunk, times the sequences that have this one.
            share = minibatch.take(weight) / (total_weight / n_chunks * len(minibatch.order))
            return loss.loss_gradient(trace.raw, minibatch.take(target), share)[0]

        assert total == pytest.approx(value(theta), rel=1e-13)
        assert_close_along(value, theta, gradient)
        prepared = network.prepare(network.params(theta), Arena())
        chunks.leave(minibatch, network.forward(prepared, minibatch, carry=carry).encoding.carry)
        losses.append(total)
    # Together they are the loss of all steps: the states are carried on.
    whole, _ = Objective(network, loss, sequences, target, weight).loss_gradient(theta, index)
    assert np.average(losses, weights=[2, 3, 4]) == pytest.approx(whole, rel=1e-12)


def test_a_chunk_without_labels_changes_nothing():
    network, *data, theta = step_problem(
        "gru", 5, SQUARED, hidden_layer_sizes=(4,), has_labels=lambda step: step == 13
    )
    objective = ChunkedObjective(network, SQUARED, *data, tbptt_steps=2, alpha=0.1)
    loss, gradient = objective.loss_gradient(theta, Part(np.arange(4), 2, 0))
    assert loss == 0
    assert not gradient.any()
    objective.loss_gradient(theta, Part(np.arange(4), 3, 1))
    loss, gradient = objective.loss_gradient(theta, Part(np.arange(4), 4, 2))
    assert loss > 0
    assert gradient.any()


def test_batches_add_up():
    """The loss on all sequences does not depend on how they are read."""
    network, *data, theta = step_problem("lstm", 5, SQUARED, hidden_layer_sizes=(4,))
    objective = Objective(network, SQUARED, *data, alpha=0.1)
    whole, expected = objective.loss_gradient(theta, np.arange(4))
    expected = expected.copy()
    total, gradient = objective.total_loss_gradient(theta, [np.array([2, 0]), np.array([3, 1])])
    assert total == pytest.approx(whole, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_outputs_of_every_step(cell):
    """Beside the readable cells, in the order of the sequences."""
    network, sequences, _, _, theta = step_problem(cell, 5, SQUARED, hidden_layer_sizes=(4,))
    views = network.layout.views(theta)
    params = [view for name, view in views.items() if name.endswith("_l0")]
    n_states = len(CELLS[cell].states)
    hidden = np.vstack([run(cell, x, n_states * [np.zeros(4)], params)[0] for x in sequences])
    np.testing.assert_allclose(network.hidden_states(theta, sequences), hidden, atol=1e-13)
    raw = hidden @ views["weight_out"].T + views["bias_out"]
    np.testing.assert_allclose(network.predict_steps(theta, sequences), raw, atol=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_states_are_carried_on(cell):
    """Sequences read in two halves give the bits of the whole."""
    sequences = ragged([400, 7, 290], 2, np.float32)
    network = Network(cell, 2, (5, 4), 3, pooling=None)
    theta = network.initialize(np.random.default_rng(0), np.float32)
    whole = network.predict_steps(theta, sequences)
    first = Sequences(sequences.rows, sequences.starts, [150, 3, 200])
    second = Sequences(sequences.rows, sequences.starts + first.lengths, [250, 4, 90])
    carry = network.start(3, np.float32)
    halves = [network.predict_steps(theta, part, carry) for part in (first, second)]
    order = np.argsort(
        np.concatenate([np.arange(s, s + n) for part in (first, second)
                        for s, n in zip(part.starts, part.lengths, strict=True)])
    )  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(halves)[order], whole)
