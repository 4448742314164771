"""The training loop: when it stops, what it keeps and what it tells."""

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.neural_network import MLPRegressor

from skrnn.training import (
    LBFGS,
    SGD,
    Adaptive,
    Batches,
    Constant,
    MinibatchDescent,
    Trainer,
    Validation,
)


class Monitor:
    """Counts the epochs, and asks to stop after some, or is interrupted as one begins."""

    def __init__(self, stop_after=None, interrupt_at=None):
        self.stop_after = stop_after
        self.interrupt_at = interrupt_at
        self.calls = []

    def begin(self):
        if self.calls.count("end") + 1 == self.interrupt_at:
            raise KeyboardInterrupt
        self.calls.append("begin")

    def end(self):
        self.calls.append("end")
        return self.calls.count("end") == self.stop_after


class Script:
    """A solver with given losses; theta counts the epochs, and the norms are their squares."""

    remedies = ("lower learning_rate_init",)

    def __init__(self, losses, *, n_slow_downs=0, converged=False, interrupt_at=None):
        self.losses = losses
        self.n_slow_downs = n_slow_downs
        self.would_converge = converged
        self.interrupt_at = interrupt_at
        self.converged = False
        self.slowed = []

    def run(self, theta, begin_epoch, end_epoch):
        for epoch, loss in enumerate(self.losses, 1):
            self.epoch = epoch
            begin_epoch()
            theta += 0.5
            if epoch == self.interrupt_at:
                raise KeyboardInterrupt
            theta += 0.5
            if end_epoch(theta, loss, float(epoch**2)):
                return
        self.converged = self.would_converge

    def slow_down(self):
        self.slowed.append(self.epoch)
        return len(self.slowed) <= self.n_slow_downs


def run(solver, monitor=None, **options):
    """The theta at the end, from zeros, and the trainer."""
    options = {"tol": 0.0, "n_iter_no_change": np.inf, "verbose": False} | options
    theta, trainer = np.zeros(2), Trainer(solver, **options)
    trainer.run(theta, monitor or Monitor())
    return theta, trainer


def scripted(losses):
    """A validation that gives these losses, one after the other; interrupted at None."""
    remaining = iter(losses)

    def validate(theta):
        value = next(remaining)
        if value is None:
            raise KeyboardInterrupt
        return Validation(float(value))

    return validate


def validation_losses(trainer):
    return [validation.loss for validation in trainer.validations]


def mean_loss(theta, index):
    """Half the squared distance to ones, of every sample."""
    return 0.5 * float(np.sum((theta - 1) ** 2)), theta - 1


def descent(schedule=None, max_iter=20):
    batches = Batches(7, 3)
    return MinibatchDescent(
        mean_loss, batches, SGD(0.0, False), schedule or Constant(0.1), max_iter
    )


def lbfgs(max_iter=20):
    """On Rosenbrock's function, which takes more iterations."""

    def loss_gradient(theta):
        x, y = theta
        ascent = y - x * x
        slope = np.array([-400 * x * ascent - 2 * (1 - x), 200 * ascent])
        return float(100 * ascent**2 + (1 - x) ** 2), slope

    return LBFGS(loss_gradient, max_iter, 1000, 1e-9)


# Losses, tol, the number of epochs without improvement that are allowed, and the epochs that run.
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
    """By the training loss, or by that of validation, whatever the training loss does then."""
    options = {"tol": tol, "n_iter_no_change": n_iter_no_change}
    if validate:
        options["validate"] = scripted(losses)
    monitor = Monitor()
    _, trainer = run(Script(range(len(losses)) if validate else losses), monitor, **options)
    expected = n_epochs or len(losses)
    assert trainer.n_iter == expected
    assert trainer.converged == (n_epochs is not None)
    assert not trainer.stopped
    assert not trainer.interrupted
    assert monitor.calls == ["begin", "end"] * expected
    assert trainer.gradient_norms == [epoch**2 for epoch in range(1, expected + 1)]
    if validate:
        assert validation_losses(trainer) == losses[:expected]
        assert trainer.loss_curve == list(range(expected))
    else:
        assert trainer.validations == []
        assert trainer.loss_curve == losses[:expected]


