"""The linear path: training begins where Ridge ends."""

import tracemalloc

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

import skrnn
from skrnn import GRURegressor, Sequences, make_horizon_target
from skrnn.network.linear import LinearPath
from skrnn.network.ridge import PENALTIES
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


def ridge(table, y, weight=None):
    """Ridge with the penalty that is best where one fifth after the other is left out."""
    weight = np.ones(len(y)) if weight is None else weight
    table, y, weight = table[weight > 0], y[weight > 0], weight[weight > 0]
    share = weight / weight.sum()
    part_of = np.floor(5 * (share.cumsum() - share / 2))
    scale = np.mean(share @ (table - share @ table) ** 2)
    errors = []
    for penalty in PENALTIES * scale:
        errors.append(0)
        for k in range(5):
            others, part = part_of != k, part_of == k
            model = Ridge(penalty * weight[others].sum())
            model.fit(table[others], y[others], weight[others])
            residual = np.reshape(y[part] - model.predict(table[part]), (part.sum(), -1))
            errors[-1] += weight[part] @ (residual**2).sum(axis=1)
    best = PENALTIES[np.argmin(errors)] * scale
    return Ridge(best * weight.sum()).fit(table, y, weight)


@pytest.mark.parametrize("normalize_y", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [None, 3])
@pytest.mark.parametrize("ar_steps", [1, 4, 8])
def test_begins_where_ridge_ends(ar_steps, n_outputs, weighted, normalize_y):
    X, y = problem(n_outputs=n_outputs)
    new, _ = problem(seed=1)
    weight = np.random.default_rng(2).integers(0, 4, len(y)) / 2 if weighted else None
    options = {"ar_steps": ar_steps, "normalize_y": normalize_y}
    model = GRURegressor(3, bidirectional=True, **options, **STANDING).fit(X, y, weight)
    # Standardised targets weigh alike.
    spread = np.std(np.repeat(y, np.int_(2 * weight), axis=0) if weighted else y, axis=0)
    unit = spread if normalize_y else 1
    linear = ridge(last_steps(X, ar_steps), y / unit, weight)
    for data in (X, new):
        expected = linear.predict(last_steps(data, ar_steps)).reshape(len(data), *y.shape[1:])
        np.testing.assert_allclose(model.predict(data), expected * unit, rtol=1e-9)


@pytest.mark.parametrize("name", REGRESSORS)
def test_every_regressor(name):
    X, y = problem()
    model = make(name, 3, ar_steps=4, **STANDING).fit(X, y)
    linear = ridge(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)


def test_is_float32_by_default():
    X, y = problem()
    model = GRURegressor(3, ar_steps=4, **STANDING | {"dtype": "float32"}).fit(X, y)
    linear = ridge(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-5)


def test_alpha_does_not_act_on_it():
    X, y = problem()
    weak, strong = (GRURegressor(3, ar_steps=4, alpha=a, **STANDING).fit(X, y) for a in (0, 1e3))
    np.testing.assert_array_equal(weak.predict(X), strong.predict(X))


def test_noise_alone_is_not_learned():
    X, _ = problem(400)
    y = np.random.default_rng(5).standard_normal(400)
    model = GRURegressor(3, ar_steps=4, **STANDING).fit(X, y)
    assert np.std(model.predict(X)) < 0.05


@pytest.mark.parametrize("n_samples", [2, 3, 5])
def test_few_samples(n_samples):
    X, y = problem(n_samples)
    model = GRURegressor(3, ar_steps=4, random_state=0, max_iter=1, n_iter_no_change=np.inf)
    assert np.isfinite(model.fit(X, y).predict(X)).all()
    assert model.network_share_ == 0


def test_constant_series():
    X, y = np.ones((50, 5, 2)), np.arange(50.0)
    model = GRURegressor(3, ar_steps=4, **STANDING).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y.mean())


def test_memory_does_not_grow_with_rows_times_steps():
    n_steps, n_samples = 100, 60_000
    rows = np.random.default_rng(0).standard_normal((n_samples + n_steps, 1), dtype=np.float32)
    X = Sequences(rows, np.arange(n_samples), np.full(n_samples, n_steps))
    y, weight = rows[n_steps:].astype(float), np.ones(n_samples)
    tracemalloc.start()
    LinearPath(n_steps, 1, 1).least_squares(X, y, weight)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_samples * n_steps * 4  # all lags in single precision


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
    model = GRURegressor(1, ar_steps=3, **STANDING).fit(X, y)
    linear = ridge(last_steps(X, 3), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 3)), rtol=1e-9)


def test_dependent_features():
    """Copies share a weight, and constants have none."""
    X, y = problem()
    X = [np.hstack([x, x, np.ones((len(x), 1))]) for x in X]
    model = GRURegressor(3, ar_steps=4, **STANDING).fit(X, y)
    weight = model.named_parameters()["weight_ar"].reshape(4, 5)
    np.testing.assert_allclose(weight[:, :2], weight[:, 2:4], rtol=1e-6)
    np.testing.assert_allclose(weight[:, 4], 0, atol=1e-12)
    linear = ridge(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)


