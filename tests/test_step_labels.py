"""Steps without a label, and weights of steps, sequences and classes."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from skrnn import GRUClassifier, GRURegressor, RNNStepClassifier
from tests._estimators import make
from tests.test_steps import BOTH, SMALL, step_problem


@BOTH
def test_the_last_step_alone(name):
    """A label at the last step only: the estimator of one target for each sequence."""
    X, y = step_problem(name)
    labels = np.full(y.shape, np.nan)
    labels[:, -1] = y[:, -1]
    of_sequence = GRUClassifier if name.endswith("Classifier") else GRURegressor
    parameters = {"dtype": "float64", "max_iter": 4, "batch_size": 4, "alpha": 0.1}
    model = make(name, **SMALL | parameters).fit(X, labels)
    other = of_sequence(4, random_state=0, learning_rate="constant", **parameters)
    other.fit(X, y[:, -1])
    np.testing.assert_allclose(model._theta, other._theta, rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.transform(X)[:, -1], other.transform(X), rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.loss_curve_, other.loss_curve_, rtol=1e-12)


@BOTH
def test_no_label_is_weight_zero(name):
    X, y = step_problem(name)
    keep = np.random.default_rng(2).uniform(size=y.shape) < 0.6
    unlabeled = np.where(keep, y, np.nan)
    model = make(name, **SMALL).fit(X, unlabeled)
    weighted = make(name, **SMALL)
    if name.endswith("Regressor"):
        weighted.set_params(normalize_y=False)
        model = make(name, **SMALL, normalize_y=False).fit(X, unlabeled)
    weighted.fit(X, y, sample_weight=keep.astype(float))
    np.testing.assert_array_equal(model._theta, weighted._theta)
    score = accuracy_score if name.endswith("Classifier") else r2_score
    assert model.score(X, unlabeled) == score(y[keep], model.predict(X)[keep])


def test_a_marker_of_steps_without_a_label():
    X, y = step_problem("RNNStepClassifier")
    marked = np.where(np.arange(7) % 2, y, -1)
    model = make("RNNStepClassifier", **SMALL, unlabeled=-1).fit(X, marked)
    expected = make("RNNStepClassifier", **SMALL).fit(X, np.where(marked < 0, np.nan, marked))
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.classes_.tolist() == [0, 1, 2]
    assert make("RNNStepClassifier", **SMALL).fit(X, marked).classes_.tolist() == [-1, 0, 1, 2]
    names = np.array(["", "low", "mid"], object)[y]
    names[0, :3] = None
    model = make("RNNStepClassifier", **SMALL, unlabeled="").fit(X, names)
    assert model.classes_.tolist() == ["low", "mid"]


@BOTH
def test_weights(name):
    """Of a sequence: of all its steps. Class weights: of steps."""
    X, y = step_problem(name)
    weight = np.random.default_rng(0).uniform(0.5, 2, 9)
    of_steps = np.repeat(weight[:, np.newaxis], 7, axis=1)
    model = make(name, **SMALL).fit(X, y, sample_weight=weight)
    other = make(name, **SMALL).fit(X, y, sample_weight=of_steps)
    np.testing.assert_array_equal(model._theta, other._theta)
    other = make(name, **SMALL).fit(list(X), y, sample_weight=list(of_steps))
    np.testing.assert_array_equal(model._theta, other._theta)
    assert model.score(X, y, weight) == model.score(X, y, of_steps) != model.score(X, y)
    if name.endswith("Classifier"):
        balanced = make(name, **SMALL, class_weight={0: 1.0, 1: 2.0, 2: 3.0}).fit(X, y)
        other = make(name, **SMALL).fit(X, y, sample_weight=np.array([1.0, 2.0, 3.0])[y])
        np.testing.assert_array_equal(balanced._theta, other._theta)


@pytest.mark.parametrize(
    "missing", [None, np.nan, float("nan"), "NA"], ids=["None", "NaN", "nan", "NA"]
)
@pytest.mark.parametrize("values", [["a", "b", "c"], [3, 5, 7], [True, False, True]])
def test_every_missing_label(values, missing):
    """In lists of text, integers or booleans, and in pandas: no class, and the others keep type."""
    pd = pytest.importorskip("pandas")
    missing = pd.NA if missing == "NA" else missing
    X, y = step_problem("RNNStepClassifier")
    labels = [[values[v] for v in row] for row in y]
    expected = make("RNNStepClassifier", **SMALL).fit(X, labels, sample_weight=np.r_[0, np.ones(8)])
    labels[0] = [missing] * 7
    tables = [v for row in labels for v in row]
    objects = pd.Series(tables, dtype=object)
    for form, rows in ((labels, X), (tables, X), (objects, X), (objects.convert_dtypes(), X)):
        if form is labels:
            model = make("RNNStepClassifier", **SMALL).fit(rows, form)
            np.testing.assert_array_equal(model._theta, expected._theta)
        else:
            model = make("RNNStepClassifier").fit(rows.reshape(-1, 2), form)
        assert model.classes_.tolist() == sorted(set(values))
        assert model.classes_.dtype.kind == np.array(values).dtype.kind


def test_masked_and_partly_missing_labels():
    X, y = step_problem("RNNStepRegressor")
    masked = np.ma.masked_array(y, np.arange(7) % 2 == np.zeros((9, 1)))
    model = make("RNNStepRegressor", **SMALL).fit(X, masked)
    other = make("RNNStepRegressor", **SMALL).fit(X, np.where(np.arange(7) % 2, y, np.nan))
    np.testing.assert_array_equal(model._theta, other._theta)
    both = np.stack([y, y], axis=2)
    both[0, 2, 1] = np.nan
    with pytest.raises(ValueError, match="Some outputs of step 2 in y are missing, and others not"):
        make("RNNStepRegressor").fit(X, both)


def test_the_marker_is_no_class_of_partial_fit():
    X, y = step_problem("RNNStepClassifier")
    model = make("RNNStepClassifier", unlabeled=-1).partial_fit(X, y, classes=[-1, 0, 1, 2])
    assert model.classes_.tolist() == [0, 1, 2]


def test_weights_act_between_chunks():
    """Of an input that says nothing: the share of a class is that of its weight, by the sum."""
    b = np.zeros((20, 200), int)
    b[:, :50] = 1
    X = np.zeros((20, 200, 1))
    parameters = {"tbptt_steps": 50, "max_iter": 200, "random_state": 0, "alpha": 0.0}
    parameters |= {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.1, "batch_size": 20}
    parameters |= {"max_grad_norm": None}
    found = [
        RNNStepClassifier(2, class_weight=weight, **parameters).fit(X, b).predict_proba(X)[..., 1]
        for weight in (None, {0: 1, 1: 3})
    ]
    assert found[0].mean() == pytest.approx(0.25, abs=0.1)
    assert found[1].mean() == pytest.approx(0.5, abs=0.1)


def test_the_loss_is_that_of_labeled_steps():
    """Whichever chunks they are in; chunks without any change no weight."""
    X = np.random.default_rng(0).standard_normal((3, 100, 1))
    y = np.full((3, 100), np.nan)
    y[:, -10:] = np.arange(10) % 2
    y[0, 33] = 1
    model = RNNStepClassifier(
        4, tbptt_steps=10, max_iter=1, random_state=0, learning_rate_init=1e-12, alpha=0.0
    ).fit(X, y)
    labeled = ~np.isnan(y)
    proba = model.predict_proba(X)[labeled]
    expected = -np.log(proba[np.arange(31), y[labeled].astype(int)]).mean()
    assert model.loss_ == pytest.approx(expected, rel=1e-5)
