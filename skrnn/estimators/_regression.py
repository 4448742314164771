"""Estimators of numbers."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import Interval, StrOptions, fit_context
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.targets import Numbers, Target


@dataclass(eq=False, repr=False)
class RecurrentRegressor(RegressorMixin, RecurrentEstimator):
    """One or more numbers for each sequence.

    Parameters
    ----------
    loss : {'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson'}, \
            default='squared_error'
        The loss that training minimises. It decides what the model predicts. "squared_error": the
        mean. "absolute_error": the median. "huber": between the two (half the squared error for
        residuals up to 1, linear for larger ones; with ``normalize_y`` a residual of 1 is one
        standard deviation of y). "quantile": the quantile that ``quantile`` sets. "poisson": the
        mean of counts, with a logarithmic link. ``score`` is R² for every loss, so to tune a
        quantile model, pass the pinball loss as ``scoring`` of the search.

    quantile : float, default=0.5
        The quantile to predict, between 0 and 1. Only used with ``loss="quantile"``.

    normalize_y : bool, default=True
        Whether to standardise the targets for training, to mean 0 and variance 1 (with
        ``loss="poisson"`` to variance 1 only). Predictions are always in the units of y;
        ``loss_curve_`` has the loss of the standardised targets.

    ar_steps : int, default=0
        Add a linear model of the last ``ar_steps`` steps to the output: the autoregressive part of
        LSTNet (Lai et al. 2018), for series that are nearly linear. It starts at the solution of
        ridge regression with the penalty ``alpha * n_samples / batch_size``, and is trained
        together with the network. It needs a scaled X, like the network. ``ar_steps`` can be at
        most the number of steps of the longest training sequence; 0 adds nothing.
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
        """Train for one epoch on more sequences, continuing from the previous call.

        The first call sets the scale of the targets. Pass representative targets in it, or scale
        them yourself and set ``normalize_y=False``.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, one for each sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the sequences, at least 0; None is 1 for all.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or if training diverges. Also with
            ``early_stopping``, or ``learning_rate="adaptive"`` or ``"cosine"``: these need all data
            and all epochs. After an error, the estimator stays as it was before.
        AttributeError
            With ``solver="lbfgs"``, which needs all data at once.
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
            The predictions, in the units of y, and in its shape.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        raw = self._raw(X)
        return self._target.decode(raw)

    def _make_target(self, y) -> Target:
        return Numbers(self.loss, self.quantile, self.normalize_y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
