"""The array-like Sequences, and scikit-learn's machinery over them."""

import pickle
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    learning_curve,
    train_test_split,
)
from sklearn.utils import shuffle

from skrnn import GRUClassifier, Sequences
from tests._problems import ragged
from tests._sequences import assert_same, overlapping, small_model

FLOAT64 = np.dtype(np.float64)


# The class.


def test_a_sequence_is_a_view_of_its_rows():
    X = overlapping()
    assert_same(X, [X.rows[0:1], X.rows[0:3], X.rows[1:4], X.rows[4:10], X.rows[2:4]])
    assert all(np.shares_memory(x, X.rows) for x in X)


def test_looks_like_an_array():
    X = overlapping(np.float32)
    assert X.shape == (5, 6, 2)
    assert X.ndim == 3
    assert X.dtype == np.float32
    assert len(X) == 5
    assert repr(X) == "<Sequences: 5 of up to 6 steps, 2 features, float32>"
    assert X[[0, 1]].shape == (2, 3, 2)
    assert X[:0].shape == (0, 0, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_not_copied(dtype):
    rows = np.ones((4, 2), dtype)
    assert np.shares_memory(Sequences(rows, [0], [4]).rows, rows)


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        (np.arange(6).reshape(3, 2), np.float64),
        (np.arange(6, dtype=np.float16).reshape(3, 2), np.float64),
        ([[0, 1], [2, 3], [4, 5]], np.float64),
        (np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2)), np.float32),
        (np.arange(12, dtype=np.float64).reshape(3, 4)[:, ::2] / 2 + [[0, 0]], np.float64),
    ],
    ids=["int", "float16", "list", "Fortran", "strided"],
)
def test_rows_become_contiguous_floats(rows, dtype):
    X = Sequences(rows, [1], [2])
    assert X.dtype == dtype
    assert X.rows.flags.c_contiguous
    np.testing.assert_array_equal(X[0], np.asarray(rows)[1:3])


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64])
def test_spans_of_any_integer_dtype(dtype):
    X = Sequences(np.eye(3), np.array([0, 1], dtype), np.array([3, 2], dtype))
    assert_same(X, [np.eye(3), np.eye(3)[1:]])


@pytest.mark.parametrize(
    ("starts", "lengths", "message"),
    [
        ([0, -1], [1, 2], "Sequence 1 has starts=-1 and lengths=2; .* within the 4 rows"),
        ([0, 1, 2], [4, 0, 1], "Sequence 1 has starts=1 and lengths=0; expected at least one"),
        ([0, 1, 3], [4, 1, 2], "Sequence 2 has starts=3 and lengths=2; .* within the 4 rows"),
        ([1], [np.iinfo(np.int64).max], "Sequence 0 has starts=1 and lengths=9223372036854775807"),
        ([0, 1], [1], r"inconsistent numbers of samples: \[2, 1\]"),
        ([0.0], [1], "starts has dtype float64; expected integers"),
        ([0], [True], "lengths has dtype bool; expected integers"),
        ([[0, 1]], [1, 1], "starts"),
        ([0, 1], [[1, 1]], "lengths"),
    ],
)
def test_wrong_spans(starts, lengths, message):
    with pytest.raises(ValueError, match=message):
        Sequences(np.ones((4, 1)), starts, lengths)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones(4), "Expected 2D array, got 1D array"),
        (np.ones((4, 1, 1)), "Found array with dim 3"),
        (np.ones((4, 0)), "0 feature"),
        (np.ones((0, 2)), "0 sample"),
        ([["a"]], "could not convert string to float"),
        (np.ones((4, 1), complex), "Complex data not supported"),
    ],
)
def test_wrong_rows(rows, message):
    with pytest.raises(ValueError, match=message):
        Sequences(rows, [0], [1])


