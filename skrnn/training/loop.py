"""The training loop: what a solver does, until nothing improves."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skrnn.training.divergence import divergence
from skrnn.training.solver import Solver


class Epoch(NamedTuple):
    """What one epoch has come to."""

    loss: float  # mean over its minibatches
    gradient_norm: float  # the same
    score: float | None  # on the validation part, None without one


class Standing(NamedTuple):
    """Where training stands after an epoch.

    It is replaced as a whole: a KeyboardInterrupt may come between any two lines.
    """

    n_iter: int
    best: float  # the least loss, negative, or the greatest validation score
    n_idle: int  # epochs in a row without an improvement
    theta: np.ndarray | None  # the weights to keep


class Trainer:
    """Run a solver under the stopping rule of scikit-learn's MLP.

    Parameters
    ----------
    solver : Solver
    tol, n_iter_no_change, verbose
        As in the estimators.
    validation_score : callable or None
        ``validation_score(theta)``; when given, it decides on stopping instead of the loss, and
        the best epoch's theta is kept. NaN, or infinite, where theta predicts no numbers.

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
        validation_score: Callable[[np.ndarray], float] | None = None,
    ) -> None:
        self.solver = solver
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.validation_score = validation_score
        self.converged = self.interrupted = self.stopped = False
        self._epochs: list[Epoch] = []
        self._standing = Standing(0, -np.inf, 0, None)

    @property
    def n_iter(self):
        return self._standing.n_iter

    @property
    def best(self):
        """The best validation score."""
        return self._standing.best

    @property
    def loss_curve(self):
        """Mean loss of each epoch."""
        return [epoch.loss for epoch in self._complete]

    @property
    def gradient_norms(self):
        """Mean norm of the gradients of each epoch."""
        return [epoch.gradient_norm for epoch in self._complete]

    @property
    def validation_scores(self):
        """Score of each epoch; empty without a validation part."""
        return [epoch.score for epoch in self._complete if epoch.score is not None]

    @property
    def _complete(self):
        return self._epochs[: self.n_iter]

    def run(self, theta, monitor, *, is_trained=False):
        """Train ``theta`` in place; ``monitor.begin()`` and ``monitor.end()`` frame each epoch.

        ``monitor.end()`` returns whether to stop. If theta ``is_trained`` already, it is kept
        where its validation score is the best. A KeyboardInterrupt ends training after the last
        epoch that was complete; if there is none, it goes on to the caller.
        """
        if is_trained and self.validation_score is not None:
            score = self.validation_score(theta)
            if np.isfinite(score):
                self._standing = Standing(0, score, 0, theta.copy())

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
        if self.converged and self._standing.n_idle > self.n_iter_no_change:
            what = "Training loss" if self.validation_score is None else "Validation score"
            self._report(
                f"{what} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs. Stopping."
            )

    def _assess(self, theta, loss, norm):
        """Take an epoch into account, and decide whether there is a point in another."""
        n_iter, best, n_idle, kept = self._standing
        merit, score = -loss, None
        if self.validation_score is not None:
            merit = score = self.validation_score(theta)
            if not np.isfinite(score):
                raise divergence(
                    f"Training diverged in epoch {n_iter + 1}: validation score = {score}.",
                    self.solver.remedies,
                )
        if self.validation_score is None or merit > best:
            kept = theta.copy()
        n_idle = n_idle + 1 if merit < best + self.tol else 0
        may_go_on = n_idle <= self.n_iter_no_change
        if not may_go_on and self.solver.slow_down():
            n_idle, may_go_on = 0, True
        self._epochs[n_iter:] = [Epoch(loss, norm, score)]
        self._standing = Standing(n_iter + 1, max(best, merit), n_idle, kept)
        self.converged = not may_go_on
        self._report(f"Iteration {self.n_iter}, loss = {loss:.8f}")
        if score is not None:
            self._report(f"Validation score: {score:f}")

    def _report(self, line):
        if self.verbose:
            print(line)
