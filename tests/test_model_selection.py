"""PanelTimeSeriesSplit: the same cuts in time for all series, in any order of rows."""

import copy
import datetime
import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    GRURegressor,
    PanelTimeSeriesSplit,
    PerStep,
    SlidingWindow,
    make_horizon_target,
)
from tests._windows import as_container, series

pd = pytest.importorskip("pandas")

DAYS = pd.date_range("2020-02-20", periods=40, name="day")


def panel(*, ragged=True):
    """Three units by day, rows in any order; one begins late, one ends early and skips days."""
    days = {"a": DAYS, "b": DAYS[15:], "c": DAYS[[0, 1, 2, 5, 6, 9, *range(12, 30)]]}
    frames = [
        pd.DataFrame(
            {"unit": unit, "day": of_unit if ragged else DAYS, "x": len(unit)}
        ).assign(x=lambda frame: np.sin(np.arange(len(frame))))
        for unit, of_unit in days.items()
    ]  # fmt: skip
    return pd.concat(frames).sample(frac=1, random_state=0).reset_index(drop=True)


def assert_same_splits(found, expected):
    found, expected = list(found), list(expected)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        for rows, others in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(rows, others)


SIZES = [
    {},
    {"gap": 3},
    {"test_size": 2},
    {"test_size": 4, "gap": 2, "max_train_size": 5},
    {"max_train_size": 3},
]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("n_splits", [2, 5])
def test_one_series_is_split_as_by_scikit_learn(sizes, n_splits):
    frame = pd.DataFrame({"x": np.arange(40.0)}, index=DAYS)
    expected = [*TimeSeriesSplit(n_splits, **sizes).split(frame)]
    assert_same_splits(PanelTimeSeriesSplit(n_splits, **sizes).split(frame), expected)
    times = {name: pd.Timedelta(days=days) for name, days in sizes.items()}
    cv = PanelTimeSeriesSplit(n_splits, **times)
    assert_same_splits(cv.split(frame), expected)
    assert_same_splits(cv.split(frame.set_axis(DAYS.to_period("D"))), expected)
    assert_same_splits(cv.split(frame.set_axis(DAYS - DAYS[0])), expected)


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_cuts_are_the_same_for_all_series(sizes, container):
    frame = panel()
    X = as_container(frame, container)
    cv = PanelTimeSeriesSplit(4, time="day", **sizes)
    days = [(DAYS[train], DAYS[test]) for train, test in TimeSeriesSplit(4, **sizes).split(DAYS)]
    expected = [
        [np.flatnonzero(frame["day"].isin(part)) for part in parts] for parts in days
    ]  # fmt: skip
    assert_same_splits(cv.split(X), expected)
    assert cv.get_n_splits(X) == cv.get_n_splits() == 4


def test_no_target_lies_in_the_time_of_the_test_fold():
    frame = panel(ragged=False)
    X, _ = make_horizon_target(frame, "x", 3, group="unit", time="day")
    for gap in (3, datetime.timedelta(days=3), np.timedelta64(72, "h")):
        for train, test in PanelTimeSeriesSplit(3, time="day", gap=gap).split(X):
            last, first = X["day"].iloc[train].max(), X["day"].iloc[test].min()
            assert first - last == pd.Timedelta("4D")


def test_times_of_irregular_labels():
    days = pd.Timestamp("2020") + pd.to_timedelta([0, 1, 2, 10, 11, 12, 13, 20, 21], unit="D")
    frame = pd.DataFrame({"x": np.arange(9.0)}, index=days)
    cv = PanelTimeSeriesSplit(
        2,
        test_size=pd.Timedelta("5D"),
        gap=pd.Timedelta("2D"),
        max_train_size=pd.Timedelta("3D"),
    )
    # The last five days end with day 21, and those before them with day 16.
    assert_same_splits(cv.split(frame), [([0, 1, 2], [5, 6]), ([4, 5, 6], [7, 8])])


def test_where_the_time_is():
    frame = panel()
    expected = [*PanelTimeSeriesSplit(3, time="day").split(frame)]
    levels = frame.set_index(["unit", "day"])
    assert_same_splits(PanelTimeSeriesSplit(3, time="day").split(levels), expected)
    index = frame.set_index("day")
    assert_same_splits(PanelTimeSeriesSplit(3).split(index), expected)
    windows = SlidingWindow(4, group="unit", time="day").fit_transform(frame)
    for cv, y in [
        (PanelTimeSeriesSplit(3, time="day"), levels["x"]),
        (PanelTimeSeriesSplit(3), index["x"]),
    ]:
        assert_same_splits(cv.split(windows, y), expected)
        assert_same_splits(cv.split(index[["x"]].to_numpy(), y), expected)
    pl = pytest.importorskip("polars")
    for groups in (
        frame["day"],
        pd.DatetimeIndex(frame["day"]),
        frame["day"].to_numpy(),
        pl.Series(frame["day"].to_numpy()),
        [*(frame["day"] - DAYS[0]).dt.days],
    ):
        found = PanelTimeSeriesSplit(3).split(windows, frame["x"], groups)
        assert_same_splits(found, expected)


def model():
    return make_pipeline(
        SlidingWindow(4, group="unit", time="day"),
        PerStep(StandardScaler()),
        GRURegressor(3, max_iter=2, random_state=0),
    )


def test_in_cross_validation_and_searches():
    frame = panel()
    X, y = make_horizon_target(frame, "x", 2, group="unit", time="day")
    cv = PanelTimeSeriesSplit(2, time="day")
    scores = cross_val_score(model(), X, y, cv=cv, error_score="raise")
    for score, (train, test) in zip(scores, cv.split(X), strict=True):
        fitted = model().fit(X.iloc[train], y.iloc[train])
        assert score == fitted.score(X.iloc[test], y.iloc[test])
    grid = {"gruregressor__max_iter": [1, 2]}
    search = GridSearchCV(model(), grid, cv=cv, n_jobs=2, error_score="raise").fit(X, y)
    assert search.cv_results_["mean_test_score"][1] == scores.mean()
    nested = cross_validate(search.set_params(n_jobs=1), X, y, cv=cv, error_score="raise")
    assert len(nested["test_score"]) == 2


