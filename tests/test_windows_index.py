"""SlidingWindow and the labels of rows: what follows, what is missing, what is out of order."""

import datetime
import itertools
import pickle
import re

import numpy as np
import pytest

from skrnn import SlidingWindow, make_horizon_target
from tests._windows import (
    after_a_gap,
    as_container,
    assert_same,
    expected_after,
    few_rows,
    naive,
    series,
    short_series,
    windows_after,
)

pd = pytest.importorskip("pandas")


DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]  # of the months of 2020


def cut(index, *places):
    """Labels by position, through an integer array: a DatetimeIndex forgets its frequency."""
    return index[np.concatenate([np.arange(index.size)[place] for place in places])]


def indices():
    """Index of fit, index of transform, and whether the second continues the first."""
    days = pd.date_range("2020-01-28", periods=18, freq="D")
    months = pd.date_range("2020-01-31", periods=18, freq="ME")
    weekdays = pd.date_range("2020-01-06", periods=20, freq="B")
    berlin = pd.date_range("2020-03-23", periods=18, freq="D", tz="Europe/Berlin")
    berlin_hours = pd.date_range("2020-03-28 14:00", periods=18, freq="h", tz="Europe/Berlin")
    periods = pd.period_range("2020-01", periods=18, freq="M")
    hours = pd.timedelta_range("0h", periods=18, freq="h")
    numbers = pd.RangeIndex(18)
    holidays = pd.offsets.CustomBusinessDay(holidays=["2020-01-01", "2020-01-06"])
    trade = pd.date_range("2019-12-17", periods=18, freq=holidays)
    head, tail, later, again = slice(0, 12), slice(12, 18), slice(13, 18), slice(11, 17)
    return {
        "RangeIndex": (numbers[head], numbers[tail], True),
        "RangeIndex with a step": (numbers[1:12:2], pd.RangeIndex(13, 30, 2), True),
        "RangeIndex with a gap": (numbers[head], numbers[later], False),
        "RangeIndex that overlaps": (numbers[head], numbers[again], False),
        "RangeIndex that starts again": (numbers[head], numbers[:6], False),
        "one row": (numbers[11:12], numbers[tail], False),
        "two rows": (numbers[10:12], numbers[tail], True),
        "integers": (pd.Index([*range(5, 17)]), pd.Index([*range(17, 23)]), True),
        "integers with a gap": (pd.Index([*range(5, 17)]), pd.Index([*range(18, 24)]), False),
        "int8 up to its end": (
            pd.Index(range(116, 128), dtype="int8"),
            pd.Index([-128, -127], dtype="int8"),
            False,
        ),
        "nullable integers": (
            pd.Index(range(12), dtype="Int64"),
            pd.Index(range(12, 18), dtype="Int64"),
            True,
        ),
        "numbers with halves": (numbers[head] / 2, numbers[tail] / 2, True),
        "numbers with rounding errors": (
            1e9 + numbers[head] * 0.1,
            1e9 + numbers[tail] * 0.1,
            True,
        ),
        "numbers, nearly": (numbers[head] * 0.1, numbers[tail] * 0.1 + 1e-9, False),
        "days": (days[head], days[tail], True),
        "days without freq": (cut(days, head), cut(days, tail), True),
        "days, one without freq": (cut(days, head), days[tail], True),
        "days with a gap": (days[head], days[later], False),
        "days without freq, with a gap": (cut(days, head), cut(days, later), False),
        "two days without freq": (cut(days, [10, 11]), days[tail], True),
        "month ends": (months[head], months[tail], True),
        "month ends without freq": (cut(months, head), cut(months, tail), True),
        "month ends with a gap": (cut(months, head), cut(months, later), False),
        "first weekdays of quarters": (
            cut(pd.date_range("2022", periods=12, freq="BQS"), slice(0, 8)),
            pd.date_range("2024", periods=4, freq="BQS"),
            True,
        ),
        "last weekdays": (
            cut(pd.date_range("2020", periods=18, freq="BME"), head),
            pd.date_range("2021", periods=4, freq="BME"),
            True,
        ),
        "the 30th or the last": (
            pd.DatetimeIndex([f"2020-{m}-{min(d, 30)}" for m, d in enumerate(DAYS, 1)]),
            pd.DatetimeIndex(["2021-01-30", "2021-02-28"]),
            True,
        ),
        "the 30th, then the 31st": (
            pd.DatetimeIndex([f"2020-{m}-{min(d, 30)}" for m, d in enumerate(DAYS, 1)]),
            pd.DatetimeIndex(["2021-01-31"]),
            True,  # no month is missing
        ),
        "years": (
            pd.DatetimeIndex([f"{year}-05-01 07:00" for year in range(2000, 2010)]),
            pd.DatetimeIndex(["2010-05-01 07:00"]),
            True,
        ),
        "years, at another time": (
            pd.DatetimeIndex([f"{year}-05-01 07:00" for year in range(2000, 2010)]),
            pd.DatetimeIndex(["2010-05-01 08:00"]),
            True,
        ),
        "days of trade": (trade[head], trade[tail], True),
        "one period": (periods[11:12], periods[tail], True),
        "one day with freq": (days[11:12], days[tail], True),
        "weekdays": (weekdays[:15], weekdays[15:], True),
        "weekdays without freq": (cut(weekdays, slice(0, 15)), weekdays[15:], True),
        "winter, over the change of clocks": (
            cut(berlin, slice(0, 6)),
            cut(berlin, slice(6, 12)),
            True,
        ),
        "every other day, over the change of clocks": (
            cut(berlin, slice(0, 6, 2)),
            cut(berlin, slice(6, 18, 2)),
            True,
        ),
        "hours, over the change of clocks": (
            cut(berlin_hours, head),
            cut(berlin_hours, tail),
            True,
        ),
        "over the change of clocks": (cut(berlin, head), cut(berlin, tail), True),
        "another time zone": (berlin[head], berlin.tz_convert("UTC")[tail], True),
        "periods": (periods[head], periods[tail], True),
        "periods by integer array": (cut(periods, head), cut(periods, tail), True),
        "periods with a gap": (periods[head], periods[later], False),
        "every other period": (periods[:12:2], periods[12::2], True),
        "time spans": (hours[head], hours[tail], True),
        "time spans without freq": (cut(hours, head), cut(hours, tail), True),
        "text": (pd.Index([*"abcdefghijkl"]), pd.Index([*"mnopqr"]), False),
    }


