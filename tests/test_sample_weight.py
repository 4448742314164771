"""Weights: two is twice, zero is not there."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import compute_class_weight

from tests._estimators import CLASSIFIERS, ESTIMATORS, assert_same_outputs, make, problem

LOSSES = ["squared_error", "absolute_error", "huber", "quantile", "poisson"]
SOLVERS = ["adam", "adamw", "rmsprop", "sgd", "lbfgs"]
few_iterations = pytest.mark.filterwarnings("ignore:Training reached max_iter=3 iterations")


def exact(name, **parameters):
    """In double precision, in order."""
    return make(name, dtype="float64", shuffle=False, **({"alpha": 0.1} | parameters))


def assert_equivalent(name, y=None, **parameters):
    """Weights of 0, 1, 2 and 3 are what leaving out and repeating is."""
    X, given = problem(name)
    y = given if y is None else y
    weight = np.random.default_rng(1).integers(0, 4, 30)
    repeated = np.repeat(np.arange(30), weight)
    n_kept = np.count_nonzero(weight)  # all in a single minibatch
    weighted = exact(name, batch_size=n_kept, **parameters).fit(X, y, sample_weight=weight)
    plain = exact(name, batch_size=len(repeated), **parameters).fit(X[repeated], y[repeated])
    np.testing.assert_allclose(weighted.loss_curve_, plain.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(weighted.transform(X), plain.transform(X), rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(weighted._theta, plain._theta, rtol=1e-6, atol=1e-9)


@few_iterations
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_twice_is_repeated(name, solver):
    assert_equivalent(name, solver=solver)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("normalize_y", [False, True])
def test_twice_is_repeated_with_every_loss(loss, normalize_y):
    _, y = problem()
    assert_equivalent("GRURegressor", np.abs(y), loss=loss, normalize_y=normalize_y)


def test_twice_is_repeated_where_the_linear_path_begins():
    """Not in what follows, as the sequences that decide on its end are a part by number."""
    X, y = problem()
    weight = np.random.default_rng(1).integers(0, 4, 30)
    repeated = np.repeat(np.arange(30), weight)
    standing = {"solver": "sgd", "learning_rate_init": 5e-324, "max_grad_norm": 0.1, "max_iter": 1}
    weighted = make("GRURegressor", ar_steps=3, dtype="float64", **standing)
    plain = clone(weighted).fit(X[repeated], y[repeated])
    weighted.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(weighted.predict(X), plain.predict(X), rtol=1e-9)


def test_twice_is_repeated_with_labels():
    _, y = problem()
    assert_equivalent("GRUClassifier", np.c_[y > 0, y > 0.2, y < -0.1].astype(int))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_zero_is_left_out(name):
    """To the last bit, at equal seeds, with minibatches and with early stopping."""
    X, y = problem(name)
    weight = np.random.default_rng(1).choice([0.0, 0.5, 2.0], 30)
    kept = weight > 0
    options = {"batch_size": 5, "early_stopping": True, "validation_fraction": 0.4}
    model = make(name, **options).fit(X, y, sample_weight=weight)
    expected = make(name, **options).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_same_outputs(model, X, expected, X)
    assert model.validation_scores_ == expected.validation_scores_
    assert model.t_ == expected.t_


@pytest.mark.parametrize("name", ESTIMATORS)
def test_equal_weights_do_not_matter(name):
    X, y = problem(name)
    without = exact(name, alpha=0).fit(X, y)
    for weight in (np.ones(30), np.full(30, 4.0)):
        model = exact(name, alpha=0).fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(model._theta, without._theta)


def test_the_validation_part_is_weighted():
    X, y = problem()
    weight = np.where(np.arange(30) < 15, 1e-9, 1.0)
    options = {"early_stopping": True, "validation_fraction": 0.99 / 3, "max_iter": 1,
               "validation_split": "last", "dtype": "float64"}  # fmt: skip
    model = make("GRURegressor", **options).fit(X, y, sample_weight=weight)
    losses = (model.predict(X) - y) ** 2 / model._target.scaler.var_ / 2
    assert model.validation_loss_curve_ == [pytest.approx(losses[20:].mean(), rel=1e-9)]
    scored = make("GRURegressor", scoring="r2", **options).fit(X, y, sample_weight=weight)
    scores = model.score(X[20:], y[20:], sample_weight=np.ones(10))
    assert scored.validation_scores_ == [pytest.approx(scores, rel=1e-9)]
    weight[-1] = 1e9  # the last sequence is all that counts
    other = make("GRURegressor", **options).fit(X, y, sample_weight=weight)
    loss = (other.predict(X)[-1] - y[-1]) ** 2 / other._target.scaler.var_[0] / 2
    assert other.validation_loss_curve_ == [pytest.approx(loss, rel=1e-6)]
    other.set_params(scoring="r2").fit(X, y, sample_weight=weight)
    assert other.validation_scores_ != scored.validation_scores_


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_class_weight(name):
    X, y = problem(name)
    classes = np.array(["a", "b", "c"])
    labels = classes[y]
    balanced = compute_class_weight("balanced", classes=classes, y=labels)
    weights = dict(zip("abc", balanced, strict=True))
    factor = np.array([weights[label] for label in labels])
    sample_weight = np.random.default_rng(0).uniform(0.5, 2, 30)
    by_sample = make(name).fit(X, labels, sample_weight=factor)
    for class_weight in (weights, "balanced"):
        model = make(name, class_weight=class_weight).fit(X, labels)
        assert_same_outputs(model, X, by_sample, X)
    model = make(name, class_weight=weights).fit(X, labels, sample_weight=sample_weight)
    both = make(name).fit(X, labels, sample_weight=sample_weight * factor)
    assert_same_outputs(model, X, both, X)


@few_iterations
def test_balanced_is_by_weight():
    """Repeated sequences count twice, those without weight do not."""
    X, y = problem("GRUClassifier")
    weight = np.random.default_rng(1).integers(0, 4, 30)
    repeated = np.repeat(np.arange(30), weight)
    options = {"class_weight": "balanced", "solver": "lbfgs"}  # all sequences at once
    weighted = exact("GRUClassifier", **options).fit(X, y, sample_weight=weight)
    plain = exact("GRUClassifier", **options).fit(X[repeated], y[repeated])
    np.testing.assert_allclose(weighted.loss_curve_, plain.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "a", None])
def test_wrong_class_weight(value):
    X, y = problem("GRUClassifier")
    with pytest.raises(ValueError, match=r"class_weight=.*; expected finite numbers of at least 0"):
        make("GRUClassifier", class_weight={0: value, 1: 1.0, 2: 1.0}).fit(X, y)


@pytest.mark.parametrize("class_weight", [[1, 2], [{0: 1, 1: 2}]])
def test_list_of_class_weights(class_weight):
    X, y = problem("GRUClassifier")
    with pytest.raises(ValueError, match=r"class_weight=\[.*; expected a dict of class: weight"):
        make("GRUClassifier", class_weight=class_weight).fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_min_length(name):
    """Shorter sequences are not trained on, and are predicted."""
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((length, 2)) for length in rng.integers(1, 6, 30)]
    _, y = problem(name)
    long = [i for i in range(30) if len(X[i]) >= 3]
    assert 0 < len(long) < 30
    model = make(name, min_length=3).fit(X, y)
    expected = make(name).fit([X[i] for i in long], y[long])
    assert_same_outputs(model, X, expected, X)
    with pytest.raises(ValueError, match=r"the longest of 30 has 5 steps \(min_length=6\)"):
        make(name, min_length=6).fit(X, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(29), r"sample_weight.shape == \(29,\), expected \(30,\)"),
        (np.ones((30, 2)), r"sample_weight has shape \(30, 2\) and dtype float64; expected one"),
        (["a"] * 30, r"sample_weight has shape \(30,\) and dtype <U1; expected one number"),
        (np.r_[np.ones(29), -1e-9], "Negative values in data passed to `sample_weight`"),
        (np.full(30, np.nan), "sample_weight contains NaN"),
        # By scikit-learn, or by an older one not, and then by us.
        (np.zeros(30), "at least one non-zero number|No sequence is left to train on"),
        (np.full(30, 1e-50), "No sequence is left to train on"),
        (np.full(30, 1e39), "sample_weight of sample 0 is too large for float32"),
    ],
)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_wrong_weights(name, weight, message):
    X, y = problem(name)
    with pytest.raises(ValueError, match=message):
        make(name).fit(X, y, sample_weight=weight)
