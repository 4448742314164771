"""Series, and their windows by plain loops."""

import numpy as np
import pytest

from skrnn import Sequences, SlidingWindow

pd = pytest.importorskip("pandas")

# Of tests where no window is full, for good reason.
short_series = pytest.mark.filterwarnings("ignore:A window of .* is longer than every series in X")


# Of tests where a few rows come after something that they do not continue.
few_rows = pytest.mark.filterwarnings("ignore:The windows of X .*have at most .* in fit")

# Of tests where the rows between fit and X are missing, for good reason.
after_a_gap = pytest.mark.filterwarnings("ignore:The first windows of X .*are shorter than those")


def series(n_rows=12, n_features=2, dtype=np.float64):
    return np.random.default_rng(0).standard_normal((n_rows, n_features)).astype(dtype)


def naive(rows, window, step=1):
    """The windows, one loop step for each row."""
    windows = []
    for t in range(len(rows)):
        places = []
        for k in range(window):
            if t - k * step >= 0:
                places.insert(0, t - k * step)
        windows.append(rows[places])
    return windows


def naive_panel(rows, groups, times, window, step=1, distance=1):
    """Windows of several series in any order; neighbours in time are ``distance`` apart."""
    keys = list(zip(groups, times, strict=True))
    row_of = dict(zip(keys, range(len(rows)), strict=True))
    windows = []
    for group, time in keys:
        places = []
        while (group, time) in row_of:  # back in time, until a row is missing
            places.insert(0, row_of[group, time])
            time = time - distance
        windows.append(rows[places[::-1][::step][:window][::-1]])
    return windows


def assert_same(windows, expected):
    assert isinstance(windows, Sequences)
    assert len(windows) == len(expected)
    for ours, theirs in zip(windows, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def windows_after(history, first, second, window=4, step=1):
    """Windows of the second frame or array, after a fit on the first."""
    return SlidingWindow(window, history=history, step=step).fit(first).transform(second)


def expected_after(first, second, window=4, step=1):
    return naive(np.concatenate([first, second]), window, step)[len(first) :]


def as_container(frame, container):
    """A pandas frame as it is, or as one of polars."""
    if container == "pandas":
        return frame
    pl = pytest.importorskip("polars")
    columns = {}
    for name, column in frame.items():
        zone = getattr(column.dtype, "tz", None)
        if zone is not None:
            values = column.dt.tz_convert(None).to_numpy()
            columns[name] = pl.Series(values).dt.replace_time_zone("UTC")
            columns[name] = columns[name].dt.convert_time_zone(str(zone))
        elif column.dtype.kind == "m":
            columns[name] = pl.Series(column.to_numpy())
        else:
            columns[name] = pl.Series([None if pd.isna(x) else x for x in column.tolist()])
    return pl.DataFrame(columns)
