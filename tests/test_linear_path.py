"""The linear path: where training begins is where Ridge ends, and every loss goes on from there."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

import skrnn
from skrnn import GRURegressor
from tests._estimators import CLASSIFIERS, REGRESSORS, make
from tests._problems import ragged

# Steps too small to be told from zero.
STANDING = {
    "solver": "sgd", "learning_rate_init": 5e-324, "max_grad_norm": 0.1, "max_iter": 1,
    "n_iter_no_change": np.inf, "dtype": "float64", "random_state": 0,
}  # fmt: skip


def parameters_of(loss):
    return {"loss": loss} | ({"quantile": 0.9} if loss == "quantile" else {})


def last_steps(X, n_steps):
    """The last steps of each sequence, oldest first; the first step stands for those before."""
    table = []
    for x in X:
        steps = list(x)
        while len(steps) < n_steps:
            steps.insert(0, steps[0])
        table.append(np.concatenate(steps[len(steps) - n_steps :]))
    return np.array(table)


def problem(n_samples=60, n_outputs=None, seed=0):
    """Ragged sequences, some shorter than four steps, and nearly linear targets far from zero."""
    rng = np.random.default_rng(seed)
    X = ragged(rng.integers(1, 9, n_samples), 2, seed=seed)
    slope = rng.standard_normal((8, n_outputs or 1))
    y = 100 + 20 * last_steps(X, 4) @ slope + rng.standard_normal((n_samples, n_outputs or 1))
    return X, y if n_outputs else y[:, 0]


@pytest.mark.parametrize("alpha", [1e-4, 30.0])
@pytest.mark.parametrize("normalize_y", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [None, 3])
@pytest.mark.parametrize("ar_steps", [1, 4, 8])
def test_begins_where_ridge_ends(ar_steps, n_outputs, weighted, normalize_y, alpha):
    """The loss is the mean over the outputs, so beside it Ridge's alpha counts once for each."""
    X, y = problem(n_outputs=n_outputs)
    new, _ = problem(seed=1)
    weight = np.random.default_rng(2).integers(0, 4, len(y)) / 2 if weighted else None
    options = {"ar_steps": ar_steps, "alpha": alpha, "normalize_y": normalize_y}
    model = GRURegressor(3, bidirectional=True, **options, **STANDING).fit(X, y, weight)
    ridge = Ridge(alpha=alpha * (n_outputs or 1), solver="svd")
    ridge.fit(last_steps(X, ar_steps), y, weight)
    for data in (X, new):
        expected = ridge.predict(last_steps(data, ar_steps)).reshape(len(data), *y.shape[1:])
        np.testing.assert_allclose(model.predict(data), expected, rtol=1e-9)


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor(name):
    X, y = problem()
    model = make(name, 3, ar_steps=4, alpha=0.5, **STANDING).fit(X, y)
    ridge = Ridge(alpha=0.5).fit(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 4)), rtol=1e-9)


def test_is_float32_by_default():
    X, y = problem()
    model = GRURegressor(3, ar_steps=4, alpha=0.5, **STANDING | {"dtype": "float32"}).fit(X, y)
    ridge = Ridge(alpha=0.5).fit(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 4)), rtol=1e-5)


def test_short_sequences_repeat_their_first_step():
    X, y = problem()
    model = GRURegressor(3, ar_steps=4, **STANDING).fit(X, y)
    a, b = np.array([[1.0, -2.0]]), np.array([[0.5, 3.0]])
    for short, padded in (
        ([a], [a, a, a, a]),
        ([a, b], [a, a, a, b]),
        ([a, b, b], [a, a, b, b]),
        ([b, a, b, a], [b, a, b, a]),
    ):
        found = model.predict([np.concatenate(short), np.concatenate(padded)])
        assert found[0] == pytest.approx(found[1], rel=1e-13)


def test_steps_before_the_last_are_not_on_it():
    X, y = problem()
    model = GRURegressor(3, ar_steps=2, **STANDING).fit(X, y)
    x = np.random.default_rng(0).standard_normal((5, 2))
    other = x.copy()
    other[:3] += 10
    assert model.predict([x])[0] == pytest.approx(model.predict([other])[0], rel=1e-13)
    other[3] += 1
    assert model.predict([x])[0] != pytest.approx(model.predict([other])[0], rel=1e-3)


def test_more_samples_than_are_in_memory_at_once():
    X, y = problem(5000)
    model = GRURegressor(1, ar_steps=3, alpha=2.0, batch_size=5000, **STANDING).fit(X, y)
    ridge = Ridge(alpha=2.0).fit(last_steps(X, 3), y)
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 3)), rtol=1e-9)


def test_dependent_features():
    """Without a penalty the solution of least norm, as that of LinearRegression."""
    X, y = problem()
    X = [np.hstack([x, x, np.ones((len(x), 1))]) for x in X]
    model = GRURegressor(3, ar_steps=4, alpha=0.0, **STANDING).fit(X, y)
    linear = LinearRegression().fit(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)
    weight = model._network.params(model._theta).linear["weight_ar"][0] * y.std()
    np.testing.assert_allclose(weight, linear.coef_, rtol=0, atol=1e-9)