@pytest.mark.parametrize(
    "key",
    [
        slice(1, 4),
        slice(None, None, -2),
        slice(0, 0),
        np.array([True, False, True, True, False]),
        np.array([4, 0, 0, -1]),
        np.array([], int),
        [2, 1],
        [True, False, False, False, True],
        range(3),
        Ellipsis,
    ],
    ids=repr,
)
@pytest.mark.parametrize("as_tuple", [False, True], ids=["X[key]", "X[key, ...]"])
def test_many_keys_share_the_rows(key, as_tuple):
    if as_tuple and key is Ellipsis:
        key = slice(None)
    X = overlapping()
    places = np.arange(5)[list(key) if isinstance(key, range) else key]
    chosen = X[key, ...] if as_tuple else X[key]
    assert isinstance(chosen, Sequences)
    assert_same(chosen, [X[i] for i in places])
    assert chosen.rows is X.rows


@pytest.mark.parametrize("key", [3, -2, np.int64(3), np.uint8(3), np.array(3)], ids=repr)
def test_integer_keys_give_arrays(key):
    X = overlapping()
    for x in (X[key], X[key, ...]):
        np.testing.assert_array_equal(x, X.rows[4:10])
        assert np.shares_memory(x, X.rows)


@pytest.mark.parametrize(
    "key",
    [
        5,
        -6,
        1.0,
        "a",
        None,
        (0, 1),
        (0, slice(None)),
        (Ellipsis, 0),
        (0, Ellipsis, Ellipsis),
        (),
        np.array([0, 5]),
        np.array([True]),
        np.array([[0, 1]]),
        [[0, 1]],
        np.True_,
        np.array([0.0]),
    ],
    ids=repr,
)
def test_other_keys_are_refused(key):
    X = overlapping()
    with pytest.raises(IndexError):
        X[key]


def test_more_than_one_index_says_why():
    with pytest.raises(IndexError, match="indexed by sample only"):
        overlapping()[0, 1]


def test_indexing_twice():
    X = overlapping()
    assert_same(X[1:][[2, 0]], [X[3], X[1]])


def test_array_is_padded_on_the_left():
    X = overlapping()[[0, 1, 2]]
    nan = np.nan
    expected = [
        [[nan, nan], [nan, nan], [0, 1]],
        [[0, 1], [2, 3], [4, 5]],
        [[2, 3], [4, 5], [6, 7]],
    ]
    np.testing.assert_array_equal(np.asarray(X), expected)
    assert np.asarray(X).dtype == np.float64
    assert np.asarray(X, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(np.asarray(X, dtype=np.float32), expected)
    assert not np.shares_memory(np.array(X, copy=True), X.rows)
    assert np.asarray(X[:0]).shape == (0, 0, 2)


def test_array_needs_a_copy():
    with pytest.raises(ValueError, match="needs a copy, got copy=False"):
        np.asarray(overlapping(), copy=False)


def test_astype():
    X = overlapping()
    assert X.astype(np.float64) is X
    half = X.astype(np.float32)
    assert half.dtype == np.float32
    assert half.rows.flags.c_contiguous
    assert X.dtype == np.float64
    assert_same(half, list(X))


def test_pickle():
    X = overlapping(np.float32)[[3, 0]]
    copied = pickle.loads(pickle.dumps(X))
    assert copied.dtype == np.float32
    assert copied.shape == X.shape
    assert_same(copied, list(X))
    assert_same(copied[::-1], list(X)[::-1])


# Spans are what compiled code relies on.

ok = np.ones((3, 2))


@pytest.mark.parametrize("key", [slice(None, None, 2), slice(None, None, -1)], ids=repr)
def test_predict_slices(key):
    X, y = problem()
    model = small_model().fit(X, y)
    strided = Sequences(X.rows, X.starts[key], X.lengths[key])
    for part in (X[key], strided):
        np.testing.assert_array_equal(model.predict(part), model.predict(list(X)[key]))
        np.testing.assert_array_equal(model.transform(part), model.transform(list(X)[key]))


def test_spans_are_copied():
    starts, lengths = np.array([0, 1]), np.array([2, 2])
    X = Sequences(np.eye(3), starts, lengths)
    starts[0] = lengths[1] = 10**10
    assert_same(X, [np.eye(3)[:2], np.eye(3)[1:]])


@pytest.mark.parametrize("part", [lambda X: X, lambda X: X[::-1], lambda X: X.astype(np.float32)])
def test_spans_cannot_be_written_to(part):
    X = part(overlapping())
    with pytest.raises(ValueError, match="read-only"):
        X.starts[3] = 10**10
    with pytest.raises(ValueError, match="read-only"):
        X.lengths += 5


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("starts", np.array([0, 10**10]), r"Sequence 1 has starts=10000000000 and lengths=2"),
        ("lengths", [2, 5], r"Sequence 1 has starts=1 and lengths=5"),
        ("lengths", np.array([2]), r"inconsistent numbers of samples: \[2, 1\]"),
        ("rows", np.ones((2, 2)), r"Sequence 0 .* within the 2 rows"),
        ("rows", np.ones(4), "Expected 2D array, got 1D array"),
    ],
)
def test_spans_are_checked_again(attribute, value, message):
    model = small_model().fit([ok, 2 * ok], [0, 1])
    X = Sequences(ok, [0, 1], [3, 2])
    setattr(X, attribute, value)
    for method in (model.predict, lambda X: model.fit(X, [0, 1])):
        with pytest.raises(ValueError, match=message):
            method(X)


