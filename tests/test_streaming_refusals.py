"""What a stream refuses, and that it is then as it was before."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import LagColumnsToSequence, SlidingWindow, Stream
from tests._estimators import make
from tests.test_streaming import push_all, refused, stepwise, table, windowed

pd = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings("ignore:X has .* gap.* in time")


@pytest.mark.parametrize("fitted", [windowed, stepwise])
def test_a_row_that_is_refused_was_not_pushed(fitted):
    model, X = fitted()
    stream = Stream(model)
    push_all(stream, X[:6])
    with refused("contains"):
        stream.push(np.full((2, 2), [[1.0, 2.0], [np.inf, 1.0]]))
    assert len(stream) == 1
    np.testing.assert_array_equal(push_all(stream, X[6:]), model.predict(X)[6:])


def test_a_past_that_is_refused_changes_nothing():
    model, X = stepwise()
    stream, past = Stream(model), X[:5].copy()
    push_all(stream, X[:6])
    past[3, 0] = np.nan
    with refused("x contains nan in stream 0, feature 0"):
        stream.warm_start(past, [*"aabab"])
    with refused("x contains nan in stream 0, feature 0"):
        stream.warm_start(past)
    assert len(stream) == 1
    assert stream.push(X[:2], [1, 0])[1] == model.predict(np.vstack([X[:6], X[1:2]]))[-1]


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_time_goes_on():
    X, y = table()
    window = SlidingWindow(3, history="none")
    model = make_pipeline(window, make("GRURegressor")).fit(pd.DataFrame(X), y)
    stream = Stream(model)
    stream.push(pd.DataFrame(X[:1]))
    with refused("A row of the time 0 was pushed after one of 0; expected a later one."):
        stream.push(pd.DataFrame(X[1:2]))
    assert stream.push(pd.DataFrame(X[1:2], index=[1])) == model.predict(X[:2])[1]


def test_one_row_of_each_stream():
    model, X = stepwise()
    stream = Stream(model)
    with refused("X has more than one row of the same stream; expected at most one. Push them"):
        stream.push(X[:3], [*"aba"])
    with refused("ids has 2 entries, but X has 3 rows"):
        stream.push(X[:3], [*"ab"])
    with refused("There is no stream 'a'; there are 0 streams", KeyError):
        stream.reset("a")


@pytest.mark.parametrize("ids", [np.nan, np.float32("nan"), [1, np.nan], np.array([1, np.nan])])
def test_ids_that_are_nan(ids):
    model, X = stepwise()
    stream = Stream(model)
    for call in (
        lambda: stream.push(X[:2] if np.ndim(ids) else X[:1], ids),
        lambda: stream.warm_start(X[:2], ids),
        lambda: stream.reset(ids),
    ):
        with refused(f"ids has NaN in row {np.ndim(ids)}; expected numbers, text, or anything"):
            call()
    assert len(stream) == 0


def test_columns_in_another_order():
    """As predict refuses them."""
    X, y = table()
    frame = pd.DataFrame(X, columns=[*"ab"])
    keyed = frame.assign(unit=np.repeat([*"pqr"], 10), hour=np.tile(np.arange(10), 3))
    keys = {"group": "unit", "time": "hour"}
    frames = [frame[:10], frame[10:20], frame[20:]]
    for model, rows in (
        (make("RNNStepRegressor").fit(frame, y), frame),
        (make("RNNStepRegressor", **keys).fit(keyed, y), keyed),
        (make("RNNStepRegressor", group=["unit"], time="hour").fit(keyed, y), keyed),
        (make("RNNStepRegressor").fit(frames, y.reshape(3, 10)), frame),
        (make("GRURegressor").fit(frames, y[:3]), frame),
        (make_pipeline(SlidingWindow(3, **keys), make("GRURegressor")).fit(keyed, y), keyed),
        (make_pipeline(StandardScaler(), make("RNNStepRegressor")).fit(frame, y), frame),
    ):
        stream = Stream(model)
        stream.push(rows[:1])
        others = rows[["b", "a", *rows.columns[2:]]]
        with pytest.raises(ValueError, match=r"same columns in the same order|same order as they"):
            stream.push(others[1:2])
        with pytest.raises(ValueError, match=r"same columns in the same order|same order as they"):
            stream.warm_start(others)
        assert len(stream) == 1


def test_number_of_features():
    for model, X in (windowed(make("GRURegressor")), stepwise()):
        with refused("3 features, but"):
            Stream(model).push(np.hstack([X[:1], X[:1, :1]]))


def test_not_fitted():
    with pytest.raises(NotFittedError):
        Stream(make_pipeline(SlidingWindow(3), make("GRURegressor")))


def test_pipelines():
    X, y = table()
    with refused("this is Ridge", TypeError):
        Stream(make_pipeline(StandardScaler(), Ridge()).fit(X, y))
    with refused("the pipeline has 1, and its last step is SlidingWindow"):
        Stream(make_pipeline(StandardScaler(), SlidingWindow(3)).fit(X, y))
    with refused("begins at the end of a sequence, and a stream has no end yet"):
        Stream(make("RNNStepRegressor", bidirectional=True).fit(X, y))
    with refused("was fitted on a table whose rows are whole sequences"):
        Stream(make_pipeline(StandardScaler(), make("GRURegressor")).fit(X, y))
    lags = LagColumnsToSequence(r"(?P<name>.)(?P<lag>\d)")
    frame = pd.DataFrame(X, columns=["a1", "a0"])
    with refused("LagColumnsToSequence takes each row as a sequence"):
        Stream(make_pipeline(lags, make("GRURegressor")).fit(frame, y))
