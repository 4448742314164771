"""Windows and targets over real calendars: they cross holidays and lost hours, not lost months."""

import datetime
import re

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from skrnn import RNNStepRegressor, SlidingWindow, make_horizon_target
from tests._windows import after_a_gap, as_container, assert_same, few_rows, naive, series

pd = pytest.importorskip("pandas")

# Weekdays without the holidays of an exchange: single days, a long weekend, and a week.
YEARS = range(2019, 2024)
HOLIDAYS = pd.DatetimeIndex(
    [f"{year}-{day}" for year in YEARS for day in ("01-01", "06-19", "07-04", "12-24", "12-25")]
    + [f"{year}-{month}-1{day}" for year in YEARS for month, day in [("04", 2), ("04", 3)]]
    + [str(day) for day in pd.date_range("2021-10-01", "2021-10-08")]
)
TRADE = pd.bdate_range("2019", "2023-12-31").difference(HOLIDAYS)


def without(index, *places):
    """Labels without those at some places, and without a frequency of their own."""
    return index[np.setdiff1d(np.arange(len(index)), np.r_[places])]


def calendars():
    """Index, and the place at which windows begin anew, as what is missing is too long."""
    days = pd.date_range("2020", periods=400)
    hours = pd.date_range("2020-03-01", periods=2000, freq="h")
    berlin = pd.date_range("2020-03-01", periods=2000, freq="h", tz="Europe/Berlin")
    months = pd.date_range("1980-01-31", periods=300, freq="ME")
    evening = pd.date_range("2020-01-01 17:30", periods=300, freq="B")
    return {
        "days": (without(days, [50], slice(90, 97)), None),
        "days, a lost month": (without(days, [50], slice(90, 120)), 89),
        "days of trade": (TRADE, None),
        "days of trade, a lost month": (without(TRADE, slice(300, 322)), 300),
        "days of trade, a Saturday": (TRADE.union([pd.Timestamp("2019-03-02")]), None),
        "days of trade, half a day": (
            evening[:99].append(evening[99:100] - pd.Timedelta("4h")).append(evening[100:]),
            None,
        ),
        "Sunday to Thursday": (days[~days.day_of_week.isin([4, 5])], None),
        "hours": (without(hours, [30], slice(700, 707)), None),
        "hours, a lost day": (without(hours, [30], slice(700, 724)), 699),
        "hours, a lost month": (without(hours, [30], slice(700, 1420)), 699),
        "local hours": (berlin, None),
        "local hours, some lost": (without(berlin, slice(671, 675), slice(900, 903)), None),
        "local hours, a lost month": (without(berlin, slice(500, 1244)), 500),
        "hours of a clock that changes": (without(hours, [674]), None),
        "months": (without(months, [40], [99, 100]), None),
        "months, a lost year": (without(months, [40], slice(99, 111)), 98),
        "month ends on weekdays": (without(pd.date_range("1980", periods=99, freq="BME"), 9), None),
        "periods": (without(pd.period_range("2000", periods=99, freq="M"), 9, 30, 31), None),
        "numbers": (without(pd.RangeIndex(0, 500, 5), 9, 30, 31), None),
        "closer than the others": (pd.Index([0, 5, 10, 12, 17, 22, 27]), None),
        "irregular": (
            pd.Timestamp("2020") + pd.to_timedelta(np.arange(200) ** 1.5, unit="D"),
            None,
        ),
    }


@pytest.mark.parametrize(("index", "place"), calendars().values(), ids=list(calendars()))
def test_windows_cross_short_gaps(index, place):
    frame = pd.DataFrame(series(len(index)), columns=["a", "b"], index=index)
    rows, h = frame.to_numpy(), 2
    runs = [rows] if place is None else [rows[:place], rows[place:]]
    windows = [window for run in runs for window in naive(run, 6)]
    targets = np.concatenate([run[h:, 0] for run in runs])
    if place is None:
        found, (_, y) = SlidingWindow(6).fit_transform(frame), make_horizon_target(frame, "a", h)
    else:
        found = f"a gap in time, the first after {re.escape(str(index[place - 1]))}; "
        with pytest.warns(UserWarning, match=f"X has {found}.* max_gap=7 time steps"):
            found = SlidingWindow(6).fit_transform(frame)
        with pytest.warns(UserWarning, match="frame has a gap in time"):
            _, y = make_horizon_target(frame, "a", h)
    assert_same(found, windows)
    np.testing.assert_array_equal(y, targets)


def test_five_years_of_trade():
    frame = pd.DataFrame({"price": np.arange(float(len(TRADE)))}, index=TRADE)
    X, y = make_horizon_target(frame, "price", 5)
    assert len(X) == len(frame) - 5
    assert (y - X["price"] == 5).all()
    full = SlidingWindow(60).fit_transform(X).lengths == 60
    assert full[59:].all()  # all but those that begin the series


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_folds_of_days_of_trade_continue_each_other(container):
    """At a weekend, at a holiday, anywhere."""
    frame = pd.DataFrame(series(len(TRADE)), columns=["a", "b"]).assign(day=TRADE)
    whole = naive(series(len(TRADE)), 20)
    for train, test in TimeSeriesSplit(40, test_size=20).split(frame):
        transformer = SlidingWindow(20, time="day")
        transformer.fit(as_container(frame.iloc[train], container))
        found = transformer.transform(as_container(frame.iloc[test], container))
        assert_same(found, [whole[i] for i in test])


