"""The training loop: what a solver does, until nothing improves."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student_t

from skrnn.training.divergence import divergence
from skrnn.training.solver import Solver

CONFIDENCE = 0.95  # that an earlier epoch is better than the last one


class Validation(NamedTuple):
    """How good theta is on data that it is not trained on."""

    loss: float  # NaN, or infinite, where theta predicts no numbers
    score: float | None = None  # of a scorer, which then decides instead of the loss
    train_score: float | None = None  # the same on the training part
    losses: np.ndarray | None = None  # (n_samples,), if their scatter is to be heeded

    @property
    def merit(self):
        """What decides; greater is better."""
        return -self.loss if self.score is None else self.score

    def surely_beats(self, other):
        """Whether what is better is so beyond chance, by a paired t-test of the losses if known."""
        if self.losses is None:
            return True
        gains = other.losses - self.losses
        n_samples = len(gains)
        if n_samples < 2:
            return False
        error = gains.std(ddof=1) / np.sqrt(n_samples)
        return gains.mean() > student_t.ppf(CONFIDENCE, n_samples - 1) * error


class Epoch(NamedTuple):
    """What one epoch has come to."""

    loss: float  # mean over its minibatches
    gradient_norm: float  # the same
    validation: Validation | None


class Standing(NamedTuple):
    """Where training stands after an epoch.

    It is replaced as a whole: a KeyboardInterrupt may come between any two lines.
    """

    n_iter: int
    best: float  # the least loss, negative, or the greatest validation score
    n_idle: int  # epochs in a row without an improvement
    theta: np.ndarray | None  # the weights to keep: those of the best epoch, or of the last one
    best_theta: np.ndarray | None = None
    best_validation: Validation | None = None


class Trainer:
    """Run a solver under the stopping rule of scikit-learn's MLP.

    Parameters
    ----------
    solver : Solver
    tol, n_iter_no_change, verbose
        As in the estimators.
    validate : callable or None
        ``validate(theta)`` returns a Validation, which decides instead of the training loss: when
        to stop, and which epoch's theta is kept. Without an end to ``n_iter_no_change`` the last
        one is kept, unless its validation is surely beaten by the best one.

    Attributes
    ----------
    converged : bool
        Whether training stopped because nothing improved.
    interrupted : bool
        Whether it stopped on a KeyboardInterrupt.
    stopped : bool
        Whether it stopped because the monitor said so.
    """

    def __init__(
        self,
        solver: Solver,
        *,
        tol: float,
        n_iter_no_change: float,
        verbose: bool,
        validate: Callable[[np.ndarray], Validation] | None = None,
    ) -> None:
        self.solver = solver
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.validate = validate
        self.converged = self.interrupted = self.stopped = False
        self._epochs: list[Epoch] = []
        self._standing = Standing(0, -np.inf, 0, None)

    @property
    def n_iter(self):
        return self._standing.n_iter

    @property
    def best(self):
        """The least loss, negative; or the greatest validation score."""
        return self._standing.best

    @property
    def ran_out(self):
        """Whether training stopped as ``n_iter_no_change`` epochs brought no improvement."""
        return self.converged and self._standing.n_idle > self.n_iter_no_change

    @property
    def loss_curve(self):
        """Mean loss of each epoch."""
        return [epoch.loss for epoch in self._complete]

    @property
    def gradient_norms(self):
        """Mean norm of the gradients of each epoch."""
        return [epoch.gradient_norm for epoch in self._complete]

    @property
    def validations(self):
        """Validation of each epoch; empty without a validation part."""
        return [epoch.validation for epoch in self._complete if epoch.validation is not None]

    @property
    def _complete(self):
        return self._epochs[: self.n_iter]

    def run(self, theta, monitor, *, is_trained=False):
        """Train ``theta`` in place; ``monitor.begin()`` and ``monitor.end()`` frame each epoch.

        ``monitor.end()`` returns whether to stop. If theta ``is_trained`` already, it is kept
        where no epoch's validation is better. A KeyboardInterrupt ends training after the last
        epoch that was complete; if there is none, it goes on to the caller.
        """
        if is_trained and self.validate is not None:
            validation = self.validate(theta)
            if np.isfinite(validation.loss):
                kept, no_chance = theta.copy(), validation._replace(losses=None)
                self._standing = Standing(0, validation.merit, 0, kept, kept, no_chance)

        def end_epoch(theta, loss, norm):
            self._assess(theta, loss, norm)
            self.stopped = monitor.end()
            return self.stopped or self.converged

        try:
            self.solver.run(theta, monitor.begin, end_epoch)
        except KeyboardInterrupt:
            if self.n_iter == 0:
                raise
            self.interrupted = True
        theta[:] = self._standing.theta
        self.converged = self.converged or self.solver.converged
        if self.ran_out:
            self._report(
                f"{self._what_decides} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs. Stopping."
            )

    def _assess(self, theta, loss, norm):
        """Take an epoch into account, and decide whether there is a point in another."""
        n_iter, best, n_idle, _, best_theta, best_validation = self._standing
        merit, validation = -loss, None
        if self.validate is not None:
            validation = self.validate(theta)
            if not np.isfinite(validation.loss):
                raise divergence(
                    f"Training diverged in epoch {n_iter + 1}: validation loss = "
                    f"{validation.loss}.",
                    self.solver.remedies,
                )
            merit = validation.merit
        last = theta.copy()
        if merit > best:
            best_theta, best_validation = last, validation
        # On few sequences the best of many epochs may be so by chance, while the last one has come
        # to the end of the schedule.
        in_doubt = best_validation is None or not best_validation.surely_beats(validation)
        kept = last if in_doubt and self.n_iter_no_change == np.inf else best_theta
        n_idle = n_idle + 1 if merit < best + self.tol else 0
        may_go_on = n_idle <= self.n_iter_no_change
        if not may_go_on and self.solver.slow_down():
            n_idle, may_go_on = 0, True
        self._epochs[n_iter:] = [Epoch(loss, norm, validation)]
        self._standing = Standing(
            n_iter + 1, max(best, merit), n_idle, kept, best_theta, best_validation
        )
        self.converged = not may_go_on
        self._report(f"Iteration {self.n_iter}, loss = {loss:.8f}")
        if validation is not None:
            self._report(f"Validation loss: {validation.loss:.8f}")
            if validation.score is not None:
                self._report(f"Validation score: {validation.score:f}")

    @property
    def keeps_last(self):
        """Whether nothing decides on stopping: noise of the training loss is no merit then."""
        return self.validate is None and self.n_iter_no_change == np.inf

    @property
    def _what_decides(self):
        if self.validate is None:
            return "Training loss"
        scored = any(validation.score is not None for validation in self.validations)
        return "Validation score" if scored else "Validation loss"

    def _report(self, line):
        if self.verbose:
            print(line)
