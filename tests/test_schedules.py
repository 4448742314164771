"""The learning-rate schedules, against their formulas and against scikit-learn's MLP."""

import math

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from skrnn.training import Adaptive, Constant, Cosine, InverseScaling


def schedules(number=float, count=int):
    return {
        "constant": Constant(number(0.1)),
        "invscaling": InverseScaling(number(0.1), number(0.5), n_seen=7),
        "adaptive": Adaptive(number(0.1)),
        "cosine": Cosine(number(0.1), count(20)),
    }


def test_constant():
    schedule = Constant(0.3)
    assert [schedule.rate(n_epochs, 7) for n_epochs in (0.1, 0.5, 1.2, 1e4)] == [0.3] * 4


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("n_seen", [0, 21])
def test_invscaling(power, n_seen):
    """Once an epoch; what had been seen before counts too."""
    schedule = InverseScaling(0.3, power, n_seen)
    for epoch in range(5):
        expected = 0.3 / math.pow(n_seen + 7 * epoch + 1, power)
        for part in (0.0, 1 / 6, 0.5, 5 / 6, 1 - 1e-12):
            assert math.isclose(schedule.rate(epoch + part, 7), expected, rel_tol=1e-14)


@pytest.mark.parametrize("power", [0.25, 0.5])
def test_invscaling_of_scikit_learn(power):
    reference = SGDOptimizer([], 0.3, lr_schedule="invscaling", power_t=power)
    schedule, n_seen = InverseScaling(0.3, power), 0
    for epoch in range(5):
        assert schedule.rate(epoch + 0.5, 7) == reference.learning_rate
        n_seen += 7
        reference.iteration_ends(n_seen)


def test_adaptive():
    """0.001, by fives: the last is the first that is not above 1e-6."""
    schedule = Adaptive(0.001)
    rates = [schedule.rate(0.5, 7)]
    while schedule.slow_down():
        rates.append(schedule.rate(0.5, 7))
    np.testing.assert_allclose(rates, [1e-3, 2e-4, 4e-5, 8e-6, 1.6e-6, 3.2e-7], rtol=1e-14)
    assert not schedule.slow_down()
    assert schedule.rate(0.5, 7) == rates[-1]


def test_adaptive_does_not_slow_down_by_itself():
    schedule = Adaptive(0.1)
    assert [schedule.rate(n_epochs, 7) for n_epochs in (0.1, 0.5, 1.2, 1e4)] == [0.1] * 4


@pytest.mark.parametrize("rate", [10.0, 0.1, 0.001, 1e-6, 1e-7])
def test_adaptive_of_scikit_learn(rate):
    reference = SGDOptimizer([], rate, lr_schedule="adaptive")
    schedule = Adaptive(rate)
    for _ in range(15):
        assert schedule.slow_down() != reference.trigger_stopping("", verbose=False)
        assert schedule.rate(0.5, 7) == reference.learning_rate


def test_cosine_at_a_glance():
    """20 epochs: two of them to warm up, half of the rate in the middle of the other 18."""
    schedule = Cosine(0.4, 20)
    found = [schedule.rate(n_epochs, 7) for n_epochs in (0, 0.5, 1, 2, 5, 8, 11, 14, 17, 20)]
    half = math.sqrt(3) / 2
    expected = [
        0, 0.1, 0.2, 0.4, 0.2 + 0.2 * half, 0.3, 0.2, 0.1, 0.2 - 0.2 * half, 0,
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("max_iter", [1, 3, 10, 200])
def test_cosine(max_iter):
    schedule, warm_up = Cosine(0.4, max_iter), max_iter / 10
    for n_epochs in np.linspace(0, max_iter, 61).tolist():
        angle = math.pi * (n_epochs - warm_up) / (max_iter - warm_up)
        expected = min(0.4 * n_epochs / warm_up, 0.2 * (1 + math.cos(max(angle, 0.0))))
        assert math.isclose(schedule.rate(n_epochs, 7), expected, rel_tol=1e-12, abs_tol=1e-16)


@pytest.mark.parametrize("name", ["constant", "invscaling", "cosine"])
def test_no_other_schedule_slows_down(name):
    schedule, reference = schedules()[name], schedules()[name]
    assert not schedule.slow_down()
    for n_epochs in (0.5, 1.5, 7.5):
        assert schedule.rate(n_epochs, 7) == reference.rate(n_epochs, 7)


@pytest.mark.parametrize("name", schedules())
@pytest.mark.parametrize("n_epochs", [0.5, 1.5, 7.5])
def test_rates_are_python_floats(name, n_epochs):
    """Also from NumPy's numbers, which would raise the precision of a float32 theta."""
    expected = schedules()[name].rate(n_epochs, 7)
    schedule = schedules(np.float64, np.int64)[name]
    assert schedule.rate(n_epochs, 7) == expected
    assert type(schedule.rate(n_epochs, 7)) is float
    schedule.slow_down()
    assert type(schedule.rate(n_epochs, 7)) is float
