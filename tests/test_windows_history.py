"""Windows inside cross-validation: the history of a test fold, and nothing from the future."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    GRURegressor,
    LSTMRegressor,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
    make_horizon_target,
)
from tests._windows import after_a_gap, assert_same, naive

pd = pytest.importorskip("pandas")


def ar2(n_rows=200):
    """A frame with an AR(2) series and its sine, and the next value of the series."""
    noise = np.random.default_rng(0).standard_normal(n_rows + 1)
    values = np.zeros(n_rows + 1)
    for t in range(n_rows + 1):
        values[t] = 1.2 * values[t - 1] - 0.5 * values[t - 2] + noise[t]
    index = pd.date_range("2020", periods=n_rows + 1, freq="D")
    frame = pd.DataFrame({"value": values, "sine": np.sin(values)}, index=index)
    return make_horizon_target(frame, "value", 1)


def small(cell=GRURegressor):
    return cell(3, max_iter=3, n_iter_no_change=np.inf, random_state=0, learning_rate_init=0.01)


# The history table.

CV = TimeSeriesSplit(12, test_size=15)


def errors(pipeline, X, y):
    """Mean squared errors in test and in train, fold by fold."""
    found = cross_validate(
        pipeline, X, y, cv=CV, scoring="neg_mean_squared_error", return_train_score=True
    )
    return -found["test_score"], -found["train_score"]


def oracle(model, windows, y):
    """The same of windows that are there before the split."""
    test_errors, train_errors = [], []
    for train, test in CV.split(y):
        fitted = clone(model).fit(windows[train], y.iloc[train])
        test_errors.append(mean_squared_error(y.iloc[test], fitted.predict(windows[test])))
        train_errors.append(mean_squared_error(y.iloc[train], fitted.predict(windows[train])))
    return np.array(test_errors), np.array(train_errors)


DAYS = pd.date_range("2020", periods=200, freq="D")
INDICES = {
    "with freq": DAYS,
    "without freq": pd.DatetimeIndex([*DAYS]),
    "with a time zone": DAYS.tz_localize("Europe/Berlin"),
    "with a time zone, without freq": pd.DatetimeIndex([*DAYS.tz_localize("Europe/Berlin")]),
}


@pytest.mark.parametrize(
    ("kind", "index"), [("LSTM", "with freq"), *[("Ridge", name) for name in INDICES]]
)
def test_history_table(kind, index):
    X, y = (part.set_axis(INDICES[index]) for part in ar2())
    window = SlidingWindow(12, flatten=kind == "Ridge")
    model = small(LSTMRegressor) if kind == "LSTM" else make_pipeline(SimpleImputer(), Ridge())
    expected = oracle(model, window.fit_transform(X), y)
    table = {}
    for history in ("index", "tail", "none"):
        pipeline = make_pipeline(clone(window).set_params(history=history), model)
        found = errors(pipeline, X, y)
        table[history] = [np.array_equal(a, b) for a, b in zip(found, expected, strict=True)]
        # Where they differ, they do so in most folds, and not by rounding.
        far = [np.median(abs(a / b - 1)) > 1e-6 for a, b in zip(found, expected, strict=True)]
        assert far == [not equal for equal in table[history]]
    assert table == {"index": [True, True], "tail": [True, False], "none": [False, True]}


@pytest.mark.parametrize("gap", [0, 2])
@after_a_gap
def test_windows_of_test_folds(gap):
    """Those cut before splitting, where test continues training; else those of the fold alone."""
    X, y = ar2(90)
    pipeline = make_pipeline(
        StandardScaler().set_output(transform="pandas"), SlidingWindow(5), small()
    )
    cv = TimeSeriesSplit(4, gap=gap)
    found = cross_validate(pipeline, X, y, cv=cv, return_estimator=True, return_train_score=True)
    for k, (train, test) in enumerate(cv.split(X)):
        scaled = StandardScaler().fit(X.iloc[train]).transform(X)
        windows = naive(scaled, 5)
        in_training = [windows[t] for t in train]
        in_test = naive(scaled[test], 5) if gap else [windows[t] for t in test]
        fitted = found["estimator"][k]
        assert_same(fitted[:-1].transform(X.iloc[train]), in_training)
        assert_same(fitted[:-1].transform(X.iloc[test]), in_test)
        model = small().fit(in_training, y.iloc[train])
        assert found["train_score"][k] == model.score(in_training, y.iloc[train])
        assert found["test_score"][k] == model.score(in_test, y.iloc[test])


def test_panel_in_time():
    """A cut through many series at once: each continues its own."""
    X, _ = ar2(90)
    units = {"a": X, "b": 2 * X.iloc[20:], "c": 3 * X.iloc[50:]}
    panel = pd.concat(units, names=["unit", "day"]).swaplevel().sort_index()
    target = panel["value"] ** 2
    window = SlidingWindow(6, group="unit")
    windows = window.fit_transform(panel)
    cv = TimeSeriesSplit(3)
    found = cross_validate(
        make_pipeline(window, small()), panel, target, cv=cv, return_train_score=True
    )
    for k, (train, test) in enumerate(cv.split(panel)):
        model = small().fit(windows[train], target.iloc[train])
        assert found["test_score"][k] == model.score(windows[test], target.iloc[test])
        assert found["train_score"][k] == model.score(windows[train], target.iloc[train])


# No leak.


def test_the_future_changes_nothing_before_it():
    X, y = ar2(90)
    pipeline = make_pipeline(
        StandardScaler().set_output(transform="pandas"), SlidingWindow(5), small()
    )
    pipeline.fit(X[:60], y[:60])
    prediction = pipeline.predict(X[60:])
    for t in (60, 61, 75, 89):
        other = X.copy()
        other.iloc[t:] += np.random.default_rng(t).standard_normal(other.iloc[t:].shape)
        found = pipeline.predict(other[60:])
        np.testing.assert_array_equal(found[: t - 60], prediction[: t - 60])
        assert found[t - 60] != prediction[t - 60]
    np.testing.assert_array_equal(pipeline.fit(X[:60], y[:60]).predict(X[60:]), prediction)


@pytest.mark.parametrize("horizon", [1, 3])
@after_a_gap
def test_scores_do_not_know_the_future(horizon):
    """With a gap of the horizon no fold's score depends on values after its own targets."""
    series = ar2(90)[0]
    pipeline = make_pipeline(
        StandardScaler().set_output(transform="pandas"), SlidingWindow(5), small()
    )
    cv = TimeSeriesSplit(4, gap=horizon)

    def scores(frame):
        X, y = make_horizon_target(frame, "value", horizon)
        return cross_validate(pipeline, X, y, cv=cv, return_train_score=True)

    before = scores(series)
    for k, (train, test) in enumerate(cv.split(series[:-horizon])):
        # In training, what comes in the time of the test fold.
        other = series.copy()
        other.iloc[test[0] :] += 1
        assert scores(other)["train_score"][k] == before["train_score"][k]
        assert train[-1] + horizon < test[0]
        # In test, what comes after the last target.
        other = series.copy()
        other.iloc[test[-1] + horizon + 1 :] += 1
        np.testing.assert_array_equal(
            scores(other)["test_score"][: k + 1], before["test_score"][: k + 1]
        )


