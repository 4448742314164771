"""The optimizers, number by number against the equations of their papers."""

import math
from copy import deepcopy

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from skrnn.training import SGD, Adam, AdamW, RMSProp

GRADIENTS = [[0.5, -2.0, 0.0], [0.25, 3.0, 1e-3], [-1.0, 0.0, 0.0], [4.0, -0.1, 2.0], [0.0] * 3]
RATES = [0.1, 0.2, 0.05, 0.1, 0.01]
START = [1.0, -2.0, 0.5]
DECAY = [0.5, 0.0, 2.0]

PRECISION = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-5)])
ADAMS = pytest.mark.parametrize(
    "parameters", [(0.9, 0.999, 1e-8), (0.5, 0.9, 1e-3), (0.0, 0.0, 1e-8)], ids=str
)


def sgd_by_hand(x, gradients, momentum):
    """Classical momentum (Sutskever et al. 2013, equations 1 and 2), of one number."""
    v = 0.0
    for g, rate in zip(gradients, RATES, strict=True):
        v = momentum * v - rate * g
        x = x + v
        yield x


def nesterov_by_hand(x, slope, momentum):
    """Their equations 3 and 4: the gradient is taken where the momentum leads.

    Yields the point where the next gradient will be taken.
    """
    v = 0.0
    for rate in RATES:
        v = momentum * v - rate * slope(x + momentum * v)
        x = x + v
        yield x + momentum * v


def adam_by_hand(x, gradients, beta_1, beta_2, epsilon, decay=0.0):
    """Kingma & Ba 2015, algorithm 1 with the step size of the end of section 2, of one number.

    With ``decay`` the step of Loshchilov & Hutter 2019, algorithm 2, line 12.
    """
    m = v = 0.0
    for t, (g, rate) in enumerate(zip(gradients, RATES, strict=True), 1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        size = rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        x = x - size * m / (math.sqrt(v) + epsilon) - rate * decay * x
        yield x


def rmsprop_by_hand(x, gradients, epsilon):
    """Hinton 2012, lecture 6e, of one number."""
    s = 0.0
    for g, rate in zip(gradients, RATES, strict=True):
        s = 0.9 * s + 0.1 * g**2
        x = x - rate * g / (math.sqrt(s) + epsilon)
        yield x


def steps(optimizer, dtype=np.float64):
    theta = np.array(START, dtype)
    for gradient, rate in zip(GRADIENTS, RATES, strict=True):
        optimizer.step(theta, np.array(gradient, dtype), rate)
        assert theta.dtype == dtype
        yield theta.copy()


def by_hand(rule, *parameters):
    columns = [
        list(rule(x, gradients, *parameters))
        for x, gradients in zip(START, zip(*GRADIENTS, strict=True), strict=True)
    ]
    return np.transpose(columns)


def kinds(number=float, dtype=np.float64):
    """One optimizer of each kind, its parameters of a type."""
    adam = number(0.9), number(0.999), number(1e-8)
    return {
        "sgd": SGD(number(0.9), nesterov=False),
        "nesterov": SGD(number(0.9), nesterov=True),
        "adam": Adam(*adam),
        "adamw": AdamW(*adam, decay=np.array(DECAY, dtype)),
        "rmsprop": RMSProp(number(1e-8)),
    }


@PRECISION
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 1.0])
def test_sgd(momentum, dtype, rtol):
    expected = by_hand(sgd_by_hand, momentum)
    found = list(steps(SGD(momentum, nesterov=False), dtype))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-7 if dtype == np.float32 else 0)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_nesterov(momentum):
    """On a quadratic, where the gradient looked for is another at every point."""

    def slope(x):
        return 3 * x - 1

    theta = np.array(START)
    optimizer, found = SGD(momentum, nesterov=True), []
    for rate in RATES:
        optimizer.step(theta, slope(theta), rate)
        found.append(theta.copy())
    expected = np.transpose([list(nesterov_by_hand(x, slope, momentum)) for x in START])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_nesterov_without_momentum_is_descent():
    plain = list(steps(SGD(0.0, nesterov=False)))
    np.testing.assert_array_equal(list(steps(SGD(0.0, nesterov=True))), plain)
    expected = np.array(START) - np.cumsum(np.multiply(GRADIENTS, np.c_[RATES]), axis=0)
    np.testing.assert_allclose(plain, expected, rtol=1e-13)


@PRECISION
@ADAMS
def test_adam(parameters, dtype, rtol):
    expected = by_hand(adam_by_hand, *parameters)
    np.testing.assert_allclose(list(steps(Adam(*parameters), dtype)), expected, rtol=rtol)


