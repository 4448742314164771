"""What training may add to the linear path: as much as proves itself on held-out ends."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.metrics import mean_squared_error

from skrnn import GRUClassifier, GRURegressor, LSTMRegressor
from skrnn.estimators import _interruption
from skrnn.training import MinibatchDescent
from tests.test_linear_path import STANDING, last_steps, problem


def autoregressive(n_steps, seed=0):
    """A nearly linear series."""
    rng = np.random.default_rng(seed)
    x, noise = np.zeros(n_steps), rng.standard_normal(n_steps)
    for t in range(2, n_steps):
        x[t] = 1.2 * x[t - 1] - 0.4 * x[t - 2] + 0.15 * np.tanh(x[t - 1]) + noise[t]
    return x


def two_regimes(n_steps, seed=0):
    """One that is far from linear."""
    rng = np.random.default_rng(seed)
    x, noise = np.zeros(n_steps), 0.5 * rng.standard_normal(n_steps)
    for t in range(2, n_steps):
        x[t] = (0.9 * x[t - 1] + 1 if x[t - 2] < 0 else -0.7 * x[t - 1] - 0.5) + noise[t]
    return x


def forecasts(series, ahead, n_train=1000, past=16):
    """X, y to train on, and later X, y."""
    whole = sliding_window_view(series / series[:n_train].std(), past + ahead)
    X, y = whole[:, :past, np.newaxis], whole[:, past:]
    return X[: n_train - past - ahead], y[: n_train - past - ahead], X[n_train:], y[n_train:]


LEARNING = {
    "learning_rate": "constant",
    "learning_rate_init": 0.01, "batch_size": 32, "max_iter": 15, "n_iter_no_change": np.inf,
    "random_state": 0,
}  # fmt: skip


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("ahead", "ar_steps"), [(1, 8), (12, 16)])
@pytest.mark.parametrize("make_model", [GRURegressor, LSTMRegressor])
def test_a_nearly_linear_series_stays_where_it_started(make_model, ahead, ar_steps, early_stopping):
    X, y, X_new, y_new = forecasts(autoregressive(3000), ahead)
    options = {"ar_steps": ar_steps, "early_stopping": early_stopping}
    start = make_model(32, **options, **STANDING).fit(X, y)
    trained = make_model(32, **options, **LEARNING).fit(X, y)
    bound = 1.01 * mean_squared_error(y_new, start.predict(X_new))
    assert mean_squared_error(y_new, trained.predict(X_new)) <= bound


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_network_is_added_where_it_helps(early_stopping):
    X, y, X_new, y_new = forecasts(two_regimes(3000), 1)
    options = {"ar_steps": 8, "early_stopping": early_stopping}
    start = GRURegressor(16, **options, **STANDING).fit(X, y)
    trained = GRURegressor(16, **options, **LEARNING).fit(X, y)
    assert trained.network_share_ > 0.5
    bound = 0.75 * mean_squared_error(y_new, start.predict(X_new))
    assert mean_squared_error(y_new, trained.predict(X_new)) < bound
    np.testing.assert_array_equal(
        trained.named_parameters()["weight_ar"] != 0, start.named_parameters()["weight_ar"] != 0
    )


def test_without_a_significant_gain_the_start_is_kept():
    """That of all sequences, although the last third took no part in the epochs."""
    X, _ = problem(300)
    y = last_steps(X, 1)[:, 0] + np.random.default_rng(6).standard_normal(300)
    start = GRURegressor(16, ar_steps=4, **STANDING).fit(X, y)
    learning = LEARNING | {"dtype": "float64", "max_iter": 60}
    trained = GRURegressor(16, ar_steps=4, **learning).fit(X, y)
    assert start.network_share_ == trained.network_share_ == 0
    assert len(trained.loss_curve_) == 60
    assert trained.loss_curve_[-1] < 0.9 * trained.loss_curve_[0]  # it has learned noise
    np.testing.assert_array_equal(trained.predict(X), start.predict(X))


def test_squared_error_keeps_the_least_squares():
    """Other losses have another minimum, so they train the path too."""
    X, y, *_ = forecasts(two_regimes(3000), 1)
    for loss, is_kept in (("squared_error", True), ("absolute_error", False)):
        options = {"ar_steps": 8, "loss": loss}
        start = GRURegressor(16, **options, **STANDING | {"dtype": "float32"}).fit(X, y)
        trained = GRURegressor(16, **options, **LEARNING).fit(X, y)
        assert trained.network_share_ > 0
        weights = (model.named_parameters()["weight_ar"] for model in (start, trained))
        assert np.array_equal(*weights) == is_kept


def test_share():
    X, y = problem(60)
    assert GRURegressor(3, **STANDING).fit(X, y).network_share_ is None
    assert GRUClassifier(3, **STANDING).fit(X, y > 100).network_share_ is None
    # Every call of partial_fit goes on from the one before, with nothing held out.
    assert GRURegressor(3, ar_steps=2).partial_fit(X, y).network_share_ == 1


@pytest.mark.parametrize("round_", [0, 1, 2])
@pytest.mark.parametrize("epoch", [1, 2])
def test_interrupted_before_the_network_has_proved_itself(round_, epoch, monkeypatch):
    """The linear path alone is kept: a whole round is not lost, an unproved network not added."""
    X, y, *_ = forecasts(two_regimes(3000), 1)
    options = {"ar_steps": 1, **LEARNING}
    n_epochs, count = LEARNING["max_iter"], 0
    original = MinibatchDescent._epoch

    def interrupt(self, theta, n):
        nonlocal count
        count += 1
        if count == round_ * n_epochs + epoch:
            raise KeyboardInterrupt
        return original(self, theta, n)

    start = GRURegressor(8, ar_steps=1, **STANDING | {"dtype": "float32"}).fit(X, y)
    monkeypatch.setattr(_interruption, "_last", -np.inf)  # of a test just before
    monkeypatch.setattr(MinibatchDescent, "_epoch", interrupt)
    model = GRURegressor(8, **options)
    if (round_, epoch) == (0, 1):
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
        assert not hasattr(model, "n_iter_")
        return
    with pytest.warns(UserWarning, match="interrupted .*the linear path alone is kept"):
        model.fit(X, y)
    assert model.network_share_ == 0
    assert model.n_iter_ == len(model.loss_curve_) == (n_epochs if round_ else 1)
    np.testing.assert_allclose(model.predict(X), start.predict(X), rtol=1e-5)
