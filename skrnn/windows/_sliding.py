"""Windows over series, one for each row, that end with the row."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import Interval, StrOptions, check_feature_names_in, fit_context
from skrnn._warnings import warn
from skrnn.sequences import Sequences, padded
from skrnn.validation import all_nan, check_columns, check_rows
from skrnn.windows._ends import WINDOWS_FIRST, Ends
from skrnn.windows._gaps import MAX_GAP
from skrnn.windows._panel import group_names, read_panel
from skrnn.windows._spans import in_segments, join


class SlidingWindow(OnnxMixin, TransformerMixin, SavedMixin, BaseEstimator):
    """Turn each row of a series into the window that ends with it.

    Row t becomes the sequence of rows t - window + 1 to t. So the number of rows stays the same,
    y stays aligned, and no window contains the future. The first rows have less history, so their
    sequences are shorter. Windows share the rows of the series: memory grows with the number of
    rows, not with rows times window.

    In cross-validation make the windows before the split, and scale them after it: split
    ``SlidingWindow(24).fit_transform(X)``, and let the Pipeline begin with
    ``PerStep(StandardScaler())``. So test windows have their history, and nothing leaks: a window
    holds the past of its row, and the scaler is fitted on training windows. To forecast h steps
    ahead, use ``TimeSeriesSplit(gap=h)``. Without the gap, the last h targets of a training fold
    lie in the time of the test fold.

    In a Pipeline that is split, the windows of a test fold start with the last rows of the training
    fold, if the test fold continues the training fold. After a gap of a split it does not, so its
    first ``window - 1`` windows are shorter, and a warning says so.

    A table can have many series, identified by ``group``. Windows do not cross from one series to
    another, and the result has the order of the rows. To split such a table in time, use
    :class:`~skrnn.PanelTimeSeriesSplit`.

    Windows reach across short gaps in time, such as holidays, but not across those longer than
    ``max_gap``. A gap is found from the time labels of a DataFrame (its index, or ``time``) if they
    have a frequency: the frequency of the index itself, or the time step between more than half of
    all consecutive rows, such as hours, weekdays or month ends. ``fit`` learns the frequency from
    its rows; it is the same for all groups. Few rows can be misleading: three months of 31 days
    look like steps of 31 days. A window that would cross a long gap is shorter, like those at the
    start of a series, and a warning counts the gaps. Labels without a frequency have no gaps,
    unless ``max_gap`` is a time. Arrays, and polars DataFrames without ``time``, must be sorted by
    time, and have no gaps.

    Estimators take rows that are all NaN, at the start or end of a window, as padding. Such windows
    are shorter, and a warning counts the rows: impute them first.

    Parameters
    ----------
    window : int
        The number of steps of a full window, at least 1.

    group : str, list of str or None, default=None
        The columns or index levels of X that identify its series. The columns of ``group`` and
        ``time`` are not features of the windows. In a Pipeline, index levels are kept only if the
        earlier steps have ``set_output(transform="pandas")``.

    time : str or None, default=None
        The column or index level of X to sort the rows of each series by: dates, numbers, periods
        or ordered categories, but not text. The rows of X can then be in any order. With None the
        rows must be sorted: the index of a pandas DataFrame, or its one level that is not in
        ``group``, must increase within each series. With ``group``, an index of numbers must have
        a name, because without one it may be just row numbers.

    step : int, default=1
        The number of rows from each step of a window to the next. For example, with ``step=24`` a
        window of an hourly series has the same hour of consecutive days.

    segment : int, default=1
        The number of rows of each step of a window, side by side: with ``window=96, segment=24`` a
        window has 4 steps of 24 rows. A recurrent network reads few wide steps better than many
        narrow ones (Lin et al. 2023). ``window`` must be a multiple of ``segment``. Windows at the
        start of a series are shorter, in whole segments; a row with less history than one segment
        has one, in which the first row of the series stands for those before it.

    max_gap : int, timedelta or None, default=7
        The longest gap in time that a window reaches across: the greatest number of labels that are
        missing in a row, or the greatest time between two consecutive rows (a ``pd.Timedelta``,
        ``datetime.timedelta`` or ``np.timedelta64``). None: there is no limit. The default is long
        enough for the holidays of an exchange. Set 0 where the distance in time matters more than
        full windows. Hours of trade have longer gaps, from one day to the next:
        ``max_gap=pd.Timedelta("4D")``.

    history : {'index', 'tail', 'none'}, default='index'
        The rows that ``transform`` puts before the first row of a series. "index": the last rows of
        the series in ``fit``, if the time labels of X continue those of ``fit``: directly, or after
        a gap that is no longer than ``max_gap`` and those within ``fit``, such as a holiday. Labels
        are numbers, dates or periods; arrays have none, so a transformer before this one needs
        ``set_output(transform="pandas")``. Labels of a different kind from those in ``fit``, such
        as numbers instead of dates, raise an error. "tail": always the last rows of the series in
        ``fit``, even if X is the data of ``fit``. "none": no rows. A series that was not in ``fit``
        gets no rows, and ``fit_transform`` never adds any. "index" warns if X does not continue a
        series of ``fit`` and has too few of its rows for a window as long as those in ``fit``, for
        example if you pass one new row at a time.

    flatten : bool, default=False
        Whether to return a table of lag columns, the oldest first, for models that do not take
        sequences. Lags from before the start of a series are NaN.

    Attributes
    ----------
    n_features_in_ : int
        The number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names of X. Defined only if X has column names that are all strings.

    tails_ : dict
        For each group the last rows of ``fit``, which the next windows need: an ndarray of shape
        (n_rows, n_features) with at most ``(window - 1) * step`` rows. The key is the value of the
        group column, a tuple for several group columns, or None without ``group``.

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
    >>> SlidingWindow(4, segment=2).fit_transform(X)[3]
    array([[0., 1.], [2., 3.]])
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
        "segment": [Interval(Integral, 1, None, closed="left")],
        "max_gap": "no_validation",  # Gaps does it
        "history": [StrOptions({"index", "tail", "none"})],
        "flatten": ["boolean"],
    }

    def __init__(
        self,
        window,
        *,
        group=None,
        time=None,
        step=1,
        segment=1,
        max_gap=MAX_GAP,
        history="index",
        flatten=False,
    ):
        self.window = window
        self.group = group
        self.time = time
        self.step = step
        self.segment = segment
        self.max_gap = max_gap
        self.history = history
        self.flatten = flatten

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Store the last rows, so that later windows can start with them.

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
        """Fit and transform the same rows, without any history before them.

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
        rows, panel, begins = self._fit(X, is_transformed=True)
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
        check_columns(self, X, rows, reset=False)
        begins = panel.runs(self._gaps, warn_of_gaps=True)
        self._warn_of_missing(rows)
        is_continued = self._continued(panel)
        if self.history == "index":
            short = self._warn_of_short_windows(panel, begins, is_continued)
            if not short:
                self._ends.warn_of_gaps_before(panel, self._gaps, (self.window - 1) * self.step)
        tails = [
            self.tails_[group] if continued else None
            for group, continued in zip(panel.groups, is_continued, strict=True)
        ]
        return self._windows(rows, panel, begins, tails)

    @available_if(lambda self: self.flatten)
    def get_feature_names_out(self, input_features=None):
        """Name the lag columns, such as ``load_t-1`` and ``load_t``. Only with ``flatten=True``.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The names of the columns of X; None takes those of ``fit``.

        Returns
        -------
        ndarray of str objects
            The names, sorted by lag, the greatest first, and within a lag by feature.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        names = [
            name for name, is_feature in zip(names, self._is_feature, strict=True) if is_feature
        ]
        lags = [f"t-{lag * self.step}" if lag else "t" for lag in range(self.window)][::-1]
        return np.array([f"{name}_{lag}" for lag in lags for name in names], object)

    def set_output(self, *, transform=None):
        """Set the container of the lag columns.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None
            The container, as in scikit-learn. Without ``flatten`` the output is always
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
        return check_rows(features, keys=("group", "time"), estimator=self), panel

    def _fit(self, X, *, is_transformed=False):
        rows, panel = self._read(X)
        gaps = panel.gaps(self.max_gap)
        begins = panel.runs(gaps, warn_of_gaps=is_transformed)
        # The last rows of each series, after its last gap.
        ends = np.append(np.flatnonzero(panel.begins())[1:], len(rows))
        run_begins = np.flatnonzero(begins)
        run_begins = run_begins[np.searchsorted(run_begins, ends) - 1]
        reach = min((self.window - 1) * self.step, len(rows))
        first = np.maximum(run_begins, ends - reach)
        codes = panel.codes[panel.order[ends - 1]]
        if self.window % self.segment:
            raise ValueError(
                f"window={self.window} is not a multiple of segment={self.segment}; expected "
                f"whole segments. Set window={self.window // self.segment * self.segment or 1} or "
                f"another segment."
            )
        self._warn_of_length(np.diff(ends, prepend=0).max())
        if is_transformed:
            self._warn_of_missing(rows)
        # The columns are those of X, including keys.
        check_columns(self, X, rows, reset=True)
        keys = {self.time, *group_names(self.group)}
        self._is_feature = [
            name not in keys for name in getattr(X, "columns", range(rows.shape[1]))
        ]
        self.tails_ = {
            panel.groups[code]: rows[panel.order[i:j]]
            for code, i, j in zip(codes, first, ends, strict=True)
        }
        self._longest = dict(zip(panel.groups, self._longest_windows(panel, begins), strict=True))
        is_in_time = panel.labels is not None and panel.labels.kind != "other"
        last = panel.labels[panel.order[ends - 1]] if is_in_time else None
        self._ends = Ends(list(self.tails_), last)
        self._gaps = gaps
        return rows, panel, begins

    def _warn_of_length(self, longest):
        n_rows = (self.window - 1) * self.step + 1
        if n_rows > longest:
            warn(
                f"A window of {n_rows} rows (window={self.window}, step={self.step}) is longer "
                f"than every series in X; the longest has {longest} rows. So every window is "
                f"shorter. Use a smaller window."
            )

    def _warn_of_missing(self, rows):
        missing = all_nan(rows)
        if missing.any() and not self.flatten:
            n_rows = f"{missing.sum()} rows that are" if missing.sum() > 1 else "a row that is"
            warn(
                f"X has {n_rows} all NaN; the first is row {missing.argmax()}. Estimators take "
                f"such rows at the start or end of a window as padding, so these windows are "
                f"shorter. Impute X before SlidingWindow."
            )

    def _longest_windows(self, panel, begins):
        """For each series of a panel, the steps of its longest window."""
        first = np.flatnonzero(begins)  # of each run
        n_rows = np.zeros(len(panel.groups), np.intp)
        np.maximum.at(n_rows, panel.codes[panel.order[first]], np.diff(first, append=len(begins)))
        step, window = min(self.step, len(begins)), min(self.window, len(begins))
        return np.minimum((n_rows - 1) // step + 1, window)

    def _warn_of_short_windows(self, panel, begins, is_continued):
        """Warn of series with too few rows for even one window as long as those of ``fit``.

        With more rows, the first ones may be there only as the history of the last ones. Returns
        whether it warns.
        """
        found = self._longest_windows(panel, begins)
        expected = np.array([self._longest.get(group, 0) for group in panel.groups])
        short = np.flatnonzero(~is_continued & (found < expected))
        if len(short) == 0:
            return False
        i, n_before = short[0], (self.window - 1) * self.step
        where = "" if panel.groups[i] is None else f" of series {panel.groups[i]!r}"
        others = f" So it is with {len(short) - 1} more series." if len(short) > 1 else ""
        warn(
            f"The windows of X{where} have at most {found[i]} of the {expected[i]} steps that they "
            f"had in fit: X has too few rows, and does not directly continue those of fit.{others} "
            f"Put the {n_before} rows that come before the new rows in front of them, and keep the "
            f"predictions of the new rows only; or push new rows through skrnn.Stream. If X does "
            f"continue the rows of fit, set history='tail'. If short windows are what you want, "
            f"set history='none'. {WINDOWS_FIRST}"
        )
        return True

    def _continued(self, panel):
        """For each series of a panel, whether to put its rows of ``fit`` before its first row."""
        known = np.array([group in self.tails_ for group in panel.groups])
        if self.history != "index":
            return known & (self.history == "tail")
        return self._ends.are_continued(panel, self._gaps)

    def _windows(self, rows, panel, begins, tails):
        """Windows for the rows of X, in their order; each series may have a tail before it."""
        tail_rows = [tail.astype(rows.dtype, copy=False) for tail in tails if tail is not None]
        n_tail = np.array([0 if tail is None else len(tail) for tail in tails])
        order = panel.order
        if n_tail.any():
            rows, order, begins = join(tail_rows, n_tail, rows, panel, begins)

        step = min(self.step, len(rows))  # a window cannot reach further
        position = np.arange(len(rows))  # in the order
        run = np.maximum.accumulate(np.where(begins, position, 0))  # where its run begins
        steps = (position - run) // step  # steps of its window before it, if nothing cuts it
        if step > 1:  # a window takes every step-th row: sort them next to each other
            together = np.lexsort((steps, (position - run) % step, run))
            order, steps = order[together], steps[together]
        lengths = np.minimum(steps + 1, min(self.window, len(rows)))
        starts = position + 1 - lengths
        if not np.array_equal(order, position):
            rows = rows[order]
            in_order = np.empty_like(order)
            in_order[order] = position
            starts, lengths = starts[in_order], lengths[in_order]
        starts, lengths = starts[n_tail.sum() :], lengths[n_tail.sum() :]
        if self.flatten:
            windows = Sequences(rows, starts, lengths)
            return padded(windows, self.window, np.nan).reshape(len(windows), -1)
        return in_segments(rows, starts, lengths, self.segment)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
