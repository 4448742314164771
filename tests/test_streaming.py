"""Rows pushed through a Pipeline one by one give the bits of ``predict`` for the whole table."""

import pickle
import re

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler

from skrnn import PerStep, SlidingWindow, Stream, WindowScaledRegressor
from skrnn.windows._gaps import Gaps
from tests._estimators import make
from tests._windows import as_container, series

pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore:X has .* gap.* in time")

N_ROWS, WINDOW = 30, 4


def table(dtype=np.float64, n_rows=N_ROWS):
    """Rows far from unit scale, and a target."""
    X = 7 + 3 * series(n_rows, 2, dtype)
    return X, X[:, 0] - np.roll(X[:, 1], 1)


def windowed(*steps, **window):
    """A fitted Pipeline with a SlidingWindow before the last step, and its X."""
    X, y = table()
    *rowwise, last = steps or (StandardScaler(), make("GRURegressor", 5))
    if last.__class__.__name__.endswith("Classifier"):
        y = np.where(y > 0, "up", "down")
    window = SlidingWindow(**({"window": WINDOW, "history": "none"} | window))
    return make_pipeline(*rowwise, window, last).fit(X, y), X


def stepwise(name="RNNStepRegressor"):
    """A fitted Pipeline whose last step predicts each row, and its X."""
    X, y = table()
    if name.endswith("Classifier"):
        y = np.where(y > 0, "up", "down")
    return make_pipeline(StandardScaler(), make(name, (6, 5), cell="lstm")).fit(X, y), X


def push_all(stream, X, ids=None, method="push"):
    """Row by row, as tables of one row."""
    rows = [X.iloc[[i]] if hasattr(X, "iloc") else X[i : i + 1] for i in range(len(X))]
    return np.concatenate([getattr(stream, method)(row, ids) for row in rows])


def refused(message, error=ValueError):
    return pytest.raises(error, match=re.escape(message))


# The bits of the whole table.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("scaler", [StandardScaler, MinMaxScaler, QuantileTransformer])
def test_windows(dtype, step, scaler):
    parameters = {"n_quantiles": 5} if scaler is QuantileTransformer else {}
    model, X = windowed(scaler(**parameters), make("GRURegressor", 5), step=step)
    X = X.astype(dtype)
    np.testing.assert_array_equal(push_all(Stream(model), X), model.predict(X), strict=True)


@pytest.mark.parametrize(
    "last",
    [
        make("LSTMClassifier", 5),
        make("LSTMRegressor", 5, bidirectional=True, pooling="attention"),
        make("GRURegressor", 5, ar_steps=2),
        WindowScaledRegressor(make("GRURegressor", 5), feature=0),
        WindowScaledRegressor(
            make("GRURegressor", 5), feature=0, level="last", operation="subtract"
        ),
    ],
    ids=["classifier", "bidirectional", "linear path", "mean of window", "last of window"],
)
def test_what_comes_after_windows(last):
    model, X = windowed(last)
    np.testing.assert_array_equal(push_all(Stream(model), X), model.predict(X), strict=True)


def test_steps_after_windows():
    X, y = table()
    model = make_pipeline(SlidingWindow(3), PerStep(StandardScaler()), make("GRURegressor"))
    model.fit(X, y)
    np.testing.assert_array_equal(push_all(Stream(model), X), model.predict(X))


def test_flat_windows():
    X, y = table()
    model = make_pipeline(SlidingWindow(3, flatten=True), SimpleImputer(), LinearRegression())
    model.fit(X, y)
    np.testing.assert_allclose(push_all(Stream(model), X), model.predict(X), rtol=1e-12)


@pytest.mark.parametrize("name", ["RNNStepRegressor", "RNNStepClassifier"])
def test_steps(name):
    model, X = stepwise(name)
    np.testing.assert_array_equal(push_all(Stream(model), X), model.predict(X), strict=True)


