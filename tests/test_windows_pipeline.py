"""Windows of real data with everything that scikit-learn does to a Pipeline."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skrnn import (
    GRUClassifier,
    GRURegressor,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
    from_long,
    make_horizon_target,
    to_long,
)
from skrnn.datasets import load_beijing_pm25, load_japanese_vowels
from tests._windows import after_a_gap, assert_same, naive

pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def beijing():
    """Three weeks of weather in Beijing, and the temperature three hours ahead."""
    frame = load_beijing_pm25(as_frame=True).data.iloc[3000:3500]
    return make_horizon_target(frame.drop(columns="pm25"), "temperature", 3)


NUMBERS = ["dew_point", "temperature", "pressure"]
CV = TimeSeriesSplit(3, gap=3)


def small(**parameters):
    parameters = {"max_iter": 4, "n_iter_no_change": np.inf, "random_state": 0} | parameters
    return GRURegressor(4, learning_rate_init=0.02, **parameters)


def forecaster():
    return make_pipeline(StandardScaler().set_output(transform="pandas"), SlidingWindow(6), small())


def windows_by_hand(X, train, window):
    """Scaled by the training part; the gap leaves the test part without history."""
    scaler = StandardScaler().fit(X.iloc[train])
    return lambda part: naive(scaler.transform(X.iloc[part]), window)


@pytest.mark.parametrize("n_jobs", [1, 2])
@after_a_gap
def test_grid_search(beijing, n_jobs):
    X, y = beijing[0][NUMBERS], beijing[1]
    model = TransformedTargetRegressor(forecaster(), transformer=StandardScaler())
    grid = {"regressor__slidingwindow__window": [1, 6]}
    search = GridSearchCV(model, grid, cv=CV, n_jobs=n_jobs).fit(X, y)
    for i, window in enumerate([1, 6]):
        for k, (train, test) in enumerate(CV.split(X)):
            windows = windows_by_hand(X, train, window)
            scaler = StandardScaler().fit(y.iloc[train].to_numpy()[:, np.newaxis])
            scaled_y = scaler.transform(y.iloc[train].to_numpy()[:, np.newaxis])[:, 0]
            prediction = small().fit(windows(train), scaled_y).predict(windows(test))
            back = scaler.inverse_transform(prediction[:, np.newaxis])[:, 0]
            found = search.cv_results_[f"split{k}_test_score"][i]
            np.testing.assert_allclose(found, r2_score(y.iloc[test], back), rtol=1e-12)
    assert search.predict(X).shape == y.shape


def test_cross_val_predict(beijing):
    X, y = beijing[0][NUMBERS], beijing[1]
    # Training rows around a test fold have a gap in between.
    with pytest.warns(UserWarning, match="X has a gap in time, the first after 2010-05-"):
        found = cross_val_predict(forecaster(), X, y, cv=KFold(3))
    for train, test in KFold(3).split(X):
        scaler = StandardScaler().fit(X.iloc[train])
        before, after = train[train < test[0]], train[train > test[0]]
        in_training = [
            window
            for part in (before, after)
            if len(part)
            for window in naive(scaler.transform(X.iloc[part]), 6)
        ]
        in_test = naive(scaler.transform(X.iloc[test]), 6)
        if len(after) == 0:  # the last fold continues its training part
            in_test = naive(scaler.transform(X), 6)[test[0] :]
        expected = small().fit(in_training, y.iloc[train]).predict(in_test)
        np.testing.assert_array_equal(found[test], expected)


@after_a_gap
def test_halving_search_over_epochs(beijing):
    X, y = beijing[0][NUMBERS], beijing[1]
    grid = {"slidingwindow__window": [1, 3, 6], "slidingwindow__step": [1, 2]}
    search = HalvingGridSearchCV(
        forecaster(), grid, cv=CV, factor=3, resource="gruregressor__max_iter", min_resources=1,
        max_resources=9,
    ).fit(X, y)  # fmt: skip
    assert search.n_candidates_ == [6, 2]
    assert search.n_resources_ == [1, 3]
    for i, parameters in enumerate(search.cv_results_["params"]):
        scores = cross_val_score(forecaster().set_params(**parameters), X, y, cv=CV)
        assert search.cv_results_["mean_test_score"][i] == scores.mean()


def test_halving_search_over_rows_is_refused(beijing):
    """It draws rows at random, which are no series any more."""
    search = HalvingGridSearchCV(
        forecaster(), {"slidingwindow__window": [1, 6]}, cv=CV, error_score="raise"
    )
    with pytest.raises(ValueError, match="X is not sorted by its index: 2010-"):
        search.fit(beijing[0][NUMBERS], beijing[1])


def test_memory(beijing, tmp_path):
    X, y = beijing[0][NUMBERS], beijing[1]
    pipeline = forecaster().set_params(memory=joblib.Memory(tmp_path, verbose=0))
    expected = forecaster().fit(X, y).predict(X)
    n_calls = []
    for _ in range(3):
        np.testing.assert_array_equal(pipeline.fit(X, y).predict(X), expected)
        n_calls.append(len([*tmp_path.rglob("output.pkl")]))
    # A scaler and windows; and once more windows, as a frame from the cache has another hash.
    assert n_calls == [2, 3, 3]


def test_column_transformer_in_front(beijing):
    X, y = beijing
    columns = make_column_transformer(
        (StandardScaler(), NUMBERS), (OneHotEncoder(sparse_output=False), ["wind_direction"])
    ).set_output(transform="pandas")
    window = SlidingWindow(6)
    train, test = np.arange(300), np.arange(300, len(X))
    pipeline = make_pipeline(columns, window, small()).fit(X.iloc[train], y.iloc[train])
    table = clone(columns).fit(X.iloc[train]).transform(X)
    assert_same(pipeline[:-1].transform(X.iloc[test]), naive(table.to_numpy(), 6)[300:])
    assert pipeline[1].feature_names_in_.tolist() == table.columns.tolist()


def test_feature_union_in_front(beijing):
    X = beijing[0][NUMBERS]
    union = FeatureUnion([("scaled", StandardScaler()), ("pca", PCA(2))])
    union.set_output(transform="pandas")
    pipeline = make_pipeline(union, SlidingWindow(4)).fit(X[:300])
    table = np.hstack([s.fit(X[:300]).transform(X) for s in (StandardScaler(), PCA(2))])
    assert_same(pipeline.transform(X[300:]), naive(table, 4)[300:])


def test_feature_union_of_lag_columns(beijing):
    """The last hours, and the same hour of the last days."""
    X, y = beijing[0][["temperature"]], beijing[1]
    union = FeatureUnion(
        [
            ("hours", SlidingWindow(3, flatten=True)),
            ("days", SlidingWindow(3, step=24, flatten=True)),
        ]
    ).set_output(transform="pandas")
    table = union.fit_transform(X)
    assert table.columns.tolist() == [
        "hours__temperature_t-2", "hours__temperature_t-1", "hours__temperature_t",
        "days__temperature_t-48", "days__temperature_t-24", "days__temperature_t",
    ]  # fmt: skip
    lags = [X["temperature"].shift(k) for k in (2, 1, 0, 48, 24, 0)]
    np.testing.assert_array_equal(table, np.column_stack(lags))
    pd.testing.assert_index_equal(table.index, X.index)
    score = make_pipeline(union, SimpleImputer(), Ridge()).fit(X[:400], y[:400])
    assert score.score(X[400:], y[400:]) > Ridge().fit(X[:400], y[:400]).score(X[400:], y[400:])


def test_imputed_inside_of_windows():
    """PM2.5 is missing for hours; what is missing inside of windows PerStep fills in."""
    frame = load_beijing_pm25(as_frame=True).data.iloc[1928:2404][["temperature", "pm25"]]
    assert frame["pm25"].isna().sum() == 35
    X, y = make_horizon_target(frame, "temperature", 1)
    pipeline = make_pipeline(SlidingWindow(6), PerStep(SimpleImputer()), PerStep(StandardScaler()))
    rows = StandardScaler().fit_transform(SimpleImputer().fit_transform(X))
    for ours, theirs in zip(pipeline.fit_transform(X), naive(rows, 6), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    assert make_pipeline(pipeline, small()).fit(X, y).score(X, y) > 0


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_of_a_pipeline(beijing, container):
    pytest.importorskip(container)
    X = beijing[0][NUMBERS]
    expected = naive(StandardScaler().fit_transform(X), 5)
    steps = StandardScaler(), SlidingWindow(5), PerStep(StandardScaler(with_mean=False))
    assert_same(
        make_pipeline(*steps[:2]).set_output(transform=container).fit_transform(X), expected
    )
    with config_context(transform_output=container):
        assert_same(make_pipeline(*steps[:2]).fit_transform(X), expected)
    assert len(make_pipeline(*steps).set_output(transform=container).fit_transform(X)) == len(X)


@pytest.mark.filterwarnings("ignore:X is far from unit scale")  # to compare with
def test_scaled_by_level_in_a_search(beijing):
    """Twenty-four hours of pressure ahead, each window at its own level."""
    frame = beijing[0][["pressure"]]
    X, y = make_horizon_target(frame, "pressure", range(1, 25))
    model = WindowScaledRegressor(small(), operation="subtract")
    pipeline = make_pipeline(SlidingWindow(12), model)
    grid = {
        "windowscaledregressor__level": ["mean", "last"],
        "windowscaledregressor__regressor__max_iter": [1, 8],
    }
    cv = TimeSeriesSplit(3, gap=24)
    search = GridSearchCV(pipeline, grid, cv=cv, n_jobs=2).fit(X, y)
    assert search.best_params_["windowscaledregressor__level"] == "last"
    assert search.predict(X).shape == (len(X), 24)
    alone = cross_val_score(search.best_estimator_, X, y, cv=cv)
    assert search.best_score_ == alone.mean()
    unscaled = cross_val_score(make_pipeline(SlidingWindow(12), small(max_iter=8)), X, y, cv=cv)
    assert search.best_score_ > unscaled.mean()


def test_windows_made_before_are_shared_by_the_splits(beijing):
    X, y = beijing[0][NUMBERS], beijing[1]
    windows = SlidingWindow(48).fit_transform(StandardScaler().fit_transform(X))
    for train, test in CV.split(windows):
        assert windows[train].rows is windows[test].rows is windows.rows
    spans = windows.starts.nbytes + windows.lengths.nbytes
    assert len(pickle.dumps(windows)) < windows.rows.nbytes + spans + 1000
    search = GridSearchCV(small(), {"max_iter": [1, 2]}, cv=CV, n_jobs=2).fit(windows, y)
    assert search.best_score_ == cross_val_score(search.best_estimator_, windows, y, cv=CV).mean()


def test_long_table_of_utterances():
    """From a long table to one label per id, and steps back to their rows."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    names = [f"lpc_{i}" for i in range(1, 13)]
    frame = pd.concat(
        [pd.DataFrame(x, columns=names).assign(utterance=f"u{i}", step=range(len(x)))
         for i, x in enumerate(X)],
    ).sample(frac=1, random_state=0)  # fmt: skip
    sequences, ids = from_long(frame, id="utterance", time="step")
    speaker = pd.Series(y, index=[f"u{i}" for i in range(len(X))])
    assert_same(sequences, [X[int(label[1:])] for label in ids])
    scaled = PerStep(StandardScaler()).fit_transform(sequences)
    back = to_long(scaled, ids, like=frame, id="utterance", time="step")
    np.testing.assert_array_equal(back[names], StandardScaler().fit(
        sequences.rows).transform(frame[names].to_numpy()))  # fmt: skip
    model = GRUClassifier(
        16, max_iter=30, learning_rate_init=0.02, n_iter_no_change=np.inf, random_state=0
    )
    pipeline = make_pipeline(PerStep(StandardScaler()), model)
    predicted = cross_val_predict(pipeline, sequences, speaker.loc[ids], cv=3)
    # Three seeds reach 0.92 to 0.94, chance 0.11.
    assert np.mean(predicted == speaker.loc[ids]) > 0.85