def test_least_squares_on_the_training_part():
    X, y = problem()
    y[-12:] += 1000  # would be seen
    model = GRURegressor(
        3, ar_steps=4, alpha=1.0, early_stopping=True, validation_split="last",
        validation_fraction=0.2, **STANDING,
    ).fit(X, y)  # fmt: skip
    ridge = Ridge(alpha=1.0).fit(last_steps(X[:48], 4), y[:48])
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 4)), rtol=1e-9)


def test_short_sequences_without_weight():
    X, y = problem()
    y[X.lengths < 4] += 1000  # would be seen
    model = GRURegressor(3, ar_steps=4, min_length=4, **STANDING).fit(X, y)
    kept = X.lengths >= 4
    ridge = Ridge(alpha=1e-4).fit(last_steps(X[kept], 4), y[kept])
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 4)), rtol=1e-9)


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_other_losses_begin_there_too(loss):
    X, y = problem()
    model = GRURegressor(3, **parameters_of(loss), ar_steps=4, alpha=1.0, **STANDING).fit(X, y)
    ridge = Ridge(alpha=1.0).fit(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), ridge.predict(last_steps(X, 4)), rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("normalize_y", [False, True])
def test_poisson_begins_near_the_counts(normalize_y, weighted):
    """At the least squares of log((y + mean) / 2), which is finite where y is zero."""
    X, _ = problem(200)
    mean = np.exp(1 + 0.3 * last_steps(X, 4) @ np.linspace(-1, 1, 8))
    y = np.random.default_rng(3).poisson(mean)
    assert y.min() == 0
    options = {"loss": "poisson", "normalize_y": normalize_y, "ar_steps": 4, "alpha": 1.0}
    weight = np.random.default_rng(2).integers(0, 4, 200) if weighted else np.ones(200)
    model = GRURegressor(3, **options, **STANDING).fit(X, y, weight)
    middle = np.log((y + np.average(y, weights=weight)) / 2)
    ridge = Ridge(alpha=1.0).fit(last_steps(X, 4), middle, weight)
    expected = np.exp(ridge.predict(last_steps(X, 4)))
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9)
    # Trained, and far from the data, they are positive still.
    trained = GRURegressor(3, max_iter=50, n_iter_no_change=np.inf, random_state=0, **options)
    far = [30 * x for x in X]
    assert (trained.fit(X, y).predict(far) > 0).all()


# What holds at the minimum for a free intercept, of residuals: what was found, what is expected.
AT_THE_MINIMUM = {
    "squared_error": (lambda r: r.mean(), 0),
    "absolute_error": (lambda r: np.mean(r > 0), 0.5),
    "huber": (lambda r: np.clip(r, -1, 1).mean(), 0),
    "quantile": (lambda r: np.mean(r > 0), 0.1),
    "poisson": (lambda r: r.mean(), 0),
}


@pytest.mark.parametrize("loss", AT_THE_MINIMUM)
def test_every_loss_trains(loss):
    """From least squares, which is no minimum of theirs where the noise is skewed."""
    X, _ = problem(300)
    rng = np.random.default_rng(4)
    y = 3 + last_steps(X, 4) @ np.linspace(-0.1, 0.1, 8) + rng.exponential(2, 300)
    assert y.min() > 0
    model = GRURegressor(
        2, **parameters_of(loss), ar_steps=4, normalize_y=False, dtype="float64",
        batch_size=100, learning_rate="cosine", learning_rate_init=0.02, max_iter=150,
        n_iter_no_change=np.inf, random_state=0,
    ).fit(X, y)  # fmt: skip
    moment, expected = AT_THE_MINIMUM[loss]
    assert moment(y - model.predict(X)) == pytest.approx(expected, abs=0.02)
    slope = model._network.params(model._theta).linear["weight_ar"][0]
    start = Ridge(alpha=1e-4).fit(last_steps(X, 4), y).coef_
    assert np.abs(slope - start).max() > 1e-3  # the path is trained with the network


def test_off_by_default():
    X, y = problem()
    assert GRURegressor().ar_steps == 0
    model = GRURegressor(3, **STANDING).fit(X, y)
    assert not model._network.params(model._theta).linear


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_regressors_only(name):
    with pytest.raises(TypeError, match="ar_steps"):
        getattr(skrnn, name)(ar_steps=2)


def test_no_more_steps_than_there_are():
    X, y = problem()
    with pytest.raises(ValueError, match="ar_steps=9 is more than the 8 steps of the longest"):
        make("GRURegressor", ar_steps=9).fit(X, y)


def test_every_minibatch_has_a_penalty_of_its_own():
    """Four of them have four times the one of ridge regression; L-BFGS has one in all."""
    X, y = problem()
    options = {"ar_steps": 4, "alpha": 0.5, "batch_size": 15}
    for parameters, alpha in (({}, 2.0), ({"solver": "lbfgs", "max_fun": 1, "tol": 1e3}, 0.5)):
        model = GRURegressor(3, **STANDING | options | parameters).fit(X, y)
        expected = Ridge(alpha=alpha).fit(last_steps(X, 4), y).predict(last_steps(X, 4))
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9)
