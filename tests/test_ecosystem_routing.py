"""Weights, validation data, callbacks and displays through the tools of scikit-learn."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibrationDisplay
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    DetCurveDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
    get_scorer,
)
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LearningCurveDisplay,
    ValidationCurveDisplay,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import PerStep
from tests.test_ecosystem import CV, classifier, regressor, vowels, weather

matplotlib.use("agg")
__all__ = ["vowels", "weather"]  # the fixtures


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    pyplot.close("all")


# Metadata.


def test_weights_through_a_search(vowels):
    """Of the fits and of the scores; each fold gets its own part of them."""
    X, y = vowels
    weight = np.where(np.arange(len(y)) % 3 == 0, 3.0, 0.5)
    with config_context(enable_metadata_routing=True):
        model = classifier().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        pipeline = make_pipeline(PerStep(StandardScaler()), model)
        search = GridSearchCV(pipeline, {"gruclassifier__max_iter": [3]}, cv=CV)
        search.fit(X, y, sample_weight=weight)
    for k, (train, test) in enumerate(CV.split(y, y)):
        scaler = PerStep(StandardScaler()).fit([X[i] for i in train])
        by_hand = classifier(max_iter=3).fit(
            scaler.transform([X[i] for i in train]), y[train], sample_weight=weight[train]
        )
        held_out = scaler.transform([X[i] for i in test])
        expected = by_hand.score(held_out, y[test], sample_weight=weight[test])
        assert search.cv_results_[f"split{k}_test_score"][0] == expected


def test_weights_through_cross_validate(vowels):
    X, y = vowels
    weight = np.linspace(0.1, 2, len(y))
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
        model = classifier().set_fit_request(sample_weight=True)
        found = cross_validate(
            model, X, y, cv=CV, scoring=scorer, params={"sample_weight": weight}
        )["test_score"]
    for k, (train, test) in enumerate(CV.split(y, y)):
        by_hand = classifier().fit([X[i] for i in train], y[train], sample_weight=weight[train])
        rows = [X[i] for i in test]
        assert found[k] == by_hand.score(rows, y[test], sample_weight=weight[test])


def test_weights_that_nobody_asked_for_are_an_error(vowels):
    X, y = vowels
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(classifier(), {"max_iter": [1]}, cv=CV)
        with pytest.raises(ValueError, match="sample_weight"):
            search.fit(X, y, sample_weight=np.ones(len(y)))


def test_validation_data_through_a_transformed_target(weather):
    X, y = weather[0], weather[1][:, 0]
    model = regressor(early_stopping=True)
    given = {"X_val": X[100:], "y_val": y[100:]}
    found = TransformedTargetRegressor(model).fit(X[:100], y[:100], **given)
    expected = clone(model).fit(X[:100], y[:100], **given)
    np.testing.assert_allclose(
        found.regressor_.validation_loss_curve_, expected.validation_loss_curve_, rtol=1e-6
    )


# Displays.


@pytest.mark.parametrize(
    ("display", "lines"),
    [
        (RocCurveDisplay, ("fpr", "tpr")),
        (PrecisionRecallDisplay, ("recall", "precision")),
        (DetCurveDisplay, ("fpr", "fnr")),
        (CalibrationDisplay, ("prob_pred", "prob_true")),
    ],
)
def test_displays_of_probabilities(vowels, display, lines):
    X, y = vowels
    model = classifier(max_iter=3).fit(X, y)
    found = display.from_estimator(model, X, y)
    expected = display.from_predictions(y, model.predict_proba(X)[:, 1])
    for name in lines:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_confusion_matrix(vowels):
    X, y = vowels
    model = classifier(max_iter=3).fit(X, y)
    matrix = ConfusionMatrixDisplay.from_estimator(model, X, y).confusion_matrix
    assert np.trace(matrix) == round(model.score(X, y) * len(y))


def test_prediction_errors(weather):
    X, y = weather[0], weather[1][:, 0]
    model = regressor().fit(X, y)
    display = PredictionErrorDisplay.from_estimator(model, X, y)
    np.testing.assert_array_equal(display.y_pred, model.predict(X))


def test_curves_over_sizes_and_parameters(weather):
    X, y = weather[0], weather[1][:, 0]
    cv = KFold(3)
    sizes = LearningCurveDisplay.from_estimator(regressor(), X, y, cv=cv, train_sizes=[40, 90])
    epochs = ValidationCurveDisplay.from_estimator(
        regressor(), X, y, param_name="max_iter", param_range=[1, 5], cv=cv
    )
    assert sizes.train_sizes.tolist() == [40, 90]
    assert epochs.test_scores[1].tolist() == cross_val_score(regressor(), X, y, cv=cv).tolist()


# Callbacks.


class Epochs:
    """Counts the epochs of all fits."""

    def __init__(self):
        self.n = 0

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **kwargs):
        pass

    def on_fit_task_end(self, estimator, context, **kwargs):
        self.n += context.task_name == "epoch"

    def teardown(self, estimator, context):
        pass


def test_callbacks_through_a_pipeline_in_a_search(vowels):
    if not hasattr(classifier(), "set_callbacks"):
        pytest.skip("scikit-learn has no callbacks yet")
    X, y = vowels
    epochs = Epochs()
    model = classifier().set_callbacks(epochs)
    pipeline = make_pipeline(FunctionTransformer(), model)
    search = GridSearchCV(
        pipeline, {"gruclassifier__max_iter": [2, 3]}, cv=KFold(3, shuffle=True, random_state=0)
    ).fit(X, y)
    assert epochs.n == 3 * 2 + 3 * 3 + search.best_params_["gruclassifier__max_iter"]
