"""Padding changes nothing: the same bits from every form of the same sequences."""

import numpy as np
import pytest
from sklearn.base import is_classifier

import skrnn
from skrnn import RNNRegressor, Sequences
from tests._estimators import CELL_PARAMETERS, ESTIMATORS
from tests._problems import ragged

LENGTHS = [4, 1, 7, 3, 3, 2, 7, 5, 6, 1]


def dense(arrays, n_before):
    """3-D, with ``n_before(length)`` of the steps of padding in front and the rest behind."""
    padded = np.full((len(arrays), 9, arrays[0].shape[1]), np.nan)
    for i, x in enumerate(arrays):
        start = n_before(len(x))
        padded[i, start : start + len(x)] = x
    return padded


def shuffled_rows(arrays):
    """Sequences whose rows lie in reverse order, with other rows between them."""
    junk = np.full((2, arrays[0].shape[1]), np.inf)
    rows = np.concatenate([part for x in arrays[::-1] for part in (junk, x)])
    lengths = np.array([len(x) for x in arrays])
    ends = len(rows) - np.cumsum(lengths + 2) + lengths + 2
    return Sequences(rows, ends - lengths, lengths)


def twice_in_reverse(X):
    """The last comes first, and each two times."""
    starts, lengths = (np.repeat(part[::-1], 2) for part in (X.starts, X.lengths))
    return Sequences(X.rows, starts, lengths)


def object_array(arrays):
    result = np.empty(len(arrays), object)
    result[:] = arrays
    return result


