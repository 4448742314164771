"""Splits of long tables by time, in the manner of ``sklearn.model_selection``."""

from itertools import pairwise
from numbers import Integral

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable

from skrnn._sklearn import GroupsConsumerMixin, num_samples
from skrnn.windows._gaps import TIMES, is_time_above
from skrnn.windows._labels import Labels
from skrnn.windows._panel import check_not_missing, key_column, time_labels


class PanelTimeSeriesSplit(GroupsConsumerMixin, BaseCrossValidator):
    """Cut a table of one or more series by time, with the same cuts for all series.

    Like scikit-learn's ``TimeSeriesSplit``, but it counts time steps, not rows. A time step is a
    time label that any row has, so rows of one time are always on one side of a cut. The rows can
    be in any order, and series can begin late, end early or skip labels. In split k the test fold
    comes after all of the training fold, and the test folds follow each other to the end of the
    table.

    Parameters
    ----------
    n_splits : int, default=5
        The number of splits, at least 1.

    time : str or None, default=None
        The column or index level of X that has the time. None takes the index of X, which must
        have dates, periods, time spans, or numbers and a name. Windows and arrays have no labels:
        then the time is the level of that name of the index of y, or the index of y, or what is
        passed as ``groups``: ``cross_val_score(model, windows, y, groups=frame["day"], cv=cv)``.

    gap : int or timedelta, default=0
        The time steps between a training fold and its test fold, in neither. For targets h steps
        ahead set ``gap=h``, whatever the number of series. Where single series skip labels that
        others have, their targets are further ahead: make the gap that much longer.

    test_size : int, timedelta or None, default=None
        The time steps of a test fold. None: the number of time steps divided by ``n_splits + 1``.

    max_train_size : int, timedelta or None, default=None
        The greatest number of time steps of a training fold, which are the last before the gap.
        None: there is no limit.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : Splits that count rows.

    Notes
    -----
    A timedelta (``pd.Timedelta``, ``datetime.timedelta`` or ``np.timedelta64``) is the time that a
    fold or gap takes, and needs labels that are dates, periods or time spans. Series with a row
    every hour have as many rows in ``test_size=pd.Timedelta("1D")`` as in ``test_size=24``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import PanelTimeSeriesSplit
    >>> frame = pd.DataFrame({"unit": [*"aaaabb"], "day": [1, 2, 3, 4, 3, 4], "x": range(6)})
    >>> cv = PanelTimeSeriesSplit(2, time="day", test_size=1)
    >>> for train, test in cv.split(frame):
    ...     print(train, test)
    [0 1] [2 4]
    [0 1 2 4] [3 5]
    """

    def __init__(self, n_splits=5, *, time=None, gap=0, test_size=None, max_train_size=None):
        self.n_splits = n_splits
        self.time = time
        self.gap = gap
        self.test_size = test_size
        self.max_train_size = max_train_size

    def get_n_splits(self, X=None, y=None, groups=None):
        """Get the number of splits.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        int
            The number of splits.
        """
        return self.n_splits

    def split(self, X, y=None, groups=None):
        """Generate the rows of each training and test fold.

        Parameters
        ----------
        X : DataFrame, array-like or Sequences of n_samples rows or windows
            The table to cut; see ``time``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            The targets. Used only if X has no labels.
        groups : array-like of shape (n_samples,), default=None
            The time of each row. Used only if X is no DataFrame and y does not have it.

        Yields
        ------
        train : ndarray of int
            The rows of the training fold, in increasing order.
        test : ndarray of int
            The rows of the test fold.

        Raises
        ------
        ValueError
            If a parameter is wrong, if no time is found, or if a fold would have no rows.
        """
        self._check_parameters()
        X, y, groups = indexable(X, y, groups)
        if num_samples(X) == 0:
            raise ValueError("X has 0 samples; expected at least one for each fold.")
        labels = self._labels(X, y, groups)
        values, step = np.unique(labels.values, return_inverse=True)
        at = None  # the time of each step, where it is needed
        if any(isinstance(size, TIMES) for size in (self.gap, self.test_size, self.max_train_size)):
            at = self._instants(labels, step)
        for first, end in self._test_folds(len(values), at):
            last = _back(first, self.gap, at)  # steps before it are for training
            begin = 0
            if self.max_train_size is not None and last > 0:
                begin = _begin(last, self.max_train_size, at)
            train = np.flatnonzero((begin <= step) & (step < last))
            test = np.flatnonzero((first <= step) & (step < end))
            for name, rows in (("training", train), ("test", test)):
                if len(rows) == 0:
                    raise ValueError(
                        f"A {name} fold has no rows: n_splits={self.n_splits}, gap={self.gap!r} "
                        f"and test_size={self.test_size!r} are too much for {len(values)} time "
                        f"steps, from {labels.text(labels.values.argmin())} to "
                        f"{labels.text(labels.values.argmax())}. Use fewer splits, or smaller test "
                        f"folds or gaps."
                    )
            yield train, test

    def _test_folds(self, n_steps, at):
        """The first step of each test fold, and the one after its last."""
        if isinstance(self.test_size, TIMES):
            cuts = at[-1] - np.arange(self.n_splits, -1, -1) * np.timedelta64(self.test_size)
            cuts = np.searchsorted(at, cuts, side="right")
        else:
            size = self.test_size or n_steps // (self.n_splits + 1)
            cuts = np.maximum(n_steps - np.arange(self.n_splits, -1, -1) * size, 0)
        return pairwise(cuts)

    def _labels(self, X, y, groups):
        """The time of each row."""
        is_frame = hasattr(X, "columns")
        if is_frame and self.time is not None:
            return time_labels(key_column(X, self.time, "X"), self.time)
        index = getattr(X if is_frame else y, "index", None)
        if hasattr(index, "get_loc"):  # of pandas
            if self.time in index.names and self.time is not None:
                return time_labels(index.get_level_values(self.time), self.time)
            if self.time is None and _is_time(index):
                labels = Labels(index)
                check_not_missing(labels, "The index")
                return labels
        if groups is not None and not is_frame:  # in frames these may well be the series
            return time_labels(_as_column(groups), "groups")
        where = "X" if is_frame else "X, y or groups"
        raise ValueError(
            f"time={self.time!r}, but no time was found in {where}. "
            f"Set time= to the column or index level that has the time. For windows and arrays, "
            f"which have no labels, pass the time of each row as groups=."
        )

    def _instants(self, labels, step):
        """The time of each time step, for differences."""
        if labels.instants is None:
            raise ValueError(
                f"gap={self.gap!r}, test_size={self.test_size!r}, "
                f"max_train_size={self.max_train_size!r}: a time needs labels that are dates, "
                f"periods or time spans, but the time labels are {labels.kind}. Set numbers of "
                f"time steps."
            )
        _, rows = np.unique(step, return_index=True)
        return labels.instants[rows]

    def _check_parameters(self):
        _check_size("n_splits", self.n_splits, least=1, times=False)
        if self.time is not None and not isinstance(self.time, str):
            raise ValueError(
                f"time={self.time!r}; expected the name of a column or index level of X, or None."
            )
        _check_size("gap", self.gap, least=0)
        for name in ("test_size", "max_train_size"):
            if getattr(self, name) is not None:
                _check_size(name, getattr(self, name), least=1)