def test_sequence_to_one():
    """After each row, the prediction for the sequence until there."""
    rng = np.random.default_rng(0)
    X = 5 + rng.standard_normal((20, 6, 2))
    model = make_pipeline(PerStep(StandardScaler()), make("LSTMRegressor", 5))
    model.fit(X, X.mean(axis=(1, 2)))
    stream = Stream(model)
    for t in range(6):
        np.testing.assert_array_equal(stream.push(X[:, t]), model.predict(X[:, : t + 1]))


def test_an_estimator_alone():
    model, X = stepwise()
    X = model[0].transform(X)
    np.testing.assert_array_equal(push_all(Stream(model[-1]), X), model[-1].predict(X))


@pytest.mark.parametrize(
    "fitted", [lambda: windowed(make("GRUClassifier")), lambda: stepwise("RNNStepClassifier")]
)
def test_probabilities(fitted):
    model, X = fitted()
    found = push_all(Stream(model), X, method="push_proba")
    np.testing.assert_array_equal(found, model.predict_proba(X), strict=True)


def test_frames():
    model, X = windowed(StandardScaler().set_output(transform="pandas"), make("GRURegressor"))
    dates = pd.date_range("2020", periods=N_ROWS, freq="D")
    frame = pd.DataFrame(X, columns=[*"ab"], index=dates)
    model.fit(frame, X[:, 0])
    np.testing.assert_array_equal(push_all(Stream(model), frame), model.predict(frame))


@pytest.mark.parametrize("fitted", [windowed, stepwise])
def test_pickling_mid_stream_changes_nothing(fitted):
    model, X = fitted()
    stream, expected = Stream(model), model.predict(X)
    for row, y in zip(X, expected, strict=True):
        stream = pickle.loads(pickle.dumps(stream))
        assert stream.push(row) == y


@pytest.mark.parametrize("fitted", [windowed, stepwise])
def test_the_pipeline_stays_as_it_is(fitted):
    model, X = fitted()
    before = pickle.dumps(model)
    push_all(Stream(model), X)
    assert pickle.dumps(model) == before


# Many streams.


@pytest.mark.parametrize("fitted", [windowed, stepwise])
def test_streams_as_rows(fitted):
    model, _ = fitted()
    X = 7 + np.random.default_rng(0).standard_normal((9, 40, 2))  # rows, streams, features
    stream = Stream(model)
    found = np.array([stream.push(rows) for rows in X])
    assert len(stream) == 40
    for i in range(40):
        np.testing.assert_array_equal(found[:, i], model.predict(X[:, i]))


@pytest.mark.parametrize("fitted", [windowed, stepwise])
def test_streams_come_and_go(fitted):
    """Against a model of it: each stream has the rows since it began."""
    model, _ = fitted()
    rng, stream, rows_of = np.random.default_rng(0), Stream(model), {}
    names = np.array(["a", "b", "c", "d", "e", "f"])
    for _ in range(40):
        ids = rng.choice(names, rng.integers(1, 5), replace=False)
        rows = 7 + rng.standard_normal((len(ids), 2))
        found = stream.push(rows, ids)
        for name, row, y in zip(ids, rows, found, strict=True):
            rows_of.setdefault(name, []).append(row)
            assert y == model.predict(np.array(rows_of[name]))[-1]
        if rng.random() < 0.4:
            gone = rng.choice(list(rows_of))
            stream.reset([gone])
            del rows_of[gone]
        assert len(stream) == len(rows_of)
    stream.reset()
    assert len(stream) == 0


def test_rows_of_any_kind():
    for model, X in (windowed(make("GRURegressor")), stepwise()):
        expected = model.predict(X[:1])
        for rows in (X[:1].tolist(), [*X[0]], X[0], np.asfortranarray(X[:1])):
            y = Stream(model).push(rows)
            assert y == expected
            assert np.shape(y) == ((1,) if np.ndim(rows) == 2 else ())
        with pytest.raises(ValueError, match="0 sample"):
            Stream(model).push(X[:0])


