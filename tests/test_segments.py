"""Steps of several consecutive rows, and one regressor for all columns."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    ColumnwiseRegressor,
    GRURegressor,
    PerStep,
    Sequences,
    SlidingWindow,
    Stream,
    WindowScaledRegressor,
    pad_sequences,
)
from tests._estimators import make

ROWS = np.random.default_rng(0).standard_normal((50, 2))


def by_hand(rows, t, window, segment):
    """The window that ends with row t, in whole segments."""
    n_segments = max(1, min(t + 1, window) // segment)
    index = np.arange(t + 1 - n_segments * segment, t + 1)
    return rows[np.maximum(index, 0)].reshape(n_segments, -1)


# Windows.


@pytest.mark.parametrize(("window", "segment"), [(12, 4), (6, 6), (8, 1), (4, 2)])
def test_windows(window, segment):
    found = SlidingWindow(window, segment=segment).fit_transform(ROWS)
    assert found.shape == (50, window // segment, 2 * segment)
    for t, steps in enumerate(found):
        np.testing.assert_array_equal(steps, by_hand(ROWS, t, window, segment))
    padded = np.asarray(found)
    for t in range(50):
        steps = by_hand(ROWS, t, window, segment)
        np.testing.assert_array_equal(padded[t, -len(steps) :], steps)
        assert np.isnan(padded[t, : -len(steps)]).all()
    np.testing.assert_array_equal(pad_sequences(found, maxlen=1)[:, 0], [x[-1] for x in found])


def test_rows_are_shared():
    """Only the first windows have rows of their own."""
    found = SlidingWindow(24, segment=6).fit_transform(ROWS)
    assert len(found.rows) == 50 + 2 * 5
    assert np.shares_memory(found[30], found.rows)


def test_groups_gaps_and_order():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"x": np.arange(40.0), "who": np.repeat(["a", "b"], 20)})
    frame["t"] = np.tile([*range(12), *range(112, 120)], 2)  # a gap after 12 rows
    order = np.random.default_rng(0).permutation(40)
    with pytest.warns(UserWarning, match="gaps"):
        found = SlidingWindow(6, segment=3, group="who", time="t").fit_transform(
            frame.iloc[order].reset_index(drop=True)
        )
    for i, row in enumerate(order):
        begin = max(k for k in (0, 12, 20, 32) if k <= row)
        expected = by_hand(frame[["x"]].to_numpy()[begin:], row - begin, 6, 3)
        np.testing.assert_array_equal(found[i], expected)


@pytest.mark.parametrize("history", ["tail", "index"])
def test_history(history):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(ROWS, columns=[*"ab"], index=pd.RangeIndex(50, name="t"))
    window = SlidingWindow(12, segment=4, history=history).fit(frame[:30])
    for i, steps in enumerate(window.transform(frame[30:])):
        np.testing.assert_array_equal(steps, by_hand(ROWS, 30 + i, 12, 4))


def test_every_second_row():
    found = SlidingWindow(6, segment=3, step=2).fit_transform(ROWS)
    for t in range(12, 50):
        np.testing.assert_array_equal(found[t], ROWS[t - 10 : t + 1 : 2].reshape(2, -1))


def test_flat():
    """The same lag columns, in the same order."""
    flat = SlidingWindow(6, segment=3, flatten=True).fit_transform(ROWS)
    np.testing.assert_array_equal(flat, SlidingWindow(6, flatten=True).fit_transform(ROWS))


def test_the_future_does_not_matter():
    changed = ROWS.copy()
    changed[31:] = 1e6
    window = SlidingWindow(12, segment=4)
    before, after = window.fit_transform(ROWS), window.fit_transform(changed)
    for t in range(31):
        np.testing.assert_array_equal(before[t], after[t])


def test_whole_segments_only():
    with pytest.raises(ValueError, match=r"window=10 is not a multiple of segment=4.*window=8"):
        SlidingWindow(10, segment=4).fit(ROWS)


# Estimators.


@pytest.mark.parametrize("name", ["GRURegressor", "LSTMClassifier"])
def test_as_ready_made_arrays(name):
    """The same fit, and the same outputs, to the bit."""
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS)[11:]
    y = windows[:, ...].rows[windows.starts, 0]
    y = (y > 0).astype(int) if name.endswith("Classifier") else y
    arrays = np.stack([*windows])
    model, other = make(name).fit(windows, y), make(name).fit(arrays, y)
    np.testing.assert_array_equal(model._theta, other._theta)
    np.testing.assert_array_equal(model.predict(windows), other.predict(arrays))
    np.testing.assert_array_equal(model.predict(windows[[5]]), model.predict(windows)[[5]])
    np.testing.assert_array_equal(model.transform(windows), other.transform(arrays))
    assert model.n_features_in_ == 8


def test_linear_path_and_truncation():
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS)
    y = ROWS[:, 0]
    for parameters in ({"ar_steps": 2}, {"tbptt_steps": 1}, {"bidirectional": True}):
        model = make("GRURegressor", **parameters).fit(windows, y)
        other = make("GRURegressor", **parameters).fit([*windows], y)
        np.testing.assert_array_equal(model.predict(windows), other.predict([*windows]))


def test_padding_and_missing_values():
    """Whole segments that are missing are padding; a part of one is an error."""
    rows = ROWS.copy()
    rows[:4] = np.nan
    with pytest.warns(UserWarning, match="all NaN"):
        found = SlidingWindow(12, segment=4).fit_transform(rows)
    whole = found[[11, *range(15, 50)]]
    model = make("GRURegressor").fit(whole, np.arange(36.0))
    assert [len(x) for x in model.hidden_states(whole[:2])] == [2, 3]
    with pytest.raises(ValueError, match="contains nan in sequence 0, step 0, feature 0"):
        model.predict(found[12:])


def test_rows_are_scaled():
    """PerStep transforms the rows, and keeps the segments."""
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS * 5 + 3)
    scaler = PerStep(StandardScaler()).fit(windows)
    found, scaled = scaler.transform(windows), scaler.transformer_.transform(ROWS * 5 + 3)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.2)
    for t in (0, 3, 20, 49):
        np.testing.assert_allclose(found[t], by_hand(scaled, t, 12, 4), atol=1e-12)


def test_level_of_a_window():
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS[:, :1])[11:]
    model = WindowScaledRegressor(LinearRecorder(), level="last", operation="subtract")
    model.fit(windows, ROWS[11:, 0])
    seen = model.regressor_.X_
    np.testing.assert_allclose(seen[3], windows[3] - windows[3][-1, -1], atol=1e-15)
    assert seen.shape == (39, 3, 4)


class LinearRecorder(LinearRegression):
    def fit(self, X, y, X_val=None, y_val=None):
        self.X_, self.y_, self.val_ = X, y, (X_val, y_val)
        return self

    def predict(self, X):
        return np.array([x[-1, -1] for x in X])


def test_validation_data_are_scaled_too():
    windows = SlidingWindow(4).fit_transform(ROWS[:, :1])[3:]
    y = ROWS[3:, 0]
    model = WindowScaledRegressor(LinearRecorder(), level="last", operation="subtract")
    model.fit(windows, y, X_val=windows[:5], y_val=y[:5])
    X_val, y_val = model.regressor_.val_
    np.testing.assert_array_equal(X_val[2], model.regressor_.X_[2])
    np.testing.assert_array_equal(y_val, model.regressor_.y_[:5])


def test_row_by_row():
    """Pushed through a Pipeline: the bits of the whole, from the first row on."""
    model = make_pipeline(StandardScaler(), SlidingWindow(12, segment=4), make("GRURegressor"))
    model.fit(ROWS, ROWS[:, 0])
    stream = Stream(model)
    pushed = [stream.push(row) for row in ROWS]
    np.testing.assert_array_equal(pushed, model.predict(ROWS))


# One regressor for all columns.


def test_columns_are_samples():
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS)[11:]
    y = np.random.default_rng(1).standard_normal((39, 8))  # four horizons of each column
    model = ColumnwiseRegressor(make("GRURegressor")).fit(windows, y)
    one_by_one = np.stack([x.reshape(-1, 4, 2)[..., k] for x in windows for k in range(2)])
    expected = make("GRURegressor").fit(one_by_one, y.reshape(78, 4))
    np.testing.assert_array_equal(model.regressor_._theta, expected._theta)
    np.testing.assert_array_equal(
        model.predict(windows), expected.predict(one_by_one).reshape(39, 8)
    )
    assert model.n_columns_ == 2
    # The rows are copied once, not once for each window.
    seen = ColumnwiseRegressor(LinearRecorder()).fit(windows, y).regressor_.X_
    assert seen.rows.size <= windows.rows.size


def test_columns_with_validation_data_and_weights():
    windows = SlidingWindow(12, segment=4).fit_transform(ROWS)[11:]
    y = ROWS[11:] * 2
    model = ColumnwiseRegressor(make("GRURegressor", early_stopping=True))
    model.fit(
        windows[:30], y[:30], sample_weight=np.arange(1, 31), X_val=windows[30:], y_val=y[30:]
    )
    found = model.regressor_.validation_loss_curve_
    assert len(found) == 3
    assert model.predict(windows).shape == (39, 2)


def test_in_a_search():
    y = np.roll(ROWS, -1, axis=0)
    pipeline = make_pipeline(
        StandardScaler(),
        SlidingWindow(8, segment=4),
        ColumnwiseRegressor(
            WindowScaledRegressor(
                GRURegressor(3, max_iter=2, random_state=0), level="last", operation="subtract"
            )
        ),
    )
    search = GridSearchCV(
        pipeline,
        {"slidingwindow__segment": [2, 4]},
        cv=TimeSeriesSplit(2, gap=1),
        error_score="raise",
        n_jobs=2,
    ).fit(ROWS, y)
    copied = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(copied.predict(ROWS), search.predict(ROWS))
    clone(pipeline)


@pytest.mark.parametrize("shape", [(39, 3), (39, 2, 2)])
def test_wrong_targets(shape):
    windows = SlidingWindow(4).fit_transform(ROWS)[11:]
    with pytest.raises(ValueError, match=r"X has 2 columns; expected the same number of targets|3"):
        ColumnwiseRegressor(make("GRURegressor")).fit(windows, np.ones(shape))


def test_a_fit_that_fails_changes_nothing():
    windows = SlidingWindow(4).fit_transform(ROWS[:, :1])
    model = ColumnwiseRegressor(make("GRURegressor")).fit(windows, ROWS[:, :1])
    before = dict(vars(model))
    model.regressor.set_params(alpha=-1)
    with pytest.raises(ValueError, match="alpha"):
        model.fit(windows, ROWS[:, 0])
    assert vars(model) == before
    assert model.predict(windows).shape == (len(ROWS), 1)


def test_codes_need_single_rows():
    windows = SlidingWindow(4, segment=2).fit_transform(np.ones((20, 1)))
    model = make("GRURegressor", categorical_features=[0])
    with pytest.raises(ValueError, match=r"not supported with steps of 2 rows.*Set segment=1"):
        model.fit(windows, np.arange(20.0))


def test_segments_of_sequences():
    sequences = Sequences(ROWS, [0, 7], [3, 2], segment=5)
    assert sequences.shape == (2, 3, 10)
    np.testing.assert_array_equal(sequences[1], ROWS[7:17].reshape(2, 10))
    np.testing.assert_array_equal(sequences[1:][0], sequences[1])
    with pytest.raises(ValueError, match=r"within the 50 rows \(segment=5\)"):
        Sequences(ROWS, [31], [4], segment=5)
