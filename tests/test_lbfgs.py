"""L-BFGS, against SciPy's and on functions whose minimum is known."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from skrnn.training import LBFGS

FAR = np.array([-1.2, 1.0, 0.5, -0.7])


def rosenbrock(theta):
    return float(rosen(theta)), rosen_der(theta)


class Quadratic:
    """Half of ``(theta - minimum)' A (theta - minimum)``, in the precision of theta."""

    def __init__(self):
        rng = np.random.default_rng(0)
        root, self.minimum = rng.standard_normal((4, 4)), rng.standard_normal(4)
        self.matrix = root.T @ root + np.eye(4)

    def __call__(self, theta):
        residual = theta - self.minimum.astype(theta.dtype)
        gradient = self.matrix.astype(theta.dtype) @ residual
        return 0.5 * float(residual @ gradient), gradient


class Log:
    """What the solver does, in order."""

    def __init__(self, loss_gradient, stop_after=None):
        self.loss_gradient = loss_gradient
        self.stop_after = stop_after
        self.calls, self.told = [], []

    def __call__(self, theta):
        self.calls.append("loss")
        return self.loss_gradient(theta)

    def begin(self):
        self.calls.append("begin")

    def end(self, theta, loss, norm):
        self.calls.append("end")
        self.told.append((theta.copy(), loss, norm))
        return len(self.told) == self.stop_after

    @property
    def frames(self):
        return [call for call in self.calls if call != "loss"]


def run(
    loss_gradient, start=FAR, *, stop_after=None, max_iter=1000, max_fun=10_000, tol=1e-6,
    dtype=np.float64,
):  # fmt: skip
    theta, log = np.array(start, dtype), Log(loss_gradient, stop_after)
    solver = LBFGS(log, max_iter, max_fun, tol)
    solver.run(theta, log.begin, log.end)
    assert theta.dtype == dtype
    return theta, solver, log


def scipys(loss_gradient, max_iter=1000, max_fun=10_000, tol=1e-6):
    curve = []
    result = minimize(
        loss_gradient, FAR, jac=True, method="L-BFGS-B",
        callback=lambda intermediate_result: curve.append(float(intermediate_result.fun)),
        options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol},
    )  # fmt: skip
    return result, curve


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-6), (np.float32, 1e-5)])
def test_minimum_of_a_quadratic(dtype, atol):
    quadratic = Quadratic()
    theta, solver, log = run(quadratic, dtype=dtype)
    np.testing.assert_allclose(theta, quadratic.minimum, rtol=0, atol=atol)
    assert solver.converged
    assert len(log.told) < 20


@pytest.mark.parametrize("start", [[-1.2, 1.0], [3.0, -4.0], [2.0, 1.5, -1.0, 0.5, 3.0]], ids=str)
def test_minimum_of_rosenbrocks_function(start):
    theta, solver, _ = run(rosenbrock, start, tol=1e-8)
    np.testing.assert_allclose(theta, 1, rtol=1e-5)
    assert solver.converged


# max_iter, max_fun and tol, and whether they let it come to an end of its own.
LIMITS = pytest.mark.parametrize(
    ("limits", "converged"),
    [
        ((1000, 10_000, 1e-6), True),
        ((1000, 10_000, 1.0), True),
        ((1000, 10_000, 0.0), True),
        ((1, 10_000, 1e-6), False),
        ((7, 10_000, 1e-6), False),
        ((1000, 1, 1e-6), False),
        ((1000, 6, 1e-6), False),
    ],
    ids=str,
)


@LIMITS
@pytest.mark.parametrize("loss_gradient", [Quadratic(), rosenbrock], ids=["quadratic", "rosen"])
def test_scipy(loss_gradient, limits, converged):
    """The same to the last bit: iterations, evaluations, losses and theta."""
    names = "max_iter", "max_fun", "tol"
    theta, solver, log = run(loss_gradient, **dict(zip(names, limits, strict=True)))
    expected, curve = scipys(loss_gradient, *limits)
    np.testing.assert_array_equal(theta, expected.x)
    assert [loss for _, loss, _ in log.told] == curve
    assert log.calls.count("loss") == expected.nfev
    assert solver.converged == converged == (expected.status == 0)
    assert solver.limit == f"max_iter={limits[0]} iterations or max_fun={limits[1]} evaluations"


@pytest.mark.parametrize("max_iter", [1, 2, 7])
def test_max_iter(max_iter):
    _, _, log = run(rosenbrock, max_iter=max_iter)
    assert log.frames == ["begin", "end"] * max_iter


def test_max_fun():
    """The iteration in which it is exceeded is the last, and goes to its end."""
    _, _, log = run(rosenbrock, max_fun=12)
    before = len(log.calls) - 1 - log.calls[:-1][::-1].index("end")
    assert log.calls[:before].count("loss") <= 12 < log.calls.count("loss")
    assert log.calls[-1] == "end"


