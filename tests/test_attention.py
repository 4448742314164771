"""Attention: its kernel beside NumPy, and its gradients by finite differences."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena
from skrnn.kernels.attention import attend, attend_back

from skrnn.network.attention import Attention
from tests._problems import minibatch, ragged
from tests.test_gradients import assert_close, central_differences

LENGTHS = [3, 1, 5, 2]  # of the sources
BEGINS = np.r_[0, np.cumsum(LENGTHS)]


def problem(n_keys, n_values, dtype=np.float64, n_queries=6, seed=0):
    """Queries, the sequence of each, keys, values and a score vector."""
    rng = np.random.default_rng(seed)
    n_rows = BEGINS[-1]
    arrays = (
        rng.standard_normal(shape).astype(dtype)
        for shape in [(n_queries, n_keys), (n_rows, n_keys), (n_rows, n_values), (n_keys,)]
    )
    queries, keys, values, score = arrays
    return queries, np.arange(n_queries) % len(LENGTHS), keys, values, score


def expected(queries, sequence, keys, values, score):
    """Contexts and weights, by the equations."""
    contexts, weights = [], []
    for query, i in zip(queries, sequence, strict=True):
        rows = slice(BEGINS[i], BEGINS[i + 1])
        scores = keys[rows] @ query if score is None else np.tanh(keys[rows] + query) @ score
        w = np.exp(scores - scores.max())
        weights.append(w / w.sum())
        contexts.append(weights[-1] @ values[rows])
    return np.array(contexts), np.concatenate(weights)


@pytest.mark.parametrize("is_additive", [False, True])
@pytest.mark.parametrize(("n_keys", "n_values"), [(1, 1), (5, 3), (16, 33), (70, 40)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernel(dtype, n_keys, n_values, is_additive):
    queries, sequence, keys, values, score = problem(n_keys, n_values, dtype)
    score = score if is_additive else None
    context, weights, begins = attend(queries, sequence, keys, values, BEGINS, score, Arena())
    contexts, all_weights = expected(queries, sequence, keys, values, score)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(context, contexts, rtol=0, atol=tolerance)
    np.testing.assert_allclose(weights, all_weights, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(np.diff(begins), np.take(LENGTHS, sequence))


@pytest.mark.parametrize("is_additive", [False, True])
def test_a_query_has_the_same_bits_alone(is_additive):
    queries, sequence, keys, values, score = problem(37, 20, np.float32)
    score = score if is_additive else None
    together, *_ = attend(queries, sequence, keys, values, BEGINS, score, Arena())
    for k, i in enumerate(sequence):
        rows = slice(BEGINS[i], BEGINS[i + 1])
        begins = np.array([0, LENGTHS[i]])
        alone, *_ = attend(
            queries[k : k + 1], np.zeros(1, int), keys[rows], values[rows], begins, score, Arena()
        )
        np.testing.assert_array_equal(alone[0], together[k])


def test_large_scores():
    """The largest score takes all, whatever its size."""
    queries, sequence, keys, values, _ = problem(3, 2)
    context, *_ = attend(1e200 * queries, sequence, keys, values, BEGINS, None, Arena())
    for k, i in enumerate(sequence):
        best = BEGINS[i] + (keys[BEGINS[i] : BEGINS[i + 1]] @ queries[k]).argmax()
        np.testing.assert_allclose(context[k], values[best], rtol=1e-12)


@pytest.mark.parametrize("is_additive", [False, True])
@pytest.mark.parametrize(("n_keys", "n_values"), [(2, 3), (17, 9)])
def test_gradients_of_the_kernel(n_keys, n_values, is_additive):
    batch = minibatch(ragged([2, 1, 2, 1], 1))
    queries, _, keys, values, score = problem(n_keys, n_values)
    score = score if is_additive else None
    dcontext = np.random.default_rng(1).standard_normal((len(queries), n_values))

    def loss():
        context, *_ = attend(queries, batch.sequence_of_row, keys, values, BEGINS, score, Arena())
        return np.sum(dcontext * context)

    _, weights, begins = attend(
        queries, batch.sequence_of_row, keys, values, BEGINS, score, Arena()
    )
    gradients = attend_back(
        batch.offsets, queries, keys, values, BEGINS, score, weights, begins, dcontext, Arena()
    )
    for array, gradient in zip((queries, keys, values, score), gradients, strict=True):
        if array is not None:
            assert_close(gradient, central_differences(loss, array))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sequence": np.array([0, 1, 2, 3, 4, 0])}, "Query 4 is of sequence 4 of 4"),
        ({"sequence": np.array([0])}, "6 queries"),
        ({"begins": np.array([0, 3, 3, 9, 11])}, "Sequence 1 has no rows"),
        ({"begins": np.array([0, 3, 4, 9, 12])}, "beyond the rows"),
        ({"begins": np.array([-1, 3, 4, 9, 11])}, "beyond the rows"),
        ({"keys": np.ones((11, 4))}, "Queries have 5 columns, keys 4"),
        ({"values": np.ones((10, 3))}, "10 values"),
        ({"values": np.ones((11, 3), np.float32)}, "different dtypes"),
        ({"keys": np.ones((5, 11)).T}, "gaps in rows"),
        ({"score": np.ones(4)}, "Queries have 5 columns"),
    ],
)
def test_arrays_that_do_not_fit(change, message):
    queries, sequence, keys, values, _ = problem(5, 3)
    given = {"sequence": sequence, "keys": keys, "values": values, "begins": BEGINS, "score": None}
    given |= change
    with pytest.raises(ValueError, match=message):
        attend(
            queries, given["sequence"], given["keys"], given["values"], given["begins"],
            given["score"], Arena(),
        )  # fmt: skip


def test_a_minibatch_that_does_not_fit():
    queries, sequence, keys, values, _ = problem(5, 3)
    batch = minibatch(ragged([2, 1, 2], 1))
    _, weights, begins = attend(queries, sequence, keys, values, BEGINS, None, Arena())
    with pytest.raises(ValueError, match="3 sequences and 5 steps, the memory 4"):
        attend_back(
            batch.offsets, queries, keys, values, BEGINS, None, weights, begins,
            np.ones((6, 3)), Arena(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "begins", [[0, 10**9, 2 * 10**9], [0, 1], [1, 2, 3], [0, 2, 2], [0, 1, 2, 3]]
)
def test_weights_of_other_queries(begins):
    q, of = np.ones((2, 4)), np.array([0, 1, 2])
    with pytest.raises(ValueError, match="not those of such queries"):
        attend_back(
            np.array([0, 2], np.int32), q, q, q, of, None, np.ones(2), np.array(begins),
            np.ones((2, 4)), Arena(),
        )  # fmt: skip


def test_keys_are_the_values_where_the_widths_are_equal():
    assert "weight_key" not in Attention("dot", 4, 4).param_shapes()
    assert Attention("dot", 3, 4).param_shapes()["weight_key"] == (4, 3)
    assert Attention("additive", 4, 4).param_shapes()["weight_key"] == (4, 4)
