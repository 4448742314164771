"""When a fit stops, what it leaves behind, and that a failing one leaves nothing."""

import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

from skrnn.estimators import _interruption
from skrnn.estimators._blas import single_threaded_blas
from skrnn.network.objective import Objective
from tests._estimators import ESTIMATORS, assert_same_outputs, make, noise, outputs, problem

# Stopping.


def epochs_until_stop(merits, tol, n_iter_no_change):
    """The rule in words: more than so many epochs in a row, none better than the best by tol."""
    n_idle = 0
    for n_epochs, merit in enumerate(merits, 1):
        best_before = max(merits[: n_epochs - 1], default=-np.inf)
        n_idle = 0 if merit >= best_before + tol else n_idle + 1
        if n_idle > n_iter_no_change:
            return n_epochs
    return None


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_stops_when_nothing_improves(name, early_stopping):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3, "tol": 0.01,
               "learning_rate_init": 0.03}  # fmt: skip
    full = make(name, max_iter=120, **options).fit(X, y)
    assert full.n_iter_ == len(full.loss_curve_) == 120
    merits = full.validation_scores_ if early_stopping else [-loss for loss in full.loss_curve_]
    expected = epochs_until_stop(merits, 0.01, 4)
    assert 6 <= expected < 120
    stopped = make(name, max_iter=120, n_iter_no_change=4, **options).fit(X, y)
    assert stopped.n_iter_ == expected
    assert stopped.loss_curve_ == full.loss_curve_[:expected]


