"""X far from unit scale: from where on the fit warns, and that it is right to."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, PerStep, Sequences
from skrnn.estimators._scale import warn_of_scale
from skrnn.validation import as_sequences
from tests._estimators import ESTIMATORS, make, problem

MESSAGE = r"X is far from unit scale: the mean absolute value of feature 1 is {}\. .*PerStep"


@pytest.mark.parametrize("factor", [300, 1e6, 1e30, 5e-4, 1e-20])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_warns_far_from_unit_scale(name, factor):
    X, y = problem(name)
    X[:, :, 1] *= 1.3
    size = f"{np.abs(factor * X[:, :, 1]).mean():.3g}".replace("+", r"\+")
    for fit in ("fit", "partial_fit"):
        model = make(name, max_iter=1, dtype="float64")
        known = {"classes": [0, 1, 2]} if name.endswith("Classifier") and fit != "fit" else {}
        with pytest.warns(UserWarning, match=MESSAGE.format(size)) as record:
            getattr(model, fit)(factor * X, y, **known)
        assert len(record) == 1
        assert record[0].filename == __file__
        # Whoever goes on has been told.
        model.partial_fit(factor * X, y)


def fits_quietly(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make("GRURegressor", max_iter=1).fit(X, np.arange(len(X)))


@pytest.mark.parametrize("factor", [100, 10, 0.1, 0.01])
def test_ordinary_scales(factor):
    fits_quietly(factor * problem()[0])


def test_no_false_alarms():
    X, _ = problem(n_samples=400)
    rng = np.random.default_rng(0)
    fits_quietly(rng.integers(0, 256, X.shape))  # pixels
    fits_quietly(rng.normal(0, 0.01, X.shape))  # daily returns
    fits_quietly(np.zeros_like(X))
    outlier = X.copy()
    outlier[7, 2, 0] = 1e5
    fits_quietly(outlier)
    beside = X.copy()
    beside[:, :, 1] *= 1e-6  # one feature is small, another is not
    fits_quietly(beside)
    rare = X.copy()
    rare[:, :, 1] = rng.uniform(size=X.shape[:2]) < 1e-3
    fits_quietly(rare)
    padded = X.copy()
    padded[:, :4] = np.nan
    fits_quietly(padded)


def test_padding_does_not_count():
    X, y = problem()
    X *= 1e4
    X[:, :4] = np.nan
    with pytest.warns(UserWarning, match="far from unit scale"):
        make("GRURegressor").fit(X, y)


def test_long_series():
    """A part of the rows is looked at, from all over the series."""
    rows = np.random.default_rng(0).standard_normal((100_000, 1))
    rows[50_000:] *= 1e3
    X = Sequences(rows, np.arange(0, 100_000, 10_000), np.full(10, 10_000))
    with pytest.warns(UserWarning, match=r"of feature 0 is (39\d|40\d)\."):
        make("GRURegressor", max_iter=1).fit(X, np.arange(10))


def test_the_remedy_helps():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(300, 12))
    y = X.mean(axis=1)
    model = GRURegressor(
        8, learning_rate_init=0.01, max_iter=60, n_iter_no_change=np.inf, random_state=0
    )
    with pytest.warns(UserWarning, match="far from unit scale"):
        far = model.fit(1e6 * X, y).score(1e6 * X, y)
    assert far < 0.5
    scaled = make_pipeline(PerStep(StandardScaler()), model).fit(1e6 * X, y)
    assert scaled.score(1e6 * X, y) > 0.9


def test_a_step_that_is_always_zero_does_not_hide_the_others():
    """The rows that are looked at do not follow the length of the sequences."""
    X = np.full((1000, 100, 1), 1e6)
    X[:, 0] = 0
    with pytest.warns(UserWarning, match="X is far from unit scale"):
        warn_of_scale(as_sequences(X))


def test_rare_flags_are_no_small_features():
    X = np.zeros((200, 50, 1))
    X[0, 0] = 1
    warn_of_scale(as_sequences(X))
