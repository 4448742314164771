"""The input contract: every form of sequences, and scikit-learn's machinery over them."""

import pickle
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

from skrnn import GRUClassifier, GRURegressor, Sequences
from skrnn.sequences import as_sequences
from tests._problems import ragged

LENGTHS = [3, 1, 4, 2, 5]
FLOAT64 = np.dtype(np.float64)


def overlapping(dtype=np.float64):
    """Windows over ten rows of two features."""
    rows = np.arange(20, dtype=dtype).reshape(10, 2)
    return Sequences(rows, starts=[0, 0, 1, 4, 2], lengths=[1, 3, 3, 6, 2])


def assert_same(sequences, expected):
    assert len(sequences) == len(expected)
    for ours, theirs in zip(sequences, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def object_array(arrays):
    result = np.empty(len(arrays), object)
    result[:] = arrays
    return result


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
    with pytest.raises(ValueError, match="only by copying, got copy=False"):
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


# From every form.


def forms(arrays):
    """The same sequences of one length in every form."""
    stacked = np.stack(arrays)
    return {
        "3-D": stacked,
        "Fortran": np.asfortranarray(stacked),
        "strided": np.repeat(stacked, 2, axis=1)[:, ::2],
        "nested lists": stacked.tolist(),
        "list": arrays,
        "tuple": tuple(arrays),
        "list of Fortran": [np.asfortranarray(x) for x in arrays],
        "object array": object_array(arrays),
        "Sequences": Sequences(
            np.concatenate(arrays), np.arange(len(arrays)) * len(arrays[0]), [len(arrays[0])] * 4
        ),
    }


@pytest.mark.parametrize("form", forms([np.ones((1, 1))] * 4))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_form(form, dtype):
    arrays = list(np.random.default_rng(0).standard_normal((4, 3, 2)).astype(np.float32))
    sequences = as_sequences(forms(arrays)[form], np.dtype(dtype))
    assert sequences.dtype == dtype
    assert sequences.rows.flags.c_contiguous
    assert_same(sequences, arrays)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("lengths", [LENGTHS, [3, 3]])
def test_frames_are_sequences_too(library, lengths):
    DataFrame = pytest.importorskip(library).DataFrame
    arrays = list(ragged(lengths, 2))
    frames = [DataFrame({"a": x[:, 0], "b": x[:, 1]}) for x in arrays]
    for X in (frames, object_array(frames), [arrays[0], *frames[1:]]):
        assert_same(as_sequences(X, FLOAT64), arrays)


def test_lists_and_arrays_together():
    arrays = list(ragged(LENGTHS, 2))
    lists = [x.tolist() for x in arrays]
    for X in ([arrays[0], *lists[1:]], [*lists[:-1], arrays[-1]], lists, tuple(lists)):
        assert_same(as_sequences(X, FLOAT64), arrays)


def test_integers_become_floats():
    whole = np.arange(12).reshape(3, 2, 2)
    for X in (whole, list(whole), whole.tolist()):
        assert as_sequences(X).dtype == np.float64
        sequences = as_sequences(X, FLOAT64)
        assert sequences.dtype == np.float64
        assert_same(sequences, whole)


def test_what_is_not_copied():
    dense = np.random.default_rng(0).standard_normal((4, 3, 2))
    assert np.shares_memory(as_sequences(dense, FLOAT64).rows, dense)
    padded = dense.copy()
    padded[0, 0] = padded[2, 1:] = np.nan
    assert np.shares_memory(as_sequences(padded, FLOAT64).rows, padded)
    X = overlapping()
    assert np.shares_memory(as_sequences(X, FLOAT64).rows, X.rows)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ([0], slice(1, None)),
        ([4], slice(0, 4)),
        ([0, 1, 4], slice(2, 4)),
        ([0, 1, 2, 3], slice(4, 5)),
    ],
)
def test_padding_is_taken_off(step, expected):
    X = np.arange(20.0).reshape(2, 5, 2)
    X[1, step] = np.nan
    assert_same(as_sequences(X, FLOAT64), [X[0], X[1, expected]])
    assert_same(as_sequences(list(X), FLOAT64), [X[0], X[1, expected]])


def test_nan_outside_the_spans_does_not_matter():
    rows = np.arange(6.0).reshape(6, 1)
    rows[[1, 5]] = [[np.nan], [np.inf]]
    X = Sequences(rows, [2, 0, 3], [3, 2, 2])
    assert_same(as_sequences(X, FLOAT64), [rows[2:5], rows[:1], rows[3:5]])


def test_rows_that_no_span_reaches_are_left_out():
    X = overlapping()
    last = as_sequences(X[[1, 2]], FLOAT64)
    np.testing.assert_array_equal(last.rows, X.rows[:4])
    last = as_sequences(X[[4, 3]], np.dtype(np.float32))
    np.testing.assert_array_equal(last.rows, X.rows[2:])
    assert_same(last, [X[4], X[3]])


# Spans are what compiled code relies on.


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


# Errors, as users meet them in fit and in predict.

ok = np.ones((3, 2))
nan_inside = np.array([[np.nan, np.nan], [1, 1], [1, np.nan], [2, 2]])
inf_inside = np.array([[1, 1], [np.inf, 1]])
gap_inside = np.array([[1, 1], [np.nan, np.nan], [1, 1]])

