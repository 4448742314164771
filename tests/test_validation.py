"""The input contract: X in every form, and errors and warnings as users meet them."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    GRUClassifier,
    GRURegressor,
    PerStep,
    Sequences,
    SlidingWindow,
    WindowScaledRegressor,
)
from skrnn.validation import as_sequences
from tests._problems import ragged
from tests._sequences import LENGTHS, assert_same, overlapping, small_model

FLOAT64 = np.dtype(np.float64)


def object_array(arrays):
    result = np.empty(len(arrays), object)
    result[:] = arrays
    return result


# Every form.


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


# Errors, as users meet them in fit and in predict.

ok = np.ones((3, 2))
nan_inside = np.array([[np.nan, np.nan], [1, 1], [1, np.nan], [2, 2]])
inf_inside = np.array([[1, 1], [np.inf, 1]])
gap_inside = np.array([[1, 1], [np.nan, np.nan], [1, 1]])

WRONG = {
    "other features": ([ok, ok, np.ones((4, 3))], r"X\[2\] has 3 features, but X\[0\] has 2"),
    "1-D element": ([ok, np.ones(3)], r"X\[1\] has 1 dimensions; .*x\.reshape\(-1, 1\)"),
    "3-D element": (
        [ok, np.ones((1, 3, 2))],
        r"X\[1\] has 3 dimensions; expected 2: \(n_timesteps",
    ),
    "1-D elements": ([np.ones(3), np.ones(4)], r"X\[0\] has 1 dimensions"),
    "scalar element": ([ok, 3.0], r"X\[1\] has 0 dimensions"),
    "object array": (
        object_array([ok, np.ones((4, 3))]),
        r"X\[1\] has 3 features, but X\[0\] has 2",
    ),
    "no steps": ([ok, np.ones((0, 2))], r"X\[1\]"),
    "no features": ([np.ones((3, 0)), np.ones((3, 0))], r"X\[0\] has shape \(3, 0\); expected"),
    "text": ([ok, np.array([["a", "b"]])], "could not convert string to float"),
    "complex": ([ok, np.ones((2, 2), complex)], "Complex data not supported"),
    "4-D": (np.ones((2, 3, 2, 1)), "4 dimensions"),
    "4-D nested lists": (np.ones((2, 3, 2, 1)).tolist(), "dim 4"),
    "5-D nested lists": (np.ones((2, 3, 2, 1, 1)).tolist(), "dim 5"),
    "1-D": (np.ones(3), r"X is 1-D with shape \(3,\); .* one sequence of 3 time steps"),
    "no samples": (np.ones((0, 3, 2)), "0 sample|at least one sample"),
    "3-D without steps": (np.ones((2, 0, 2)), r"shape \(2, 0, 2\); expected at least one sample"),
    "3-D without features": (np.ones((2, 3, 0)), r"shape \(2, 3, 0\)"),
    "empty list": ([], r"0 sample\(s\) \(shape=\(0,\)\)"),
    "empty object array": (np.empty(0, object), r"0 sample\(s\) \(shape=\(0,\)\)"),
    "NaN": ([ok, nan_inside], "contains nan in sequence 1, step 2, feature 1"),
    "NaN in 3-D": (np.stack([np.ones((4, 2)), nan_inside]), "nan in sequence 1, step 2, feature 1"),
    "gap": ([ok, ok, gap_inside], "contains nan in sequence 2, step 1, feature 0"),
    "inf": ([ok, inf_inside], "contains inf in sequence 1, step 1, feature 0"),
    "-inf": (-np.stack([inf_inside, inf_inside]), "contains -inf in sequence 0, step 1, feature 0"),
    "padding only": ([ok, np.full((3, 2), np.nan)], r"X\[1\] contains only padding \(NaN\)"),
    "NaN in Sequences": (
        Sequences(np.concatenate([ok, nan_inside]), [0, 3, 4], [3, 3, 3]),
        "contains nan in sequence 1, step 2, feature 1",
    ),
    "padding only in Sequences": (
        Sequences(np.array([[1.0, 1], [np.nan, np.nan]]), [0, 1], [2, 1]),
        r"X\[1\] contains only padding",
    ),
    "dates": (np.full((2, 3), np.datetime64("2024-01-01")), r"X has dtype datetime64\[D\]; expe"),
    "dates in a list": ([ok, np.full((3, 2), np.timedelta64(1, "h"))], r"X\[1\] has dtype timed"),
    "letters": (np.full((2, 3, 1), "a"), "X has something that is no number: could not convert"),
    "letters in a list": ([ok, np.full((3, 2), "a")], r"X\[1\] has something that is no number"),
    "huge integers": (np.array([[10**400]] * 2, object), "X has an integer that is too large"),
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
    message = r"contains -1e\+39 in sequence 1, step 0, feature 1; .* fit in float32\. .*dtype="
    model = small_model(dtype="float32")
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    model.fit([ok, 2 * ok], [0, 1])
    with pytest.raises(ValueError, match=message):
        model.predict(X)
    for dtype in ("float64", "auto"):
        assert np.isfinite(small_model(dtype=dtype).fit(X, y).predict(X)).all()


@pytest.mark.parametrize("X", [{1, 2}, len, (x for x in [1])], ids=["set", "function", "iterator"])
def test_what_is_no_array(X):
    with pytest.raises(TypeError, match="X has something that is no number: float"):
        GRURegressor(2).fit(X, [0, 1])


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


# Tables.


def of_sequences():
    """What takes sequences, with a y if it has one."""
    return {
        "GRURegressor": small_model(),
        "PerStep": PerStep(StandardScaler()),
        "WindowScaledRegressor": WindowScaledRegressor(Ridge()),
    }


def call(estimator, X):
    """Predict or transform."""
    return getattr(estimator, "predict", getattr(estimator, "transform", None))(X)


@pytest.mark.parametrize("name", of_sequences())
@pytest.mark.parametrize("X", [np.arange(7.0), [*range(7)]], ids=["array", "list"])
def test_1d(name, X):
    estimator = of_sequences()[name]
    message = (
        r"X is 1-D with shape \(7,\); .*Reshape your data: X\.reshape\(1, -1\) is one sequence of "
        r"7 time steps, X\.reshape\(-1, 1\) is 7 sequences of 1 time step.*SlidingWindow"
    )
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, X)
    assert not hasattr(estimator, "n_features_in_")
    estimator.fit(np.ones((3, 7)), np.ones(3))
    with pytest.raises(ValueError, match=message):
        call(estimator, X)


@pytest.mark.parametrize("name", of_sequences())
def test_table_after_sequences_of_one_feature(name):
    """The number of columns of a table is one of time steps, not of features."""
    sequences = np.random.default_rng(0).uniform(1, 2, (6, 4, 1))
    estimator = of_sequences()[name]
    if name == "WindowScaledRegressor":
        estimator.set_params(regressor=small_model())
    estimator.fit(sequences, np.arange(6))
    message = (
        rf"X is 2-D with 4 columns, but {name} was fitted on sequences of shape \(n_samples, "
        r"n_timesteps, 1\)\. .* pass np\.asarray\(X\)\[:, :, np\.newaxis\]"
    )
    with pytest.raises(ValueError, match=message):
        call(estimator, sequences[:, :, 0])
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=message):
        call(estimator, pd.DataFrame(sequences[:, :, 0], columns=[*"abcd"]))


def test_one_sequence_that_is_not_in_a_batch():
    X = np.random.default_rng(0).uniform(1, 2, (6, 4, 2))
    model = small_model().fit(X, np.arange(6))
    message = (
        r"X has 1 features per step, .* fitted with 2 .* \(n_timesteps, 2\) as np.asarray\(X\)\["
    )
    with pytest.raises(ValueError, match=message):
        model.predict(X[3])
    np.testing.assert_array_equal(model.predict(X[3][np.newaxis]), model.predict(X)[3:4])


def dated(columns, index=None, n_rows=8):
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2020", periods=n_rows) if index is None else index
    values = np.random.default_rng(0).uniform(1, 2, (n_rows, len(columns)))
    return pd.DataFrame(values, columns=columns, index=index)


def features_by_date():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2020", periods=8)
    units = pd.MultiIndex.from_product([["a", "b"], days[:4]])
    names = ["load", "heat", "wind"]
    return {
        "days": dated(names),
        "one feature": dated(["load"]),
        "time zone": dated(names, days.tz_localize("UTC")),
        "periods": dated(names, days.to_period()),
        "irregular dates": dated(names, days[[0, 1, 2, 3, 4, 5, 6, 6]]),
        "a level of dates": dated(names, units),
    }


@pytest.mark.parametrize("frame", features_by_date().values(), ids=list(features_by_date()))
@pytest.mark.parametrize("name", of_sequences())
def test_columns_of_a_dated_frame_are_hardly_time_steps(name, frame):
    estimator = of_sequences()[name]
    message = (
        rf"{name} takes each row as one sequence and each column as one time step; the first "
        rf"column is 'load'\. .* make_pipeline\(SlidingWindow\(window=\.\.\.\), {name}.*"
        r"X\.to_numpy\(\)"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        estimator.fit(frame, np.arange(8))
    assert [warning.filename for warning in caught] == [__file__]
    call(estimator, frame)  # says nothing once more
    of_sequences()[name].fit(frame.to_numpy(), np.arange(8))


@pytest.mark.parametrize(
    "columns",
    [
        ["load_t-2", "load_t-1", "load_t"],
        ["lag_3", "lag_2", "lag_1"],
        ["00:00", "08:00", "16:00"],
        [0, 1, 2],
    ],
    ids=str,
)
def test_columns_that_are_time_steps_may_have_dates(columns):
    small_model().fit(dated(columns), np.arange(8))


@pytest.mark.parametrize("index", [range(8), [*"abcdefgh"]], ids=["numbers", "text"])
def test_a_frame_without_dates_is_an_ordinary_table(index):
    small_model().fit(dated(["load", "heat"], index), np.arange(8))


def test_windows_of_a_dated_frame_are_what_is_meant():
    frame = dated(["load", "heat"])
    make_pipeline(SlidingWindow(2), small_model()).fit(frame, np.arange(8))
    lags = SlidingWindow(2, flatten=True).set_output(transform="pandas").fit_transform(frame)
    model = WindowScaledRegressor(LinearRegression(), level="last")
    model.fit(lags[["load_t-1", "load_t"]].iloc[1:], np.arange(7))


@pytest.mark.parametrize("name", of_sequences())
def test_a_warning_that_is_an_error_leaves_nothing_fitted(name):
    estimator = of_sequences()[name]
    with pytest.raises(UserWarning, match="each column as one time step"):  # an error in tests
        estimator.fit(dated(["load", "heat"]), np.arange(8))
    assert not hasattr(estimator, "n_features_in_")


def frames(*orders):
    pd = pytest.importorskip("pandas")
    return [pd.DataFrame({name: [1.0, 2.0] for name in order}) for order in orders]


def test_frames_with_other_columns():
    """Columns in another order are other features."""
    with pytest.raises(ValueError, match=r"X\[1\] has the columns \['b', 'a'\], but X\[0\] has"):
        small_model().fit(frames("ab", "ba"), [0, 1])
    model = small_model().fit(frames("ab", "ab"), [0, 1])
    assert list(model.feature_names_in_) == ["a", "b"]
    with pytest.raises(ValueError, match=r"have the columns \['b', 'a'\], but .* was fitted with"):
        model.predict(frames("ba"))
    np.testing.assert_array_equal(
        model.predict(frames("ab")), model.predict([x.to_numpy() for x in frames("ab")])
    )


@pytest.mark.parametrize("value", ["red", "2024-01-01", np.datetime64("2024-01-01")])
def test_columns_that_are_no_numbers(value):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [value, value]})
    with pytest.raises(
        ValueError, match=r"Column 'b' of X contains the non-numeric value .*Encode"
    ):
        small_model().fit(X, [0, 1])