@pytest.mark.parametrize(
    ("first_index", "second_index", "continues"), indices().values(), ids=list(indices())
)
@short_series
@few_rows
@after_a_gap
def test_index(first_index, second_index, continues):
    first, second = series(len(first_index)), 10 + series(len(second_index))
    found = windows_after(
        "index",
        pd.DataFrame(first, columns=["a", "b"], index=first_index),
        pd.DataFrame(second, columns=["a", "b"], index=second_index),
    )
    assert_same(found, expected_after(first, second) if continues else naive(second, 4))


def test_labels_of_another_kind():
    days = pd.date_range("2020-01-28", periods=12, freq="D")
    indices = [days, days.tz_localize("UTC"), days.to_period(), pd.RangeIndex(12)]
    for first, second in itertools.permutations(indices, 2):
        frames = [pd.DataFrame(series(), columns=["a", "b"], index=i) for i in (first, second)]
        message = "time labels of X are .*, but in fit they were .*Expected the same kind"
        with pytest.raises(ValueError, match=message):
            windows_after("index", *frames)
        assert_same(windows_after("none", *frames), naive(series(), 4))
        assert_same(windows_after("tail", *frames), expected_after(series(), series()))


@pytest.mark.parametrize("history", ["tail", "none"])
def test_index_only_matters_when_asked(history):
    first, second = series(), 10 + series(6)
    frames = (
        pd.DataFrame(first, columns=["a", "b"]),
        pd.DataFrame(second, columns=["a", "b"], index=range(12, 18)),
        pd.DataFrame(second, columns=["a", "b"], index=[*"uvwxyz"]),
    )
    expected = expected_after(first, second) if history == "tail" else naive(second, 4)
    assert_same(windows_after(history, *frames[:2]), expected)
    assert_same(windows_after(history, *frames[::2]), expected)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (slice(0, 12), slice(12, 18)),
        (np.arange(12), np.arange(12, 18)),
        (np.arange(18) < 12, np.arange(18) >= 12),
    ],
    ids=["slice", "integer array", "mask"],
)
def test_frames_cut_by_position(first, second):
    """As scikit-learn's splitters cut them; a DatetimeIndex may then have no freq."""
    index = pd.date_range("2020", periods=18, freq="h", name="time")
    frame = pd.DataFrame(series(18), columns=["a", "b"], index=index)
    found = windows_after("index", frame.iloc[first], frame.iloc[second])
    assert_same(found, expected_after(series(18)[first], series(18)[second]))


