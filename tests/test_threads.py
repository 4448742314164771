"""The same bits whatever the number of threads.

The sizes are such that a pass is worth sharing, see WORTH_SHARING in kernels/threads.h.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skrnn import RNNClassifier, RNNRegressor
from tests._estimators import CELL_PARAMETERS
from tests._problems import forward, minibatch, ragged, random_params


def fits(estimator, X, y):
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads):
            model = estimator.fit(X, y)
            yield model._theta.tobytes(), model.transform(X).tobytes()


@pytest.mark.parametrize("cell", CELL_PARAMETERS)
def test_fit_is_bitwise_equal(cell):
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 20, 150), 3)
    options = {"max_iter": 3, "random_state": 0, "n_iter_no_change": np.inf, "dropout": 0.2}
    options |= CELL_PARAMETERS[cell]
    regressor = RNNRegressor((96, 33), **options)
    assert len(set(fits(regressor, X, rng.standard_normal((150, 2))))) == 1
    classifier = RNNClassifier((96, 33), **options)
    assert len(set(fits(classifier, X, rng.integers(0, 3, 150)))) == 1


def test_callers_at_the_same_time():
    """Passes from several Python threads do not meet."""
    batch = minibatch(ragged(np.random.default_rng(1).integers(1, 12, 90), 3, np.float32))
    params = random_params("lstm", 3, 60, np.float32)

    def final_states(_):
        states, _ = forward("lstm", batch, params, [None, None])
        return states[0][batch.final_states].tobytes()

    with ThreadPoolExecutor(4) as executor:
        assert len(set(executor.map(final_states, range(400)))) == 1


FORK = """
import os
import threading
import numpy as np
from tests._problems import forward, minibatch, ragged, random_params

batch = minibatch(ragged([5] * 90, 3, np.float32))
params = random_params("gru", 3, 60, np.float32)

def final_states():
    return forward("gru", batch, params, [None])[0][0][batch.final_states].tobytes()

before = final_states()
stop = threading.Event()

def keep_busy():
    while not stop.is_set():
        final_states()

busy = threading.Thread(target=keep_busy)
for k in range(30):
    if k == 10:  # from here on the fork may come in the middle of a job
        busy.start()
    child = os.fork()
    if child == 0:
        os._exit(any(final_states() != before for _ in range(5)))
    assert os.waitpid(child, 0)[1] == 0
stop.set()
busy.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_fork():
    """A forked process, which has none of the threads, goes on alone."""
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", FORK], env=environment, check=True, timeout=60)
