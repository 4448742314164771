"""Stochastic gradient descent, on losses that can be followed by hand."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from skrnn.training import (
    SGD,
    Adam,
    Adaptive,
    Batches,
    Constant,
    Cosine,
    InverseScaling,
    MinibatchDescent,
)


class Quadratic:
    """Samples pull theta to themselves: half the mean squared distance; every call is kept."""

    def __init__(self, n_samples=7, n_features=2):
        self.samples = np.random.default_rng(0).standard_normal((n_samples, n_features))
        self.calls = []

    def __call__(self, theta, index):
        self.calls.append(index.tolist())
        residual = theta - self.samples[index]
        return 0.5 * float(np.mean(np.sum(residual**2, axis=1))), residual.mean(axis=0)


def descent(
    loss_gradient, *, n_samples=7, batch_size=None, rng=None, optimizer=None, schedule=None,
    max_iter=20, **options,
):  # fmt: skip
    return MinibatchDescent(
        loss_gradient,
        Batches(n_samples, batch_size or n_samples, rng),
        optimizer or SGD(0.0, nesterov=False),
        schedule or Constant(0.1),
        max_iter,
        **options,
    )


def run(loss_gradient, theta=(0.0, 0.0), **options):
    """The theta at the end, and what each epoch has told of itself."""
    theta, told = np.array(theta), []
    descent(loss_gradient, **options).run(
        theta, lambda: None, lambda theta, loss, norm: told.append((loss, norm))
    )
    return theta, told


@pytest.mark.parametrize("shuffle", [False, True])
def test_epochs_by_hand(shuffle):
    quadratic = Quadratic()
    theta, told = run(
        quadratic,
        batch_size=3,
        max_iter=4,
        rng=np.random.default_rng(0) if shuffle else None,
        schedule=InverseScaling(0.5, 0.5),
        max_grad_norm=0.8,
    )
    point, expected, clipped = [0.0, 0.0], [], 0
    calls = iter(quadratic.calls)
    for epoch in range(4):
        total, total_norm = 0.0, 0.0
        for _ in range(3):
            index = next(calls)
            slope = [0.0, 0.0]
            for i in index:
                for j in range(2):
                    distance = point[j] - quadratic.samples[i, j]
                    total += 0.5 * distance**2
                    slope[j] += distance / len(index)
            norm = (slope[0] ** 2 + slope[1] ** 2) ** 0.5
            total_norm += norm * len(index)
            clipped += norm > 0.8
            size = 0.5 / (7 * epoch + 1) ** 0.5 * min(1, 0.8 / norm)
            point = [point[j] - size * slope[j] for j in range(2)]
        # Every sample counts the same, also those of the last and smaller minibatch; norms are
        # those before clipping.
        expected.append((total / 7, total_norm / 7))
    assert next(calls, None) is None
    assert 0 < clipped < 12
    np.testing.assert_allclose(theta, point, rtol=1e-12)
    np.testing.assert_allclose(told, expected, rtol=1e-12)


def test_finds_the_minimum():
    quadratic = Quadratic()
    theta, _ = run(quadratic, max_iter=200)
    np.testing.assert_allclose(theta, quadratic.samples.mean(axis=0), rtol=1e-8)


@pytest.mark.parametrize(
    ("solver", "learning_rate", "optimizer", "schedule"),
    [
        ("sgd", "constant", SGD(0.9, nesterov=True), Constant(0.1)),
        ("sgd", "invscaling", SGD(0.9, nesterov=True), InverseScaling(0.1, 0.25)),
        ("adam", "constant", Adam(0.9, 0.999, 1e-8), Constant(0.1)),
    ],
    ids=["sgd", "invscaling", "adam"],
)
def test_linear_regression_of_scikit_learn(solver, learning_rate, optimizer, schedule):
    """MLPRegressor without a hidden layer, epoch by epoch."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((7, 2)), rng.standard_normal(7)

    def fitted(rate, n_epochs):
        mlp = MLPRegressor(
            hidden_layer_sizes=(), solver=solver, learning_rate=learning_rate, power_t=0.25,
            learning_rate_init=rate, alpha=0, batch_size=3, shuffle=False, random_state=0,
        )  # fmt: skip
        for _ in range(n_epochs):
            mlp.partial_fit(X, y)
        return np.append(mlp.coefs_[0], mlp.intercepts_[0]), mlp.loss_curve_

    def loss_gradient(theta, index):
        residual = X[index] @ theta[:2] + theta[2] - y[index]
        slope = np.append(X[index].T @ residual, residual.sum()) / len(index)
        return 0.5 * np.mean(residual**2), slope

    start, _ = fitted(1e-300, 1)
    theta, told = run(
        loss_gradient, start, batch_size=3, max_iter=5, optimizer=optimizer, schedule=schedule
    )
    expected, losses = fitted(0.1, 5)
    np.testing.assert_allclose(theta, expected, rtol=1e-12)
    np.testing.assert_allclose([loss for loss, _ in told], losses, rtol=1e-12)


def test_epochs_are_framed():
    calls, theta = [], np.zeros(2)

    def loss_gradient(theta, index):
        calls.append("step")
        return float(len(index)), np.array([3.0, 4.0])

    def end(seen, loss, norm):
        assert seen is theta
        calls.append(("end", loss, norm))

    solver = descent(loss_gradient, batch_size=4, max_iter=3)
    solver.run(theta, lambda: calls.append("begin"), end)
    # Minibatches of 4 and 3, whose losses are their sizes.
    assert calls == ["begin", "step", "step", ("end", (4 * 4 + 3 * 3) / 7, 5.0)] * 3
    assert not solver.converged
    assert solver.limit == "max_iter=3 epochs"


