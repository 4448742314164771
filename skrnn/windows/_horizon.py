"""Targets that lie ahead of their rows."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array

from skrnn._sklearn import safe_indexing
from skrnn.windows._frames import frame_like
from skrnn.windows._gaps import MAX_GAP, check_max_gap
from skrnn.windows._panel import read_panel


def make_horizon_target(frame, target, horizon, *, group=None, time=None, max_gap=MAX_GAP):
    """Pair each row with a later value of a column, as the target of a forecast.

    The last rows of each series, which have no such value, are left out. X keeps all columns, also
    the past of the target, so that ``SlidingWindow`` can make windows of them. In cross-validation
    split these windows, by ``TimeSeriesSplit(gap=h)`` with the greatest horizon h. Without the gap,
    the last h targets of a training fold lie in the time of the test fold. The gap counts rows: for
    several series use ``PanelTimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    frame : pandas or polars DataFrame, or array-like of shape (n_rows, n_columns)
        The rows of one or more series.
    target : str or int
        The name of the column to forecast; for an array, its index.
    horizon : int or iterable of int
        The number of rows to look ahead, at least 1. With several, such as ``range(1, 25)``, y
        has one column for each (a direct multi-step forecast).
    group, time : str, list of str or None, default=None
        The columns or index levels that identify the series and the time of each row, as in
        ``SlidingWindow``. A target is never taken from another series.
    max_gap : int, timedelta or None, default=7
        The longest gap in time between a row and its target, as in ``SlidingWindow``. A horizon
        counts rows: on days of trade, ``horizon=5`` is five days of trade ahead, whatever the
        holidays are between them. With ``max_gap=0`` the rows on both sides of a missing label
        have no targets beyond it.

    Returns
    -------
    X : DataFrame or ndarray
        The rows that have a target, with their order and index unchanged.
    y : Series, DataFrame or ndarray of shape (n_rows,) or (n_rows, n_horizons)
        Their targets, with the same index. Columns are named ``load_t+1``, ``load_t+2``, ...

    Raises
    ------
    ValueError
        If the horizon is not positive or contains a number twice, if no row has a target, or if
        ``SlidingWindow`` does not accept the rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import make_horizon_target
    >>> frame = pd.DataFrame({"load": [1.0, 2.0, 3.0, 4.0], "heat": [5.0, 6.0, 7.0, 8.0]})
    >>> X, y = make_horizon_target(frame, "load", range(1, 3))
    >>> X.join(y)
       load  heat  load_t+1  load_t+2
    0   1.0   5.0       2.0       3.0
    1   2.0   6.0       3.0       4.0
    """
    steps = _steps(horizon)
    check_max_gap(max_gap)
    if not hasattr(frame, "columns"):
        frame = check_array(frame, dtype=None, ensure_all_finite=False, input_name="frame")
    _, panel = read_panel(frame, group, time, input_name="frame")
    column = _column(frame, target)

    run = np.cumsum(panel.runs(panel.gaps(max_gap), warn_of_gaps=True))
    position = np.arange(len(run) - min(max(steps), len(run)))  # in the order of the panel
    position = position[run[position] == run[position + max(steps)]]
    if len(position) == 0:
        raise ValueError(
            f"No row has a target {max(steps)} rows ahead: the longest series without a gap has "
            f"{np.bincount(run).max()} rows. Use a smaller horizon."
        )
    position = position[np.argsort(panel.order[position])]
    X = safe_indexing(frame, panel.order[position])
    ahead = [safe_indexing(column, panel.order[position + step]) for step in steps]
    if isinstance(frame, np.ndarray):
        y = np.column_stack(ahead)
        return X, y[:, 0] if isinstance(horizon, Integral) else y
    names = [f"{target}_t+{step}" for step in steps]
    y = frame_like(X, dict(zip(names, ahead, strict=True)))
    return X, y[names[0]] if isinstance(horizon, Integral) else y


def _steps(horizon):
    steps = list(horizon) if np.iterable(horizon) else [horizon]
    is_positive = [
        isinstance(step, Integral) and not isinstance(step, bool) and step >= 1 for step in steps
    ]
    if not steps or not all(is_positive) or len({*steps}) < len(steps):
        raise ValueError(
            f"horizon={horizon!r}; expected a positive integer, or several different ones."
        )
    return steps


def _column(frame, target):
    if isinstance(frame, np.ndarray):
        if not isinstance(target, Integral) or not -frame.shape[1] <= target < frame.shape[1]:
            raise ValueError(
                f"target={target!r}; expected the index of one of the {frame.shape[1]} columns of "
                f"frame."
            )
        return frame[:, target]
    if target not in list(frame.columns):
        raise ValueError(
            f"target={target!r} is not a column of frame; it has the columns {list(frame.columns)}."
        )
    return frame[target]