def test_windows_before_the_split_do_not_know_the_future():
    frame = panel(ragged=False).sort_values(["unit", "day"], ignore_index=True)
    frame["x"] += np.random.default_rng(0).standard_normal(len(frame))
    cv = PanelTimeSeriesSplit(3, gap=3)

    def scores(frame):
        X, y = make_horizon_target(frame, "x", 3, group="unit", time="day")
        windows = SlidingWindow(4, group="unit", time="day").fit_transform(X)
        return cross_validate(
            model()[1:], windows, y, groups=X["day"], cv=cv, return_train_score=True
        )

    before = scores(frame)
    for k, (_, test) in enumerate(TimeSeriesSplit(3, gap=3).split(DAYS[:-3])):
        changed = frame.assign(x=frame["x"] + (frame["day"] >= DAYS[test[0]]))
        assert scores(changed)["train_score"][k] == before["train_score"][k]
        changed = frame.assign(x=frame["x"] + (frame["day"] > DAYS[test[-1] + 3]))
        found = scores(changed)["test_score"]
        np.testing.assert_array_equal(found[: k + 1], before["test_score"][: k + 1])


def test_groups_are_passed_on():
    frame = panel()
    windows = SlidingWindow(4, group="unit", time="day", flatten=True).fit_transform(frame)
    windows = np.nan_to_num(windows)
    cv = PanelTimeSeriesSplit(3)
    expected = cross_val_score(
        Ridge(), windows, frame["x"], cv=[*cv.split(windows, groups=frame["day"])]
    )
    found = cross_val_score(Ridge(), windows, frame["x"], groups=frame["day"], cv=cv)
    np.testing.assert_array_equal(found, expected)
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=cv)
    search.fit(windows, frame["x"], groups=frame["day"])
    assert search.best_score_ == expected.mean()
    with config_context(enable_metadata_routing=True):
        found = cross_val_score(
            Ridge(), windows, frame["x"], params={"groups": frame["day"]}, cv=cv
        )
    np.testing.assert_array_equal(found, expected)


def test_the_object():
    cv = PanelTimeSeriesSplit(3, time="day", gap=2)
    expected = "PanelTimeSeriesSplit(gap=2, max_train_size=None, n_splits=3, test_size=None,"
    assert repr(cv).replace("\n           ", "").startswith(expected)
    for other in (copy.deepcopy(cv), pickle.loads(pickle.dumps(cv))):
        assert_same_splits(other.split(panel()), cv.split(panel()))


DAY = pd.Timedelta("1D")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_splits": 0}, "n_splits=0; expected an integer of at least 1"),
        ({"n_splits": 2.0}, r"n_splits=2\.0; expected an integer"),
        ({"n_splits": DAY}, "n_splits=Timedelta.*; expected an integer"),
        ({"time": 3}, "time=3; expected the name of a column"),
        ({"time": "date"}, "X has no column or index level 'date'"),
        ({"time": "unit"}, "time='unit' contains text, which does not sort by time"),
        (
            {"time": None},
            "time=None, but no time was found in X. Set time= to the column or index level",
        ),
        ({"gap": -1}, "gap=-1; expected a number of time steps, or a timedelta, of at least 0"),
        ({"gap": -DAY}, "gap=Timedelta.*; expected a number of time steps, or a timedelta"),
        ({"gap": True}, "gap=True; expected a number of time steps"),
        ({"gap": np.timedelta64(1, "M")}, "gap=.*; expected a number of time steps"),
        ({"test_size": 0}, "test_size=0; expected .* of at least 1"),
        ({"test_size": DAY * 0}, "test_size=.*; expected .* of at least 1"),
        ({"max_train_size": 1.5}, r"max_train_size=1\.5; expected"),
        ({"gap": 30}, "A training fold has no rows: n_splits=5, gap=30 and test_size=None are too"),
        ({"n_splits": 40}, "A t.* fold has no rows: n_splits=40"),
        ({"test_size": DAY * 9}, "too much for 40 time steps, from 2020-02-20 .* to 2020-03-30"),
        ({"time": "x", "gap": DAY}, "gap=.*: a time needs labels that are dates, .* are numbers"),
    ],
)
def test_wrong_parameters(parameters, message):
    cv = PanelTimeSeriesSplit(**{"time": "day"} | parameters)
    with pytest.raises(ValueError, match=message):
        list(cv.split(panel()))


def test_times_must_be_there():
    frame = panel()
    frame.loc[3, "day"] = pd.NaT
    with pytest.raises(ValueError, match="'day' has a missing value in row 3"):
        next(PanelTimeSeriesSplit(time="day").split(frame))
    with pytest.raises(ValueError, match="'groups' has a missing value in row 3"):
        next(PanelTimeSeriesSplit().split(series(len(frame)), groups=frame["day"].to_numpy()))
    with pytest.raises(ValueError, match="no time was found in X, y or groups"):
        next(PanelTimeSeriesSplit().split(series(len(frame)), frame["x"]))
    with pytest.raises(ValueError, match=r"no time was found in X\. Set time="):
        next(PanelTimeSeriesSplit().split(frame, groups=frame["unit"]))
    with pytest.raises(ValueError, match="X has 0 samples"):
        next(PanelTimeSeriesSplit(time="day").split(frame[:0]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(PanelTimeSeriesSplit().split(series(5), groups=np.arange(4)))