def monthly(n_years=12):
    """A series that grows and has a season, as the passengers of airlines, and its horizon."""
    month = np.arange(12 * n_years)
    noise = np.random.default_rng(0).standard_normal(len(month))
    logarithm = 4.8 + 0.01 * month + 0.2 * np.sin(2 * np.pi * month / 12) + 0.03 * noise
    index = pd.period_range("1949-01", periods=len(month), freq="M")
    return make_horizon_target(pd.DataFrame({"log": logarithm}, index=index), "log", 12)


def test_windows_before_the_split_have_their_history():
    """The error in the Pipeline is that of short windows; in the other order it is a third."""
    X, y = monthly()
    cv = TimeSeriesSplit(4, test_size=12, gap=12)
    model = make_pipeline(PerStep(StandardScaler()), GRURegressor(8, random_state=0))
    windows = SlidingWindow(24).fit_transform(X)
    for _, test in cv.split(windows):
        assert_same(windows[test], [X.to_numpy()[t - 23 : t + 1] for t in test])
    first = cross_validate(model, windows, y, cv=cv, scoring="neg_root_mean_squared_error")
    inside = make_pipeline(SlidingWindow(24), model)
    message = "The windows of X have at most 12 of the 24 .* X = SlidingWindow.*fit_transform"
    with pytest.warns(UserWarning, match=message):
        second = cross_validate(inside, X, y, cv=cv, scoring="neg_root_mean_squared_error")
    assert -first["test_score"].mean() < 0.5 * -second["test_score"].mean()


