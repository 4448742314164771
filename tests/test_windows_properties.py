"""What holds for any series, groups and windows."""

import numpy as np
import pytest

from skrnn import SlidingWindow
from tests._windows import (
    after_a_gap,
    as_container,
    assert_same,
    few_rows,
    naive_panel,
    short_series,
)

hypothesis = pytest.importorskip("hypothesis")
pd = pytest.importorskip("pandas")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

repeatable = settings(derandomize=True, deadline=None, max_examples=100)


@st.composite
def panels(draw):
    """Distinct (unit, time) pairs in any order, with a feature that tells the rows apart."""
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.integers(0, 12)),
            min_size=1,
            max_size=25,
            unique=True,
        )
    )
    frame = pd.DataFrame(pairs, columns=["unit", "time"])
    return frame.assign(x=np.arange(len(pairs), dtype=float))


windows = st.integers(1, 6)
steps = st.integers(1, 4)
containers = st.sampled_from(["pandas", "polars", "index"])


def convert(frame, container):
    if container == "index":
        return frame.set_index(["unit", "time"])
    return as_container(frame, container)


def has_neighbours(frame):
    """Whether of each unit with several rows some follow each other, as ``fit`` expects."""
    times = [time.sort_values().diff() for _, time in frame.groupby("unit")["time"]]
    return all(len(steps) < 3 or (steps == 1).any() for steps in times)


def with_all_hours(frame):
    """The rows in one more group that leaves no doubt that times are one apart."""
    regular = pd.DataFrame({"unit": "regular", "time": range(40), "x": 100.0 + np.arange(40)})
    return pd.concat([frame, regular], ignore_index=True)


@repeatable
@given(panels(), windows, steps, containers)
@pytest.mark.filterwarnings("ignore:X has .* in time")
def test_row_t_holds_the_rows_of_its_group_that_end_at_t(frame, window, step, container):
    hypothesis.assume(has_neighbours(frame))
    frame = with_all_hours(frame)
    expected = naive_panel(
        frame[["x"]].to_numpy(), frame["unit"], frame["time"], window, step
    )  # fmt: skip
    transformer = SlidingWindow(window, group="unit", time="time", step=step, max_gap=0)
    X = convert(frame, container)
    assert_same(transformer.fit_transform(X), expected)
    assert_same(transformer.transform(X), expected)
    lags = transformer.set_params(flatten=True).fit_transform(X)
    for row, window_of_row in zip(lags, expected, strict=True):
        np.testing.assert_array_equal(row[~np.isnan(row)], window_of_row.ravel())


@repeatable
@given(panels(), windows, steps, containers, st.integers(0, 13))
@pytest.mark.filterwarnings("ignore:X has .* in time")
@short_series
@few_rows
@after_a_gap
def test_cut_in_time_and_continued(frame, window, step, container, cut):
    """Windows of what comes after a cut are those of the whole where nothing is missing there."""
    frame = with_all_hours(frame)
    first, second = frame[frame["time"] < cut], frame[frame["time"] >= cut]
    hypothesis.assume(has_neighbours(first))
    hypothesis.assume(len(first[first["unit"] == "regular"]) > len(first) / 2 + 2)
    transformer = SlidingWindow(window, group="unit", time="time", step=step, max_gap=0)
    found = transformer.fit(convert(first, container)).transform(convert(second, container))
    whole = naive_panel(frame[["x"]].to_numpy(), frame["unit"], frame["time"], window, step)
    assert_same(found, [whole[i] for i in second.index])


@repeatable
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), windows, steps)
@short_series
def test_an_array_is_one_series_in_order(values, window, step):
    X = np.array(values).reshape(-1, 1)
    expected = naive_panel(X, [0] * len(X), range(len(X)), window, step)
    assert_same(SlidingWindow(window, step=step).fit_transform(X), expected)
