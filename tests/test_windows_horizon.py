"""make_horizon_target: a value that lies ahead, never in another series."""

import numpy as np
import pytest

from skrnn import SlidingWindow, make_horizon_target
from tests._windows import as_container, assert_same, naive, series

pd = pytest.importorskip("pandas")

CONTAINERS = ["pandas", "polars"]


@pytest.mark.parametrize("container", [*CONTAINERS, "array"])
@pytest.mark.parametrize("h", [1, 3, 11])
def test_one_step_ahead(container, h):
    frame = pd.DataFrame(series(), columns=["load", "heat"])
    if container == "array":
        X, y = make_horizon_target(frame.to_numpy(), 1, h)
        np.testing.assert_array_equal(X, series()[:-h])
        np.testing.assert_array_equal(y, series()[h:, 1])
        return
    X, y = make_horizon_target(as_container(frame, container), "heat", h)
    assert type(X).__module__.startswith(container)
    assert type(y).__name__ == "Series"
    assert list(X.columns) == ["load", "heat"]
    assert y.name == f"heat_t+{h}"
    np.testing.assert_array_equal(X.to_numpy(), series()[:-h])
    np.testing.assert_array_equal(y.to_numpy(), series()[h:, 1])


@pytest.mark.parametrize("container", [*CONTAINERS, "array"])
@pytest.mark.parametrize("horizon", [range(1, 4), [2, 5], (4,), np.array([3, 1])])
def test_several_steps_ahead(container, horizon):
    frame = pd.DataFrame(series(), columns=["load", "heat"])
    n = 12 - max(horizon)
    expected = np.column_stack([series()[h : h + n, 0] for h in horizon])
    if container == "array":
        X, y = make_horizon_target(frame.to_numpy(), 0, horizon)
    else:
        X, y = make_horizon_target(as_container(frame, container), "load", horizon)
        assert list(y.columns) == [f"load_t+{h}" for h in horizon]
        X, y = X.to_numpy(), y.to_numpy()
    np.testing.assert_array_equal(X, series()[:n])
    np.testing.assert_array_equal(y, expected)


def test_index_and_dtype_are_kept():
    index = pd.date_range("2020", periods=12, freq="h", name="hour")
    frame = pd.DataFrame({"x": series()[:, 0], "label": [*"abcdefghijkl"]}, index=index)
    X, y = make_horizon_target(frame.astype({"label": "category"}), "label", 2)
    pd.testing.assert_index_equal(X.index, index[:-2], exact="equiv")
    pd.testing.assert_index_equal(y.index, X.index)
    assert y.tolist() == [*"cdefghijkl"]
    assert y.dtype == "category"


@pytest.mark.parametrize("container", CONTAINERS)
def test_targets_never_cross_groups(container):
    frame = pd.DataFrame(
        {"x": [0.1, 1.1, 0.2, 2.1, 1.3, 0.3], "unit": [*"babcab"], "hour": [3, 1, 2, 9, 2, 1]},
        index=[7, 3, 3, 1, 0, 2],
    )
    X, y = make_horizon_target(as_container(frame, container), "x", 1, group="unit", time="hour")
    assert X["unit"].to_list() == ["a", "b", "b"]
    assert X["hour"].to_list() == [1, 2, 1]
    assert y.to_list() == [1.3, 0.1, 0.2]
    if container == "pandas":
        assert y.index.tolist() == X.index.tolist() == [3, 3, 2]


def test_targets_do_not_cross_gaps_longer_than_the_limit():
    frame = pd.DataFrame({"x": np.arange(8.0)}, index=[0, 1, 2, 3, 6, 7, 8, 9])
    with pytest.warns(UserWarning, match="frame has a gap in time, the first after 3;"):
        X, y = make_horizon_target(frame, "x", 2, max_gap=0)
    assert X.index.tolist() == [0, 1, 6, 7]
    assert y.tolist() == [2, 3, 6, 7]
    X, y = make_horizon_target(frame, "x", 2)  # two rows ahead
    assert X.index.tolist() == [0, 1, 2, 3, 6, 7]
    assert y.tolist() == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("container", [*CONTAINERS, "array"])
@pytest.mark.parametrize("horizon", [2, [3, 1]])
def test_several_targets(container, horizon):
    """All horizons of the first target, then those of the next."""
    frame = pd.DataFrame(series(12, 3), columns=["load", "heat", "wind"])
    steps = np.atleast_1d(horizon)
    n = 12 - steps.max()
    expected = np.column_stack([series(12, 3)[h : h + n, j] for j in (2, 0) for h in steps])
    if container == "array":
        X, y = make_horizon_target(frame.to_numpy(), [2, 0], horizon)
    else:
        X, y = make_horizon_target(as_container(frame, container), ["wind", "load"], horizon)
        assert list(y.columns) == [f"{name}_t+{h}" for name in ("wind", "load") for h in steps]
        X, y = X.to_numpy(), y.to_numpy()
    np.testing.assert_array_equal(X, series(12, 3)[:n])
    np.testing.assert_array_equal(y, expected)


def test_one_target_in_a_list():
    frame = pd.DataFrame(series(), columns=["load", "heat"])
    assert list(make_horizon_target(frame, ["load"], 1)[1].columns) == ["load_t+1"]
    assert make_horizon_target(frame.to_numpy(), [0], 1)[1].shape == (11, 1)


