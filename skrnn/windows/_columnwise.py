"""One regressor for all columns of a wide table."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import HasMethods, check_sample_weight, fit_context
from skrnn.sequences import FLOATS, Sequences
from skrnn.validation import check_features, check_sequences, is_table, remember_features
from skrnn.windows._scaled import inner_predicts_quantiles


class ColumnwiseRegressor(OnnxMixin, MetaEstimatorMixin, RegressorMixin, SavedMixin, BaseEstimator):
    """Forecast every column of a wide table with one regressor that they share.

    Each column of the windows is a univariate window of its own: n windows of k columns are n * k
    samples for the regressor, which learns what the columns have in common. So it has k times the
    data, and cannot confuse the columns; on many benchmarks this beats a model that reads all
    columns at once [1]_. Let :class:`~skrnn.WindowScaledRegressor` inside remove what they do not
    have in common, their level.

    Parameters
    ----------
    regressor : regressor
        A regressor of univariate sequences. It is cloned.

    Attributes
    ----------
    regressor_ : regressor
        The fitted clone.

    n_columns_ : int
        The number of columns.

    n_features_in_ : int
        The number of features of a step: of columns, times the rows of a step if the windows have
        segments.

    See Also
    --------
    WindowScaledRegressor : Scales each window by its own level.

    References
    ----------
    .. [1] Nie, Nguyen, Sinthong & Kalagnanam (2023). A time series is worth 64 words: Long-term
       forecasting with transformers. ICLR.

    Examples
    --------
    Two columns, each of which goes on with the sum of its last two steps.

    >>> import numpy as np
    >>> from skrnn import ColumnwiseRegressor, GRURegressor
    >>> X = np.random.default_rng(0).standard_normal((200, 6, 2))
    >>> y = X[:, -2:].sum(axis=1)
    >>> model = ColumnwiseRegressor(GRURegressor(16, random_state=0)).fit(X, y)
    >>> model.predict(X).shape
    (200, 2)
    >>> model.score(X, y) > 0.9
    True
    """

    _parameter_constraints = {"regressor": [HasMethods(["fit", "predict"])]}

    def __init__(self, regressor):
        self.regressor = regressor

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None):
        """Fit the regressor to the windows of all columns.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows: (n_samples, n_timesteps, n_columns), a list of (n_timesteps_i, n_columns)
            arrays, or :class:`~skrnn.Sequences`, such as those of :class:`~skrnn.SlidingWindow`.
        y : array-like of shape (n_samples, n_columns * n_horizons)
            The targets, in the order of the columns of X: all horizons of the first column first,
            as :func:`~skrnn.make_horizon_target` returns them for a list of targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the windows, for each of their columns; None is 1 for all.
        X_val, y_val : as X and y, default=None
            Passed to ``fit`` of the regressor in the same form, to validate on.

        Returns
        -------
        self : object
            The fitted regressor.
        """
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                f"is None."
            )
        sequences = check_sequences(self, X)
        n_columns = 1 if is_table(X) else sequences.rows.shape[1]
        params = {}
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, sequences.starts, dtype=np.float64)
            params["sample_weight"] = np.repeat(weight, n_columns)
        if X_val is not None or y_val is not None:
            params["X_val"] = None if X_val is None else _by_column(check_sequences(self, X_val))
            params["y_val"] = None if y_val is None else self._targets(y_val, n_columns)[0]
        targets, is_flat = self._targets(y, n_columns)
        check_consistent_length(sequences, y)
        regressor = clone(self.regressor).fit(_by_column(sequences), targets, **params)
        remember_features(self, X, sequences)
        self.n_columns_ = n_columns
        self._is_flat = is_flat
        self.regressor_ = regressor
        return self

    def predict(self, X):
        """Predict the targets of each window.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_columns * n_horizons)
            The predictions, in the order of y.
        """
        found = self._predict(X, "predict")
        found = found.reshape(len(found), -1)
        return found[:, 0] if self._is_flat else found

    @available_if(inner_predicts_quantiles)
    def predict_quantiles(self, X):
        """Predict all quantiles, if the regressor does.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_columns * n_horizons, n_quantiles)
            The predictions, in the order of y, from the lowest quantile to the highest.
        """
        found = self._predict(X, "predict_quantiles")
        found = found.reshape(len(found), -1, found.shape[-1])
        return found[:, 0] if self._is_flat else found

    @property
    def quantiles_(self):
        """The quantiles that the regressor predicts, sorted, of shape (n_quantiles,)."""
        return self.regressor_.quantiles_

    def _predict(self, X, method):
        """What the regressor says of the windows of all columns, (n_samples, n_columns, ...)."""
        check_is_fitted(self)
        sequences = check_sequences(self, X)
        check_features(self, X, sequences)
        found = np.asarray(getattr(self.regressor_, method)(_by_column(sequences)))
        return found.reshape(len(sequences), -1, *found.shape[1:])

    def _targets(self, y, n_columns):
        """The targets of each window and column, and whether y is 1-D."""
        y = check_array(y, dtype=FLOATS, ensure_2d=False, input_name="y", estimator=self)
        if y.ndim > 2 or (y.size // len(y)) % n_columns:
            raise ValueError(
                f"y has shape {y.shape}, and X has {n_columns} columns; expected the same number "
                f"of targets for each column: all horizons of the first column first."
            )
        targets = y.reshape(len(y) * n_columns, -1)
        return (targets[:, 0] if targets.shape[1] == 1 else targets), y.ndim == 1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = True
        return tags


def _by_column(sequences):
    """The windows of each column, those of a window one after the other, over one copy of rows."""
    n_rows, n_columns = sequences.rows.shape
    columns = sequences.rows.T.reshape(-1, 1)
    starts = sequences.starts[:, np.newaxis] + n_rows * np.arange(n_columns)
    lengths = np.repeat(sequences.lengths, n_columns)
    return Sequences(columns, starts.ravel(), lengths, sequences.segment)
