"""Wrong parameters and targets, named in the error."""

import inspect

import numpy as np
import pytest
import sklearn

import skrnn
from skrnn import GRURegressor, LSTMRegressor, RNNRegressor
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._solvers import resolve
from tests._estimators import (
    ESTIMATORS,
    make,
    problem,
)
from tests.test_fitting import assert_unchanged, copy_of

# Wrong parameters and targets.

WRONG_PARAMETERS = {
    "hidden_layer_sizes": [0, -1, 2.0, None, "8"],
    "solver": ["lbfgs ", None, 0],
    "alpha": [-1e-9, np.nan, np.inf, "0", None],
    "batch_size": [0, 2.5, "all", None],
    "learning_rate": ["Constant", 0.1, None],
    "power_t": [-0.1, np.nan, None],
    "warm_start": [1, "yes", None],
    "validation_split": ["first", 0.1, None],
    "max_fun": [0, 2.5, None],
    "tbptt_steps": [0, 2.5, "all"],
    "min_length": [0, 2.5, None],
    "bidirectional": [1, "yes", None],
    "pooling": ["Last", "sum", None],
    "recurrent_dropout": [-0.1, 1, None],
    "init": ["orthogonal", None, 0.1],
    "forget_bias": ["Chrono", np.nan, np.inf, None],
    "class_weight": ["Balanced", 2.0],
    "loss": ["mse", "log_loss", None],
    "quantile": [0, 1, -0.1, None],
    "ar_steps": [-1, 2.5, None],
    "ar_columns": ["each", 1, None],
    "learning_rate_init": [0, -1.0, np.nan, np.inf, None],
    "max_iter": [0, 2.5, None, np.inf],
    "shuffle": [1, "yes", None],
    "random_state": [-1, "seed", np.random.default_rng(0)],
    "tol": [-1e-4, np.nan, None],
    "verbose": [-1, "yes", None],
    "momentum": [-0.1, 1.1, None],
    "nesterovs_momentum": [1, None],
    "early_stopping": [1, "yes", None],
    "scoring": [0.5, "Loss", ["r2"]],
    "validation_fraction": [0, 1, -0.1, None],
    "beta_1": [-0.1, 1, None],
    "beta_2": [-0.1, 1, None],
    "epsilon": [0, -1e-8, None],
    "n_iter_no_change": [0, 2.5, -np.inf, "all"],
    "dropout": [-0.1, 1, None],
    "max_grad_norm": [0, -1, "1"],
    "dtype": ["float16", "double", np.float32, None],
    "normalize_y": [2, "yes", None],
    "reset_after": [2, "yes", None],
    "categorical_features": ["word", 0, True],
    "n_codes": [0, 2.5, "auto", [5], 2**24 + 1],
    "embedding_dim": [0, 2.5, "all", None, [5]],
    "embedding_dropout": [-0.1, 1, None],
    "activation": ["sigmoid", None, np.tanh],
    "cell": ["LSTM", "elman", None],
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name in ESTIMATORS
        for parameter in inspect.signature(getattr(skrnn, name)).parameters
    ],
)
def test_wrong_parameters(name, parameter):
    X, y = problem(name)
    for value in WRONG_PARAMETERS[parameter]:
        model = make(name).set_params(**{parameter: value})
        with pytest.raises(ValueError, match=f"The '{parameter}' parameter of {name} must be"):
            model.fit(X, y)


@pytest.mark.parametrize(
    "sizes",
    [[], (3, 0), (3.0,), [[3, 4]], True, [True], (3, -1), ["a"], {3, 4}, [[3], [4, 5]]],
    ids=repr,
)
def test_wrong_layers(sizes):
    X, y = problem()
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=.*; expected a positive int, or"):
        GRURegressor(sizes).fit(X, y)


def test_layers_too_large_for_memory():
    X, y = problem()
    with pytest.raises(MemoryError, match=r"hidden_layer_sizes=\[10000000000\] needs \d+ weights"):
        GRURegressor(10**10).fit(X, y)


def test_unknown_parameter():
    with pytest.raises(TypeError, match="n_jobs"):
        GRURegressor(n_jobs=2)
    with pytest.raises(ValueError, match="Invalid parameter 'cell' for estimator GRURegressor"):
        GRURegressor().set_params(cell="lstm")


def test_parameters_are_keyword_only_as_in_scikit_learn():
    with pytest.raises(TypeError, match="positional argument"):
        LSTMRegressor(10, "adam")
    assert RNNRegressor(10, "relu").activation == "relu"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(29), r"inconsistent numbers of samples: \[30, 29\]"),
        (np.zeros((30, 1, 1)), "y has shape"),
        (np.zeros((30, 0)), "0 feature"),
        (["a"] * 30, "y has text; expected numbers"),
        (np.full(30, np.inf), "Input y contains infinity"),
        (np.zeros(30, complex), "Complex data not supported"),
        (3.0, "array|length|Singleton"),
    ],
)
def test_wrong_numbers(y, message):
    X, _ = problem()
    with pytest.raises((ValueError, TypeError), match=message):
        make("GRURegressor").fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(29, int), r"inconsistent numbers of samples: \[30, 29\]"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
        (np.zeros(30, int), r"y has only one class, .*0.*; a classifier needs at least two"),
        (["a"] * 30, "y has only one class, .*a"),
        (np.arange(60).reshape(30, 2) % 3, "y should be a 1d array"),
        (np.full(30, np.nan), "Input y contains NaN"),
    ],
)
def test_wrong_classes(y, message):
    X, _ = problem()
    with pytest.raises(ValueError, match=message):
        make("GRUClassifier").fit(X, y)


