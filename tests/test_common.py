"""scikit-learn's own checks, on every public class."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import skrnn

ESTIMATORS = [
    getattr(skrnn, cell + kind)(8, max_iter=100, learning_rate_init=0.02)
    for cell in ("RNN", "GRU", "LSTM")
    for kind in ("Regressor", "Classifier")
]
WINDOW_REASON = "each row becomes the window that ends with it, so its neighbours matter"
OUTPUT_REASON = "the windows are Sequences, not an array of the namespace of X"


def expected_failures(estimator):
    if isinstance(estimator, skrnn.SlidingWindow):
        return {
            "check_methods_sample_order_invariance": WINDOW_REASON,
            "check_methods_subset_invariance": WINDOW_REASON,
            "check_array_api_input": OUTPUT_REASON,
        }
    return {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [*ESTIMATORS, skrnn.SlidingWindow(3)], expected_failed_checks=expected_failures
)
def test_sklearn(estimator, check):
    check(estimator)
