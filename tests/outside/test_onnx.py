"""What a graph of ONNX does with every form of input, and what is not exported."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from skl2onnx.common.data_types import FloatTensorType, Int32TensorType, Int64TensorType
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMRegressor,
    PerStep,
    RNNRegressor,
    RNNStepClassifier,
    RNNStepRegressor,
    SlidingWindow,
    TokenEncoder,
)
from skrnn.interop.onnx import step_to_onnx
from tests._estimators import CELL_PARAMETERS, problem
from tests._problems import ragged

RAGGED = [("X", FloatTensorType([None, None, 2])), ("lengths", Int32TensorType([None]))]


def session(exported):
    return onnxruntime.InferenceSession(exported.SerializeToString())


def run(model, feeds, **how):
    """All outputs of a model, exported for an X, or for ``initial_types``."""
    given = None if "initial_types" in how else feeds["X"]
    return session(skl2onnx.to_onnx(model, given, **how)).run(None, feeds)


def fitted(cls=LSTMRegressor, *args, **parameters):
    X, y = problem(cls.__name__)
    X = X.astype(np.float32)
    return cls(*(args or (5,)), max_iter=2, random_state=0, **parameters).fit(X, y), X


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_every_cell(cell, bidirectional):
    model, X = fitted(RNNRegressor, (6, 5), **CELL_PARAMETERS[cell], bidirectional=bidirectional)
    theta = np.random.default_rng(0).uniform(-0.5, 0.5, model._theta.size)
    model.set_parameters(model._network.layout.views(theta))
    (found,) = run(model, {"X": X})
    expected = model.predict(X)
    assert found.shape == (len(X), 1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=1e-5 * np.std(expected))


@pytest.mark.parametrize("cls", [LSTMRegressor, GRUClassifier])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_lengths_of_ragged_sequences(cls, pooling):
    """What stands in the padding does not matter, and reversed sequences begin at their end."""
    model, _ = fitted(cls, pooling=pooling, bidirectional=True)
    X = ragged([3, 1, 7, 5], 2, np.float32)
    expected = model.predict_proba(X) if cls is GRUClassifier else model.predict(X)[:, np.newaxis]
    exported = session(skl2onnx.to_onnx(model, initial_types=RAGGED))
    for filler in (0, 1e30, np.nan, np.inf):
        padded = skrnn.pad_sequences(X, padding="post", value=filler)
        feeds = {"X": padded, "lengths": X.lengths.astype(np.int32)}
        np.testing.assert_allclose(exported.run(None, feeds)[-1], expected, rtol=0, atol=1e-6)
    of_nan = run(model, {"X": np.asarray(X)})[-1]
    np.testing.assert_allclose(of_nan, expected, rtol=0, atol=1e-6)


def test_sequences_without_steps():
    """They have no prediction, and the others have theirs."""
    model, X = fitted(pooling="mean")
    lengths = np.array([5, 0, 2, 9, -1], np.int32)  # as many as there are at most
    (found,) = run(model, {"X": X[:5], "lengths": lengths}, initial_types=RAGGED)
    expected = model.predict([X[0], X[2][:2], X[3]])
    np.testing.assert_allclose(found[[0, 2, 3], 0], expected, rtol=0, atol=1e-6)
    assert np.isnan(found[[1, 4]]).all()
    X = X[:3].copy()
    X[1] = np.nan
    (found,) = run(model, {"X": X})
    assert np.isnan(found[:, 0]).tolist() == [False, True, False]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_not_hidden(value):
    model, X = fitted()
    X = X[:2].copy()
    X[0, 2, 1] = value
    (found,) = run(model, {"X": X})
    assert np.isnan(found[:, 0]).tolist() == [True, False]


def test_what_is_no_code_has_no_prediction():
    X = np.random.default_rng(0).integers(4, size=(20, 5, 1)).astype(np.float32)
    model = GRURegressor(4, categorical_features=[0], max_iter=1, random_state=0)
    model.fit(X, X.mean(axis=(1, 2)))
    given = X[:5].copy()
    given[1:, 3] = [[4], [-1], [0.5], [1e9]]
    (found,) = run(model, {"X": given})
    assert np.isnan(found[:, 0]).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float64])
def test_types_of_numbers(dtype):
    model, X = fitted()
    X = np.round(X * 3).astype(dtype)
    (found,) = run(model, {"X": X})
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("names", [["low", "middle", "high"], [True, False, True], [3.0, 1.0, 2.0]])
def test_labels(names):
    X, y = problem("LSTMClassifier")
    y = np.array(names)[y]
    model = LSTMClassifier(5, max_iter=2, random_state=0).fit(X, y)
    label, proba = run(model, {"X": X})
    assert label.tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(proba, model.predict_proba(X), rtol=0, atol=1e-6)
    assert label.dtype.kind == {"U": "O", "b": "i"}.get(y.dtype.kind, y.dtype.kind)


@pytest.mark.parametrize("opset", [13, 14, 17, 18, 21])
def test_versions_of_operators(opset):
    model, X = fitted(pooling="max", bidirectional=True)
    exported = skl2onnx.to_onnx(make_pipeline(PerStep(StandardScaler()).fit(X), model), X[:1],
                                target_opset=opset)  # fmt: skip
    assert {o.version for o in exported.opset_import if o.domain == ""} == {opset}
    assert "layout" not in {a.name for node in exported.graph.node for a in node.attribute}
    (found,) = session(exported).run(None, {"X": X})
    X = PerStep(StandardScaler()).fit_transform(X)
    np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=0, atol=1e-6)


def test_older_operators_are_refused():
    model, X = fitted()
    with pytest.raises(ValueError, match="target_opset=12; expected at least 13"):
        skl2onnx.to_onnx(model, X[:1], target_opset=12)


@pytest.mark.parametrize(
    "first",
    [
        GRUClassifier(5, max_iter=2, random_state=0),
        LSTMRegressor(5, max_iter=2, random_state=0),
        make_union(
            LSTMRegressor(5, max_iter=2, random_state=0),
            GRUClassifier(4, max_iter=2, random_state=0),
        ),
    ],
    ids=["classifier", "regressor", "union"],
)
def test_hidden_states_as_features(first):
    """Before another step it is what ``transform`` gives."""
    X, _ = problem()
    y = X.mean(axis=(1, 2)) > 0
    X = X.astype(np.float32)
    model = make_pipeline(first, StandardScaler(), LogisticRegression()).fit(X, y)
    exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    found = session(exported).run(None, {"X": X})
    np.testing.assert_allclose(found[1], model.predict_proba(X), rtol=0, atol=1e-5)


def test_a_frame_has_an_input_for_each_column():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((30, 2)), columns=["a", "b"])
    model = make_pipeline(StandardScaler(), SlidingWindow(4), GRURegressor(3, max_iter=1))
    model.fit(frame, frame["a"])
    feeds = {name: frame[[name]].to_numpy() for name in frame}
    found = session(skl2onnx.to_onnx(model, frame)).run(None, feeds)
    np.testing.assert_allclose(found[0][:, 0], model.predict(frame), rtol=0, atol=1e-6)


@pytest.mark.parametrize("history", ["index", "tail", "none"])
def test_history_of_windows(history):
    """Rows have no labels in a graph; so they continue those of fit if they always do."""
    rows = np.random.default_rng(0).standard_normal((30, 2)).astype(np.float32)
    model = make_pipeline(SlidingWindow(6, history=history), GRURegressor(3, max_iter=2))
    model.fit(rows[:20], rows[:20, 0])
    with pytest.warns() if history == "index" else np.errstate():
        expected = model.predict(rows[20:23])
    (found,) = run(model, {"X": rows[20:23]})
    np.testing.assert_allclose(found[:, 0], expected, rtol=0, atol=1e-6)


def test_lag_columns():
    rows = np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32)
    window = SlidingWindow(4, step=2, flatten=True).fit(rows)
    (found,) = run(window, {"X": rows})
    np.testing.assert_array_equal(found, window.set_params(history="none").transform(rows))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_step_that_is_not_finite(value):
    model, X = fitted()
    step, state = session(step_to_onnx(model)), model.init_state(2)
    x = X[:2, 0].copy()
    x[1, 1] = value
    feeds = {"x": x, "state": state.values, "n_steps": state.n_steps}
    found, after, _ = step.run(None, feeds)
    assert np.isnan(found[:, 0]).tolist() == [False, True]
    assert np.isnan(after).all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_outputs_of_steps_are_where_the_steps_are(padding):
    X = ragged([3, 1, 6], 2, np.float32)
    y = [x[:, 0] for x in X]
    given = skrnn.pad_sequences(X, padding=padding, value=np.nan)
    model = RNNStepRegressor(4, bidirectional=True, max_iter=1, random_state=0).fit(X, y)
    (found,) = run(model, {"X": given})
    np.testing.assert_allclose(found[:, :, 0], model.predict(given), rtol=0, atol=1e-6)
    labels = [np.where(x[:, 0] > 0, "up", "down") for x in X]
    model = RNNStepClassifier(4, max_iter=1, random_state=0).fit(X, labels)
    label, proba = run(model, {"X": given})
    assert label.tolist() == model.predict(given).tolist()
    np.testing.assert_allclose(proba, model.predict_proba(given), rtol=0, atol=1e-6)


def keyed():
    frame = pd.DataFrame({"g": [1, 1, 1, 2, 2, 2], "a": np.arange(6.0)})
    frame.index = pd.RangeIndex(6, name="t")
    return frame


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (make_pipeline(SlidingWindow(2, group="g"), GRURegressor(2, max_iter=1)), "group='g'"),
        (make_pipeline(SlidingWindow(2, time="a"), GRURegressor(2, max_iter=1)), "time='a'"),
        (RNNStepRegressor(2, max_iter=1, group="g"), "group='g' and time=None are not exported"),
    ],
)
def test_keys_are_not_exported(model, message):
    frame = keyed()
    model.fit(frame, np.arange(6.0))
    with pytest.raises(ValueError, match=message):
        skl2onnx.to_onnx(model, frame.to_numpy())


def test_forms_that_no_estimator_reads():
    model, _ = fitted()
    wrong = [("X", FloatTensorType([None, 2, 2, 2]))], [*RAGGED, ("y", Int64TensorType([None]))]
    for types in wrong:
        with pytest.raises(ValueError, match=r"expected one tensor \(n_samples, n_timesteps"):
            skl2onnx.to_onnx(model, initial_types=types)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        skl2onnx.to_onnx(GRURegressor(), problem()[0])


STEPS = [
    *[(RNNRegressor, parameters) for parameters in CELL_PARAMETERS.values()],
    *[(RNNRegressor, {"cell": "lstm", "pooling": name}) for name in ("mean", "max", "attention")],
    (RNNRegressor, {"ar_steps": 3}),
    (RNNRegressor, {"cell": "gru", "ar_steps": 1, "loss": "poisson"}),
    (GRUClassifier, {"pooling": "attention"}),
]


@pytest.mark.parametrize(("cls", "parameters"), STEPS)
def test_one_step_with_the_state_in_and_out(cls, parameters):
    X, y = problem(cls.__name__)
    X = X.astype(np.float32)
    model = cls((6, 5), max_iter=3, random_state=0, **parameters).fit(X, np.abs(y))
    step = session(step_to_onnx(model))
    state = model.init_state(len(X))
    values, n_steps = np.zeros_like(state.values), state.n_steps
    predict = model.predict_proba_step if cls is GRUClassifier else model.predict_step
    for row in X.swapaxes(0, 1):
        expected, state = predict(row, state)
        feeds = {"x": row, "state": values, "n_steps": n_steps}
        *found, values, n_steps = step.run(None, feeds)
        found = found[-1] if cls is GRUClassifier else found[0][:, 0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(values, state.values, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(n_steps, state.n_steps)


def test_a_step_of_two_directions_is_refused():
    with pytest.raises(ValueError, match="not possible with bidirectional=True"):
        step_to_onnx(fitted(bidirectional=True)[0])


def test_tokens_are_not_exported():
    model = make_pipeline(TokenEncoder(), GRUClassifier(3, categorical_features=[0], max_iter=1))
    model.fit(["ab", "ba", "aa"], [0, 1, 1])
    with pytest.raises(Exception, match="TokenEncoder"):
        skl2onnx.to_onnx(model, initial_types=[("X", FloatTensorType([None, 1]))])
