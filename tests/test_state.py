"""Rows one by one, with the state in the hands of the user: the bits of ``predict``."""

import os
import pickle
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skrnn
from skrnn.cells import CELLS
from skrnn.network.pooling import POOLINGS
from skrnn.network.state import State
from tests._estimators import CELL_PARAMETERS, ESTIMATORS, STEP_ESTIMATORS, make, problem

N_STREAMS, N_STEPS = 5, 7


def fitted(name="LSTMRegressor", *sizes, **parameters):
    X, y = problem(name, n_features=3, n_timesteps=N_STEPS)
    return make(name, sizes or (6,), **({"max_iter": 2} | parameters)).fit(X, y), X[:N_STREAMS]


def step_by_step(model, X, method="predict_step"):
    """What is predicted after each row, (n_steps, n_streams, ...)."""
    state, outputs = model.init_state(len(X)), []
    for t in range(X.shape[1]):
        output, state = getattr(model, method)(X[:, t], state)
        outputs.append(output)
    return outputs


def assert_as_whole(model, X):
    """The same bits, type and shape as of the sequences read so far."""
    for method in ("predict", "predict_proba"):
        if hasattr(model, method):
            for t, found in enumerate(step_by_step(model, X, f"{method}_step")):
                expected = getattr(model, method)(X[:, : t + 1])
                np.testing.assert_array_equal(found, expected, strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell(cell, dtype):
    model, X = fitted("RNNRegressor", 9, 33, 4, dtype=dtype, **CELL_PARAMETERS[cell])
    assert_as_whole(model, X)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator(name, pooling):
    assert_as_whole(*fitted(name, 5, 4, pooling=pooling))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", STEP_ESTIMATORS)
def test_a_step_estimator_predicts_its_rows(name, dtype):
    X, y = problem(n_features=3, n_timesteps=N_STEPS)
    y = X.cumsum(axis=1)[:, :, 0]
    if name.endswith("Classifier"):
        y = np.digitize(y, [-0.5, 0.5])
    model = make(name, (6, 5), cell="lstm", dtype=dtype).fit(X, y)
    found = np.stack(step_by_step(model, X), axis=1)
    np.testing.assert_array_equal(found, model.predict(X), strict=True)
    if name.endswith("Classifier"):
        found = np.stack(step_by_step(model, X, "predict_proba_step"), axis=1)
        np.testing.assert_array_equal(found, model.predict_proba(X))


@pytest.mark.parametrize("ar_steps", [1, 3, N_STEPS])
@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_the_last_rows_of_a_linear_path_are_part_of_the_state(ar_steps, pooling):
    model, X = fitted(ar_steps=ar_steps, pooling=pooling, loss="absolute_error")
    assert model.init_state().values.shape[1] == 12 + 6 * (pooling == "mean") + 3 * ar_steps
    assert_as_whole(model, X)


def with_codes(X, n_codes=5):
    """The second feature as one of some codes."""
    X = X.copy()
    X[:, :, 1] = np.random.default_rng(0).integers(n_codes, size=X.shape[:2])
    return X


@pytest.mark.parametrize("pooling", POOLINGS)
def test_embeddings(pooling):
    X, y = problem(n_features=3, n_timesteps=N_STEPS)
    X = with_codes(X)
    model = make("GRURegressor", 5, pooling=pooling, categorical_features=[1]).fit(X, y)
    assert_as_whole(model, X)
    X[4, 0, 1] = 5
    message = "has 5 in sequence 4, step 0, feature 1, which has 5 codes; expected 0 to 4"
    with pytest.raises(ValueError, match=message):
        model.predict_step(X[:, 0], model.init_state(len(X)))


@pytest.mark.parametrize(
    "parameters",
    [
        {"normalize_y": False},
        {"loss": "poisson"},
        {"loss": "poisson", "normalize_y": False},
        {"loss": "quantile", "quantile": 0.9},
    ],
    ids=str,
)
def test_decoding(parameters):
    X, y = problem()
    model = make("GRURegressor", **parameters).fit(X, 1000 + 30 * y)
    assert_as_whole(model, X)


@pytest.mark.parametrize("name", ["GRURegressor", "GRUClassifier"])
def test_several_outputs(name):
    X, y = problem()
    y = np.column_stack([y, 5 - 2 * y, y**2])
    model = make(name).fit(X, y if name == "GRURegressor" else (y > y.mean(axis=0)).astype(int))
    assert model.predict(X).shape == (30, 3)
    assert_as_whole(model, X)


def test_a_univariate_table():
    """Its estimators read one number at a time."""
    X, y = problem(n_features=1)
    model = make("GRURegressor").fit(X[:, :, 0], y)
    found = step_by_step(model, X)[-1]
    np.testing.assert_array_equal(found, model.predict(X[:, :, 0]))


def test_a_stream_does_not_depend_on_the_others():
    """Nor on their number: here more than go through the layers at once."""
    model, _ = fitted("LSTMRegressor", 8, 5)
    X = np.random.default_rng(0).standard_normal((1200, 4, 3))
    together = step_by_step(model, X)
    np.testing.assert_array_equal(together[-1], model.predict(X))
    for some in ([0], [511, 512, 513], [1199, 3]):
        for alone, found in zip(step_by_step(model, X[some]), together, strict=True):
            np.testing.assert_array_equal(alone, found[some])


# The state.


def test_pickling_mid_stream_changes_nothing():
    model, X = fitted("GRUClassifier", pooling="attention")
    expected, state = step_by_step(model, X, "predict_proba_step"), model.init_state(len(X))
    for t, proba in enumerate(expected):
        model, state = pickle.loads(pickle.dumps((model, state)))
        found, state = model.predict_proba_step(X[:, t], state)
        np.testing.assert_array_equal(found, proba)


def test_it_is_a_value():
    """A state that was gone on from is as before, and can be gone on from again."""
    model, X = fitted()
    state = model.predict_step(X[:, 0], model.init_state(len(X)))[1]
    before = State(state.values.copy(), state.n_steps.copy())
    first, after = model.predict_step(X[:, 1], state)
    np.testing.assert_array_equal(model.predict_step(X[:, 1], state)[0], first)
    np.testing.assert_array_equal(state.values, before.values)
    np.testing.assert_array_equal(state.n_steps, before.n_steps)
    assert not np.shares_memory(after.values, state.values)
    assert after.n_steps.tolist() == [2] * len(X)


def test_it_does_not_grow():
    model, X = fitted()
    state = model.init_state()
    for row in np.tile(X[0], (50, 1)):
        _, state = model.predict_step(row, state)
    assert state.values.shape == model.init_state().values.shape
    assert state.n_steps == [50 * N_STEPS]


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("which", [slice(None, None, 2), [3, 1], np.arange(N_STREAMS) > 2])
def test_streams_of_it_can_be_taken(which, pooling):
    model, X = fitted(pooling=pooling)
    state = model.predict_step(X[:, 0], model.init_state(len(X)))[1]
    expected = model.predict_step(X[:, 1], state)[0][which]
    some = state[which]
    assert len(some) == len(expected)
    np.testing.assert_array_equal(model.predict_step(X[which, 1], some)[0], expected)


def test_nothing_is_kept_in_the_estimator():
    model, X = fitted()
    attributes, pickled = dict(vars(model)), pickle.dumps(model)
    step_by_step(model, X)
    assert vars(model) == attributes
    assert pickle.dumps(model) == pickled


def test_a_fit_is_seen():
    model, X = fitted()
    before = step_by_step(model, X)[-1]
    model.partial_fit(X, np.arange(len(X)))
    after = step_by_step(model, X)[-1]
    assert (after != before).all()
    np.testing.assert_array_equal(after, model.predict(X))


def test_threads():
    """Each has memory of its own."""
    model, _ = fitted("LSTMRegressor", 16)
    X = np.random.default_rng(0).standard_normal((300, 30, 3))
    expected, wrong = model.predict(X), []

    def read():
        wrong.append((step_by_step(model, X)[-1] != expected).any())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [False] * 4


# The row.


def test_one_row_is_one_prediction():
    model, X = fitted()
    y, _ = model.predict_step(X[0, 0], model.init_state())
    assert isinstance(y, np.float64)
    assert y == model.predict(X[:1, :1])[0]
    classifier, _ = fitted("LSTMClassifier")
    proba, _ = classifier.predict_proba_step(X[0, 0], classifier.init_state())
    assert proba.shape == (3,)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: x.astype(">f8"),
        lambda x: pytest.importorskip("pandas").DataFrame(x, columns=[*"abc"]),
    ],
    ids=["list", "columns", "strided", "big-endian", "frame"],
)
def test_forms(form):
    model, X = fitted()
    y, _ = model.predict_step(form(X[:, 0]), model.init_state(len(X)))
    np.testing.assert_array_equal(y, model.predict(X[:, :1]))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_dtypes(dtype, precision):
    model, X = fitted(dtype=precision)
    X = (3 * X).astype(dtype)
    y, _ = model.predict_step(X[:, 0], model.init_state(len(X)))
    np.testing.assert_array_equal(y, model.predict(X[:, :1]))