FORMS = {
    "trailing NaN": lambda arrays: dense(arrays, lambda length: 0),
    "leading NaN": lambda arrays: dense(arrays, lambda length: 9 - length),
    "NaN on both sides": lambda arrays: dense(arrays, lambda length: (9 - length) // 2),
    "Fortran order": lambda arrays: np.asfortranarray(dense(arrays, lambda length: 0)),
    "list": list,
    "tuple": tuple,
    "list of padded arrays": lambda arrays: [
        np.pad(x, ((i % 3, 2), (0, 0)), constant_values=np.nan) for i, x in enumerate(arrays)
    ],
    "nested lists": lambda arrays: dense(arrays, lambda length: 0).tolist(),
    "object array": object_array,
    "Sequences": lambda arrays: ragged(LENGTHS, 3),
    "Sequences of shuffled rows": shuffled_rows,
    "padded Sequences": lambda arrays: Sequences(
        dense(arrays, lambda length: 9 - length).reshape(-1, 3), np.arange(10) * 9, [9] * 10
    ),
    "array of Sequences": lambda arrays: np.asarray(ragged(LENGTHS, 3)),
    "sliced Sequences": lambda arrays: twice_in_reverse(ragged(LENGTHS, 3))[::-2],
}


def problem(name):
    arrays = list(ragged(LENGTHS, 3))
    total = np.array([x.sum() for x in arrays])
    y = np.digitize(total, [-1, 1]) if name.endswith("Classifier") else total
    return arrays, y


def outputs(model, X):
    yield model.predict(X)
    yield model.transform(X)
    if is_classifier(model):
        yield model.predict_proba(X)


def estimator(name, **parameters):
    # Minibatches of four, so that shuffling and the last small one take part.
    parameters = {"max_iter": 3, "batch_size": 4, "random_state": 0} | parameters
    return getattr(skrnn, name)((5, 4), dropout=0.2, n_iter_no_change=np.inf, **parameters)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_bitwise_equal(name, form):
    arrays, y = problem(name)
    X = FORMS[form](arrays)
    expected, model = estimator(name).fit(arrays, y), estimator(name).fit(X, y)
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.n_features_in_ == expected.n_features_in_ == 3
    for ours, theirs in zip(outputs(model, X), outputs(expected, arrays), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("form", FORMS)
def test_fit_on_one_form_and_predict_another(form):
    arrays, y = problem("GRURegressor")
    model = estimator("GRURegressor").fit(arrays, y)
    found = model.predict(FORMS[form](arrays))
    np.testing.assert_array_equal(found, model.predict(arrays))


@pytest.mark.parametrize("form", ["trailing NaN", "object array", "Sequences"])
@pytest.mark.parametrize("parameters", [{"dtype": "float64"}, {"early_stopping": True}])
def test_other_precision_and_held_out_part(form, parameters):
    parameters = parameters | {"validation_fraction": 0.4}
    arrays, y = problem("RNNRegressor")
    expected = estimator("RNNRegressor", **parameters).fit(arrays, y)
    model = estimator("RNNRegressor", **parameters).fit(FORMS[form](arrays), y)
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.validation_scores_ == expected.validation_scores_


VARIATIONS = {
    "bidirectional": {"bidirectional": True},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "attention": {"pooling": "attention"},
    "attention to both": {"pooling": "attention", "bidirectional": True},
    "ar_steps": {"ar_steps": 3},
    "tbptt_steps": {"tbptt_steps": 2},
    "tbptt_steps, attention": {"tbptt_steps": 2, "pooling": "attention"},
    "recurrent_dropout": {"recurrent_dropout": 0.3},
    "min_length": {"min_length": 3},
    "chrono": {"forget_bias": "chrono"},
    "in order": {"shuffle": False},
    "early_stopping": {"early_stopping": True, "validation_fraction": 0.4},
    "last part": {
        "early_stopping": True, "validation_fraction": 0.4, "validation_split": "last",
        "ar_steps": 2,
    },
}  # fmt: skip
FIVE_FORMS = ["trailing NaN", "leading NaN", "list", "object array", "Sequences"]


def assert_one_fit(name, y, **parameters):
    """The same from each of the five forms."""
    arrays, _ = problem(name)
    form, *others = FIVE_FORMS
    expected = estimator(name, **parameters).fit(FORMS[form](arrays), y)
    predicted = list(outputs(expected, FORMS[form](arrays)))
    for other in others:
        X = FORMS[other](arrays)
        model = estimator(name, **parameters).fit(X, y)
        np.testing.assert_array_equal(model._theta, expected._theta)
        assert model.loss_curve_ == expected.loss_curve_
        assert model.validation_scores_ == expected.validation_scores_
        for ours, theirs in zip(outputs(model, X), predicted, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.filterwarnings("ignore:forget_bias='chrono' has no effect with cell='rnn'")
@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_every_kind_of_network_and_training(cell, variation):
    _, y = problem("RNNRegressor")
    assert_one_fit("RNNRegressor", y, **CELL_PARAMETERS[cell], **VARIATIONS[variation])


@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_every_class_in_both_parts(cell):
    _, y = problem("RNNRegressor")
    options = {"early_stopping": True, "validation_fraction": 0.4, "bidirectional": True}
    assert_one_fit("RNNClassifier", y > 0, **CELL_PARAMETERS[cell], **options)


@pytest.mark.parametrize("form", FIVE_FORMS)
def test_many_sequences(form):
    """More than prediction reads at once."""
    times = 30
    arrays, y = problem("GRURegressor")
    arrays, y = arrays * times, np.tile(y, times)
    if form == "Sequences":
        X = ragged(LENGTHS, 3)[np.tile(np.arange(10), times)]
    else:
        X = FORMS[form](arrays)
    expected = estimator("GRURegressor", batch_size=16).fit(arrays, y)
    model = estimator("GRURegressor", batch_size=16).fit(X, y)
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.loss_curve_ == expected.loss_curve_
    np.testing.assert_array_equal(model.predict(X), expected.predict(arrays))


def test_forms_differ():
    """What the other tests could not see: a step more is another result."""
    arrays, y = problem("RNNRegressor")
    model = RNNRegressor(5, max_iter=3, n_iter_no_change=np.inf, random_state=0).fit(arrays, y)
    longer = [np.pad(x, ((1, 0), (0, 0)), constant_values=0.5) for x in arrays]
    assert (model.predict(longer) != model.predict(arrays)).all()