# Parameters that are wrong where scikit-learn does not look.


@pytest.mark.parametrize("name", ESTIMATORS)
def test_partial_fit_validates_in_every_call(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    for parameter, value in {"tbptt_steps": -1, "alpha": -1.0, "dtype": "float16"}.items():
        model.set_params(**{parameter: value})
        before = copy_of(model)
        for _ in range(2):
            with pytest.raises(ValueError, match=f"The '{parameter}' parameter of {name} must be"):
                model.partial_fit(X, y)
        assert_unchanged(model, before)
        model.set_params(**{parameter: getattr(make(name), parameter)})
    assert model.partial_fit(X, y).n_iter_ == 4


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("parameter", "value"), [("tbptt_steps", -1), ("tbptt_steps", 0), ("dtype", "float16")]
)
def test_validation_is_not_skipped(method, parameter, value):
    """The compiled code relies on it."""
    X, y = problem()
    with (
        sklearn.config_context(skip_parameter_validation=True),
        pytest.raises(ValueError, match=f"The '{parameter}' parameter of GRURegressor must be"),
    ):
        getattr(make("GRURegressor", **{parameter: value}), method)(X, y)


# Numbers that no machine integer or float holds.


@pytest.mark.parametrize("tbptt_steps", [6, 10**19])
def test_more_steps_than_there_are(tbptt_steps):
    X, y = problem()
    model = make("GRURegressor", tbptt_steps=tbptt_steps).fit(X, y)
    np.testing.assert_array_equal(model._theta, make("GRURegressor").fit(X, y)._theta)


def test_power_that_leaves_no_steps():
    """The first epoch has all of the learning rate, the others none."""
    X, y = problem()
    options = {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0}
    model = make("GRURegressor", power_t=400, max_iter=3, **options).fit(X, y)
    first = make("GRURegressor", power_t=0.5, max_iter=1, **options).fit(X, y)
    np.testing.assert_array_equal(model._theta, first._theta)


@pytest.mark.parametrize("ar_steps", [6, 10**12, 10**19])
def test_linear_path_that_is_too_long(ar_steps):
    X, y = problem()
    with pytest.warns(UserWarning, match=f"ar_steps={ar_steps} is more than the 5 steps of the"):
        model = make("GRURegressor", ar_steps=ar_steps).fit(X, y)
    assert model.named_parameters()["weight_ar"].shape == (1, 5 * X.shape[2])


@pytest.mark.parametrize("sizes", [10**10, 2 * 10**8])
def test_only_what_does_not_fit_is_too_large_for_memory(sizes, monkeypatch):
    """Another ValueError in the initialisation is not taken for want of memory."""
    X, y = problem()
    with pytest.raises(MemoryError, match=r"needs \d+ weights, which do not fit into memory"):
        GRURegressor(sizes).fit(X, y)

    def fail(*args, **kwargs):
        raise ValueError("of another kind")

    monkeypatch.setattr("skrnn.network.stack.Network.initialize", fail)
    with pytest.raises(ValueError, match="of another kind"):
        GRURegressor(4).fit(X, y)


# Parameters that have no effect.


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
def test_quantile_without_its_loss(loss):
    X, y = problem()
    with pytest.warns(
        UserWarning, match=f"quantile=0.9 has no effect with loss='{loss}'"
    ) as record:
        model = make("GRURegressor", quantile=0.9, loss=loss).fit(X, np.exp(y))
    assert record[0].filename == __file__
    expected = make("GRURegressor", loss=loss).fit(X, np.exp(y))
    np.testing.assert_array_equal(model._theta, expected._theta)
    model.gradient_flow(X, np.exp(y))  # says it no more: warnings are errors
    make("GRURegressor", quantile=0.9, loss="quantile").fit(X, y)


@pytest.mark.parametrize(
    ("n_samples", "n_epochs"),
    [(1, 500), (40, 500), (50, 400), (200, 100), (2000, 100), (5000, 40), (10**6, 10)],
)
def test_auto_epochs(n_samples, n_epochs):
    """100, but for all of them 20,000 to 200,000 sequences, and 10 to 500 epochs."""
    assert resolve(Optimization(), n_samples, n_samples).max_iter == n_epochs
    assert resolve(Optimization(max_iter=7), n_samples, n_samples).max_iter == 7
    assert resolve(Optimization(solver="lbfgs"), n_samples, n_samples).max_iter == 200
