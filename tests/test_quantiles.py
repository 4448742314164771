"""Several quantiles at once."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV

from skrnn import ColumnwiseRegressor, GRURegressor, RNNStepRegressor, WindowScaledRegressor
from skrnn.network.losses import Pinball
from tests._estimators import make

LEVELS = [0.9, 0.1, 0.5]


def test_loss_and_gradient():
    """Beside scikit-learn's pinball loss, and by finite differences."""
    rng = np.random.default_rng(0)
    y, raw = rng.standard_normal((7, 2)), rng.standard_normal((7, 6))
    weight = rng.uniform(0.5, 2, (7, 1))
    loss, share = Pinball([0.1, 0.5, 0.9]), weight / weight.sum()
    value, gradient = loss.loss_gradient(raw, y, share)
    expected = [
        mean_pinball_loss(y[:, k], raw[:, 3 * k + q], alpha=alpha, sample_weight=weight[:, 0])
        for k in range(2)
        for q, alpha in enumerate([0.1, 0.5, 0.9])
    ]
    assert value == pytest.approx(np.mean(expected), rel=1e-13)
    step = 1e-6
    for i, k in np.ndindex(raw.shape):
        shifted = [raw.copy(), raw.copy()]
        shifted[0][i, k] += step
        shifted[1][i, k] -= step
        up, down = (loss.loss_gradient(r, y, share)[0] for r in shifted)
        assert gradient[i, k] == pytest.approx((up - down) / (2 * step), abs=1e-9)


def noisy(n=3000):
    """Noise that grows with the mean of the sequence."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0.2, 1, (n, 6, 1))
    spread = X.mean(axis=(1, 2))
    return X, 10 + spread * rng.standard_normal(n), spread


def test_coverage():
    X, y, spread = noisy()
    model = GRURegressor(8, loss="quantile", quantile=LEVELS, max_iter=30, random_state=0)
    found = model.fit(X[:2000], y[:2000]).predict_quantiles(X)
    assert found.shape == (3000, 3)
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_array_equal(model.predict(X), found[:, 1])
    inside = (found[2000:, 0] <= y[2000:]) & (y[2000:] <= found[2000:, 2])
    assert 0.75 < inside.mean() < 0.85
    # 10 plus or minus 1.28 of the spread
    assert np.abs((found[:, 2] - 10) / spread - 1.28).mean() < 0.25


def test_shapes():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 5, 2)), rng.standard_normal((20, 4))
    parameters = {"loss": "quantile", "quantile": LEVELS}
    model = make("GRURegressor", **parameters).fit(X, y)
    assert model.predict(X).shape == (20, 4)
    assert model.predict_quantiles(X).shape == (20, 4, 3)
    assert model.quantiles_.tolist() == sorted(LEVELS)
    assert model.n_outputs_ == 12
    one = make("GRURegressor", loss="quantile", quantile=0.3).fit(X, y)
    np.testing.assert_array_equal(one.predict_quantiles(X)[:, :, 0], one.predict(X))
    as_list = make("GRURegressor", loss="quantile", quantile=[0.3]).fit(X, y)
    np.testing.assert_array_equal(as_list.predict(X), one.predict(X))
    steps = RNNStepRegressor(4, max_iter=2, random_state=0, **parameters).fit(X, X[:, :, 0])
    assert steps.predict_quantiles(X).shape == (20, 5, 3)
    assert steps.predict(X).shape == (20, 5)


def test_row_by_row():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 5, 2)), rng.standard_normal((20, 2))
    model = make("GRURegressor", loss="quantile", quantile=LEVELS).fit(X, y)
    state = model.init_state(20)
    for t in range(5):
        found, state = model.predict_step(X[:, t], state)
    np.testing.assert_array_equal(found, model.predict(X))


def test_linear_path():
    """It begins where every quantile is the least-squares prediction, and training moves them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 6, 1))
    y = X[:, -1, 0] + 0.3 * rng.standard_normal(500)
    model = make("GRURegressor", loss="quantile", quantile=[0.1, 0.9], ar_steps=2, max_iter=20)
    found = model.fit(X, y).predict_quantiles(X)
    assert 0.7 < ((found[:, 0] <= y) & (y <= found[:, 1])).mean() < 0.9


def test_with_scikit_learn():
    X, y, _ = noisy(60)
    model = make("GRURegressor", loss="quantile", quantile=(0.1, 0.5, 0.9))
    assert clone(model).quantile == (0.1, 0.5, 0.9)
    grid = {"quantile": [0.5, (0.25, 0.5, 0.75)], "max_iter": [1, 2]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    best = search.best_estimator_
    copied = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(copied.predict_quantiles(X), best.predict_quantiles(X))
    assert copied.quantiles_.tolist() == sorted(np.atleast_1d(best.quantile))
    assert best.set_params(loss="absolute_error", quantile=0.5).fit(X, y).quantiles_ is None
    with pytest.raises(AttributeError, match=r"has no attribute 'predict_quantiles'") as error:
        make("GRURegressor").fit(X, y).predict_quantiles(X)
    assert "predict_quantiles needs loss='quantile'" in str(error.value.__cause__)


@pytest.mark.parametrize("quantile", [[], [0.5, 0.5], [0.1, 1.0], [[0.1, 0.9]], ["a"], [0.1, None]])
def test_wrong_quantiles(quantile):
    with pytest.raises(ValueError, match="expected a number between 0 and 1, or several different"):
        make("GRURegressor", loss="quantile", quantile=quantile).fit(np.ones((5, 3)), np.arange(5))


def test_quantiles_without_their_loss_are_told():
    with pytest.warns(UserWarning, match=r"quantile=\[0.1, 0.9\] has no effect with loss='squared"):
        make("GRURegressor", quantile=[0.1, 0.9]).fit(np.ones((5, 3)), np.arange(5))


def test_of_columns_and_scaled_windows():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (40, 5, 2)) * rng.uniform(1, 9, (40, 1, 2))
    y = np.concatenate([X[:, -1, [0]] * [[1, 2, 3]], X[:, -1, [1]] * [[1, 2, 3]]], axis=1)
    inner = make("GRURegressor", loss="quantile", quantile=LEVELS, max_iter=9)
    model = ColumnwiseRegressor(WindowScaledRegressor(inner)).fit(X, y)
    found = model.predict_quantiles(X)
    assert found.shape == (40, 6, 3)
    np.testing.assert_array_equal(found[:, :, 1], model.predict(X))
    scaled = WindowScaledRegressor(inner).fit(X[:, :, [1]], y[:, 3])
    level = X[:, :, 1].mean(axis=1)
    of_scaled = scaled.regressor_.predict_quantiles(X[:, :, [1]] / level[:, None, None])
    np.testing.assert_allclose(
        scaled.predict_quantiles(X[:, :, [1]]), of_scaled * level[:, None], rtol=1e-6
    )
    for other in (ColumnwiseRegressor, WindowScaledRegressor):
        assert not hasattr(other(make("GRURegressor")), "predict_quantiles")
