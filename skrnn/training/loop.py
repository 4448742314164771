"""The training loop: what a solver does, until nothing improves."""

import numpy as np

from skrnn.training.divergence import divergence


class Trainer:
    """Run a solver under the stopping rule of scikit-learn's MLP.

    Parameters
    ----------
    solver : MinibatchDescent or LBFGS
    tol, n_iter_no_change, verbose
        As in the estimators.
    validation_score : callable or None
        ``validation_score(theta)``; when given, it decides on stopping instead of the loss, and
        the best epoch's theta is kept. NaN, or infinite, where theta predicts no numbers.

    Attributes
    ----------
    loss_curve : list of float
        Mean loss of each epoch.
    gradient_norms : list of float
        Mean norm of the gradients of each epoch.
    validation_scores : list of float
    converged : bool
        Whether training stopped because nothing improved.
    interrupted : bool
        Whether it stopped on a KeyboardInterrupt.
    stopped : bool
        Whether it stopped because the monitor said so.
    """

    def __init__(self, solver, *, tol, n_iter_no_change, verbose, validation_score=None):
        self.solver = solver
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.validation_score = validation_score
        self.loss_curve = []
        self.gradient_norms = []
        self.validation_scores = []
        self.converged = self.interrupted = self.stopped = False
        self.best, self.n_idle = -np.inf, 0

    def run(self, theta, monitor, *, is_trained=False):
        """Train ``theta`` in place; ``monitor.begin()`` and ``monitor.end()`` frame each epoch.

        ``monitor.end()`` returns whether to stop. If theta ``is_trained`` already, it is kept
        where its validation score is the best. A KeyboardInterrupt ends training after the last
        epoch that was complete; if there is none, it goes on to the caller.
        """
        if is_trained and self.validation_score is not None:
            self.best, self.kept = self.validation_score(theta), theta.copy()

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
        theta[:] = self.kept
        self.converged = self.converged or self.solver.converged
        if self.converged and self.n_idle > self.n_iter_no_change:
            what = "Training loss" if self.validation_score is None else "Validation score"
            self._report(
                f"{what} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs. Stopping."
            )

    @property
    def n_iter(self):
        return len(self.loss_curve)

    def _assess(self, theta, loss, norm):
        """Take an epoch into account, and decide whether there is a point in another."""
        merit, scores = -loss, []
        if self.validation_score is not None:
            merit = self.validation_score(theta)
            if not np.isfinite(merit):
                raise divergence(
                    f"Training diverged in epoch {self.n_iter + 1}: validation score = {merit}.",
                    self.solver.remedies,
                )
            scores = [merit]
        if self.validation_score is None or merit > self.best:
            self.kept = theta.copy()
        self.loss_curve.append(loss)
        self.gradient_norms.append(norm)
        self.validation_scores += scores
        self.n_idle = self.n_idle + 1 if merit < self.best + self.tol else 0
        self.best = max(self.best, merit)
        if self.n_idle > self.n_iter_no_change:
            if self.solver.slow_down():
                self.n_idle = 0
            else:
                self.converged = True
        self._report(f"Iteration {self.n_iter}, loss = {loss:.8f}")
        for score in scores:
            self._report(f"Validation score: {score:f}")

    def _report(self, line):
        if self.verbose:
            print(line)
