"""The training loop and the optimizers, on losses that can be followed by hand."""

import math

import numpy as np
import pytest

from skrnn.training import SGD, Adam, Trainer

# Optimizers.

GRADIENTS = [[0.5, -2.0, 0.0], [0.25, 3.0, 1e-3], [-1.0, 0.0, 0.0], [4.0, -0.1, 2.0], [0.0] * 3]
START = [1.0, -2.0, 0.5]


def sgd_by_hand(x, gradients, learning_rate, momentum):
    """Classical momentum (Sutskever et al. 2013, equations 1 and 2), of one number."""
    v = 0.0
    for g in gradients:
        v = momentum * v - learning_rate * g
        x = x + v
        yield x


def nesterov_by_hand(x, slope, n_steps, learning_rate, momentum):
    """Their equations 3 and 4: the gradient is taken where the momentum leads.

    Yields the point where the next gradient will be taken.
    """
    v = 0.0
    for _ in range(n_steps):
        v = momentum * v - learning_rate * slope(x + momentum * v)
        x = x + v
        yield x + momentum * v


def adam_by_hand(x, gradients, learning_rate, beta_1, beta_2, epsilon):
    """Kingma & Ba 2015, algorithm 1 with the step size of the end of section 2, of one number."""
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        size = learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        x = x - size * m / (math.sqrt(v) + epsilon)
        yield x


def steps(optimizer, dtype=np.float64):
    theta = np.array(START, dtype)
    for gradient in GRADIENTS:
        optimizer.step(theta, np.array(gradient, dtype))
        assert theta.dtype == dtype
        yield theta.copy()


def by_hand(rule, *parameters):
    columns = [
        list(rule(x, gradients, *parameters))
        for x, gradients in zip(START, zip(*GRADIENTS, strict=True), strict=True)
    ]
    return np.transpose(columns)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-13), (np.float32, 1e-5)])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 1.0])
def test_sgd(momentum, dtype, rtol):
    expected = by_hand(sgd_by_hand, 0.1, momentum)
    found = list(steps(SGD(0.1, momentum, nesterov=False), dtype))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-7 if dtype == np.float32 else 0)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_nesterov(momentum):
    """On a quadratic, where the gradient looked for is another at every point."""

    def slope(x):
        return 3 * x - 1

    theta = np.array(START)
    optimizer, found = SGD(0.1, momentum, nesterov=True), []
    for _ in range(5):
        optimizer.step(theta, slope(theta))
        found.append(theta.copy())
    expected = np.transpose([list(nesterov_by_hand(x, slope, 5, 0.1, momentum)) for x in START])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_nesterov_without_momentum_is_descent():
    plain = list(steps(SGD(0.1, 0.0, nesterov=False)))
    np.testing.assert_array_equal(list(steps(SGD(0.1, 0.0, nesterov=True))), plain)
    expected = np.array(START) - 0.1 * np.cumsum(GRADIENTS, axis=0)
    np.testing.assert_allclose(plain, expected, rtol=1e-13)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize(
    "parameters", [(0.1, 0.9, 0.999, 1e-8), (0.01, 0.5, 0.9, 1e-3), (0.1, 0.0, 0.0, 1e-8)], ids=str
)
def test_adam(parameters, dtype, rtol):
    expected = by_hand(adam_by_hand, *parameters)
    np.testing.assert_allclose(list(steps(Adam(*parameters), dtype)), expected, rtol=rtol)


def test_first_step_of_adam_is_the_learning_rate():
    """Whatever the size of the gradient."""
    theta = np.zeros(4)
    Adam(0.1, 0.9, 0.999, 1e-12).step(theta, np.array([1e-3, -1.0, 1e6, 0.0]))
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1, 0], rtol=1e-6)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_gradient_may_be_used_again(kind):
    """The objective gives the same array every time."""
    parameters = (0.1, 0.9, True) if kind is SGD else (0.1, 0.9, 0.999, 1e-8)
    optimizer, theta, gradient = kind(*parameters), np.array(START), np.empty(3)
    found = []
    for values in GRADIENTS:
        gradient[:] = values
        optimizer.step(theta, gradient)
        np.testing.assert_array_equal(gradient, values)
        found.append(theta.copy())
    np.testing.assert_array_equal(found, list(steps(kind(*parameters))))


