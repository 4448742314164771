"""Targets some steps ahead."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array

from skrnn._sklearn import safe_indexing
from skrnn.windows._frames import frame_like
from skrnn.windows._panel import read_panel


def make_horizon_target(frame, target, horizon, *, group=None, time=None):
    """Pair each row with a value that lies ahead of it.

    Rows without that future, the last of each series, are left out. X keeps all columns, the
    target's past among them, for ``SlidingWindow`` to follow. In cross-validation use
    ``TimeSeriesSplit(gap=h)`` with the greatest horizon h: the last h targets of a training fold
    lie in the test fold's time. It counts rows: sort the rows of k series by time, and use
    ``gap=h * k``.

    Parameters
    ----------
    frame : pandas or polars DataFrame, or array-like of shape (n_rows, n_columns)
        The rows of one or more series.
    target : str or int
        The column to look ahead in; of an array, its place.
    horizon : int or iterable of int
        How many rows ahead, at least 1. Several, such as ``range(1, 25)``, give one column of y
        for each: the direct multi-step forecast.
    group, time : str, list of str or None, default=None
        The keys of the rows, as in ``SlidingWindow``: a target is never taken from another series
        or from beyond a missing label.

    Returns
    -------
    X : DataFrame or ndarray
        The rows that have a future, in their order and with their index.
    y : Series, DataFrame or ndarray of shape (n_rows,) or (n_rows, n_horizons)
        Their targets, with the same index. The names are ``load_t+1``, ``load_t+2``, ...

    Raises
    ------
    ValueError
        If the horizon is not as above or has a number twice, if no row has a future, or if the
        rows are not as ``SlidingWindow`` expects them.

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
    if not hasattr(frame, "columns"):
        frame = check_array(frame, dtype=None, ensure_all_finite=False, input_name="frame")
    _, panel = read_panel(frame, group, time)
    column = _column(frame, target)

    run = np.cumsum(panel.runs(panel.spacing(), stacklevel=3))
    place = np.arange(len(run) - min(max(steps), len(run)))
    place = place[run[place] == run[place + max(steps)]]
    if len(place) == 0:
        raise ValueError(
            f"No row has one {max(steps)} rows ahead in its series; the longest has "
            f"{np.bincount(run).max()} rows."
        )
    place = place[np.argsort(panel.order[place])]
    X = safe_indexing(frame, panel.order[place])
    ahead = [safe_indexing(column, panel.order[place + step]) for step in steps]
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
        raise ValueError(f"horizon={horizon!r}; expected a positive int or several different ones.")
    return steps


def _column(frame, target):
    if isinstance(frame, np.ndarray):
        if not isinstance(target, Integral) or not -frame.shape[1] <= target < frame.shape[1]:
            raise ValueError(
                f"target={target!r}; expected the place of one of the {frame.shape[1]} columns."
            )
        return frame[:, target]
    if target not in list(frame.columns):
        raise ValueError(f"target={target!r} is none of the columns {list(frame.columns)}.")
    return frame[target]
