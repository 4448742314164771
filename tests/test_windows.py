"""SlidingWindow: row by row, causal, and joined to its history only where the index says so."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, Sequences, SlidingWindow

pd = pytest.importorskip("pandas")


def series(n_rows=12, n_features=2, dtype=np.float64):
    return np.random.default_rng(0).standard_normal((n_rows, n_features)).astype(dtype)


def naive(rows, window):
    """The windows, one loop step for each row."""
    windows = []
    for t in range(len(rows)):
        first = t - window + 1
        if first < 0:
            first = 0
        windows.append(rows[first : t + 1])
    return windows


def assert_same(windows, expected):
    assert isinstance(windows, Sequences)
    assert len(windows) == len(expected)
    for ours, theirs in zip(windows, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


# One series.


@pytest.mark.parametrize("n_rows", [1, 2, 4, 12])
@pytest.mark.parametrize("window", [1, 2, 5, 12, 30])
def test_every_row_against_a_loop(n_rows, window):
    X = series(n_rows)
    assert_same(SlidingWindow(window).fit_transform(X), naive(X, window))
    assert_same(SlidingWindow(window).fit(X).transform(X), naive(X, window))


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
    np.testing.assert_array_equal(transformer.tail_, kept)


def test_missing_values_pass_through():
    X = series()
    X[4, 1] = np.nan
    assert_same(SlidingWindow(3).fit_transform(X), naive(X, 3))


def test_integers_become_floats():
    windows = SlidingWindow(2).fit_transform(np.arange(4).reshape(-1, 1))
    assert windows.dtype == np.float64
    assert_same(windows, [[[0]], [[0], [1]], [[1], [2]], [[2], [3]]])


# What comes before the first row of transform.


def windows_after(history, first, second, window=4):
    """Windows of the second frame or array, after a fit on the first."""
    return SlidingWindow(window, history=history).fit(first).transform(second)


def expected_after(first, second, window=4):
    return naive(np.concatenate([first, second]), window)[len(first) :]


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 12])
def test_tail_is_always_put_before(n_rows):
    first, second = series(n_rows), 10 + series(6)
    found = windows_after("tail", first, second)
    assert_same(found, expected_after(first, second))


def test_tail_of_a_window_of_one_is_empty():
    transformer = SlidingWindow(1, history="tail").fit(series())
    assert transformer.tail_.shape == (0, 2)
    assert_same(transformer.transform(series(3)), naive(series(3), 1))


def test_tail_has_the_dtype_of_the_rows():
    windows = windows_after("tail", series(dtype=np.float64), series(dtype=np.float32))
    assert windows.dtype == np.float32
    np.testing.assert_array_equal(windows[0][:3], series().astype(np.float32)[-3:])


@pytest.mark.parametrize("history", ["index", "none"])
def test_arrays_have_no_index(history):
    first, second = series(), 10 + series(6)
    assert SlidingWindow(4).fit(first).next_label_ is None
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
    assert transformer.next_label_ is None
    assert transformer.feature_names_in_.tolist() == ["a", "b"]


def cut(index, *places):
    """Labels by position, through an integer array: a DatetimeIndex forgets its frequency."""
    return index[np.concatenate([np.arange(index.size)[place] for place in places])]


def indices():
    """Index of fit, index of transform, and whether the second continues the first."""
    days = pd.date_range("2020-01-28", periods=18, freq="D")
    months = pd.date_range("2020-01-31", periods=18, freq="ME")
    weekdays = pd.date_range("2020-01-06", periods=20, freq="B")
    berlin = pd.date_range("2020-03-23", periods=18, freq="D", tz="Europe/Berlin")
    periods = pd.period_range("2020-01", periods=18, freq="M")
    hours = pd.timedelta_range("0h", periods=18, freq="h")
    numbers = pd.RangeIndex(18)
    odd = pd.Index([0, 5, 6, 7, 20, *range(30, 43)])
    head, tail, later, again = slice(0, 12), slice(12, 18), slice(13, 18), slice(11, 17)
    return {
        "RangeIndex": (numbers[head], numbers[tail], True),
        "RangeIndex with a step": (numbers[1:12:2], pd.RangeIndex(13, 30, 2), True),
        "RangeIndex downwards": (numbers[::-1][head], numbers[::-1][tail], True),
        "RangeIndex with a gap": (numbers[head], numbers[later], False),
        "RangeIndex that overlaps": (numbers[head], numbers[again], False),
        "RangeIndex that starts again": (numbers[head], numbers[:6], False),
        "RangeIndex of another step": (numbers[1:12:2], pd.RangeIndex(12, 18), False),
        "one row": (numbers[11:12], numbers[tail], False),
        "two rows": (numbers[10:12], numbers[tail], True),
        "integers": (pd.Index([*range(5, 17)]), pd.Index([*range(17, 23)]), True),
        "integers with a gap": (pd.Index([*range(5, 17)]), pd.Index([*range(18, 24)]), False),
        "integers, irregular at first": (odd[head], odd[tail], False),
        "integers, irregular long ago": (odd[:17], pd.Index([42, 43]), True),
        "integers, irregular at last": (cut(numbers, head, [14]), numbers[15:], False),
        "integers, all the same": (pd.Index([0] * 12), pd.Index([0] * 6), False),
        "int8 up to its end": (
            pd.Index(range(116, 128), dtype="int8"),
            pd.Index([-128, -127], dtype="int8"),
            False,
        ),
        "uint8 downwards": (
            pd.Index(range(17, 5, -1), dtype="uint8"),
            pd.Index(range(5, -1, -1), dtype="uint8"),
            True,
        ),
        "nullable integers": (
            pd.Index(range(12), dtype="Int64"),
            pd.Index(range(12, 18), dtype="Int64"),
            True,
        ),
        "a missing label": (numbers[head], pd.Index([None, 13], dtype="Int64"), False),
        "numbers with halves": (numbers[head] / 2, numbers[tail] / 2, True),
        "days": (days[head], days[tail], True),
        "days without freq": (cut(days, head), cut(days, tail), True),
        "days, one without freq": (cut(days, head), days[tail], True),
        "days with a gap": (days[head], days[later], False),
        "days without freq, with a gap": (cut(days, head), cut(days, later), False),
        "days with a gap inside": (cut(days, [0, 1, 2, 3, 5, 6]), days[7:], False),
        "days, all the same": (days[[0] * 12], days[[0] * 6], False),
        "days, backwards": (days[::-1][head], days[::-1][tail], True),
        "two days without freq": (cut(days, [10, 11]), days[tail], True),
        "month ends": (months[head], months[tail], True),
        "month ends without freq": (cut(months, head), cut(months, tail), True),
        "month ends with a gap": (cut(months, head), cut(months, later), False),
        "weekdays": (weekdays[:15], weekdays[15:], True),
        "weekdays without freq": (cut(weekdays, slice(0, 15)), weekdays[15:], True),
        "over the change of clocks": (cut(berlin, head), cut(berlin, tail), True),
        "another time zone": (berlin[head], berlin.tz_convert("UTC")[tail], True),
        "without the time zone": (berlin[head], berlin.tz_localize(None)[tail], False),
        "periods": (periods[head], periods[tail], True),
        "periods by integer array": (cut(periods, head), cut(periods, tail), True),
        "periods with a gap": (periods[head], periods[later], False),
        "periods with a gap inside": (cut(periods, [0, 1, 2, 3, 5, 6]), periods[7:], False),
        "every other period": (periods[:12:2], periods[12::2], True),
        "periods downwards": (periods[::-1][head], periods[::-1][tail], True),
        "periods, all the same": (periods[[0] * 12], periods[[0] * 6], False),
        "a missing period at last": (pd.PeriodIndex([*periods[:11], None]), periods[tail], False),
        "a gap before the last period": (cut(periods, head, [13]), periods[14:], False),
        "time spans": (hours[head], hours[tail], True),
        "time spans without freq": (cut(hours, head), cut(hours, tail), True),
        "text": (pd.Index([*"abcdefghijkl"]), pd.Index([*"mnopqr"]), False),
        "days after numbers": (numbers[head], days[tail], False),
        "numbers after days": (days[head], numbers[tail], False),
        "periods after days": (days[head], days.to_period()[tail], False),
        "two levels": (
            pd.MultiIndex.from_product([["a"], range(12)]),
            pd.MultiIndex.from_product([["a"], range(12, 18)]),
            False,
        ),
    }


@pytest.mark.parametrize(
    ("first_index", "second_index", "continues"), indices().values(), ids=list(indices())
)
def test_index(first_index, second_index, continues):
    first, second = series(len(first_index)), 10 + series(len(second_index))
    found = windows_after(
        "index",
        pd.DataFrame(first, columns=["a", "b"], index=first_index),
        pd.DataFrame(second, columns=["a", "b"], index=second_index),
    )
    assert_same(found, expected_after(first, second) if continues else naive(second, 4))


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
        ([0, *range(2, 12)], [12, 14, 16, 17]),
        (np.arange(18) < 12, np.arange(18) >= 12),
    ],
    ids=["slice", "integer array", "list", "mask"],
)
def test_frames_cut_by_position(first, second):
    """As scikit-learn's splitters cut them; a DatetimeIndex may then have no freq."""
    index = pd.date_range("2020", periods=18, freq="h", name="time")
    frame = pd.DataFrame(series(18), columns=["a", "b"], index=index)
    found = windows_after("index", frame.iloc[first], frame.iloc[second])
    assert_same(found, expected_after(series(18)[first], series(18)[second]))


