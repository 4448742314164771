"""Predictions for the rows that come after the newest ones."""

import numpy as np
from sklearn.pipeline import Pipeline

from skrnn.windows._ahead import Ahead
from skrnn.windows._gaps import MAX_GAP
from skrnn.windows._panel import group_names, key_column

METHODS = ["predict", "predict_quantiles"]


def forecast(
    model,
    frame,
    target,
    horizon,
    *,
    known=None,
    group=None,
    time=None,
    max_gap=MAX_GAP,
    method="predict",
):
    """Predict the targets that come after the newest row of each series.

    ``model`` is fitted on the X and y of :func:`~skrnn.make_horizon_target`, and the other
    arguments are those that it got there. Pass all rows, the newest included: nothing has to be cut
    out. The model predicts from rows as it does in ``model.predict``, so the newest row has its
    history, and its prediction has the bits of ``model.predict`` for that row. Each series goes on
    from its own newest row.

    Parameters
    ----------
    model : estimator
        Fitted, with ``predict``: a Pipeline that begins with :class:`~skrnn.SlidingWindow`, a
        search over such Pipelines, or any regressor or classifier of rows. It is not changed.
    frame : pandas or polars DataFrame, or array-like of shape (n_rows, n_columns)
        The rows of one or more series up to now. The model predicts for all of them, so to save
        time pass the last rows only: of each series as many as a window has. Rows at the end of a
        series in which all targets are missing are rows of the future, and of these only the
        columns ``known`` are used.
    target : str, int or list of these
        The columns that the model forecasts.
    horizon : int or iterable of int
        The steps ahead that the model forecasts.
    known : str, int or list of these, default=None
        The columns that are known beforehand. With these, the frame must have as many rows of the
        future as the greatest horizon.
    group, time : str, list of str or None, default=None
        The columns or index levels that identify the series and the time of each row.
    max_gap : int, timedelta or None, default=7
        The longest gap in time before a row of the future.
    method : {'predict', 'predict_quantiles'}, default='predict'
        The method of the model to call. With "predict_quantiles" a Pipeline may end with a model
        that has it, and a search may have found one.

    Returns
    -------
    DataFrame or ndarray of shape (n_series * n_horizons, n_targets * n_quantiles)
        For each series, in the order of their first rows, a row for each step ahead, in the order
        of time. The columns have the names of the targets; with "predict_quantiles" each target has
        a column for each quantile, such as ``load_q0.1`` and ``load_q0.9``. Series and time stand
        where they stand in ``frame``, in columns or index levels. The labels of time are those of
        the rows of the future, if each series has them in ``frame``; else the labels of ``frame``
        go on with their usual time step, on weekdays if they are weekdays. For an array an ndarray.

    Raises
    ------
    ValueError
        If a series has no target or too few rows of the future, if the labels of time have no
        frequency to go on with, if the model predicts another number of values, or if
        :func:`~skrnn.make_horizon_target` does not accept the arguments.
    AttributeError
        If the model does not have the method.

    See Also
    --------
    make_horizon_target : The X and y to fit a model on.
    Stream : Predict row by row, without the rows before.

    Notes
    -----
    Recursive forecasts: the result has the form of ``frame``, so a model of the next step can go on
    from its own predictions. Where the frame has no other columns than targets and keys, repeat
    ``frame = pd.concat([frame, forecast(model, frame, "load", 1)])``. Where it has rows of the
    future, and series and time are its index, fill them in one after the other:
    ``frame = frame.fillna(forecast(model, frame, "load", 1, known="hour"))``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SlidingWindow, forecast, make_horizon_target
    >>> hours = pd.date_range("2024", periods=50, freq="h")
    >>> frame = pd.DataFrame({"load": 10.0 + np.arange(50)}, index=hours)
    >>> X, y = make_horizon_target(frame, "load", range(1, 4))
    >>> model = make_pipeline(SlidingWindow(1, flatten=True), LinearRegression()).fit(X, y)
    >>> forecast(model, frame, "load", range(1, 4))
                         load
    2024-01-03 02:00:00  60.0
    2024-01-03 03:00:00  61.0
    2024-01-03 04:00:00  62.0
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r}; expected one of {METHODS}.")
    _check_keys(model, {"group": group, "time": time})
    table = Ahead(frame, target, horizon, known, group, time, max_gap, warn_of_gaps=False)
    _check_newest(table)
    position = np.arange(table.n_rows)
    keep = table.is_past(position)
    if table.known:
        keep &= table.reaches(position)
    position = table.in_order_of_frame(position[keep])
    place = np.empty(table.n_rows, np.intp)
    place[position] = np.arange(len(position))
    keys = _keys(table, np.sort(table.steps), group, time)

    prediction, endings = _predict(model, table.X(position), method)
    prediction = prediction.reshape(len(position), -1, len(endings))[place[table.newest]]
    n_targets, n_steps = len(table.targets), len(table.steps)
    if prediction.shape[1] != n_targets * n_steps:
        raise ValueError(
            f"model predicts {prediction.shape[1]} values for a row; expected "
            f"{n_targets * n_steps}: target={target!r} and horizon={horizon!r} have {n_targets} "
            f"columns and {n_steps} steps. Fit it on the X and y of make_horizon_target with the "
            f"same arguments."
        )
    by_time = np.argsort(table.steps)
    prediction = prediction.reshape(-1, n_targets, n_steps, len(endings))[:, :, by_time]
    prediction = prediction.transpose(0, 2, 1, 3).reshape(-1, n_targets * len(endings))
    if isinstance(table.frame, np.ndarray):
        return prediction
    names = [f"{name}{end}" if end else name for name in table.targets for end in endings]
    return _labelled(table.frame, keys, dict(zip(names, prediction.T, strict=True)))


def _predict(model, X, method):
    """What the model says of X, and what to add to the name of a target for each number of it."""
    if method == "predict":
        return np.asarray(model.predict(X)), [""]
    while not hasattr(model, method):  # scikit-learn passes on the methods that it knows
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif isinstance(model, Pipeline) and len(model) > 1:
            X, model = model[:-1].transform(X), model[-1]
        else:
            break
    return getattr(model, method)(X), [f"_q{level:g}" for level in model.quantiles_]


def _check_keys(model, given):
    """Raise a ValueError if the windows of a model have keys that are not given here."""
    model = getattr(model, "best_estimator_", model)
    for step in [each for _, each in model.steps] if isinstance(model, Pipeline) else [model]:
        for name, key in given.items():
            known = getattr(step, name, None)
            if known is not None and key is None:
                raise ValueError(
                    f"model has {type(step).__name__}({name}={known!r}), but forecast got "
                    f"{name}=None, and would take all rows as one series. Pass {name}={known!r}, "
                    f"and the same to make_horizon_target."
                )


def _check_newest(table):
    """Raise a ValueError unless each series can be forecast from its newest row."""
    none = table.newest < 0
    if none.any():
        raise ValueError(
            f"frame{_of_series(table, none)} has no row with a target: all of {table.targets} is "
            f"missing. Expected at least one row to forecast from; leave the series out."
        )
    short = ~table.reaches(table.newest)
    if table.known and short.any():
        raise ValueError(
            f"frame{_of_series(table, short)} has too few rows after its last target; with "
            f"known={table.known} expected {max(table.steps)} rows of the future, whose targets "
            f"are missing and whose known columns are filled in. Append them to frame."
        )


def _of_series(table, wrong):
    group = table.panel.groups[wrong.argmax()]
    return "" if group is None else f" of series {group!r}"


def _keys(table, n_steps, group, time):
    """The labels of the rows ahead, by the names of the key columns and index levels."""
    names = group_names(group)
    panel, frame = table.panel, table.frame
    newest = np.repeat(table.newest, len(n_steps))
    n_steps = np.tile(n_steps, len(table.newest))
    keys = {name: key_column(frame, name, "frame")[panel.order[newest]] for name in names}
    if panel.labels is None:
        return keys
    if time is None:  # the level of the index that is left
        time = next(name for name in frame.index.names if name is None or name not in names)
    if table.reaches(table.newest).all():
        return keys | {time: panel.labels[panel.order[newest + n_steps]].source}
    spacing = panel.spacing()
    if spacing is None:
        raise ValueError(
            "The time labels of frame have no frequency, so nobody knows those of the forecast. "
            "Append the rows of the future, with their time labels and missing targets, to frame; "
            "convert text to dates (pd.to_datetime); or use row numbers within each series as "
            "time, e.g. frame.reset_index(drop=True)."
        )
    return keys | {time: spacing.ahead(panel.labels[panel.order[newest]], n_steps)}


def _labelled(frame, keys, columns):
    """A DataFrame like ``frame``, with the keys where it has them: columns or index levels."""
    names = frame.index.names if hasattr(frame, "iloc") else []
    levels = [keys[name] for name in names if name in keys and name not in frame.columns]
    in_columns = {name: key for name, key in keys.items() if name in frame.columns}
    result = type(frame)(in_columns | columns)
    return result.set_index(levels) if levels else result
