"""Targets that are numbers."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_absolute_error_score, d2_pinball_score, r2_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import Interval, StrOptions, fit_context
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.network.losses import AbsoluteError, Huber, Pinball, Poisson, SquaredError


@dataclass(eq=False, repr=False)
class RecurrentRegressor(RegressorMixin, RecurrentEstimator):
    """One or more numbers for each sequence.

    Parameters
    ----------
    loss : {'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson'}, \
            default='squared_error'
        What training minimises, and so what is predicted: the mean, the median, something between
        them (half the squared error up to a residual of 1 in the units of training, linear
        beyond), the ``quantile``, or the mean of counts under a logarithmic link. ``score`` is R²
        whatever the loss, so to select a quantile give ``scoring`` the pinball loss. The
        validation part is scored by R², by D² for absolute errors and quantiles.

    quantile : float, default=0.5
        Which quantile to predict with ``loss="quantile"``, between 0 and 1.

    normalize_y : bool, default=True
        Whether to train on targets standardised to mean 0 and variance 1 (with the Poisson loss
        to variance 1 only). Predictions are in the units of y either way; ``loss_curve_`` is in
        those of training.

    ar_steps : int, default=0
        The number of last steps of the input with a linear path straight to the output, trained
        together with the network and starting at the least-squares solution: the autoregressive
        part of LSTNet (Lai et al. 2018), for series that are nearly linear. The start is that of
        ridge regression with the penalty that minibatches add up to, ``alpha`` times n_samples by
        ``batch_size``; like the network itself it is to be trained on scaled X. At most the
        longest training sequence.
    """

    _: KW_ONLY
    loss: str = "squared_error"
    quantile: float = 0.5
    normalize_y: bool = True
    ar_steps: int = 0

    _parameter_constraints = {
        "loss": [StrOptions({"squared_error", "absolute_error", "huber", "quantile", "poisson"})],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
        "normalize_y": ["boolean"],
        "ar_steps": [Interval(Integral, 0, None, closed="left")],
    }

    @available_if(trains_by_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on more sequences, going on from the call before.

        The first call decides on the scale of the targets, so let it be representative, or scale
        them yourself and set ``normalize_y=False``.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, one for each sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sequence counts, not negative; None is 1 for all.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, if training diverges, or with
            ``early_stopping``, or ``learning_rate="adaptive"`` or ``"cosine"``, which need all of
            the data and the epochs. The estimator is then as it was.
        AttributeError
            With ``solver="lbfgs"``, which needs all of the data too.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X):
        """Predict the target of each sequence.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions, in the units and the shape of the y of ``fit``.
        """
        raw, _ = self._predict(X)
        with np.errstate(over="ignore"):
            y = self._loss.inverse_link(raw)
        if not np.isfinite(y).all():
            raise ValueError(
                f"The prediction for sequence {int(np.isfinite(y).all(axis=1).argmin())} is too "
                f"large for a float. Expected X like that of fit; is it scaled in the same way?"
            )
        return self._target_scaler.inverse_transform(y).reshape(len(y), *self._target_shape)

    def _n_ar_steps(self):
        return self.ar_steps

    def _make_loss(self):
        losses = {
            "squared_error": SquaredError,
            "absolute_error": AbsoluteError,
            "huber": Huber,
            "quantile": partial(Pinball, self.quantile),
            "poisson": Poisson,
        }
        return losses[self.loss]()

    def _validate_y(self, y):
        y = check_array(y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y")
        if y.ndim > 2:
            raise ValueError(
                f"y has shape {y.shape}; expected (n_samples,) or (n_samples, n_outputs), targets "
                f"of each sequence and not of each step."
            )
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(
                f"y has {y.min()} at sample {int(y.argmin()) // y[0].size}; loss='poisson' "
                f"expects no negative values. Choose another loss."
            )
        return y

    def _class_weight(self, y, weight):
        return 1.0

    def _encode_target(self, y, weight, *, reset):
        """The target in the units of training (n_samples, n_outputs), and what knows of them."""
        target = y.reshape(len(y), -1)
        if reset:
            scaler = StandardScaler(
                with_mean=self.normalize_y and self.loss != "poisson", with_std=self.normalize_y
            )
            kept = weight > 0
            scaler.fit(target[kept], sample_weight=weight[kept])
            shape = y.shape[1:]
        else:
            scaler, shape = self._target_scaler, self._target_shape
            if y.shape[1:] != shape:
                expected = ", ".join(["n_samples", *map(str, shape)])
                raise ValueError(
                    f"y has shape {y.shape}, but {type(self).__name__} was fitted with a y of "
                    f"shape ({expected})."
                )
        loss = self._make_loss()
        if not reset and loss.out_activation != self._loss.out_activation:
            raise ValueError(
                f"loss={self.loss!r} has the output activation {loss.out_activation!r}, but the "
                f"weights are of one with {self._loss.out_activation!r}. Fit a clone."
            )
        return scaler.transform(target), {
            "_target_scaler": scaler, "_target_shape": shape, "_loss": loss
        }  # fmt: skip

    def _validation_score(self, target, raw, weight):
        score = {
            "absolute_error": d2_absolute_error_score,
            "quantile": partial(d2_pinball_score, alpha=self.quantile),
        }.get(self.loss, r2_score)
        return score(target, self._loss.inverse_link(raw), sample_weight=weight)

    def _labels(self, target):
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
