"""Estimators of numbers."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import Interval, StrOptions, fit_context
from skrnn._warnings import warn
from skrnn.estimators._base import trains_by_minibatches
from skrnn.estimators._sequence_to_one import SequenceEstimator
from skrnn.targets import Numbers, Target


def predicts_quantiles(estimator):
    """Whether there is a ``predict_quantiles``."""
    if estimator.loss != "quantile":
        raise AttributeError(
            f"predict_quantiles needs loss='quantile', but loss={estimator.loss!r}."
        )
    return True


def _checked_quantile(quantile):
    """The parameter, if it is a number or has numbers between 0 and 1, each once."""
    try:
        values = np.atleast_1d(np.asarray(quantile, np.float64))
    except (TypeError, ValueError):
        values = np.empty(0)
    is_inside = values.size > 0 and ((values > 0) & (values < 1)).all()
    if values.ndim != 1 or not is_inside or len(np.unique(values)) < len(values):
        raise ValueError(
            f"quantile={quantile!r}; expected a number between 0 and 1, or several different ones."
        )
    return quantile


@dataclass(eq=False, repr=False)
class Regression(RegressorMixin):
    """Targets that are one or more numbers.

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

    quantile : float or array-like of float, default=0.5
        The quantile to predict, between 0 and 1, or several: ``predict`` returns the one nearest to
        the median, ``predict_quantiles`` all. Only used with ``loss="quantile"``.

    normalize_y : bool, default=True
        Whether to standardise the targets for training, to mean 0 and variance 1 (with
        ``loss="poisson"`` to variance 1 only). Predictions are always in the units of y;
        ``loss_curve_`` has the loss of the standardised targets.
    """

    _: KW_ONLY
    loss: str = "squared_error"
    quantile: float | Sequence[float] = 0.5
    normalize_y: bool = True

    _parameter_constraints = {
        "loss": [StrOptions({"squared_error", "absolute_error", "huber", "quantile", "poisson"})],
        "quantile": ["array-like", Interval(Real, 0, 1, closed="neither")],
        "normalize_y": ["boolean"],
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
        y : array-like
            The targets, in a form that ``fit`` takes.
        sample_weight : array-like, default=None
            The weights, in a form that ``fit`` takes; None is 1 for all.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or if training diverges. Also with
            ``early_stopping``, or ``learning_rate="adaptive"``: these need all data and all
            epochs. After an error, the estimator stays as it was before.
        AttributeError
            With ``solver="lbfgs"``, which needs all data at once.
        """
        return self._partial_fit(X, y, sample_weight)

    @available_if(predicts_quantiles)
    def predict_quantiles(self, X):
        """Predict all quantiles. Only with ``loss="quantile"``.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
            The predictions, in the units of y, from the lowest quantile to the highest. They are
            sorted, so they never cross.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.decode_quantiles(raw))

    def _make_target(self, y) -> Target:
        return Numbers(self.loss, _checked_quantile(self.quantile), self.normalize_y)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


@dataclass(eq=False, repr=False)
class RecurrentRegressor(Regression, SequenceEstimator):
    """One or more numbers for each sequence.

    Parameters
    ----------
    ar_steps : int, default=0
        Add a linear model of the last ``ar_steps`` steps to the output: the autoregressive part of
        LSTNet (Lai et al. 2018), for series that are nearly linear. 0 adds nothing. If no training
        sequence has so many steps, ``ar_steps`` is lowered to those of the longest, with a warning.

        Training starts at the solution of ridge regression. Its penalty is chosen by
        cross-validation on five consecutive parts of the training sequences; ``alpha`` does not act
        on it. With ``loss="squared_error"`` the linear model stays there, and the network learns
        what is left. It has to prove that it helps: it is trained without the last third of the
        sequences, then without the first third, and what was left out shows which share of its
        output is worth adding to the linear model: the share of the least error, and 0 if no gain
        is significant on one of the two thirds. If it is not 0, the network is trained once more,
        on all sequences. ``network_share_`` has the share; the curves are those of the last
        training. So pass the sequences in the order of time. If Ctrl-C or a callback ends training
        before all of this is done, the linear model alone is kept. ``partial_fit``, and a fit with
        ``warm_start`` after the first, add all of the network's output. With other losses the
        linear model is trained together with the network, and all is added.

    ar_columns : {'all', 'own'}, default='all'
        Which columns of X the linear model of an output reads. "all": every column. "own": only
        the column whose future the output is, where y has the futures of all columns of X. The
        columns of y must then be in the order of the columns of X, with all horizons of the first
        column first, as :func:`~skrnn.make_horizon_target` returns them for a list of targets.
        Only used with ``ar_steps``.
    """

    _: KW_ONLY
    ar_steps: int = 0
    ar_columns: str = "all"

    _parameter_constraints = {
        "ar_steps": [Interval(Integral, 0, None, closed="left")],
        "ar_columns": [StrOptions({"all", "own"})],
    }

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
        return self._outputs(X, lambda raw: self._target.decode(raw))

    def _head(self, data, target, resume):
        n_features, n_outputs = data.sequences.shape[2], target.n_outputs
        longest, n_steps = data.sequences.shape[1], self.ar_steps
        if n_steps and self._embedding_shapes:
            raise ValueError(
                f"ar_steps={n_steps} is not supported with categorical_features: a code is no "
                f"quantity, so a linear model of it means nothing. Set ar_steps=0, or encode the "
                f"features as one-hot columns."
            )
        if n_steps and self.ar_columns == "own" and n_outputs % n_features:
            raise ValueError(
                f"ar_columns='own' needs the same number of targets for each column of X, but y "
                f"has {n_outputs} columns and X has {n_features}. Pass a y with the future of "
                f"every column of X, all horizons of the first column first, or set "
                f"ar_columns='all'."
            )
        if resume and self.ar_steps == getattr(self, "_ar_steps_asked", None):
            n_steps = self._network.linear.n_steps
        elif n_steps > longest:
            warn(
                f"ar_steps={n_steps} is more than the {longest} steps of the longest training "
                f"sequence; ar_steps={longest} is used. Set ar_steps to at most {longest}."
            )
            n_steps = longest
        self._ar_steps_asked = self.ar_steps
        path = {"ar_steps": n_steps, "ar_columns": self.ar_columns if n_steps else "all"}
        return super()._head(data, target, resume) | path