# scikit-learn's machinery.


def problem():
    """Sequences whose target tells which one they are."""
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 7, 24), 2)
    return X, np.array([x.sum() for x in X])


def test_train_test_split():
    X, y = problem()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, test_size=0.25)
    assert isinstance(X_test, Sequences)
    assert (len(X_train), len(X_test)) == (18, 6)
    for part, target in ((X_train, y_train), (X_test, y_test)):
        assert part.rows is X.rows
        np.testing.assert_array_equal([x.sum() for x in part], target)


def test_shuffle_keeps_the_targets():
    X, y = shuffle(*problem(), random_state=0)
    np.testing.assert_array_equal([x.sum() for x in X], y)


def test_cross_val_predict():
    X, y = problem()
    expected = np.empty_like(y)
    for train, test in KFold(4).split(X):
        expected[test] = small_model().fit(X[train], y[train]).predict(X[test])
    found = cross_val_predict(small_model(), X, y, cv=KFold(4))
    np.testing.assert_array_equal(found, expected)
    with_list = cross_val_predict(small_model(), list(X), y, cv=KFold(4))
    np.testing.assert_array_equal(with_list, expected)


def test_stratified_folds():
    X, y = problem()
    labels = np.where(y > 0, "up", "down")
    model = GRUClassifier(3, max_iter=2, n_iter_no_change=np.inf, random_state=0)
    proba = cross_val_predict(model, X, labels, cv=3, method="predict_proba")
    assert proba.shape == (24, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)


def test_grid_search_in_two_processes():
    X, y = problem()
    grid = {"learning_rate_init": [0.001, 0.03], "hidden_layer_sizes": [2, (2, 3)]}
    searches = [
        GridSearchCV(small_model(), grid, cv=KFold(3), n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2)
    ]
    for key in ("mean_test_score", "split0_test_score", "split2_test_score"):
        scores = [search.cv_results_[key] for search in searches]
        np.testing.assert_array_equal(*scores)
        assert len(set(scores[0])) == 4
    np.testing.assert_array_equal(searches[1].predict(X), searches[0].predict(X))
    train, test = next(KFold(3).split(X))
    alone = clone(small_model()).set_params(**searches[0].cv_results_["params"][3])
    score = alone.fit(X[train], y[train]).score(X[test], y[test])
    assert searches[1].cv_results_["split0_test_score"][3] == score


def test_size_in_memory():
    X = Sequences(np.zeros((1000, 3)), [0, 5], [4, 4])
    assert 24_000 < sys.getsizeof(X) < 25_000


def test_learning_curve():
    X, y = problem()
    sizes, train_scores, test_scores = learning_curve(
        small_model(), X, y, train_sizes=[4, 12], cv=KFold(3)
    )
    assert sizes.tolist() == [4, 12]
    for k, (train, test) in enumerate(KFold(3).split(X)):
        for j, size in enumerate(sizes):
            model = small_model().fit(X[train[:size]], y[train[:size]])
            assert train_scores[j, k] == model.score(X[train[:size]], y[train[:size]])
            assert test_scores[j, k] == model.score(X[test], y[test])


def test_read_only_rows():
    """As joblib hands out large arrays, memory-mapped."""
    X, y = problem()
    expected = small_model().fit(X, y).predict(X)
    X.rows.flags.writeable = False
    y.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(small_model().fit(X, y).predict(X), expected)