# What is refused.


def refused(message, error=ValueError):
    return pytest.raises(error, match=re.escape(message))


def test_bidirectional():
    model, X = fitted(bidirectional=True)
    for call in (model.init_state, lambda: model.predict_step(X[:, 0], None)):
        with refused("begins at the end of a sequence, and a stream has no end yet"):
            call()


def test_not_fitted():
    model = clone(fitted()[0])
    for call in (model.init_state, lambda: model.predict_step([0.0], None)):
        with pytest.raises(NotFittedError):
            call()


@pytest.mark.parametrize("n_streams", [0, 2.5])
def test_number_of_streams(n_streams):
    with pytest.raises((ValueError, TypeError), match="n_streams"):
        fitted()[0].init_state(n_streams)


def with_value(x, value):
    x = x.copy()
    x[3, 1] = value
    return x


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:, :2], "x has shape (5, 2); expected (5, 3): one row of 3 features for each"),
        (lambda x: x[:4], "x has shape (4, 3); expected (5, 3)"),
        (lambda x: x[0], "x has shape (1, 3); expected (5, 3)"),
        (lambda x: x[np.newaxis], "x has shape (1, 5, 3); expected (5, 3)"),
        (lambda x: with_value(x, np.nan), "x contains nan in stream 3, feature 1; expected finite"),
        (lambda x: with_value(x, -np.inf), "x contains -inf in stream 3, feature 1"),
        (lambda x: with_value(x, 1e300), "x contains 1e+300 in stream 3, feature 1; expected val"),
        (lambda x: x.astype(complex), "Complex data not supported"),
    ],
)
def test_rows(change, message):
    model, X = fitted()
    with refused(message):
        model.predict_step(change(X[:, 0]), model.init_state(len(X)))