def _back(first, gap, at):
    """The first step that is not before the gap in front of step ``first``."""
    if isinstance(gap, TIMES):
        return np.searchsorted(at, at[min(first, len(at) - 1)] - np.timedelta64(gap))
    return max(first - gap, 0)


def _begin(last, size, at):
    """The first of the steps before ``last`` that are in a fold of a size."""
    if isinstance(size, TIMES):
        return np.searchsorted(at, at[last - 1] - np.timedelta64(size), side="right")
    return max(last - size, 0)


def _is_time(index):
    """Whether a pandas Index is of time: numbers without a name may be just row numbers."""
    kind = Labels(index).kind if index.nlevels == 1 else "other"
    return kind != "other" and (kind != "numbers" or index.name is not None)


def _as_column(groups):
    """What is passed as ``groups`` as something that ``Labels`` reads."""
    if hasattr(groups, "to_frame") and hasattr(groups, "iloc"):  # a pandas Series
        return groups.rename("time").to_frame().set_index("time").index
    is_column = hasattr(groups, "get_loc") or hasattr(groups, "is_null")  # pandas, polars
    return groups if is_column else np.asarray(groups)


def _check_size(name, size, *, least, times=True):
    """Raise a ValueError unless a size is a number of time steps or, if allowed, a time."""
    if isinstance(size, TIMES):
        is_valid = times and is_time_above(size, 0 if least else -1)
    else:
        is_valid = isinstance(size, Integral) and not isinstance(size, bool) and size >= least
    if not is_valid:
        what = "a number of time steps, or a timedelta," if times else "an integer"
        raise ValueError(f"{name}={size!r}; expected {what} of at least {least}.")