@pytest.mark.parametrize("converged", [False, True])
def test_solver_may_converge(converged):
    """At an end of its own, whatever n_iter_no_change."""
    _, trainer = run(Script([3.0, 2.0, 1.0], converged=converged))
    assert trainer.n_iter == 3
    assert trainer.converged == converged


@pytest.mark.parametrize(
    ("n_slow_downs", "slowed", "n_epochs"),
    [(0, [3], 3), (1, [3, 5], 5), (2, [3, 5, 7], 7), (9, [3, 5, 7, 9, 11], 12)],
)
def test_slowing_down_instead_of_stopping(n_slow_downs, slowed, n_epochs):
    """The best loss stays, the count of epochs without improvement begins anew."""
    script = Script([5] * 12, n_slow_downs=n_slow_downs)
    _, trainer = run(script, tol=0.1, n_iter_no_change=1)
    assert script.slowed == slowed
    assert trainer.n_iter == n_epochs
    assert trainer.converged == (n_epochs < 12)


@pytest.mark.parametrize("rate", [0.1, 1e-5, 1e-6])
@pytest.mark.parametrize("n_iter_no_change", [1, 4])
def test_adaptive_schedule_of_scikit_learn(rate, n_iter_no_change):
    """Nothing is an improvement after the first epoch, as tol is that large."""
    mlp = MLPRegressor(
        hidden_layer_sizes=(), solver="sgd", learning_rate="adaptive", learning_rate_init=rate,
        tol=1e9, n_iter_no_change=n_iter_no_change, max_iter=100, random_state=0,
    ).fit(np.zeros((7, 1)), np.zeros(7))  # fmt: skip
    schedule = Adaptive(rate)
    _, trainer = run(descent(schedule, max_iter=100), tol=1e9, n_iter_no_change=n_iter_no_change)
    assert trainer.n_iter == mlp.n_iter_
    assert trainer.converged
    assert schedule.learning_rate == mlp._optimizer.learning_rate


@pytest.mark.parametrize("validate", [False, True])
@pytest.mark.parametrize(
    ("losses", "best"),
    [([3, 1, 2, 4], 2), ([4, 3, 2, 1], 4), ([1, 2, 3, 4], 1), ([3, 1, 1, 2], 2), ([5, -1, 9], 2)],
)
def test_best_theta_is_kept(losses, best, validate):
    """The first of equals, by the training loss or by that of validation."""
    if validate:
        theta, trainer = run(Script([0.0] * len(losses)), validate=scripted(losses))
    else:
        theta, trainer = run(Script(losses), n_iter_no_change=10)
    np.testing.assert_array_equal(theta, best)
    assert trainer.best == -min(losses)


def validated(*losses, first=None, **options):
    """The theta that is kept, given the losses of the sequences after each epoch."""
    remaining = iter(losses if first is None else [first, *losses])

    def validate(theta):
        of_sequences = np.array(next(remaining), float)
        return Validation(of_sequences.mean(), losses=of_sequences)

    trainer = Trainer(
        Script([0.0] * len(losses)), validate=validate,
        **({"tol": 0.0, "n_iter_no_change": np.inf, "verbose": False} | options),
    )  # fmt: skip
    theta = np.zeros(1)
    trainer.run(theta, Monitor(), is_trained=first is not None)
    return theta.item()