def test_what_is_no_state():
    model, X = fitted()
    with refused("state is of type list; expected a State", TypeError):
        model.predict_step(X[:, 0], [])


@pytest.mark.parametrize(
    "other", [{"cell": "gru"}, {"cell": "lstm", "dtype": "float64"}, {"hidden_layer_sizes": 7}]
)
def test_a_state_of_another_estimator(other):
    model, X = fitted()
    X_other, y = problem(n_features=3)
    stranger = make("RNNRegressor", 6, **other) if "cell" in other else make("LSTMRegressor", 7)
    state = stranger.fit(X_other, y).init_state(len(X))
    expected = "expected values of shape (n_streams, 12) and dtype float32, and n_steps of shape"
    with refused(expected):
        model.predict_step(X[:, 0], state)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: (s.values, s.n_steps.astype(np.int32)), "n_steps of shape (5,) and dtype int32"),
        (lambda s: (s.values, s.n_steps.tolist()), "n_steps of type list"),
        (lambda s: (s.values.tolist(), s.n_steps), "values of type list"),
        (lambda s: (s.values, s.n_steps[:4]), "n_steps of shape (4,) and dtype int64"),
        (lambda s: (s.values[0], s.n_steps), "values of shape (12,) and dtype float32"),
        (lambda s: (s.values[0, 0], s.n_steps), "values of type float32"),
    ],
)
@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_a_state_of_another_form(change, found, pooling):
    model, X = fitted("LSTMRegressor", 6 if pooling == "last" else 4, pooling=pooling)
    state = State(*change(model.init_state(len(X))))
    for call in (model.predict_step, lambda x, state: model.hidden_states(X, state=state)):
        with refused(found) as error:
            call(X[:, 0], state)
        assert "It is not a state of this estimator: begin with init_state." in str(error.value)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"pooling": "mean"}, {"loss": "poisson"}, {"categorical_features": [1]}],
    ids=str,
)
def test_no_streams(parameters):
    X, y = problem(n_features=3, n_timesteps=N_STEPS)
    model = make("LSTMRegressor", **parameters).fit(with_codes(X), abs(y))
    with refused("state has 0 streams; expected at least one."):
        model.predict_step(X[:0, 0], model.init_state()[:0])