@pytest.mark.parametrize("container", [*CONTAINERS, "array"])
def test_known_columns(container):
    """Each row has what is known of the rows of the horizon, last of all."""
    values = series(12, 3)
    if container == "array":
        X, y = make_horizon_target(values, 0, [1, 3], known=[2, 1])
    else:
        frame = as_container(pd.DataFrame(values, columns=["load", "heat", "hour"]), container)
        X, y = make_horizon_target(frame, "load", [1, 3], known=["hour", "heat"])
        assert type(X).__module__.startswith(container)
        names = ["load", "heat", "hour", "hour_t+1", "hour_t+3", "heat_t+1", "heat_t+3"]
        assert list(X.columns) == names
        X, y = X.to_numpy(), y.to_numpy()
    ahead = [values[h : h + 9, j] for j in (2, 1) for h in (1, 3)]
    np.testing.assert_array_equal(X, np.column_stack([values[:9], *ahead]))
    np.testing.assert_array_equal(y, np.column_stack([values[1:10, 0], values[3:, 0]]))


def test_known_columns_of_series_in_any_order():
    frame = pd.DataFrame(
        {"x": [0.1, 1.1, 0.2, 2.1, 1.3, 0.3], "unit": [*"babcab"], "hour": [3, 1, 2, 9, 2, 1]},
        index=[7, 3, 3, 1, 0, 2],
    )
    frame["day"] = frame["unit"].str.upper().astype("category")
    X, y = make_horizon_target(frame, "x", 1, known=["day", "hour"], group="unit", time="hour")
    assert X["day_t+1"].tolist() == [*"ABB"]
    assert X["day_t+1"].dtype == frame["day"].dtype
    assert X["hour_t+1"].tolist() == [2, 3, 2]
    assert X.index.tolist() == y.index.tolist() == [3, 3, 2]


@pytest.mark.parametrize("known", [None, "hour"])
def test_no_target_is_taken_from_rows_of_the_future(known):
    """Those at the end without a target; a value that is missing within is as it was."""
    frame = pd.DataFrame({"load": np.arange(12.0), "hour": np.arange(12)})
    frame.loc[[4, 9, 10, 11], "load"] = np.nan
    X, y = make_horizon_target(frame, "load", 2, known=known)
    assert X.index.tolist() == [*range(7)]
    np.testing.assert_array_equal(y, [2, 3, np.nan, 5, 6, 7, 8])
    both = make_horizon_target(frame.assign(heat=1.0), ["load", "heat"], 2, known=known)
    assert len(both[0]) == 10  # one of two targets is there


def test_no_row_sees_its_target():
    """Windows of X, then the target: what is in a window was known before."""
    frame = pd.DataFrame({"x": np.arange(30.0)})
    X, y = make_horizon_target(frame, "x", 4)
    windows = SlidingWindow(5).fit_transform(X)
    assert_same(windows, naive(np.arange(26.0)[:, np.newaxis], 5))
    assert all(window.max() == target - 4 for window, target in zip(windows, y, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((series(), 0, 0), "horizon=0; expected a positive integer, or several"),
        ((series(), 0, []), r"horizon=\[\]; expected"),
        ((series(), 0, [1, 2.5]), r"horizon=\[1, 2.5\]; expected a positive integer, or several"),
        ((series(), 0, 2.5), "horizon=2.5; expected a positive integer, or several"),
        ((series(), 0, None), "horizon=None; expected a positive integer, or several"),
        ((series(), 0, True), "horizon=True; expected a positive integer, or several"),
        ((series(), 0, [True, 2]), "expected a positive integer, or several"),
        ((series(), 0, [1, 2, 1]), r"horizon=\[1, 2, 1\]; .* several different ones"),
        ((series(), [0, 0], 1), r"target=\[0, 0\]; expected one column, or several different"),
        ((series(), [0, 2], 1), r"target=\[0, 2\]; expected the index of one of the 2 columns"),
        (
            (np.full((4, 2), np.nan), 0, 1),
            "No row has a target 1 rows ahead: the longest series without a gap has 0 rows with a",
        ),
        (
            (series(), 0, 12),
            "No row has a target 12 rows ahead: the longest series without a gap has 12",
        ),
        ((series(), 0, 50), "No row has a target 50 rows ahead"),
        ((series(), 2, 1), "target=2; expected the index of one of the 2 columns"),
        ((series(), "load", 1), "target='load'; expected the index"),
        (
            (pd.DataFrame({"a": [1.0, 2.0]}), "b", 1),
            r"target='b' is not a column of frame; it has the columns \['a'\]",
        ),
        ((pd.DataFrame({"a": [1.0, 2.0]}, index=[1, 0]), "a", 1), "not sorted by its index"),
        ((np.ones(3), 0, 1), "Expected 2D array, got 1D"),
    ],
)
def test_wrong_targets(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_horizon_target(*arguments)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (["heat", "x"], "known='x' is not a column of frame; it has the columns"),
        (["load"], r"known=\['load'\] contains the target 'load', whose future is not known"),
        (["heat", "heat"], "expected one column, or several different ones"),
        (["heat"], "frame has a column 'heat_t.1', which is the name of a column that known= adds"),
    ],
)
def test_wrong_known_columns(known, message):
    frame = pd.DataFrame(series(12, 3), columns=["load", "heat", "heat_t+1"])
    with pytest.raises(ValueError, match=message):
        make_horizon_target(frame, "load", 1, known=known)
