"""Sequences for tests, what they are compared with, and a small model of them."""

import numpy as np

from skrnn import GRURegressor, Sequences

LENGTHS = [3, 1, 4, 2, 5]


def overlapping(dtype=np.float64):
    """Windows over ten rows of two features."""
    rows = np.arange(20, dtype=dtype).reshape(10, 2)
    return Sequences(rows, starts=[0, 0, 1, 4, 2], lengths=[1, 3, 3, 6, 2])


def assert_same(sequences, expected):
    assert len(sequences) == len(expected)
    for ours, theirs in zip(sequences, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def small_model(**parameters):
    parameters = {"max_iter": 3, "n_iter_no_change": np.inf, "random_state": 0} | parameters
    return GRURegressor(3, learning_rate_init=0.01, **parameters)
