"""Where a warning says that it comes from."""

import pytest
from joblib import Parallel, delayed
from sklearn.preprocessing import FunctionTransformer

from skrnn._warnings import warn

# A function of the package that calls itself some times, then warns.
INSIDE = {"__name__": "skrnn.somewhere", "warn": warn}
exec("def nested(depth):\n    nested(depth - 1) if depth else warn('look here')", INSIDE)
nested = INSIDE["nested"]


def location(call):
    """File of the one warning, and its line as counted from the start of ``call``."""
    with pytest.warns(UserWarning, match="^look here$") as record:
        call()
    assert len(record) == 1
    return record[0].filename, record[0].lineno - call.__code__.co_firstlineno


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_frames_of_the_package_are_skipped(depth):
    def call():
        nested(depth)

    assert location(call) == (__file__, 1)


def test_frames_of_scikit_learn_and_joblib_are_skipped():
    def joblib():
        Parallel(n_jobs=1)([delayed(nested)(2)])

    def sklearn():
        transformer = FunctionTransformer(nested)
        transformer.transform(1)

    assert location(joblib) == (__file__, 1)
    assert location(sklearn) == (__file__, 2)


def test_a_warning_of_the_user_s_own_line():
    def call():
        warn("look here")

    assert location(call) == (__file__, 1)


def test_category():
    with pytest.warns(RuntimeWarning, match="look here"):
        warn("look here", RuntimeWarning)
