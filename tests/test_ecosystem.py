"""scikit-learn's tools around estimators of sequences, on packaged data."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from skrnn import (
    GRUClassifier,
    GRURegressor,
    LagColumnsToSequence,
    LSTMClassifier,
    PerStep,
    RNNClassifier,
    Sequences,
    SlidingWindow,
)
from skrnn.datasets import load_beijing_pm25, load_japanese_vowels

SMALL = {"max_iter": 5, "learning_rate_init": 0.02, "random_state": 0}
CV = StratifiedKFold(3)


def classifier(**parameters):
    return GRUClassifier(4, **(SMALL | parameters))


def regressor(**parameters):
    return GRURegressor(4, **(SMALL | parameters))


@pytest.fixture(scope="module")
def vowels():
    """The recordings of two speakers, of 14 to 26 steps of 12 features, as a list."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    few = np.flatnonzero(y < 2)
    return [X[i] for i in few], y[few]


@pytest.fixture(scope="module")
def weather():
    """Windows of six hours of dew point, temperature and pressure, and the next two temperatures.

    One window in five is taken; all are full.
    """
    data = load_beijing_pm25()
    columns = [data.feature_names.index(n) for n in ("dew_point", "temperature", "pressure")]
    rows = StandardScaler().fit_transform(np.asarray(data.data[3000:3700, columns], float))
    taken = np.arange(10, 690, 5)
    windows = SlidingWindow(6).fit_transform(rows)[taken]
    return windows, np.column_stack([rows[taken + 1, 1], rows[taken + 2, 1]])


def as_sequences(X):
    lengths = np.array([len(x) for x in X])
    return Sequences(np.concatenate(X), np.cumsum(lengths) - lengths, lengths)


def scores_by_hand(model, X, y):
    """The accuracy in each fold, of a list."""
    found = []
    for train, test in CV.split(y, y):
        fitted = clone(model).fit([X[i] for i in train], y[train])
        found.append(fitted.score([X[i] for i in test], y[test]))
    return found


# Searches.


@pytest.mark.parametrize("form", [list, as_sequences])
def test_grid_search(vowels, form):
    X, y = vowels
    grid = {"cell": ["rnn", "gru"], "pooling": ["last", "mean"]}
    search = GridSearchCV(RNNClassifier(4, **SMALL), grid, cv=CV).fit(form(X), y)
    for i, parameters in enumerate(search.cv_results_["params"]):
        expected = scores_by_hand(RNNClassifier(4, **SMALL, **parameters), X, y)
        found = [search.cv_results_[f"split{k}_test_score"][i] for k in range(3)]
        assert found == expected
    assert search.predict(X).tolist() == search.best_estimator_.predict(X).tolist()


class Drawn:
    """A distribution as those of scipy.stats."""

    def rvs(self, random_state=None):
        return float(10 ** check_random_state(random_state).uniform(-3, -1))


def test_randomized_search(vowels):
    X, y = vowels
    space = {"gruclassifier__learning_rate_init": Drawn(), "gruclassifier__max_iter": [2, 4]}
    pipeline = make_pipeline(PerStep(StandardScaler()), classifier())
    search = RandomizedSearchCV(pipeline, space, n_iter=4, cv=CV, random_state=1).fit(X, y)
    rates = search.cv_results_["param_gruclassifier__learning_rate_init"]
    assert len(set(rates)) == 4
    assert search.best_score_ == np.mean(scores_by_hand(search.best_estimator_, X, y))


def test_halving_search_over_recordings(vowels):
    """Few of them for all candidates, more for the best."""
    X, y = vowels
    search = HalvingGridSearchCV(
        classifier(), {"max_iter": [1, 4, 8]}, cv=CV, min_resources=18, random_state=0
    ).fit(X, y)
    assert (search.n_resources_, search.n_candidates_) == ([18, 54], [3, 1])
    assert search.best_params_ == {"max_iter": 8}


