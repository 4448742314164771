"""Pooling against plain loops over the steps of one sequence, whole and in chunks."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn import GRURegressor
from skrnn.cells import CELLS
from skrnn.network.pooling import POOLINGS
from skrnn.network.stack import Network
from skrnn.network.truncation import last_steps
from skrnn.sequences import Sequences
from tests._oracle import run
from tests._problems import minibatch, ragged

LENGTHS = [7, 3, 1, 9, 9, 4, 1, 2]
WIDTH = 4
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


# The definitions, of one sequence: from its hidden states (T, D) to (D,), in float64.


def last(hidden, params):
    return hidden[-1]


def mean(hidden, params):
    total = 0
    for h in hidden:
        total = total + h
    return total / len(hidden)


def largest(hidden, params):
    result = hidden[0]
    for h in hidden[1:]:
        result = np.where(h > result, h, result)
    return result


def attention(hidden, params):
    """u = tanh(A h + b), weights proportional to exp(u · v), and the weighted sum of the h."""
    A, b, v = (np.asarray(params[f"{name}"], np.float64) for name in
               ("weight_attention", "bias_attention", "weight_score"))  # fmt: skip
    scores = []
    for h in hidden:
        u = np.tanh(A @ h + b)
        scores.append(sum(u * v))
    total = sum(np.exp(s - max(scores)) for s in scores)
    pooled = np.zeros(len(b))
    for h, s in zip(hidden, scores, strict=True):
        pooled += np.exp(s - max(scores)) / total * h
    return pooled


ORACLE = {"last": last, "mean": mean, "max": largest, "attention": attention}


def test_every_pooling_has_its_oracle():
    assert ORACLE.keys() == POOLINGS.keys()


def random_pooling(name, dtype, scale=1.0):
    pooling = POOLINGS[name](WIDTH)
    rng = np.random.default_rng(3)
    shapes = pooling.param_shapes()
    return pooling, {n: (scale * rng.standard_normal(s)).astype(dtype) for n, s in shapes.items()}


def pool(pooling, params, sequences):
    """Pooled rows of the sequences as if they were hidden states, (n, D)."""
    batch = minibatch(sequences)
    start = pooling.start(len(sequences), sequences.dtype)
    summary = np.array([sequences[i][-1] for i in batch.order])
    prepared = pooling.prepare(params, Arena())
    pooled, _, _ = pooling.forward(prepared, batch, batch.x, summary, start)
    return pooled[np.argsort(batch.order)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", POOLINGS)
def test_definition(name, dtype):
    sequences = ragged(LENGTHS, WIDTH, dtype)
    pooling, params = random_pooling(name, dtype)
    pooled = pool(pooling, params, sequences)
    expected = [ORACLE[name](x.astype(np.float64), params) for x in sequences]
    assert pooled.dtype == dtype
    np.testing.assert_allclose(pooled, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("name", ["last", "max"])
def test_nothing_is_rounded(name):
    sequences = ragged(LENGTHS, WIDTH, np.float32)
    pooled = pool(*random_pooling(name, np.float32), sequences)
    np.testing.assert_array_equal(pooled, [ORACLE[name](x, {}) for x in sequences])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", POOLINGS)
def test_one_step_is_itself(name, dtype):
    sequences = ragged([1, 1, 1], WIDTH, dtype)
    pooled = pool(*random_pooling(name, dtype), sequences)
    np.testing.assert_allclose(pooled, sequences.rows, rtol=4 * np.finfo(dtype).eps)


def test_attention_without_a_query_is_the_mean():
    sequences = ragged(LENGTHS, WIDTH)
    pooling, params = random_pooling("attention", np.float64)
    params["weight_score"][:] = 0
    expected = [mean(x, {}) for x in sequences]
    np.testing.assert_allclose(pool(pooling, params, sequences), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("sign", [-1, 1])
def test_attention_to_large_scores(sign, dtype):
    """Scores far beyond the logarithm of the largest number: all attention is on one step."""
    sequences = ragged(LENGTHS, WIDTH, dtype)
    pooling, params = random_pooling("attention", dtype)
    params["weight_attention"] *= 0
    params["weight_attention"][:] += np.eye(WIDTH, dtype=dtype)
    params["bias_attention"][:] = 0
    params["weight_score"][:] = [sign * 1e6, 0, 0, 0]
    expected = [x[np.argmax(sign * x[:, 0])] for x in sequences]
    np.testing.assert_allclose(pool(pooling, params, sequences), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("score", [600, 6e4, 6e8])
def test_attention_to_two_steps_of_large_scores(score):
    """The shares of two equal scores are a half each, however large the scores are."""
    rows = np.array([[1.0, 0, 0, 3], [0.5, 0, 0, 7], [1.0, 0, 0, 5]], np.float32)
    sequences = Sequences(rows, [0], [3])
    pooling, params = random_pooling("attention", np.float32)
    params["weight_attention"][:] = np.eye(WIDTH)
    params["weight_attention"][3, 3] = 0
    params["bias_attention"][:] = 0
    params["weight_score"][:] = [score / np.tanh(1), 0, 0, 0]
    batch, dparams = minibatch(sequences), {n: np.zeros_like(p) for n, p in params.items()}
    start = pooling.start(1, np.dtype(np.float32))
    pooled, _, cache = pooling.forward(
        pooling.prepare(params, Arena()), batch, batch.x, None, start
    )
    np.testing.assert_allclose(pooled, [[1, 0, 0, 4]], rtol=1e-6)
    dpooled = np.array([[0, 0, 1, 0]], np.float32)  # reaches no score, so only the shares
    dhidden, _ = pooling.backward(params, batch, batch.x, cache, dpooled, dparams)
    np.testing.assert_allclose(dhidden[:, 2], [0.5, 0, 0.5], rtol=1e-6)


def test_attention_does_not_feel_a_shift_of_all_scores():
    """A unit of u that is the same at every step adds the same to every score."""
    sequences = ragged(LENGTHS, WIDTH)
    pooling, params = random_pooling("attention", np.float64)
    params["weight_attention"][0] = 0
    before = pool(pooling, params, sequences)
    params["bias_attention"][0] = 40  # tanh is one
    params["weight_score"][0] = -700
    np.testing.assert_allclose(pool(pooling, params, sequences), before, rtol=0, atol=1e-12)


# The network, in chunks and through the estimators.


def expected_pools(cell, pooling, network, theta, sequences):
    """Hidden states by the readable cells, pooled by the loops above; one or two directions."""
    views = network.layout.views(theta)
    pooled = []
    for x in sequences:
        hidden = []
        for suffix in ("", "_reverse"):
            names = [f"{name}_l0{suffix}" for name in CELLS[cell].parameters]
            if names[0] in views:
                params = [views[name] for name in names]
                zero = [np.zeros(WIDTH)] * len(CELLS[cell].states)
                hidden.append(run(cell, x[::-1] if suffix else x, zero, params)[0])
        ends = np.concatenate([h[-1] for h in hidden])
        hidden[1:] = [h[::-1] for h in hidden[1:]]
        hidden = np.hstack(hidden)
        # Each direction's own last step is not one step of the sequence.
        pooled.append(ends if pooling == "last" else ORACLE[pooling](hidden, views))
    return np.array(pooled)


def random_network(cell, pooling, dtype):
    network = Network(cell, 3, (WIDTH,), 2, pooling=pooling)
    theta = np.random.default_rng(7).uniform(-0.4, 0.4, network.layout.size)
    return network, theta.astype(dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_chunks_fold_to_the_whole(cell, pooling, dtype):
    """Whatever the length of the chunks, what they carry on is the pool of all steps, in bits."""
    sequences = ragged(LENGTHS, 3, dtype)
    network, theta = random_network(cell, pooling, dtype)
    expected = expected_pools(cell, pooling, network, theta, sequences)
    views = network.layout.views(theta.astype(np.float64))
    raw = expected @ views["weight_out"].T + views["bias_out"]
    index = np.random.default_rng(0).permutation(len(sequences))
    atol = TOLERANCE[dtype]
    whole = network.predict(theta, sequences)
    for n_steps in range(1, max(LENGTHS) + 1):
        prepared = network.prepare(network.params(theta), Arena())
        final, before = last_steps(network, prepared, sequences, index, n_steps, Arena())
        trace = network.forward(prepared, final, carry=before)
        assert trace.encoding.pooled.dtype == dtype
        np.testing.assert_allclose(trace.encoding.pooled, expected[final.order], rtol=0, atol=atol)
        np.testing.assert_allclose(trace.raw, raw[final.order], rtol=0, atol=4 * atol)
        np.testing.assert_array_equal(trace.raw, whole[0][final.order])
        np.testing.assert_array_equal(trace.encoding.pooled, whole[1][final.order])


@pytest.mark.parametrize("n_steps", [1, 2, 4])
def test_attention_folds_large_scores(n_steps):
    """No chunk's share overflows or is lost, wherever the largest score is."""
    sequences = ragged(LENGTHS, 3)
    network, theta = random_network("rnn_tanh", "attention", np.float64)
    network.layout.views(theta)["weight_score"][:] *= 1e6
    expected = expected_pools("rnn_tanh", "attention", network, theta, sequences)
    prepared = network.prepare(network.params(theta), Arena())
    index = np.arange(len(sequences))
    final, before = last_steps(network, prepared, sequences, index, n_steps, Arena())
    trace = network.forward(prepared, final, carry=before)
    np.testing.assert_allclose(trace.encoding.pooled, expected[final.order], rtol=0, atol=1e-8)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_transform(pooling, bidirectional, dtype):
    X, y = ragged(LENGTHS, 3), np.arange(len(LENGTHS)) % 3
    model = GRURegressor(
        WIDTH, pooling=pooling, bidirectional=bidirectional, dtype=np.dtype(dtype).name,
        max_iter=3, n_iter_no_change=np.inf, learning_rate_init=0.1, random_state=0,
    ).fit(X, y)  # fmt: skip
    expected = expected_pools("gru", pooling, model._network, model._theta, X)
    pooled = model.transform(X)
    assert pooled.dtype == dtype
    np.testing.assert_allclose(pooled, expected, rtol=0, atol=TOLERANCE[dtype])
    views = model._network.layout.views(model._theta.astype(np.float64))
    raw = expected @ views["weight_out"][0] + views["bias_out"]
    np.testing.assert_allclose(model.predict(X), raw * y.std() + y.mean(), atol=1e-5, rtol=0)