def test_the_best_epoch_has_to_beat_the_last_one_beyond_chance():
    """Epochs 2 and 4 of these are better than the last one, the latter by chance or not."""
    noise = np.array([0.0, 2.0, 4.0, 6.0, 8.0])
    gains = np.array([3.0, 1.0, -1.0, 0.0, 0.0])  # 0.6 on average, with an error of 0.68
    assert validated(noise + 9, noise - 0.5, noise + 9, noise - gains, noise) == 5
    assert validated(noise + 9, noise - 0.5, noise + 9, noise - 0.7, noise) == 4
    assert validated(noise, noise - gains, noise - 0.1) == 3
    # Not where training may end as nothing improves, nor against what was trained before.
    assert validated(noise, noise - gains, noise, n_iter_no_change=9) == 2
    assert validated(noise + 1, noise, first=noise - gains) == 0
    assert validated(noise - gains, noise, first=noise + 1) == 2


@pytest.mark.parametrize("n_sequences", [2, 3, 9, 400])
def test_chance_is_that_of_a_paired_t_test(n_sequences):
    rng = np.random.default_rng(0)
    outcomes = []
    for _ in range(50):
        best, last = rng.gamma(1.0, size=(2, n_sequences))
        last += rng.uniform(0, 4 / np.sqrt(n_sequences))
        is_sure = ttest_rel(last, best, alternative="greater").pvalue < 0.05
        assert Validation(0.0, losses=best).surely_beats(Validation(0.0, losses=last)) == is_sure
        outcomes.append(is_sure)
    assert 0 < sum(outcomes) < 50


def test_one_sequence_is_never_sure():
    assert validated([1.0], [0.0], [2.0]) == 3


def test_a_score_decides_instead_of_the_loss():
    """The greatest, whatever the losses; the score on the training part is written down only."""
    scores, remaining = [0.5, 0.75, 0.75, 0.25], iter([0.5, 0.75, 0.75, 0.25])

    def validate(theta):
        return Validation(loss=-float(theta[0]), score=next(remaining), train_score=theta[0])

    theta, trainer = run(Script([0.0] * 4), validate=validate, n_iter_no_change=1, tol=0.1)
    np.testing.assert_array_equal(theta, 2)
    assert trainer.best == 0.75
    assert (
        [v.score for v in trainer.validations] == [v.merit for v in trainer.validations] == scores
    )
    assert validation_losses(trainer) == [-1, -2, -3, -4]
    assert [v.train_score for v in trainer.validations] == [1, 2, 3, 4]
    assert trainer.converged


@pytest.mark.parametrize(
    ("first", "best"), [(0.5, 0), (1.5, 2), (np.nan, 2), (np.inf, 2)], ids=repr
)
def test_trained_theta_is_kept_if_its_validation_is_the_best(first, best):
    """Where it has one: what overflows is no better than anything."""
    theta = np.zeros(2)
    trainer = Trainer(
        Script([0.0] * 3), tol=0, n_iter_no_change=9, verbose=False,
        validate=scripted([first, 2, 1, 3]),
    )  # fmt: skip
    trainer.run(theta, Monitor(), is_trained=True)
    np.testing.assert_array_equal(theta, best)
    assert trainer.best == (-first if first < 1 else -1)


def test_improvement_by_less_than_tol_is_kept():
    theta, _ = run(Script([2.0, 1.75, 1.5, 1.75]), tol=1.0, n_iter_no_change=10)
    np.testing.assert_array_equal(theta, 3)


def test_the_last_theta_is_kept_where_nothing_decides():
    theta, trainer = run(Script([2.0, 1.0, 1.5]))
    np.testing.assert_array_equal(theta, 3)
    assert trainer.keeps_last


def test_validation_sees_theta_after_the_epoch():
    seen = []

    def validate(theta):
        seen.append(theta.tolist())
        return Validation(0.0)

    run(Script([0.0] * 3), validate=validate)
    assert seen == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("validate", [False, True])
