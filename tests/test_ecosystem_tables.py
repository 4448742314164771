"""Tools that take nothing but a 2-D X: what to pass them for sequences, ragged ones too."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    HistGradientBoostingClassifier,
    StackingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline

from skrnn import LagColumnsToSequence, pad_sequences
from tests.test_ecosystem import CV, as_sequences, classifier, vowels

__all__ = ["vowels"]  # the fixture


def as_columns(X):
    """A row for each sequence, a column for each feature at each step; NaN is padding."""
    return pad_sequences(X, value=np.nan).reshape(len(X), -1)


def on_columns(X, **parameters):
    """The classifier of such rows."""
    n_steps = max(map(len, X))
    return make_pipeline(LagColumnsToSequence(n_steps=n_steps), classifier(**parameters))


@pytest.mark.parametrize("form", [list, as_sequences])
def test_sequences_themselves_are_refused(vowels, form):
    X, y = vowels
    for model in (BaggingClassifier(classifier()), AdaBoostClassifier(classifier())):
        with pytest.raises(ValueError, match=r"inhomogeneous shape|dim 3|contains NaN"):
            model.fit(form(X), y)


def test_columns_are_the_sequences(vowels):
    X, y = vowels
    found = on_columns(X).fit(as_columns(X), y).predict_proba(as_columns(X))
    np.testing.assert_array_equal(found, classifier().fit(X, y).predict_proba(X))


def test_bagging(vowels):
    X, y = vowels
    bagging = BaggingClassifier(on_columns(X), 3, random_state=0).fit(as_columns(X), y)
    probabilities = []
    for fitted, drawn in zip(bagging.estimators_, bagging.estimators_samples_, strict=True):
        model = classifier(random_state=fitted[-1].random_state)
        by_hand = model.fit([X[i] for i in drawn], y[drawn])
        probabilities.append(by_hand.predict_proba(X))
    np.testing.assert_allclose(
        bagging.predict_proba(as_columns(X)), np.mean(probabilities, axis=0), rtol=1e-6
    )


def test_boosting(vowels):
    """Padding is missing values to it, so it has to be told that X is valid."""
    X, y = vowels
    padded = pad_sequences(X, value=np.nan)
    boosting = AdaBoostClassifier(classifier(max_iter=1), n_estimators=3, random_state=0)
    with pytest.raises(ValueError, match="contains NaN"):
        boosting.fit(padded, y)
    with config_context(assume_finite=True):
        boosting.fit(padded, y)
        found = boosting.predict(padded)
    weight, expected = np.full(len(y), 1 / len(y)), 0.0
    for fitted, share in zip(boosting.estimators_, boosting.estimator_weights_, strict=True):
        model = classifier(max_iter=1, random_state=fitted.random_state)
        wrong = model.fit(X, y, sample_weight=weight).predict(X) != y
        np.testing.assert_allclose(share, np.log(1 / weight[wrong].sum() - 1), rtol=1e-6)
        expected = expected + share * np.where(model.predict(X) == 1, 1, -1)
        weight = weight * np.exp(share * wrong)
        weight /= weight.sum()
    np.testing.assert_array_equal(found, expected > 0)


def test_a_chain_over_hidden_states(vowels):
    X, y = vowels
    Y = np.column_stack([y, np.array([len(x) > 18 for x in X])]).astype(int)
    network = classifier(max_iter=20).fit(X, Y)
    states = network.transform(X)
    chain = ClassifierChain(LogisticRegression(), order=[0, 1]).fit(states, Y)
    first = LogisticRegression().fit(states, Y[:, 0])
    second = LogisticRegression().fit(np.column_stack([states, Y[:, 0]]), Y[:, 1])
    expected = first.predict(states)
    np.testing.assert_array_equal(chain.predict(states)[:, 0], expected)
    np.testing.assert_array_equal(
        chain.predict(states)[:, 1], second.predict(np.column_stack([states, expected]))
    )


def test_stacking_that_passes_the_columns_through(vowels):
    """The last model has to know NaN, as shorter sequences begin with it."""
    X, y = vowels
    stacked = StackingClassifier(
        [("gru", on_columns(X))], HistGradientBoostingClassifier(), cv=CV, passthrough=True
    ).fit(as_columns(X), y)
    assert stacked.final_estimator_.n_features_in_ == 1 + as_columns(X).shape[1]
    probability = classifier().fit(X, y).predict_proba(X)[:, 1:]
    expected = stacked.final_estimator_.predict_proba(np.hstack([probability, as_columns(X)]))
    np.testing.assert_array_equal(stacked.predict_proba(as_columns(X)), expected)
