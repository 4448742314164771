"""The warning where training stops by itself although its loss has not settled."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skrnn.estimators._fitting import unsettled
from tests._estimators import ESTIMATORS, make, problem


@pytest.mark.parametrize(
    ("losses", "n_last", "tol", "median"),
    [
        ([1.0, 0.5, 0.5, 0.5, 0.5], 3, 1e-4, None),  # at rest
        ([1.0, 0.5, 0.6, 0.5, 0.6], 3, 1e-4, 0.6),  # in noise
        ([1.0, 0.5, 0.6, 0.5, 0.5], 3, 1e-4, None),  # a single bad epoch
        ([1.0, 0.5, 0.54, 0.54, 0.54], 3, 1e-4, None),  # by less than a tenth
        ([1.0, 0.5, 0.6, 0.6, 0.6], 3, 0.2, None),  # by less than tol
        ([1.0, 0.01, 0.05, 0.05, 0.05], 3, 1e-4, None),  # after a fall of 0.99
        ([1.0, 0.01, 0.05, 0.15, 0.15], 2, 1e-4, 0.15),
        ([1.0, 0.99, 1.01, 1.01], 2, 1e-4, None),  # nothing to learn
        ([0.5, 0.6, 0.7, 0.8, 0.9], 3, 1e-4, 0.8),  # rising
    ],
)
def test_what_is_clearly_above_the_minimum(losses, n_last, tol, median):
    assert unsettled(losses, n_last, tol) == median


def noisy(name):
    """A problem with a learning rate that is far too large."""
    X, y = problem(name, n_samples=60)
    options = {"batch_size": 5, "max_iter": 200, "n_iter_no_change": 10, "learning_rate_init": 0.5}
    return X, y, options | {"max_grad_norm": None}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_too_large_a_learning_rate(name):
    X, y, options = noisy(name)
    for seed in range(5):  # seven of eight seeds end in noise
        options["random_state"] = seed
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            model = make(name, **options).fit(X, y)
        if record:
            break
    (found,) = record
    assert found.category is ConvergenceWarning
    assert found.filename == __file__
    median, best = np.median(model.loss_curve_[-10:]), min(model.loss_curve_)
    assert str(found.message) == (
        f"Training stopped after epoch {model.n_iter_}, because the loss did not improve in 10 "
        f"epochs; but the loss had not settled: its median in these epochs is {median:.3g}, and "
        f"its minimum {best:.3g}. The model of the best epoch is kept. To get a better one, lower "
        f"learning_rate_init, set max_grad_norm (e.g. 1.0), or increase n_iter_no_change (None "
        f"runs all max_iter=200 epochs)."
    )
    # Silent where all epochs were asked for, and where validation decides.
    make(name, **(options | {"n_iter_no_change": None, "max_iter": 30})).fit(X, y)
    make(name, early_stopping=True, validation_fraction=0.3, **options).fit(X, y)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}, {"batch_size": 32}], ids=repr)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_ordinary_fits_say_nothing(name, options):
    """They converge: warnings are errors."""
    X, y = problem(name, n_samples=200)
    options = {"learning_rate_init": 0.01, "max_iter": 1000, "tol": 1e-3} | options
    model = make(name, 16, n_iter_no_change=10, **options).fit(X, y)
    assert 20 < model.n_iter_ < 1000