@after_a_gap
def test_a_gap_continues_fit_only_if_fit_has_such_gaps():
    """Else the rows before X are not those of fit, as when new rows come one by one."""
    index = pd.date_range("2020", periods=60, freq="h")
    frame = pd.DataFrame(series(60), columns=["a", "b"], index=index)
    regular, gappy = frame.iloc[:40], frame.iloc[[*range(20), *range(22, 40)]]
    for last, first, n_steps in [
        (regular, 40, 5),
        (regular, 41, 1),
        (gappy, 41, 5),
        (gappy, 42, 5),
        (gappy, 43, 1),
    ]:
        new = frame.iloc[first : first + 9]
        assert SlidingWindow(5).fit(last).transform(new).lengths[0] == n_steps
        assert SlidingWindow(5, max_gap=None).fit(last).transform(new).lengths[0] == n_steps
        limit = pd.Timedelta("3h")
        assert SlidingWindow(5, max_gap=limit).fit(last).transform(new).lengths[0] == n_steps


LIMITS = [
    pd.Timedelta("4D"),
    datetime.timedelta(days=4),
    np.timedelta64(4, "D"),
    np.timedelta64(96, "h"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=repr)
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_a_limit_as_a_time(limit, container):
    """Hours of trade, where a night is longer than seven hours; and four days without trade."""
    hours = TRADE[:20].repeat(7) + np.tile(pd.timedelta_range("9h", periods=7, freq="h"), 20)
    hours = hours[hours < "2019-01-20"].append(hours[hours > "2019-01-25"])
    place = (hours < "2019-01-20").sum()
    frame = pd.DataFrame(series(len(hours)), columns=["a", "b"]).assign(time=hours)
    expected = [w for run in np.split(series(len(hours)), [place]) for w in naive(run, 9)]
    transformer = SlidingWindow(9, time="time", max_gap=limit)
    with pytest.warns(UserWarning, match=r"X has a gap in time, .* longer than max_gap="):
        found = transformer.fit_transform(as_container(frame, container))
    assert_same(found, expected)
    with pytest.warns(UserWarning, match=r"X has 15 gaps in time, .* more than max_gap=7 time st"):
        SlidingWindow(9, time="time").fit_transform(as_container(frame, container))


def test_a_time_is_a_limit_of_irregular_labels_too():
    day = pd.DatetimeIndex(["2020-01-01", "2020-01-04", "2020-01-05", "2020-02-11", "2020-02-20"])
    limit = pd.Timedelta("10D")
    for index in (day, day.to_period("D"), day - day[0]):
        frame = pd.DataFrame(series(5), columns=["a", "b"], index=index)
        with pytest.warns(UserWarning, match="X has a gap in time, the first after"):
            found = SlidingWindow(2, max_gap=limit).fit_transform(frame)
        assert found.lengths.tolist() == [1, 2, 2, 1, 2]


def test_irregular_labels_continue_within_a_time():
    days = pd.Timestamp("2020") + pd.to_timedelta([0, 6, 7, 9, 10, 15, 16, 17], unit="D")
    frame = pd.DataFrame(series(8), columns=["a", "b"], index=days)
    new = frame.iloc[5:]
    transformer = SlidingWindow(3, max_gap=pd.Timedelta("10D")).fit(frame.iloc[:5])
    assert transformer.transform(new).lengths.tolist() == [3, 3, 3]
    transformer.fit(frame.iloc[1:5])  # no two rows are five days apart
    assert transformer.transform(new).lengths.tolist() == [1, 2, 3]
    transformer.set_params(max_gap=pd.Timedelta("4D")).fit(frame.iloc[:5])
    assert transformer.transform(new).lengths.tolist() == [1, 2, 3]


@few_rows
def test_without_a_limit():
    frame = pd.DataFrame({"a": np.arange(4.0)}, index=[0, 1, 2, 900])
    transformer = SlidingWindow(3, max_gap=None)
    assert_same(transformer.fit_transform(frame), naive(frame.to_numpy(), 3))
    _, y = make_horizon_target(frame, "a", 1, max_gap=None)
    assert y.tolist() == [1, 2, 3]


def test_step_estimators_go_on_over_a_holiday():
    frame = pd.DataFrame(series(300), columns=["a", "b"], index=TRADE[:300])
    y = series(300)[:, 0]
    model = RNNStepRegressor(cell="gru", hidden_layer_sizes=3, max_iter=2, random_state=0)
    other = RNNStepRegressor(cell="gru", hidden_layer_sizes=3, max_iter=2, random_state=0)
    found = model.fit(frame, y).predict(frame)
    expected = other.fit(frame.reset_index(drop=True), y).predict(frame.reset_index(drop=True))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (-1, "max_gap=-1; expected the number of missing time steps, at least 0"),
        ("3D", "max_gap='3D'; expected the number of missing"),
        (True, "max_gap=True; expected the number of missing"),
        (
            pd.Timedelta(0),
            r"max_gap=Timedelta\('0 .*'\); expected .* positive timedelta",
        ),
        (np.timedelta64("NaT"), "max_gap=.*NaT.*; expected the number"),
        (pd.Timedelta("3D"), "max_gap=.* is a time, but X has time labels that are numbers"),
    ],
)
def test_wrong_limits(limit, message):
    frame = pd.DataFrame({"a": np.arange(4.0)})
    with pytest.raises(ValueError, match=message):
        SlidingWindow(2, max_gap=limit).fit(frame)
    with pytest.raises(ValueError, match="max_gap="):
        make_horizon_target(frame, "a", 1, max_gap=limit)


def test_a_time_needs_time_labels():
    with pytest.raises(ValueError, match=r"max_gap=.* is a time, but X has no time labels"):
        SlidingWindow(2, max_gap=pd.Timedelta("3D")).fit(series(4))