# Missing labels.


def gappy():
    """Index, and the places at which a run of consecutive labels begins."""
    days = pd.date_range("2020-01-27", periods=40, freq="D")
    weekdays = pd.date_range("2020-01-06", periods=40, freq="B")
    months = pd.date_range("2020-01-31", periods=24, freq="ME")
    berlin = pd.date_range("2020-03-20", periods=20, freq="D", tz="Europe/Berlin")
    hours = pd.date_range("2020-03-28 20:00", periods=20, freq="h", tz="Europe/Berlin")
    without = np.r_[0:7, 9:13, 14:20]  # after places 6 and 12 of what is left
    return {
        "numbers": (pd.RangeIndex(20)[without], [7, 11]),
        "steps of 5": (pd.RangeIndex(0, 100, 5)[without], [7, 11]),
        "halves": (pd.RangeIndex(20)[without] / 2, [7, 11]),
        "irregular in part": (pd.Index([0, 5, 6, 7, 20, *range(30, 40)]), [1, 4, 5]),
        "days": (days[without], [7, 11]),
        "days over the change of clocks": (berlin[without], [7, 11]),
        "hours over the change of clocks": (hours[without], [7, 11]),
        "time spans": (pd.timedelta_range("0h", periods=20, freq="h")[without], [7, 11]),
        "periods": (pd.period_range("2020-01", periods=20, freq="M")[without], [7, 11]),
        "irregular periods": (pd.PeriodIndex(["2000", "2003", "2004", "2009"], freq="Y"), [1, 3]),
        "weekdays": (weekdays[without], [7, 11]),
        "weekdays at 17:30": (weekdays[without] + pd.Timedelta("17h30min"), [7, 11]),
        "month ends": (months[without], [7, 11]),
        "quarter ends": (pd.date_range("2020", periods=20, freq="QE")[without], [7, 11]),
        "month starts": (pd.date_range("2020", periods=20, freq="MS")[without], [7, 11]),
    }


@pytest.mark.parametrize(("index", "places"), gappy().values(), ids=list(gappy()))
@pytest.mark.parametrize("step", [1, 2])
def test_windows_can_keep_to_consecutive_labels(index, places, step):
    frame = pd.DataFrame(series(len(index)), columns=["a", "b"], index=index)
    runs = np.split(frame.to_numpy(), places)
    window = 4 // step
    expected = [x for run in runs for x in naive(run, window, step)]
    last = index[places[0] - 1]
    n_gaps = f"{len(places)} gaps" if len(places) > 1 else "a gap"
    message = f"^X has {n_gaps} in time, the first after {re.escape(str(last))};"
    transformer = SlidingWindow(window, step=step, max_gap=0)
    with pytest.warns(UserWarning, match=message) as caught:
        assert_same(transformer.fit_transform(frame), expected)
    assert len(caught) == 1
    with pytest.warns(UserWarning, match=message) as caught:
        assert_same(transformer.fit(frame).transform(frame), expected)
    assert len(caught) == 1
    # What continues these rows has only those after the last gap before it.
    np.testing.assert_array_equal(transformer.tails_[None], runs[-1][-(window - 1) * step :])


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([0, 1, 3, 6, 10, 15, 21]),
        pd.Index([*"abcdefg"]),
        pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-02-11", "2020-02-12", "2020-02-20"]),
        pd.DatetimeIndex(["2020-01-03", "2020-03-28", "2020-04-02", "2021-02-12", "2022-02-20"]),
    ],
    ids=["numbers", "text", "half are days", "dates"],
)
@few_rows
def test_without_a_frequency_there_are_no_gaps(index):
    frame = pd.DataFrame(series(len(index)), columns=["a", "b"], index=index)
    assert_same(SlidingWindow(3).fit_transform(frame), naive(frame.to_numpy(), 3))
    transformer = SlidingWindow(3).fit(frame.iloc[:4])
    assert_same(transformer.transform(frame.iloc[4:]), naive(frame.to_numpy()[4:], 3))