# Evaluation.


def test_cross_validate_with_several_metrics(vowels):
    X, y = vowels
    scoring = {"accuracy": "accuracy", "auc": "roc_auc", "loss": "neg_log_loss"}
    found = cross_validate(
        classifier(), X, y, cv=CV, scoring=scoring, return_estimator=True, return_indices=True
    )
    assert found["test_accuracy"].tolist() == scores_by_hand(classifier(), X, y)
    for k, model in enumerate(found["estimator"]):
        test = found["indices"]["test"][k]
        of_class = model.predict_proba([X[i] for i in test])[np.arange(len(test)), y[test]]
        np.testing.assert_allclose(found["test_loss"][k], np.log(of_class).mean(), rtol=1e-5)


def test_learning_curve_of_recordings(vowels):
    X, y = vowels
    _, _, found = learning_curve(
        classifier(), X, y, cv=CV, train_sizes=[20, 40], shuffle=True, random_state=0
    )
    rng = np.random.RandomState(0)
    for k, (train, test) in enumerate(CV.split(y, y)):
        train = rng.permutation(train)
        for i, part in enumerate([train[:20], train]):
            model = classifier().fit([X[j] for j in part], y[part])
            assert found[i, k] == model.score([X[j] for j in test], y[test])


def test_validation_curve(vowels):
    X, y = vowels
    epochs = [1, 10]
    _, test_scores = validation_curve(
        classifier(), X, y, param_name="max_iter", param_range=epochs, cv=CV
    )
    for n_epochs, found in zip(epochs, test_scores, strict=True):
        assert found.tolist() == scores_by_hand(classifier(max_iter=n_epochs), X, y)


# Several models.


def test_voting(vowels):
    X, y = vowels
    models = {"gru": classifier(), "lstm": LSTMClassifier(4, **SMALL)}
    voting = VotingClassifier([*models.items()], voting="soft").fit(X, y)
    expected = np.mean([clone(m).fit(X, y).predict_proba(X) for m in models.values()], axis=0)
    np.testing.assert_allclose(voting.predict_proba(X), expected, rtol=1e-6)
    assert voting.score(X, y) == accuracy_score(y, expected.argmax(axis=1))


def test_stacking_of_regressors(weather):
    X, y = weather[0], weather[1][:, 0]
    models = [("gru", regressor()), ("mean", regressor(pooling="mean"))]
    stacked = StackingRegressor(models, Ridge(), cv=3).fit(X, y)
    columns = [cross_val_predict(model, X, y, cv=3) for _, model in models]
    final = Ridge().fit(np.column_stack(columns), y)
    features = np.column_stack([model.fit(X, y).predict(X) for _, model in models])
    np.testing.assert_allclose(stacked.predict(X), final.predict(features), rtol=1e-5)


def test_stacking_of_classifiers(vowels):
    X, y = vowels
    stacked = StackingClassifier([("gru", classifier())], LogisticRegression(), cv=CV).fit(X, y)
    found = cross_val_predict(classifier(), X, y, cv=CV, method="predict_proba")[:, 1:]
    final = LogisticRegression().fit(found, y)
    expected = final.predict_proba(classifier().fit(X, y).predict_proba(X)[:, 1:])
    np.testing.assert_allclose(stacked.predict_proba(X), expected, rtol=1e-5)


def test_one_regressor_for_each_output(weather):
    X, Y = weather
    found = MultiOutputRegressor(regressor()).fit(X, Y).predict(X)
    expected = [regressor().fit(X, y).predict(X) for y in Y.T]
    np.testing.assert_array_equal(found, np.column_stack(expected))


def test_target_on_another_scale(weather):
    X, y = weather[0], np.exp(weather[1][:, 0])
    model = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp).fit(X, y)
    np.testing.assert_allclose(
        model.predict(X), np.exp(regressor().fit(X, np.log(y)).predict(X)), rtol=1e-5
    )


