"""Rows in a file, which may be larger than memory: nothing copies them."""

import tracemalloc

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skrnn import GRURegressor, RNNStepRegressor, Sequences, SlidingWindow

N_ROWS, N_FEATURES, WINDOW = 480_000, 8, 48
SIZE = N_ROWS * N_FEATURES * 4  # bytes of the file


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.dat"
    np.random.default_rng(0).standard_normal((N_ROWS, N_FEATURES), "f").tofile(path)
    return np.memmap(path, np.float32, "r", shape=(N_ROWS, N_FEATURES))


def side_by_side(rows):
    """Windows that each have rows of their own."""
    starts = np.arange(0, len(rows), WINDOW)
    return Sequences(rows, starts, np.full(len(starts), WINDOW))


def peak_of(work):
    """The most memory of arrays that ``work`` has taken, in bytes; that of kernels is apart."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def model(**parameters):
    return GRURegressor(2, max_iter=1, batch_size=50, random_state=0, **parameters)


def test_sequences_share_the_file(rows):
    for X in (side_by_side(rows), SlidingWindow(WINDOW).fit_transform(rows)):
        assert np.shares_memory(X.rows, rows)
        assert np.shares_memory(X[::100].rows, rows)


@pytest.mark.parametrize("parameters", [{}, {"early_stopping": True}, {"pooling": "mean"}])
def test_a_fit_takes_little_memory(rows, parameters):
    X = side_by_side(rows)
    y = np.arange(len(X)) / len(X)
    # Most of it is a minibatch, or 256 sequences that are validated.
    assert peak_of(lambda: model(**parameters).fit(X, y)) < SIZE / 3


def test_predictions_take_little_memory(rows):
    X = side_by_side(rows)
    fitted = model().fit(X[:1000], np.arange(1000) / 1000)
    for method in (fitted.predict, fitted.transform):
        assert peak_of(lambda method=method: method(X)) < SIZE / 5


def test_steps_of_one_long_sequence(rows):
    """Targets and weights are arrays, and so is where each row is; rows are not."""
    y = np.zeros(N_ROWS, "f")
    network = RNNStepRegressor(1, max_iter=1, tbptt_steps=1000, random_state=0)
    assert peak_of(lambda: network.fit(rows, y)) < 150 * N_ROWS


def test_windows_of_a_file_are_those_of_the_array(rows):
    """A Pipeline with SlidingWindow; of each hundredth window, to the last bit."""
    X, y = rows[:5000], np.array(rows[:5000, 0])
    found = make_pipeline(SlidingWindow(WINDOW), model()).fit(X, y)
    expected = make_pipeline(SlidingWindow(WINDOW), model()).fit(np.array(X), y)
    np.testing.assert_array_equal(found.predict(X), expected.predict(np.array(X)))


def test_missing_values_are_found_in_a_file(tmp_path):
    """In any part of it; padding at its end is no error."""
    rows = np.memmap(tmp_path / "rows.dat", np.float32, "w+", shape=(200_016, 2))
    rows[:] = 1
    rows[-3:] = np.nan
    X = side_by_side(rows)
    assert model().fit(X, np.arange(len(X)) / 1e4).n_iter_ == 1
    rows[150_000, 1] = np.inf
    with pytest.raises(ValueError, match="contains inf in sequence 3125, step 0, feature 1"):
        model().fit(X, np.arange(len(X)) / 1e4)
