"""A regressor that scales each window by its own level."""

import re
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_array, check_consistent_length, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import HasMethods, Interval, StrOptions, fit_context, routing_enabled
from skrnn.sequences import FLOATS, Sequences
from skrnn.validation import check_features, check_sequences, is_table, remember_features
from skrnn.windows._lag_columns import FLAT

# Windows that are copied at a time, so that the indices of their rows take little memory.
N_WINDOWS = 4096


def inner_predicts_quantiles(estimator):
    """Whether the regressor inside has ``predict_quantiles``."""
    return hasattr(getattr(estimator, "regressor_", estimator.regressor), "predict_quantiles")


class WindowScaledRegressor(
    OnnxMixin, MetaEstimatorMixin, RegressorMixin, SavedMixin, BaseEstimator
):
    """Scale each window and its target by the window's own level.

    Use it for one model of many series, or of a series whose level drifts: the model then learns
    from the shape of a window, not from its level. In each window, the past of the target is
    divided by its level, or the level is subtracted. The targets of the window are scaled in the
    same way, and its predictions are scaled back. The scale depends only on the window, so it
    does not leak the future, and all steps of a forecast have the same scale [1]_.

    To model relative changes of positive series, use ``operation="subtract"`` on logarithms: take
    the logarithm of the rows, and wrap this regressor in
    ``TransformedTargetRegressor(func=np.log, inverse_func=np.exp)``. For a target h steps ahead
    use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    regressor : regressor
        A regressor of sequences, or of tables if X is a table. It is cloned. All columns of a table
        get the same level, so they must be lags of one feature, the past of the target. Turn lag
        columns of several features into sequences with :class:`~skrnn.LagColumnsToSequence`. Do not
        standardise the past of the target first: X and y must be in the same units.

    level : {'mean', 'last'}, default='mean'
        The level of a window: the mean of its steps, or its last step.

    operation : {'divide', 'subtract'}, default='divide'
        Whether to divide by the level or to subtract it. "divide" takes the level of absolute
        values, so that signs stay the same; it does not change a window whose level is zero.

    feature : int or None, default=None
        The index of the feature that is the target's own past. Only this feature is scaled. None
        is for an X with only one feature.

    Attributes
    ----------
    regressor_ : regressor
        The fitted clone.

    n_features_in_ : int
        The number of features of a step; for a 2-D X the number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names of X. Defined only if X is a table whose column names are all strings.

    Notes
    -----
    Scaled windows cannot share rows. So all steps of all windows are copied once, in the dtype of
    X; float32 takes half the memory of float64.

    References
    ----------
    .. [1] Salinas, Flunkert, Gasthaus & Januschowski (2020). DeepAR: Probabilistic forecasting
       with autoregressive recurrent networks. International Journal of Forecasting 36(3),
       section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skrnn import WindowScaledRegressor
    >>> X = np.array([[1.0, 3.0], [10.0, 20.0], [100.0, 500.0]])
    >>> y = 2 * X.mean(axis=1)
    >>> model = WindowScaledRegressor(LinearRegression()).fit(X, y)
    >>> model.predict([[1000.0, 3000.0]])
    array([4000.])
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"])],
        "level": [StrOptions({"mean", "last"})],
        "operation": [StrOptions({"divide", "subtract"})],
        "feature": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(self, regressor, *, level="mean", operation="divide", feature=None):
        self.regressor = regressor
        self.level = level
        self.operation = operation
        self.feature = feature

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, **fit_params):
        """Fit the regressor to scaled windows and targets.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows: (n_samples, n_timesteps, n_features); a list of
            (n_timesteps_i, n_features) arrays; :class:`~skrnn.Sequences`; or a table
            (n_samples, n_timesteps), one univariate window per row.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, in the units of the scaled feature.
        **fit_params : dict
            Passed to ``fit`` of the regressor, such as ``sample_weight``; ``X_val`` and ``y_val``
            are scaled as X and y are.

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
        windows, scaled_y = self._scaled_pair(X, sequences, y)
        if routing_enabled():
            fit_params = process_routing(self, "fit", **fit_params).regressor.fit
        if fit_params.get("X_val") is not None and fit_params.get("y_val") is not None:
            X_val = fit_params["X_val"]
            of_val = self._scaled_pair(X_val, check_sequences(self, X_val), fit_params["y_val"])
            fit_params = {**fit_params, "X_val": of_val[0], "y_val": of_val[1]}
        regressor = clone(self.regressor)
        regressor.fit(windows, scaled_y, **fit_params)
        remember_features(self, X, sequences)
        self._segment = sequences.segment
        self.regressor_ = regressor
        return self

    def predict(self, X):
        """Predict in the units of y.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions of the regressor, scaled back to the level of each window.
        """
        return self._predict(X, "predict")

    @available_if(inner_predicts_quantiles)
    def predict_quantiles(self, X):
        """Predict all quantiles, if the regressor does.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The windows, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
            What ``predict_quantiles`` of the regressor returns, scaled back to the level of each
            window.
        """
        return self._predict(X, "predict_quantiles")

    @property
    def quantiles_(self):
        """The quantiles that the regressor predicts, sorted, of shape (n_quantiles,)."""
        return self.regressor_.quantiles_

    def _predict(self, X, method):
        check_is_fitted(self)
        sequences = check_sequences(self, X)
        check_features(self, X, sequences)
        windows, level = self._scaled(X, sequences)
        prediction = np.asarray(getattr(self.regressor_, method)(windows))
        of_window = level.reshape(-1, *[1] * (prediction.ndim - 1))
        with np.errstate(over="ignore"):  # raises below
            result = (
                prediction * of_window if self.operation == "divide" else prediction + of_window
            )
        _check_finite(result, np.arange(len(level)), level, "The prediction")
        return result

    def _scaled_pair(self, X, sequences, y):
        """Windows in the form of X, and their targets, without the level of the window."""
        y = check_array(y, dtype=FLOATS, ensure_2d=False, input_name="y", estimator=self)
        windows, level = self._scaled(X, sequences)
        check_consistent_length(level, y)
        of_y = level.reshape(-1, *[1] * (y.ndim - 1))
        with np.errstate(over="ignore"):  # raises below
            scaled_y = y / of_y if self.operation == "divide" else y - of_y
        _check_finite(scaled_y, np.arange(len(y)), level, "y")
        return windows, scaled_y

    def _scaled(self, X, sequences):
        """Windows without their level, in the form of X, and the level of each."""
        if is_table(X):
            _check_one_feature(X)
        n_features = sequences.rows.shape[1]
        if self.feature is None and n_features > 1:
            raise ValueError(
                f"X has {n_features} features. Set feature= to the index of the feature that has "
                f"the past values of the target."
            )
        feature = self.feature or 0
        if feature >= n_features:
            raise ValueError(
                f"feature={feature}, but X has {n_features} features; expected an index less than "
                f"{n_features}."
            )
        windows, level = _remove_level(sequences, feature, self.level, self.operation)
        return (windows.rows.reshape(len(windows), -1) if is_table(X) else windows), level

    def get_metadata_routing(self):
        """Get the metadata routing: ``fit`` passes metadata to ``fit`` of the regressor.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        return MetadataRouter(owner=self).add(
            regressor=self.regressor,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.regressor)
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.target_tags.single_output = inner.target_tags.single_output
        tags.input_tags.three_d_array = True
        return tags


def _check_one_feature(table):
    """Raise a ValueError for lag columns of several features, which would all get one level."""
    columns = [str(name) for name in getattr(table, "columns", [])]
    matches = [re.fullmatch(FLAT, name) for name in columns]
    names = {match["name"] if match else name for match, name in zip(matches, columns, strict=True)}
    if any(matches) and len(names) > 1:
        raise ValueError(
            f"X has lag columns of {sorted(names)}; expected lags of only one feature, the past "
            f"of the target, because all columns are scaled by the same level. Put "
            f"LagColumnsToSequence before this regressor, and set feature= to the index of the "
            f"feature to scale."
        )


def _remove_level(windows, feature, level, operation):
    """Copies of windows without their level, and the level of each."""
    n_rows = windows.lengths * windows.segment
    ends = np.cumsum(n_rows)
    starts = ends - n_rows
    rows = np.empty((ends[-1], windows.rows.shape[1]), windows.dtype)
    levels = np.empty(len(windows))
    for i in range(0, len(windows), N_WINDOWS):
        block = slice(i, i + N_WINDOWS)
        lengths, begin, end = n_rows[block], starts[i], ends[block][-1]
        shift = np.repeat(windows.starts[block] - starts[block], lengths)
        windows.rows.take(np.arange(begin, end) + shift, axis=0, out=rows[begin:end])
        values = rows[begin:end, feature]
        sizes = np.abs(values) if operation == "divide" else values
        if level == "mean":
            of_block = np.add.reduceat(sizes, starts[block] - begin, dtype=np.float64) / lengths
        else:
            of_block = sizes[ends[block] - 1 - begin].astype(np.float64)
        if operation == "divide":
            of_block[of_block == 0] = 1
            with np.errstate(over="ignore"):  # raises below
                values /= np.repeat(of_block, lengths)
        else:
            values -= np.repeat(of_block, lengths)
        levels[block] = of_block
        _check_finite(values, np.repeat(np.arange(len(levels))[block], lengths), levels, "X")
    return Sequences(rows, starts, windows.lengths, windows.segment), levels


def _check_finite(values, windows, levels, name):
    """Raise a ValueError if the operation made a value infinite, with the window it is from."""
    infinite = ~np.isfinite(values)
    if infinite.any():
        window = int(windows[np.argwhere(infinite)[0, 0]])
        raise ValueError(
            f"{name} scaled by the level {levels[window]} of window {window} is too large for "
            f"{values.dtype}. Remove such windows, scale X and y, or use operation='subtract'."
        )
