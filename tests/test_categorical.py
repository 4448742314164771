"""Columns of codes in estimators: which they are, what is checked, and the same bits."""

import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skrnn import GRUClassifier, GRURegressor, RNNRegressor, TokenEncoder
from skrnn.sequences import Sequences
from tests._estimators import CELL_PARAMETERS, ESTIMATORS, assert_same_outputs, make, outputs
from tests._problems import coded
from tests.test_fitting import assert_unchanged, copy_of
from tests.test_padding import FORMS
from tests.test_threads import fits

LENGTHS = [3, 5, 1, 5]


# Bits.


def data(name="GRURegressor", dtype=np.float64, n_samples=60):
    """Codes beside numbers; y tells whether code 3 occurs, and what number is beside it."""
    rng = np.random.default_rng(0)
    X = coded(rng.integers(1, 9, n_samples), 3, {1: (6, 0)}, dtype)
    # Every part of the samples has all codes.
    X.rows[X.starts, 1] = np.arange(n_samples) % 6
    y = np.array([np.sum((x[:, 1] == 3) * (1 + x[:, 0])) for x in X])
    return X, np.digitize(y, [0.5, 1.5]) if name.endswith("Classifier") else y


EMBEDDED = {"categorical_features": [1], "embedding_dim": 3}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["GRURegressor", "LSTMClassifier"])
def test_padding_changes_nothing(name, form):
    lengths = [4, 1, 7, 3, 3, 2, 7, 5, 6, 1]  # those of the forms
    X = coded(lengths, 3, {1: (6, 0)})
    y = np.arange(10) % 3
    given = X if "Sequences" in form else FORMS[form](list(X))
    if form == "Sequences of shuffled rows":
        given = FORMS[form](list(X))
    elif form == "padded Sequences":
        given = Sequences(np.asarray(X).reshape(-1, 3), np.arange(10) * 7, [7] * 10)
    options = EMBEDDED | {"embedding_dropout": 0.2, "batch_size": 4}
    expected, model = make(name, **options).fit(list(X), y), make(name, **options).fit(given, y)
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert_same_outputs(model, given, expected, list(X))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_predictions_do_not_depend_on_the_batch(name):
    X, y = data(name, n_samples=300)  # more than are read at once
    model = make(name, (17,), **EMBEDDED).fit(X, y)
    whole, rng = outputs(model, X), np.random.default_rng(0)
    for batch in ([7], [299, 3], rng.permutation(300), np.arange(150)):
        for found, expected in zip(outputs(model, X[batch]), whole, strict=True):
            np.testing.assert_array_equal(found, expected[batch])


def test_fit_is_bitwise_equal_with_any_number_of_threads():
    rng = np.random.default_rng(0)
    X = coded(rng.integers(1, 20, 150), 3, {1: (40, 0)})
    model = GRURegressor(
        (96,), categorical_features=[1], embedding_dim=33, embedding_dropout=0.1, max_iter=3,
        random_state=0,
    )  # fmt: skip
    assert len(set(fits(model, X, rng.standard_normal(150)))) == 1


