"""Any number of labels for each sequence, as an indicator."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from tests._estimators import CLASSIFIERS, make, problem

pytestmark = pytest.mark.parametrize("name", CLASSIFIERS)


def labels():
    _, y = problem()
    return np.c_[y > 0, y > 0.3, y < -0.2].astype(int)


def test_labels_are_learnt(name):
    X, y = problem()[0], labels()
    model = make(name, (16,), max_iter=150, learning_rate_init=0.02).fit(X, y)
    predicted = model.predict(X)
    assert predicted.dtype.kind == "i"
    assert model.score(X, y) == accuracy_score(y, predicted) > 0.9
    np.testing.assert_array_equal(predicted, model.predict_proba(X) > 0.5)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert (model.n_outputs_, model.out_activation_) == (3, "logistic")


def test_labels_are_independent(name):
    """Probabilities need not add up to one, and their logarithms are those."""
    X, y = problem()[0], labels()
    model = make(name, dtype="float64").fit(X, y)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    raw = model.transform(X) @ model._network.params(model._theta).readout["weight_out"].T
    raw += model._network.params(model._theta).readout["bias_out"]
    np.testing.assert_allclose(model.predict_proba(X), 1 / (1 + np.exp(-raw)), rtol=1e-10)


def test_early_stopping(name):
    X, y = problem()[0], labels()
    options = {"early_stopping": True, "validation_fraction": 0.3, "validation_split": "last"}
    model = make(name, max_iter=1, scoring=None, **options).fit(X, y)
    assert model.best_validation_score_ == model.score(X[21:], y[21:])


def test_other_values_are_no_indicator(name):
    X, y = problem()[0], labels()
    with pytest.raises(
        ValueError, match=r"3 columns with the values \[1, 2\]; expected .* 0 and 1"
    ):
        make(name).fit(X, y + 1)


def test_class_weight(name):
    X, y = problem()[0], labels()
    weights = [{0: 1.0, 1: 3.0}, {0: 2.0, 1: 1.0}, {0: 1.0, 1: 1.0}]
    model = make(name, class_weight=weights).fit(X, y)
    sample_weight = [
        np.prod([of[value] for of, value in zip(weights, row, strict=True)]) for row in y
    ]
    expected = make(name).fit(X, y, sample_weight=sample_weight)
    np.testing.assert_array_equal(model._theta, expected._theta)


@pytest.mark.parametrize("value", [[1, 2, 3], [{0: 1, 1: 2}], {0: 1, 1: 2}, [{}] * 4], ids=repr)
def test_wrong_class_weight(name, value):
    X, y = problem()[0], labels()
    with pytest.raises(ValueError, match=r"class_weight=.*; y has 3 labels, so .* list of 3 dicts"):
        make(name, class_weight=value).fit(X, y)


def one_hot(name):
    X, y = problem(name)
    return X, np.eye(3, dtype=int)[y]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_one_hot_classes_are_pointed_out(name, method):
    X, indicator = one_hot(name)
    model = make(name)
    with pytest.warns(UserWarning, match=r"exactly one 1.*pass y\.argmax\(axis=1\)") as record:
        getattr(model, method)(X, indicator)
    assert len(record) == 1
    assert record[0].filename == __file__
    assert model.out_activation_ == "logistic"
    model.partial_fit(X, indicator)  # whoever goes on has been told
    # The remedy.
    assert make(name).fit(X, indicator.argmax(axis=1)).out_activation_ == "softmax"


def test_any_row_that_is_not_one_hot_is_enough(name):
    """Warnings are errors."""
    X, indicator = one_hot(name)
    for value in (0, 1):
        other = indicator.copy()
        other[7] = value
        make(name).fit(X, other)
