"""The public estimators by name, and a small problem for each."""

import numpy as np
from sklearn.base import is_classifier

import skrnn
from skrnn.cells import CELLS, variant_of

REGRESSORS = ["RNNRegressor", "GRURegressor", "LSTMRegressor"]
CLASSIFIERS = ["RNNClassifier", "GRUClassifier", "LSTMClassifier"]
ESTIMATORS = REGRESSORS + CLASSIFIERS
STEP_ESTIMATORS = ["RNNStepRegressor", "RNNStepClassifier"]


def make(name, *args, **parameters):
    """A small one, at a constant rate, as tests compare fits of different numbers of epochs."""
    small = {"max_iter": 3, "learning_rate": "constant", "random_state": 0}
    return getattr(skrnn, name)(*(args or (4,)), **(small | parameters))


# How users ask for each cell: {"cell": "rnn", "activation": "relu"}.
CELL_PARAMETERS = {
    name: {"cell": choice, **parameters}
    for name, (choice, parameters) in {name: variant_of(name) for name in CELLS}.items()
}


def problem(name="GRURegressor", n_samples=30, n_features=2, n_timesteps=5):
    """3-D X, and for each sequence the mean of its last steps, as a number or one of three."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_timesteps, n_features))
    y = X[:, -3:].mean(axis=(1, 2)) + X[:, 0, 0] / 5
    return X, np.digitize(y, [-0.2, 0.2]) if name.endswith("Classifier") else y


def noise(name):
    """Targets that have nothing to do with X, which a network of 16 units soon learns by heart."""
    X, y = problem(name, n_samples=200)
    return X, np.random.default_rng(1).permutation(y)


def outputs(model, X):
    """Everything that an estimator says about X."""
    found = [model.predict(X), model.transform(X)]
    if is_classifier(model):
        found += [model.predict_proba(X), model.predict_log_proba(X)]
    return found


def assert_same_outputs(model, X, other, other_X):
    for ours, theirs in zip(outputs(model, X), outputs(other, other_X), strict=True):
        np.testing.assert_array_equal(ours, theirs)
