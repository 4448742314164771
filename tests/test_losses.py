"""Losses against those of scikit-learn, and what the estimators predict with them."""

import numpy as np
import pytest
from sklearn._loss.loss import (
    AbsoluteError as SklearnAbsoluteError,
)
from sklearn._loss.loss import (
    HalfBinomialLoss,
    HalfMultinomialLoss,
    HalfPoissonLoss,
    HalfSquaredError,
    HuberLoss,
    PinballLoss,
)

from skrnn import LSTMRegressor
from skrnn.network.losses import (
    AbsoluteError,
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Pinball,
    Poisson,
    SquaredError,
)
from tests._estimators import REGRESSORS, make, problem

N = 200


def huber(delta):
    loss = HuberLoss()
    loss.closs.delta = delta
    return loss


# Ours, scikit-learn's, and how to draw a target.
PAIRS = {
    "squared_error": (SquaredError(), HalfSquaredError(), lambda rng: rng.normal(size=N)),
    "absolute_error": (AbsoluteError(), SklearnAbsoluteError(), lambda rng: rng.normal(size=N)),
    "huber": (Huber(), huber(1.0), lambda rng: 2 * rng.normal(size=N)),
    "quantile": (Pinball(0.8), PinballLoss(quantile=0.8), lambda rng: rng.normal(size=N)),
    "poisson": (Poisson(), HalfPoissonLoss(), lambda rng: rng.poisson(1.0, N).astype(float)),
    "binary": (BinaryLogLoss(), HalfBinomialLoss(), lambda rng: rng.integers(0, 2, N) * 1.0),
}


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-5)])
@pytest.mark.parametrize("name", PAIRS)
def test_one_output(name, dtype, rtol):
    ours, theirs, draw = PAIRS[name]
    rng = np.random.default_rng(0)
    y, raw, weight = draw(rng), rng.normal(size=N), rng.uniform(0.5, 2, N)
    loss, gradient = ours.loss_gradient(
        *(a[:, np.newaxis].astype(dtype) for a in (raw, y, weight / weight.sum()))
    )
    each = theirs.loss(y, raw, sample_weight=weight)
    if name == "poisson":  # theirs leaves out what does not depend on the prediction
        each += weight * theirs.constant_to_optimal_zero(y)
    np.testing.assert_allclose(loss, each.sum() / weight.sum(), rtol=rtol)
    expected = theirs.gradient(y, raw, sample_weight=weight) / weight.sum()
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient[:, 0], expected, rtol=rtol, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "binary"])
def test_several_outputs_count_the_same(name):
    loss, _, draw = PAIRS[name]
    rng = np.random.default_rng(0)
    y, raw = np.stack([draw(rng) for _ in range(3)], axis=1), rng.normal(size=(N, 3))
    weight = np.full((N, 1), 1 / N)
    total, gradient = loss.loss_gradient(raw, y, weight)
    single = [loss.loss_gradient(raw[:, [k]], y[:, [k]], weight) for k in range(3)]
    np.testing.assert_allclose(total, np.mean([value for value, _ in single]), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.hstack([g for _, g in single]) / 3, rtol=1e-12)


def test_multinomial():
    rng = np.random.default_rng(0)
    y, raw, weight = rng.integers(0, 4, N), rng.normal(size=(N, 4)), rng.uniform(0.5, 2, N)
    share = weight[:, np.newaxis] / weight.sum()
    loss, gradient = MultinomialLogLoss().loss_gradient(raw, y[:, np.newaxis] * 1.0, share)
    theirs = HalfMultinomialLoss(n_classes=4)
    each = theirs.loss(y.astype(float), raw, sample_weight=weight)
    np.testing.assert_allclose(loss, each.sum() / weight.sum(), rtol=1e-12)
    expected = theirs.gradient(y.astype(float), raw, sample_weight=weight) / weight.sum()
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-16)


