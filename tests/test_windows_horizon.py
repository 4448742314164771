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