@pytest.mark.parametrize("solver", [lambda: Script([3.0] * 9), descent, lbfgs])
def test_monitor_stops(solver, validate):
    """Which is no convergence."""
    monitor = Monitor(stop_after=3)
    options = {"validate": scripted([3.0, 2.0, 1.0])} if validate else {}
    _, trainer = run(solver(), monitor, **options)
    assert trainer.n_iter == 3
    assert monitor.calls == ["begin", "end"] * 3
    assert trainer.stopped
    assert not trainer.converged
    assert not trainer.interrupted


@pytest.mark.parametrize("solver", [lambda: Script([4.0, 3.0, 1.0, 2.0]), descent, lbfgs])
@pytest.mark.parametrize("validate", [False, True])
def test_interrupt_keeps_the_best_complete_epoch(solver, validate):
    """By the training loss the second, by that of validation the first."""
    options = {"validate": scripted([1.0, 2.0])} if validate else {}
    theta, trainer = run(solver(), Monitor(interrupt_at=3), **options)
    expected, _ = run(solver(), Monitor(stop_after=1 if validate else 2))
    np.testing.assert_array_equal(theta, expected)
    assert trainer.n_iter == len(trainer.gradient_norms) == 2
    assert trainer.interrupted
    assert not trainer.converged
    assert not trainer.stopped


def test_interrupt_within_an_epoch():
    """What it has done to theta is undone."""
    theta, trainer = run(Script([3.0, 2.0, 1.0], interrupt_at=3))
    np.testing.assert_array_equal(theta, 2)
    assert trainer.loss_curve == [3.0, 2.0]
    assert trainer.interrupted


def test_interrupt_of_the_validation():
    """The epoch is not complete without it."""
    theta, trainer = run(Script([5.0, 4.0, 3.0]), validate=scripted([2, 1, None]))
    np.testing.assert_array_equal(theta, 2)
    assert validation_losses(trainer) == [2, 1]
    assert trainer.loss_curve == [5.0, 4.0]
    assert trainer.gradient_norms == [1.0, 4.0]
    assert trainer.n_iter == 2
    assert trainer.interrupted


@pytest.mark.parametrize(
    ("solver", "monitor", "losses"),
    [
        (Script([3.0]), Monitor(interrupt_at=1), [1]),
        (Script([3.0], interrupt_at=1), Monitor(), [1]),
        (Script([3.0]), Monitor(), [None]),
    ],
    ids=["as it begins", "within", "in its validation"],
)
def test_interrupt_of_the_first_epoch_goes_on_to_the_caller(solver, monitor, losses):
    with pytest.raises(KeyboardInterrupt):
        run(solver, monitor, validate=scripted(losses))


@pytest.mark.parametrize("loss", [np.nan, -np.inf, np.inf])
def test_divergence_of_the_validation(loss):
    message = rf"diverged in epoch 2: validation loss = {loss}\. Scale X"
    with pytest.raises(ValueError, match=message):
        run(Script([1.0, 1.0]), validate=scripted([0.5, loss]))


@pytest.mark.parametrize(
    ("validation", "more", "what"),
    [
        (None, [], "Training loss"),
        (Validation(0.5), ["Validation loss: 0.50000000"], "Validation loss"),
        (
            Validation(0.5, 0.25, 0.75),
            ["Validation loss: 0.50000000", "Validation score: 0.250000"],
            "Validation score",
        ),
    ],
)
def test_verbose(validation, more, what, capsys):
    options = {} if validation is None else {"validate": lambda theta: validation}
    losses = [1.0, 1.0 / 3, 1.0 / 4]
    run(Script(losses), verbose=True, n_iter_no_change=1, tol=2.0, **options)
    printed = capsys.readouterr().out.splitlines()
    expected = [f"Iteration {k}, loss = {loss:.8f}" for k, loss in enumerate(losses, 1)]
    expected = [line for first in expected for line in (first, *more)]
    stop = f"{what} did not improve more than tol=2.000000 for 1 consecutive epochs. Stopping."
    assert printed == [*expected, stop]
    run(Script(losses), **options)
    assert capsys.readouterr().out == ""