def test_end_of_an_epoch_may_stop():
    quadratic, n_ends = Quadratic(), 0

    def end(theta, loss, norm):
        nonlocal n_ends
        n_ends += 1
        return n_ends == 3

    theta, solver = np.zeros(2), descent(quadratic, batch_size=3)
    solver.run(theta, lambda: None, end)
    assert len(quadratic.calls) == 3 * 3
    assert not solver.converged
    np.testing.assert_array_equal(theta, run(Quadratic(), batch_size=3, max_iter=3)[0])


def test_schedule_is_asked_in_the_middle_of_each_step():
    """Steps are taken with the rates it gives."""
    asked, rates = [], []

    class Schedule:
        ends = False

        def rate(self, n_epochs, n_samples):
            asked.append((n_epochs, n_samples))
            return 10 * n_epochs

    class Optimizer:
        def step(self, theta, gradient, rate):
            rates.append(rate)

    run(Quadratic(), batch_size=3, max_iter=2, schedule=Schedule(), optimizer=Optimizer())
    expected = [1 / 6, 3 / 6, 5 / 6, 7 / 6, 9 / 6, 11 / 6]
    np.testing.assert_allclose(asked, [(n_epochs, 7) for n_epochs in expected], rtol=1e-15)
    np.testing.assert_allclose(rates, np.multiply(10, expected), rtol=1e-15)


@pytest.mark.parametrize(
    "schedule", [Constant(0.1), Adaptive(0.1), Adaptive(1e-7), Cosine(0.1, 20)]
)
def test_slowing_down_is_the_schedules(schedule):
    solver = descent(Quadratic(), schedule=schedule)
    assert solver.slow_down() == (schedule.learning_rate == 0.1 / 5)


@pytest.mark.parametrize(
    ("max_grad_norm", "step"),
    [(None, [3, 4]), (5.0, [3, 4]), (6.0, [3, 4]), (2.5, [1.5, 2]), (1.25, [0.75, 1])],
)
def test_max_grad_norm(max_grad_norm, step):
    """A gradient of norm 5; all numbers here are exact in binary."""
    theta, told = run(
        lambda theta, index: (0.0, np.array([3.0, 4.0])),
        max_iter=1,
        max_grad_norm=max_grad_norm,
        schedule=Constant(0.5),
    )
    np.testing.assert_array_equal(theta, -0.5 * np.array(step))
    assert told == [(0.0, 5.0)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_grad_norm_of_every_minibatch(dtype):
    norms = []

    class Optimizer:
        def step(self, theta, gradient, rate):
            assert gradient.dtype == dtype
            norms.append(np.linalg.norm(gradient))

    def loss_gradient(theta, index):
        return 0.0, np.full(4, index[0], dtype)  # norm 2 * index

    _, told = run(
        loss_gradient,
        batch_size=1,
        max_iter=1,
        max_grad_norm=np.float64(3.0),
        optimizer=Optimizer(),
    )
    np.testing.assert_allclose(norms, [2, 3, 3, 3, 3, 3], rtol=2 * np.finfo(dtype).eps)
    assert told == [(0.0, 6.0)]  # the mean of 0, 2, ..., 12; there is no step after 0


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [(np.nan, 0.0), (np.inf, 0.0), (-np.inf, 0.0), (0.0, np.nan), (0.0, np.inf)],
)
@pytest.mark.parametrize("epoch", [1, 3])
def test_divergence(epoch, loss, gradient):
    n_calls = 0

    def loss_gradient(theta, index):
        nonlocal n_calls
        n_calls += 1
        return (1.0, np.zeros(2)) if n_calls < epoch else (loss, np.array([0.0, gradient]))

    message = rf"diverged in epoch {epoch}: loss = {loss}, gradient norm = {abs(gradient)}\. Scale"
    with pytest.raises(ValueError, match=message):
        run(loss_gradient)
    assert n_calls == epoch


@pytest.mark.parametrize("max_grad_norm", [None, 2.0])
def test_remedies_against_divergence(max_grad_norm):
    """What is set already is no remedy."""
    remedies = (
        r"\. Scale X to about unit variance, or lower learning_rate_init\.$"
        if max_grad_norm
        else r"\. Scale X to about unit variance, lower learning_rate_init, or set max_grad_norm "
        r"\(e\.g\. 1\.0\)\.$"
    )
    with pytest.raises(ValueError, match=remedies):
        run(lambda theta, index: (np.nan, theta), max_grad_norm=max_grad_norm)


@pytest.mark.parametrize("optimizer", [SGD(0.0, nesterov=False), Adam(0, 0, 1e-8)])
def test_large_gradients_of_float32(optimizer):
    """Finite, but their squares are not: clipped they can be used, else training diverges."""

    def loss_gradient(theta, index):
        return 1.0, np.array([3e30, 4e30], np.float32)

    options = {"optimizer": optimizer, "schedule": Constant(0.5)}
    start = np.zeros(2, np.float32)
    theta, _ = run(loss_gradient, start, max_iter=1, max_grad_norm=5.0, **options)
    expected = [-1.5, -2] if isinstance(optimizer, SGD) else [-0.5, -0.5]
    np.testing.assert_allclose(theta, expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"gradient norm = 4\.9999.*e\+30\. .* max_grad_norm"):
        run(loss_gradient, start, **options)


def test_weights_that_are_not_finite():
    def loss_gradient(theta, index):
        return 0.0, np.ones_like(theta)

    class Optimizer:
        def step(self, theta, gradient, rate):
            theta[1] = np.inf

    with pytest.raises(
        ValueError,
        match=r"^Training diverged: some weights are NaN or infinite.* 1\..*learning_rate_init",
    ):
        run(loss_gradient, optimizer=Optimizer())
