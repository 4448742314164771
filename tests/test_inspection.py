"""Permutation importance of sequences, by feature and by lag, with its display."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn import inspection
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRUClassifier, PerStep, RNNStepRegressor, Sequences, SlidingWindow
from skrnn.datasets import load_japanese_vowels
from skrnn.inspection import Packed, permutation_importance
from skrnn.plotting import PermutationImportanceDisplay
from tests._estimators import make, problem
from tests._problems import ragged

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    pyplot.close("all")


class Linear(RegressorMixin, BaseEstimator):
    """Weighs features and lags, for what is known exactly."""

    def __init__(self, weights):  # (n_lags, n_features)
        self.weights = weights

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.array([np.sum(x[::-1] * self.weights[: len(x)]) for x in X])


def exchanged(model, X, order, choose):
    """The score with values of other sequences of the same length, step by step, as a loop."""
    changed = X.copy()
    for i, j in enumerate(order):
        choose(changed[i])[...] = choose(X[j])
    return model.score(changed, model.predict(X))


def test_equal_lengths_by_hand():
    """Scores are 1 without exchange; both directions are those of the definition."""
    X, _ = problem(n_samples=12, n_timesteps=3, n_features=2)
    model = Linear(np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 2.0]]))
    y = model.predict(X)
    rng = np.random.RandomState(np.random.RandomState(5).randint(np.iinfo(np.int32).max))
    orders = [rng.permutation(12) for _ in range(3)]
    found = permutation_importance(model, X, y, n_repeats=3, random_state=5)
    for f in range(2):
        expected = [1 - exchanged(model, X, order, lambda x, f=f: x[:, f]) for order in orders]
        np.testing.assert_allclose(found.importances[f], expected)
    found = permutation_importance(model, X, y, by="lag", n_repeats=3, random_state=5)
    for k in range(3):
        expected = [1 - exchanged(model, X, order, lambda x, k=k: x[-1 - k]) for order in orders]
        np.testing.assert_allclose(found.importances[k], expected)
    np.testing.assert_allclose(found.importances_mean, found.importances.mean(axis=1))
    np.testing.assert_allclose(found.importances_std, found.importances.std(axis=1))


def test_one_step_is_a_table():
    """The importances of scikit-learn, if the permutations are the same."""
    X, _ = problem(n_samples=200, n_timesteps=1, n_features=3)
    y = X[:, 0] @ [1.0, 2.0, 0.0]
    ours = permutation_importance(
        Linear(np.array([[1.0, 2.0, 0.0]])), X, y, n_repeats=30, random_state=0
    )
    theirs = inspection.permutation_importance(
        Table(np.array([1.0, 2.0, 0.0])), X[:, 0], y, n_repeats=30, random_state=1
    )
    error = 4 * np.hypot(ours.importances_std, theirs.importances_std) / np.sqrt(30)
    assert (np.abs(ours.importances_mean - theirs.importances_mean) <= error).all()
    assert ours.importances_mean[2] == 0


class Table(Linear):
    """The same of rows."""

    def predict(self, X):
        return X @ self.weights


def test_ragged_sequences_keep_their_lags():
    """Whatever is exchanged, the values of a feature at a lag are the same ones."""
    X = ragged([1, 5, 3, 5, 2], 2)
    packed = Packed(make("GRURegressor")._read_X(X, reset=True))
    order = np.array([3, 0, 4, 1, 2])
    for exchanged in (packed.exchange_feature(1, order), packed.exchange_lag(2, order)):
        assert exchanged.lengths.tolist() == [1, 5, 3, 5, 2]
        for lag in range(5):
            for feature in range(2):
                before = [x[-1 - lag, feature] for x in X if len(x) > lag]
                after = [x[-1 - lag, feature] for x in exchanged if len(x) > lag]
                np.testing.assert_array_equal(np.sort(after), np.sort(np.float32(before)))
    by_lag = packed.exchange_lag(2, order)  # sequences 1, 2, 3 take from 3, 1, 2
    for i, j in zip([1, 2, 3], [3, 1, 2], strict=True):
        np.testing.assert_array_equal(by_lag[i][-3], np.float32(X[j][-3]))
        np.testing.assert_array_equal(
            np.delete(by_lag[i], -3, 0), np.delete(X[i], -3, 0).astype("f")
        )


def test_windows_are_exchanged_one_by_one():
    """They share rows, which stay as they are."""
    rows = np.arange(10.0).reshape(-1, 1)
    windows = SlidingWindow(3).fit_transform(rows)
    model = Linear(np.array([[1.0], [0.0], [10.0]]))
    found = permutation_importance(model, windows, model.predict(windows), by="lag", random_state=0)
    assert (found.importances_mean > 0).tolist() == [True, False, True]
    np.testing.assert_array_equal(windows.rows, rows)


def test_segments():
    rows = np.random.default_rng(0).normal(size=(12, 1))
    X = Sequences(rows, [0, 4, 8], [2, 2, 2], segment=2)
    model = Linear(np.array([[1.0, 0.0], [0.0, 0.0]]))
    found = permutation_importance(model, X, model.predict(X), n_repeats=9, random_state=0)
    assert (found.importances_mean > 0).tolist() == [True, False]


@pytest.fixture(scope="module")
def speakers():
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    few = np.flatnonzero(y < 3)
    X, y = [X[i] for i in few], y[few]
    model = make_pipeline(PerStep(StandardScaler()), GRUClassifier(8, max_iter=20, random_state=0))
    return model.fit(X, y), X, y


def test_a_pipeline_of_ragged_recordings(speakers):
    model, X, y = speakers
    found = permutation_importance(
        model, X, y, by="lag", scoring="neg_log_loss", n_repeats=10, random_state=0
    )
    assert found.importances.shape == (max(map(len, X)), 10)
    assert found.importances_mean[:5].sum() > 2 * found.importances_mean[20:25].sum()


def test_jobs_and_several_scores(speakers):
    model, X, y = speakers
    options = {"scoring": ["accuracy", "neg_log_loss"], "random_state": 0, "n_repeats": 2}
    one, two = (permutation_importance(model, X, y, n_jobs=n, **options) for n in (1, 2))
    alone = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    np.testing.assert_array_equal(one["accuracy"].importances, alone.importances)
    for name in options["scoring"]:
        np.testing.assert_array_equal(one[name].importances, two[name].importances)


@pytest.mark.parametrize(("max_samples", "n"), [(20, 20), (0.5, 45), (1.0, 90), (1e-9, 1)])
def test_how_many_are_drawn(speakers, max_samples, n):
    model, X, y = speakers
    seen = []

    def scorer(model, X, y, sample_weight):
        seen.append((len(X), len(y), len(sample_weight)))
        return 0.0

    permutation_importance(
        model, X, y, scoring=scorer, n_repeats=1, max_samples=max_samples,
        sample_weight=np.ones(90),
    )  # fmt: skip
    assert seen == [(90, 90, 90)] + [(n, n, n)] * 12


def test_a_target_at_every_step():
    X = ragged(np.arange(3, 30), 2)
    y = [x[:, 0] for x in X]
    model = RNNStepRegressor(8, max_iter=30, random_state=0).fit(X, y)
    found = permutation_importance(model, X, y, random_state=0).importances_mean
    assert found[0] > 10 * abs(found[1])


def test_errors():
    X, y = problem()
    model = make("GRURegressor").fit(X, y)
    with pytest.raises(ValueError, match=r"X is 2-D; expected sequences.*sklearn\.inspection"):
        permutation_importance(model, X[:, :, 0], y)
    with pytest.raises(ValueError, match=r"max_samples=31 is greater than .* sequences, 30"):
        permutation_importance(model, X, y, max_samples=31)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        permutation_importance(model, X, y[1:])
    with pytest.raises(ValueError, match="'by' parameter"):
        permutation_importance(model, X, y, by="step")


# The display.


def test_features_are_bars():
    X, y = problem()
    model = make("GRURegressor").fit(X, y)
    display = PermutationImportanceDisplay.from_estimator(
        model, X, y, random_state=0, feature_names=["load", "wind"], color="red"
    )
    expected = permutation_importance(model, X, y, random_state=0)
    heights = [bar.get_height() for bar in display.container_]
    np.testing.assert_allclose(heights, expected.importances_mean)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["load", "wind"]
    assert display.figure_ is display.ax_.figure


def test_lags_are_a_line():
    X, y = problem()
    model = make("GRURegressor").fit(X, y)
    _, ax = pyplot.subplots()
    display = PermutationImportanceDisplay.from_estimator(
        model, X, y, by="lag", random_state=0, ax=ax
    )
    expected = permutation_importance(model, X, y, by="lag", random_state=0)
    line = display.container_.lines[0]
    np.testing.assert_allclose(line.get_ydata(), expected.importances_mean)
    assert line.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert (display.ax_, ax.get_xlabel()) == (ax, "Steps before the last")