# Probabilities.


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration(vowels, method):
    """The mean of the networks of the folds, each with its own calibration."""
    X, y = vowels
    model = CalibratedClassifierCV(classifier(), method=method, cv=CV).fit(X, y)
    found = []
    for fitted, (train, test) in zip(model.calibrated_classifiers_, CV.split(y, y), strict=True):
        network = classifier().fit([X[i] for i in train], y[train])
        np.testing.assert_array_equal(fitted.estimator.predict_proba(X), network.predict_proba(X))
        held_out = network.predict_proba([X[i] for i in test])[:, 1]
        if method == "isotonic":
            calibrator = IsotonicRegression(out_of_bounds="clip").fit(held_out, y[test])
            found.append(calibrator.predict(network.predict_proba(X)[:, 1]))
        else:
            found.append(fitted.predict_proba(X)[:, 1])
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], np.mean(found, axis=0), rtol=1e-6)


def test_tuned_threshold(vowels):
    """Where a missed recording of class 1 costs more, a smaller probability is enough for it."""
    X, y = vowels

    def tuned(cost):
        def gain(true, predicted):
            return -np.sum((true == 0) & (predicted == 1)) - cost * np.sum(true > predicted)

        return TunedThresholdClassifierCV(classifier(), scoring=make_scorer(gain), cv=CV).fit(X, y)

    cheap, dear = tuned(0.01), tuned(100)
    assert dear.best_threshold_ < cheap.best_threshold_
    above = classifier().fit(X, y).predict_proba(X)[:, 1] >= dear.best_threshold_
    np.testing.assert_array_equal(dear.predict(X), above.astype(int))


# Features.


def test_union_of_hidden_states(vowels):
    """Of two networks, as columns for another model."""
    X, y = vowels
    union = FeatureUnion([("gru", classifier()), ("lstm", LSTMClassifier(3, **SMALL))])
    union.set_output(transform="pandas")
    table = union.fit(X, y).transform(X)
    assert table.columns.tolist() == [
        *[f"gru__gruclassifier{i}" for i in range(4)],
        *[f"lstm__lstmclassifier{i}" for i in range(3)],
    ]
    np.testing.assert_array_equal(
        table.to_numpy()[:, :4], classifier().fit(X, y).transform(X).astype(table.dtypes.iloc[0])
    )
    # Six seeds reach 0.98 to 1.
    assert make_pipeline(union, LogisticRegression()).fit(X, y).score(X, y) > 0.9


def test_column_transformer_of_lags(weather):
    """Lag columns go through a network, those beside them go straight to the last model."""
    X, y = weather[0], weather[1][:, 0]
    pd = pytest.importorskip("pandas")
    lags = [f"{name}_t-{k}" for k in range(5, -1, -1) for name in ("dew", "temperature", "hpa")]
    table = pd.DataFrame(np.asarray(X).reshape(len(X), -1), columns=lags)
    table["hour"] = np.arange(len(X)) % 24
    network = make_pipeline(LagColumnsToSequence(), regressor())
    columns = ColumnTransformer([("network", network, lags), ("same", "passthrough", ["hour"])])
    found = columns.fit(table.rename(columns=str), y).transform(table)
    np.testing.assert_array_equal(found[:, -1], table["hour"])
    expected = regressor().fit(np.asarray(X), y).transform(np.asarray(X))
    np.testing.assert_allclose(found[:, :-1], expected, rtol=1e-5, atol=1e-6)


def test_feature_selection(weather):
    """Of univariate sequences the columns are steps: the last one says most of the next."""
    windows, targets = weather
    X = np.asarray(windows)[:, :, 1]
    selector = SequentialFeatureSelector(
        regressor(max_iter=10), n_features_to_select=1, cv=2, direction="forward"
    ).fit(X, targets[:, 0])
    assert selector.get_support().tolist() == [False] * 5 + [True]
    assert selector.transform(X).shape == (len(X), 1)
