"""What is saved is plain, comes back as it was, and says when it cannot."""

import io
import pickle
import warnings
from copy import copy, deepcopy
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from pandas.tseries.offsets import Easter
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import (
    ColumnwiseRegressor,
    GRUClassifier,
    GRURegressor,
    LagColumnsToSequence,
    PerStep,
    RNNRegressor,
    RNNStepRegressor,
    SlidingWindow,
    TokenEncoder,
    WindowScaledRegressor,
)
from tests._estimators import CELL_PARAMETERS, ESTIMATORS, assert_same_outputs, make, problem

PLAIN = (bool, int, float, str, bytes, type(None), np.ndarray, np.generic, np.random.RandomState)


def by_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


ROUNDS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "protocol 2": lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
    "joblib": by_joblib,
    "cloudpickle": lambda model: pickle.loads(cloudpickle.dumps(model)),
    "deepcopy": deepcopy,
    "copy": copy,
}


def not_plain(value):
    """The types in a state that are neither of Python nor of NumPy."""
    if type(value) is dict:
        return {kind for pair in value.items() for each in pair for kind in not_plain(each)}
    if type(value) in (list, tuple):
        return {kind for each in value for kind in not_plain(each)}
    if isinstance(value, BaseEstimator):
        return not_plain(value.__getstate__())
    return set() if type(value) in PLAIN or isinstance(value, np.generic) else {type(value)}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("way", ROUNDS)
def test_estimators_come_back(way, name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    again = ROUNDS[way](model)
    assert_same_outputs(again, X, model, X)
    assert set(vars(again)) == set(vars(model))


@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_every_network_is_plain(cell):
    X, y = problem()
    model = RNNRegressor(
        (3, 2), **CELL_PARAMETERS[cell], bidirectional=True, pooling="attention", ar_steps=2,
        max_iter=1, loss="quantile", quantile=[0.1, 0.9], random_state=np.random.RandomState(0),
    ).fit(X, y)  # fmt: skip
    assert not_plain(model) == set()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_quantiles(X), model.predict_quantiles(X))


