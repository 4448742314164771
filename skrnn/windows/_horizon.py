"""Targets that lie ahead of their rows."""

import numpy as np

from skrnn.windows._ahead import Ahead, is_one
from skrnn.windows._frames import frame_like
from skrnn.windows._gaps import MAX_GAP


def make_horizon_target(
    frame, target, horizon, *, known=None, group=None, time=None, max_gap=MAX_GAP
):
    """Pair each row with later values of one or more columns, as the targets of a forecast.

    The last rows of each series, which have no such values, are left out; :func:`~skrnn.forecast`
    uses them once the model is fitted. X keeps all columns, also the past of the target, so that
    ``SlidingWindow`` can make windows of them. In cross-validation split these windows, by
    ``TimeSeriesSplit(gap=h)`` with the greatest horizon h. Without the gap, the last h targets of a
    training fold lie in the time of the test fold. The gap counts rows: for several series use
    ``PanelTimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    frame : pandas or polars DataFrame, or array-like of shape (n_rows, n_columns)
        The rows of one or more series. Rows at the end of a series in which all targets are missing
        are rows of the future: they have what is known beforehand, and no target is taken from
        them.
    target : str, int or list of these
        The name of the column to forecast, or several; for an array, the index.
    horizon : int or iterable of int
        The number of rows to look ahead, at least 1. With several, such as ``range(1, 25)``, y
        has one column for each (a direct multi-step forecast).
    known : str, int or list of these, default=None
        The columns that are known beforehand, such as calendar columns, prices or the forecasts of
        the weather. X gets, beside its own columns, their values in the rows of the horizon: the
        columns ``hour_t+1``, ``hour_t+2``, ... Never name a column whose future values you do not
        have at the time of the forecast: the model would learn from them.
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
        The rows that have a target, with their order and index unchanged. The columns of the rows
        ahead come last: all steps of the first known column, then those of the next.
    y : Series, DataFrame or ndarray of shape (n_rows,) or (n_rows, n_targets * n_horizons)
        Their targets, with the same index; 1-D for one column and an int as horizon. Columns are
        named ``load_t+1``, ``load_t+2``, ...: all horizons of the first target, then those of the
        next, as ``ColumnwiseRegressor`` and ``ar_columns="own"`` expect.

    Raises
    ------
    ValueError
        If a column is not there, is named twice or is both target and known; if the horizon is not
        positive or contains a number twice; if no row has a target; or if ``SlidingWindow`` does
        not accept the rows.

    See Also
    --------
    forecast : Predict from the newest rows on.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import make_horizon_target
    >>> frame = pd.DataFrame({"load": [1.0, 2.0, 3.0, 4.0], "hour": [5, 6, 7, 8]})
    >>> X, y = make_horizon_target(frame, "load", range(1, 3))
    >>> X.join(y)
       load  hour  load_t+1  load_t+2
    0   1.0     5       2.0       3.0
    1   2.0     6       3.0       4.0
    >>> make_horizon_target(frame, "load", range(1, 3), known="hour")[0]
       load  hour  hour_t+1  hour_t+2
    0   1.0     5         6         7
    1   2.0     6         7         8
    """
    table = Ahead(frame, target, horizon, known, group, time, max_gap, warn_of_gaps=True)
    position = np.arange(table.n_rows)
    position = position[table.reaches(position)]
    position = position[table.is_past(position + max(table.steps))]
    if len(position) == 0:
        raise ValueError(
            f"No row has a target {max(table.steps)} rows ahead: the longest series without a gap "
            f"has {table.longest_past()} rows with a target. Use a smaller horizon."
        )
    position = table.in_order_of_frame(position)
    X, ahead = table.X(position), table.ahead(table.targets, position)
    is_single = is_one(horizon) and is_one(target)
    if isinstance(X, np.ndarray):
        y = np.column_stack([*ahead.values()])
        return X, y[:, 0] if is_single else y
    y = frame_like(X, ahead)
    return X, y[next(iter(ahead))] if is_single else y
