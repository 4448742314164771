"""Stochastic gradient descent: epochs of minibatches."""

import numpy as np

from skrnn.training.divergence import divergence


class MinibatchDescent:
    """Epochs of steps of an optimizer, one for each minibatch.

    Parameters
    ----------
    loss_gradient : callable
        ``loss_gradient(theta, index)`` gives the mean loss on the samples ``index`` and its
        gradient.
    batches : Batches
    optimizer : one of skrnn.training.optimizers
    schedule : one of skrnn.training.schedules
    max_iter : int
        The maximum number of epochs.
    max_grad_norm : float or None
        Clip gradients to this L2 norm; None disables clipping.
    """

    def __init__(self, loss_gradient, batches, optimizer, schedule, max_iter, max_grad_norm=None):
        self.loss_gradient = loss_gradient
        self.batches = batches
        self.optimizer = optimizer
        self.schedule = schedule
        self.max_iter = max_iter
        self.max_grad_norm = np.inf if max_grad_norm is None else float(max_grad_norm)

        self.converged = False

    @property
    def remedies(self):
        clip = ["set max_grad_norm (e.g. 1.0)"] if self.max_grad_norm == np.inf else []
        return ["lower learning_rate_init", *clip]

    @property
    def limit(self):
        return f"max_iter={self.max_iter} epochs"

    def run(self, theta, begin_epoch, end_epoch):
        """Train theta in place until ``end_epoch(theta, loss, norm)`` says to stop."""
        for epoch in range(self.max_iter):
            begin_epoch()
            if end_epoch(theta, *self._epoch(theta, epoch)):
                return
        self.converged = self.schedule.ends

    def slow_down(self):
        """Whether the learning rate could be lowered."""
        return self.schedule.slow_down()

    def _epoch(self, theta, epoch):
        """One pass over the samples: the mean loss and the mean norm of the gradients."""
        batches = list(self.batches)
        total, total_norm, n_samples = 0.0, 0.0, sum(map(len, batches))
        for k, index in enumerate(batches):
            loss, gradient = self.loss_gradient(theta, index)
            norm = self._norm(gradient)
            # What is left after clipping needs a square, for Adam's second moment.
            largest = np.sqrt(np.finfo(gradient.dtype).max)
            if not (np.isfinite(loss + norm) and min(norm, self.max_grad_norm) < largest):
                raise divergence(
                    f"Training diverged in epoch {epoch + 1}: loss = {loss}, gradient norm = "
                    f"{norm}.",
                    self.remedies,
                )
            total += loss * len(index)
            total_norm += norm * len(index)
            if norm == 0:  # as where no step of a chunk has a label
                continue
            if norm > self.max_grad_norm:
                gradient *= self.max_grad_norm / norm
            rate = self.schedule.rate(epoch + (k + 0.5) / len(batches), n_samples)
            self.optimizer.step(theta, gradient, rate)
        if not np.isfinite(theta).all():
            raise divergence(
                f"Training diverged: some weights are NaN or infinite after epoch {epoch + 1}.",
                self.remedies,
            )
        return total / n_samples, total_norm / n_samples

    @staticmethod
    def _norm(gradient):
        with np.errstate(over="ignore"):  # infinite is what the caller looks for
            return float(np.linalg.norm(gradient.astype(np.float64)))