def test_arrays_have_no_time():
    """Also where a transformer makes frames of them, with row numbers."""
    model, X = windowed(StandardScaler().set_output(transform="pandas"), make("GRURegressor"))
    assert model[1]._gaps.spacing is not None
    np.testing.assert_array_equal(push_all(Stream(model), X), model.predict(X))


@pytest.mark.parametrize("time_zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_time_in_a_column(container, time_zone):
    X, y = table()
    days = pd.date_range("2020-03-20", periods=N_ROWS, tz=time_zone)  # one has 23 hours in Berlin
    frame = pd.DataFrame(X, columns=[*"ab"]).assign(t=days)
    window = SlidingWindow(3, time="t", history="none")
    model = make_pipeline(window, make("GRURegressor")).fit(as_container(frame, container), y)
    broken = frame.drop(index=[7, 8, 15])
    stream, rows = Stream(model), [broken.iloc[[i]] for i in range(len(broken))]
    found = [stream.push(as_container(row, container))[0] for row in rows]
    np.testing.assert_array_equal(found, model.predict(as_container(broken, container)))


def hourly(kind="dates"):
    """A fitted Pipeline of steps, and its X: a frame with a time in the index."""
    X, y = table()
    dates = pd.date_range("2020-03-28", periods=N_ROWS, freq="h")
    labels = {
        "dates": dates,
        "seconds": dates.as_unit("s"),
        "zone": dates.tz_localize("Europe/Berlin", nonexistent="shift_forward"),
        "spans": dates - dates[0],
        "periods": dates.to_period("3h"),
        "numbers": np.arange(N_ROWS) * 0.1,
    }[kind]
    frame = pd.DataFrame(X, columns=[*"ab"], index=labels)
    frame = frame[~frame.index.duplicated()]
    return make("RNNStepRegressor", 5).fit(frame, y[: len(frame)]), frame


@pytest.mark.parametrize("n_streams", [10, 80])
def test_streams_pushed_apart_are_compared_at_once(n_streams, monkeypatch):
    model, frame = hourly()
    stream, sizes = Stream(model), []
    for i in range(n_streams):
        stream.push(frame[:1], [i])
    expected, are_short = model.predict(frame[:2])[1], Gaps.are_short

    def counted(self, earlier, later):
        sizes.append(len(earlier))
        return are_short(self, earlier, later)

    monkeypatch.setattr(Gaps, "are_short", counted)
    together = frame.iloc[[1] * n_streams]
    np.testing.assert_array_equal(stream.push(together), expected)
    assert sizes == [n_streams]


def test_the_past_is_not_kept():
    model, frame = hourly()
    sizes = []
    for past in (frame[-2:], frame):
        stream = Stream(model)
        stream.warm_start(past)
        sizes.append(len(pickle.dumps(stream)))
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("kind", ["dates", "seconds", "zone", "spans", "periods", "numbers"])
def test_the_last_time_of_each_stream(kind):
    """Streams that began one after the other, at different times, with and without a gap then."""
    model, frame = hourly(kind)
    stream = Stream(model)
    for i in range(5):
        stream.push(frame.iloc[[i]], [i])
    found = stream.push(frame.iloc[[5, 6, 7, 8, 18]], [4, 3, 2, 1, 0])
    for y, i, t in zip(found, [4, 3, 2, 1], [5, 6, 7, 8], strict=False):
        assert y == model.predict(frame.iloc[[i, t]])[1]
    assert found[4] == model.predict(frame.iloc[[18]])[0]
    later, earlier = str(frame.index[4]), str(frame.index[5])
    with refused(f"A row of the time {later} was pushed after one of {earlier}; expected a later"):
        stream.push(frame.iloc[[19, 4]], [0, 4])
    stream.reset(4)
    assert stream.push(frame.iloc[[4]], [4]) == model.predict(frame.iloc[[4]])


def test_ids_of_any_kind():
    model, X = stepwise()
    stream, first = Stream(model), model.predict(X[:1])[0]
    for ids in (["x"], "y", [("z", 1)], [3], np.array([4]), 5, [None]):
        assert stream.push(X[:1], ids) == [first]
    assert len(stream) == 7
    stream.reset("y")
    stream.reset(np.array([4, 5]))
    assert len(stream) == 4


def test_a_reset_that_names_a_stream_twice():
    model, X = stepwise()
    stream = Stream(model)
    stream.push(X[:2], [*"pq"])
    stream.reset([*"pp"])
    assert len(stream) == 1
    found = stream.push(X[[0, 2, 1]], [*"prq"])  # each has a slot of its own
    np.testing.assert_array_equal(found[:2], [model.predict(X[[i]])[0] for i in (0, 2)])
    assert found[2] == model.predict(X[[1, 1]])[1]


@pytest.mark.parametrize("name", ["GRURegressor", "RNNStepRegressor"])
def test_groups_are_streams(name):
    """In any order of the rows, with the time in a column."""
    X, y = table(n_rows=40)
    frame = pd.DataFrame(X, columns=[*"ab"])
    frame["unit"], frame["hour"] = np.repeat([*"pqrs"], 10), np.tile(np.arange(10), 4)
    keys = {"group": "unit", "time": "hour"}
    last = (
        [make(name, **keys)] if "Step" in name else [SlidingWindow(3, **keys), make("GRURegressor")]
    )
    model = make_pipeline(*last).fit(frame, y)
    expected, stream = model.predict(frame), Stream(model)
    by_hour = frame.sample(frac=1, random_state=0).groupby("hour")
    for hour, rows in by_hour:
        if hour == 3:  # the rows until then, once more
            stream = Stream(model)
            stream.warm_start(frame[frame["hour"] < 3].sample(frac=1, random_state=1))
        found = stream.push(rows)
        np.testing.assert_array_equal(found, expected[rows.index])
    assert len(stream) == 4


# Where a stream begins.


@pytest.mark.parametrize("fitted", [windowed, stepwise])
@pytest.mark.parametrize("step", [1, 3])
def test_warm_start(fitted, step):
    model, X = fitted(step=step) if fitted is windowed else fitted()
    for n_past in (1, 5, 20):
        stream = Stream(model)
        stream.push(X[:3])  # forgotten
        stream.warm_start(X[:n_past])
        found = push_all(stream, X[n_past:], ids=0)
        np.testing.assert_array_equal(found, model.predict(X)[n_past:])


def test_warm_start_of_several():
    model, _ = stepwise()
    X = np.random.default_rng(0).standard_normal((12, 2))
    stream, ids = Stream(model), np.array([*"aababbbaabab"])
    stream.push(X[:1], ["c"])
    stream.warm_start(X, ids)
    assert len(stream) == 3
    for name in "ab":
        expected = model.predict(np.concatenate([X[ids == name], X[:1]]))[-1]
        assert stream.push(X[0], name) == expected


def test_a_reset_begins_anew():
    model, X = windowed()
    stream = Stream(model)
    push_all(stream, X[:9])
    stream.reset(0)
    np.testing.assert_array_equal(push_all(stream, X[9:]), model.predict(X[9:]))


@pytest.mark.parametrize("name", ["GRURegressor", "RNNStepRegressor"])
@pytest.mark.parametrize("index", ["dates", "zone", "periods", "numbers", "weekdays"])
def test_gaps_begin_anew(name, index):
    X, y = table()
    labels = {
        "dates": pd.date_range("2020", periods=N_ROWS, freq="h"),
        "zone": pd.date_range("2020-10-20", periods=N_ROWS, freq="D", tz="Europe/Berlin"),
        "periods": pd.period_range("2020-01", periods=N_ROWS, freq="M"),
        "numbers": pd.RangeIndex(0, 5 * N_ROWS, 5),
        "weekdays": pd.bdate_range("2020-01-06", periods=N_ROWS),
    }[index]
    frame = pd.DataFrame(X, columns=[*"ab"], index=labels)
    last = [make(name)] if "Step" in name else [SlidingWindow(4, history="none"), make(name)]
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, *last).fit(frame, y)
    broken = frame.drop(labels[[3, *range(7, 16)]])  # it goes on over the first gap
    assert (model.predict(broken) != model.predict(broken.reset_index(drop=True))).any()
    np.testing.assert_array_equal(push_all(Stream(model), broken), model.predict(broken))
    stream = Stream(model)
    stream.warm_start(broken[:9])
    np.testing.assert_array_equal(push_all(stream, broken[9:], ids=0), model.predict(broken)[9:])