# Estimators.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_learns_what_codes_mean(cell, dtype):
    """Whether a code of three out of ten is the last one: no order of the codes tells."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 10, (200, 4, 1))
    y = np.isin(X[:, -1, 0], [2, 5, 8]).astype(float)
    model = RNNRegressor(
        (8,), categorical_features=[0], dtype=dtype, random_state=0, **CELL_PARAMETERS[cell]
    ).fit(X, y)
    assert model.score(X, y) > 0.99
    assert model.named_parameters()["weight_embedding_0"].shape == (10, 5)


def theta(X, y, **parameters):
    return make("GRURegressor", **{"embedding_dim": 3} | parameters).fit(X, y)._theta


@pytest.mark.parametrize(
    "given",
    [[False, True, True], np.array([2, 1]), (1, 2), [1, 2, 1], ["b", "c"], np.array(["c", "b"])],
)
def test_ways_to_name_the_columns(given):
    pd = pytest.importorskip("pandas")
    X = coded(LENGTHS, 3, {1: (4, 0), 2: (5, 0)})
    frames = [pd.DataFrame(x, columns=[*"abc"]) for x in X]
    expected = theta(frames, np.arange(4), categorical_features=[1, 2])
    found = theta(frames, np.arange(4), categorical_features=given)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("given", [None, [], [False, False, False], np.array([])])
def test_no_columns(given):
    X, y = data()
    expected = make("GRURegressor").fit(X, y)._theta
    found = make("GRURegressor", categorical_features=given).fit(X, y)._theta
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "parameters", [{"embedding_dim": 3}, {"n_codes": 6}, {"embedding_dropout": 0.1}]
)
def test_warns_of_what_has_no_effect(parameters):
    X, y = data()
    name = next(iter(parameters))
    with pytest.warns(UserWarning, match=f"{name}=.* has no effect with categorical_features=None"):
        make("GRURegressor", **parameters).fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"categorical_features": [3]}, "has 3; expected numbers of features, from 0 to 2"),
        ({"categorical_features": [-1]}, "has -1; expected numbers of features"),
        ({"categorical_features": [0.5]}, "has 0.5; expected numbers of features"),
        ({"categorical_features": [[1]]}, r"has shape \(1, 1\); expected a 1-D"),
        ({"categorical_features": [True]}, "is a mask of 1 values, but X has 3 features"),
        ({"categorical_features": ["b"]}, "has the name 'b', but the features of X have no names"),
        ({"n_codes": {0: 6}}, "n_codes has feature 0, which is not one of categorical_features"),
        ({"n_codes": {1: 0}}, "n_codes has 1: 0; expected an int from 1 to 16777216"),
        ({"n_codes": {1: "all"}}, "n_codes has 1: 'all'; expected an int from 1"),
        ({"n_codes": 5}, r"X has 5 in sequence 1, step 4, feature 1, which has 5 codes"),
        ({"embedding_dim": {1: 2.5}}, "embedding_dim has 1: 2.5; expected an int from 1"),
        ({"embedding_dim": {2: 2}}, "embedding_dim has feature 2, which is not one of"),
        ({"embedding_dim": {True: 2}}, "embedding_dim has True; expected numbers of features"),
    ],
)
def test_wrong_parameters(parameters, message):
    X, y = data()
    with pytest.raises(ValueError, match=message):
        make("GRURegressor", **{"categorical_features": [1]} | parameters).fit(X, y)


def test_a_name_that_is_not_there():
    pd = pytest.importorskip("pandas")
    X, y = data()
    frames = [pd.DataFrame(x, columns=[*"abc"]) for x in X]
    with pytest.raises(ValueError, match=r"has the name 'd'; expected one of \['a', 'b', 'c'\]"):
        make("GRURegressor", categorical_features=["d"]).fit(frames, y)
    model = make("GRURegressor", categorical_features=["b"]).fit(frames, y)
    frames[2].loc[0, "b"] = 6
    with pytest.raises(ValueError, match="X has 6 in sequence 2, step 0, feature 'b'"):
        model.predict(frames)


def shapes_of(X, y, **parameters):
    model = make("GRURegressor", **parameters).fit(X, y)
    return {
        name.removeprefix("weight_embedding_"): values.shape
        for name, values in model.named_parameters().items()
        if "embedding" in name
    }


def test_shapes():
    X = coded(LENGTHS, 3, {1: (4, 0), 2: (5, 0)})
    X.rows[[3, 4]] = [[0, 3, 4], [0, 1, 199]]
    y = np.arange(4)
    both = {"categorical_features": [1, 2]}
    assert shapes_of(X, y, **both) == {"1": (4, 2), "2": (200, 50)}
    assert shapes_of(X, y, **both, embedding_dim=7) == {"1": (4, 7), "2": (200, 7)}
    assert shapes_of(X, y, **both, embedding_dim={2: 7}) == {"1": (4, 2), "2": (200, 7)}
    assert shapes_of(X, y, **both, n_codes={1: 9}) == {"1": (9, 5), "2": (200, 50)}
    assert shapes_of(X, y, **both, n_codes=300) == {"1": (300, 50), "2": (300, 50)}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("code", [6, 100, -1, 1.5])
def test_codes_out_of_range(name, code):
    X, y = data(name)
    model = make(name, **EMBEDDED).fit(X, y)
    wrong = [x.copy() for x in X[3:6]]
    wrong[1] = np.r_[wrong[1], [[0, code, 0]]]
    step = len(wrong[1]) - 1
    message = rf"X has {code} in sequence 1, step {step}, feature 1, which .*expected "
    message += r"0 to 5\. .* fit with n_codes=" if code > 5 else "integer codes 0, 1, 2"
    for method in ("predict", "transform"):
        with pytest.raises(ValueError, match=message):
            getattr(model, method)(wrong)
    with pytest.raises(ValueError, match=message):
        model.gradient_flow(wrong, y[:3])
    # Rows of no sequence may be anything.
    rows = np.vstack([X.rows, np.full(3, code)])
    assert_same_outputs(model, Sequences(rows, X.starts, X.lengths), model, X)


@pytest.mark.parametrize("code", [-1, 0.5, 2.0**24, 1e12])
def test_what_is_no_code_in_fit(code):
    X, y = data()
    X.rows[X.starts[7], 1] = code
    model = make("GRURegressor", **EMBEDDED)
    with pytest.raises(ValueError, match=r"X has .* in sequence 7, step 0, feature 1, which is"):
        model.fit(X, y)
    assert not hasattr(model, "n_features_in_")


def test_validation_data_are_checked():
    X, y = data()
    model = make("GRURegressor", early_stopping=True, **EMBEDDED)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    clone(model).set_params(scoring=None).fit(X, y)
    other = Sequences(X.rows.copy(), X.starts, X.lengths)
    other.rows[X.starts[42], 1] = 6
    with pytest.raises(ValueError, match="X_val: X has 6 in sequence 2, step 0, feature 1"):
        model.fit(X[:40], y[:40], X_val=other[40:], y_val=y[40:])


def test_going_on():
    X, y = data()
    few = X[[i for i, x in enumerate(X) if x[:, 1].max() < 5]]
    model = make("GRURegressor", categorical_features=[1]).partial_fit(few, y[: len(few)])
    before = copy_of(model)
    with pytest.raises(ValueError, match=r"which has 5 codes; expected 0 to 4"):
        model.partial_fit(X, y)
    assert_unchanged(model, before)
    model.set_params(n_codes=6)
    with pytest.raises(ValueError, match=r"embeddings={1: \(6, 3\)} \(was {1: \(5, 3\)}\)"):
        model.partial_fit(few, y[: len(few)])
    told = make("GRURegressor", n_codes=6, categorical_features=[1]).partial_fit(few, y[: len(few)])
    assert told.partial_fit(X, y).n_iter_ == 2
    # An earlier call has seen more codes.
    seen = make("GRURegressor", warm_start=True, categorical_features=[1]).fit(X, y)
    assert seen.fit(few, y[: len(few)]).n_iter_ == 6
    seen.set_params(categorical_features=None)
    with pytest.raises(ValueError, match=r"the same network, but now it has embeddings=\{\}"):
        seen.fit(X, y)


def test_a_part_of_the_sequences():
    """The rows of the others, which it shares, do not count."""
    X, y = data()
    few = np.array([i for i, x in enumerate(X) if x[:, 1].max() < 5])
    expected = make("GRURegressor", **EMBEDDED).fit([X[i] for i in few], y[few])
    assert_same_outputs(
        make("GRURegressor", **EMBEDDED).fit(X[few], y[few]), X[few], expected, X[few]
    )


def test_too_large_for_memory():
    X, y = data()
    model = make("GRURegressor", n_codes=2**24, embedding_dim=2**40, categorical_features=[1])
    message = r"embeddings of shapes \[\(16777216, 1099511627776\)\] .* smaller embedding_dim"
    with pytest.raises(MemoryError, match=message):
        model.fit(X, y)


def test_a_table_has_one_feature():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 5, (40, 6)), np.arange(40.0)
    table, sequences = (make("GRURegressor", categorical_features=[0]) for _ in range(2))
    table.fit(X, y)
    assert table.n_features_in_ == 6
    assert_same_outputs(table, X, sequences.fit(X[:, :, np.newaxis], y), X[:, :, np.newaxis])
    with pytest.raises(ValueError, match=r"has 5; .* one feature per step, number 0"):
        table.set_params(categorical_features=[5]).fit(X, y)


def test_no_warning_of_scale():
    """Codes have none; the numbers beside them do."""
    X, y = data()
    X.rows[:, 1] *= 1000
    make("GRURegressor", **EMBEDDED).fit(X, y)
    X.rows[:, 2] *= 1e6
    with pytest.warns(UserWarning, match="mean absolute value of feature 2"):
        make("GRURegressor", **EMBEDDED).fit(X, y)


def test_not_with_a_linear_path():
    X, y = data()
    with pytest.raises(ValueError, match=r"ar_steps=2 is not supported with categorical_features"):
        make("GRURegressor", ar_steps=2, **EMBEDDED).fit(X, y)


def test_summary_and_gradient_flow():
    X, y = data()
    model = make("GRURegressor", **EMBEDDED).fit(X, y)
    lines = model.summary().splitlines()
    assert re.fullmatch(r"embedding +T × 5 +18", lines[1])
    assert re.fullmatch(r"  weight_embedding_1 +6 × 3", lines[2])
    flow = model.gradient_flow(X, y)
    assert flow.shape == (1, 8)
    assert (flow > 0).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pickle_and_clone(name):
    X, y = data(name)
    model = make(name, n_codes={1: 8}, embedding_dropout=0.1, **EMBEDDED).fit(X, y)
    assert_same_outputs(pickle.loads(pickle.dumps(model)), X, model, X)
    assert_same_outputs(clone(model).fit(X, y), X, model, X)


def test_texts():
    """Words that come only in predict have the code of unknown words."""
    rng = np.random.default_rng(0)
    words = np.array(["good", "bad", "some", "plain", "words"])
    texts = [" ".join(rng.choice(words, n)) for n in rng.integers(1, 8, 200)]
    y = ["good" in text for text in texts]
    model = make_pipeline(
        TokenEncoder(), GRUClassifier(8, categorical_features=[0], random_state=0)
    ).fit(texts, y)
    assert model.score(texts, y) == 1
    assert model[-1].named_parameters()["weight_embedding_0"].shape == (6, 3)
    np.testing.assert_array_equal(model.predict_proba(["new"]), model.predict_proba(["newer"]))


def test_grid_search():
    X, y = data("GRUClassifier")
    search = GridSearchCV(
        make("GRUClassifier", categorical_features=[1]), {"embedding_dim": [1, 4]}, cv=2
    ).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    dim = search.best_params_["embedding_dim"]
    assert search.best_estimator_.named_parameters()["weight_embedding_1"].shape == (6, dim)


def test_dropout_acts_in_training_only():
    X, y = data("GRUClassifier")
    plain = make("GRUClassifier", **EMBEDDED).fit(X, y)
    model = make("GRUClassifier", embedding_dropout=0.5, **EMBEDDED).fit(X, y)
    assert not np.array_equal(model._theta, plain._theta)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    plain._theta[:] = model._theta
    assert_same_outputs(plain, X, model, X)


# An output at every step.


def step_data():
    """A table of words in turn from two texts; the label of a word is known by the next one."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"text": np.arange(200) % 2, "x": rng.standard_normal(200)})
    table["word"] = rng.integers(0, 7, 200)
    table["position"] = np.arange(200) // 2
    return table, np.isin(table["word"], [2, 3, 6])