def test_least_squares_on_the_training_part():
    X, y = problem()
    y[-12:] += 1000  # would be seen
    model = GRURegressor(
        3, ar_steps=4, early_stopping=True, validation_split="last",
        validation_fraction=0.2, **STANDING,
    ).fit(X, y)  # fmt: skip
    linear = ridge(last_steps(X[:48], 4), y[:48])
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)


def test_short_sequences_without_weight():
    X, y = problem()
    y[X.lengths < 4] += 1000  # would be seen
    model = GRURegressor(3, ar_steps=4, min_length=4, **STANDING).fit(X, y)
    kept = X.lengths >= 4
    linear = ridge(last_steps(X[kept], 4), y[kept])
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile"])
def test_other_losses_begin_there_too(loss):
    X, y = problem()
    model = GRURegressor(3, **parameters_of(loss), ar_steps=4, **STANDING).fit(X, y)
    linear = ridge(last_steps(X, 4), y)
    np.testing.assert_allclose(model.predict(X), linear.predict(last_steps(X, 4)), rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("normalize_y", [False, True])
def test_poisson_begins_near_the_counts(normalize_y, weighted):
    """At the least squares of log((y + mean) / 2), which is finite where y is zero."""
    X, _ = problem(200)
    mean = np.exp(1 + 0.3 * last_steps(X, 4) @ np.linspace(-1, 1, 8))
    y = np.random.default_rng(3).poisson(mean)
    assert y.min() == 0
    options = {"loss": "poisson", "normalize_y": normalize_y, "ar_steps": 4}
    weight = np.random.default_rng(2).integers(0, 4, 200) if weighted else np.ones(200)
    model = GRURegressor(3, **options, **STANDING).fit(X, y, weight)
    middle = np.log((y + np.average(y, weights=weight)) / 2)
    linear = ridge(last_steps(X, 4), middle, weight)
    expected = np.exp(linear.predict(last_steps(X, 4)))
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


def test_more_steps_than_there_are_are_lowered():
    X, y = problem()
    found = "ar_steps=9 is more than the 8 steps of the longest training sequence; ar_steps=8 is"
    with pytest.warns(UserWarning, match=found):
        model = make("GRURegressor", ar_steps=9).fit(X, y)
    expected = make("GRURegressor", ar_steps=8).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert model.ar_steps == 9
    assert "linear path from 8 steps" in model.summary()
    # Whatever is fitted next, the network stays.
    model.set_params(warm_start=True).fit(X[:20], y[:20])
    model.partial_fit([np.ones((12, 2))] * 3, y[:3])
    assert "linear path from 8 steps" in model.summary()
    with pytest.raises(ValueError, match=r"ar_steps=4 \(was 8\)"):
        model.set_params(ar_steps=4).fit(X, y)


def test_search_over_windows_of_different_length():
    X, y = problem()
    search = GridSearchCV(GRURegressor(2, **STANDING), {"ar_steps": [2, 50]}, cv=2)
    with pytest.warns(UserWarning, match="ar_steps=50 is more than"):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def columns_problem(n_steps=400, n_horizons=2):
    """Windows of three unlike columns and the next values of each, column by column."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_steps, 3)).cumsum(axis=0) * [1, 10, 0.1]
    ys = [make_horizon_target(rows, c, range(1, n_horizons + 1))[1] for c in range(3)]
    y = np.hstack(ys)[7:]
    return sliding_window_view(rows, 8, axis=0).transpose(0, 2, 1)[: len(y)], y


def test_own_columns():
    """The path of each block of outputs is that of a model of its column alone."""
    X, y = columns_problem()
    model = GRURegressor(3, ar_steps=4, ar_columns="own", **STANDING).fit(X, y)
    assert model.named_parameters()["weight_ar"].shape == (6, 4)
    for c in range(3):
        part = slice(2 * c, 2 * c + 2)
        one = GRURegressor(3, ar_steps=4, **STANDING).fit(X[:, :, [c]], y[:, part])
        np.testing.assert_allclose(
            model.predict(X)[:, part], one.predict(X[:, :, [c]]), rtol=1e-9, atol=1e-9
        )
        new = X.copy()
        new[:, :, c] += 1  # no other output sees it
        changed = (model.predict(new) != model.predict(X)).any(axis=0)
        np.testing.assert_array_equal(np.flatnonzero(changed), [2 * c, 2 * c + 1])


def test_own_columns_need_targets_for_each():
    X, y = columns_problem()
    message = "same number of targets for each column of X, but y has 4 columns and X has 3"
    with pytest.raises(ValueError, match=message):
        GRURegressor(3, ar_steps=4, ar_columns="own").fit(X, y[:, :4])
    # Without the path it has nothing to act on.
    GRURegressor(3, ar_columns="own", **STANDING).fit(X, y[:, :4])


def test_own_columns_are_trained():
    X, y = columns_problem()
    options = STANDING | {"learning_rate_init": 0.01, "max_iter": 3}
    model = GRURegressor(3, loss="huber", ar_steps=4, ar_columns="own", **options).fit(X, y)
    start = GRURegressor(3, ar_steps=4, ar_columns="own", **STANDING).fit(X, y)
    assert model.network_share_ >= 0
    assert model.score(X, y) == pytest.approx(start.score(X, y), abs=0.05)
