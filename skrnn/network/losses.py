"""Losses. Each owns its link and its gradient in the space of raw predictions.

Raw predictions and targets are (n_samples, n_outputs); ``loss_gradient`` is of the mean loss.
The inverse link of numbers is ``inverse_link``; that of classes is ``log_proba``
(n_samples, n_classes), in logarithms, as a probability may be too small for a float.
"""

import numpy as np
from scipy.special import expit, log_expit, log_softmax


class SquaredError:
    """Half the squared error, averaged over samples and outputs."""

    out_activation = "identity"

    @staticmethod
    def loss_gradient(raw, y):
        residual = raw - y
        return 0.5 * float(np.vdot(residual, residual)) / residual.size, residual / residual.size

    @staticmethod
    def inverse_link(raw):
        return raw


class BinaryLogLoss:
    """Negative log-likelihood of targets 0 and 1 under a logistic output."""

    out_activation = "logistic"

    @staticmethod
    def loss_gradient(raw, y):
        return float(np.mean(np.logaddexp(0, raw) - y * raw)), (expit(raw) - y) / len(raw)

    @staticmethod
    def log_proba(raw):
        return log_expit(np.hstack([-raw, raw]))


class MultinomialLogLoss:
    """Negative log-likelihood of one-hot targets under a softmax output."""

    out_activation = "softmax"

    @staticmethod
    def loss_gradient(raw, y):
        log_p = MultinomialLogLoss.log_proba(raw)
        return -float(np.sum(y * log_p)) / len(raw), (np.exp(log_p) - y) / len(raw)

    @staticmethod
    def log_proba(raw):
        return log_softmax(raw, axis=1)