@pytest.mark.parametrize("tol", [1.0, 1e-2, 1e-4])
def test_tol(tol):
    """Where no component of the gradient is larger, and not before."""
    _, _, log = run(Quadratic(), tol=tol)
    largest = [np.abs(Quadratic()(theta)[1]).max() for theta, _, _ in log.told]
    assert largest[-1] <= tol < min(largest[:-1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss_gradient", [Quadratic(), rosenbrock], ids=["quadratic", "rosen"])
def test_iterations_are_framed(loss_gradient, dtype):
    """Losses are evaluated inside; the theta, loss and norm that are told belong together."""
    _, _, log = run(loss_gradient, dtype=dtype)
    assert log.frames == ["begin", "end"] * len(log.told)
    assert log.calls[0] == "begin"
    assert log.calls[-1] == "end"
    for call, following in zip(log.calls, log.calls[1:], strict=False):
        assert (following == "begin") == (call == "end")
    for theta, loss, norm in log.told:
        expected, gradient = loss_gradient(theta)
        assert loss == expected
        assert norm == np.linalg.norm(gradient.astype(np.float64))
    losses = [loss for _, loss, _ in log.told]
    assert losses == sorted(losses, reverse=True)


def test_loss_sees_theta_itself():
    """In its own precision, so that the network need not be set up anew."""
    theta, seen = np.array(FAR, np.float32), []

    def loss_gradient(x):
        seen.append(x is theta)
        return Quadratic()(x)

    LBFGS(loss_gradient, 5, 100, 1e-6).run(theta, lambda: None, lambda *told: None)
    assert seen
    assert all(seen)


def test_gradient_may_be_used_again():
    buffer = np.empty(4)

    def loss_gradient(theta):
        loss, buffer[:] = rosenbrock(theta)
        return loss, buffer

    np.testing.assert_array_equal(run(loss_gradient)[0], run(rosenbrock)[0])


@pytest.mark.parametrize("stop_after", [1, 5])
def test_end_of_an_iteration_may_stop(stop_after):
    theta, solver, log = run(rosenbrock, stop_after=stop_after)
    assert log.frames == ["begin", "end"] * stop_after
    assert log.calls[-1] == "end"
    np.testing.assert_array_equal(theta, run(rosenbrock, max_iter=stop_after)[0])
    assert not solver.converged


@pytest.mark.parametrize("stop_after", [None, 1])
def test_start_at_the_minimum_counts_as_one_epoch(stop_after):
    quadratic = Quadratic()
    theta, solver, log = run(quadratic, quadratic.minimum, stop_after=stop_after)
    assert log.calls == ["begin", "loss", "end"]
    np.testing.assert_array_equal(theta, quadratic.minimum)
    assert log.told[0][1:] == (0.0, 0.0)
    assert solver.converged


def test_search_that_finds_nothing_better():
    """It goes back to the last iteration, which is told once more, with the loss it has."""

    def loss_gradient(theta):  # which promises descent up the step at -1
        x = float(theta[0])
        return x + 5 * (-1 < x < 1), np.array([1.0 if x > 1 else -0.5])

    theta, solver, log = run(loss_gradient, [3.0], tol=0)
    assert log.frames == ["begin", "end"] * 2
    for seen, loss, norm in log.told:
        np.testing.assert_array_equal(seen, theta)
        assert (loss, norm) == (theta[0], 0.5)
    assert theta[0] <= -1
    assert solver.converged


@pytest.mark.parametrize(
    ("loss", "slope"),
    [(np.nan, 0.0), (np.inf, 0.0), (-np.inf, 0.0), (0.0, np.nan), (0.0, np.inf)],
)
@pytest.mark.parametrize("evaluation", [1, 4])
def test_divergence(evaluation, loss, slope):
    def loss_gradient(theta):
        nonlocal n_calls
        n_calls += 1
        return rosenbrock(theta) if n_calls < evaluation else (loss, np.array([0, 0, 0, slope]))

    n_calls = 0
    message = rf"^Training diverged.*: loss = {loss}, gradient norm = {slope}\. Scale X"
    with pytest.raises(ValueError, match=message):
        run(loss_gradient)
    assert n_calls == evaluation


def test_remedies_against_divergence():
    """Parameters of the other solvers are none."""
    with pytest.raises(ValueError, match=r"Scale X to about unit variance") as error:
        run(lambda theta: (np.nan, theta))
    assert "learning_rate_init" not in str(error.value)
    assert "max_grad_norm" not in str(error.value)


@pytest.mark.parametrize("where", ["begin", "loss", "end"])
def test_interrupt_goes_on_to_the_caller(where):
    log = Log(rosenbrock)

    def third(call, do):
        def called(*args):
            if call == where and len(log.told) == 2:
                raise KeyboardInterrupt
            return do(*args)

        return called

    solver = LBFGS(third("loss", log), 1000, 10_000, 1e-6)
    with pytest.raises(KeyboardInterrupt):
        solver.run(FAR.copy(), third("begin", log.begin), third("end", log.end))
    assert log.frames == ["begin", "end"] * 2 + ["begin"] * (where != "begin")
    assert not solver.converged


def test_no_slowing_down():
    assert not LBFGS(rosenbrock, 5, 100, 1e-6).slow_down()
