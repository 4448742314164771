"""Estimators of numbers."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import Interval, StrOptions, fit_context
from skrnn._warnings import warn
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.targets import Numbers


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
        raw = self._raw(X)
        return self._target.decode(raw)

    def _make_target(self, y):
        if self.quantile != 0.5 and self.loss != "quantile":
            warn(
                f"quantile={self.quantile} has no effect with loss={self.loss!r}. Set "
                f"loss='quantile' to predict a quantile."
            )
        return Numbers(self.loss, self.quantile, self.normalize_y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