def test_the_frequency_is_that_of_fit():
    """Two rows of test data three hours apart do not look like a series of every third hour."""
    hours = pd.date_range("2020", periods=18, freq="h")
    frame = pd.DataFrame(series(18), columns=["a", "b"], index=hours)
    transformer = SlidingWindow(4, max_gap=0).fit(frame.iloc[:12])
    with pytest.warns(UserWarning, match="X has a gap in time, the first after 2020-01-01 12:00"):
        found = transformer.transform(frame.iloc[[12, 15]])
    assert_same(found, [frame.to_numpy()[9:13], frame.to_numpy()[15:16]])


def test_tenths_are_not_exact():
    """The step is one of the last labels, whose rounding is coarser than that of the first."""
    tenths = pd.Index(np.arange(1200) / 10)
    frame = pd.DataFrame(series(1200), columns=["a", "b"], index=tenths)
    transformer = SlidingWindow(4, max_gap=0)
    assert_same(transformer.fit_transform(frame), naive(frame.to_numpy(), 4))
    first = frame.iloc[:20]
    assert_same(transformer.transform(first), naive(first.to_numpy(), 4))
    with pytest.warns(UserWarning, match=r"after 0.4;.* The usual time step is 0.1\. Insert"):
        transformer.transform(frame.iloc[[0, 1, 2, 3, 4, 6, 7]])


def test_gap_warnings_point_at_the_caller():
    frame = pd.DataFrame(series(5), columns=["a", "b"], index=[0, 1, 2, 3, 15])
    transformer = SlidingWindow(2).fit(frame)
    for call in (
        lambda: transformer.transform(frame),
        lambda: transformer.fit_transform(frame),
        lambda: make_horizon_target(frame, "a", 1),
    ):
        with pytest.warns(UserWarning, match="(X|frame) has a gap") as caught:
            call()
        assert [(warning.filename, warning.lineno) for warning in caught] == [
            (__file__, call.__code__.co_firstlineno)
        ]


def test_fit_alone_does_not_warn():
    SlidingWindow(4).fit(pd.DataFrame(series(5), index=[0, 1, 2, 3, 15]))


# Out of order.


def out_of_order():
    days = pd.date_range("2020-01-01", periods=4)
    return {
        "numbers": (
            [3, 2, 1, 0],
            r"2 \(row 1\) comes after 3 \(row 0\)\. If a random split",
        ),
        "dates": (days[[0, 1, 3, 2]], r"2020-01-03 .*\(row 3\) comes after 2020-01-04 .*\(row 2\)"),
        "text": ([*"abdc"], r"c \(row 3\) comes after d \(row 2\)"),
        "unsigned": (pd.Index([3, 2, 1, 0], dtype="uint8"), "comes after"),
        "twice": ([0, 1, 1, 2], "the first is 1, in rows 1 and 2. .* identify them with group="),
        "missing": (
            pd.Index([0, None, 2, 3], dtype="Int64"),
            "index of X has a missing value in row 1",
        ),
        "missing date": (days.where([True, True, False, True]), "has a missing value in row 2"),
        "categories without an order": (
            pd.CategoricalIndex([*"abcd"]),
            "'a', ... are categories without an order; expected dates, numbers or ordered cat",
        ),
        "without an order": (pd.Index([0, "a", 1, 2]), "cannot be sorted: .* set time="),
        "two levels": (
            pd.MultiIndex.from_product([["a", "b"], [0, 1]], names=["unit", None]),
            r"has index levels \['unit', None\]; expected only one that is not in group",
        ),
    }


