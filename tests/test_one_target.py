"""Estimators of one target per sequence, given a y that looks like one target per step."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array

from skrnn import (
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    RNNRegressor,
    Sequences,
    SlidingWindow,
    WindowScaledRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 5, 2))
Y = RNG.standard_normal((12, 5))
LENGTHS = [2, 5, 3, 4] * 3
FLAT = Sequences(X.reshape(-1, 2), np.arange(12) * 5, np.full(12, 5))


def small(estimator):
    return estimator(2, max_iter=2, random_state=0)


def does_not_warn(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    assert model.n_outputs_ == (1 if np.ndim(y) == 1 else np.shape(y)[1])


def cut(rows):
    return [row[:n] for row, n in zip(rows, LENGTHS, strict=True)]


# One column for each step.


@pytest.mark.parametrize("sequences", [X, X.tolist(), list(X)], ids=["array", "lists", "arrays"])
@pytest.mark.parametrize(
    ("estimator", "y", "step_estimator", "columns"),
    [
        (GRURegressor, Y, "RNNStepRegressor", "outputs"),
        (RNNRegressor, Y.tolist(), "RNNStepRegressor", "outputs"),
        (GRUClassifier, (Y > 0).astype(int), "RNNStepClassifier", "labels"),
    ],
)
def test_as_many_columns_as_steps(estimator, y, step_estimator, columns, sequences):
    message = (
        rf"^y has shape \(12, 5\), and X has 5 steps\. {estimator.__name__} learns one target per "
        rf"sequence, not one per step; {step_estimator} learns one for each step\. If .* 5 "
        rf"{columns} of the whole sequence, pass y as a DataFrame"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        model = small(estimator).fit(sequences, y)
    assert [warning.filename for warning in caught] == [__file__]
    assert model.predict(sequences).shape == (12, 5)


def test_padded_steps_count():
    padded = X.copy()
    padded[:6, :2] = np.nan
    with pytest.warns(UserWarning, match="and X has 5 steps. .* RNNStepRegressor"):
        small(GRURegressor).fit(padded, Y)


@pytest.mark.parametrize("labels", [np.array([*"abc"]), np.arange(3)], ids=["text", "numbers"])
def test_classes_of_steps(labels):
    y = RNG.choice(labels, (12, 5))
    message = r"y has shape \(12, 5\), with one class for each of the 5 steps .* RNNStepClassifier"
    model = small(GRUClassifier)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "classes_")
    with pytest.raises(ValueError, match=message):
        model.fit(X[:, :, 0], y)


# Other forms of step targets.


@pytest.mark.parametrize(
    ("estimator", "y", "step_estimator"),
    [
        (GRURegressor, Y, "RNNStepRegressor"),
        (LSTMClassifier, Y > 0, "RNNStepClassifier"),
        (LSTMClassifier, np.where(Y > 0, "B-name", "O"), "RNNStepClassifier"),
    ],
    ids=["numbers", "booleans", "text"],
)
def test_lists_of_different_lengths(estimator, y, step_estimator):
    as_objects = np.empty(12, object)
    as_objects[:] = cut(y)
    message = (
        rf"y is a list of arrays of different shapes; expected \(n_samples,\) or .* "
        rf"{estimator.__name__} learns one target per sequence, not one per step; {step_estimator}"
    )
    for form in (cut(y), [row.tolist() for row in cut(y)], as_objects):
        with pytest.raises(ValueError, match=message):
            small(estimator).fit(cut(X), form)


@pytest.mark.parametrize(
    ("estimator", "step_estimator"),
    [(GRURegressor, "RNNStepRegressor"), (GRUClassifier, "RNNStepClassifier")],
)
def test_several_targets_for_each_step(estimator, step_estimator):
    y = (RNG.standard_normal((12, 5, 3)) > 0).astype(int)
    message = rf"y has shape \(12, 5, 3\); expected .* one per step; {step_estimator} learns"
    for form in (y, y.tolist(), list(y)):
        with pytest.raises(ValueError, match=message):
            small(estimator).fit(X, form)


# What is meant for the whole sequence.


@pytest.mark.parametrize("n_outputs", [1, 4, 6])
def test_another_number_of_columns(n_outputs):
    does_not_warn(small(GRURegressor), X, RNG.standard_normal((12, n_outputs)))


def test_sequences_of_different_lengths():
    does_not_warn(small(GRURegressor), cut(X), Y)
    does_not_warn(small(GRURegressor), [x[:1] for x in X], Y[:, :1])


def test_sequences_that_a_transformer_made():
    does_not_warn(small(GRURegressor), FLAT, Y)
    does_not_warn(small(GRUClassifier), FLAT, (Y > 0).astype(int))
    model = WindowScaledRegressor(small(GRURegressor), feature=0)
    model.fit(X, Y)


def test_tables_and_names_for_columns():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = [*"abcde"]
    does_not_warn(small(GRURegressor), X[:, :, 0], Y)
    does_not_warn(small(GRURegressor), X, pd.DataFrame(Y, columns=columns))
    does_not_warn(small(GRURegressor), X, pl.DataFrame(Y, schema=columns))
    does_not_warn(small(GRUClassifier), X, pd.DataFrame((Y > 0).astype(int), columns=columns))


def test_a_horizon_as_long_as_the_window():
    """Windows of a series share their steps, as spans or as copies, in any order."""
    rows, y = RNG.standard_normal((40, 2)), RNG.standard_normal((40, 5))
    windows = SlidingWindow(5).fit_transform(rows)
    copies = np.asarray(windows)
    order = RNG.permutation(40)
    model = small(GRURegressor)
    for given, of_given in (
        (windows, y),
        (windows[4:], y[4:]),
        (windows[order], y[order]),
        (copies, y),
        (copies[4:], y[4:]),
    ):
        does_not_warn(model, given, of_given)


@pytest.mark.parametrize(
    "y", [[*range(12)], np.arange(12.0), [np.float64(i) for i in range(12)]], ids=str
)
def test_one_target(y):
    does_not_warn(small(GRURegressor), X, y)


def test_sparse_targets_have_their_own_message():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        small(GRURegressor).fit(X, csr_array(Y[:, :3]))
