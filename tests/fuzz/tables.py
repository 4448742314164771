"""Series and tables in time, beside plain loops."""

import numpy as np
import pandas as pd
import polars as pl

import skrnn
from tests.fuzz.data import pick
from tests.fuzz.transformers import copy_of, same_parts

DAY_ONE = pd.Timestamp("2024-02-27")
TIMES = {
    "numbers": lambda t: t,
    "hours": lambda t: DAY_ONE + pd.to_timedelta(t, unit="h"),
    "days": lambda t: DAY_ONE + pd.to_timedelta(t, unit="D"),
}


def panel(rng, *, n_features=None, kind=None):
    """A long frame of series without gaps, its rows in any order; and the features' names."""
    n_features = n_features or int(rng.integers(1, 4))
    names = [f"x{k}" for k in range(n_features)]
    kind = kind or pick(rng, [*TIMES])
    series = []
    for unit in pick(rng, [["a"], ["b", "a"], ["c", "a", "b"], [3, 1, 2]]):
        n, first = int(rng.integers(3, 12)), int(rng.integers(0, 5))
        frame = pd.DataFrame(rng.standard_normal((n, n_features)), columns=names)
        frame.insert(0, "time", TIMES[kind](np.arange(first, first + n)))
        frame.insert(int(rng.integers(0, 2)), "unit", unit)
        series.append(frame)
    frame = pd.concat(series, ignore_index=True)
    if rng.random() < 0.7:
        frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    return frame, names


def container(rng, frame):
    """The frame as it is, or as one of polars."""
    return frame if rng.random() < 0.6 else pl.DataFrame(frame.to_dict("list"))


def window_of(rows, t, window, step, segment):
    """The window that ends with row t of a series."""
    places = [t - k * step for k in range(window) if t - k * step >= 0][::-1]
    n_whole = max(len(places) // segment * segment, segment)
    places = [places[0]] * (n_whole - len(places)) + places[max(len(places) - n_whole, 0) :]
    return rows[places].reshape(n_whole // segment, -1)


def sliding_window(rng, name):
    segment = pick(rng, [1, 1, 1, 2, 3])
    window, step = segment * int(rng.integers(1, 5)), int(pick(rng, [1, 1, 2, 3]))
    if segment > 1:
        step = 1
    options = {"step": step, "segment": segment, "history": pick(rng, ["index", "none"])}
    if rng.random() < 0.5:
        dtype = pick(rng, ["f4", "f8", "i4", "f2"])
        rows = (9 * rng.standard_normal((int(rng.integers(1, 15)), 2))).astype(dtype)
        model = skrnn.SlidingWindow(window, **options)
        found = model.fit_transform(rows)
        expected = [window_of(rows, t, window, step, segment) for t in range(len(rows))]
        same_parts(found, expected)
        _after_fit(model, rows, window, step, segment)
        return
    frame, names = panel(rng)
    X = container(rng, frame)
    model = skrnn.SlidingWindow(window, group="unit", time="time", **options)
    expected = [None] * len(frame)
    for _, series in frame.groupby("unit"):
        order = series.sort_values("time").index
        rows = frame.loc[order, names].to_numpy()
        for t, row in enumerate(order):
            expected[row] = window_of(rows, t, window, step, segment)
    same_parts(model.fit_transform(X), expected)
    if segment == 1:
        flat = copy_of(model).set_params(flatten=True).fit_transform(X)
        for line, part in zip(np.asarray(flat), expected, strict=True):
            n_missing = (window - len(part)) * len(names)
            assert np.isnan(line[:n_missing]).all()
            np.testing.assert_array_equal(line[n_missing:], part.ravel())


def _after_fit(model, rows, window, step, segment):
    """With ``history="tail"`` windows of new rows begin in those of fit."""
    model = copy_of(model).set_params(history="tail").fit(rows)
    more = rows[::-1].copy()
    both = np.concatenate([rows, more])
    expected = [window_of(both, t, window, step, segment) for t in range(len(rows), len(both))]
    same_parts(copy_of(model).transform(more), expected)


def long_tables(rng, name):
    """``from_long`` and ``to_long``, each the inverse of the other."""
    frame, names = panel(rng)
    X, ids = skrnn.from_long(container(rng, frame), id="unit", time="time")
    assert list(ids) == list(dict.fromkeys(frame["unit"]))
    for x, unit in zip(X, ids, strict=True):
        series = frame[frame["unit"] == unit].sort_values("time")
        np.testing.assert_array_equal(x, series[names].to_numpy())
    order = rng.permutation(len(ids))
    back = skrnn.to_long(X[order], ids[order], like=frame, id="unit", time="time")
    pd.testing.assert_frame_equal(back[frame.columns], frame)


def horizons(rng, name):
    """``make_horizon_target`` and ``forecast``, with a model that knows the rule."""
    frame, names = panel(rng)
    horizon = pick(rng, [1, 2, [1, 2], [2, 1]])
    targets = pick(rng, [names[0], names[:1], names[:2]])
    steps, columns = np.atleast_1d(horizon), [targets] if isinstance(targets, str) else targets
    keys = {"group": "unit", "time": "time"}
    X, y = skrnn.make_horizon_target(frame, targets, horizon, **keys)
    y = y.to_frame() if y.ndim == 1 else y
    ahead = {}
    for _, series in frame.groupby("unit"):
        series = series.sort_values("time")
        for t in range(len(series) - max(steps)):
            ahead[series.index[t]] = [series[c].iloc[t + h] for c in columns for h in steps]
    expected = pd.DataFrame.from_dict(ahead, orient="index").sort_index()
    found = y.sort_index()
    assert list(found.index) == list(expected.index)
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
    pd.testing.assert_frame_equal(X, frame.loc[y.index])

    class Rule:
        def predict(self, X):
            return np.column_stack([X[c] + 1000 * h for c in columns for h in steps])

    result = skrnn.forecast(Rule(), frame, targets, horizon, **keys)
    assert len(result) == frame["unit"].nunique() * len(steps)
    newest = frame.sort_values("time").groupby("unit").tail(1).set_index("unit")
    for column in columns:
        by_unit = result.groupby("unit")[column]
        for unit, values in by_unit:
            wanted = newest.loc[unit, column] + 1000 * np.sort(steps)
            np.testing.assert_allclose(values.to_numpy(), wanted)
    later = result.groupby("unit")["time"].min() > newest["time"].sort_index()
    assert later.all()


def panel_split(rng, name):
    frame, _ = panel(rng)
    times = np.sort(frame["time"].unique())
    n_splits, gap = int(rng.integers(1, 4)), int(rng.integers(0, 2))
    test_size = pick(rng, [None, 1])
    cv = skrnn.PanelTimeSeriesSplit(n_splits, time="time", gap=gap, test_size=test_size)
    size = len(times) // (n_splits + 1) if test_size is None else test_size
    if len(times) - size * n_splits - gap < 1 or size < 1:
        return
    found = [*cv.split(container(rng, frame))]
    assert len(found) == n_splits
    for k, (train, test) in enumerate(found):
        first = len(times) - size * (n_splits - k)
        is_test = frame["time"].isin(times[first : first + size])
        is_train = frame["time"].isin(times[: first - gap])
        np.testing.assert_array_equal(np.sort(test), np.flatnonzero(is_test))
        np.testing.assert_array_equal(train, np.flatnonzero(is_train))
