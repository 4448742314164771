"""What goes wrong around a fit leaves an estimator as it was, or fitted; never half.

Ctrl-C at every place of the code is in test_interruptions.py, errors of callbacks in
test_callbacks.py, forks in the middle of a kernel in test_threads.py.
"""

import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np
import pytest
from joblib import parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skrnn import GRURegressor, LSTMClassifier, RNNStepRegressor
from tests._estimators import assert_same_outputs, make, problem
from tests.test_fitting import assert_unchanged, copy_of

on_unix = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timer")
with_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def run_alone(script, **variables):
    """Run a script in a process of its own, with two threads for the kernels."""
    environment = os.environ | {"OMP_NUM_THREADS": "2"} | variables
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", script],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@on_unix
@pytest.mark.filterwarnings("ignore:Training was interrupted:UserWarning")
@pytest.mark.parametrize("name", ["GRURegressor", "RNNStepRegressor"])
def test_ctrl_c_at_any_time(name):
    """By a timer, so also inside compiled code and in libraries."""
    X, y = problem()
    y = np.repeat(y[:, np.newaxis], X.shape[1], axis=1) if "Step" in name else y
    model = make(name, max_iter=20).fit(X, y)
    before = perf_counter()
    clone(model).fit(-X, y)
    duration = perf_counter() - before
    rng = np.random.default_rng(0)

    def press(*_):
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, press)
    n_interrupted = 0
    try:
        for _ in range(60):
            state, theta = copy_of(model), model._theta
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-5, duration))
                    model.fit(-X, y)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                n_interrupted += 1
            if model._theta is theta:
                assert_unchanged(model, state)
            else:
                assert len(model.loss_curve_) == model.n_iter_ == len(model.gradient_norms_)
                assert np.isfinite(model.predict(X)).all()
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert n_interrupted > 0


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no SIGKILL")
def test_a_worker_is_killed():
    """A search says so; the next one, and the estimator, are as if nothing had been."""

    def kill_the_worker(estimator, X, y):  # from here workers get it without this module
        os.kill(os.getpid(), signal.SIGKILL)

    X, y = problem()
    model = make("GRURegressor", max_iter=1)
    serial = cross_val_score(model, X, y, cv=2)
    with parallel_config("loky", n_jobs=2):
        with pytest.raises(TerminatedWorkerError):
            cross_val_score(model, X, y, cv=2, scoring=kill_the_worker)
        assert "_theta" not in vars(model)
        np.testing.assert_array_equal(cross_val_score(model, X, y, cv=2), serial)


FORK = """
import os
import threading
import numpy as np
from sklearn.base import clone
from skrnn import GRURegressor

rng = np.random.default_rng(0)
X, y = rng.standard_normal((64, 12, 3)), rng.standard_normal(64)
model = GRURegressor((96, 64), max_iter=2, random_state=0).fit(X, y)
expected = model.predict(X)

def keep_fitting():
    other = clone(model)
    while True:
        other.fit(X, y)

def is_right():
    again = clone(model).fit(X, y)
    return np.array_equal(model.predict(X), expected) and np.array_equal(again.predict(X), expected)

busy = threading.Thread(target=keep_fitting, daemon=True)
for k in range(6):
    if k == 2:  # from here on the fork comes in the middle of a fit
        busy.start()
    child = os.fork()
    if child == 0:
        os._exit(not is_right())
    assert os.waitpid(child, 0)[1] == 0, k
# OpenBLAS 0.3.31 may wait for ever in the thread that was inside when the process forked: it ends
# its helpers at a fork, and keeps more than one thread after it. So nobody waits for that thread.
os._exit(0)
"""


@with_fork
def test_fork_while_another_thread_fits():
    """The child predicts and fits as the parent did."""
    run_alone(FORK)


@pytest.mark.parametrize("name", ["LSTMClassifier", "RNNStepRegressor"])
def test_many_threads_predict_with_one_estimator(name):
    X, y = problem(name, n_samples=60)
    y = np.repeat(y[:, np.newaxis], X.shape[1], axis=1) if "Step" in name else y
    model = make(name, (40,)).fit(X, y)
    stored, expected = pickle.dumps(model), model.predict(X).tobytes()
    with ThreadPoolExecutor(8) as executor:
        found = executor.map(lambda _: model.predict(X).tobytes(), range(200))
        assert set(found) == {expected}
    assert pickle.dumps(model) == stored


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of L-BFGS
def test_four_threads_fit():
    """Each an estimator of its own: the weights are those of one after the other."""
    models = [
        GRURegressor((70, 20), max_iter=3, random_state=0),
        LSTMClassifier(30, max_iter=3, random_state=1, dropout=0.2),
        RNNStepRegressor(20, cell="mingru", max_iter=3, random_state=2),
        GRURegressor(8, solver="lbfgs", max_iter=3, random_state=3, pooling="attention"),
    ]
    X, y = problem(n_samples=64)
    targets = [y, y > 0, np.repeat(y[:, np.newaxis], X.shape[1], axis=1), y]

    def fit(i):
        return clone(models[i]).fit(X, targets[i])

    expected = [fit(i) for i in range(4)]
    with ThreadPoolExecutor(4) as executor:
        found = [*executor.map(fit, [*range(4)] * 5)]
    for i, model in enumerate(found):
        np.testing.assert_array_equal(model._theta, expected[i % 4]._theta)


@pytest.mark.parametrize("name", ["GRURegressor", "LSTMClassifier"])
def test_a_pickle_that_ends_too_soon(name):
    """It is an error wherever it ends; the whole one is the model."""
    X, y = problem(name, n_samples=12)
    model = make(name, (2,)).fit(X, y)
    stored = pickle.dumps(model)
    errors = (EOFError, pickle.UnpicklingError, ValueError, TypeError, IndexError, AttributeError)
    for end in range(0, len(stored), 7):
        with pytest.raises(errors):
            pickle.loads(stored[:end])
    assert_same_outputs(pickle.loads(stored), X, model, X)