def test_training_goes_on_where_it_was():
    X, y = problem("GRUClassifier")
    one = GRUClassifier(4, solver="adam", random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    assert not_plain(one) == set()
    other = pickle.loads(pickle.dumps(one))
    for model in (one, other):
        model.partial_fit(X, y)
    assert_same_outputs(one, X, other, X)


def test_what_is_around_an_estimator():
    X = np.random.default_rng(0).standard_normal((30, 2))
    around = WindowScaledRegressor(GRURegressor(3, max_iter=1, random_state=0))
    model = make_pipeline(
        StandardScaler(), SlidingWindow(4), PerStep(StandardScaler()), ColumnwiseRegressor(around)
    ).fit(X, X)
    assert not_plain(model.__getstate__()["steps"]) == set()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    lags = LagColumnsToSequence(n_steps=2).fit(X)
    encoder = TokenEncoder().fit(["some text"])
    assert not_plain([lags, encoder]) == set()
    text = ["text some"]
    assert list(deepcopy(encoder).transform(text)[0]) == list(encoder.transform(text)[0])


INDEXES = {
    "hours": pd.date_range("2024-01-01", periods=60, freq="h"),
    "found hours": pd.DatetimeIndex(pd.date_range("2024-01-01", periods=60, freq="h").to_numpy()),
    "local hours": pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin"),
    "found local days": pd.date_range("2024-03-01", periods=60, freq="D", tz="Europe/Berlin")[
        np.arange(60)
    ],
    "weekdays": pd.bdate_range("2024-01-01", periods=60)[np.arange(60)],
    "holidays": pd.date_range(
        "2024-01-01", periods=60, freq=pd.offsets.CustomBusinessDay(holidays=["2024-01-02"])
    ),
    "months": pd.date_range("2020", periods=60, freq=pd.DateOffset(months=1)),
    "months and days": pd.date_range("2020", periods=60, freq=pd.DateOffset(months=1, days=1)),
    "Easter": pd.date_range("1960", periods=60, freq=Easter()),
    "hours an hour ahead": pd.date_range("2024-01-01", periods=60, freq="h", tz="+01:00"),
    "hours of UTC": pd.date_range("2024-01-01", periods=60, freq="h", tz="UTC"),
    "ends of months": pd.date_range("2020-01-31", periods=60, freq="ME")[np.arange(60)],
    "periods": pd.period_range("2020-01", periods=60, freq="M"),
    "time spans": pd.timedelta_range("0h", periods=60, freq="h"),
    "numbers": pd.RangeIndex(5, 65),
    "floats": pd.Index(np.arange(60) / 10),
    "text": pd.Index([f"row {k:03}" for k in range(60)]),
}

# Offsets with more than a name are themselves in a file.
NOT_NAMED = {
    "holidays": {pd.offsets.CustomBusinessDay},
    "months": {pd.DateOffset},
    "months and days": {pd.DateOffset},
    "Easter": {Easter},
}


@pytest.mark.parametrize("name", INDEXES)
def test_dated_windows_come_back(name):
    """What continues the rows of fit is still seen to do so."""
    frame = pd.DataFrame({"a": np.arange(60.0)}, index=INDEXES[name])
    window = SlidingWindow(5).fit(frame[:50])
    assert not_plain(window) == NOT_NAMED.get(name, set())
    again = pickle.loads(pickle.dumps(window))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected, found = (each.transform(frame[50:]) for each in (window, again))
        later, later_found = (each.transform(frame[57:]) for each in (window, again))
    assert len(caught) % 2 == 0
    np.testing.assert_array_equal(found.lengths, expected.lengths)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    np.testing.assert_array_equal(later_found.lengths, later.lengths)
    assert name == "text" or found.lengths.min() == 5


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_windows_of_polars_come_back(zone):
    frame = pl.DataFrame({"time": INDEXES["hours"].to_numpy(), "a": np.arange(60.0)})
    if zone is not None:
        local = pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        frame = frame.with_columns(local)
    window = SlidingWindow(5, time="time").fit(frame[:50])
    assert not_plain(window) == set()
    found = pickle.loads(pickle.dumps(window)).transform(frame[50:])
    np.testing.assert_array_equal(np.asarray(found), np.asarray(window.transform(frame[50:])))
    assert found.lengths.min() == 5


def test_groups_and_times_come_back():
    frame = pd.DataFrame({"a": np.arange(40.0), "g": [1, 2] * 20, "h": ["x", "x", "y", "y"] * 10})
    frame.index = pd.Index(np.arange(40) // 4, name="t")
    window = SlidingWindow(3, group=["g", "h"], max_gap=pd.Timedelta("4D"), history="tail")
    window.set_params(max_gap=2).fit(frame)
    assert not_plain(window) == set()
    again = pickle.loads(pickle.dumps(window))
    assert set(again.tails_) == set(window.tails_) == {(g, h) for g in (1, 2) for h in "xy"}
    np.testing.assert_array_equal(
        np.asarray(again.transform(frame)), np.asarray(window.transform(frame))
    )


# What comes back exactly, as plain data where there is a form for it.
VALUES = {name: index.rename("t") for name, index in INDEXES.items()} | {
    "none of a frequency": pd.date_range("2020", periods=3, freq="h")[[0, 2, 1]],
    "missing dates": pd.DatetimeIndex(["2020-01-01", None]),
    "pairs": pd.MultiIndex.from_product([[1, 2], ["a", "b"]]),
    "categories": pd.CategoricalIndex(["a", "b"]),
    "intervals": pd.interval_range(0, 3),
    "objects": pd.Index([1, "a", None], dtype=object),
    "missing numbers": pd.Index([1, None], dtype="Int64"),
    "dates of objects": pd.Index([pd.Timestamp("2020"), pd.Timestamp("2021", tz="UTC")]),
    "time": pd.Timestamp("2020", tz="Europe/Berlin"),
    "time span": pd.Timedelta("4D"),
    "no time": pd.NaT,
    "nothing": pd.NA,
    "month": pd.Period("2020-01"),
    "table": pd.DataFrame({"a": [1.0]}),
    "column": pd.Series([0], name="a"),
    "values of categories": pd.Categorical(["a"]),
    "type": pd.CategoricalDtype(["a", "b"], ordered=True),
    "offset": pd.offsets.MonthEnd(2),
    "offset at midnight": pd.offsets.MonthEnd(normalize=True),
    "business hours": pd.offsets.BusinessHour(start="10:00"),
    "zone": ZoneInfo("Europe/Berlin"),
    "named zone": timezone(timedelta(hours=2), "here"),
    "zone of UTC": UTC,
    "polars": pl.Series("a", [1, 2], dtype=pl.Int16),
    "polars dates": pl.Series("a", [datetime(2020, 1, 1)]).dt.replace_time_zone("Asia/Tokyo"),
    "missing in polars": pl.Series("a", [1, None]),
    "lists of polars": pl.Series("a", [[1], [2, 3]]),
    "categories of polars": pl.Series("a", ["x", "y"], dtype=pl.Categorical),
    "table of polars": pl.DataFrame({"a": [1.0]}),
    "keys": {1: "a", None: [pd.Timedelta("1h")]},
    "our keys": {"skrnn class": "a", "skrnn other": "b"},
    "arrays": (np.arange(3), [np.float32(1)]),
}


class Keeps(GRURegressor):
    """An estimator of a user, who keeps something in fit."""

    def __init__(self, hidden_layer_sizes=2, *, kept=None):
        super().__init__(hidden_layer_sizes)
        self.kept = kept

    def fit(self, X, y):
        self.kept_ = {"value": self.kept, "values": [self.kept]}
        return self


def assert_identical(found, expected):
    """The same down to names, types and frequencies."""
    assert type(found) is type(expected)
    if isinstance(expected, pd.Index):
        assert found.identical(expected)
        assert getattr(found, "freq", None) == getattr(expected, "freq", None)
    elif isinstance(expected, pd.Series | pd.DataFrame | pd.Categorical):
        assert found.equals(expected)
    elif isinstance(expected, pl.Series):
        pl.testing.assert_series_equal(found, expected)
    elif isinstance(expected, pl.DataFrame):
        pl.testing.assert_frame_equal(found, expected)
    else:
        assert repr(found) == repr(expected)


@pytest.mark.parametrize("name", VALUES)
def test_values_of_users_come_back(name):
    model = Keeps(kept=VALUES[name]).fit(None, None)
    for way in ROUNDS.values():
        again = way(model)
        for found in (again.kept, again.kept_["value"], again.kept_["values"][0]):
            assert_identical(found, VALUES[name])


def test_parameters_are_as_users_set_them():
    columns = pd.Series([0])
    model = GRURegressor(2, categorical_features=columns)
    assert model.__getstate__()["categorical_features"] is columns
    for way in ROUNDS.values():
        pd.testing.assert_series_equal(way(model).categorical_features, columns)
    span = SlidingWindow(3, max_gap=pd.Timedelta("4D"))
    assert span.__getstate__()["max_gap"] is span.max_gap
    assert clone(span).max_gap == pickle.loads(pickle.dumps(span)).max_gap == pd.Timedelta("4D")


def test_a_copy_shares_all_values():
    model, X = fitted()
    again = copy(model)
    assert vars(again).keys() == vars(model).keys()
    assert all(value is vars(model)[name] for name, value in vars(again).items())
    again.set_params(hidden_layer_sizes=5).fit(X, X[:, 0, 0])
    assert model.hidden_layer_sizes == 4


def test_a_large_vocabulary_is_not_walked():
    encoder = TokenEncoder(analyzer="word").fit([" ".join(f"w{k}" for k in range(1000))])
    state = encoder.__getstate__()
    assert state["vocabulary_"] is encoder.vocabulary_


def test_steps_of_dated_tables_come_back():
    frame = pd.DataFrame({"a": np.arange(60.0)}, index=INDEXES["hours"])
    model = RNNStepRegressor(3, max_iter=1, random_state=0).fit(frame, np.arange(60.0))
    assert not_plain(model) == set()
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict(frame), model.predict(frame)
    )


def fitted():
    X, y = problem()
    return GRURegressor(4, max_iter=1, random_state=0).fit(X, y), X


@pytest.mark.parametrize("make_object", [lambda: fitted()[0], lambda: SlidingWindow(3)])
def test_another_version_warns(make_object, monkeypatch):
    saved = pickle.dumps(make_object())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(saved)
    monkeypatch.setattr(skrnn, "__version__", "99.0")
    with pytest.warns(InconsistentVersionWarning, match=r"saved by skrnn 0\..* loaded by 99\.0"):
        pickle.loads(saved)


def test_a_model_from_before_warns():
    model, _ = fitted()
    state = model.__getstate__()
    del state["_skrnn_version"]
    with pytest.warns(InconsistentVersionWarning, match="before 0.1"):
        GRURegressor().__setstate__(state)


def test_a_truncated_file_raises():
    model, _ = fitted()
    saved = pickle.dumps(model)
    for length in range(0, len(saved), 7):
        with pytest.raises((EOFError, pickle.UnpicklingError)):
            pickle.loads(saved[:length])


def test_altered_weights_raise():
    model, _ = fitted()
    saved = bytearray(pickle.dumps(model))
    place = saved.index(model._theta.tobytes())
    for offset in range(0, model._theta.nbytes, 41):
        altered = saved.copy()
        altered[place + offset] ^= 1
        with pytest.raises(ValueError, match="not those that were saved: the file is damaged"):
            pickle.loads(altered)


@pytest.mark.parametrize(
    "place",
    [
        "network.stack:Nothing",
        "nothing:Network",
        "estimators:GRURegressor.fit",
        "tokens:np",
        ":",
        "x",
    ],
)
def test_an_unknown_class_raises(place):
    """And an object that was there before is as it was."""
    model, X = fitted()
    before = model.predict(X)
    state = model.__getstate__()
    state["_network"] = state["_network"] | {"skrnn class": place}
    with pytest.raises(ValueError, match="does not have: it was saved by another version"):
        model.__setstate__(state)
    np.testing.assert_array_equal(model.predict(X), before)
