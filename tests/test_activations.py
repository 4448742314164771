"""The vector tanh and sigmoid over all floats, through cells that do nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrnn.sequences import Sequences
from tests._problems import forward, minibatch

# The ulp of a result is taken from a reference with twice the precision, or as near as there is.
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
MAX_ULP = 3.0


def through_cell(cell, params, initial, x):
    """h after one step of width 1, from h = initial."""
    ones = np.ones(len(x), np.intp)
    batch = minibatch(Sequences(x[:, np.newaxis], np.arange(len(x)), ones))
    params = [np.asarray(p, x.dtype) for p in params]
    states, _ = forward(
        cell, batch, params, [np.full((len(x), 1), initial, x.dtype), None][: 1 + (cell == "lstm")]
    )
    return states[0][len(x) :, 0]


def tanh(x):
    """An RNN with W = 1: h = tanh(x)."""
    return through_cell("rnn_tanh", [[[1]], [[0]], [0]], 0, x)


def sigmoid(x):
    """A GRU whose candidate is 0 and whose state was 1: h = z = sigmoid(x)."""
    return through_cell("gru", [[[0], [1], [0]], [[0], [0], [0]], [0, 0, 0, 0]], 1, x)


def exact_sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


FUNCTIONS = {tanh: np.tanh, sigmoid: exact_sigmoid}


def samples(dtype):
    """Finite numbers over all exponents, dense in those where the functions change."""
    bits = np.dtype(dtype).itemsize * 8
    rng = np.random.default_rng(0)
    everywhere = rng.integers(0, 2**bits, 1_000_000, dtype=f"u{bits // 8}").view(dtype)
    scale = 100 if dtype is np.float32 else 800
    near = rng.uniform(-scale, scale, 500_000), rng.standard_normal(1_000_000) * 5
    everywhere = everywhere[np.isfinite(everywhere)]
    return np.concatenate([everywhere, *(x.astype(dtype) for x in near)])


@pytest.mark.parametrize("dtype", WIDER)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_accuracy(function, dtype):
    """At most three units in the last place wherever the result is a normal number."""
    smallest = np.finfo(dtype).smallest_normal
    worst = 0.0
    for x in np.array_split(samples(dtype), 25):
        got = function(x).astype(WIDER[dtype])
        with np.errstate(over="ignore", under="ignore"):
            exact = FUNCTIONS[function](x.astype(WIDER[dtype]))
            ulp = np.spacing(np.abs(exact).astype(dtype)).astype(WIDER[dtype])
        error = np.abs(got - exact)
        normal = np.abs(exact) >= smallest
        worst = max(worst, float(np.max(error[normal] / ulp[normal])))
        assert error[~normal].max(initial=0) <= smallest
    assert worst <= MAX_ULP


@pytest.mark.parametrize("dtype", WIDER)
def test_ends(dtype):
    """Exact where it can be: saturation, signs, tiny numbers, NaN."""
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, tiny, -tiny, 50, -50, np.inf, -np.inf, np.nan], dtype)
    assert_array_equal(tanh(x), np.array([0, 0, tiny, -tiny, 1, -1, 1, -1, np.nan], dtype))
    assert_array_equal(
        sigmoid(x[[0, 1, 2, 3, 4, 8]]), np.array([0.5, 0.5, 0.5, 0.5, 1, np.nan], dtype)
    )
    # In an LSTM with all W = 1, since 0 times infinity in other gates would be NaN.
    at_infinity = through_cell("lstm", [np.ones((4, 1)), np.zeros((4, 1)), np.zeros(4)], 0, x[6:8])
    assert_allclose(at_infinity, [np.tanh(1), 0], rtol=3 * np.finfo(dtype).eps, atol=0)


def test_tanh_is_odd():
    x = samples(np.float32)[::10]
    assert_array_equal(tanh(-x), -tanh(x))
    assert np.abs(tanh(x)).max() == 1


@pytest.mark.parametrize("dtype", WIDER)
def test_relu(dtype):
    x = np.array([-np.inf, -1.5, -0.0, 0.0, 2.5, np.inf], dtype)
    relu = through_cell("rnn_relu", [[[1]], [[0]], [0]], 0, x)
    assert_array_equal(relu, np.maximum(x, 0))
    assert np.isnan(through_cell("rnn_relu", [[[1]], [[0]], [0]], 0, np.array([np.nan], dtype)))