@pytest.mark.parametrize("history", ["index", "tail", "none"])
def test_fit_transform_puts_nothing_before(history):
    frame = pd.DataFrame(series(18), columns=["a", "b"])
    transformer = SlidingWindow(4, history=history).fit(frame.iloc[:12])
    assert_same(transformer.fit_transform(frame.iloc[12:]), naive(series(18)[12:], 4))
    # It has forgotten the first fit, and remembers this one.
    np.testing.assert_array_equal(transformer.tail_, series(18)[-3:])
    assert transformer.next_label_ == 18


def test_transform_remembers_nothing():
    frame = pd.DataFrame(series(18), columns=["a", "b"])
    transformer = SlidingWindow(4).fit(frame.iloc[:12])
    for _ in range(2):
        assert_same(transformer.transform(frame.iloc[12:]), naive(series(18), 4)[12:])
    assert_same(transformer.transform(frame.iloc[14:]), naive(series(18)[14:], 4))


def test_attributes():
    frame = pd.DataFrame(
        series(), columns=["a", "b"], index=pd.period_range("2020", periods=12, freq="M")
    )
    transformer = SlidingWindow(4).fit(frame)
    assert transformer.n_features_in_ == 2
    assert transformer.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(transformer.tail_, series()[-3:])
    assert transformer.next_label_ == pd.Period("2021-01", freq="M")
    assert not hasattr(transformer.fit(series()), "feature_names_in_")


