"""SlidingWindow over several series in one table."""

import pickle
from datetime import datetime

import numpy as np
import pytest

from skrnn import SlidingWindow, make_horizon_target
from tests._windows import as_container, assert_same, few_rows, naive, naive_panel, series

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

UNITS = [*"bacab"]
DAYS = pd.date_range("2020-01-01", periods=9)


def panel(n_rows=20, seed=0):
    """Three units of different lengths, day by day, the rows in random order."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(series(n_rows), columns=["x", "z"])
    frame.insert(1, "unit", [*"aaaaaaaaa", *"bbbbbbb", *"cccc"])
    frame["day"] = DAYS[[*range(9), *range(2, 9), *range(5, 9)]]
    return frame.iloc[rng.permutation(n_rows)]


def expected(frame, window, step=1, key="unit"):
    rows, day = frame[["x", "z"]].to_numpy(), pd.Timedelta("1D")
    return naive_panel(rows, [*frame[key]], [*frame["day"]], window, step, day)


FORMS = {
    "columns": (lambda frame: frame, "columns"),
    "polars": (lambda frame: as_container(frame, "polars"), "columns"),
    "index levels": (lambda frame: frame.set_index(["unit", "day"]), "levels"),
    "levels the other way round": (lambda frame: frame.set_index(["day", "unit"]), "levels"),
    "group in the index": (lambda frame: frame.set_index("unit"), "group"),
    "time in the index": (lambda frame: frame.set_index("day"), "time"),
    "categories": (lambda frame: frame.astype({"unit": "category"}), "columns"),
}


@pytest.mark.parametrize(("convert", "where"), FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("step", [1, 2])
def test_rows_in_any_order(convert, where, step):
    frame = panel()
    transformer = SlidingWindow(3, group="unit", time="day", step=step)
    X = convert(frame)
    assert_same(transformer.fit_transform(X), expected(frame, 3, step))
    assert_same(transformer.transform(X), expected(frame, 3, step))
    assert transformer.n_features_in_ == X.shape[1]
    assert transformer.feature_names_in_.tolist() == list(X.columns)
    # Each group has a tail of its own, in order of time.
    assert list(transformer.tails_) == list(dict.fromkeys(frame["unit"]))
    for unit, tail in transformer.tails_.items():
        of_unit = frame[frame["unit"] == unit].sort_values("day")
        np.testing.assert_array_equal(tail, of_unit[["x", "z"]].to_numpy()[-2 * step :])


@pytest.mark.parametrize("by", [["unit", "day"], ["day", "unit"]])
@pytest.mark.parametrize("form", ["levels", "one level", "column"])
def test_rows_in_order_need_no_time(by, form):
    frame = panel().sort_values(by)
    if form == "levels":
        X = frame.set_index(["unit", "day"])
    elif form == "one level":
        X = frame.set_index("unit").drop(columns="day")
    else:
        X = frame.set_index("day")
    assert_same(SlidingWindow(3, group="unit").fit_transform(X), expected(frame, 3))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_groups_of_several_columns(container):
    frame = panel()
    frame["both"] = frame["unit"]
    frame["first"] = frame["unit"].isin(["a", "b"])
    frame["second"] = np.where(frame["unit"] == "b", 7, 8)
    X = as_container(frame.drop(columns=["unit", "both"]), container)
    transformer = SlidingWindow(4, group=["second", "first"], time="day")
    assert_same(transformer.fit_transform(X), expected(frame, 4, key="both"))
    assert set(transformer.tails_) == {(8, True), (7, True), (8, False)}


@pytest.mark.parametrize("history", ["index", "tail", "none"])
@pytest.mark.parametrize("form", ["columns", "polars", "index levels"])
@pytest.mark.parametrize("step", [1, 2])
@few_rows
def test_every_group_continues_its_own_tail(history, form, step):
    """At the cut a has a row missing, b continues, and c is new."""
    frame = panel()
    is_first = (frame["day"] < DAYS[6]) & (frame["unit"] != "c")
    second = frame[~is_first & ~((frame["unit"] == "a") & (frame["day"] == DAYS[6]))]
    first = frame[is_first]
    convert = FORMS[form][0]
    transformer = SlidingWindow(3, group="unit", time="day", step=step, history=history)
    found = transformer.fit(convert(first)).transform(convert(second))
    known = {"index": ["b"], "tail": ["a", "b"], "none": []}[history]
    together = pd.concat([first[first["unit"].isin(known)], second])
    if history == "tail":  # as if no row were missing
        moved = (together["unit"] == "a") & (together["day"] > DAYS[6])
        together["day"] = together["day"].where(~moved, together["day"] - pd.Timedelta("1D"))
    assert_same(found, expected(together, 3, step)[-len(second) :])


def test_a_group_that_is_gone():
    frame = panel()
    transformer = SlidingWindow(3, group="unit", time="day", history="tail").fit(frame)
    only = frame[frame["unit"] == "c"].assign(unit="new")
    assert_same(transformer.transform(only), expected(only, 3))


def test_gaps_within_groups():
    frame = panel()
    missing = (frame["unit"] == "b") & frame["day"].isin([DAYS[4], DAYS[6]])
    frame = frame[~missing]
    transformer = SlidingWindow(3, group="unit", time="day", max_gap=0)
    message = "X has 2 gaps in time, the first after 2020-01-04 00:00:00 in 'b';"
    with pytest.warns(UserWarning, match=message) as caught:
        assert_same(transformer.fit_transform(frame), expected(frame, 3))
    assert len(caught) == 1


def test_groups_share_the_frequency():
    """The two days of a unit are two rows apart in the others."""
    frame = panel()
    frame = frame[(frame["unit"] != "c") | frame["day"].isin([DAYS[6], DAYS[8]])]
    transformer = SlidingWindow(3, group="unit", time="day", max_gap=0)
    with pytest.warns(UserWarning, match="X has a gap in time, the first after 2020-01-07 .* 'c'"):
        found = transformer.fit_transform(frame)
    assert_same(found, expected(frame, 3))


def test_the_frequency_of_the_index_is_not_that_of_series_that_share_it():
    hours = pd.date_range("2020", periods=12, freq="h")
    frame = pd.DataFrame({"x": np.arange(12.0), "unit": [*"ab" * 6]}, index=hours)
    transformer = SlidingWindow(3, group="unit").fit(frame[:8])
    expected = naive(np.arange(0.0, 12, 2)[:, None], 3)[4:]
    assert_same(transformer.transform(frame[8:])[::2], expected)


def test_groups_of_another_frequency():
    """Rows of every other day are no windows of one row among series of every day."""
    frame = panel()
    frame = frame[(frame["unit"] != "b") | frame["day"].isin(DAYS[2:9:2])]
    message = "In series 'b' no two rows are one time step apart: the usual .* is 1 day, 0:00:00"
    transformer = SlidingWindow(3, group="unit", time="day", max_gap=0)
    for call in (transformer.fit, transformer.fit_transform):
        with pytest.raises(ValueError, match=message):
            call(frame)
    with pytest.raises(ValueError, match=message):
        make_horizon_target(frame, "x", 1, group="unit", time="day")
    transformer.fit(frame[frame["unit"] != "b"])
    with pytest.warns(UserWarning, match=r"has 3 gaps .* The usual time step is 1 day, 0:00:00\."):
        transformer.transform(frame)


def test_one_group_is_one_series():
    frame = panel()[["x", "z", "day"]].assign(unit=1.5)
    frame = frame.assign(day=pd.date_range("2020", periods=len(frame)))
    together = SlidingWindow(4, group="unit", time="day").fit_transform(frame)
    assert_same(together, SlidingWindow(4, time="day").fit_transform(frame.drop(columns="unit")))


def test_no_window_sees_the_future_or_another_group():
    frame = panel()
    transformer = SlidingWindow(3, group="unit", time="day")
    before = transformer.fit_transform(frame)
    for i in range(len(frame)):
        other = frame.copy()
        other.iloc[i, 0] += 1
        after = transformer.fit_transform(other)
        changed = [not np.array_equal(a, b) for a, b in zip(after, before, strict=True)]
        days = (frame["day"] - frame["day"].iloc[i]).dt.days
        may_change = (frame["unit"] == frame["unit"].iloc[i]) & days.between(0, 2)
        assert changed == may_change.tolist()


def test_the_pickle_holds_tails_only():
    n_units, n_rows = 10, 2000
    frame = pd.DataFrame(
        np.random.default_rng(0).standard_normal((n_units * n_rows, 8)),
        columns=[*"abcdefgh"],
        index=pd.MultiIndex.from_product([range(n_units), range(n_rows)], names=["unit", "t"]),
    )
    transformer = SlidingWindow(5, group="unit").fit(frame)
    assert len(pickle.dumps(transformer)) < 2 * n_units * 4 * 8 * 8
    copied = pickle.loads(pickle.dumps(transformer))
    following = frame.iloc[::n_rows].rename(index={0: n_rows}, level="t")
    assert_same(copied.transform(following), list(transformer.transform(following)))
    assert copied.transform(following).lengths.tolist() == [5] * n_units


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({"group": "unit"}, series(), "X is of type ndarray, .* levels \\['unit'\\]"),
        ({"group": "u"}, panel(), "X has no column or index level 'u'; it has columns \\['x', 'u"),
        ({"time": "d"}, as_container(panel(), "polars"), "column or index level 'd'; it has col"),
        (
            {"group": "unit"},
            panel().set_index("unit", drop=False),
            "X has a column and an index level named 'unit'; rename one",
        ),
        (
            {"group": "unit", "time": "day"},
            panel().assign(day=DAYS[3]),
            "duplicate time labels; the first is 2020-01-04 00:00:00 in '.', in rows . and ",
        ),
        (
            {"group": "unit"},
            panel().rename_axis("row"),
            "X is not sorted by its index: .* in '.'. If a random split",
        ),
        (
            {"group": "unit"},
            panel().reset_index(drop=True),
            r"identified by \['unit'\], but its index has numbers and no name, .* Set time=",
        ),
        ({"group": "unit"}, panel().sort_index(), "but its index has numbers and no name"),
        (
            {"group": "unit", "time": "day"},
            panel().replace({"unit": {"b": None}}),
            "'unit' has a missing value in row .; expected a value in each row",
        ),
        (
            {"group": "unit", "time": "day"},
            panel()[["unit", "day"]],
            r"X has only the columns \['unit', 'day'\], which identify the series",
        ),
        (
            {"group": "day"},
            panel().set_index(["day", "x"]).sort_index(),
            "Column .* contains the non-numeric value",
        ),
        ({"group": "unit", "time": "day"}, panel()[:0], r"X has 0 samples \(shape=\(0, 4\)\)"),
        (
            {"time": "day"},
            as_container(panel(), "polars")[:0],
            r"X has 0 samples \(shape=\(0, 4\)\)",
        ),
        (
            {"group": ["unit", "unit"], "time": "day"},
            panel(),
            "for series and time are .* every name once",
        ),
        ({"group": "day", "time": "day"}, panel(), "for series and time are .* every name once"),
        ({"time": "day"}, panel()[["x", "x", "day"]], "The columns of X are .* every name once"),
        ({"time": "day"}, panel()[["x", "day", "day"]], "The columns of X are .* every name once"),
        (
            {"group": "u"},
            panel().set_index(["unit", "day"]).rename_axis(["u", "u"]),
            "X has several index levels named 'u'; rename all but one",
        ),
        (
            {"time": "day"},
            as_container(panel(), "polars").lazy(),
            r"X is a LazyFrame; expected a DataFrame\. Call X\.collect\(\) first",
        ),
        (
            {"time": "day"},
            panel()[["x", "day"]],
            "If X has several series, identify them with group=",
        ),
        (
            {},
            panel().set_index(["unit", "day"]).sort_index(),
            "expected only one that is not in group",
        ),
    ],
)
def test_wrong_keys(parameters, X, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3, **parameters).fit(X)


def test_keys_must_be_there_in_transform_too():
    X = panel().set_index(["unit", "day"])
    transformer = SlidingWindow(3, group="unit", time="day").fit(X)
    with pytest.raises(ValueError, match="X has no column or index level 'day'"):
        transformer.transform(X.reset_index("day", drop=True))
    transformer = SlidingWindow(3, group="unit", time="day").fit(panel())
    with pytest.raises(ValueError, match="feature names should match those that were passed"):
        transformer.transform(panel().rename(columns={"x": "y"}))


def test_failing_fit_changes_nothing():
    transformer = SlidingWindow(3, group="unit", time="day").fit(panel())
    before = dict(vars(transformer))
    with pytest.raises(ValueError, match=r"Column 'w' of X contains the non-numeric value 'text'"):
        transformer.fit(panel().assign(w="text"))
    assert vars(transformer) == before


@pytest.mark.parametrize("library", [pd, pl])
def test_columns_that_are_no_numbers_are_named(library):
    """Most likely they are keys that were forgotten."""
    times = [datetime(2024, 1, day) for day in (1, 2, 3)]
    for column in (["a", "b", "c"], times):
        frame = library.DataFrame({"key": column, "x": [1.0, 2.0, 3.0]})
        with pytest.raises(ValueError, match=r"Column 'key' of X contains .*name as group or time"):
            SlidingWindow(2).fit_transform(frame)
    digits = library.DataFrame({"x": ["1", "2", "3"]})  # numbers, as scikit-learn has it
    assert SlidingWindow(2).fit_transform(digits)[2].tolist() == [[2.0], [3.0]]
