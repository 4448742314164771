"""Losses: each owns its link and its gradient in the space of raw predictions.

Raw predictions are (n_samples, n_outputs), and so are targets, but for classes. Every loss has an
inverse link: ``inverse_link`` of numbers; ``log_proba`` (n_samples, n_classes) of classes, in
logarithms, as a probability may be too small for a float.
"""

from typing import Protocol

import numpy as np
from scipy.special import expit, log_expit, log_softmax, xlogy


class Loss(Protocol):
    """What training minimises."""

    out_activation: str
    is_least_squares: bool  # whether a start by least squares is its minimum

    def loss_gradient(
        self, raw: np.ndarray, y: np.ndarray, weight: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """The mean loss and its gradient, given weights (n_samples, 1) that sum to one."""
        ...

    def start(self, y: np.ndarray, weight: np.ndarray) -> np.ndarray | float:
        """The raw prediction to begin with, (n_outputs,) or a number."""
        ...


class MeanLoss:
    """The weighted mean over the samples."""

    is_least_squares = False

    def elementwise(self, raw, y):
        """Terms that add up to each sample's loss, and their derivatives by ``raw``."""
        raise NotImplementedError  # each loss has its own

    def loss_gradient(self, raw, y, weight):
        loss, draw = self.elementwise(raw, y)
        return float(np.sum(weight * loss)), weight * draw

    def start(self, y, weight):
        return 0.0


class RegressionLoss(MeanLoss):
    """A loss of numbers: the mean over the outputs too."""

    out_activation = "identity"

    def loss_gradient(self, raw, y, weight):
        return super().loss_gradient(raw, y, weight / raw.dtype.type(raw.shape[1]))

    def start(self, y, weight):
        return np.average(y, axis=0, weights=weight)

    def inverse_link(self, raw):
        return raw

    def link(self, y, weight):
        """Raw predictions near the targets, for a start by least squares."""
        return y


class SquaredError(RegressionLoss):
    """Half the squared error; predicts the mean."""

    is_least_squares = True

    def elementwise(self, raw, y):
        residual = raw - y
        return residual * residual / 2, residual


class AbsoluteError(RegressionLoss):
    """The absolute error; predicts the median."""

    def elementwise(self, raw, y):
        residual = raw - y
        return np.abs(residual), np.sign(residual)


class Huber(RegressionLoss):
    """Half the squared error up to a residual of one, linear beyond (Huber 1964)."""

    def elementwise(self, raw, y):
        residual = raw - y
        clipped = np.clip(residual, -1, 1)
        return clipped * (residual - clipped / 2), clipped


class Pinball(RegressionLoss):
    """The pinball loss; predicts quantiles (Koenker & Bassett 1978).

    Several quantiles of a target have raw predictions side by side.
    """

    def __init__(self, quantile):
        self.quantiles = np.atleast_1d(np.asarray(quantile, np.float64))

    def elementwise(self, raw, y):
        residual = raw - self._of_quantiles(y)
        quantiles = np.tile(self.quantiles, y.shape[1]).astype(raw.dtype)
        slope = (residual > 0).astype(raw.dtype) - quantiles
        return slope * residual, slope

    def start(self, y, weight):
        return super().start(self._of_quantiles(y), weight)

    def link(self, y, weight):
        return self._of_quantiles(y)

    def _of_quantiles(self, y):
        """Each target once for each quantile, (n_samples, n_outputs)."""
        return np.repeat(y, len(self.quantiles), axis=1)


class Poisson(RegressionLoss):
    """Half the Poisson deviance with a logarithmic link; predicts the mean of counts."""

    out_activation = "exp"

    def elementwise(self, raw, y):
        mean = np.exp(raw)
        return mean - y + xlogy(y, y) - y * raw, mean - y

    def inverse_link(self, raw):
        return np.exp(raw)

    def start(self, y, weight):
        mean = super().start(y, weight)
        if not mean.all():
            raise ValueError(
                "y, or one of its columns, is 0 for all training sequences; loss='poisson' needs "
                "at least one value greater than 0. Drop that column, or choose another loss."
            )
        return np.log(mean)

    def link(self, y, weight):
        return np.log((y + super().start(y, weight)) / 2)  # finite where y is zero


class BinaryLogLoss(MeanLoss):
    """Negative log-likelihood of targets 0 and 1 under a logistic output."""

    out_activation = "logistic"

    def elementwise(self, raw, y):
        return np.logaddexp(0, raw) - y * raw, expit(raw) - y

    def log_proba(self, raw):
        return log_expit(np.hstack([-raw, raw]))


class MultilabelLogLoss(BinaryLogLoss):
    """The same for several labels, each independent of the others."""

    def log_proba(self, raw):
        return log_expit(raw)


class MultinomialLogLoss(MeanLoss):
    """Negative log-likelihood of classes under a softmax output; y (n, 1) has their numbers.

    With label smoothing (Szegedy et al. 2016) that share of a target is spread over all classes.
    """

    out_activation = "softmax"

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    def elementwise(self, raw, y):
        log_p, smoothing = self.log_proba(raw), raw.dtype.type(self.label_smoothing)
        of_class = np.arange(len(y)), y[:, 0].astype(np.intp)
        draw = np.exp(log_p)
        draw[of_class] -= 1 - smoothing
        loss = -(1 - smoothing) * log_p[of_class]
        if smoothing > 0:
            loss -= smoothing * log_p.mean(axis=1)
            draw -= smoothing / raw.dtype.type(raw.shape[1])
        return loss[:, np.newaxis], draw

    def log_proba(self, raw):
        return log_softmax(raw, axis=1)
