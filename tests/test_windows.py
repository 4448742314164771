"""SlidingWindow over one series: row by row, causal, and what comes before the first row."""

import pickle
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skrnn import SlidingWindow
from skrnn.validation import without_padding
from tests._windows import assert_same, expected_after, naive, series, short_series, windows_after

pd = pytest.importorskip("pandas")

# One series.


@pytest.mark.parametrize("n_rows", [1, 2, 4, 12])
@pytest.mark.parametrize("window", [1, 2, 5, 12, 30])
@pytest.mark.parametrize("step", [1, 2, 3, 20])
@short_series
def test_every_row_against_a_loop(n_rows, window, step):
    X = series(n_rows)
    transformer = SlidingWindow(window, step=step)
    assert_same(transformer.fit_transform(X), naive(X, window, step))
    assert_same(transformer.fit(X).transform(X), naive(X, window, step))


@pytest.mark.parametrize("window", [1, 3, 8])
def test_no_window_sees_the_future(window):
    X = series()
    before = SlidingWindow(window).fit_transform(X)
    for t in range(len(X)):
        other = X.copy()
        other[t] += 1
        after = SlidingWindow(window).fit_transform(other)
        assert_same(after[:t], list(before[:t]))
        changed = [not np.array_equal(a, b) for a, b in zip(after, before, strict=True)]
        assert np.flatnonzero(changed).tolist() == list(range(t, min(t + window, len(X))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_windows_share_memory_with_the_series(dtype):
    X = series(dtype=dtype)
    transformer = SlidingWindow(5, history="none")
    for windows in (transformer.fit_transform(X), transformer.transform(X)):
        assert windows.dtype == dtype
        assert windows.rows.shape == X.shape
        assert np.shares_memory(windows.rows, X)
        assert all(np.shares_memory(window, X) for window in windows)
        assert np.shares_memory(windows[3:].rows, X)


def test_what_is_remembered_is_a_copy():
    X = series()
    transformer = SlidingWindow(4, history="tail").fit(X)
    kept = X[-3:].copy()
    X[:] = 0
    np.testing.assert_array_equal(transformer.tails_[None], kept)


def test_windows_of_a_step_share_their_rows():
    """The rows are put in another order once, so that each window is a span."""
    X = series(1000)
    windows = SlidingWindow(100, step=7).fit_transform(X)
    np.testing.assert_array_equal(np.unique(windows.rows, axis=0), np.unique(X, axis=0))
    assert len(windows.rows) == len(X)
    assert_same(windows, naive(X, 100, 7))


@pytest.mark.parametrize("container", ["array", "frame"])
@pytest.mark.parametrize("flatten", [False, True])
def test_memory_grows_with_the_rows_and_not_with_the_window(container, flatten):
    X = series(4000, 32)
    window = 50
    given = X if container == "array" else pd.DataFrame(X)
    transformer = SlidingWindow(window, flatten=flatten).fit(given)
    tracemalloc.start()
    transformer.transform(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if flatten:  # hardly more than the table itself
        assert window * X.nbytes < peak < 1.2 * window * X.nbytes
    else:  # spans, and of a frame its rows as an array
        assert peak < (0.5 if container == "array" else 2) * X.nbytes


def test_missing_values_pass_through():
    X = series()
    X[4, 1] = np.nan
    assert_same(SlidingWindow(3).fit_transform(X), naive(X, 3))


def test_integers_become_floats():
    windows = SlidingWindow(2).fit_transform(np.arange(4).reshape(-1, 1))
    assert windows.dtype == np.float64
    assert_same(windows, [[[0]], [[0], [1]], [[1], [2]], [[2], [3]]])


# What comes before the first row of transform.


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 12])
@pytest.mark.parametrize("step", [1, 3])
@short_series
def test_tail_is_always_put_before(n_rows, step):
    first, second = series(n_rows), 10 + series(6)
    found = windows_after("tail", first, second, step=step)
    assert_same(found, expected_after(first, second, step=step))


def test_tail_of_a_window_of_one_is_empty():
    transformer = SlidingWindow(1, history="tail").fit(series())
    assert transformer.tails_[None].shape == (0, 2)
    assert_same(transformer.transform(series(3)), naive(series(3), 1))


def test_tail_has_the_dtype_of_the_rows():
    windows = windows_after("tail", series(dtype=np.float64), series(dtype=np.float32))
    assert windows.dtype == np.float32
    np.testing.assert_array_equal(windows[0][:3], series().astype(np.float32)[-3:])


@pytest.mark.parametrize("history", ["index", "none"])
def test_arrays_have_no_index(history):
    first, second = series(), 10 + series(6)
    assert_same(windows_after(history, first, second), naive(second, 4))


@pytest.mark.parametrize("history", ["index", "tail", "none"])
def test_polars_frames_have_no_index(history):
    pl = pytest.importorskip("polars")
    first, second = (pl.DataFrame(x, schema=["a", "b"]) for x in (series(), 10 + series(6)))
    found = windows_after(history, first, second)
    if history == "tail":
        assert_same(found, expected_after(series(), 10 + series(6)))
    else:
        assert_same(found, naive(10 + series(6), 4))
    transformer = SlidingWindow(4).fit(first)
    assert transformer.feature_names_in_.tolist() == ["a", "b"]


@pytest.mark.parametrize("history", ["index", "tail", "none"])
def test_fit_transform_puts_nothing_before(history):
    frame = pd.DataFrame(series(18), columns=["a", "b"])
    transformer = SlidingWindow(4, history=history).fit(frame.iloc[:12])
    assert_same(transformer.fit_transform(frame.iloc[12:]), naive(series(18)[12:], 4))
    # It has forgotten the first fit, and remembers this one.
    np.testing.assert_array_equal(transformer.tails_[None], series(18)[-3:])


def test_transform_remembers_nothing():
    frame = pd.DataFrame(series(18), columns=["a", "b"])
    transformer = SlidingWindow(4).fit(frame.iloc[:12])
    for _ in range(2):
        assert_same(transformer.transform(frame.iloc[12:]), naive(series(18), 4)[12:])
    with pytest.warns(UserWarning, match="The first windows of X are shorter"):
        found = transformer.transform(frame.iloc[14:])
    assert_same(found, naive(series(18)[14:], 4))


def test_attributes():
    frame = pd.DataFrame(
        series(), columns=["a", "b"], index=pd.period_range("2020", periods=12, freq="M")
    )
    transformer = SlidingWindow(4).fit(frame)
    assert transformer.n_features_in_ == 2
    assert transformer.feature_names_in_.tolist() == ["a", "b"]
    assert list(transformer.tails_) == [None]
    np.testing.assert_array_equal(transformer.tails_[None], series()[-3:])
    assert not hasattr(transformer.fit(series()), "feature_names_in_")


WITHOUT_FRAMES = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pandas", "polars"}:
            raise ImportError(name)

sys.meta_path.insert(0, Absent())

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import skrnn

X, y = skrnn.make_horizon_target(np.random.default_rng(0).standard_normal((60, 2)), 0, [1, 2])
window = skrnn.SlidingWindow(4)
windows = skrnn.PerStep(StandardScaler()).fit_transform(window.fit_transform(X))
assert skrnn.pad_sequences(windows).shape == (58, 4, 2)
table = window.set_params(flatten=True).fit_transform(X)[3:]
lags = skrnn.LagColumnsToSequence(n_steps=4).fit(table)
model = skrnn.GRURegressor(2, max_iter=1, n_iter_no_change=np.inf)
model = skrnn.WindowScaledRegressor(model, feature=0)
assert make_pipeline(lags, model).fit(table, y[3:]).predict(table).shape == (55, 2)
assert not {"pandas", "polars"} & set(sys.modules)
"""


def test_arrays_need_neither_pandas_nor_polars():
    subprocess.run([sys.executable, "-c", WITHOUT_FRAMES], check=True, timeout=60)


# The object.


def test_clone_and_parameters():
    transformer = SlidingWindow(3, history="tail").fit(series())
    copied = clone(transformer)
    defaults = {"group": None, "time": None, "step": 1, "segment": 1, "max_gap": 7}
    defaults |= {"history": "index", "flatten": False}
    assert copied.get_params() == defaults | {"window": 3, "history": "tail"}
    with pytest.raises(NotFittedError):
        copied.transform(series())
    assert SlidingWindow(7).get_params() == defaults | {"window": 7}
    assert repr(transformer.set_params(window=6)) == "SlidingWindow(history='tail', window=6)"


def test_pickle():
    frame = pd.DataFrame(series(18), columns=["a", "b"], index=pd.date_range("2020", periods=18))
    transformer = pickle.loads(pickle.dumps(SlidingWindow(4).fit(frame.iloc[:12])))
    assert_same(transformer.transform(frame.iloc[12:]), naive(series(18), 4)[12:])
    windows = pickle.loads(pickle.dumps(transformer.transform(frame.iloc[12:])))
    assert_same(windows, naive(series(18), 4)[12:])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window": 0}, "'window' parameter of SlidingWindow must be an int"),
        ({"window": -3}, "'window' parameter"),
        ({"window": 2.0}, "'window' parameter"),
        ({"window": None}, "'window' parameter"),
        ({"window": 2, "history": "head"}, "'history' parameter .* Got 'head' instead"),
        ({"window": 2, "history": None}, "'history' parameter"),
        ({"window": 2, "step": 0}, "'step' parameter of SlidingWindow must be an int"),
        ({"window": 2, "group": 1}, "'group' parameter"),
        ({"window": 2, "time": ["a", "b"]}, "'time' parameter"),
        ({"window": 2, "flatten": "yes"}, "'flatten' parameter"),
    ],
)
def test_wrong_parameters(parameters, message):
    transformer = SlidingWindow(**parameters)
    with pytest.raises(ValueError, match=message):
        transformer.fit(series())
    with pytest.raises(ValueError, match=message):
        transformer.fit_transform(series())


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), "Expected 2D array, got 1D array"),
        (pd.Series([1.0, 2.0]), "Expected a 2-dimensional container but got <class 'pandas"),
        (np.ones((3, 2, 1)), "Found array with dim 3"),
        (np.ones((0, 2)), "0 sample"),
        (np.array([[np.inf]]), "Input X contains infinity"),
        ([["a"]], "could not convert string to float"),
    ],
)
def test_wrong_input(X, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3).fit_transform(X)


def test_wrong_number_of_features():
    transformer = SlidingWindow(3, history="tail").fit(series())
    with pytest.raises(ValueError, match="X has 3 features, but SlidingWindow is expecting 2"):
        transformer.transform(series(n_features=3))


def test_transform_before_fit():
    with pytest.raises(NotFittedError, match="This SlidingWindow instance is not fitted yet"):
        SlidingWindow(3).transform(series())


def test_failing_fit_changes_nothing():
    transformer = SlidingWindow(3).fit(series())
    before = dict(vars(transformer))
    with pytest.raises(ValueError, match="could not convert"):
        transformer.fit([["a", "b", "c"]])
    assert {name: vars(transformer)[name] for name in before} == before


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame(series(6, 3), index=[0, 1, 2, 14, 15, 16]), "X has a gap in time"),
        (series(2, 3), "A window of 3 rows"),
        (np.full((4, 3), np.nan), "X has 4 rows that are all NaN"),
    ],
    ids=["gap", "short", "missing"],
)
def test_a_warning_that_is_an_error_leaves_nothing_fitted(X, message):
    transformer = SlidingWindow(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match=message):
            transformer.fit_transform(X)
        assert vars(transformer) == vars(SlidingWindow(3))
        transformer.fit(series())
        fitted = dict(vars(transformer))
        with pytest.raises(UserWarning, match=message):
            transformer.fit_transform(X)
    assert vars(transformer) == fitted


# Traps, with a warning.


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize(
    ("parameters", "n_rows"), [({"window": 13}, 13), ({"window": 5, "step": 3}, 13)], ids=str
)
def test_no_window_is_full(parameters, n_rows, method):
    window, step = parameters["window"], parameters.get("step", 1)
    message = (
        rf"A window of {n_rows} rows \(window={window}, step={step}\) is longer than every series "
        r"in X; the longest has 12 rows\. .* Use a smaller window\."
    )
    transformer = SlidingWindow(**parameters)
    with pytest.warns(UserWarning, match=message) as caught:
        getattr(transformer, method)(series(12))
    assert [warning.filename for warning in caught] == [__file__]
    transformer.transform(series(12))  # says nothing: only fit decides
    SlidingWindow(**parameters).fit_transform(series(13))


def test_one_series_that_is_long_enough():
    frame = pd.DataFrame({"x": range(9), "t": range(9), "unit": [*"aaaabbbbb"]}).astype(
        {"x": float}
    )
    SlidingWindow(5, group="unit", time="t").fit(frame)
    with pytest.warns(UserWarning, match="than every series in X; the longest has 5 rows"):
        SlidingWindow(6, group="unit", time="t").fit(frame)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ([4], "X has a row that is all NaN; the first is row 4"),
        ([4, 7, 8], "has 3 rows that are all"),
    ],
)
def test_missing_rows_shorten_windows(missing, message):
    X = series()
    X[missing] = np.nan
    X[2, 0] = np.nan  # not the whole row
    transformer = SlidingWindow(3, history="none").fit(X)
    for method in (transformer.fit_transform, transformer.transform):
        with pytest.warns(
            UserWarning, match=message + r".* Impute X before SlidingWindow\."
        ) as caught:
            windows = method(X)
        assert [warning.filename for warning in caught] == [__file__]
    assert [len(x) for x in without_padding(windows[5:7])] == [3, 2]


@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_missing_values_that_shorten_no_window(method):
    X = series()
    X[[4, 7], 0] = np.nan
    transformer = SlidingWindow(3, history="none").fit(X)
    getattr(transformer, method)(X)
    X[4] = np.nan
    getattr(transformer.set_params(flatten=True), method)(X)


@pytest.mark.parametrize(("window", "step"), [(10**19, 1), (2**62, 3), (2, 10**19)])
@pytest.mark.filterwarnings("ignore:A window of .* is longer than")
def test_windows_beyond_any_integer(window, step):
    """They reach no further than the rows do."""
    rows = series()
    windows = SlidingWindow(window, step=step).fit_transform(rows)
    assert_same(windows, naive(rows, min(window, 100), min(step, 100)))
