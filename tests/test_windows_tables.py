"""Lag columns and padding: tables and arrays around sequences."""

import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

import skrnn.sequences
from skrnn import LagColumnsToSequence, Sequences, SlidingWindow, pad_sequences
from tests._problems import ragged
from tests._windows import as_container, series

pd = pytest.importorskip("pandas")
nan = np.nan

# LagColumnsToSequence.


def lag_table(step=1, window=3):
    """The lag columns of two features, and the 3-D array that they are."""
    frame = pd.DataFrame(series(), columns=["load", "net_t-1"])
    transformer = SlidingWindow(window, step=step, flatten=True).set_output(transform="pandas")
    table = transformer.fit_transform(frame)
    return table, table.to_numpy().reshape(12, window, 2)


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("step", [1, 4])
def test_the_inverse_of_flatten(container, step):
    table, expected = lag_table(step)
    lags = LagColumnsToSequence().fit(as_container(table, container))
    found = lags.transform(as_container(table, container))
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous
    assert lags.lags_.tolist() == [2 * step, step, 0]
    assert lags.get_feature_names_out().tolist() == ["load", "net_t-1"]
    np.testing.assert_array_equal(lags.inverse_transform(found), table)


def test_columns_in_any_order():
    table, expected = lag_table()
    table = table[table.columns[[4, 1, 3, 0, 5, 2]]]
    lags = LagColumnsToSequence().fit(table)
    np.testing.assert_array_equal(lags.transform(table), expected)
    np.testing.assert_array_equal(lags.inverse_transform(expected), table)
    with pytest.raises(ValueError, match="feature names should match those that were passed"):
        lags.transform(table[table.columns[::-1]])


@pytest.mark.parametrize(
    ("columns", "pattern", "lags"),
    [
        (["lag_1", "lag_2", "lag_3"], r"(?P<name>lag)_(?P<lag>\d+)", [3, 2, 1]),
        (["t-2", "t-1", "t-0"], r"(?P<name>t)-(?P<lag>\d+)", [2, 1, 0]),
        (["x(t-14)", "x(t-7)", "x(t)"], r"(?P<name>x)\(t(-(?P<lag>\d+))?\)", [14, 7, 0]),
        (["x_t-5"], None, [5]),
    ],
)
def test_names(columns, pattern, lags):
    table = pd.DataFrame(series(4, len(columns)), columns=columns)
    fitted = LagColumnsToSequence(pattern).fit(table)
    assert fitted.lags_.tolist() == lags
    by_lag = [columns[i] for i in np.argsort([-int("0" + c.strip("lagtx_-()")) for c in columns])]
    np.testing.assert_array_equal(fitted.transform(table)[:, :, 0], table[by_lag])


@pytest.mark.parametrize("n_steps", [1, 2, 3, 6])
def test_arrays_are_step_by_step(n_steps):
    table = series(5, 6)
    lags = LagColumnsToSequence(n_steps=n_steps).fit(table)
    np.testing.assert_array_equal(lags.transform(table), table.reshape(5, n_steps, -1))
    assert lags.lags_.tolist() == [*range(n_steps)][::-1]
    assert lags.get_feature_names_out().tolist() == [f"x{i}" for i in range(6 // n_steps)]
    np.testing.assert_array_equal(lags.inverse_transform(lags.transform(table)), table)


def test_inverse_of_shorter_sequences():
    table, dense = lag_table()
    lags = LagColumnsToSequence().fit(table)
    windows = SlidingWindow(3).fit_transform(dense[:, -1])
    np.testing.assert_array_equal(lags.inverse_transform(windows), table)
    np.testing.assert_array_equal(lags.inverse_transform(list(windows)), table)
    with pytest.raises(ValueError, match="up to 4 steps of 2 features; expected at most 3 steps"):
        lags.inverse_transform(np.ones((2, 4, 2)))
    with pytest.raises(
        ValueError, match="up to 3 steps of 1 features; expected at most 3 steps of 2"
    ):
        lags.inverse_transform(np.ones((2, 3, 1)))


def test_missing_values_are_kept():
    table, expected = lag_table()
    expected = expected.copy()
    table.iloc[3, 2:] = expected[3, 1:] = nan
    lags = LagColumnsToSequence().fit(table)
    np.testing.assert_array_equal(lags.transform(table), expected)
    np.testing.assert_array_equal(lags.inverse_transform(expected), table)


def wrong_lags():
    table = lag_table()[0]
    return [
        ({}, table[["load_t", "load_t"]], "unique column names|Columns 'load_t' and 'load_t'"),
        ({}, table.drop(columns="load_t-1"), "Lag columns are missing; .* lag 1 of 'load'. Expe"),
        ({}, table[["load_t-2", "load_t", "net_t-1_t"]], "lag 0 to 2|lag 2 of 'net_t-1'"),
        ({}, table.assign(more=1.0), "Column 'more' does not match columns="),
        (
            {"columns": r"(?P<name>.+)_t-?0*(?P<lag>\d+)?"},
            table.assign(**{"load_t-02": 1.0}),
            "Columns 'load_t-2' and 'load_t-02' have the same feature 'load' and lag 2",
        ),
        ({"columns": "(?P<name>.)("}, table, "is not a valid regular expression: missing \\)"),
        ({"columns": "(?P<name>.+)_t.*"}, table, r"has the groups \['name'\]; expected .*lag"),
        ({"columns": "(?P<name>.)(?P<lag>.+)"}, table, "has lag 'oad_t-2'; expected an integer"),
        (
            {"columns": r"(?P<name>load)_t(?P<lag>-\d+)?"},
            table[["load_t-2", "load_t-1", "load_t"]],
            "Column 'load_t-2' has lag -2; expected .* at least 0, as a negative lag is the future",
        ),
        ({}, table.to_numpy(), "X is of type ndarray, which has no column names .* or set n_steps"),
        ({}, pd.DataFrame(series()), "Column 0 does not match"),
        ({"n_steps": 4}, table, "X has 6 columns; expected a multiple of n_steps=4"),
        (
            {"columns": "x", "n_steps": 2},
            table,
            "columns='x' and n_steps=2 are both set; expected only one",
        ),
        ({"n_steps": 0}, table, "'n_steps' parameter"),
        ({"columns": 3}, table, "'columns' parameter"),
    ]


@pytest.mark.parametrize(("parameters", "table", "message"), wrong_lags())
def test_wrong_lags(parameters, table, message):
    with pytest.raises(ValueError, match=message):
        LagColumnsToSequence(**parameters).fit(table)


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        (["a_t-1", "a_t", "a_t-20240101"], "lag 2 of 'a'"),
        (["a_t", "a_t-1", f"b_t-{2**62}"], "lag 2 of 'a'"),
        (["a_t", f"a_t-{2**63}"], "has lag 9223372036854775808; expected a 64-bit integer"),
    ],
    ids=["date", "another feature", "beyond int64"],
)
def test_a_number_in_a_name_that_is_no_lag(columns, missing):
    """It is refused before anything is made that is as long."""
    table = pd.DataFrame(np.ones((2, len(columns))), columns=columns)
    tracemalloc.start()
    with pytest.raises(ValueError, match=missing):
        LagColumnsToSequence().fit(table)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_text_in_a_table():
    table = lag_table()[0].astype({"load_t": object})
    table.loc[3, "load_t"] = "much"
    message = "Column 'load_t' of X contains the non-numeric value 'much'. Encode the column as num"
    with pytest.raises(ValueError, match=message):
        LagColumnsToSequence().fit(table)


