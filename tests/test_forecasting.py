"""forecast: what comes after the newest row of each series, labelled, and nothing of the future."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    ColumnwiseRegressor,
    GRURegressor,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
    forecast,
    make_horizon_target,
)
from tests._windows import as_container, series

pd = pytest.importorskip("pandas")


class Repeat(RegressorMixin, BaseEstimator):
    """The value of one column, plus 1, 2, ... for each target."""

    def __init__(self, column="load", n_targets=1):
        self.column = column
        self.n_targets = n_targets

    def fit(self, X, y):
        return self

    def predict(self, X):
        values = X[:, self.column] if isinstance(X, np.ndarray) else X[self.column].to_numpy()
        return values[:, np.newaxis] + np.arange(1, 1 + self.n_targets)


def hourly(n_rows=60, **columns):
    index = pd.date_range("2024", periods=n_rows, freq="h", name="hour")
    return pd.DataFrame({"load": series(n_rows)[:, 0], "heat": series(n_rows)[:, 1]}, index)


def panel():
    """Three series that end at different times, their rows in no order."""
    parts = [hourly(n).assign(unit=unit) for unit, n in (("c", 30), ("a", 24), ("b", 27))]
    frame = pd.concat(parts).reset_index()
    frame["load"] += np.arange(len(frame))
    return frame.sample(frac=1, random_state=0)


def network(*, n_steps=6, **window):
    scaler, regressor = PerStep(StandardScaler()), GRURegressor(4, max_iter=2, random_state=0)
    return make_pipeline(SlidingWindow(n_steps, **window), scaler, regressor)


def assert_same_labels(found, expected):
    assert found.equals(expected)
    assert (found.name, found.dtype) == (expected.name, expected.dtype)


def test_the_newest_row_of_one_series():
    frame = hourly()
    model = network().fit(*make_horizon_target(frame, "load", range(1, 4)))
    found = forecast(model, frame, "load", range(1, 4))
    np.testing.assert_array_equal(found["load"], model.predict(frame)[-1])
    np.testing.assert_array_equal(found["load"], model.predict(frame[-6:])[-1])
    index = pd.date_range(frame.index[-1], periods=4, freq="h", name="hour")[1:]
    assert_same_labels(found.index, index)
    pd.testing.assert_frame_equal(forecast(model, frame[-6:], "load", range(1, 4)), found)


def test_keys_of_the_windows_are_asked_for():
    """Without them all shops would be one series, in silence."""
    frame = pd.DataFrame({"shop": ["a"] * 8 + ["b"] * 8, "day": [*range(8)] * 2})
    frame["load"] = np.arange(16.0)
    X, y = make_horizon_target(frame, "load", 1, group="shop", time="day")
    windows = SlidingWindow(1, group="shop", time="day", flatten=True)
    model = make_pipeline(windows, LinearRegression()).fit(X, y)
    with pytest.raises(ValueError, match=r"SlidingWindow\(group='shop'\), but forecast got"):
        forecast(model, frame, "load", 1)
    with pytest.raises(ValueError, match=r"SlidingWindow\(time='day'\), but forecast got"):
        forecast(model, frame, "load", 1, group="shop")
    assert len(forecast(model, frame, "load", 1, group="shop", time="day")) == 2


def test_only_new_rows_that_continue_those_of_fit():
    frame = hourly()
    model = network().fit(*make_horizon_target(frame[:50], "load", 1))
    whole = forecast(model, frame, "load", 1)
    pd.testing.assert_frame_equal(forecast(model, frame[49:], "load", 1), whole)
    with pytest.warns(UserWarning, match="at most 1 of the 6 steps that they had in fit"):
        short = forecast(model, frame[-1:].asfreq("h"), "load", 1)
    assert short["load"].iloc[0] != whole["load"].iloc[0]


def test_a_year_of_months_by_hand():
    """What must be cut out by hand, and what X of make_horizon_target gives instead."""
    t = np.arange(144)
    rng = np.random.default_rng(0)
    values = 5 + t / 100 + 0.2 * np.sin(t * np.pi / 6) + 0.01 * rng.standard_normal(144)
    frame = pd.DataFrame({"n": values}, pd.date_range("1949", periods=144, freq="MS"))
    past, year = frame[:-12], frame["n"][-12:]
    X, y = make_horizon_target(past, "n", range(1, 13))
    model = make_pipeline(SlidingWindow(24, flatten=True), SimpleImputer(), LinearRegression())
    model.fit(X, y)
    by_hand = model.predict(past[-24:])[-1]
    found = forecast(model, past[-24:], "n", range(1, 13))["n"]
    np.testing.assert_array_equal(found, by_hand)
    assert_same_labels(found.index, year.index)
    error = np.abs(found - year).mean()
    assert error < 0.03
    assert np.abs(model.predict(X[-24:])[-1] - year).mean() > 3 * error  # a year too early


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_panel(container):
    keys = {"group": "unit", "time": "hour"}
    frame = panel()
    model = network(**keys).fit(*make_horizon_target(frame, "load", [2, 1], **keys))
    found = forecast(model, as_container(frame, container), "load", [2, 1], **keys)
    assert type(found).__module__.startswith(container)
    assert list(found.columns) == ["unit", "hour", "load"]
    assert found["unit"].to_list() == list(frame["unit"].unique().repeat(2))
    for unit, n_rows in (("c", 30), ("a", 24), ("b", 27)):
        rows = frame[frame["unit"] == unit].sort_values("hour")
        assert len(rows) == n_rows
        expected = model.predict(rows)[-1][::-1]  # in the order of time
        of_unit = found.filter(found["unit"] == unit) if container == "polars" else (
            found[found["unit"] == unit]
        )  # fmt: skip
        np.testing.assert_array_equal(of_unit["load"].to_numpy(), expected)
        later = rows["hour"].iloc[-1] + pd.to_timedelta([1, 2], "h")
        assert of_unit["hour"].to_list() == list(later)


@pytest.mark.parametrize("levels", [["unit", "hour"], ["hour", "unit"], ["hour"], ["unit"]])
def test_keys_stand_where_they_stood(levels):
    frame = panel().sort_values(["unit", "hour"]).set_index(levels)
    found = forecast(Repeat(), frame, "load", 1, group="unit", time="hour")
    assert found.index.names == levels
    assert list(found.columns) == [*({"unit", "hour"} - {*levels}), "load"]
    flat = found.reset_index()
    assert flat["unit"].tolist() == ["a", "b", "c"]
    assert flat["hour"].tolist() == [*pd.Timestamp("2024") + pd.to_timedelta([24, 27, 30], "h")]
    assert pd.concat([frame, found]).index.is_unique == ("unit" in levels and "hour" in levels)


def test_several_keys_and_an_index_without_time():
    frame = panel().assign(kind=1, place=0.5).set_index("place")
    found = forecast(Repeat(), frame, "load", 1, group=["unit", "kind"], time="hour")
    assert list(found.columns) == ["unit", "kind", "hour", "load"]
    assert found.index.tolist() == [0, 1, 2]
    assert found["kind"].tolist() == [1, 1, 1]


def test_several_targets_and_steps():
    """The columns of y: all horizons of the first target first."""
    frame = hourly().astype({"load": int})
    X, y = make_horizon_target(frame, ["load", "heat"], [3, 1])
    model = make_pipeline(SlidingWindow(1, flatten=True), LinearRegression()).fit(X, y)
    found = forecast(model, frame, ["load", "heat"], [3, 1])
    load_3, load_1, heat_3, heat_1 = model.predict(frame[-1:])[0]
    np.testing.assert_array_equal(found, [[load_1, heat_1], [load_3, heat_3]])
    assert list(found.columns) == ["load", "heat"]
    assert found.index.tolist() == [*frame.index[-1] + pd.to_timedelta([1, 3], "h")]


def test_arrays():
    rows = series(20)
    found = forecast(Repeat(1, 2), rows, 1, range(1, 3))
    np.testing.assert_array_equal(found, rows[-1, 1] + [[1], [2]])


def test_polars_without_time():
    frame = as_container(pd.DataFrame(series(), columns=["load", "heat"]), "polars")
    found = forecast(Repeat(), frame, "load", 1)
    assert found.to_dict(as_series=False) == {"load": [series()[-1, 0] + 1]}


DAYS = pd.date_range("2024-03-20", "2024-04-10", tz="Europe/Berlin")
HOURS = pd.date_range("2024-03-30 20:00", periods=12, freq="h", tz="Europe/Berlin")
WEEKDAYS = pd.bdate_range("2024-01-01", "2024-03-15")


@pytest.mark.parametrize("in_index", [True, False])
@pytest.mark.parametrize(
    ("labels", "n"),
    [
        (pd.date_range("2024", periods=30, freq="15min"), 5),
        (HOURS, 6),  # a night of 23 hours
        (DAYS, 14),
        (pd.date_range("2024-10-20 12:30", periods=14, tz="Europe/Berlin"), 10),
        (WEEKDAYS, 40),
        (WEEKDAYS.tz_localize("US/Eastern") + pd.Timedelta("17h"), 8),
        (pd.date_range("2024-01-31", periods=14, freq="ME"), 3),
        (pd.date_range("2024-01-01", periods=14, freq="MS"), 3),
        (pd.date_range("2024-01-01", periods=14, freq="BMS"), 6),
        (pd.date_range("2024-01-01", periods=14, freq="BME"), 6),
        (pd.date_range("2024-01-01", periods=14, freq="QS"), 4),
        (pd.period_range("2024-01", periods=14, freq="M"), 3),
        (pd.period_range("2024-01-01", periods=14, freq="2D"), 3),
        (pd.timedelta_range("0h", periods=14, freq="30min"), 3),
        (pd.RangeIndex(3, 33, 3), 4),
        (pd.Index(np.arange(20) / 10, name="second"), 4),
    ],
)
def test_labels_go_on(labels, n, in_index):
    """Cut a regular index in two: the second half is what the first goes on with."""
    labels = labels.rename("time")
    frame = pd.DataFrame({"load": np.arange(len(labels))}, labels).iloc[:-n]
    horizon = range(1, n + 1)
    if in_index:
        found = forecast(Repeat("load", n), frame, "load", horizon).index
    else:
        frame = frame.reset_index()
        found = pd.Index(forecast(Repeat("load", n), frame, "load", horizon, time="time")["time"])
    if labels.dtype.kind == "f":
        np.testing.assert_allclose(found, labels[-n:], rtol=1e-14)
    else:
        assert_same_labels(found, labels[-n:])


@pytest.mark.parametrize(
    "labels",
    [HOURS, DAYS, WEEKDAYS, WEEKDAYS.tz_localize("US/Eastern"),
     pd.date_range("2024-01-31", periods=14, freq="ME"), pd.RangeIndex(3, 33, 3),
     pd.timedelta_range("0h", periods=14, freq="30min")],
)  # fmt: skip
def test_labels_of_polars_go_on(labels):
    frame = pd.DataFrame({"time": labels, "load": np.arange(len(labels))})
    frame = as_container(frame, "polars")
    found = forecast(Repeat("load", 6), frame[:-6], "load", range(1, 7), time="time")
    assert found["time"].dtype == frame["time"].dtype
    assert found["time"].to_list() == frame["time"][-6:].to_list()


def test_dates_of_polars_go_on():
    pl = pytest.importorskip("polars")
    days = pl.Series(WEEKDAYS.to_numpy()).dt.date()
    frame = pl.DataFrame({"time": days, "load": np.arange(len(days))})
    found = forecast(Repeat("load", 6), frame[:-6], "load", range(1, 7), time="time")
    assert found["time"].to_list() == days[-6:].to_list()


def test_a_label_that_does_not_exist_in_local_time():
    index = pd.date_range("2024-03-25 02:30", periods=6, tz="Europe/Berlin")
    frame = pd.DataFrame({"load": np.arange(6.0)}, index=index)
    found = forecast(Repeat(), frame, "load", 1).index
    assert found[0] == pd.Timestamp("2024-03-31 03:00", tz="Europe/Berlin")


def with_future(frame, n_rows, **values):
    """The same frame whose last rows are those of the future."""
    frame = frame.copy()
    for name, value in {"load": np.nan, **values}.items():
        frame.loc[frame.index[-n_rows:], name] = value
    return frame


def test_rows_of_the_future():
    """What comes is a known column alone, so it can be forecast without error."""
    rng = np.random.default_rng(0)
    frame = hourly(200).assign(price=rng.standard_normal(200))
    for t in range(1, 200):
        frame.iloc[t, 0] = 3 * frame.iloc[t, 2] + frame.iloc[t - 1, 0] / 2
    new = with_future(frame, 2, heat=np.nan)
    X, y = make_horizon_target(new, "load", [1, 2], known=["price"])
    assert list(X.columns) == ["load", "heat", "price", "price_t+1", "price_t+2"]
    pd.testing.assert_index_equal(X.index, frame.index[:-4])
    assert not X.isna().any(axis=None)
    assert not y.isna().any(axis=None)
    model = make_pipeline(SlidingWindow(1, flatten=True), LinearRegression()).fit(X, y)
    found = forecast(model, new[-10:], "load", [1, 2], known=["price"])
    pd.testing.assert_frame_equal(found, frame[["load"]][-2:], check_freq=False)


def test_rows_of_the_future_have_the_labels():
    """Days of trade go on after a holiday, as the frame says."""
    days = WEEKDAYS.delete([20, len(WEEKDAYS) - 2])
    frame = pd.DataFrame({"load": np.arange(len(days)) * 1.0}, days)
    found = forecast(Repeat("load", 2), with_future(frame, 2), "load", [1, 2])
    assert_same_labels(found.index, days[-2:])
    assert found["load"].tolist() == [frame["load"].iloc[-3] + 1, frame["load"].iloc[-3] + 2]


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_rows_of_the_future_of_a_panel(container):
    keys = {"group": "unit", "time": "hour", "known": "price"}
    whole = panel().assign(price=lambda frame: frame["load"] ** 2)
    frame = whole.copy()
    last = frame.groupby("unit")["hour"].transform("max") - pd.Timedelta("2h")
    frame.loc[frame["hour"] >= last, "load"] = np.nan
    X, y = make_horizon_target(frame, "load", range(1, 4), **keys)
    assert len(X) == len(frame) - 3 * 6
    model = network(group="unit", time="hour").fit(X, y)
    found = forecast(model, as_container(frame, container), "load", range(1, 4), **keys)
    found = pd.DataFrame(found.to_dict(as_series=False) if container == "polars" else found)
    merged = found.merge(whole, on=["unit", "hour"], how="left", suffixes=["", "_true"])
    assert len(merged) == 9
    assert merged["load_true"].notna().all()
    X, _ = make_horizon_target(whole, "load", range(1, 4), **keys)  # whose target is there
    newest = X.sort_values("hour").groupby("unit", sort=False).tail(1)
    expected = model.predict(X)[X.index.get_indexer(newest.index)].tolist()
    by_unit = dict(zip(newest["unit"], expected, strict=True))
    assert {unit: rows.tolist() for unit, rows in found.groupby("unit")["load"]} == by_unit


def test_the_future_of_other_columns_changes_nothing():
    frame = hourly().assign(price=np.arange(60.0) % 7)
    new = with_future(frame, 3, heat=np.nan)
    model = network().fit(*make_horizon_target(new, "load", range(1, 4), known="price"))
    found = forecast(model, new, "load", range(1, 4), known="price")
    for change in ({"heat": 1e9}, {"heat": -1.0}):
        pd.testing.assert_frame_equal(
            forecast(model, with_future(frame, 3, **change), "load", range(1, 4), known="price"),
            found,
        )
    changed = with_future(frame, 3, price=100.0)
    assert (forecast(model, changed, "load", range(1, 4), known="price") != found).all(axis=None)
    # Without known columns, that of no column.
    model = network().fit(*make_horizon_target(new, "load", range(1, 4)))
    found = forecast(model, new, "load", range(1, 4))
    pd.testing.assert_frame_equal(forecast(model, changed, "load", range(1, 4)), found)
    pd.testing.assert_frame_equal(
        forecast(model, frame[:-3], "load", range(1, 4)), found, check_freq=False
    )


def test_no_prediction_knows_the_future():
    """Through windows of segments, levels and columns, with known columns: rows up to each row."""
    names, horizon, now = ["load", "heat"], [1, 2, 3], 47
    frame = hourly(72).assign(price=np.arange(72.0) % 7)
    frame.loc[frame.index[-3:], names] = np.nan  # rows of the future
    columns = ColumnwiseRegressor(
        WindowScaledRegressor(
            GRURegressor(4, max_iter=2, random_state=0), level="last", operation="subtract"
        )
    )
    shared = make_pipeline(SlidingWindow(12, segment=4), columns)
    shared.fit(*make_horizon_target(frame[names], names, horizon))
    task = {"target": "load", "horizon": horizon, "known": "price"}
    network_of_known = network().set_params(slidingwindow__window=12, slidingwindow__segment=4)
    network_of_known.fit(*make_horizon_target(frame, **task))

    def predictions(frame):
        """Of both models, for the rows up to now."""
        X, _ = make_horizon_target(frame, **task)
        known = network_of_known.predict(X)[: now + 1]
        return np.hstack([shared.predict(frame[names].dropna())[: now + 1], known])

    before = predictions(frame)
    changed = frame.copy()
    changed.loc[frame.index[now + 1] :, names] *= -100
    changed.loc[frame.index[now + 4] :, "price"] = 1e6  # beyond the horizon
    np.testing.assert_array_equal(predictions(changed), before)
    changed.loc[frame.index[now + 3], "price"] = 1e6  # within it, and known
    assert (predictions(changed)[-1, -3:] != before[-1, -3:]).any()
    np.testing.assert_array_equal(predictions(changed)[:-1], before[:-1])


def test_a_long_gap_in_the_past():
    """The last rows before it lack rows ahead, so they are in no X."""
    frame = hourly(100).assign(price=np.arange(100.0)).drop(hourly(100).index[40:60])
    new = with_future(frame, 2)
    with pytest.warns(UserWarning, match="frame has a gap in time"):
        X, y = make_horizon_target(new, "load", [1, 2], known="price")
    assert X["price"].tolist() == [*range(38), *range(60, 96)]
    with pytest.warns(UserWarning, match="X has a gap in time"):
        model = network().fit(X, y)
    with pytest.warns(UserWarning, match="X has a gap in time"):
        found = forecast(model, new, "load", [1, 2], known="price")
    X, _ = make_horizon_target(frame[40:], "load", [1, 2], known="price")
    np.testing.assert_array_equal(found["load"], model.predict(X)[-1])


@pytest.mark.parametrize("keys", [{}, {"group": "unit", "time": "hour"}])
def test_recursive(keys):
    """A model of the next step goes on from its own predictions."""
    frame = panel()[["unit", "hour", "load"]] if keys else hourly()[["load"]]
    frame["load"] = 100.0 + np.arange(len(frame))
    n_rows = len(frame)
    for _ in range(3):
        frame = pd.concat([frame, forecast(Repeat(), frame, "load", 1, **keys)])
    new = frame[n_rows:]
    if not keys:
        assert new["load"].tolist() == [160.0, 161.0, 162.0]
        assert frame.index.equals(hourly(63).index)
        return
    for unit, n in (("c", 30), ("a", 24), ("b", 27)):
        of_unit = new[new["unit"] == unit]
        assert of_unit["hour"].tolist() == list(hourly(n + 3).index[n:])
        assert np.diff(of_unit["load"]).tolist() == [1.0, 1.0]


def test_recursive_with_rows_of_the_future():
    frame = hourly(20).assign(price=np.arange(20.0))
    truth = frame["load"] = 100 + frame["price"].cumsum()
    new = with_future(frame[["load", "price"]], 4)
    X, y = make_horizon_target(new, "load", 1, known="price")
    model = make_pipeline(SlidingWindow(1, flatten=True), LinearRegression()).fit(X, y)
    for n_missing in (4, 3, 2, 1):
        assert new["load"].isna().sum() == n_missing
        new = new.fillna(forecast(model, new, "load", 1, known="price"))
    np.testing.assert_allclose(new["load"], truth)


def test_a_search_over_pipelines():
    frame = hourly()
    search = GridSearchCV(network(), {"slidingwindow__window": [2, 6]}, cv=TimeSeriesSplit(2))
    search.fit(*make_horizon_target(frame, "load", 1))
    found = forecast(search, frame, "load", 1)
    assert found["load"].tolist() == [search.predict(frame)[-1]]


def quantile_network():
    model = network()
    return model.set_params(gruregressor__loss="quantile", gruregressor__quantile=(0.9, 0.1, 0.5))


@pytest.mark.parametrize("target", ["load", ["load", "heat"]])
def test_quantiles(target):
    """A column for each target and quantile, from a Pipeline and from a search over it."""
    frame, steps = hourly(), [3, 1]
    model = quantile_network().fit(*make_horizon_target(frame, target, steps))
    found = forecast(model, frame, target, steps, method="predict_quantiles")
    names = ["load", "heat"][: np.size(target)]
    assert list(found.columns) == [f"{name}_q{q}" for name in names for q in (0.1, 0.5, 0.9)]
    by_hand = model[-1].predict_quantiles(model[:-1].transform(frame))[-1]
    by_hand = by_hand.reshape(len(names), 2, 3)[:, ::-1]  # in the order of time
    np.testing.assert_array_equal(found, np.hstack([*by_hand]))
    middle = forecast(model, frame, target, steps)
    assert_same_labels(found.index, middle.index)
    np.testing.assert_array_equal(found[[f"{name}_q0.5" for name in names]], middle)

    grid = {"slidingwindow__window": [6]}
    search = GridSearchCV(quantile_network(), grid, cv=TimeSeriesSplit(2))
    search.fit(*make_horizon_target(frame, target, steps))
    of_search = forecast(search, frame, target, steps, method="predict_quantiles")
    pd.testing.assert_frame_equal(of_search, found)


def test_quantiles_of_scaled_windows_and_columns():
    frame = hourly().abs() + 1
    inner = GRURegressor(4, loss="quantile", quantile=[0.1, 0.9], max_iter=2, random_state=0)
    columns = ColumnwiseRegressor(WindowScaledRegressor(inner))
    model = make_pipeline(SlidingWindow(6), columns)
    arguments = (["load", "heat"], [1, 2])
    model.fit(*make_horizon_target(frame, *arguments))
    found = forecast(model, frame, *arguments, method="predict_quantiles")
    assert list(found.columns) == ["load_q0.1", "load_q0.9", "heat_q0.1", "heat_q0.9"]
    by_hand = model[-1].predict_quantiles(model[:-1].transform(frame))[-1]
    np.testing.assert_array_equal(found, np.hstack([by_hand[:2], by_hand[2:]]))


def test_a_model_without_quantiles():
    frame = hourly()
    for model in (Repeat(), make_pipeline(Repeat())):
        with pytest.raises(AttributeError, match="predict_quantiles"):
            forecast(model, frame, "load", 1, method="predict_quantiles")
    with pytest.raises(ValueError, match=r"method='proba'; expected one of \['predict', "):
        forecast(Repeat(), frame, "load", 1, method="proba")


GAPPED = pd.DataFrame({"load": np.arange(6.0)}, index=[0, 1, 3, 7, 12, 20])
SOME_EMPTY = pd.DataFrame({"unit": [*"aabb"], "t": [1, 2, 1, 2], "load": [1, 2, np.nan, np.nan]})


@pytest.mark.parametrize(
    ("frame", "arguments", "message"),
    [
        (hourly(), {"target": "x"}, r"target='x' is not a column of frame; it has the columns \["),
        (hourly(), {"known": "x"}, "known='x' is not a column of frame; it has"),
        (hourly(), {"known": ["heat", "load"]}, "known=.* contains the target 'load', whose"),
        (hourly(), {"known": ["heat", "heat"]}, "known=.*; expected one column, or several diff"),
        (hourly(), {"target": []}, r"target=\[\]; expected one column, or several different"),
        (hourly(), {"horizon": 0}, "horizon=0; expected a positive integer"),
        (hourly(), {"max_gap": -1}, "max_gap=-1; expected the number of missing"),
        (
            hourly(),
            {"known": "heat"},
            "frame has too few rows after its last target; .* expected 1",
        ),
        (
            hourly(),
            {"horizon": [1, 2]},
            r"model predicts 1 values for a row; expected 2: .*horizon=\[1, 2\] have 1 columns and",
        ),
        (hourly(), {"target": ["load", "heat"]}, "model predicts 1 values for a row; expected 2"),
        (GAPPED, {}, "The time labels of frame have no frequency, so nobody knows those of the"),
        (
            SOME_EMPTY,
            {"group": "unit", "time": "t"},
            "frame of series 'b' has no row with a target: all of .'load'. is missing",
        ),
        (
            SOME_EMPTY.assign(load=[1, np.nan, 2, 3], heat=1),
            {"group": "unit", "time": "t", "known": "heat"},
            "frame of series 'b' has too few rows after its last target; with known=.'heat'.",
        ),
        (panel(), {"group": "unit"}, "Set time= to the name of the column or index level"),
    ],
)
def test_wrong_arguments(frame, arguments, message):
    with pytest.raises(ValueError, match=message):
        forecast(Repeat(), frame, **{"target": "load", "horizon": 1} | arguments)
