"""The row-preserving, causal window."""

from itertools import pairwise
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skrnn.sequences import FLOATS, Sequences

# Enough labels to tell the frequency of a datetime index.
N_LABELS = 10


class SlidingWindow(TransformerMixin, BaseEstimator):
    """Turn each row of a series into the window that ends with it.

    Row t becomes the sequence of rows t - window + 1 to t, so the number of rows stays the same,
    y stays aligned, and no window sees the future. The first rows have shorter histories, hence
    shorter sequences. The result is spans over the series: memory grows with the rows, not with
    rows times window.

    In cross-validation the windows of a test fold begin with the end of the training fold where
    the one directly continues the other. To forecast h steps ahead, use
    ``TimeSeriesSplit(gap=h)``: the last h targets of a training fold lie in the test fold's time.
    With a gap the test fold does not directly continue the training fold, so that nothing comes
    before its first row and its first ``window - 1`` windows are shorter.

    The rows are one series, in order and equally spaced; this is not checked. A window whose first
    or last rows are all NaN is a shorter window, so impute before.

    Parameters
    ----------
    window : int
        The number of steps of a full window, at least 1.

    history : {'index', 'tail', 'none'}, default='index'
        What comes before the first row in ``transform``. "index": the last rows of ``fit``, if
        the index of X directly continues theirs (a DataFrame's index of numbers, dates or
        periods; arrays have none, so a transformer before this one needs
        ``set_output(transform="pandas")``). "tail": always the last rows of ``fit``, even before
        these rows themselves. "none": nothing. ``fit_transform`` never puts anything before the
        first row.

    Attributes
    ----------
    n_features_in_ : int
        The number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names, where X has them.

    tail_ : ndarray of shape (n_rows, n_features_in_)
        The last rows of ``fit``, at most ``window - 1``.

    next_label_ : object
        The index label that would directly continue the rows of ``fit``; None where X has no
        index or its last labels are not regularly spaced.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SlidingWindow
    >>> X = np.arange(5.0).reshape(-1, 1)
    >>> for window in SlidingWindow(3).fit_transform(X):
    ...     print(window.ravel())
    [0.]
    [0. 1.]
    [0. 1. 2.]
    [1. 2. 3.]
    [2. 3. 4.]
    """

    _parameter_constraints = {
        "window": [Interval(Integral, 1, None, closed="left")],
        "history": [StrOptions({"index", "tail", "none"})],
    }

    def __init__(self, window, *, history="index"):
        self.window = window
        self.history = history

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Remember the last rows, for the windows that follow.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            One series, in order of time.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._remember(X, self._validate(X, reset=True))
        return self

    def transform(self, X):
        """Turn each row into its window.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            One series, in order of time.

        Returns
        -------
        Sequences of n_rows sequences
            The windows, of up to ``window`` steps.
        """
        check_is_fitted(self)
        rows = self._validate(X, reset=False)
        if self.history == "tail" or (self.history == "index" and self._is_continued_by(X)):
            tail = self.tail_.astype(rows.dtype, copy=False)
            return self._windows(np.concatenate([tail, rows]), len(tail))
        return self._windows(rows, 0)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Fit and transform the same rows, with nothing before them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            One series, in order of time.
        y : None
            Ignored.

        Returns
        -------
        Sequences of n_rows sequences
            The windows, of up to ``window`` steps.
        """
        rows = self._validate(X, reset=True)
        self._remember(X, rows)
        return self._windows(rows, 0)

    def set_output(self, *, transform=None):
        """Do nothing: the output is always :class:`~skrnn.Sequences`.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None
            Ignored, so that the other steps of a Pipeline can be configured.

        Returns
        -------
        self : object
            The transformer.
        """
        return self

    def _validate(self, X, *, reset):
        return validate_data(
            self, X, reset=reset, dtype=FLOATS, order="C", ensure_all_finite="allow-nan"
        )

    def _remember(self, X, rows):
        self.tail_ = rows[max(0, len(rows) - self.window + 1) :].copy()
        self.next_label_ = _next_label(X.index) if hasattr(X, "iloc") else None

    def _is_continued_by(self, X):
        if self.next_label_ is None or not hasattr(X, "iloc"):
            return False
        return X.index[0] in {self.next_label_}  # a set, as pd.NA == label has no truth value

    def _windows(self, rows, n_history):
        ends = np.arange(n_history + 1, len(rows) + 1)
        starts = np.maximum(ends - self.window, 0)
        return Sequences(rows, starts, ends - starts)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _next_label(index):
    """The label that follows a pandas index, or None where its spacing is not regular."""
    index = index[-N_LABELS:]
    kind, has_frequency = index.dtype.kind, hasattr(index, "freq")
    if kind in "mM" and has_frequency:
        # Month ends or weekdays are regular, but not in the time between them.
        frequency = type(index)(index, freq="infer").freq
        if frequency is not None:
            return index[-1] + frequency
    if not (kind in "iufmM" or has_frequency) or len(index) < 2 or index.hasnans:
        return None
    labels = index.tolist()  # Python's integers do not overflow
    step = labels[-1] - labels[-2]
    is_regular = all(b - a == step for a, b in pairwise(labels))
    return labels[-1] + step if is_regular and labels[-1] != labels[-2] else None