def test_failing_fit_changes_nothing():
    table, expected = lag_table()
    lags = clone(LagColumnsToSequence()).fit(table)
    with pytest.raises(ValueError, match="does not match"):
        lags.fit(table.assign(more=1.0))
    np.testing.assert_array_equal(lags.transform(table), expected)


# pad_sequences.


def test_keras_examples():
    """Those of its documentation."""
    X = [np.array([x]).T for x in ([1.0], [2.0, 3.0], [4.0, 5.0, 6.0])]
    found = {
        "": pad_sequences(X, value=0),
        "value": pad_sequences(X, value=-1),
        "post": pad_sequences(X, padding="post", value=0),
        "maxlen": pad_sequences(X, maxlen=2, value=0),
    }
    assert {name: x[:, :, 0].tolist() for name, x in found.items()} == {
        "": [[0, 0, 1], [0, 2, 3], [4, 5, 6]],
        "value": [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]],
        "post": [[1, 0, 0], [2, 3, 0], [4, 5, 6]],
        "maxlen": [[0, 1], [2, 3], [5, 6]],
    }


@pytest.mark.parametrize("maxlen", [None, 1, 2, 3, 7])
@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_step_against_a_loop(maxlen, padding, truncating, dtype):
    X = ragged([3, 1, 4, 2], 2, dtype)
    found = pad_sequences(X, maxlen, padding, truncating)
    n_steps = maxlen or 4
    assert found.dtype == dtype
    assert found.shape == (4, n_steps, 2)
    for row, x in zip(found, X, strict=True):
        kept = x[-n_steps:] if truncating == "pre" else x[:n_steps]
        missing = np.full((n_steps - len(kept), 2), nan)
        parts = [missing, kept] if padding == "pre" else [kept, missing]
        np.testing.assert_array_equal(row, np.concatenate(parts))


@pytest.mark.parametrize("size", [1, 3, 5, 100])
def test_padding_in_blocks(size, monkeypatch):
    X = ragged([3, 1, 4, 2], 2)
    whole = pad_sequences(X, padding="post")
    monkeypatch.setattr(skrnn.sequences, "PADDED_STEPS", size)
    np.testing.assert_array_equal(pad_sequences(X, padding="post"), whole)
    np.testing.assert_array_equal(np.asarray(X), pad_sequences(X))


def test_padding_is_moved():
    X = np.array([[[nan], [1], [nan], [2], [nan]], [[3], [4], [5], [6], [7]]])
    expected = [[1, nan, 2, nan, nan], [3, 4, 5, 6, 7]]
    np.testing.assert_array_equal(pad_sequences(X, padding="post")[:, :, 0], expected)
    np.testing.assert_array_equal(np.asarray(Sequences(X[1], [0, 2], [2, 3])), pad_sequences(
        [X[1, :2], X[1, 2:]]))  # fmt: skip


@pytest.mark.parametrize(
    ("X", "parameters", "message"),
    [
        ([series(3)], {"maxlen": 0}, "'maxlen' parameter of pad_sequences"),
        ([series(3)], {"padding": "left"}, "'padding' parameter"),
        ([series(3)], {"truncating": None}, "'truncating' parameter"),
        ([series(3)], {"value": "0"}, "'value' parameter"),
        ([np.ones(3)], {}, r"X\[0\] has 1 dimensions; .* x.reshape\(-1, 1\)"),
        ([np.full((2, 1), nan)], {}, r"X\[0\] contains only padding"),
        ([[1, 2, 3], [1]], {}, r"X\[0\] has 1 dimensions; .* x.reshape\(-1, 1\)"),
        (
            [series(3, dtype=np.float32)],
            {"value": 1e300},
            "value=1e[+]300 is too large for float32",
        ),
        (series(3), {}, "X has 2 dimensions"),
    ],
)
def test_wrong_padding(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(X, **parameters)