def test_labels_add_up():
    """As many binary problems: the likelihoods multiply."""
    rng = np.random.default_rng(0)
    y, raw = rng.integers(0, 2, (N, 3)) * 1.0, rng.normal(size=(N, 3))
    weight = np.full((N, 1), 1 / N)
    total, gradient = MultilabelLogLoss().loss_gradient(raw, y, weight)
    single = [BinaryLogLoss().loss_gradient(raw[:, [k]], y[:, [k]], weight) for k in range(3)]
    np.testing.assert_allclose(total, sum(value for value, _ in single), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.hstack([g for _, g in single]), rtol=1e-12)


# Where there is nothing to see in X, the prediction is what the loss estimates.


def estimate(loss, y, **parameters):
    X = np.zeros((len(y), 2))
    model = LSTMRegressor(
        2, loss=loss, solver="sgd", momentum=0.9, max_iter=400, learning_rate="cosine",
        learning_rate_init=0.2, n_iter_no_change=None, batch_size=len(y), random_state=0,
        **parameters,
    ).fit(X, y)  # fmt: skip
    predictions = model.predict(X)
    np.testing.assert_allclose(predictions, predictions[0], rtol=1e-5)
    return predictions[0]


@pytest.mark.parametrize("normalize_y", [False, True])
def test_what_each_loss_estimates(normalize_y):
    y = np.random.default_rng(0).exponential(2.0, 400)
    options = {"normalize_y": normalize_y}
    mean, median = estimate("squared_error", y, **options), estimate("absolute_error", y, **options)
    assert mean == pytest.approx(y.mean(), rel=1e-3)
    assert median == pytest.approx(np.median(y), rel=0.02)
    assert median < estimate("huber", y, **options) < mean
    assert estimate("poisson", y, **options) == pytest.approx(y.mean(), rel=1e-3)
    for q in (0.1, 0.9):
        found = estimate("quantile", y, quantile=q, **options)
        assert found == pytest.approx(np.quantile(y, q), rel=0.05)


@pytest.mark.parametrize("name", REGRESSORS)
def test_poisson_predicts_no_negative_counts(name):
    X, y = problem()
    counts = np.round(np.exp(y))
    model = make(name, loss="poisson", max_iter=60, learning_rate_init=0.02).fit(X, counts)
    assert (model.predict(X) > 0).all()
    assert model.out_activation_ == "exp"
    assert model.score(X, counts) > 0.5


def test_poisson_refuses_what_are_no_counts():
    X, y = problem()
    model = make("GRURegressor", loss="poisson")
    y = np.abs(y)
    y[7] = -3.0
    with pytest.raises(ValueError, match=r"y contains -3\.0 at sample 7, but loss='poisson' needs"):
        model.fit(X, y)
    with pytest.raises(ValueError, match="at sample 7"):
        model.fit(X, np.c_[np.ones(30), y])
    with pytest.raises(ValueError, match="is 0 for all training sequences; loss='poisson'"):
        model.fit(X, np.c_[np.zeros(30), np.ones(30)])
    y = np.r_[np.zeros(25), np.ones(5)]
    model.set_params(early_stopping=True, validation_split="last", validation_fraction=0.3)
    with pytest.raises(ValueError, match="is 0 for all training sequences; loss='poisson'"):
        model.fit(X, y)


def test_poisson_that_overflows():
    X, y = problem()
    model = make("GRURegressor", loss="poisson", ar_steps=2).fit(X, np.exp(y))
    model.predict(X)
    X[3] *= 1e9
    with pytest.raises(ValueError, match="prediction of sample 3 is not finite"):
        model.predict(np.abs(X) * np.sign(model._network.params(model._theta).linear["weight_ar"]
                                          .reshape(1, 2, 2)[:, [1] * 5]))  # fmt: skip


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_units_do_not_matter(loss):
    """With ``normalize_y`` another unit of y is another unit of the predictions."""
    X, y = problem()
    model = make("GRURegressor", loss=loss, dtype="float64", max_iter=5).fit(X, y)
    other = make("GRURegressor", loss=loss, dtype="float64", max_iter=5).fit(X, 1000 * y + 7)
    np.testing.assert_allclose(other.predict(X), 1000 * model.predict(X) + 7, rtol=1e-9)
