"""Going on from an earlier fit: ``warm_start`` and ``partial_fit``."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skrnn.training import Batches
from tests._estimators import CLASSIFIERS, ESTIMATORS, REGRESSORS, assert_same_outputs, make
from tests._estimators import problem as small_problem
from tests.test_fitting import assert_unchanged, copy_of


def problem(name):
    return small_problem(name)


def partial_fit(model, X, y, **options):
    if hasattr(model, "predict_proba"):
        options["classes"] = [0, 1, 2]
    return model.partial_fit(X, y, **options)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_warm_start_goes_on(name):
    """Without a memory of its own the optimizer does not notice."""
    X, y = problem(name)
    options = {"solver": "sgd", "momentum": 0, "shuffle": False, "batch_size": 7}
    whole = make(name, max_iter=5, **options).fit(X, y)
    model = make(name, max_iter=2, warm_start=True, **options).fit(X, y)
    model.set_params(max_iter=3).fit(X, y)
    np.testing.assert_array_equal(model._theta, whole._theta)
    assert model.loss_curve_ == whole.loss_curve_
    assert model.gradient_norms_ == whole.gradient_norms_
    assert (model.n_iter_, model.t_) == (whole.n_iter_, whole.t_) == (5, 150)
    assert model.best_loss_ == min(whole.loss_curve_)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_without_warm_start_fit_begins_again(name):
    X, y = problem(name)
    model = make(name).fit(X, y)
    assert model.fit(X, y).n_iter_ == 3
    assert_same_outputs(model, X, make(name, warm_start=True).fit(X, y), X)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_warm_start_shuffles_anew(name, monkeypatch):
    """Equal seeds do not repeat the order of the first epochs; two such pairs of fits do."""
    epochs = []
    shuffled = Batches.__iter__

    def watched(batches):
        order = list(shuffled(batches))
        epochs.append(np.concatenate(order).tolist())
        return iter(order)

    monkeypatch.setattr(Batches, "__iter__", watched)
    X, y = problem(name)
    for _ in range(2):
        model = make(name, solver="sgd", batch_size=7, max_iter=1, warm_start=True)
        model.fit(X, y).fit(X, y)
    first, second, *again = epochs
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second
    assert again == [first, second]


def test_warm_start_keeps_the_units():
    """The weights mean standard deviations of the first targets."""
    X, y = problem("GRURegressor")
    model = make("GRURegressor", warm_start=True, learning_rate_init=1e-12).fit(X, y)
    before = model.predict(X)
    np.testing.assert_allclose(model.fit(X, 1000 * y).predict(X), before, rtol=1e-5)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_warm_start_with_another_network(name):
    X, y = problem(name)
    model = make(name, warm_start=True).fit(X, y)
    for changed, message in {
        "hidden_layer_sizes": ((4, 3), r"hidden_layer_sizes=\[4, 3\] \(was \[4\]\)"),
        "pooling": ("mean", r"pooling='mean' \(was 'last'\)"),  # of the same shapes
    }.items():
        value, text = message
        model.set_params(**{changed: value})
        before = copy_of(model)
        with pytest.raises(ValueError, match=f"need the same network, but now it has {text}"):
            model.fit(X, y)
        assert_unchanged(model, before)
        model.set_params(**{changed: {"hidden_layer_sizes": (4,), "pooling": "last"}[changed]})
    with pytest.raises(ValueError, match="X has 1 features per step"):
        model.fit(X[:, :, :1], y)
    assert clone(model).fit(X, y).n_iter_ == 3


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_partial_fit_is_an_epoch(name, solver):
    """The optimizer keeps its memory from call to call, also through a pickle."""
    X, y = problem(name)
    options = {"shuffle": False, "batch_size": 7, "solver": solver}
    whole = make(name, max_iter=4, **options).fit(X, y)
    model = make(name, **options)
    for _ in range(4):
        model = pickle.loads(pickle.dumps(partial_fit(model, X, y)))
    np.testing.assert_array_equal(model._theta, whole._theta)
    assert model.loss_curve_ == whole.loss_curve_
    assert (model.n_iter_, model.t_) == (4, 120)
    # A fit begins again.
    assert_same_outputs(model.fit(X, y), X, make(name, **options).fit(X, y), X)


def test_schedules_go_on():
    X, y = problem("GRURegressor")
    options = {"shuffle": False, "solver": "sgd", "learning_rate": "invscaling"}
    whole = make("GRURegressor", max_iter=3, **options).fit(X, y)
    model = make("GRURegressor", **options)
    for _ in range(3):
        model.partial_fit(X, y)
    np.testing.assert_array_equal(model._theta, whole._theta)


@pytest.mark.parametrize("name", REGRESSORS)
def test_first_call_decides_on_the_units(name):
    X, y = problem(name)
    model = make(name, learning_rate_init=1e-12).partial_fit(X, y)
    before = model.predict(X)
    np.testing.assert_allclose(model.partial_fit(X, 1000 * y).predict(X), before, rtol=1e-5)
    with pytest.raises(ValueError, match=r"y has shape \(30, 2\), .* of shape \(n_samples\)"):
        model.partial_fit(X, np.c_[y, y])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes(name):
    X, y = problem(name)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        make(name).partial_fit(X, y)
    some = y < 2
    model = make(name).partial_fit(X[some], y[some], classes=[2, 0, 1])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert model.predict_proba(X).shape == (30, 3)
    model.partial_fit(X, y)
    with pytest.raises(
        ValueError, match=r"y contains the labels \[3\], .* not among .* \[0, 1, 2\]"
    ):
        model.partial_fit(X, np.where(y == 1, 3, y))
    with pytest.raises(ValueError, match=r"classes are \[0, 1\]; expected \[0, 1, 2\]"):
        model.partial_fit(X[some], y[some], classes=[0, 1])
    with pytest.raises(ValueError, match="the first fit had one class per sequence"):
        model.partial_fit(X, np.eye(3, dtype=int)[y])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels(name):
    X, y = problem(name)
    indicator = np.c_[y > 0, y > 1, y < 2].astype(int)
    model = make(name).partial_fit(X, indicator).partial_fit(X, indicator)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == (30, 3)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_needs_all_of_the_data(name):
    X, y = problem(name)
    assert not hasattr(make(name, solver="lbfgs"), "partial_fit")
    assert hasattr(make(name), "partial_fit")
    wrong = [("early_stopping", True), ("learning_rate", "adaptive")]
    if name in CLASSIFIERS:
        wrong.append(("class_weight", "balanced"))
    for parameter, value in wrong:
        with pytest.raises(ValueError, match=f"partial_fit is not supported with {parameter}="):
            partial_fit(make(name, n_iter_no_change=5, **{parameter: value}), X, y)


def test_partial_fit_at_the_greatest_rate_of_the_cosine():
    """It knows of no end to fall to."""
    X, y = problem("GRURegressor")
    cosine, constant = (
        make("GRURegressor", learning_rate=rate).partial_fit(X, y).partial_fit(X, y)
        for rate in ("cosine", "constant")
    )
    np.testing.assert_array_equal(cosine._theta, constant._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_failing_call_changes_nothing(name):
    """The optimizer included: the next call is as if there had been none."""
    X, y = problem(name)
    options = {"shuffle": False, "batch_size": 7}
    model = partial_fit(make(name, **options), X, y)
    before = copy_of(model)
    model.set_params(learning_rate_init=1e30, max_grad_norm=None)
    with pytest.raises(ValueError, match=r"diverged|not finite"):
        partial_fit(model, 1e30 * X, y)
    model.set_params(learning_rate_init=0.005, max_grad_norm=1.0)
    assert_unchanged(model, before | {"learning_rate_init": 0.005, "max_grad_norm": 1.0})
    expected = make(name, max_iter=2, **options).fit(X, y)
    np.testing.assert_array_equal(partial_fit(model, X, y)._theta, expected._theta)


def test_another_optimizer():
    """Its memory begins anew; another parameter of the same one counts from now on."""
    X, y = problem("GRURegressor")
    model = make("GRURegressor", momentum=0, solver="sgd").partial_fit(X, y)
    adam = model.set_params(solver="adam").partial_fit(X, y)._optimizer
    assert adam.n_steps == 1
    assert model.set_params(beta_1=0.1).partial_fit(X, y)._optimizer.beta_1 == 0.1
    assert model._optimizer.n_steps == 2
    assert adam.n_steps == 1


def test_another_loss():
    X, y = problem("GRURegressor")
    model = make("GRURegressor", warm_start=True).fit(X, y)
    model.set_params(loss="huber").fit(X, y)
    with pytest.raises(ValueError, match="loss='poisson' has the output activation 'exp', but"):
        model.set_params(loss="poisson").fit(X, np.abs(y))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_warm_start_keeps_a_better_start(name):
    """With early stopping the weights before are a candidate too."""
    X, y = problem(name)
    options = {"early_stopping": True, "validation_fraction": 0.3, "warm_start": True}
    to_best = {"learning_rate": "cosine", "n_iter_no_change": 60}
    model = make(name, max_iter=60, learning_rate_init=0.03, **to_best, **options).fit(X, y)
    model.set_params(learning_rate="constant", n_iter_no_change=None)
    before, best = model._theta, model.best_validation_score_
    model.set_params(learning_rate_init=5.0, max_iter=2, max_grad_norm=1.0).fit(X, y)
    assert max(model.validation_scores_[-2:]) < best
    assert model.best_validation_score_ == best
    np.testing.assert_array_equal(model._theta, before)
