"""Files of skops, MLflow and safetensors."""

import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
import skops.io
from safetensors.numpy import load_file, save_file
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
    RNNStepClassifier,
    SlidingWindow,
    TokenEncoder,
    WindowScaledRegressor,
)
from skrnn.interop import TRUSTED_TYPES
from skrnn.interop.safetensors import load_safetensors, save_safetensors
from tests._estimators import ESTIMATORS, assert_same_outputs, make, problem


def by_skops(model):
    """Through a file, of which nothing is trusted but what the list names."""
    saved = skops.io.dumps(model)
    assert set(skops.io.get_untrusted_types(data=saved)) <= set(TRUSTED_TYPES)
    return skops.io.loads(saved, trusted=TRUSTED_TYPES)


def test_the_list_has_the_classes_that_users_construct():
    assert "skrnn.model_selection.PanelTimeSeriesSplit" in TRUSTED_TYPES
    names = {name.rpartition(".")[2] for name in TRUSTED_TYPES}
    assert names <= set(skrnn.__all__)
    assert {*ESTIMATORS, "SlidingWindow", "PerStep", "TokenEncoder"} <= names


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators_by_skops(name):
    X, y = problem(name)
    model = make(name, bidirectional=True, pooling="attention").fit(X, y)
    assert_same_outputs(by_skops(model), X, model, X)


def test_partial_fit_by_skops():
    X, y = problem("GRUClassifier")
    model = GRUClassifier(4, random_state=np.random.RandomState(0))
    model.partial_fit(X, y, classes=[0, 1, 2])
    again = by_skops(model)
    assert_same_outputs(again.partial_fit(X, y), X, model.partial_fit(X, y), X)


def dated(n_rows=60, zone=None):
    hours = pd.date_range("2024-03-30", periods=n_rows, freq="h", tz=zone)
    return pd.DataFrame({"a": np.sin(np.arange(n_rows)), "b": np.arange(n_rows) / 60}, index=hours)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_pipeline_with_dated_windows_by_skops(zone):
    frame = dated(zone=zone)
    model = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        SlidingWindow(6),
        PerStep(StandardScaler()),
        GRURegressor(4, max_iter=2, random_state=0),
    ).fit(frame[:50], frame["a"][:50])
    again = by_skops(model)
    np.testing.assert_array_equal(again.predict(frame[50:]), model.predict(frame[50:]))
    assert again[1].transform(frame[50:]).lengths.min() == 6


def test_series_by_skops():
    keys = [{"g": g, "k": k} for g in "xy" for k in (1, 2)]
    frame = pd.concat([dated(20).assign(**key) for key in keys])
    window = SlidingWindow(3, group=["g", "k"], max_gap=np.timedelta64(6, "h"), history="tail")
    window.fit(frame)
    found, expected = by_skops(window).transform(frame), window.transform(frame)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_the_others_by_skops():
    X = np.random.default_rng(0).standard_normal((30, 2))
    inside = WindowScaledRegressor(GRURegressor(3, max_iter=1, random_state=0))
    model = make_pipeline(SlidingWindow(4), ColumnwiseRegressor(inside)).fit(X, X)
    np.testing.assert_array_equal(by_skops(model).predict(X), model.predict(X))
    lags = LagColumnsToSequence(n_steps=2).fit(X)
    np.testing.assert_array_equal(by_skops(lags).transform(X), lags.transform(X))
    encoder = TokenEncoder(analyzer="word").fit(["a b", "b c"])
    again = by_skops(encoder)
    assert again.inverse_transform(again.transform(["c a"])) == ["c a"]
    labels = np.array(["up", "down"])[(X[:, 0] > 0).astype(int)]
    steps = RNNStepClassifier(3, max_iter=1, random_state=0).fit(X, labels)
    assert by_skops(steps).predict(X).tolist() == steps.predict(X).tolist()


@pytest.mark.filterwarnings("ignore")  # MLflow warns of its own type hints
def test_mlflow(tmp_path):
    """With its defaults, and the list of types."""
    frame = dated()
    model = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        SlidingWindow(6),
        GRURegressor(4, max_iter=2, random_state=0),
    ).fit(frame, frame["a"])
    path = str(tmp_path / "model")
    mlflow.sklearn.save_model(model, path, skops_trusted_types=TRUSTED_TYPES)
    expected = model.predict(frame)
    np.testing.assert_array_equal(mlflow.sklearn.load_model(path).predict(frame), expected)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(path).predict(frame), expected)


def two_models():
    """Of the same form, with different weights."""
    X, y = problem()
    return [
        GRURegressor((5, 4), bidirectional=True, max_iter=1, random_state=seed).fit(X, y)
        for seed in (0, 1)
    ], X


def test_safetensors(tmp_path):
    (model, other), X = two_models()
    path = tmp_path / "model.safetensors"
    save_safetensors(model, path)
    assert {"rnn.weight_ih_l1_reverse", "linear.bias"} <= set(load_file(path))
    assert load_safetensors(other, path) is other
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_a_file_of_pytorch(tmp_path):
    """It has no digest."""
    (model, other), X = two_models()
    path = tmp_path / "model.safetensors"
    save_safetensors(model, path, recurrent="gru", readout="fc")
    save_file(load_file(path), path)
    load_safetensors(other, path, recurrent="gru", readout="fc")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    with pytest.raises(ValueError, match=r"Missing are \['rnn.weight_ih_l0'"):
        load_safetensors(other, path)


def damaged(saved):
    """Files that are cut, or differ in one bit."""
    for length in range(0, len(saved), 211):
        yield saved[:length]
    for place in range(0, len(saved), 61):
        yield saved[:place] + bytes([saved[place] ^ 1]) + saved[place + 1 :]


def test_damaged_safetensors(tmp_path):
    """Either an error, and the estimator is as before, or the weights that were saved."""
    (model, other), _ = two_models()
    path = tmp_path / "model.safetensors"
    save_safetensors(model, path)
    saved, n_loaded, n_refused = path.read_bytes(), 0, 0
    before = other.named_parameters()
    for content in damaged(saved):
        path.write_bytes(content)
        try:
            load_safetensors(other, path)
        except ValueError:
            n_refused += 1
            expected = before
        else:  # what differs says nothing about the weights
            n_loaded += 1
            expected = model.named_parameters()
        for name, value in other.named_parameters().items():
            np.testing.assert_array_equal(value, expected[name])
        other.set_parameters(before)
    assert n_refused > 60
    assert n_loaded < n_refused / 20


def test_damaged_files_of_skops():
    """A file is a zip, which has a checksum of each part."""
    X, y = problem()
    saved = skops.io.dumps(RNNRegressor(3, max_iter=1).fit(X, y))
    for length in range(0, len(saved), 997):
        with pytest.raises(Exception):  # noqa: B017, PT011  # of zipfile, or of skops
            skops.io.loads(saved[:length], trusted=TRUSTED_TYPES)
