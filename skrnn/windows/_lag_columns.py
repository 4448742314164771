"""Wide tables of lag columns as sequences."""

import re
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import Interval, check_feature_names_in, fit_context
from skrnn.sequences import FLOATS, as_spans, padded
from skrnn.windows._output import NoFrameMixin
from skrnn.windows._validation import check_names

# The names that SlidingWindow(flatten=True) gives: load_t-2, load_t-1, load_t.
FLAT = r"(?P<name>.+)_t(-(?P<lag>\d+))?"


class LagColumnsToSequence(NoFrameMixin, TransformerMixin, BaseEstimator):
    """Turn each row of a table of lag columns into a sequence.

    A column holds one feature at one lag, and each row is a sequence from the greatest lag to the
    least. This is the inverse of ``SlidingWindow(flatten=True)``, and reads its names. The lags
    must be complete: the same for every feature and equally spaced.

    Lags are the past, so the table leaks nothing by itself. If its target lies h steps ahead, its
    rows overlap in time: use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    columns : str or None, default=None
        A regular expression that matches the whole of each column's name, with the groups
        ``name`` (the feature) and ``lag`` (a whole number; 0 where the group takes no part). For
        ``lag_3`` it is ``r"(?P<name>lag)_(?P<lag>\\d+)"``. None reads ``load_t-3`` and ``load_t``.
        The columns may come in any order.

    n_steps : int or None, default=None
        For tables without names: the number of steps. The columns are then step by step, the
        oldest first, and within a step feature by feature; ``columns`` is not needed.

    Attributes
    ----------
    lags_ : ndarray of shape (n_steps,)
        The lag of each step, from the greatest to the least.

    n_features_in_ : int
        The number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names, where X has them.

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
            If a column has no lag, or a lag is negative, missing or there twice.
        """
        table = self._check(X)
        if self.n_steps is not None:
            if self.columns is not None:
                raise ValueError(
                    f"Got columns={self.columns!r} and n_steps={self.n_steps}; expected one of "
                    f"them: the names say how many steps there are."
                )
            names, lags, places = _blocks(table.shape[1], self.n_steps)
        else:
            if not hasattr(X, "columns"):
                raise ValueError(
                    f"X is {type(X).__name__}, which has no column names to read the lags from; "
                    f"expected a DataFrame, or n_steps."
                )
            names, lags, places = _read_names(list(X.columns), self.columns or FLAT)
        check_names(self, X, table, reset=True)
        self._names = names
        self.lags_ = lags
        self._places = places
        return self

    def transform(self, X):
        """Give each row as a sequence.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_steps * n_features)
            The table.

        Returns
        -------
        ndarray of shape (n_samples, n_steps, n_features)
            A step for each lag, the greatest first. NaN is kept; where the oldest steps of a row
            are all NaN, estimators take them as padding.
        """
        check_is_fitted(self)
        table = self._check(X)
        check_names(self, X, table, reset=False)
        return table.take(self._places, axis=1)

    def inverse_transform(self, X):
        """Give sequences as the rows of a table.

        Parameters
        ----------
        X : 3-D array-like, list of arrays or Sequences
            Sequences of at most ``n_steps`` steps.

        Returns
        -------
        ndarray of shape (n_samples, n_steps * n_features)
            The lag columns, in the order they had in ``fit``; NaN before the start of a shorter
            sequence.
        """
        check_is_fitted(self)
        sequences = as_spans(X)
        n_steps, n_features = self._places.shape
        if sequences.shape[1] > n_steps or sequences.shape[2] != n_features:
            raise ValueError(
                f"X has up to {sequences.shape[1]} steps of {sequences.shape[2]} features; "
                f"expected at most {n_steps} of {n_features}."
            )
        table = np.empty((len(sequences), n_steps * n_features), sequences.dtype)
        table[:, self._places] = padded(sequences, n_steps, np.nan)
        return table

    def get_feature_names_out(self, input_features=None):
        """Name the features of a step.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Those of ``fit``, or None.

        Returns
        -------
        ndarray of str objects
            One name for each feature.
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        return np.array(self._names, object)

    def _check(self, X):
        return check_array(
            X, dtype=FLOATS, ensure_all_finite="allow-nan", estimator=self, input_name="X"
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _blocks(n_columns, n_steps):
    """Names, lags and the places of columns, step by step."""
    if n_columns % n_steps:
        raise ValueError(
            f"X has {n_columns} columns; expected a multiple of n_steps={n_steps}, as each step "
            f"has the same features."
        )
    n_features = n_columns // n_steps
    names = [f"x{i}" for i in range(n_features)]
    return names, np.arange(n_steps)[::-1], np.arange(n_columns).reshape(n_steps, n_features)


def _read_names(columns, pattern):
    """Names of features, lags, and where in ``columns`` each feature is at each lag."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"columns={pattern!r} is no regular expression: {error}.") from error
    if not {"name", "lag"} <= set(compiled.groupindex):
        raise ValueError(
            f"columns={pattern!r} has the groups {list(compiled.groupindex)}; expected "
            f"(?P<name>...) and (?P<lag>...)."
        )
    place = {}
    for i, column in enumerate(columns):
        match = isinstance(column, str) and compiled.fullmatch(column)
        if not match:
            raise ValueError(f"Column {column!r} does not match columns={pattern!r}.")
        try:
            key = match["name"], int(match["lag"] or 0)
        except ValueError as error:
            raise ValueError(
                f"Column {column!r} has lag {match['lag']!r}; expected a whole number."
            ) from error
        if key[1] < 0:
            raise ValueError(
                f"Column {column!r} has lag {key[1]}; expected no lag below 0, as that is the "
                f"future. The group 'lag' must not take in the sign of names such as load_t-3."
            )
        if key in place:
            raise ValueError(f"Columns {columns[place[key]]!r} and {column!r} are the same lag.")
        place[key] = i
    names = list(dict.fromkeys(name for name, _ in place))
    lags = np.unique([lag for _, lag in place])
    step = np.diff(lags).min(initial=lags[-1] - lags[0] or 1)
    lags = np.arange(lags[0], lags[-1] + 1, step)
    missing = [(name, lag) for name in names for lag in lags if (name, lag) not in place]
    if missing:
        name, lag = missing[0]
        raise ValueError(
            f"Lag columns are missing, the first is lag {lag} of {name!r}; "
            f"expected lags {lags[0]} to {lags[-1]} in steps of {step} of every feature."
        )
    places = np.array([[place[name, lag] for name in names] for lag in lags[::-1]])
    return names, lags[::-1], places