def test_first_step_of_adam_is_the_learning_rate():
    """Whatever the size of the gradient."""
    theta = np.zeros(4)
    Adam(0.9, 0.999, 1e-12).step(theta, np.array([1e-3, -1.0, 1e6, 0.0]), 0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1, 0], rtol=1e-6)


@PRECISION
@ADAMS
def test_adamw(parameters, dtype, rtol):
    """Every parameter has a decay of its own."""
    columns = [
        list(adam_by_hand(x, gradients, *parameters, decay))
        for x, gradients, decay in zip(START, zip(*GRADIENTS, strict=True), DECAY, strict=True)
    ]
    found = list(steps(AdamW(*parameters, decay=np.array(DECAY, dtype)), dtype))
    np.testing.assert_allclose(found, np.transpose(columns), rtol=rtol)


def test_adamw_without_decay_is_adam():
    parameters = 0.9, 0.999, 1e-8
    np.testing.assert_array_equal(
        list(steps(AdamW(*parameters, decay=np.zeros(3)))), list(steps(Adam(*parameters)))
    )


def test_adamw_decays_without_a_gradient():
    """By a share of the weights that no second moment divides."""
    theta, optimizer = np.array(START), AdamW(0.9, 0.999, 1e-8, decay=np.array([0.0, 0.5, 2.0]))
    for _ in range(3):
        optimizer.step(theta, np.zeros(3), 0.1)
    np.testing.assert_allclose(theta, [1.0, -2 * 0.95**3, 0.5 * 0.8**3], rtol=1e-14)


@PRECISION
@pytest.mark.parametrize("epsilon", [1e-8, 1e-2])
def test_rmsprop(epsilon, dtype, rtol):
    expected = by_hand(rmsprop_by_hand, epsilon)
    np.testing.assert_allclose(list(steps(RMSProp(epsilon), dtype)), expected, rtol=rtol)


def test_steady_step_of_rmsprop_is_the_learning_rate():
    """Under a gradient that stays the same, of whatever size."""
    gradient = np.array([1e-3, -1.0, 1e6])
    optimizer = RMSProp(1e-12)
    for _ in range(500):
        theta = np.zeros(3)
        optimizer.step(theta, gradient, 0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1], rtol=1e-8)


@pytest.mark.parametrize(
    ("optimizer", "reference"),
    [
        (SGD(0.9, nesterov=False), SGDOptimizer([np.zeros(3)], 0.1, nesterov=False)),
        (SGD(0.9, nesterov=True), SGDOptimizer([np.zeros(3)], 0.1)),
        (Adam(0.9, 0.999, 1e-8), AdamOptimizer([np.zeros(3)], 0.1)),
    ],
    ids=["sgd", "nesterov", "adam"],
)
def test_scikit_learns_optimizers(optimizer, reference):
    found, expected = np.array(START), np.array(START)
    for gradient in np.array(GRADIENTS):
        optimizer.step(found, gradient, 0.1)
        reference.update_params([expected], [gradient])
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", kinds())
def test_parameters_do_not_decide_on_the_precision(name):
    """NumPy's numbers as parameters, from a grid of them, give the same bits."""
    found = list(steps(kinds(np.float64, np.float32)[name], np.float32))
    np.testing.assert_array_equal(found, list(steps(kinds(float, np.float32)[name], np.float32)))


@pytest.mark.parametrize("name", kinds())
def test_gradient_may_be_used_again(name):
    """The objective gives the same array every time."""
    optimizer, theta, gradient = kinds()[name], np.array(START), np.empty(3)
    found = []
    for values, rate in zip(GRADIENTS, RATES, strict=True):
        gradient[:] = values
        optimizer.step(theta, gradient, rate)
        np.testing.assert_array_equal(gradient, values)
        found.append(theta.copy())
    np.testing.assert_array_equal(found, list(steps(kinds()[name])))


@pytest.mark.parametrize("name", kinds())
def test_a_copy_goes_on_by_itself(name):
    """As training that fails must leave the optimizer of the estimator as it was."""

    def step(optimizer, theta, k):
        optimizer.step(theta, np.array(GRADIENTS[k]), RATES[k])

    optimizer, theta = kinds()[name], np.array(START)
    step(optimizer, theta, 0)
    step(deepcopy(optimizer), theta.copy(), 3)
    for k in range(1, 5):
        step(optimizer, theta, k)
    np.testing.assert_array_equal(theta, list(steps(kinds()[name]))[-1])