# In a Pipeline.


def ar2(n_rows=90):
    """A DataFrame with an AR(2) series and its sine, and the next value of the series."""
    noise = np.random.default_rng(0).standard_normal(n_rows + 1)
    values = np.zeros(n_rows + 1)
    for t in range(n_rows + 1):
        values[t] = 1.2 * values[t - 1] - 0.5 * values[t - 2] + noise[t]
    index = pd.date_range("2020", periods=n_rows, freq="D")
    frame = pd.DataFrame({"value": values[:-1], "sine": np.sin(values[:-1])}, index=index)
    return frame, values[1:]


def small_model():
    return GRURegressor(3, max_iter=3, n_iter_no_change=np.inf, random_state=0)


def forecaster():
    return make_pipeline(
        StandardScaler().set_output(transform="pandas"), SlidingWindow(5), small_model()
    )


@pytest.mark.parametrize("gap", [0, 2])
def test_windows_of_test_folds(gap):
    """Those cut before splitting, where test continues training; else those of the fold alone."""
    X, y = ar2()
    cv = TimeSeriesSplit(4, gap=gap)
    found = cross_validate(
        forecaster(), X, y, cv=cv, return_estimator=True, return_train_score=True
    )
    for k, (train, test) in enumerate(cv.split(X)):
        scaled = StandardScaler().fit(X.iloc[train]).transform(X)
        windows = naive(scaled, 5)
        in_training = [windows[t] for t in train]
        in_test = naive(scaled[test], 5) if gap else [windows[t] for t in test]
        pipeline = found["estimator"][k]
        assert_same(pipeline[:-1].transform(X.iloc[train]), in_training)
        assert_same(pipeline[:-1].transform(X.iloc[test]), in_test)
        model = small_model().fit(in_training, y[train])
        assert found["train_score"][k] == model.score(in_training, y[train])
        assert found["test_score"][k] == model.score(in_test, y[test])


def test_windows_are_tuned_with_the_model():
    X, y = ar2()
    cv = TimeSeriesSplit(3)
    search = GridSearchCV(forecaster(), {"slidingwindow__window": [1, 4]}, cv=cv).fit(X, y)
    for j, window in enumerate([1, 4]):
        for k, (train, test) in enumerate(cv.split(X)):
            windows = naive(StandardScaler().fit(X.iloc[train]).transform(X), window)
            model = small_model().fit([windows[t] for t in train], y[train])
            score = model.score([windows[t] for t in test], y[test])
            assert search.cv_results_[f"split{k}_test_score"][j] == score


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_of_a_pipeline(container):
    pytest.importorskip(container)
    X, _ = ar2()
    pipeline = make_pipeline(StandardScaler(), SlidingWindow(5)).set_output(transform=container)
    expected = naive(StandardScaler().fit_transform(X), 5)
    assert_same(pipeline.fit_transform(X), expected)
    with config_context(transform_output=container):
        assert_same(make_pipeline(StandardScaler(), SlidingWindow(5)).fit_transform(X), expected)
    transformer = SlidingWindow(5)
    assert transformer.set_output(transform=container) is transformer


# The object.


def test_clone_and_parameters():
    transformer = SlidingWindow(3, history="tail").fit(series())
    copied = clone(transformer)
    assert copied.get_params() == {"window": 3, "history": "tail"}
    with pytest.raises(NotFittedError):
        copied.transform(series())
    assert SlidingWindow(7).get_params() == {"window": 7, "history": "index"}
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
