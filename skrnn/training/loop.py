"""The training loop: epochs of shuffled minibatches until nothing improves."""

import numpy as np
from sklearn.utils import gen_batches


class Trainer:
    """Minimise a loss by minibatches, with the stopping rule of scikit-learn's MLP.

    Parameters
    ----------
    loss_gradient : callable
        ``loss_gradient(theta, index)`` gives the mean loss on the samples ``index`` and its
        gradient.
    n_samples : int
    optimizer : one of skrnn.training.optimizers
    batch_size, max_iter, shuffle, tol, n_iter_no_change, max_grad_norm, verbose
        As in the estimators.
    rng : numpy.random.Generator
        Shuffles.
    validation_score : callable or None
        ``validation_score(theta)``; when given, it decides on stopping instead of the loss, and
        the best epoch's theta is kept. NaN, or infinite, where theta predicts no numbers.

    Attributes
    ----------
    loss_curve : list of float
        Mean loss of each epoch.
    validation_scores : list of float
    converged : bool
        Whether training stopped because nothing improved.
    """

    def __init__(
        self,
        loss_gradient,
        *,
        n_samples,
        optimizer,
        batch_size,
        max_iter,
        shuffle,
        tol,
        n_iter_no_change,
        max_grad_norm,
        verbose,
        rng,
        validation_score=None,
    ):
        self.loss_gradient = loss_gradient
        self.n_samples = n_samples
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.max_grad_norm = np.inf if max_grad_norm is None else float(max_grad_norm)
        self.verbose = verbose
        self.rng = rng
        self.validation_score = validation_score
        self.loss_curve = []
        self.validation_scores = []
        self.converged = False

    def run(self, theta, monitor):
        """Train ``theta`` in place; ``monitor.begin()`` and ``monitor.end()`` frame each epoch.

        ``monitor.end()`` returns whether to stop.
        """
        best, best_theta, n_idle = -np.inf, None, 0
        for _ in range(self.max_iter):
            monitor.begin()
            self.loss_curve.append(self._epoch(theta))
            self._report(f"Iteration {self.n_iter}, loss = {self.loss_curve[-1]:.8f}")
            merit = -self.loss_curve[-1]
            if self.validation_score is not None:
                merit = self.validation_score(theta)
                if not np.isfinite(merit):
                    raise self._divergence(
                        f"Training diverged in epoch {self.n_iter}: validation score = {merit}."
                    )
                self.validation_scores.append(merit)
                self._report(f"Validation score: {merit:f}")
            n_idle = n_idle + 1 if merit < best + self.tol else 0
            if merit > best:
                best = merit
                best_theta = theta.copy() if self.validation_score is not None else None
            self.converged = n_idle > self.n_iter_no_change
            if monitor.end() or self.converged:
                break
        if self.converged:
            what = "Training loss" if self.validation_score is None else "Validation score"
            self._report(
                f"{what} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs. Stopping."
            )
        if best_theta is not None:
            theta[:] = best_theta

    @property
    def n_iter(self):
        return len(self.loss_curve)

    def _report(self, line):
        if self.verbose:
            print(line)

    def _divergence(self, what):
        remedies = ["Scale the features to about one", "lower learning_rate_init"]
        if self.max_grad_norm == np.inf:
            remedies.append("set max_grad_norm (e.g. 1.0)")
        return ValueError(f"{what} {', '.join(remedies[:-1])}, or {remedies[-1]}.")

    def _epoch(self, theta):
        """One pass over the samples; the mean loss."""
        order = np.arange(self.n_samples)
        if self.shuffle:
            self.rng.shuffle(order)
        total = 0.0
        for batch in gen_batches(self.n_samples, self.batch_size):
            index = order[batch]
            loss, gradient = self.loss_gradient(theta, index)
            norm = float(np.linalg.norm(gradient.astype(np.float64)))  # float32 would overflow
            # What is left after clipping needs a square, for Adam's second moment.
            largest = np.sqrt(np.finfo(gradient.dtype).max)
            if not (np.isfinite(loss + norm) and min(norm, self.max_grad_norm) < largest):
                raise self._divergence(
                    f"Training diverged in epoch {self.n_iter + 1}: loss = {loss}, gradient norm "
                    f"= {norm}."
                )
            if norm > self.max_grad_norm:
                gradient *= self.max_grad_norm / norm
            self.optimizer.step(theta, gradient)
            total += loss * len(index)
        if not np.isfinite(theta).all():
            raise self._divergence(f"Epoch {self.n_iter + 1} left weights that are not finite.")
        return total / self.n_samples
