"""The row-preserving, causal window."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import Interval, StrOptions, check_feature_names_in, fit_context
from skrnn.sequences import Sequences, padded
from skrnn.windows._panel import read_panel
from skrnn.windows._validation import check_names, check_rows


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

    A table may hold many series, told apart by ``group``. Windows do not cross from one to
    another, and the result keeps the order of the rows. To split such a table in time, sort it by
    time; as ``TimeSeriesSplit`` counts rows, h steps of k series need ``gap=h * k``.

    Nor do windows cross gaps. The labels of a frame in time (its index, or ``time``) tell where
    one is missing, if they have a frequency: that of the index itself, or the one that more than
    half of all neighbours share, as hours, month ends or weekdays do. It is learned from the rows
    of ``fit``, and all groups share it; one week from Monday to Friday looks like days, and three
    months of 31 days like steps of 31 days. A window that would cross a missing label is shorter,
    as at the start of a series, and a warning counts the gaps. Labels without a frequency have no
    gaps. Where distances in time do not matter, let the labels number the rows of each series.
    Arrays, and polars frames without ``time``, are taken in order.

    A window whose first or last rows are all NaN is a shorter window, so impute before.

    Parameters
    ----------
    window : int
        The number of steps of a full window, at least 1.

    group : str, list of str or None, default=None
        The columns or index levels of X that tell its series apart. Like that of ``time``, such
        columns are not features of the windows. In a Pipeline index levels pass through the
        steps before, if these have ``set_output(transform="pandas")``.

    time : str or None, default=None
        The column or index level of X to order the rows of a series by: dates, numbers, periods
        or ordered categories, but no text. The rows may then come in any order. With None they
        are in order, and the index of a pandas DataFrame, or its one level that is not a group,
        must increase within each series; with ``group`` an index of numbers needs a name, as it
        may else be a mere count of the rows.

    step : int, default=1
        The number of rows from each step of a window to the next. With 24 the windows of an
        hourly series hold the same hour of the last days.

    history : {'index', 'tail', 'none'}, default='index'
        What comes before the first row of a series in ``transform``. "index": its last rows in
        ``fit``, if its labels directly continue theirs (numbers, dates or periods; arrays have
        none, so a transformer before this one needs ``set_output(transform="pandas")``).
        Labels of another kind than those of ``fit``, such as numbers after dates, are refused.
        "tail": always its last rows in ``fit``, even before these rows themselves. "none":
        nothing. Nothing comes before a series that was not in ``fit``, and ``fit_transform``
        never puts anything before the first row.

    flatten : bool, default=False
        Whether to give a table of lag columns, the oldest first, for models that take no
        sequences. What comes before the start of a series is NaN.

    Attributes
    ----------
    n_features_in_ : int
        The number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names, where X has them.

    tails_ : dict
        For each group the last rows of ``fit`` that the next windows need, at most
        ``(window - 1) * step``: an ndarray of shape (n_rows, n_features). The key is the value of
        the group column, a tuple of several, or None without ``group``.

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
    >>> SlidingWindow(2, step=2, flatten=True).set_output(transform="pandas").fit_transform(X)
       x0_t-2  x0_t
    0     NaN   0.0
    1     NaN   1.0
    2     0.0   2.0
    3     1.0   3.0
    4     2.0   4.0
    """

    _parameter_constraints = {
        "window": [Interval(Integral, 1, None, closed="left")],
        "group": [str, list, tuple, None],
        "time": [str, None],
        "step": [Interval(Integral, 1, None, closed="left")],
        "history": [StrOptions({"index", "tail", "none"})],
        "flatten": ["boolean"],
    }

    def __init__(self, window, *, group=None, time=None, step=1, history="index", flatten=False):
        self.window = window
        self.group = group
        self.time = time
        self.step = step
        self.history = history
        self.flatten = flatten

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Remember the last rows, for the windows that follow.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The rows of one or more series.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._fit(X)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Fit and transform the same rows, with nothing before them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The rows of one or more series.
        y : None
            Ignored.

        Returns
        -------
        Sequences of n_rows sequences, or table of shape (n_rows, window * n_features)
            The windows, of up to ``window`` steps; with ``flatten`` the lag columns.
        """
        rows, panel, begins = self._fit(X, stacklevel=6)
        return self._windows(rows, panel, begins, [None] * len(panel.groups))

    def transform(self, X):
        """Turn each row into its window.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The rows of one or more series.

        Returns
        -------
        Sequences of n_rows sequences, or table of shape (n_rows, window * n_features)
            The windows, of up to ``window`` steps; with ``flatten`` the lag columns.
        """
        check_is_fitted(self)
        rows, panel = self._read(X)
        check_names(self, X, rows, reset=False)
        begins = panel.runs(self._spacing, stacklevel=4)
        tails = [
            self.tails_[group] if is_continued else None
            for group, is_continued in zip(panel.groups, self._continued(panel), strict=True)
        ]
        return self._windows(rows, panel, begins, tails)

    @available_if(lambda self: self.flatten)
    def get_feature_names_out(self, input_features=None):
        """Name the lag columns, such as ``load_t-1`` and ``load_t``; only with ``flatten``.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The names of the columns of X; None takes those of ``fit``.

        Returns
        -------
        ndarray of str objects
            Feature by feature within each lag, the greatest lag first.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        names = [
            name for name, is_feature in zip(names, self._is_feature, strict=True) if is_feature
        ]
        lags = [f"t-{lag * self.step}" if lag else "t" for lag in range(self.window)][::-1]
        return np.array([f"{name}_{lag}" for lag in lags for name in names], object)

    def set_output(self, *, transform=None):
        """Choose the container of the lag columns.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None
            As of scikit-learn's transformers. Without ``flatten`` the output is always
            :class:`~skrnn.Sequences`.

        Returns
        -------
        self : object
            The transformer.
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def _read(self, X):
        features, panel = read_panel(X, self.group, self.time)
        return check_rows(features, input_name="X", estimator=self), panel

    def _fit(self, X, stacklevel=None):
        rows, panel = self._read(X)
        spacing = panel.spacing()
        begins = panel.runs(spacing, stacklevel=stacklevel)
        # Of each series the last rows, but no more than follow the last gap.
        ends = np.append(np.flatnonzero(panel.begins())[1:], len(rows))
        run_begins = np.flatnonzero(begins)
        run_begins = run_begins[np.searchsorted(run_begins, ends) - 1]
        first = np.maximum(run_begins, ends - (self.window - 1) * self.step)
        codes = panel.codes[panel.order[ends - 1]]
        # The names and their number are those of X, keys included.
        check_names(self, X, rows, reset=True)
        keys = {self.time, *([self.group] if isinstance(self.group, str) else self.group or [])}
        self._is_feature = [
            name not in keys for name in getattr(X, "columns", range(rows.shape[1]))
        ]
        self.tails_ = {
            panel.groups[code]: rows[panel.order[i:j]]
            for code, i, j in zip(codes, first, ends, strict=True)
        }
        self._spacing = spacing
        self._last_labels = None if spacing is None else panel.labels[panel.order[ends - 1]]
        return rows, panel, begins

    def _continued(self, panel):
        """For each series of a panel, whether its rows of ``fit`` come before these."""
        known = np.array([group in self.tails_ for group in panel.groups])
        if self.history != "index":
            return known & (self.history == "tail")
        if self._spacing is None or panel.labels is None or panel.labels.kind == "other":
            return np.zeros_like(known)
        if panel.labels.kind != self._spacing.kind:
            raise ValueError(
                f"The labels of X in time are {panel.labels.kind}, and those of fit were "
                f"{self._spacing.kind}; expected the same kind, to know whether X continues the "
                f"rows of fit. With history='tail' or 'none' this does not matter."
            )
        place = {group: i for i, group in enumerate(self.tails_)}
        last = [place[group] for group in panel.groups if group in place]
        first = panel.order[panel.begins()][known]
        known[known] = self._spacing.follow(self._last_labels[last], panel.labels[first])
        return known

    def _windows(self, rows, panel, begins, tails):
        """Spans for the rows of X, in their order; of each series a tail may come before."""
        before = [tail.astype(rows.dtype, copy=False) for tail in tails if tail is not None]
        n_before = np.array([0 if tail is None else len(tail) for tail in tails])
        order = panel.order
        if n_before.any():
            rows, order, begins = _join(before, n_before, rows, panel, begins)
        n_history = n_before.sum()

        place = np.arange(len(rows))
        run = np.maximum.accumulate(np.where(begins, place, 0))  # where that of each place begins
        steps = (place - run) // self.step  # before it in its run
        if self.step > 1:  # a window takes every step-th row: these come together
            together = np.lexsort((steps, (place - run) % self.step, run))
            order, steps = order[together], steps[together]
        lengths = np.minimum(steps + 1, self.window)
        starts = place + 1 - lengths
        if not np.array_equal(order, place):
            rows = rows[order]
            in_order = np.empty_like(order)
            in_order[order] = place
            starts, lengths = starts[in_order], lengths[in_order]
        windows = Sequences(rows, starts[n_history:], lengths[n_history:])
        if self.flatten:
            return padded(windows, self.window, np.nan).reshape(len(windows), -1)
        return windows

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _join(before, n_before, rows, panel, begins):
    """Rows with the tails in front, their order, and where in it series or runs begin."""
    n_history = n_before.sum()
    codes = np.concatenate([np.repeat(np.arange(len(n_before)), n_before), panel.codes])
    order = np.concatenate([np.arange(n_history), n_history + panel.order])
    begins = begins & ~(panel.begins() & (n_before > 0)[panel.codes[panel.order]])
    begins_tail = np.zeros(n_history, bool)
    begins_tail[(np.cumsum(n_before) - n_before)[n_before > 0]] = True
    by_series = np.argsort(codes[order], kind="stable")
    begins = np.concatenate([begins_tail, begins])
    return np.concatenate([*before, rows]), order[by_series], begins[by_series]
