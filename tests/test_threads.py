"""The same bits whatever the number of threads."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skrnn import RNNClassifier, RNNRegressor
from skrnn.cells import CELLS
from tests._problems import ragged

CELL_PARAMETERS = {
    "rnn_tanh": {"cell": "rnn"},
    "rnn_relu": {"cell": "rnn", "activation": "relu"},
    "gru": {"cell": "gru"},
    "gru_reset_before": {"cell": "gru", "reset_after": False},
    "lstm": {"cell": "lstm"},
}


def fits(estimator, X, y):
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads):
            model = estimator.fit(X, y)
            yield model._theta.tobytes(), model.transform(X).tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_fit_is_bitwise_equal(cell):
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 20, 150), 3)
    options = {"max_iter": 3, "random_state": 0, "n_iter_no_change": np.inf, "dropout": 0.2}
    options |= CELL_PARAMETERS[cell]
    regressor = RNNRegressor((12, 9), **options)
    assert len(set(fits(regressor, X, rng.standard_normal((150, 2))))) == 1
    classifier = RNNClassifier((12, 9), **options)
    assert len(set(fits(classifier, X, rng.integers(0, 3, 150)))) == 1


def test_every_cell_is_covered():
    assert set(CELL_PARAMETERS) == set(CELLS)