def test_streams_at_different_times():
    """Those that were pushed together may be pushed apart."""
    model, X = windowed(StandardScaler().set_output(transform="pandas"), make("GRURegressor"))
    frame = pd.DataFrame(X, columns=[*"ab"], index=pd.date_range("2020", periods=N_ROWS))
    model.fit(frame, X[:, 0])
    stream = Stream(model)
    stream.push(frame.iloc[[0, 0, 4]], [*"abc"])
    stream.push(frame.iloc[[1]], "b")
    stream.push(frame.iloc[[5, 2, 12]], [*"cba"])  # there is a gap in a
    found = stream.push(frame.iloc[[13, 3, 6]], [*"abc"])
    rows = {"a": [12, 13], "b": [0, 1, 2, 3], "c": [4, 5, 6]}
    expected = [model.predict(frame.iloc[rows[name]])[-1] for name in "abc"]
    np.testing.assert_array_equal(found, expected)


def test_transformers_that_multiply_matrices_round():
    model, X = windowed(PCA(2), make("GRURegressor"))
    np.testing.assert_allclose(push_all(Stream(model), X), model.predict(X), rtol=1e-4)


def test_rows_of_a_frame():
    """A row as a Series keeps its names and its time; rows in time are not one of each stream."""
    index = pd.date_range("2026-01-01", periods=30, freq="h")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), index, ["a", "b"])
    model = make_pipeline(
        SlidingWindow(4, max_gap=0), PerStep(StandardScaler()), make("GRURegressor")
    )
    model.fit(frame, frame["a"])
    expected = model.predict(frame)
    stream = Stream(model)
    pushed = [stream.push(row) for _, row in frame[:20].iterrows()]
    np.testing.assert_array_equal(pushed, expected[:20])
    with pytest.raises(ValueError, match=r"X has 2 rows of different times.*one by one, as X.iloc"):
        stream.push(frame[20:22])
    assert len(stream) == 1
    after_gap = stream.push(frame.iloc[25])  # begins anew
    alone = model[1].transform([frame.to_numpy()[25:26]])
    np.testing.assert_array_equal(after_gap, model[-1].predict(alone)[0])
    with pytest.raises(ValueError, match="later"):
        stream.push(frame.iloc[3])


def test_ids_beside_groups():
    frame = pd.DataFrame({"who": ["a", "b"] * 10, "t": np.arange(20) // 2, "x": np.arange(20.0)})
    model = make_pipeline(SlidingWindow(3, group="who", time="t"), make("GRURegressor"))
    model.fit(frame, frame["x"])
    stream = Stream(model)
    with pytest.raises(
        ValueError, match=r"the columns group='who' say which stream.*Leave out ids"
    ):
        stream.push(frame[:2], ids=["a", "b"])
    assert stream.push(frame[:2]).shape == (2,)


def test_representation():
    model, X = windowed()
    stream = Stream(model)
    stream.push(X[:3])
    assert repr(stream) == f"<Stream: 3 streams, windows of {WINDOW} rows for GRURegressor>"
    assert repr(Stream(stepwise()[0])) == "<Stream: 0 streams, states of RNNStepRegressor>"