WRONG = {
    "other features": ([ok, ok, np.ones((4, 3))], r"X\[2\] has 3 features, X\[0\] has 2"),
    "1-D element": ([ok, np.ones(3)], r"X\[1\] has 1 dimensions; .*x\.reshape\(-1, 1\)"),
    "3-D element": ([ok, np.ones((1, 3, 2))], r"X\[1\] has 3 dimensions; expected \(n_timesteps"),
    "1-D elements": ([np.ones(3), np.ones(4)], r"X\[0\] has 1 dimensions"),
    "scalar element": ([ok, 3.0], r"X\[1\] has 0 dimensions"),
    "object array": (object_array([ok, np.ones((4, 3))]), r"X\[1\] has 3 features, X\[0\] has 2"),
    "no steps": ([ok, np.ones((0, 2))], r"X\[1\]"),
    "no features": ([np.ones((3, 0)), np.ones((3, 0))], r"0 feature"),
    "text": ([ok, np.array([["a", "b"]])], "could not convert string to float"),
    "complex": ([ok, np.ones((2, 2), complex)], "Complex data not supported"),
    "4-D": (np.ones((2, 3, 2, 1)), "4 dimensions"),
    "4-D nested lists": (np.ones((2, 3, 2, 1)).tolist(), "dim 4"),
    "5-D nested lists": (np.ones((2, 3, 2, 1, 1)).tolist(), "dim 5"),
    "1-D": (np.ones(3), "Expected 2D array, got 1D array"),
    "no samples": (np.ones((0, 3, 2)), "0 sample|at least one sample"),
    "3-D without steps": (np.ones((2, 0, 2)), r"shape \(2, 0, 2\); expected at least one sample"),
    "3-D without features": (np.ones((2, 3, 0)), r"shape \(2, 3, 0\)"),
    "empty list": ([], "Expected 2D array, got 1D array"),
    "empty object array": (np.empty(0, object), "Expected 2D array, got 1D array"),
    "NaN": ([ok, nan_inside], "contains nan in sequence 1, step 2, feature 1"),
    "NaN in 3-D": (np.stack([np.ones((4, 2)), nan_inside]), "nan in sequence 1, step 2, feature 1"),
    "gap": ([ok, ok, gap_inside], "contains nan in sequence 2, step 1, feature 0"),
    "inf": ([ok, inf_inside], "contains inf in sequence 1, step 1, feature 0"),
    "-inf": (-np.stack([inf_inside, inf_inside]), "contains -inf in sequence 0, step 1, feature 0"),
    "padding only": ([ok, np.full((3, 2), np.nan)], r"X\[1\] is padding only \(all NaN\)"),
    "NaN in Sequences": (
        Sequences(np.concatenate([ok, nan_inside]), [0, 3, 4], [3, 3, 3]),
        "contains nan in sequence 1, step 2, feature 1",
    ),
    "padding only in Sequences": (
        Sequences(np.array([[1.0, 1], [np.nan, np.nan]]), [0, 1], [2, 1]),
        r"X\[1\] is padding only",
    ),
    "no Sequences": (Sequences(ok, [0], [3])[:0], "0 sample|at least one sample"),
}


@pytest.mark.parametrize(("X", "message"), WRONG.values(), ids=list(WRONG))
def test_wrong_input(X, message):
    model = GRURegressor(2, max_iter=1, n_iter_no_change=np.inf, random_state=0)
    with pytest.raises(ValueError, match=message):
        model.fit(X, np.zeros(len(X)))
    model.fit([ok, 2 * ok], [0, 1])
    with pytest.raises(ValueError, match=message):
        model.predict(X)


large = np.ones((3, 2, 2))
large[1, 0, 1] = -1e39
TOO_LARGE = forms([*large, large[0]]) | {
    "padded": np.concatenate([large, np.full((3, 1, 2), np.nan)], axis=1)
}


@pytest.mark.filterwarnings("ignore:X is far from unit scale")
@pytest.mark.parametrize("form", TOO_LARGE)
def test_numbers_too_large_for_float32(form):
    X, y = TOO_LARGE[form], np.arange(len(TOO_LARGE[form]))
    message = r"contains -1e\+39 in sequence 1, step 0, feature 1; .* within float32\. .*dtype="
    model = small_model(dtype="float32")
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    model.fit([ok, 2 * ok], [0, 1])
    with pytest.raises(ValueError, match=message):
        model.predict(X)
    for dtype in ("float64", "auto"):
        assert np.isfinite(small_model(dtype=dtype).fit(X, y).predict(X)).all()


def test_numbers_too_large_for_float32_in_a_table():
    table = np.ones((3, 4))
    table[2, 1] = 1e39
    with pytest.raises(ValueError, match=r"1e\+39 in sequence 2, step 1, feature 0; .* float32"):
        small_model().fit(table, np.arange(3))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "transform"])
def test_no_sequences(method):
    X = ragged(LENGTHS, 2)
    model = GRUClassifier(2, max_iter=1, n_iter_no_change=np.inf).fit(X, [0, 1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"X has shape \(0, 0, 2\); expected at least one sample"):
        getattr(model, method)(X[:0])


def test_sparse_input():
    sparse = pytest.importorskip("scipy.sparse").csr_array(np.eye(3))
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        GRURegressor().fit(sparse, np.zeros(3))


# scikit-learn's machinery.


def problem():
    """Sequences whose target tells which one they are."""
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 7, 24), 2)
    return X, np.array([x.sum() for x in X])


def small_model(**parameters):
    parameters = {"max_iter": 3, "n_iter_no_change": np.inf, "random_state": 0} | parameters
    return GRURegressor(3, learning_rate_init=0.01, **parameters)


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