def test_columns_in_another_order():
    pd = pytest.importorskip("pandas")
    X, y = problem(n_features=3, n_timesteps=N_STEPS)
    frames = [pd.DataFrame(x, columns=[*"abc"]) for x in X]
    model = make("LSTMClassifier").fit(frames, y > 0)
    x = frames[0][:1]
    assert model.predict_step(x, model.init_state())[0] == model.predict([x])
    for method in (model.predict_step, model.predict_proba_step):
        with refused("x has the columns ['c', 'b', 'a'], but LSTMClassifier was fitted with"):
            method(x[[*"cba"]], model.init_state())
    rows = frames[0].assign(unit="p", hour=range(N_STEPS))
    model = make("RNNStepRegressor", group="unit", time="hour").fit(rows, X[0, :, 0])
    assert model.predict_step(x, model.init_state())[0] == model.predict(rows[:1])
    with refused("but RNNStepRegressor was fitted with ['a', 'b', 'c']; expected the same columns"):
        model.predict_step(x[[*"acb"]], model.init_state())


OUT_OF_MEMORY = """
import resource
import numpy as np
from skrnn import RNNRegressor

model = RNNRegressor(500, max_iter=1, random_state=0).fit(np.ones((4, 2, 1)), np.arange(4.0))
x, state = np.ones((64, 1)), model.init_state(64)
many, of_many = np.ones((512, 1)), model.init_state(512)
expected = model.predict_step(x, state)[0]
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
before = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (size, before[1]))
try:
    model.predict_step(many, of_many)
except MemoryError:
    print("out of memory")
resource.setrlimit(resource.RLIMIT_AS, before)
assert (model.predict_step(x, state)[0] == expected).all()
print("as before")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of memory, and glibc")
def test_after_an_error_of_memory():
    """Memory that was given back is not used again: here the system takes it at once."""
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OUT_OF_MEMORY],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout.split("\n")[:2] == ["out of memory", "as before"], run


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_a_prediction_that_overflows(pooling):
    model, X = fitted("RNNRegressor", activation="relu", pooling=pooling)
    model._theta = 1000 * model._theta
    x = X[:, 0].copy()
    x[2] = 1e38
    with refused("The prediction of stream 2 is not finite: it overflows. Check that x is scaled"):
        model.predict_step(x, model.init_state(len(x)))


def test_regressors_have_no_probabilities():
    for name in ESTIMATORS + STEP_ESTIMATORS:
        assert hasattr(getattr(skrnn, name), "predict_proba_step") == name.endswith("Classifier")
