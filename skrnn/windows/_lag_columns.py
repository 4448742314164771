"""From wide tables of lag columns to sequences and back."""

import re
from itertools import pairwise
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._output import NoFrameMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import Interval, check_feature_names_in, fit_context
from skrnn.sequences import padded
from skrnn.validation import as_spans, check_columns, check_rows

# The names that SlidingWindow(flatten=True) gives: load_t-2, load_t-1, load_t.
FLAT = r"(?P<name>.+)_t(-(?P<lag>\d+))?"


class LagColumnsToSequence(OnnxMixin, NoFrameMixin, TransformerMixin, SavedMixin, BaseEstimator):
    """Turn each row of a table of lag columns into a sequence.

    Each column has the values of one feature at one lag. Each row becomes a sequence from the
    greatest lag to the least. This is the inverse of ``SlidingWindow(flatten=True)``, and reads
    its column names. The lags must be the same for every feature and equally spaced.

    Lags are values of the past, so the table itself does not leak the future. If the target is h
    steps ahead, rows and targets overlap in time: use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    columns : str or None, default=None
        A regular expression that matches each whole column name, with the groups ``name`` (the
        feature) and ``lag`` (an integer; 0 if the group does not match). For ``lag_3`` it is
        ``r"(?P<name>lag)_(?P<lag>\\d+)"``. None is for names like ``load_t-3`` and ``load_t``. The
        columns can be in any order.

    n_steps : int or None, default=None
        The number of steps, for tables without column names. The columns must then be sorted by
        step, the oldest first, and within a step by feature. Do not set ``columns`` then.

    Attributes
    ----------
    lags_ : ndarray of shape (n_steps,)
        The lag of each step, from the greatest to the least.

    n_features_in_ : int
        The number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names of X. Defined only if X has column names that are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LagColumnsToSequence
    >>> table = np.array([[1.0, 10.0, 2.0, 20.0], [2.0, 20.0, 3.0, 30.0]])
    >>> LagColumnsToSequence(n_steps=2).fit_transform(table)[0]
    array([[ 1., 10.],
           [ 2., 20.]])
    """

    _parameter_constraints = {
        "columns": [str, None],
        "n_steps": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(self, columns=None, *, n_steps=None):
        self.columns = columns
        self.n_steps = n_steps

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Read the lags of the columns.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_steps * n_features)
            The table.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a column name has no lag, or if a lag is negative, is missing or occurs twice.
        """
        table = check_rows(X, estimator=self)
        if self.n_steps is not None:
            if self.columns is not None:
                raise ValueError(
                    f"columns={self.columns!r} and n_steps={self.n_steps} are both set; expected "
                    f"only one of them. Set one of them to None."
                )
            names, lags, indices = _blocks(table.shape[1], self.n_steps)
        else:
            if not hasattr(X, "columns"):
                raise ValueError(
                    f"X is of type {type(X).__name__}, which has no column names to read the lags "
                    f"from. Pass a DataFrame, or set n_steps."
                )
            names, lags, indices = _read_names(list(X.columns), self.columns or FLAT)
        check_columns(self, X, table, reset=True)
        self._names = names
        self.lags_ = lags
        self._columns = indices  # (n_steps, n_features)
        return self

    def transform(self, X):
        """Turn each row into a sequence.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_steps * n_features)
            The table.

        Returns
        -------
        ndarray of shape (n_samples, n_steps, n_features)
            One step for each lag, the greatest first. NaN is kept. Estimators take steps that are
            all NaN, at the start or end of a row, as padding.
        """
        check_is_fitted(self)
        table = check_rows(X, estimator=self)
        check_columns(self, X, table, reset=False)
        return table.take(self._columns, axis=1)

    def inverse_transform(self, X):
        """Turn sequences into the rows of a table.

        Parameters
        ----------
        X : 3-D array-like, list of arrays or Sequences
            Sequences of at most ``n_steps`` steps.

        Returns
        -------
        ndarray of shape (n_samples, n_steps * n_features)
            The lag columns, in the order of ``fit``; NaN before the start of a shorter sequence.
        """
        check_is_fitted(self)
        sequences = as_spans(X)
        n_steps, n_features = self._columns.shape
        if sequences.shape[1] > n_steps or sequences.shape[2] != n_features:
            raise ValueError(
                f"X has up to {sequences.shape[1]} steps of {sequences.shape[2]} features; "
                f"expected at most {n_steps} steps of {n_features} features."
            )
        table = np.empty((len(sequences), n_steps * n_features), sequences.dtype)
        table[:, self._columns] = padded(sequences, n_steps, np.nan)
        return table

    def get_feature_names_out(self, input_features=None):
        """Name the features of a step.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The column names of ``fit``, or None.

        Returns
        -------
        ndarray of str objects
            One name for each feature.
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        return np.array(self._names, object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _blocks(n_columns, n_steps):
    """Names of features, lags, and the column indices of a table sorted by step."""
    if n_columns % n_steps:
        raise ValueError(
            f"X has {n_columns} columns; expected a multiple of n_steps={n_steps}, because each "
            f"step has the same features."
        )
    n_features = n_columns // n_steps
    names = [f"x{i}" for i in range(n_features)]
    return names, np.arange(n_steps)[::-1], np.arange(n_columns).reshape(n_steps, n_features)


def _read_names(columns, pattern):
    """Names of features, lags, and the index in ``columns`` of each feature at each lag."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"columns={pattern!r} is not a valid regular expression: {error}."
        ) from error
    if not {"name", "lag"} <= set(compiled.groupindex):
        raise ValueError(
            f"columns={pattern!r} has the groups {list(compiled.groupindex)}; expected the groups "
            f"(?P<name>...) and (?P<lag>...)."
        )
    index = {}
    for i, column in enumerate(columns):
        key = _name_and_lag(column, compiled)
        if key in index:
            raise ValueError(
                f"Columns {columns[index[key]]!r} and {column!r} have the same feature {key[0]!r} "
                f"and lag {key[1]}; expected one column for each."
            )
        index[key] = i
    names = list(dict.fromkeys(name for name, _ in index))
    lags = _complete_lags(names, index)
    indices = np.array([[index[name, lag] for name in names] for lag in lags])
    return names, np.array(lags), indices


def _name_and_lag(column, pattern):
    """The feature and the lag that a column name says."""
    match = isinstance(column, str) and pattern.fullmatch(column)
    if not match:
        raise ValueError(f"Column {column!r} does not match columns={pattern.pattern!r}.")
    try:
        lag = int(match["lag"] or 0)
    except ValueError as error:
        raise ValueError(
            f"Column {column!r} has lag {match['lag']!r}; expected an integer."
        ) from error
    if not 0 <= lag <= np.iinfo(np.int64).max:
        raise ValueError(
            f"Column {column!r} has lag {lag}; expected a 64-bit integer of at least 0, as a "
            f"negative lag is the future. In names such as load_t-3 the group 'lag' must not "
            f"include the minus sign."
        )
    return match["name"], lag


def _complete_lags(names, index):
    """All lags, the greatest first; every feature must have each of them.

    A lag can be any number, such as a date in a name, so the loop must not run over all lags: it
    ends at the first that is missing.
    """
    lags = sorted({lag for _, lag in index})
    step = min((later - lag for lag, later in pairwise(lags)), default=1)
    expected = range(lags[0], lags[-1] + 1, step)
    for name in names:
        for lag in expected:
            if (name, lag) not in index:
                raise ValueError(
                    f"Lag columns are missing; the first is lag {lag} of {name!r}. Expected lags "
                    f"{lags[0]} to {lags[-1]} in steps of {step} for every feature. Add the "
                    f"missing columns, or drop columns that are not lags."
                )
    return expected[::-1]
