"""SlidingWindow(flatten=True): lag columns for models that take no sequences."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skrnn import Sequences, SlidingWindow
from tests._windows import as_container, naive, series, short_series

pd = pytest.importorskip("pandas")

NAMES = ["load_t-2", "heat_t-2", "load_t-1", "heat_t-1", "load_t", "heat_t"]


def frame(n_rows=12):
    index = pd.date_range("2020", periods=n_rows, name="day")
    return pd.DataFrame(series(n_rows), columns=["load", "heat"], index=index)


def table(windows, window):
    """Lag columns by a loop."""
    rows = []
    for x in windows:
        missing = [np.nan] * (window - len(x)) * x.shape[1]
        rows.append([*missing, *x.ravel()])
    return np.array(rows)


@pytest.mark.parametrize("window", [1, 3, 20])
@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@short_series
def test_every_row_against_a_loop(window, step, dtype):
    X = series(dtype=dtype)
    found = SlidingWindow(window, step=step, flatten=True).fit_transform(X)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, table(naive(X, window, step), window))


def test_missing_values_stay_where_they_are():
    X = series()
    X[[4, 7]] = np.nan
    found = SlidingWindow(3, flatten=True).fit_transform(X)
    np.testing.assert_array_equal(found, table(naive(X, 3), 3))


@pytest.mark.parametrize("history", ["index", "tail", "none"])
def test_history(history):
    X = frame(18)
    transformer = SlidingWindow(4, history=history, flatten=True).fit(X.iloc[:12])
    whole = table(naive(X.to_numpy(), 4), 4)[12:]
    alone = table(naive(X.to_numpy()[12:], 4), 4)
    expected = alone if history == "none" else whole
    np.testing.assert_array_equal(transformer.transform(X.iloc[12:]), expected)


@pytest.mark.parametrize(
    ("step", "names"),
    [(1, NAMES), (24, ["load_t-48", "heat_t-48", "load_t-24", "heat_t-24", "load_t", "heat_t"])],
)
def test_names(step, names):
    transformer = SlidingWindow(3, step=step, flatten=True).fit(frame(60))
    assert transformer.get_feature_names_out().tolist() == names
    assert transformer.get_feature_names_out().dtype == object
    array = SlidingWindow(2, flatten=True).fit(series())
    assert array.get_feature_names_out().tolist() == ["x0_t-1", "x1_t-1", "x0_t", "x1_t"]
    assert array.get_feature_names_out(["a", "b"]).tolist() == ["a_t-1", "b_t-1", "a_t", "b_t"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        transformer.get_feature_names_out(["a", "b"])


def test_only_lag_columns_have_names():
    transformer = SlidingWindow(3).fit(frame())
    assert not hasattr(transformer, "get_feature_names_out")
    assert hasattr(transformer.set_params(flatten=True), "get_feature_names_out")


def test_key_columns_have_no_lags():
    X = frame().reset_index().assign(unit="a")
    transformer = SlidingWindow(3, group="unit", time="day", flatten=True)
    found = transformer.set_output(transform="pandas").fit_transform(X)
    assert found.columns.tolist() == NAMES
    np.testing.assert_array_equal(found, table(naive(series(), 3), 3))
    transformer = SlidingWindow(3, group=["unit"], time="day", flatten=True).fit(X)
    assert transformer.get_feature_names_out().tolist() == NAMES


def test_an_index_level_may_be_named_as_a_feature_is():
    X = pd.DataFrame(series(), index=pd.RangeIndex(12, name="x0"))
    transformer = SlidingWindow(2, time="x0", flatten=True).fit(X)
    assert transformer.get_feature_names_out().tolist() == ["x0_t-1", "x1_t-1", "x0_t", "x1_t"]
    found = transformer.set_output(transform="pandas").transform(X)
    np.testing.assert_array_equal(found, table(naive(series(), 2), 2))


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("given", ["pandas", "polars"])
def test_containers(given, container):
    pytest.importorskip("polars")
    transformer = SlidingWindow(3, flatten=True)
    assert transformer.set_output(transform=container) is transformer
    X = as_container(frame(), given)
    for found in (transformer.fit_transform(X), clone(transformer).fit(X).transform(X)):
        assert type(found).__module__.startswith(container)
        assert list(found.columns) == NAMES
        np.testing.assert_array_equal(found.to_numpy(), table(naive(series(), 3), 3))
        if given == container == "pandas":
            pd.testing.assert_index_equal(found.index, X.index)


def test_the_container_is_kept_until_it_is_needed():
    transformer = SlidingWindow(3).set_output(transform="pandas")
    assert isinstance(transformer.fit_transform(frame()), Sequences)
    assert isinstance(transformer.set_output(transform=None), SlidingWindow)
    assert isinstance(transformer.set_params(flatten=True).fit_transform(frame()), pd.DataFrame)
    transformer.set_output(transform="default")
    assert isinstance(transformer.fit_transform(frame()), np.ndarray)
    with pytest.raises(ValueError, match="output config must be in"):
        transformer.set_output(transform="json").fit_transform(frame())


def test_ridge_on_lag_columns():
    """The Yule-Walker way: a linear model of the last two values finds an AR(2) series' weights."""
    rng = np.random.default_rng(0)
    x = np.zeros(4000)
    for t in range(2, len(x)):
        x[t] = 1.2 * x[t - 1] - 0.5 * x[t - 2] + rng.standard_normal()
    X = pd.DataFrame({"x": x})
    pipeline = make_pipeline(SlidingWindow(2, flatten=True), SimpleImputer(), Ridge()).fit(
        X[1:-1], x[2:]
    )
    assert pipeline[0].get_feature_names_out().tolist() == ["x_t-1", "x_t"]
    np.testing.assert_allclose(pipeline[-1].coef_, [-0.5, 1.2], atol=0.03)