@pytest.mark.parametrize(("index", "message"), out_of_order().values(), ids=list(out_of_order()))
def test_rows_must_be_in_order(index, message):
    frame = pd.DataFrame(series(4), columns=["a", "b"], index=index)
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3).fit_transform(frame)
    transformer = SlidingWindow(3).fit(frame.reset_index(drop=True))
    with pytest.raises(ValueError, match=message):
        transformer.transform(frame)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_time_puts_rows_in_order(container):
    order = np.random.default_rng(1).permutation(12)
    frame = pd.DataFrame(series(), columns=["a", "b"])
    frame["time"] = pd.date_range("2020", periods=12, tz="Europe/Berlin")
    expected = [naive(series(), 4)[t] for t in order]
    frame = as_container(frame.iloc[order], container)
    transformer = SlidingWindow(4, time="time")
    assert_same(transformer.fit_transform(frame), expected)
    assert transformer.feature_names_in_.tolist() == ["a", "b", "time"]
    if container == "pandas":
        frame = frame.set_index("time")
        assert_same(SlidingWindow(4, time="time").fit_transform(frame), expected)


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize(
    "kind", ["dates", "dates with a zone", "numbers", "time spans", "weekdays"]
)
@few_rows
def test_a_time_column_has_a_frequency(kind, container):
    time = {
        "dates": pd.date_range("2020", periods=18),
        "dates with a zone": pd.date_range("2020-03-20", periods=18, tz="Europe/Berlin"),
        "numbers": pd.RangeIndex(18),
        "time spans": pd.timedelta_range("0h", periods=18, freq="h"),
        "weekdays": pd.date_range("2020", periods=18, freq="B"),
    }[kind]
    frame = pd.DataFrame(series(18), columns=["a", "b"]).assign(time=time)
    transformer = SlidingWindow(4, time="time", max_gap=0)
    transformer.fit(as_container(frame.iloc[:12], container))
    found = transformer.transform(as_container(frame.iloc[12:], container))
    assert_same(found, naive(series(18), 4)[12:])
    assert_same(pickle.loads(pickle.dumps(transformer)).transform(
        as_container(frame.iloc[12:], container)), found)  # fmt: skip
    with pytest.warns(UserWarning, match="a gap"):
        found = transformer.transform(as_container(frame.iloc[[13, 14, 16]], container))
    assert_same(found, [series(18)[13:14], series(18)[13:15], series(18)[16:17]])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_a_time_must_be_there_once(container):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "t": [5, 6, 5]})
    with pytest.raises(ValueError, match="the first is 5, in rows 0 and 2"):
        SlidingWindow(2, time="t").fit(as_container(frame, container))
    frame["t"] = pd.array([5, None, 6])
    with pytest.raises(ValueError, match="'t' has a missing value in row 1"):
        SlidingWindow(2, time="t").fit(as_container(frame, container))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_ordered_categories_have_their_own_order(container):
    order = ["low", "mid", "high"]
    frame = pd.DataFrame({"a": [3.0, 1.0, 2.0], "t": ["high", "low", "mid"]})
    if container == "pandas":
        frame["t"] = pd.Categorical(frame["t"], order, ordered=True)
    else:
        pl = pytest.importorskip("polars")
        frame = as_container(frame, container).with_columns(pl.col("t").cast(pl.Enum(order)))
    found = SlidingWindow(3, time="t").fit_transform(frame)
    assert_same(found, [[[1], [2], [3]], [[1]], [[1], [2]]])
    if container == "pandas":
        assert_same(SlidingWindow(3, time="t").fit_transform(frame.set_index("t")), list(found))
        assert_same(SlidingWindow(3).fit_transform(frame.set_index("t").sort_index()), naive(
            np.array([[1.0], [2.0], [3.0]]), 3))  # fmt: skip


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_categories_without_an_order_and_text_are_no_times(container):
    frame = pd.DataFrame({"a": [1.0, 2.0], "t": ["10", "2"]})
    X = as_container(frame, container)
    with pytest.raises(ValueError, match=r"time='t' contains text, which .*to_numeric"):
        SlidingWindow(3, time="t").fit(X)
    if container == "pandas":
        X = frame.astype({"t": "category"})
    else:
        pl = pytest.importorskip("polars")
        X = X.with_columns(pl.col("t").cast(pl.Categorical))
    with pytest.raises(ValueError, match=r"'10', \.\.\. are categories without an order"):
        SlidingWindow(3, time="t").fit(X)


def test_objects_that_have_an_order_are_times():
    days = [datetime.date(2020, 1, day) for day in (3, 1, 2)]
    frame = pd.DataFrame({"a": [3.0, 1.0, 2.0], "t": pd.Series(days, dtype=object)})
    found = SlidingWindow(3, time="t").fit_transform(frame)
    assert_same(found, [[[1], [2], [3]], [[1]], [[1], [2]]])
