"""The six estimators: their input, targets, parameters, stopping and errors."""

import ast
import inspect
import pickle
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

import skrnn
from skrnn import GRURegressor, LSTMRegressor, RNNRegressor, Sequences
from skrnn.estimators._blas import single_threaded_blas
from tests._oracle import run
from tests._problems import ragged

REGRESSORS = ["RNNRegressor", "GRURegressor", "LSTMRegressor"]
CLASSIFIERS = ["RNNClassifier", "GRUClassifier", "LSTMClassifier"]
ESTIMATORS = REGRESSORS + CLASSIFIERS


def make(name, *args, **parameters):
    parameters = {"max_iter": 3, "n_iter_no_change": np.inf, "random_state": 0} | parameters
    return getattr(skrnn, name)(*(args or (4,)), **parameters)


def problem(name="GRURegressor", n_samples=30, n_features=2, n_timesteps=5):
    """3-D X, and for each sequence the mean of its last steps, as a number or one of three."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_timesteps, n_features))
    y = X[:, -3:].mean(axis=(1, 2)) + X[:, 0, 0] / 5
    return X, np.digitize(y, [-0.2, 0.2]) if name.endswith("Classifier") else y


def outputs(model, X):
    """Everything that an estimator says about X."""
    found = [model.predict(X), model.transform(X)]
    if is_classifier(model):
        found += [model.predict_proba(X), model.predict_log_proba(X)]
    return found


def assert_same_outputs(model, X, other, other_X):
    for ours, theirs in zip(outputs(model, X), outputs(other, other_X), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Input.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_row_of_a_table_is_a_univariate_sequence(name):
    X, y = problem(name, n_features=1)
    table = X[:, :, 0]
    forms = {
        "2-D": table,
        "2-D lists": table.tolist(),
        "3-D": X,
        "ragged": list(X),
        "Sequences": Sequences(X.reshape(-1, 1), np.arange(30) * 5, np.full(30, 5)),
    }
    models = {form: make(name).fit(forms[form], y) for form in forms}
    for form, model in models.items():
        np.testing.assert_array_equal(model._theta, models["3-D"]._theta)
        assert_same_outputs(model, forms[form], models["3-D"], X)
        assert model.n_features_in_ == (5 if form.startswith("2-D") else 1)
        assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("form", ["3-D", "ragged", "Sequences"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_number_of_features_is_that_of_a_step(name, form):
    X, y = problem(name, n_features=3)
    forms = {
        "3-D": X,
        "ragged": list(X),
        "Sequences": Sequences(X.reshape(-1, 3), np.arange(30) * 5, np.full(30, 5)),
    }
    assert make(name).fit(forms[form], y).n_features_in_ == 3


@pytest.mark.parametrize("name", ESTIMATORS)
def test_column_names(name):
    pd = pytest.importorskip("pandas")
    X, y = problem(name, n_features=1)
    frame = pd.DataFrame(X[:, :, 0], columns=[*"abcde"])
    model = make(name).fit(frame, y)
    assert model.feature_names_in_.tolist() == [*"abcde"]
    assert_same_outputs(model, frame, make(name).fit(X, y), X)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[[*"edcba"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(frame.to_numpy())
    for other in (X, list(X), frame.to_numpy()):
        assert not hasattr(clone(model).fit(frame, y).fit(other, y), "feature_names_in_")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_other_n_timesteps(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    longer = np.concatenate([X, -X], axis=1)
    for other in (longer, X[:, :1], X[:, 2:]):
        assert_same_outputs(model, other, model, list(other))
    # The last two steps decide more than nothing, and are not cut off.
    assert (model.transform(longer) != model.transform(longer[:, :-1])).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_wrong_number_of_features(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    message = f"X has 3 features per step, but {name} was fitted with 2"
    for wrong in (np.ones((4, 5, 3)), [np.ones((5, 3)), np.ones((2, 3))], ragged([2, 1], 3)):
        for method in (model.predict, model.transform):
            with pytest.raises(ValueError, match=message):
                method(wrong)
    with pytest.raises(ValueError, match="X has 1 features per step"):
        model.predict(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 2 features"):
        model.predict(np.ones((4, 5)))


def test_wrong_number_of_columns():
    X, y = problem(n_features=1)
    model = make("GRURegressor").fit(X[:, :, 0], y)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5 features"):
        model.predict(X[:, :4, 0])
    with pytest.raises(ValueError, match=r"X has 2 features per step, but .* fitted with 1"):
        model.predict(np.ones((4, 5, 2)))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_before_fit(name):
    X, _ = problem(name)
    for method in ("predict", "transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError, match=f"This {name} instance is not fitted yet"):
            getattr(make(name), method)(*([X] if method != "get_feature_names_out" else []))


# What is computed.


@pytest.mark.parametrize(
    ("cell", "parameters"),
    [
        ("rnn_tanh", {"cell": "rnn"}),
        ("rnn_relu", {"cell": "rnn", "activation": "relu"}),
        ("gru", {"cell": "gru"}),
        ("gru_reset_before", {"cell": "gru", "reset_after": False}),
        ("lstm", {"cell": "lstm"}),
    ],
)
def test_predictions_against_readable_cells(cell, parameters):
    X = ragged([3, 1, 6, 2], 2)
    y = np.array([[1.0, 300.0], [3.0, 100.0], [2.0, 100.0], [7.0, 500.0]])
    model = make("RNNRegressor", (4, 3), dtype="float64", **parameters).fit(X, y)
    *layers, readout = model._network.params(model._theta)
    pooled = []
    for hidden in X:
        for n_hidden, layer in zip((4, 3), layers, strict=True):
            state = [np.zeros(n_hidden)] * (2 if cell == "lstm" else 1)
            hidden, _ = run(cell, hidden, state, layer.values())
        pooled.append(hidden[-1])
    np.testing.assert_allclose(model.transform(X), pooled, rtol=1e-10, atol=1e-12)
    raw = pooled @ readout["weight_out"].T + readout["bias_out"]
    np.testing.assert_allclose(model.predict(X), raw * y.std(axis=0) + y.mean(axis=0), rtol=1e-10)


@pytest.mark.parametrize("kind", ["Regressor", "Classifier"])
def test_cell_as_a_parameter(kind):
    X, y = problem(kind)

    def theta(name, **parameters):
        return make(name + kind, **parameters).fit(X, y)._theta.tolist()

    assert theta("RNN", cell="lstm") == theta("LSTM")
    assert theta("RNN", cell="gru") == theta("GRU") != theta("GRU", reset_after=False)
    assert theta("RNN", cell="gru", reset_after=False) == theta("GRU", reset_after=False)
    assert theta("RNN", cell="rnn") == theta("RNN") != theta("RNN", activation="relu")
    # What belongs to another cell does not matter.
    assert theta("RNN", cell="lstm", activation="relu", reset_after=False) == theta("LSTM")
    assert theta("RNN", reset_after=False) == theta("RNN")


@pytest.mark.parametrize("sizes", [3, (3,), [3], np.array([3]), np.int64(3)], ids=repr)
def test_forms_of_hidden_layer_sizes(sizes):
    X, y = problem()
    expected = make("LSTMRegressor", (3,)).fit(X, y)._theta
    np.testing.assert_array_equal(make("LSTMRegressor", sizes).fit(X, y)._theta, expected)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_random_state_alone_decides(name):
    X, y = problem(name)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    options = {"dropout": 0.3, "batch_size": 8, "early_stopping": True, "validation_fraction": 0.3}
    model = make(name, (4, 3), **options)
    first = model.fit(X, y)._theta.copy()
    model.predict(X)
    np.testing.assert_array_equal(model.fit(X, y)._theta, first)
    np.testing.assert_array_equal(clone(model).fit(X, y)._theta, first)
    instance = clone(model).set_params(random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(instance.fit(X, y)._theta, first)
    # The instance goes on.
    assert (instance.fit(X, y)._theta != first).any()
    assert (clone(model).set_params(random_state=1).fit(X, y)._theta != first).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(
    "parameter",
    [
        {"learning_rate_init": 0.01},
        {"alpha": 0.01},
        {"beta_1": 0.8},
        {"beta_2": 0.99},
        {"epsilon": 1e-6},
        {"momentum": 0.5},
        {"dropout": 0.3},
        {"max_grad_norm": 0.01},
        {"tol": 0.01},
    ],
    ids=lambda parameter: next(iter(parameter)),
)
def test_numpy_numbers_are_numbers(solver, parameter):
    """A grid of np.logspace gives float64 scalars, which must not change the precision."""
    X, y = problem()
    ((parameter, value),) = parameter.items()
    fits = [
        make("GRURegressor", (4, 3), solver=solver, **{parameter: kind(value)}).fit(X, y)
        for kind in (float, np.float64)
    ]
    np.testing.assert_array_equal(fits[0]._theta, fits[1]._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_batch_size(name):
    X, y = problem(name)

    def fit(**parameters):
        return make(name, **parameters).fit(X, y)

    automatic = fit()
    np.testing.assert_array_equal(fit(batch_size=30)._theta, automatic._theta)
    with pytest.warns(UserWarning, match="batch_size=31 is larger than the 30 training") as record:
        larger = fit(batch_size=31)
    assert record[0].filename == __file__
    np.testing.assert_array_equal(larger._theta, automatic._theta)
    assert (fit(batch_size=29)._theta != automatic._theta).any()
    assert fit(batch_size=7).t_ == automatic.t_ == 90
    # Without shuffling, one batch of all is the same as with it but for rounding.
    loss = fit(shuffle=False, dtype="float64").loss_curve_
    np.testing.assert_allclose(loss, fit(dtype="float64").loss_curve_, rtol=1e-10)


def test_auto_batch_size_is_at_most_200():
    X, y = problem(n_samples=201)
    fits = [make("GRURegressor", batch_size=size).fit(X, y) for size in ("auto", 200, 201)]
    np.testing.assert_array_equal(fits[0]._theta, fits[1]._theta)
    assert (fits[0]._theta != fits[2]._theta).any()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_max_grad_norm(name):
    """One step of plain descent is lr times the clipped gradient: the difference of two tells."""
    X, y = problem(name)

    def theta(**parameters):
        parameters |= {"solver": "sgd", "momentum": 0, "max_iter": 1, "dtype": "float64"}
        return make(name, **parameters).fit(X, y)._theta

    step = theta(learning_rate_init=0.3) - theta(learning_rate_init=0.1)
    norm = np.linalg.norm(step) / 0.2
    for max_grad_norm in (norm / 100, norm / 2, norm * 0.99):
        clip = {"max_grad_norm": max_grad_norm}
        clipped = theta(learning_rate_init=0.3, **clip) - theta(learning_rate_init=0.1, **clip)
        np.testing.assert_allclose(np.linalg.norm(clipped), 0.2 * max_grad_norm, rtol=1e-10)
        np.testing.assert_allclose(clipped, step * (max_grad_norm / norm), rtol=1e-6, atol=1e-12)
    unclipped = theta(learning_rate_init=0.3, max_grad_norm=norm * 1.01)
    np.testing.assert_array_equal(unclipped, theta(learning_rate_init=0.3))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_dropout(name):
    X, y = problem(name)
    without = make(name, (4, 3)).fit(X, y)
    dropped = make(name, (4, 3), dropout=0.5).fit(X, y)
    assert (without._theta != dropped._theta).any()
    # It acts in training only.
    assert_same_outputs(dropped, X, dropped, X)
    # It acts between layers: with one of them there is nothing to drop.
    single = make(name, 4, dropout=0.5).fit(X, y)
    np.testing.assert_array_equal(single._theta, make(name, 4).fit(X, y)._theta)


# Precision.


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype(name, dtype):
    X, y = problem(name)
    for given in (X, X.astype(np.float32)):
        model = make(name, dtype=dtype).fit(given, y)
        assert model._theta.dtype == dtype
        assert model.transform(given).dtype == dtype
        if is_classifier(model):
            assert model.predict_proba(given).dtype == np.float64
        else:
            assert model.predict(given).dtype == np.float64
    assert make(name).dtype == "float32"


def test_precisions_agree():
    X, y = problem()
    single, double = (make("GRURegressor", dtype=d).fit(X, y).predict(X) for d in
                      ("float32", "float64"))  # fmt: skip
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)
    assert (single != double).any()


def auto_forms(dtype):
    """X of a dtype in every form."""
    X = problem(n_features=1)[0].astype(dtype)
    objects = np.empty(len(X), object)
    objects[:] = list(X)
    return {
        "3-D": X,
        "2-D": X[:, :, 0],
        "Sequences": Sequences(X.reshape(-1, 1), np.arange(30) * 5, np.full(30, 5)),
        "list": list(X),
        "object array": objects,
    }


@pytest.mark.parametrize("form", auto_forms(np.float32))
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)],
)
def test_auto_dtype_is_that_of_X(form, dtype, expected):
    _, y = problem()
    model = make("GRURegressor", dtype="auto").fit(auto_forms(dtype)[form], y)
    assert model._theta.dtype == expected


@pytest.mark.parametrize("columns", [[*"abcde"], ["dtype", *"abcd"]], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auto_dtype_is_that_of_a_frame(dtype, columns):
    pd = pytest.importorskip("pandas")
    X, y = problem(n_features=1)
    frame = pd.DataFrame(X[:, :, 0].astype(dtype), columns=columns)
    assert make("GRURegressor", dtype="auto").fit(frame, y)._theta.dtype == dtype


# Numbers as targets.


@pytest.mark.parametrize("name", REGRESSORS)
def test_predictions_follow_the_units_of_y(name):
    X, y = problem()
    model = make(name, dtype="float64").fit(X, y)
    scaled = make(name, dtype="float64").fit(X, 1000 * y + 1e6)
    np.testing.assert_allclose(scaled.predict(X), 1000 * model.predict(X) + 1e6, rtol=1e-9)
    np.testing.assert_allclose(scaled.loss_curve_, model.loss_curve_, rtol=1e-6)
    single = make(name).fit(X, 1000 * y + 1e6).predict(X)
    np.testing.assert_allclose((single - 1e6) / 1000, model.predict(X), rtol=1e-3, atol=1e-4)


def test_predictions_follow_the_units_of_every_output():
    X, y = problem()
    targets, scale, shift = np.c_[y, y**2, -y], np.array([1e-6, 1.0, 1e5]), np.array([0, -7, 1e4])
    model = make("LSTMRegressor", dtype="float64").fit(X, targets)
    scaled = make("LSTMRegressor", dtype="float64").fit(X, scale * targets + shift)
    expected = scale * model.predict(X) + shift
    np.testing.assert_allclose(scaled.predict(X), expected, rtol=1e-7)


def test_without_normalization_the_network_predicts_y_itself():
    X, y = problem()
    still = {"learning_rate_init": 1e-12, "alpha": 0, "max_iter": 1, "dtype": "float64"}
    model = make("GRURegressor", normalize_y=False, **still).fit(X, y)
    np.testing.assert_allclose(model.loss_, np.mean((model.predict(X) - y) ** 2) / 2, rtol=1e-9)
    other = make("GRURegressor", normalize_y=False, **still).fit(X, 1000 * y + 1e6)
    np.testing.assert_allclose(other.predict(X), model.predict(X), atol=1e-9)
    normalized = make("GRURegressor", **still).fit(X, y)
    expected = np.mean((normalized.predict(X) - y) ** 2) / 2 / y.var()
    np.testing.assert_allclose(normalized.loss_, expected, rtol=1e-9)


@pytest.mark.parametrize("name", REGRESSORS)
def test_constant_targets(name):
    X, _ = problem()
    zero = make(name).fit(X, np.zeros(30)).predict(X)
    np.testing.assert_array_equal(make(name).fit(X, np.full(30, 5.0)).predict(X), zero + 5)
    # A network that sees nothing else learns it.
    model = make(name, max_iter=200, learning_rate_init=0.01, dtype="float64")
    np.testing.assert_allclose(model.fit(X, np.full(30, 1e6)).predict(X), 1e6, rtol=1e-7)
    varied = np.c_[np.full(30, 5.0), np.arange(30)]
    np.testing.assert_allclose(model.fit(X, varied).predict(X)[:, 0], 5, atol=0.2)


@pytest.mark.parametrize("name", REGRESSORS)
def test_shape_of_y_is_kept(name):
    X, y = problem()
    flat, column = make(name).fit(X, y), make(name).fit(X, y[:, np.newaxis])
    assert flat.predict(X).shape == (30,)
    assert column.predict(X).shape == (30, 1)
    np.testing.assert_array_equal(column.predict(X)[:, 0], flat.predict(X))
    several = make(name).fit(X, np.c_[y, 2 * y, y**3])
    assert several.predict(X).shape == (30, 3)
    assert several.predict(X[:1]).shape == (1, 3)
    assert [m.n_outputs_ for m in (flat, column, several)] == [1, 1, 3]
    assert flat.out_activation_ == "identity"


def test_forms_of_y():
    pd = pytest.importorskip("pandas")
    X, y = problem()
    expected = make("GRURegressor").fit(X, y)._theta
    for form in (list(y), tuple(y), pd.Series(y, index=range(30, 60)), y.astype(object)):
        np.testing.assert_array_equal(make("GRURegressor").fit(X, form)._theta, expected)
    frame = pd.DataFrame({"a": y, "b": -y})
    assert make("GRURegressor").fit(X, frame).predict(X).shape == (30, 2)


@pytest.mark.parametrize("name", REGRESSORS)
def test_score_is_r2(name):
    X, y = problem()
    model = make(name).fit(X, y)
    assert model.score(X, y) == r2_score(y, model.predict(X))


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_long_fit_is_right(name):
    X, y = problem()
    model = make(name, 16, max_iter=300, learning_rate_init=0.01).fit(X, y)
    assert model.score(X, y) > 0.999


# Classes as targets.

LABELS = {
    "text": (["down", "flat", "up"], np.str_),
    "numbers": ([-7, 0, 12], np.int64),
    "bytes": (np.array([3, 5, 250], np.uint8), np.uint8),
    "whole floats": ([-1.0, 0.0, 2.0], np.float64),
    "objects": (np.array(["a", "bb", "c"], object), (np.object_, np.str_)),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels(name, labels, n_classes):
    X, y = problem(name)
    y = np.minimum(y, n_classes - 1)
    values = np.asarray(LABELS[labels][0])[:n_classes]
    plain, named = make(name).fit(X, y), make(name).fit(X, values[y])
    np.testing.assert_array_equal(named.classes_, values)
    np.testing.assert_array_equal(named._theta, plain._theta)
    np.testing.assert_array_equal(named.predict(X), values[plain.predict(X)])
    assert issubclass(named.predict(X).dtype.type, LABELS[labels][1])
    proba = named.predict_proba(X)
    np.testing.assert_array_equal(proba, plain.predict_proba(X))
    assert proba.shape == (30, n_classes)
    assert (proba > 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(named.predict_log_proba(X), np.log(proba), rtol=1e-12)
    np.testing.assert_array_equal(named.predict(X), values[proba.argmax(axis=1)])
    assert named.n_outputs_ == (1 if n_classes == 2 else 3)
    assert named.out_activation_ == ("logistic" if n_classes == 2 else "softmax")
    assert named.score(X, values[y]) == accuracy_score(values[y], named.predict(X))


def test_true_and_false():
    X, y = problem()
    model = make("GRUClassifier").fit(X, y > 0)
    assert model.classes_.tolist() == [False, True]
    assert model.predict(X).dtype == bool


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_columns_of_probabilities_are_those_of_classes(name, n_classes):
    """Learnt well, the probability is high in the column of the right class."""
    X, y = problem(name)
    y = np.array(["c", "b", "a"])[np.minimum(y, n_classes - 1)]
    model = make(name, 16, max_iter=300, learning_rate_init=0.01).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)
    right = model.predict_proba(X)[np.arange(30), np.searchsorted(model.classes_, y)]
    assert right.mean() > 0.95
    # And it is what the loss is made of.
    still = {"learning_rate_init": 1e-12, "alpha": 0, "max_iter": 1, "dtype": "float64"}
    model = make(name, **still).fit(X, y)
    right = model.predict_proba(X)[np.arange(30), np.searchsorted(model.classes_, y)]
    np.testing.assert_allclose(model.loss_, -np.log(right).mean(), rtol=1e-9)


def test_a_column_of_classes_warns():
    X, y = problem("GRUClassifier")
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        model = make("GRUClassifier").fit(X, y[:, np.newaxis])
    np.testing.assert_array_equal(model._theta, make("GRUClassifier").fit(X, y)._theta)
    assert model.predict(X).shape == (30,)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_probabilities_are_finite(n_classes):
    """Also where the probability itself is too small for a float64."""
    X, y = problem("RNNClassifier")
    y = np.minimum(y, n_classes - 1)
    model = make("RNNClassifier", 30, activation="relu", max_iter=30, learning_rate_init=0.1)
    model.fit(X, y)
    far = 1e4 * X
    log_proba = model.predict_log_proba(far)
    assert log_proba.min() < -1000
    assert np.isfinite(log_proba).all()
    np.testing.assert_allclose(np.exp(log_proba), model.predict_proba(far), atol=1e-12)


# The hidden state as features.


@pytest.mark.parametrize("sizes", [(4,), (3, 6)])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_transform(name, sizes):
    X, y = problem(name)
    model = make(name, sizes).fit(X, y)
    features = model.transform(X)
    assert features.shape == (30, sizes[-1])
    names = [f"{name.lower()}{k}" for k in range(sizes[-1])]
    assert model.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(make(name, sizes).fit_transform(X, y), features)
    # The raw prediction is linear in them.
    raw = model.predict(X)
    if is_classifier(model):
        log_proba = model.predict_log_proba(X)
        raw = log_proba[:, 1:] - log_proba[:, :1]
    inputs = np.c_[features, np.ones(30)].astype(np.float64)
    weights, *_ = np.linalg.lstsq(inputs, raw)
    np.testing.assert_allclose(inputs @ weights, raw, atol=1e-5)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_transform_in_a_pipeline(name):
    X, y = problem(name)
    pipeline = make_pipeline(make(name), StandardScaler(), Ridge()).fit(X, y)
    features = make(name).fit(X, y).transform(X)
    scaled = StandardScaler().fit_transform(features)
    np.testing.assert_array_equal(pipeline.predict(X), Ridge().fit(scaled, y).predict(scaled))


def test_transform_to_a_frame():
    pd = pytest.importorskip("pandas")
    X, y = problem()
    model = make("LSTMRegressor").fit(X, y)
    expected = model.transform(X)
    for form in (X, list(X), Sequences(X.reshape(-1, 2), np.arange(30) * 5, np.full(30, 5))):
        frame = model.set_output(transform="pandas").transform(form)
        assert isinstance(frame, pd.DataFrame)
        assert list(frame) == [f"lstmregressor{k}" for k in range(4)]
        np.testing.assert_array_equal(frame, expected)


# Stopping.


def epochs_until_stop(merits, tol, n_iter_no_change):
    """The rule in words: more than so many epochs in a row, none better than the best by tol."""
    n_idle = 0
    for n_epochs, merit in enumerate(merits, 1):
        best_before = max(merits[: n_epochs - 1], default=-np.inf)
        n_idle = 0 if merit >= best_before + tol else n_idle + 1
        if n_idle > n_iter_no_change:
            return n_epochs
    return None


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_stops_when_nothing_improves(name, early_stopping):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3, "tol": 0.01,
               "learning_rate_init": 0.03}  # fmt: skip
    full = make(name, max_iter=120, **options).fit(X, y)
    assert full.n_iter_ == len(full.loss_curve_) == 120
    merits = full.validation_scores_ if early_stopping else [-loss for loss in full.loss_curve_]
    expected = epochs_until_stop(merits, 0.01, 4)
    assert 6 <= expected < 120
    stopped = make(name, max_iter=120, n_iter_no_change=4, **options).fit(X, y)
    assert stopped.n_iter_ == expected
    assert stopped.loss_curve_ == full.loss_curve_[:expected]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_early_stopping_restores_the_best_epoch(name):
    X, y = problem(name)
    options = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.05}
    model = make(name, max_iter=40, **options).fit(X, y)
    best = int(np.argmax(model.validation_scores_))
    assert best < 39
    assert model.best_validation_score_ == model.validation_scores_[best]
    until_best = make(name, max_iter=best + 1, **options).fit(X, y)
    assert until_best.validation_scores_ == model.validation_scores_[: best + 1]
    np.testing.assert_array_equal(model._theta, until_best._theta)
    assert_same_outputs(model, X, until_best, X)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_score_of_the_held_out_part(name):
    """Held out are the sequences that do not matter for the first epoch."""
    X, y = problem(name, n_samples=20)
    options = {"early_stopping": True, "validation_fraction": 0.3}
    theta = make(name, max_iter=1, **options).fit(X, y)._theta
    held_out = []
    for i in range(20):
        other = X.copy()
        other[i] += 1
        if np.array_equal(make(name, max_iter=1, **options).fit(other, y)._theta, theta):
            held_out.append(i)
    assert len(held_out) == 6
    model = make(name, max_iter=20, learning_rate_init=0.03, **options).fit(X, y)
    score = model.score(X[held_out], y[held_out])
    if is_classifier(model):
        assert score == model.best_validation_score_
        # Every class has its share.
        np.testing.assert_allclose(np.bincount(y[held_out]), 0.3 * np.bincount(y), atol=1)
    else:
        np.testing.assert_allclose(score, model.best_validation_score_, atol=1e-5)
    assert model.t_ == 20 * 14
    # The others, with targets of their own, are what is trained on.
    others = np.setdiff1d(np.arange(20), held_out)
    still = {"learning_rate_init": 1e-12, "alpha": 0, "max_iter": 1, "dtype": "float64"}
    model = make(name, **still, **options).fit(X, y)
    if is_classifier(model):
        expected = -model.predict_log_proba(X[others])[np.arange(14), y[others]].mean()
    else:
        expected = np.mean((model.predict(X[others]) - y[others]) ** 2) / 2 / y.var()
    np.testing.assert_allclose(model.loss_, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_attributes_of_training(name):
    X, y = problem(name)
    model = make(name, max_iter=7, learning_rate_init=0.2).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 7
    assert model.t_ == 7 * 30
    assert model.loss_ == model.loss_curve_[-1]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None
    assert all(type(loss) is float for loss in model.loss_curve_)
    model.set_params(early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(model.validation_scores_) == len(model.loss_curve_) == 7
    assert model.best_loss_ is None
    assert model.best_validation_score_ == max(model.validation_scores_)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_convergence_warning(name):
    X, y = problem(name)
    with pytest.warns(ConvergenceWarning, match="reached max_iter=2 epochs") as record:
        make(name, max_iter=2, n_iter_no_change=10).fit(X, y)
    assert len(record) == 1
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A fixed number of epochs was asked for.
        make(name, max_iter=2).fit(X, y)
        # Converged before, and in the very last epoch: no improvement is large enough.
        assert make(name, max_iter=9, tol=1e3, n_iter_no_change=2).fit(X, y).n_iter_ == 4
        assert make(name, max_iter=4, tol=1e3, n_iter_no_change=2).fit(X, y).n_iter_ == 4
    with pytest.warns(ConvergenceWarning):
        make(name, max_iter=3, tol=1e3, n_iter_no_change=2).fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_verbose(name, capsys):
    X, y = problem(name)
    make(name).fit(X, y)
    assert capsys.readouterr().out == ""
    model = make(name, verbose=True, tol=1e3, n_iter_no_change=1, max_iter=9).fit(X, y)
    assert capsys.readouterr().out.splitlines() == [
        *(f"Iteration {k}, loss = {loss:.8f}" for k, loss in enumerate(model.loss_curve_, 1)),
        "Training loss did not improve more than tol=1000.000000 for 1 consecutive epochs. "
        "Stopping.",
    ]
    model.set_params(early_stopping=True, validation_fraction=0.3, tol=0, max_iter=2)
    model.set_params(n_iter_no_change=np.inf).fit(X, y)
    lines = zip(model.loss_curve_, model.validation_scores_, strict=True)
    assert capsys.readouterr().out.splitlines() == [
        line
        for k, (loss, score) in enumerate(lines, 1)
        for line in (f"Iteration {k}, loss = {loss:.8f}", f"Validation score: {score:f}")
    ]


# BLAS.


def n_blas_threads():
    """Empty where threadpoolctl knows no BLAS."""
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_overlapping_calls_leave_blas_as_it_was():
    """As of two threads, where the first to come is the first to go."""
    first, second = ExitStack(), ExitStack()
    with threadpool_limits(3, user_api="blas"):
        first.enter_context(single_threaded_blas())
        second.enter_context(single_threaded_blas())
        first.close()
        assert n_blas_threads() <= {1}
        second.close()
        assert n_blas_threads() <= {3}


def test_threads_leave_blas_as_it_was():
    X, y = problem()
    model = make("GRURegressor").fit(X, y)
    with threadpool_limits(3, user_api="blas"):
        with ThreadPoolExecutor(4) as executor:
            predictions = list(executor.map(lambda _: model.predict(X), range(100)))
        assert n_blas_threads() <= {3}
    np.testing.assert_array_equal(predictions, [model.predict(X)] * 100)


# Failure.


def copy_of(estimator):
    return {name: np.copy(v) if isinstance(v, np.ndarray) else v for name, v in
            vars(estimator).items()}  # fmt: skip


def assert_unchanged(estimator, before):
    """The same attributes, the same objects, with the same numbers in arrays."""
    assert list(vars(estimator)) == list(before)
    for name, value in vars(estimator).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, before[name])
        else:
            assert value is before[name]


def diverging(name):
    parameters = {"learning_rate_init": 1e30, "dtype": "float32"}
    return parameters | {"activation": "relu"} if name.startswith("RNN") else parameters


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_divergence_leaves_everything_as_it_was(name, early_stopping):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    model = make(name, **options).fit(X, y)
    predictions = outputs(model, X)
    model.set_params(**diverging(name))
    before = copy_of(model)
    with pytest.raises(ValueError, match=r"(?i)learning_rate_init"):
        model.fit(X, y)
    assert_unchanged(model, before)
    for ours, theirs in zip(outputs(model, X), predictions, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    unfitted = make(name, **diverging(name), **options)
    before = copy_of(unfitted)
    with pytest.raises(ValueError, match=r"(?i)learning_rate_init"):
        unfitted.fit(X, y)
    assert_unchanged(unfitted, before)
    with pytest.raises(NotFittedError):
        unfitted.predict(X)


def test_penalty_that_overflows():
    X, y = problem()
    with pytest.raises(ValueError, match="Training diverged in epoch 1"):
        make("GRURegressor", alpha=1e300).fit(X, y)


def failures(name):
    X, y = problem(name)
    nan = X.copy()
    nan[3, 2, 1] = np.nan
    return {
        "X": ((nan, y), {}, "sequence 3, step 2, feature 1"),
        "other X": ((np.ones((30, 4, 7)), y[:29]), {}, r"inconsistent .* \[30, 29\]"),
        "y": ((X, np.full(30, np.nan)), {}, "Input y contains NaN"),
        "no y": ((X, None), {}, f"{name} estimator requires y to be passed"),
        "3-D y": ((X, np.ones((30, 1, 1))), {}, "dim 3"),
        "parameter": ((X, y), {"alpha": -1}, "'alpha' parameter"),
        "layers": ((X, y), {"hidden_layer_sizes": (3, 0)}, r"hidden_layer_sizes=\(3, 0\)"),
        "validation part": (
            (X, y),
            {"early_stopping": True, "validation_fraction": 0.01},
            "validation_fraction|test_size",
        ),
    }


@pytest.mark.parametrize("failure", failures(""))
@pytest.mark.parametrize("name", ESTIMATORS)
def test_failure_leaves_everything_as_it_was(name, failure):
    X, y = problem(name)
    (wrong_X, wrong_y), parameters, message = failures(name)[failure]
    for model in (make(name).fit(X, y), make(name)):
        model.set_params(**parameters)
        before = copy_of(model)
        with pytest.raises(ValueError, match=message):
            model.fit(wrong_X, wrong_y)
        assert_unchanged(model, before)


def test_interruption_leaves_everything_as_it_was(monkeypatch):
    X, y = problem()
    model = make("GRURegressor", verbose=True, max_iter=2).fit(X, y)
    before = copy_of(model)

    def interrupt(line):
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.print", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(-X, y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_second_fit_forgets_the_first(name):
    pd = pytest.importorskip("pandas")
    X, y = problem(name)
    model = make(name, early_stopping=True, validation_fraction=0.3)
    model.fit(pd.DataFrame(X[:, :, 0], columns=[*"abcde"]), y)
    model.set_params(early_stopping=False).fit(X, y)
    fresh = make(name, validation_fraction=0.3).fit(X, y)
    assert vars(model).keys() == vars(fresh).keys()
    np.testing.assert_array_equal(model._theta, fresh._theta)
    assert model.validation_scores_ is None


# Wrong parameters and targets.

WRONG_PARAMETERS = {
    "hidden_layer_sizes": [0, -1, 2.0, None, "8"],
    "solver": ["lbfgs ", None, 0],
    "alpha": [-1e-9, np.nan, np.inf, "0", None],
    "batch_size": [0, 2.5, "all", None],
    "learning_rate_init": [0, -1.0, np.nan, np.inf, None],
    "max_iter": [0, 2.5, None, np.inf],
    "shuffle": [1, "yes", None],
    "random_state": [-1, "seed", np.random.default_rng(0)],
    "tol": [-1e-4, np.nan, None],
    "verbose": [-1, "yes", None],
    "momentum": [-0.1, 1.1, None],
    "nesterovs_momentum": [1, None],
    "early_stopping": [1, "yes", None],
    "validation_fraction": [0, 1, -0.1, None],
    "beta_1": [-0.1, 1, None],
    "beta_2": [-0.1, 1, None],
    "epsilon": [0, -1e-8, None],
    "n_iter_no_change": [0, 2.5, -np.inf, None],
    "dropout": [-0.1, 1, None],
    "max_grad_norm": [0, -1, "1"],
    "dtype": ["float16", "double", np.float32, None],
    "normalize_y": [2, "yes", None],
    "reset_after": [2, "yes", None],
    "activation": ["sigmoid", None, np.tanh],
    "cell": ["LSTM", "elman", None],
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name in ESTIMATORS
        for parameter in inspect.signature(getattr(skrnn, name)).parameters
    ],
)
def test_wrong_parameters(name, parameter):
    X, y = problem(name)
    for value in WRONG_PARAMETERS[parameter]:
        model = make(name).set_params(**{parameter: value})
        with pytest.raises(ValueError, match=f"The '{parameter}' parameter of {name} must be"):
            model.fit(X, y)


@pytest.mark.parametrize(
    "sizes",
    [[], (3, 0), (3.0,), [[3, 4]], True, [True], (3, -1), ["a"], {3, 4}, [[3], [4, 5]]],
    ids=repr,
)
def test_wrong_layers(sizes):
    X, y = problem()
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=.*; expected a positive int or"):
        GRURegressor(sizes).fit(X, y)


def test_layers_too_large_for_memory():
    X, y = problem()
    with pytest.raises(MemoryError, match=r"hidden_layer_sizes=10000000000 needs \d+ weights"):
        GRURegressor(10**10).fit(X, y)


def test_unknown_parameter():
    with pytest.raises(TypeError, match="n_jobs"):
        GRURegressor(n_jobs=2)
    with pytest.raises(ValueError, match="Invalid parameter 'cell' for estimator GRURegressor"):
        GRURegressor().set_params(cell="lstm")


def test_parameters_are_keyword_only_as_in_scikit_learn():
    with pytest.raises(TypeError, match="positional argument"):
        LSTMRegressor(10, "adam")
    assert RNNRegressor(10, "relu").activation == "relu"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(29), r"inconsistent numbers of samples: \[30, 29\]"),
        (np.zeros((30, 1, 1)), "dim 3"),
        (np.zeros((30, 0)), "0 feature"),
        (["a"] * 30, "could not convert string to float"),
        (np.full(30, np.inf), "Input y contains infinity"),
        (np.zeros(30, complex), "Complex data not supported"),
        (3.0, "array|length|Singleton"),
    ],
)
def test_wrong_numbers(y, message):
    X, _ = problem()
    with pytest.raises((ValueError, TypeError), match=message):
        make("GRURegressor").fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(29, int), r"inconsistent numbers of samples: \[30, 29\]"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
        (np.zeros(30, int), r"y has one class only, .*0.*; a classifier needs at least two"),
        (["a"] * 30, "y has one class only, .*a"),
        (np.eye(30, 2, dtype=int), "y should be a 1d array"),
        (np.full(30, np.nan), "Input y contains NaN"),
    ],
)
def test_wrong_classes(y, message):
    X, _ = problem()
    with pytest.raises(ValueError, match=message):
        make("GRUClassifier").fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_too_little_to_hold_out(name):
    X, y = problem(name)
    model = make(name, early_stopping=True, validation_fraction=0.03)
    with pytest.raises(ValueError, match=r"validation_fraction=0\.03 of 30 sequences"):
        model.fit(X, y)


@pytest.mark.parametrize("fraction", [0.05, 0.95])
def test_too_little_of_every_class(fraction):
    X, y = problem("GRUClassifier")
    model = make("GRUClassifier", early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match=r"validation_fraction=.* expected at least 3 in each"):
        model.fit(X, y)


def test_class_too_small_to_hold_out():
    X, y = problem()
    y = np.where(np.arange(30) == 4, "rare", "common")
    model = make("GRUClassifier", early_stopping=True, validation_fraction=0.3)
    with pytest.raises(ValueError, match=r"one sequence of the classes \['rare'\]; early_stopping"):
        model.fit(X, y)


# The object.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_parameters(name):
    X, y = problem(name)
    defaults = {
        p.name: p.default for p in inspect.signature(getattr(skrnn, name)).parameters.values()
    }
    assert getattr(skrnn, name)().get_params() == defaults
    assert repr(getattr(skrnn, name)()) == f"{name}()"
    model = make(name, (3, 2), alpha=0.5)
    before = model.get_params()
    model.fit(X, y)
    assert model.get_params() == before == defaults | {
        "hidden_layer_sizes": (3, 2), "alpha": 0.5, "max_iter": 3, "n_iter_no_change": np.inf,
        "random_state": 0,
    }  # fmt: skip
    copied = clone(model)
    assert copied.get_params() == before
    assert vars(copied).keys() == before.keys()
    # The constructor and set_params look at nothing.
    assert make(name).set_params(alpha="wrong").alpha == "wrong"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pickle(name):
    X, y = problem(name)
    model = make(name, (4, 3), early_stopping=True, validation_fraction=0.3).fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    assert vars(copied).keys() == vars(model).keys()
    assert copied.get_params() == model.get_params()
    assert copied.loss_curve_ == model.loss_curve_
    assert_same_outputs(copied, X, model, X)
    np.testing.assert_array_equal(copied.fit(X, y)._theta, model.fit(X, y)._theta)


def test_fit_returns_the_estimator():
    X, y = problem()
    model = make("GRURegressor")
    assert model.fit(X, y) is model


def test_fit_and_predict_leave_the_data_alone():
    X, y = problem()
    X[2, :3] = np.nan
    kept_X, kept_y = X.copy(), y.copy()
    make("LSTMRegressor", dtype="float64").fit(X, y).predict(X)
    np.testing.assert_array_equal(X, kept_X)
    np.testing.assert_array_equal(y, kept_y)


# The documentation.

PUBLIC_CLASSES = [name for name in skrnn.__all__ if inspect.isclass(getattr(skrnn, name))]


def described(cls, section):
    """Names and types in a numpydoc section of a class."""
    text = inspect.cleandoc(cls.__doc__)
    _, _, text = text.partition(f"{section}\n{'-' * len(section)}\n")
    text = re.split(r"\n\n[A-Z][A-Za-z ]+\n---", text)[0]
    assert text, f"{cls.__name__} has no section {section}"
    entries = {}
    for entry in re.split(r"\n(?=\S)", text):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        assert kind, f"{cls.__name__}: {head!r} has no type"
        assert len(body.split()) >= 2, f"{cls.__name__}: {head!r} is not described"
        entries |= dict.fromkeys(names.split(", "), kind)
    return entries


@pytest.mark.parametrize("name", PUBLIC_CLASSES)
def test_every_parameter_is_described(name):
    cls = getattr(skrnn, name)
    parameters = inspect.signature(cls).parameters
    kinds = described(cls, "Parameters")
    assert list(kinds) == list(parameters)
    for parameter, kind in kinds.items():
        _, _, default = kind.partition("default=")
        if parameters[parameter].default is inspect.Parameter.empty:
            assert not default
        else:
            assert ast.literal_eval(default) == parameters[parameter].default


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_fitted_attribute_is_described(name, early_stopping):
    pd = pytest.importorskip("pandas")
    X, y = problem(name)
    frame = pd.DataFrame(X[:, :, 0], columns=[*"abcde"])
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    model = make(name, **options).fit(frame, y)
    attributes = {a for a in vars(model) if a.endswith("_") and not a.startswith("_")}
    assert set(described(type(model), "Attributes")) == attributes


def test_attributes_of_the_others_are_described():
    pd = pytest.importorskip("pandas")
    window = skrnn.SlidingWindow(2).fit(pd.DataFrame({"a": [1.0, 2.0]}))
    attributes = {a for a in vars(window) if a.endswith("_")}
    assert set(described(skrnn.SlidingWindow, "Attributes")) == attributes
    assert set(described(Sequences, "Attributes")) <= set(dir(Sequences))


def test_a_missing_description_is_found():
    class Undocumented:
        """Nothing.

        Parameters
        ----------
        there : int, default=3
            Something that is.

        Attributes
        ----------
        other : int
            Something else.
        """

    assert described(Undocumented, "Parameters") == {"there": "int, default=3"}
    assert described(Undocumented, "Attributes") == {"other": "int"}
    with pytest.raises(AssertionError, match="no section Returns"):
        described(Undocumented, "Returns")


def test_import_without_docstrings():
    subprocess.run([sys.executable, "-OO", "-c", "import skrnn"], check=True, timeout=60)


def test_public_names():
    assert set(ESTIMATORS) == {n for n in skrnn.__all__ if n.endswith(("Regressor", "Classifier"))}
