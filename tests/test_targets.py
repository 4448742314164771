"""Numbers and classes as targets, and the hidden state as features."""

import numpy as np
import pytest
import sklearn
from sklearn.base import is_classifier
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import Sequences
from tests._estimators import CLASSIFIERS, ESTIMATORS, REGRESSORS, make, problem

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
    # Only the mean, where the head begins, is known of the units.
    other = make("GRURegressor", normalize_y=False, **still).fit(X, 1000 * y + 1e6)
    shift = np.mean(1000 * y + 1e6) - y.mean()
    np.testing.assert_allclose(other.predict(X), model.predict(X) + shift, atol=1e-8)
    normalized = make("GRURegressor", **still).fit(X, y)
    expected = np.mean((normalized.predict(X) - y) ** 2) / 2 / y.var()
    np.testing.assert_allclose(normalized.loss_, expected, rtol=1e-9)


@pytest.mark.parametrize("name", REGRESSORS)
def test_constant_targets(name):
    X, _ = problem()
    zero = make(name).fit(X, np.zeros(30)).predict(X)
    np.testing.assert_array_equal(make(name).fit(X, np.full(30, 5.0)).predict(X), zero + 5)
    # A network that sees nothing else learns it; from other seeds as well as from this one.
    model = make(name, max_iter=400, learning_rate_init=0.02, dtype="float64")
    np.testing.assert_allclose(model.fit(X, np.full(30, 1e6)).predict(X), 1e6, rtol=1e-7)
    varied = np.c_[np.full(30, 5.0), np.arange(30)]
    np.testing.assert_allclose(model.fit(X, varied).predict(X)[:, 0], 5, atol=0.05)


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


# Numbers out of range.


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("name", REGRESSORS)
def test_frames_as_output_are_for_the_user_only(name, library):
    """A scaler inside would make frames of the targets."""
    pytest.importorskip(library)
    X, y = problem()
    with sklearn.config_context(transform_output=library):
        model = make(name).fit(X, y)
        predictions = model.predict(X)
        assert type(model.transform(X)).__module__.startswith(library)
    np.testing.assert_array_equal(predictions, make(name).fit(X, y).predict(X))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "transform"])
def test_predictions_that_overflow(method):
    """They are refused, not taken for a class."""
    X, y = problem("RNNClassifier")
    model = make("RNNClassifier", activation="relu").fit(X, y)
    far = X.copy()
    far[3] *= 1e38
    model._theta *= 100
    what = "hidden state" if method == "transform" else "prediction"
    with pytest.raises(ValueError, match=f"The {what} of sample 3 is not finite: .* scaled as"):
        getattr(model, method)(far)
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"y is too large: the variance overflows .* is 1e\+200\)\. Divide y"),
        ({"dtype": "float64"}, "y is too large: the variance overflows"),
        ({"loss": "poisson"}, "y is too large: the variance overflows"),
        ({"normalize_y": False}, r"y contains 1e\+200, which is too large for float32 .* Divide y"),
    ],
)
def test_targets_that_overflow(parameters, message):
    X, y = problem()
    y = np.abs(y) / np.abs(y).max() * 1e200
    y[0] = 1e200
    with pytest.raises(ValueError, match=message):
        make("GRURegressor", **parameters).fit(X, y)
    model = make("GRURegressor").fit(X, y / 1e60)  # warnings are errors
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0.1, 1e6 / 3, 1e15, 1e15 / 3])
def test_constant_targets_with_weights(value, dtype):
    """Their variance is that of rounding, and may be negative. Warnings are errors."""
    X, _ = problem()
    for seed in range(20):
        weight = np.random.default_rng(seed).uniform(size=30)
        # The first weights, as steps are too small: without a scale they predict value + w · h.
        model = make("GRURegressor", max_iter=1, dtype=dtype, learning_rate_init=1e-12)
        model.fit(X, np.full(30, value), sample_weight=weight)
        raw = model.transform(X) @ model.named_parameters()["weight_out"][0]
        np.testing.assert_allclose(model.predict(X), value + raw, rtol=1e-5, atol=1e-6 * value)


def test_poisson_that_overflows_in_validation():
    """The message is of training, not of the input."""
    X, y = problem()
    model = make(
        "GRURegressor", loss="poisson", solver="sgd", learning_rate_init=3.0, normalize_y=False,
        early_stopping=True, validation_fraction=0.3, max_iter=50, max_grad_norm=None,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"Training diverged in epoch \d+: .*lower learning_rate"):
        model.fit(X, np.exp(y))


@pytest.mark.parametrize("name", REGRESSORS)
def test_text_is_no_target_of_a_regressor(name):
    X, _ = problem()
    with pytest.raises(ValueError, match=r"y has text; expected numbers\. A classifier learns"):
        make(name).fit(X, ["a"] * 30)