def test_steps_of_a_table():
    """The columns that group the rows are no features."""
    table, y = step_data()
    options = {"learning_rate_init": 0.05, "max_iter": 50}
    keys = {"group": "text", "time": "position"}
    named, numbered = (
        make("RNNStepClassifier", categorical_features=given, **options, **keys).fit(table, y)
        for given in (["word"], [1])
    )
    assert named.score(table, y) == 1
    assert_same_outputs(named, table, numbered, table)
    sequences = [part[["x", "word"]].to_numpy() for _, part in table.groupby("text")]
    labels = [y[::2], y[1::2]]
    other = make("RNNStepClassifier", categorical_features=[1], **options).fit(sequences, labels)
    np.testing.assert_array_equal(
        other.predict_proba(sequences)[1], named.predict_proba(table)[1::2]
    )
    for wrong in ("text", "position", "y"):
        with pytest.raises(ValueError, match=rf"name '{wrong}'; expected one of \['x', 'word'\]"):
            clone(named).set_params(categorical_features=[wrong]).fit(table, y)


def test_codes_out_of_range_at_a_step():
    table, y = step_data()
    model = make(
        "RNNStepRegressor", group="text", time="position", categorical_features=["word"]
    ).fit(table, y * 1.0)
    table.loc[7, "word"] = 7
    message = "X has 7 in sequence 1, step 3, feature 'word', which has 7 codes; expected 0 to 6"
    for method in ("predict", "transform"):
        with pytest.raises(ValueError, match=message):
            getattr(model, method)(table)
    with pytest.raises(ValueError, match=message):
        model.score(table, y)
