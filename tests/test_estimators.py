"""What goes in, what is computed, in which precision; the object itself."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

import skrnn
from skrnn import Sequences
from tests._estimators import (
    ESTIMATORS,
    assert_same_outputs,
    make,
    problem,
)
from tests._oracle import run
from tests._problems import ragged

# Input.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_row_of_a_table_is_a_univariate_sequence(name):
    X, y = problem(name, n_features=1)
    table = X[:, :, 0]
    forms = {
        "2-D": table,
        "2-D lists": table.tolist(),
        "3-D": X,
        "ragged": list(X),
        "Sequences": Sequences(X.reshape(-1, 1), np.arange(30) * 5, np.full(30, 5)),
    }
    models = {form: make(name).fit(forms[form], y) for form in forms}
    for form, model in models.items():
        np.testing.assert_array_equal(model._theta, models["3-D"]._theta)
        assert_same_outputs(model, forms[form], models["3-D"], X)
        assert model.n_features_in_ == (5 if form.startswith("2-D") else 1)
        assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("form", ["3-D", "ragged", "Sequences"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_number_of_features_is_that_of_a_step(name, form):
    X, y = problem(name, n_features=3)
    forms = {
        "3-D": X,
        "ragged": list(X),
        "Sequences": Sequences(X.reshape(-1, 3), np.arange(30) * 5, np.full(30, 5)),
    }
    assert make(name).fit(forms[form], y).n_features_in_ == 3


@pytest.mark.parametrize("name", ESTIMATORS)
def test_column_names(name):
    pd = pytest.importorskip("pandas")
    X, y = problem(name, n_features=1)
    frame = pd.DataFrame(X[:, :, 0], columns=[*"abcde"])
    model = make(name).fit(frame, y)
    assert model.feature_names_in_.tolist() == [*"abcde"]
    assert_same_outputs(model, frame, make(name).fit(X, y), X)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[[*"edcba"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(frame.to_numpy())
    for other in (X, list(X), frame.to_numpy()):
        assert not hasattr(clone(model).fit(frame, y).fit(other, y), "feature_names_in_")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_other_n_timesteps(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    longer = np.concatenate([X, -X], axis=1)
    for other in (longer, X[:, :1], X[:, 2:]):
        assert_same_outputs(model, other, model, list(other))
    # The last two steps decide more than nothing, and are not cut off.
    assert (model.transform(longer) != model.transform(longer[:, :-1])).all()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_wrong_number_of_features(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    message = f"X has 3 features per step, but {name} was fitted with 2"
    for wrong in (np.ones((4, 5, 3)), [np.ones((5, 3)), np.ones((2, 3))], ragged([2, 1], 3)):
        for method in (model.predict, model.transform):
            with pytest.raises(ValueError, match=message):
                method(wrong)
    with pytest.raises(ValueError, match="X has 1 features per step"):
        model.predict(np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"X has 1 features per step, but .* was fitted with 2"):
        model.predict(np.ones((4, 5)))


def test_wrong_number_of_columns():
    X, y = problem(n_features=1)
    model = make("GRURegressor").fit(X[:, :, 0], y)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5 features"):
        model.predict(X[:, :4, 0])
    with pytest.raises(ValueError, match=r"X has 2 features per step, but .* fitted with 1"):
        model.predict(np.ones((4, 5, 2)))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_before_fit(name):
    X, _ = problem(name)
    for method in ("predict", "transform", "get_feature_names_out"):
        with pytest.raises(NotFittedError, match=f"This {name} instance is not fitted yet"):
            getattr(make(name), method)(*([X] if method != "get_feature_names_out" else []))


# What is computed.


@pytest.mark.parametrize(
    ("cell", "parameters"),
    [
        ("rnn_tanh", {"cell": "rnn"}),
        ("rnn_relu", {"cell": "rnn", "activation": "relu"}),
        ("gru", {"cell": "gru"}),
        ("gru_reset_before", {"cell": "gru", "reset_after": False}),
        ("lstm", {"cell": "lstm"}),
    ],
)
def test_predictions_against_readable_cells(cell, parameters):
    X = ragged([3, 1, 6, 2], 2)
    y = np.array([[1.0, 300.0], [3.0, 100.0], [2.0, 100.0], [7.0, 500.0]])
    model = make("RNNRegressor", (4, 3), dtype="float64", **parameters).fit(X, y)
    params = model._network.params(model._theta)
    pooled = []
    for hidden in X:
        for n_hidden, layer in zip((4, 3), params.layers, strict=True):
            state = [np.zeros(n_hidden)] * (2 if cell == "lstm" else 1)
            hidden, _ = run(cell, hidden, state, layer.values())
        pooled.append(hidden[-1])
    np.testing.assert_allclose(model.transform(X), pooled, rtol=1e-10, atol=1e-12)
    raw = pooled @ params.readout["weight_out"].T + params.readout["bias_out"]
    np.testing.assert_allclose(model.predict(X), raw * y.std(axis=0) + y.mean(axis=0), rtol=1e-10)


@pytest.mark.parametrize("kind", ["Regressor", "Classifier"])
def test_cell_as_a_parameter(kind):
    X, y = problem(kind)

    def theta(name, **parameters):
        return make(name + kind, **parameters).fit(X, y)._theta.tolist()

    assert theta("RNN", cell="lstm") == theta("LSTM")
    assert theta("RNN", cell="gru") == theta("GRU") != theta("GRU", reset_after=False)
    assert theta("RNN", cell="gru", reset_after=False) == theta("GRU", reset_after=False)
    assert theta("RNN", cell="rnn") == theta("RNN") != theta("RNN", activation="relu")
    # What belongs to another cell does not matter.
    assert theta("RNN", cell="lstm", activation="relu", reset_after=False) == theta("LSTM")
    assert theta("RNN", reset_after=False) == theta("RNN")


@pytest.mark.parametrize("sizes", [3, (3,), [3], np.array([3]), np.int64(3)], ids=repr)
def test_forms_of_hidden_layer_sizes(sizes):
    X, y = problem()
    expected = make("LSTMRegressor", (3,)).fit(X, y)._theta
    np.testing.assert_array_equal(make("LSTMRegressor", sizes).fit(X, y)._theta, expected)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_random_state_alone_decides(name):
    X, y = problem(name)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state
    options = {"dropout": 0.3, "batch_size": 8, "early_stopping": True, "validation_fraction": 0.3}
    model = make(name, (4, 3), **options)
    first = model.fit(X, y)._theta.copy()
    model.predict(X)
    np.testing.assert_array_equal(model.fit(X, y)._theta, first)
    np.testing.assert_array_equal(clone(model).fit(X, y)._theta, first)
    instance = clone(model).set_params(random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(instance.fit(X, y)._theta, first)
    # The instance goes on.
    assert (instance.fit(X, y)._theta != first).any()
    assert (clone(model).set_params(random_state=1).fit(X, y)._theta != first).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002 - the global state


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(
    "parameter",
    [
        {"learning_rate_init": 0.01},
        {"alpha": 0.01},
        {"beta_1": 0.8},
        {"beta_2": 0.99},
        {"epsilon": 1e-6},
        {"momentum": 0.5},
        {"dropout": 0.3},
        {"max_grad_norm": 0.01},
        {"tol": 0.01},
    ],
    ids=lambda parameter: next(iter(parameter)),
)
def test_numpy_numbers_are_numbers(solver, parameter):
    """A grid of np.logspace gives float64 scalars, which must not change the precision."""
    X, y = problem()
    ((parameter, value),) = parameter.items()
    fits = [
        make("GRURegressor", (4, 3), solver=solver, **{parameter: kind(value)}).fit(X, y)
        for kind in (float, np.float64)
    ]
    np.testing.assert_array_equal(fits[0]._theta, fits[1]._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_batch_size(name):
    X, y = problem(name)

    def fit(**parameters):
        return make(name, **parameters).fit(X, y)

    automatic = fit()
    np.testing.assert_array_equal(fit(batch_size=30)._theta, automatic._theta)
    with pytest.warns(UserWarning, match="batch_size=31 is larger than the 30 training") as record:
        larger = fit(batch_size=31)
    assert record[0].filename == __file__
    np.testing.assert_array_equal(larger._theta, automatic._theta)
    assert (fit(batch_size=29)._theta != automatic._theta).any()
    assert fit(batch_size=7).t_ == automatic.t_ == 90
    # Without shuffling, one batch of all is the same as with it but for rounding.
    loss = fit(shuffle=False, dtype="float64").loss_curve_
    np.testing.assert_allclose(loss, fit(dtype="float64").loss_curve_, rtol=1e-10)


@pytest.mark.parametrize(("n_samples", "size"), [(7, 7), (32, 32), (33, 17), (65, 22), (320, 32)])
def test_auto_batch_size_is_at_most_32_and_even(n_samples, size):
    """33 samples are 17 and 16, not 32 and a last one that has a step of its own."""
    X, y = problem(n_samples=n_samples)
    fits = [make("GRURegressor", batch_size=size).fit(X, y) for size in ("auto", size)]
    np.testing.assert_array_equal(fits[0]._theta, fits[1]._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_max_grad_norm(name):
    """One step of plain descent is lr times the clipped gradient: the difference of two tells."""
    X, y = problem(name)

    def theta(**parameters):
        parameters |= {"solver": "sgd", "momentum": 0, "max_iter": 1, "dtype": "float64"}
        return make(name, **parameters).fit(X, y)._theta

    step = theta(learning_rate_init=0.3) - theta(learning_rate_init=0.1)
    norm = np.linalg.norm(step) / 0.2
    for max_grad_norm in (norm / 100, norm / 2, norm * 0.99):
        clip = {"max_grad_norm": max_grad_norm}
        clipped = theta(learning_rate_init=0.3, **clip) - theta(learning_rate_init=0.1, **clip)
        np.testing.assert_allclose(np.linalg.norm(clipped), 0.2 * max_grad_norm, rtol=1e-10)
        np.testing.assert_allclose(clipped, step * (max_grad_norm / norm), rtol=1e-6, atol=1e-12)
    unclipped = theta(learning_rate_init=0.3, max_grad_norm=norm * 1.01)
    np.testing.assert_array_equal(unclipped, theta(learning_rate_init=0.3))


# Precision.


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype(name, dtype):
    X, y = problem(name)
    for given in (X, X.astype(np.float32)):
        model = make(name, dtype=dtype).fit(given, y)
        assert model._theta.dtype == dtype
        assert model.transform(given).dtype == dtype
        if is_classifier(model):
            assert model.predict_proba(given).dtype == np.float64
        else:
            assert model.predict(given).dtype == np.float64
    assert make(name).dtype == "float32"


def test_precisions_agree():
    X, y = problem()
    single, double = (make("GRURegressor", dtype=d).fit(X, y).predict(X) for d in
                      ("float32", "float64"))  # fmt: skip
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)
    assert (single != double).any()


def auto_forms(dtype):
    """X of a dtype in every form."""
    X = problem(n_features=1)[0].astype(dtype)
    objects = np.empty(len(X), object)
    objects[:] = list(X)
    return {
        "3-D": X,
        "2-D": X[:, :, 0],
        "Sequences": Sequences(X.reshape(-1, 1), np.arange(30) * 5, np.full(30, 5)),
        "list": list(X),
        "object array": objects,
    }


@pytest.mark.parametrize("form", auto_forms(np.float32))
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)],
)
def test_auto_dtype_is_that_of_X(form, dtype, expected):
    _, y = problem()
    model = make("GRURegressor", dtype="auto").fit(auto_forms(dtype)[form], y)
    assert model._theta.dtype == expected


@pytest.mark.parametrize("columns", [[*"abcde"], ["dtype", *"abcd"]], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auto_dtype_is_that_of_a_frame(dtype, columns):
    pd = pytest.importorskip("pandas")
    X, y = problem(n_features=1)
    frame = pd.DataFrame(X[:, :, 0].astype(dtype), columns=columns)
    assert make("GRURegressor", dtype="auto").fit(frame, y)._theta.dtype == dtype


# The object.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_parameters(name):
    X, y = problem(name)
    defaults = {
        p.name: p.default for p in inspect.signature(getattr(skrnn, name)).parameters.values()
    }
    assert getattr(skrnn, name)().get_params() == defaults
    assert repr(getattr(skrnn, name)()) == f"{name}()"
    model = make(name, (3, 2), alpha=0.5)
    before = model.get_params()
    model.fit(X, y)
    assert model.get_params() == before == defaults | {
        "hidden_layer_sizes": (3, 2), "alpha": 0.5, "max_iter": 3, "learning_rate": "constant",
        "random_state": 0,
    }  # fmt: skip
    copied = clone(model)
    assert copied.get_params() == before
    assert vars(copied).keys() == before.keys()
    # The constructor and set_params look at nothing.
    assert make(name).set_params(alpha="wrong").alpha == "wrong"


@pytest.mark.parametrize("name", ESTIMATORS)
def test_pickle(name):
    X, y = problem(name)
    model = make(name, (4, 3), early_stopping=True, validation_fraction=0.3).fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    assert vars(copied).keys() == vars(model).keys()
    assert copied.get_params() == model.get_params()
    assert copied.loss_curve_ == model.loss_curve_
    assert_same_outputs(copied, X, model, X)
    np.testing.assert_array_equal(copied.fit(X, y)._theta, model.fit(X, y)._theta)


def test_fit_returns_the_estimator():
    X, y = problem()
    model = make("GRURegressor")
    assert model.fit(X, y) is model


def test_fit_and_predict_leave_the_data_alone():
    X, y = problem()
    X[2, :3] = np.nan
    kept_X, kept_y = X.copy(), y.copy()
    make("LSTMRegressor", dtype="float64").fit(X, y).predict(X)
    np.testing.assert_array_equal(X, kept_X)
    np.testing.assert_array_equal(y, kept_y)