# The loop.


class Monitor:
    """Counts the epochs, and asks to stop after some."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.calls = []

    def begin(self):
        self.calls.append("begin")

    def end(self):
        self.calls.append("end")
        return self.calls.count("end") == self.stop_after


class Quadratic:
    """Samples pull theta to themselves: half the mean squared distance; every call is kept."""

    def __init__(self, n_samples=7, n_features=2):
        self.samples = np.random.default_rng(0).standard_normal((n_samples, n_features))
        self.calls = []

    def __call__(self, theta, index):
        self.calls.append(index.tolist())
        residual = theta - self.samples[index]
        return 0.5 * float(np.mean(np.sum(residual**2, axis=1))), residual.mean(axis=0)


class Scripted:
    """Given losses, one for each epoch of a single minibatch, and a gradient of ones."""

    def __init__(self, losses):
        self.losses = iter(losses)

    def __call__(self, theta, index):
        return next(self.losses), np.ones_like(theta)


def trainer(loss_gradient, *, n_samples=7, optimizer=None, seed=0, **options):
    options = {
        "batch_size": n_samples, "max_iter": 20, "shuffle": False, "tol": 0.0,
        "n_iter_no_change": np.inf, "max_grad_norm": None, "verbose": False,
    } | options  # fmt: skip
    return Trainer(
        loss_gradient,
        n_samples=n_samples,
        optimizer=optimizer or SGD(0.1, 0.0, nesterov=False),
        rng=np.random.default_rng(seed),
        **options,
    )


def run(loss_gradient, theta=(0.0, 0.0), monitor=None, **options):
    theta, loop = np.array(theta), trainer(loss_gradient, **options)
    loop.run(theta, monitor or Monitor())
    return theta, loop


def test_order_without_shuffling():
    quadratic = Quadratic()
    run(quadratic, batch_size=3, max_iter=2)
    assert quadratic.calls == [[0, 1, 2], [3, 4, 5], [6]] * 2


@pytest.mark.parametrize("batch_size", [1, 3, 7])
def test_shuffling(batch_size):
    def calls(seed):
        quadratic = Quadratic()
        run(quadratic, batch_size=batch_size, max_iter=3, shuffle=True, seed=seed)
        return quadratic.calls

    assert {len(call) for call in calls(0)} <= {batch_size, 7 % batch_size}
    epochs = np.concatenate(calls(0)).reshape(3, 7)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), [range(7)] * 3)
    assert len(np.unique(epochs, axis=0)) == 3
    assert calls(0) == calls(0) != calls(1)


@pytest.mark.parametrize("shuffle", [False, True])
def test_epochs_of_descent_by_hand(shuffle):
    quadratic = Quadratic()
    theta, loop = run(quadratic, batch_size=3, max_iter=4, shuffle=shuffle)
    point, curve = [0.0, 0.0], []
    calls = iter(quadratic.calls)
    for _ in range(4):
        total = 0.0
        for _ in range(3):
            index = next(calls)
            slope = [0.0, 0.0]
            for i in index:
                for j in range(2):
                    distance = point[j] - quadratic.samples[i, j]
                    total += 0.5 * distance**2
                    slope[j] += distance / len(index)
            point = [point[j] - 0.1 * slope[j] for j in range(2)]
        curve.append(total / 7)
    np.testing.assert_allclose(theta, point, rtol=1e-12)
    # Every sample counts the same, also those of the last and smaller minibatch.
    np.testing.assert_allclose(loop.loss_curve, curve, rtol=1e-12)
    assert loop.n_iter == 4


def test_finds_the_minimum():
    quadratic = Quadratic()
    theta, _ = run(quadratic, max_iter=200)
    np.testing.assert_allclose(theta, quadratic.samples.mean(axis=0), rtol=1e-8)


# Losses, the number of epochs without improvement that are allowed, and the epochs that run.
STOPPING = {
    "never better": ([5, 5, 5, 5, 5, 5], 0.1, 2, 4),
    "one epoch allowed": ([5, 5, 5, 5], 0.1, 1, 3),
    "worse": ([5, 6, 7, 8, 9], 0.1, 2, 4),
    "better by tol": ([5.0, 4.5, 4.0, 3.5, 3.0], 0.5, 1, None),
    "better by less than tol": ([5.0, 4.75, 4.5, 4.25, 4.0], 0.5, 2, 4),
    "better by less, in all by more": ([5.0, 4.75, 4.5, 4.25, 4.0], 0.5, 3, 5),
    "better again in time": ([5, 5, 5, 4, 4, 4, 3, 3, 3, 3], 0.1, 2, 10),
    "measured against the best": ([5, 1, 4, 3, 2, 1], 0.1, 2, 5),
    "equal without tol": ([5, 5, 5, 5], 0, 1, None),
    "never": ([5] * 12, 0.1, np.inf, None),
    "in the last epoch": ([5, 5, 5], 0.1, 1, 3),
}


@pytest.mark.parametrize("validate", [False, True])
@pytest.mark.parametrize(
    ("losses", "tol", "n_iter_no_change", "n_epochs"), STOPPING.values(), ids=list(STOPPING)
)
def test_stopping(losses, tol, n_iter_no_change, n_epochs, validate):
    """By the loss, or by a score whose fall is the loss, whatever the loss itself does then."""
    options = {"tol": tol, "n_iter_no_change": n_iter_no_change, "max_iter": len(losses)}
    if validate:
        scores = iter(losses)
        options["validation_score"] = lambda theta: -next(scores)
    monitor = Monitor()
    script = Scripted(range(100) if validate else losses)
    _, loop = run(script, monitor=monitor, **options)
    expected = n_epochs or len(losses)
    assert loop.n_iter == expected
    assert loop.converged == (n_epochs is not None)
    assert monitor.calls == ["begin", "end"] * expected
    if validate:
        assert loop.validation_scores == [-loss for loss in losses[:expected]]
        assert loop.loss_curve == list(range(expected))
    else:
        assert loop.validation_scores == []
        assert loop.loss_curve == losses[:expected]


@pytest.mark.parametrize(
    ("scores", "best"),
    [([1, 3, 2, 0], 1), ([1, 2, 3, 4], 3), ([4, 3, 2, 1], 0), ([1, 3, 3, 2], 1), ([-5, -1, -9], 1)],
)
def test_best_theta_is_kept(scores, best):
    """The first of equals; with scripted gradients theta tells the epoch."""
    remaining = iter(scores)
    theta, _ = run(
        Scripted([0.0] * 9), max_iter=len(scores), validation_score=lambda theta: next(remaining)
    )
    expected = np.zeros(2)
    for _ in range(best + 1):
        expected -= 0.1
    np.testing.assert_array_equal(theta, expected)


def test_score_sees_theta_after_the_epoch():
    seen = []
    run(
        Scripted([0.0] * 3),
        max_iter=3,
        validation_score=lambda theta: seen.append(theta.copy()) or 0.0,
    )
    np.testing.assert_allclose(seen, [[-0.1] * 2, [-0.2] * 2, [-0.3] * 2], rtol=1e-12)


def test_last_theta_is_kept_without_a_score():
    theta, _ = run(Scripted([1.0, 0.0, 9.0]), max_iter=3)
    np.testing.assert_allclose(theta, -0.3, rtol=1e-12)


@pytest.mark.parametrize("validate", [False, True])
def test_monitor_stops(validate):
    options = {"validation_score": lambda theta: -theta[0]} if validate else {}
    theta, loop = run(Scripted([3.0] * 9), monitor=Monitor(stop_after=3), **options)
    assert loop.n_iter == 3
    assert not loop.converged
    np.testing.assert_allclose(theta, -0.3, rtol=1e-12)


@pytest.mark.parametrize(
    ("max_grad_norm", "step"),
    [(None, [3, 4]), (5.0, [3, 4]), (6.0, [3, 4]), (2.5, [1.5, 2]), (1.25, [0.75, 1])],
)
def test_max_grad_norm(max_grad_norm, step):
    """A gradient of norm 5; all numbers here are exact in binary."""
    theta, _ = run(
        lambda theta, index: (0.0, np.array([3.0, 4.0])),
        max_iter=1,
        max_grad_norm=max_grad_norm,
        optimizer=SGD(0.5, 0.0, nesterov=False),
    )
    np.testing.assert_array_equal(theta, -0.5 * np.array(step))


def test_max_grad_norm_of_every_minibatch():
    norms = []

    class Optimizer:
        def step(self, theta, gradient):
            norms.append(np.linalg.norm(gradient))

    def loss_gradient(theta, index):
        return 0.0, np.full(4, float(index[0]))  # norm 2 * index

    run(loss_gradient, batch_size=1, max_iter=1, max_grad_norm=3.0, optimizer=Optimizer())
    np.testing.assert_allclose(norms, [0, 2, 3, 3, 3, 3, 3], rtol=1e-15)


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
        return (1.0, np.zeros(2)) if n_calls < epoch else (loss, np.array([1.0, gradient]))

    with pytest.raises(ValueError, match=rf"diverged in epoch {epoch}: .*learning_rate_init"):
        run(loss_gradient)
    assert n_calls == epoch


@pytest.mark.parametrize("score", [np.nan, -np.inf])
def test_divergence_of_the_validation_score(score):
    scores = iter([0.5, score])
    with pytest.raises(ValueError, match=r"diverged in epoch 2: .*learning_rate_init"):
        run(Scripted([1.0, 1.0]), validation_score=lambda theta: next(scores))


@pytest.mark.parametrize("max_grad_norm", [None, 2.0])
def test_remedies_against_divergence(max_grad_norm):
    """What is set already is no remedy."""
    with pytest.raises(ValueError, match="diverged") as error:
        run(Scripted([np.nan]), max_grad_norm=max_grad_norm)
    assert ("max_grad_norm" in str(error.value)) == (max_grad_norm is None)


@pytest.mark.parametrize("optimizer", [SGD(0.5, 0.0, nesterov=False), Adam(0.5, 0, 0, 1e-8)])
def test_large_gradients_of_float32(optimizer):
    """Finite, but their squares are not: clipped they can be used, else training diverges."""

    def loss_gradient(theta, index):
        return 1.0, np.array([3e30, 4e30], np.float32)

    theta = np.zeros(2, np.float32)
    trainer(loss_gradient, max_iter=1, max_grad_norm=5.0, optimizer=optimizer).run(theta, Monitor())
    expected = [-1.5, -2] if isinstance(optimizer, SGD) else [-0.5, -0.5]
    np.testing.assert_allclose(theta, expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"gradient norm = 4\.9999.*e\+30\. .* max_grad_norm"):
        trainer(loss_gradient, optimizer=optimizer).run(np.zeros(2, np.float32), Monitor())


def test_weights_that_are_not_finite():
    def loss_gradient(theta, index):
        return 0.0, np.ones_like(theta)

    class Optimizer:
        def step(self, theta, gradient):
            theta[1] = np.inf

    with pytest.raises(ValueError, match=r"Epoch 1 left weights .*learning_rate_init"):
        run(loss_gradient, optimizer=Optimizer())


@pytest.mark.parametrize("validate", [False, True])
def test_verbose(validate, capsys):
    options = {"validation_score": lambda theta: 0.25} if validate else {}
    losses = [1.5, 1.0 / 3, 1.0]
    run(Scripted(losses), verbose=True, n_iter_no_change=1, tol=0.5, max_iter=3, **options)
    printed = capsys.readouterr().out.splitlines()
    what = "Validation score" if validate else "Training loss"
    stop = f"{what} did not improve more than tol=0.500000 for 1 consecutive epochs. Stopping."
    score = ["Validation score: 0.250000"] if validate else []
    expected = [f"Iteration {k}, loss = {loss:.8f}" for k, loss in enumerate(losses, 1)]
    expected = [line for first in expected for line in (first, *score)]
    assert printed == [*expected, *([stop] if validate else [])]
    run(Scripted(losses), **options, max_iter=3)
    assert capsys.readouterr().out == ""
