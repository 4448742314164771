"""What decides with early stopping: the loss, or a scorer of scikit-learn."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss, make_scorer, max_error, r2_score
from sklearn.utils.validation import check_is_fitted

from skrnn import Sequences
from skrnn.estimators import _scoring
from skrnn.network.stack import Network
from skrnn.training import Validation
from tests._estimators import CLASSIFIERS, ESTIMATORS, make, noise, problem

STOPPING = {"early_stopping": True, "validation_split": "last", "validation_fraction": 0.3}


def fitted(name, **parameters):
    X, y = problem(name)
    options = {"max_iter": 6, "learning_rate_init": 0.03, "dtype": "float64"} | STOPPING
    return make(name, **(options | parameters)).fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_none_is_the_score_of_the_estimator(name):
    X, y = problem(name)
    model = fitted(name, scoring=None)
    scores, of_train = [], []
    for n_epochs in range(1, 7):  # with the epochs before, the scores are the same
        one = fitted(name, max_iter=n_epochs)
        if one.validation_loss_curve_[-1] == min(one.validation_loss_curve_):  # is the last one
            scores.append((n_epochs, one.score(X[21:], y[21:])))
            of_train.append((n_epochs, one.score(X[:21], y[:21])))
    assert len(scores) > 1
    assert scores == [(k, model.validation_scores_[k - 1]) for k, _ in scores]
    assert of_train == [(k, model.train_scores_[k - 1]) for k, _ in of_train]
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(X[21:], y[21:]) == model.best_validation_score_


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_scorer_by_name(name):
    """Those that need probabilities too: the loss by its other name decides the same."""
    by_loss, by_name = fitted(name), fitted(name, scoring="neg_log_loss")
    np.testing.assert_allclose(by_name.validation_scores_, by_loss.validation_scores_, rtol=1e-12)
    np.testing.assert_array_equal(by_name._theta, by_loss._theta)
    X, y = problem(name)
    last = -log_loss(y[:21], by_name.predict_proba(X[:21]))
    best = int(np.argmax(by_name.validation_scores_))
    assert by_name.train_scores_[best] == pytest.approx(last, rel=1e-12)


def test_what_a_callable_gets():
    """A fitted copy, the sequences, y as it was given, and the weights where there are some."""
    X, y = problem("GRUClassifier")
    names = np.array(["low", "middle", "high"], object)
    seen = []

    def scorer(estimator, X, y, **weight):
        check_is_fitted(estimator)
        seen.append((estimator, X, y, weight))
        return accuracy_score(y, estimator.predict(X), **weight)

    model = make("GRUClassifier", scoring=scorer, max_iter=2, **STOPPING).fit(X, names[y])
    assert [len(given) for _, given, _, _ in seen] == [9, 21, 9, 21]
    for estimator, given, labels, weight in seen:
        assert type(estimator) is type(model)
        assert estimator is not model
        assert isinstance(given, Sequences)
        assert set(labels) == {"low", "middle", "high"}
        assert weight == {}
    first, second = seen[0][0], seen[2][0]
    assert not np.array_equal(first._theta, second._theta)
    np.testing.assert_array_equal(seen[0][1], X[21:].astype(np.float32))
    assert model.validation_scores_ == [
        accuracy_score(labels, estimator.predict(given))
        for estimator, given, labels, _ in seen[::2]
    ]
    seen.clear()
    weight = np.arange(1.0, 31.0)
    model.fit(X, names[y], sample_weight=weight)
    np.testing.assert_array_equal(seen[0][3]["sample_weight"], weight[21:])
    seen.clear()
    model.set_params(class_weight={"low": 5.0, "middle": 1.0, "high": 1.0}).fit(X, names[y])
    np.testing.assert_array_equal(seen[0][3]["sample_weight"], np.where(y[21:] == 0, 5.0, 1.0))


def test_targets_are_in_the_units_of_the_user():
    X, y = problem()
    y = 1000 * y + 7
    seen = []

    def scorer(estimator, X, y):
        seen.append(y)
        return r2_score(y, estimator.predict(X))

    make("GRURegressor", scoring=scorer, max_iter=1, **STOPPING).fit(X, y)
    np.testing.assert_array_equal(seen[0], y[21:])
    np.testing.assert_array_equal(seen[1], y[:21])


def test_tables_can_be_scored():
    X, y = problem()
    model = make("GRURegressor", scoring="r2", **STOPPING).fit(X[:, :, 0], y)
    assert model.best_validation_score_ == model.score(X[21:, :, 0], y[21:])


def test_only_so_many_training_sequences_are_scored(monkeypatch):
    monkeypatch.setattr(_scoring, "MAX_TRAIN_SCORED", 5)
    X, y = problem()
    seen = []

    def scorer(estimator, X, y):
        seen.append(y)
        return 0.0

    make("GRURegressor", scoring=scorer, max_iter=3, **STOPPING).fit(X, y)
    assert [len(values) for values in seen] == [9, 5] * 3
    assert len(set(seen[1]) & set(y[:21])) == 5
    np.testing.assert_array_equal(seen[1], seen[3])


def test_the_loss_takes_one_pass_over_the_validation_part(monkeypatch):
    sizes = []
    predict = Network.predict

    def counted(network, theta, sequences):
        sizes.append(len(sequences))
        return predict(network, theta, sequences)

    monkeypatch.setattr(Network, "predict", counted)
    fitted("GRURegressor")
    assert sizes == [9] * 6


def test_scores_that_are_no_numbers():
    X, y = problem()
    model = make("GRURegressor", scoring=lambda *data: np.nan, **STOPPING)
    with pytest.raises(ValueError, match="gives nan on 9 sequences; expected a finite number"):
        model.fit(X, y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    "scoring", [make_scorer(max_error), lambda estimator, X, y: 0.0], ids=["metric", "callable"]
)
def test_weights_for_a_scorer_that_takes_none(scoring):
    X, y = problem()
    model = make("GRURegressor", scoring=scoring, **STOPPING)
    with pytest.raises(TypeError, match=r"scoring=.* does not take sample_weight, .*Pass a scorer"):
        model.fit(X, y, sample_weight=np.ones(30))
    assert not hasattr(model, "n_features_in_")
    model.fit(X, y)


def test_a_defect_of_the_scorer_is_not_hidden():
    X, y = problem()
    model = make("GRURegressor", scoring=lambda estimator, X, y, sample_weight: 1 + "a", **STOPPING)
    with pytest.raises(TypeError, match="unsupported operand"):
        model.fit(X, y, sample_weight=np.ones(30))


def test_scoring_without_early_stopping_does_nothing():
    X, y = problem()
    model = make("GRURegressor", scoring=lambda *data: 1 / 0).fit(X, y)
    assert model.train_scores_ is None


def test_a_warm_start_goes_on_with_the_curves():
    X, y = problem()
    model = fitted("GRURegressor", scoring="r2", warm_start=True).fit(X, y)
    for curve in (model.validation_loss_curve_, model.validation_scores_, model.train_scores_):
        assert len(curve) == model.n_iter_ == 12


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_best_epoch_is_kept_without_stopping(name):
    X, y = noise(name)
    options = {"learning_rate_init": 0.05, **STOPPING}
    model = make(name, 16, max_iter=20, **options).fit(X, y)
    best = int(np.argmin(model.validation_loss_curve_))
    assert model.n_iter_ == 20
    assert best < 19
    until_best = make(name, 16, max_iter=best + 1, **options).fit(X, y)
    np.testing.assert_array_equal(model._theta, until_best._theta)


def validation_log_loss(model, X, y):
    return log_loss(y[21:], model.predict_proba(X[21:]))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_which_epoch_a_classifier_keeps(name, monkeypatch):
    """The last one, if the best is not surely better; the losses of the sequences are known."""
    X, y = problem(name)
    seen = []
    for is_sure, kept in ((False, lambda curve: curve[-1]), (True, min)):

        def surely_beats(best, last, is_sure=is_sure):
            seen.append((best, last))
            return is_sure

        monkeypatch.setattr(Validation, "surely_beats", surely_beats)
        model = fitted(name, max_iter=30, learning_rate_init=1.0)
        assert min(model.validation_loss_curve_) < model.validation_loss_curve_[-1]
        expected = kept(model.validation_loss_curve_)
        assert validation_log_loss(model, X, y) == pytest.approx(expected, rel=1e-9)
        assert model.best_validation_score_ == max(model.validation_scores_)
    for validations in seen:
        for validation in validations:
            assert validation.losses.shape == (9,)
            assert validation.losses.mean() == pytest.approx(validation.loss, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "scoring"), [("GRURegressor", "loss"), ("GRUClassifier", "accuracy")]
)
def test_numbers_and_scores_have_no_chance(name, scoring, monkeypatch):
    seen = []
    monkeypatch.setattr(Validation, "surely_beats", lambda *both: seen.extend(both) or True)
    fitted(name, scoring=scoring)
    assert [validation.losses for validation in seen] == [None] * 12


@pytest.mark.parametrize("name", ESTIMATORS)
def test_without_early_stopping_the_epoch_of_least_loss_is_kept(name):
    X, y = problem(name)
    options = {"learning_rate_init": 1.0, "batch_size": 5, "max_grad_norm": None}
    for seed in range(10):  # at such a rate the last epoch is the best one of few
        options["random_state"] = seed
        with pytest.warns(ConvergenceWarning, match="reached max_iter=30"):
            model = make(name, max_iter=30, n_iter_no_change=30, **options).fit(X, y)
        best = int(np.argmin(model.loss_curve_))
        if best < 29:
            break
    assert best < 29
    assert model.loss_ == model.loss_curve_[-1] > model.best_loss_
    until_best = make(name, max_iter=best + 1, **options).fit(X, y)
    np.testing.assert_array_equal(model._theta, until_best._theta)
