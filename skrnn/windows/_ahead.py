"""The rows of a table of series, and the rows some steps ahead of them."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array

from skrnn._sklearn import safe_indexing
from skrnn.windows._frames import frame_like, missing
from skrnn.windows._gaps import check_max_gap
from skrnn.windows._panel import read_panel


class Ahead:
    """What ``make_horizon_target`` and ``forecast`` read from the same arguments.

    A position is the place of a row in the panel, where the rows are sorted by series and time.

    Attributes
    ----------
    frame : DataFrame or ndarray
    targets, known : list
        The columns to forecast, and those that are known beforehand.
    steps : list of int
        The steps ahead.
    panel : Panel
    newest : ndarray of int of shape (n_series,)
        The position of the last row of each series with a target; -1 if there is none. Rows after
        it are those of the future.
    """

    def __init__(self, frame, target, horizon, known, group, time, max_gap, *, warn_of_gaps):
        self.steps = _steps(horizon)
        check_max_gap(max_gap)
        if not hasattr(frame, "columns"):
            frame = check_array(frame, dtype=None, ensure_all_finite=False, input_name="frame")
        self.frame = frame
        self.panel = panel = read_panel(frame, group, time, input_name="frame")[1]
        self.targets = _checked_columns(frame, target, "target")
        self.known = _checked_columns(frame, [] if known is None else known, "known")
        both = [name for name in self.known if name in self.targets]
        if both:
            raise ValueError(
                f"known={self.known!r} contains the target {both[0]!r}, whose future is not known; "
                f"expected columns other than the target. The past of the target is in X anyway."
            )
        self._run = np.cumsum(panel.runs(panel.gaps(max_gap), warn_of_gaps=warn_of_gaps))
        self._series = panel.codes[panel.order]
        has_target = ~np.all([missing(_column(frame, name)) for name in self.targets], axis=0)
        observed = np.flatnonzero(has_target[panel.order])
        self.newest = np.full(len(panel.groups), -1)
        np.maximum.at(self.newest, self._series[observed], observed)

    @property
    def n_rows(self):
        return len(self._run)

    def is_past(self, position):
        """Whether each row is not one of the future."""
        return position <= self.newest[self._series[position]]

    def reaches(self, position):
        """Whether each row has all rows of the horizon ahead, and no long gap before them."""
        last = np.minimum(position + max(self.steps), self.n_rows - 1)
        has_rows = position + max(self.steps) < self.n_rows
        return has_rows & (self._run[position] == self._run[last])

    def longest_past(self):
        """The length of the longest series without a gap."""
        past = self.is_past(np.arange(self.n_rows))
        return np.bincount(self._run[past], minlength=1).max()

    def in_order_of_frame(self, position):
        return position[np.argsort(self.panel.order[position])]

    def X(self, position):
        """Rows with all of their columns, and what is known of the rows ahead of them."""
        X = safe_indexing(self.frame, self.panel.order[position])
        if not self.known:
            return X
        ahead = self.ahead(self.known, position)
        if isinstance(X, np.ndarray):
            return np.column_stack([X, *ahead.values()])
        taken = [name for name in ahead if name in X.columns]
        if taken:
            raise ValueError(
                f"frame has a column {taken[0]!r}, which is the name of a column that known= adds; "
                f"expected other names. Rename it."
            )
        return frame_like(X, {name: X[name] for name in X.columns} | ahead)

    def ahead(self, columns, position):
        """Values of columns in the rows ahead: for each column, one array or Series for each step.

        The keys are names such as ``load_t+1``.
        """
        return {
            f"{name}_t+{step}": safe_indexing(
                _column(self.frame, name), self.panel.order[position + step]
            )
            for name in columns
            for step in self.steps
        }


def _steps(horizon):
    steps = [horizon] if is_one(horizon) else list(horizon)
    is_positive = [
        isinstance(step, Integral) and not isinstance(step, bool) and step >= 1 for step in steps
    ]
    if not steps or not all(is_positive) or len({*steps}) < len(steps):
        raise ValueError(
            f"horizon={horizon!r}; expected a positive integer, or several different ones."
        )
    return steps


def is_one(given):
    """Whether a column or step is given, not a list of them."""
    return isinstance(given, str) or not np.iterable(given)


def _checked_columns(frame, given, parameter):
    """The names of one or more columns, or indices for an array."""
    names = [given] if is_one(given) else list(given)
    if isinstance(frame, np.ndarray):
        n_columns = frame.shape[1]
        for name in names:
            if not isinstance(name, Integral) or not -n_columns <= name < n_columns:
                raise ValueError(
                    f"{parameter}={given!r}; expected the index of one of the {n_columns} columns "
                    f"of frame, or several."
                )
        names = [int(name) % n_columns for name in names]
    for name in names:
        if not isinstance(frame, np.ndarray) and name not in list(frame.columns):
            raise ValueError(
                f"{parameter}={name!r} is not a column of frame; it has the columns "
                f"{list(frame.columns)}."
            )
    if len({*names}) < len(names) or (not names and parameter == "target"):
        raise ValueError(f"{parameter}={given!r}; expected one column, or several different ones.")
    return names


def _column(frame, name):
    return frame[:, name] if isinstance(frame, np.ndarray) else frame[name]
