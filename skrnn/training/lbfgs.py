"""L-BFGS: few, long steps on all samples at once."""

import numpy as np
from scipy.optimize import minimize

from skrnn.training.divergence import divergence


class LBFGS:
    """SciPy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995); an epoch is one of its iterations.

    Parameters
    ----------
    loss_gradient : callable
        ``loss_gradient(theta)`` gives the loss on all samples and its gradient.
    max_iter : int
        The maximum number of iterations.
    max_fun : int
        The maximum number of evaluations of the loss.
    tol : float
        The search ends where no component of the gradient is larger.
    """

    def __init__(self, loss_gradient, max_iter, max_fun, tol):
        self.loss_gradient = loss_gradient
        self.max_iter = max_iter
        self.max_fun = max_fun
        self.tol = tol
        self.converged = False

    remedies = ("increase alpha", "use another solver")

    @property
    def limit(self):
        return f"max_iter={self.max_iter} iterations or max_fun={self.max_fun} evaluations"

    def run(self, theta, begin_epoch, end_epoch):
        """Train theta in place until ``end_epoch(theta, loss, norm)`` says to stop."""
        norms: dict[float, float] = {}  # of the gradients since the last iteration, by the loss
        last: tuple[float, float] = (np.nan, np.nan)  # loss and norm of the last iteration
        is_first, stopped = True, False

        def evaluate(x):
            nonlocal last, is_first
            if not norms:
                begin_epoch()
            theta[:] = x
            loss, gradient = self.loss_gradient(theta)
            gradient = gradient.astype(np.float64)
            norms[loss] = float(np.linalg.norm(gradient))
            if not np.isfinite(loss + norms[loss]):
                raise divergence(
                    f"Training diverged: loss = {loss}, gradient norm = {norms[loss]}.",
                    self.remedies,
                )
            if is_first:
                last, is_first = (loss, norms[loss]), False
            return loss, gradient

        def after_iteration(intermediate_result):
            nonlocal last, stopped
            theta[:] = intermediate_result.x
            loss = float(intermediate_result.fun)
            last = loss, norms[loss]
            norms.clear()
            stopped = end_epoch(theta, *last)
            if stopped:
                raise StopIteration

        result = minimize(
            evaluate, theta.astype(np.float64), jac=True, method="L-BFGS-B",
            callback=after_iteration,
            options={"maxiter": self.max_iter, "maxfun": self.max_fun, "gtol": self.tol},
        )  # fmt: skip
        if norms:  # the start is a minimum, or the search has found nothing better
            theta[:] = result.x
            end_epoch(theta, *last)
        # Status 1 is a limit. 2 is a search that finds nothing better in this precision.
        self.converged = result.status != 1 and not stopped

    def slow_down(self):
        """The line search decides on its steps by itself."""
        return False