@pytest.mark.parametrize("horizon", [1, 3])
def test_windows_before_the_split_do_not_know_the_future(horizon):
    series = ar2(90)[0]
    model = make_pipeline(PerStep(StandardScaler()), small())
    cv = TimeSeriesSplit(4, gap=horizon)

    def scores(frame):
        X, y = make_horizon_target(frame, "value", horizon)
        windows = SlidingWindow(5).fit_transform(X)
        return cross_validate(model, windows, y, cv=cv, return_train_score=True)

    before = scores(series)
    for k, (_, test) in enumerate(cv.split(series[:-horizon])):
        other = series.copy()
        other.iloc[test[0] :] += 1
        assert scores(other)["train_score"][k] == before["train_score"][k]
        other = series.copy()
        other.iloc[test[-1] + horizon + 1 :] += 1
        np.testing.assert_array_equal(
            scores(other)["test_score"][: k + 1], before["test_score"][: k + 1]
        )


def models():
    """Over two units, sorted by day."""
    window = SlidingWindow(4, group="unit", time="day")
    subtract = WindowScaledRegressor(small(), feature=0, operation="subtract")
    return {
        "every other step": make_pipeline(clone(window).set_params(step=2), small()),
        "lag columns": make_pipeline(
            clone(window).set_params(flatten=True), SimpleImputer(), Ridge()
        ),
        "scaled steps": make_pipeline(window, PerStep(StandardScaler()), small()),
        "scaled windows": make_pipeline(window, subtract),
    }


def panel_scores(model, frame, gap):
    X, y = make_horizon_target(frame, "value", range(1, 4), group="unit", time="day")
    cv = TimeSeriesSplit(3, gap=gap)
    return cross_validate(model, X, y, cv=cv, return_train_score=True), [*cv.split(X)]


@pytest.mark.parametrize("model", models().values(), ids=list(models()))
@after_a_gap
def test_scores_of_a_panel_do_not_know_the_future(model):
    """Targets up to 3 days ahead of 2 units are 6 rows ahead; with no gap they do leak."""
    units = {"a": ar2(60)[0], "b": 3 - 2 * ar2(60)[0]}
    frame = pd.concat(units, names=["unit", "day"]).swaplevel().sort_index()
    before, splits = panel_scores(model, frame, 6)
    without_gap, _ = panel_scores(model, frame, 0)
    for k, (_, test) in enumerate(splits):
        other = frame.copy()
        other.iloc[test[0] :] += 1
        assert panel_scores(model, other, 6)[0]["train_score"][k] == before["train_score"][k]
        leaks = panel_scores(model, other, 0)[0]["train_score"][k]
        assert abs(leaks - without_gap["train_score"][k]) > 1e-6
        other = frame.copy()
        other.iloc[test[-1] + 7 :] += 1
        found = panel_scores(model, other, 6)[0]["test_score"]
        np.testing.assert_array_equal(found[: k + 1], before["test_score"][: k + 1])