@pytest.mark.parametrize("scoring", ["loss", None])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_early_stopping_restores_the_best_epoch(name, scoring):
    X, y = noise(name)
    options = {"early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.05}
    model = make(name, 16, max_iter=20, scoring=scoring, **options).fit(X, y)
    best = int(np.argmax(model.validation_scores_))
    assert best < 19
    assert model.best_validation_score_ == model.validation_scores_[best]
    until_best = make(name, 16, max_iter=best + 1, scoring=scoring, **options).fit(X, y)
    assert until_best.validation_scores_ == model.validation_scores_[: best + 1]
    np.testing.assert_array_equal(model._theta, until_best._theta)
    assert_same_outputs(model, X, until_best, X)


def mean_loss(model, X, y):
    """The log loss, or half the squared error."""
    if is_classifier(model):
        return -model.predict_log_proba(X)[np.arange(len(y)), y].mean()
    return np.mean((model.predict(X) - y) ** 2) / 2


@pytest.mark.parametrize("name", ESTIMATORS)
def test_score_of_the_held_out_part(name):
    """Held out are the sequences that do not matter for the first epoch."""
    X, y = problem(name, n_samples=20)
    options = {"early_stopping": True, "validation_fraction": 0.3}
    theta = make(name, max_iter=1, **options).fit(X, y)._theta
    held_out = []
    for i in range(20):
        other = X.copy()
        other[i] += 1
        if np.array_equal(make(name, max_iter=1, **options).fit(other, y)._theta, theta):
            held_out.append(i)
    assert len(held_out) == 6
    training = {"max_iter": 20, "learning_rate_init": 0.03}
    model = make(name, scoring=None, **training, **options).fit(X, y)
    score = model.score(X[held_out], y[held_out])
    if is_classifier(model):
        assert score == model.best_validation_score_
        # Every class has its share.
        np.testing.assert_allclose(np.bincount(y[held_out]), 0.3 * np.bincount(y), atol=1)
    else:
        np.testing.assert_allclose(score, model.best_validation_score_, atol=1e-5)
    assert model.t_ == 20 * 14
    options |= {"learning_rate": "cosine", "n_iter_no_change": 20}  # so the best one is kept
    model = make(name, dtype="float64", **training, **options).fit(X, y)
    scale = 1.0 if is_classifier(model) else model._target.scaler.var_[0]
    assert min(model.validation_loss_curve_) == pytest.approx(
        mean_loss(model, X[held_out], y[held_out]) / scale, rel=1e-9
    )
    # The others, with targets of their own, are what is trained on.
    others = np.setdiff1d(np.arange(20), held_out)
    still = {"learning_rate_init": 1e-12, "alpha": 0, "max_iter": 1, "dtype": "float64"}
    model = make(name, **still, **options).fit(X, y)
    scale = 1.0 if is_classifier(model) else y.var()
    expected = mean_loss(model, X[others], y[others]) / scale
    np.testing.assert_allclose(model.loss_, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_attributes_of_training(name):
    X, y = problem(name)
    model = make(name, max_iter=7, learning_rate_init=0.2).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 7
    assert model.t_ == 7 * 30
    assert model.loss_ == model.loss_curve_[-1]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.validation_scores_ is None
    assert model.best_validation_score_ is None
    assert model.validation_loss_curve_ is None
    assert model.train_scores_ is None
    assert all(type(loss) is float for loss in model.loss_curve_)
    model.set_params(early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert len(model.validation_scores_) == len(model.loss_curve_) == 7
    assert model.best_loss_ is None
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.validation_scores_ == [-loss for loss in model.validation_loss_curve_]
    assert all(type(loss) is float for loss in model.validation_loss_curve_)
    assert model.train_scores_ is None
    losses = model.validation_loss_curve_
    model.set_params(scoring=None).fit(X, y)
    assert len(model.train_scores_) == len(model.validation_scores_) == 7
    assert model.validation_loss_curve_ == losses  # the criterion changes nothing else
    assert all(type(score) is float for score in model.train_scores_ + model.validation_scores_)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_convergence_warning(name):
    X, y = problem(name)
    with pytest.warns(ConvergenceWarning, match="reached max_iter=2 epochs") as record:
        make(name, max_iter=2, n_iter_no_change=10).fit(X, y)
    assert len(record) == 1
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A fixed number of epochs was asked for.
        make(name, max_iter=2).fit(X, y)
        # Converged before, and in the very last epoch: no improvement is large enough.
        assert make(name, max_iter=9, tol=1e3, n_iter_no_change=2).fit(X, y).n_iter_ == 4
        assert make(name, max_iter=4, tol=1e3, n_iter_no_change=2).fit(X, y).n_iter_ == 4
        # A schedule has come to its end.
        make(name, max_iter=2, learning_rate="cosine", n_iter_no_change=10).fit(X, y)
    with pytest.warns(ConvergenceWarning):
        make(name, max_iter=3, tol=1e3, n_iter_no_change=2).fit(X, y)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_iter_no_change", [None, 50])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_convergence_warning_of_lbfgs(name, n_iter_no_change, early_stopping):
    """A fixed number of iterations is no aim of it, whatever n_iter_no_change."""
    X, y = problem(name)
    options = {"solver": "lbfgs", "n_iter_no_change": n_iter_no_change, "dtype": "float64"}
    options |= {"early_stopping": early_stopping, "validation_fraction": 0.3}
    for limits in ({"max_iter": 2}, {"max_iter": 40, "max_fun": 3}):
        with pytest.warns(ConvergenceWarning, match=r"Increase that limit\.$") as record:
            make(name, **options, **limits).fit(X, y)
        assert len(record) == 1
        assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(name, max_iter=40, tol=0.3, **options).fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_verbose(name, capsys):
    X, y = problem(name)
    make(name).fit(X, y)
    assert capsys.readouterr().out == ""
    model = make(name, verbose=True, tol=1e3, n_iter_no_change=1, max_iter=9).fit(X, y)
    assert capsys.readouterr().out.splitlines() == [
        *(f"Iteration {k}, loss = {loss:.8f}" for k, loss in enumerate(model.loss_curve_, 1)),
        "Training loss did not improve more than tol=1000.000000 for 1 consecutive epochs. "
        "Stopping.",
    ]
    model.set_params(early_stopping=True, validation_fraction=0.3, tol=0, max_iter=2)
    model.set_params(n_iter_no_change=None).fit(X, y)
    lines = zip(model.loss_curve_, model.validation_loss_curve_, strict=True)
    assert capsys.readouterr().out.splitlines() == [
        line
        for k, (loss, validation) in enumerate(lines, 1)
        for line in (f"Iteration {k}, loss = {loss:.8f}", f"Validation loss: {validation:.8f}")
    ]


# BLAS.


def n_blas_threads():
    """Empty where threadpoolctl knows no BLAS."""
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_overlapping_calls_leave_blas_as_it_was():
    """As of two threads, where the first to come is the first to go."""
    first, second = ExitStack(), ExitStack()
    with threadpool_limits(3, user_api="blas"):
        first.enter_context(single_threaded_blas())
        second.enter_context(single_threaded_blas())
        first.close()
        assert n_blas_threads() <= {1}
        second.close()
        assert n_blas_threads() <= {3}


def test_threads_leave_blas_as_it_was():
    X, y = problem()
    model = make("GRURegressor").fit(X, y)
    with threadpool_limits(3, user_api="blas"):
        with ThreadPoolExecutor(4) as executor:
            predictions = list(executor.map(lambda _: model.predict(X), range(100)))
        assert n_blas_threads() <= {3}
    np.testing.assert_array_equal(predictions, [model.predict(X)] * 100)


# Failure.


def copy_of(estimator):
    return {name: np.copy(v) if isinstance(v, np.ndarray) else v for name, v in
            vars(estimator).items()}  # fmt: skip


def assert_unchanged(estimator, before):
    """The same attributes, the same objects, with the same numbers in arrays."""
    assert list(vars(estimator)) == list(before)
    for name, value in vars(estimator).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, before[name])
        else:
            assert value is before[name]


def diverging(name):
    parameters = {"learning_rate_init": 1e30, "dtype": "float32"}
    return parameters | {"activation": "relu"} if name.startswith("RNN") else parameters


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_divergence_leaves_everything_as_it_was(name, early_stopping):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    model = make(name, **options).fit(X, y)
    predictions = outputs(model, X)
    model.set_params(**diverging(name))
    before = copy_of(model)
    with pytest.raises(ValueError, match=r"(?i)learning_rate_init"):
        model.fit(X, y)
    assert_unchanged(model, before)
    for ours, theirs in zip(outputs(model, X), predictions, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    unfitted = make(name, **diverging(name), **options)
    before = copy_of(unfitted)
    with pytest.raises(ValueError, match=r"(?i)learning_rate_init"):
        unfitted.fit(X, y)
    assert_unchanged(unfitted, before)
    with pytest.raises(NotFittedError):
        unfitted.predict(X)


def test_penalty_that_overflows():
    X, y = problem()
    with pytest.raises(ValueError, match="Training diverged in epoch 1"):
        make("GRURegressor", alpha=1e300).fit(X, y)


def failures(name):
    X, y = problem(name)
    nan = X.copy()
    nan[3, 2, 1] = np.nan
    return {
        "X": ((nan, y), {}, "sequence 3, step 2, feature 1"),
        "other X": ((np.ones((30, 4, 7)), y[:29]), {}, r"inconsistent .* \[30, 29\]"),
        "y": ((X, np.full(30, np.nan)), {}, "Input y contains NaN"),
        "no y": ((X, None), {}, f"{name} estimator requires y to be passed"),
        "3-D y": ((X, np.ones((30, 1, 1))), {}, "y has shape|dim 3"),
        "parameter": ((X, y), {"alpha": -1}, "'alpha' parameter"),
        "layers": ((X, y), {"hidden_layer_sizes": (3, 0)}, r"hidden_layer_sizes=\(3, 0\)"),
        "validation part": (
            (X, y),
            {"early_stopping": True, "validation_fraction": 0.99},
            r"validation_fraction=0\.99 of 30 sequences leaves none to train on",
        ),
    }


@pytest.mark.parametrize("failure", failures(""))
@pytest.mark.parametrize("name", ESTIMATORS)
def test_failure_leaves_everything_as_it_was(name, failure):
    X, y = problem(name)
    (wrong_X, wrong_y), parameters, message = failures(name)[failure]
    for model in (make(name).fit(X, y), make(name)):
        model.set_params(**parameters)
        before = copy_of(model)
        with pytest.raises(ValueError, match=message):
            model.fit(wrong_X, wrong_y)
        assert_unchanged(model, before)


def interrupt_after(monkeypatch, epoch):
    """Training that says something is interrupted when it tells of that epoch."""

    def interrupt(line):
        if line.startswith(f"Iteration {epoch},"):
            raise KeyboardInterrupt

    monkeypatch.setattr("builtins.print", interrupt)
    monkeypatch.setattr(_interruption, "_last", -np.inf)  # of a test just before


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_interruption_keeps_the_best_complete_epoch(name, early_stopping, monkeypatch):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    expected = make(name, max_iter=3, **options).fit(X, y)
    model = make(name, max_iter=9, verbose=True, **options)
    interrupt_after(monkeypatch, 3)
    with pytest.warns(UserWarning, match="interrupted after epoch 3") as record:
        model.fit(X, y)
    assert record[0].filename == __file__
    assert model.n_iter_ == 3
    assert model.loss_curve_ == expected.loss_curve_
    assert model.validation_scores_ == expected.validation_scores_
    assert_same_outputs(model, X, expected, X)


@pytest.fixture
def ctrl_c():
    """Python's own handler, also where the tests run in the background, which ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("seconds", "n_fits"), [(3, 2), (0, 6)])
def test_a_second_interruption_ends_a_search(monkeypatch, seconds, n_fits):
    """If it comes soon; later it is the first one of another fit."""
    X, y = problem()
    begun = []

    def interrupt(line):
        if line.startswith("Iteration 1,"):
            begun.append(line)
        elif line.startswith("Iteration 2,"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("builtins.print", interrupt)
    monkeypatch.setattr(_interruption, "_last", -np.inf)
    monkeypatch.setattr(_interruption, "SECONDS", seconds)
    model = make("GRURegressor", verbose=True, max_iter=9)
    search = GridSearchCV(model, {"alpha": [0, 1]}, cv=3, refit=False)
    ends = pytest.raises(KeyboardInterrupt) if n_fits == 2 else nullcontext()
    with pytest.warns(UserWarning, match="To end a search, too, press Ctrl-C once more"), ends:
        search.fit(X, y)
    assert len(begun) == n_fits


def test_interruption_of_the_first_epoch_leaves_everything_as_it_was(monkeypatch):
    X, y = problem()
    model = make("GRURegressor", verbose=True, max_iter=2).fit(X, y)
    before = copy_of(model)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Objective, "loss_gradient", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(-X, y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_second_fit_forgets_the_first(name):
    pd = pytest.importorskip("pandas")
    X, y = problem(name)
    model = make(name, early_stopping=True, validation_fraction=0.3)
    model.fit(pd.DataFrame(X[:, :, 0], columns=[*"abcde"]), y)
    model.set_params(early_stopping=False).fit(X, y)
    fresh = make(name, validation_fraction=0.3).fit(X, y)
    assert vars(model).keys() == vars(fresh).keys()
    np.testing.assert_array_equal(model._theta, fresh._theta)
    assert model.validation_scores_ is None
