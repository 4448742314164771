"""Estimators of every step: forms of X and y, steps without a label, groups, scores."""

import pickle
import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNStepClassifier, RNNStepRegressor, Sequences
from tests._estimators import STEP_ESTIMATORS, make

BOTH = pytest.mark.parametrize("name", STEP_ESTIMATORS)
SMALL = {"cell": "gru", "batch_size": 3}


def step_problem(name, n_samples=9, n_timesteps=7, n_features=2):
    """3-D X and at each step the running mean, as a number or one of three classes."""
    X = np.random.default_rng(0).standard_normal((n_samples, n_timesteps, n_features))
    y = X.cumsum(axis=1).sum(axis=2) / 5
    return X, np.digitize(y, [-0.2, 0.2]) if name.endswith("Classifier") else y


def as_table(X, y=None):
    """A shuffled frame with a row for each step, and its order."""
    pd = pytest.importorskip("pandas")
    n_samples, n_timesteps, n_features = X.shape
    frame = pd.DataFrame(X.reshape(-1, n_features), columns=[*"ab"[:n_features]])
    frame["who"] = np.repeat([f"u{i}" for i in range(n_samples)], n_timesteps)
    frame["step"] = np.tile(np.arange(n_timesteps), n_samples)
    order = np.random.default_rng(1).permutation(len(frame))
    return frame.iloc[order].reset_index(drop=True), order


def methods(name):
    proba = ["predict_proba", "predict_log_proba"] if name.endswith("Classifier") else []
    return ["predict", "transform", *proba]


# Forms.


@BOTH
def test_forms(name):
    """The same fit and the same outputs, to the bit, in the form of X."""
    X, y = step_problem(name)
    model = make(name, **SMALL).fit(X, y)
    sequences = Sequences(X.reshape(-1, 2), np.arange(9) * 7, np.full(9, 7))
    for other_X, other_y in [(list(X), list(y)), (sequences, y), (X.tolist(), y.tolist())]:
        other = make(name, **SMALL).fit(other_X, other_y)
        np.testing.assert_array_equal(other._theta, model._theta)
        for method in methods(name):
            ours, theirs = getattr(model, method)(X), getattr(other, method)(other_X)
            assert ours.shape[:2] == (9, 7)
            np.testing.assert_array_equal(ours, np.stack([*theirs]))


@BOTH
def test_table(name):
    """Rows in any order, by group and time: one output for each row, in its place."""
    X, y = step_problem(name)
    table, order = as_table(X)
    model = make(name, **SMALL, group="who", time="step").fit(table, y.ravel()[order])
    # Groups come in the order of first appearance.
    groups = table["who"].drop_duplicates().str[1:].astype(int).to_numpy()
    expected = make(name, **SMALL).fit(X[groups], y[groups])
    np.testing.assert_array_equal(model._theta, expected._theta)
    for method in methods(name):
        ours, theirs = getattr(model, method)(table), getattr(expected, method)(X)
        np.testing.assert_array_equal(ours, theirs.reshape(63, *theirs.shape[2:])[order])
    assert model.score(table, y.ravel()[order]) == pytest.approx(expected.score(X, y), rel=1e-12)
    assert model.n_features_in_ == 4
    new = table[table["who"] == "u3"].assign(who="unknown")  # a group first seen at predict
    np.testing.assert_array_equal(
        model.predict(new), model.predict(table)[(table["who"] == "u3").to_numpy()]
    )
    hidden = model.hidden_states(table)
    assert hidden.shape == (9, 7, 4)
    np.testing.assert_array_equal(hidden[2], expected.transform(X[groups[[2]]])[0])


@BOTH
def test_rows_of_an_array_are_one_sequence(name):
    X, y = step_problem(name, n_samples=1, n_timesteps=30)
    model = make(name, **SMALL | {"batch_size": "auto"}).fit(X[0], y[0])
    other = make(name, **SMALL | {"batch_size": "auto"}).fit(X, y)
    for method in methods(name):
        np.testing.assert_array_equal(getattr(model, method)(X[0]), getattr(other, method)(X)[0])


def test_gaps_end_a_sequence():
    pd = pytest.importorskip("pandas")
    X, y = step_problem("RNNStepRegressor", n_samples=1, n_timesteps=30)
    index = pd.date_range("2026-01-01", periods=40, freq="D")
    index = index[:12].append(index[22:])
    frame = pd.DataFrame(X[0], index=index, columns=["a", "b"])
    model = make("RNNStepRegressor", cell="gru")
    with pytest.warns(UserWarning, match="X has a gap in time, the first after 2026-01-12"):
        model.fit(frame, y[0])
    with pytest.warns(UserWarning, match="gap"):
        found = model.predict(frame)
    halves = model.predict(frame[:12]), model.predict(frame[12:])
    np.testing.assert_array_equal(found, np.concatenate(halves))


@BOTH
def test_padding(name):
    """Padding changes nothing, whatever y has there; its outputs say so."""
    X, y = step_problem(name)
    lengths = np.array([7, 3, 5, 7, 1, 6, 2, 7, 4])
    ragged = [x[:n] for x, n in zip(X, lengths, strict=True)]
    of_ragged = [v[:n] for v, n in zip(y, lengths, strict=True)]
    model = make(name, **SMALL).fit(ragged, of_ragged)
    for side in ("post", "pre"):
        padded, padded_y = np.full((9, 9, 2), np.nan), np.full((9, 9), 99, y.dtype)
        for i, n in enumerate(lengths):
            at = slice(0, n) if side == "post" else slice(9 - n, 9)
            padded[i, at], padded_y[i, at] = ragged[i], of_ragged[i]
        other = make(name, **SMALL).fit(padded, padded_y)
        np.testing.assert_array_equal(other._theta, model._theta)
        found, expected = other.predict(padded), model.predict(ragged)
        assert found.shape == (9, 9)
        for i, n in enumerate(lengths):
            at = slice(0, n) if side == "post" else slice(9 - n, 9)
            np.testing.assert_array_equal(found[i, at], expected[i])
            rest = np.delete(found[i], np.r_[at])
            assert (np.isnan(rest) if name.endswith("Regressor") else rest == -1).all()
        assert other.score(padded, padded_y) == model.score(ragged, of_ragged)


def test_strings_and_indicators():
    X, y = step_problem("RNNStepClassifier")
    names = np.array(["low", "mid", "high"])[y]
    model = make("RNNStepClassifier", **SMALL).fit(X, names)
    assert model.classes_.tolist() == ["high", "low", "mid"]
    assert set(model.predict(X).ravel()) <= {"low", "mid", "high"}
    padded = np.concatenate([X, np.full((9, 2, 2), np.nan)], axis=1)
    assert (model.predict(padded)[:, 7:] == "").all()
    labels = np.stack([y > 0, y > 1], axis=2).astype(int)
    model = make("RNNStepClassifier", **SMALL).fit(X, labels)
    assert model.predict(X).shape == model.predict_proba(X).shape == (9, 7, 2)
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)


def test_several_outputs():
    X, y = step_problem("RNNStepRegressor")
    two = np.stack([y, 3 * y + 1], axis=2)
    model = make("RNNStepRegressor", **SMALL).fit(X, two)
    assert model.predict(X).shape == (9, 7, 2)
    assert model.score(X, two) == pytest.approx(
        r2_score(two.reshape(-1, 2), model.predict(X).reshape(-1, 2))
    )


# Training.


@BOTH
def test_chunks_as_long_as_the_sequences(name):
    X, y = step_problem(name)
    whole = make(name, **SMALL, dropout=0.2, recurrent_dropout=0.1).fit(X, y)
    for tbptt_steps in (7, 10, 2):
        model = make(
            name, **SMALL, dropout=0.2, recurrent_dropout=0.1, tbptt_steps=tbptt_steps
        ).fit(X, y)
        assert np.array_equal(model._theta, whole._theta) == (tbptt_steps != 2)


def test_chunks_learn_what_is_carried_on():
    """The first row decides what all later rows have to say, far beyond a chunk."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, 200)
    X = np.zeros((200, 24, 1))
    X[:, 0, 0] = 2 * first - 1
    y = np.repeat(first[:, np.newaxis], 24, axis=1)
    model = RNNStepClassifier(8, cell="gru", tbptt_steps=4, max_iter=10, random_state=0).fit(X, y)
    assert (model.predict(X)[:, -1] == first).all()


def test_memory_does_not_grow_with_the_sequence():
    def peak(n_timesteps):
        X = np.zeros((n_timesteps, 1), np.float32)
        X[::3] = 1
        model = RNNStepRegressor(8, tbptt_steps=20, max_iter=1, random_state=0, cell="gru")
        tracemalloc.start()
        try:
            model.fit(X, X[:, 0])
            return tracemalloc.get_traced_memory()[1] / n_timesteps
        finally:
            tracemalloc.stop()

    # Some numbers for each step, and not one for each unit, gate and step: 8 * 4 * 4 bytes.
    assert peak(20_000) < 128


@BOTH
def test_early_stopping(name):
    X, y = step_problem(name, n_samples=40)
    scoring = "f1_macro" if name.endswith("Classifier") else "neg_mean_absolute_error"
    options = {"early_stopping": True, "random_state": 0}
    model = make(name, **options, scoring=scoring).fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    assert model.validation_scores_[-1] == pytest.approx(
        getattr(_scores, scoring)(y[30:], model.predict(X[30:]))
    )
    model = make(name, **options).fit(X, y)
    assert len(model.validation_loss_curve_) == 3
    model = make(name, **options).fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    again = make(name, **options).fit(X[:30], y[:30], X_val=list(X[30:]), y_val=list(y[30:]))
    assert model.validation_loss_curve_ == again.validation_loss_curve_


@BOTH
def test_early_stopping_by_the_score(name):
    """Steps without a label count for nothing there, too."""
    X, y = step_problem(name, n_samples=40)
    y = np.where(np.random.default_rng(1).uniform(size=y.shape) < 0.7, y, np.nan)
    given = {"X_val": X[30:], "y_val": y[30:]}

    def own(model, X, y):
        return model.score(X, y) + 0 * len(X)

    for scoring in (None, own):
        model = make(name, early_stopping=True, scoring=scoring)
        model.fit(X[:30], y[:30], **given)
        assert model.best_validation_score_ == pytest.approx(model.score(X[30:], y[30:]))


def test_groups_are_held_out_whole():
    """Those that ``group`` names, also where a gap cuts them into several sequences."""
    X, y = step_problem("RNNStepRegressor", n_samples=12, n_timesteps=20)
    table, _ = as_table(X)
    table = table.sort_values(["who", "step"], ignore_index=True)
    table.loc[table["step"] >= 10, "step"] += 100
    y = y.reshape(12, 20)[np.argsort([f"u{i}" for i in range(12)])].ravel()
    model = make(
        "RNNStepRegressor", group="who", time="step", early_stopping=True, max_iter=1,
        validation_split="group", validation_fraction=0.25, learning_rate_init=1e-12,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="gaps in time"):
        model.fit(table, y)
    with pytest.warns(UserWarning, match="gaps in time"):
        found = model.predict(table)
    # With three of twelve groups left out, the scale of y says which.
    squares = ((found - y) ** 2).reshape(12, 20).mean(axis=1)
    held_out = 2 * model.validation_loss_curve_[0] * model._target.scaler.var_[0]
    means = [squares[[*three]].mean() for three in combinations(range(12), 3)]
    assert np.isclose(means, held_out, rtol=1e-5).sum() == 1


def test_one_sequence_cannot_be_split():
    X, y = step_problem("RNNStepRegressor", n_samples=1, n_timesteps=30)
    with pytest.raises(ValueError, match=r"X is one sequence.*Pass X_val and y_val; or.*group="):
        make("RNNStepRegressor", early_stopping=True).fit(X[0], y[0])


class _scores:
    @staticmethod
    def f1_macro(y, found):
        from sklearn.metrics import f1_score

        return f1_score(y.ravel(), found.ravel(), average="macro")

    @staticmethod
    def neg_mean_absolute_error(y, found):
        return -np.abs(y - found).mean()


@BOTH
def test_going_on(name):
    X, y = step_problem(name)
    model = make(name, **SMALL, warm_start=True, max_iter=2).fit(X, y).fit(X, y)
    assert model.n_iter_ == 4
    classes = {"classes": [0, 1, 2]} if name.endswith("Classifier") else {}
    model = make(name, **SMALL).partial_fit(X, y, **classes)
    first = model.score(X, y)
    for _ in range(60):
        model.partial_fit(X, y)
    assert model.score(X, y) > first
    if classes:
        with pytest.raises(ValueError, match="classes must be passed on the first call"):
            make(name, **SMALL).partial_fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@BOTH
def test_lbfgs_and_pickle(name):
    X, y = step_problem(name)
    model = make(name, solver="lbfgs", cell="gru", max_iter=5).fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))


# With scikit-learn.


def test_cross_validation():
    """Whole groups are left out; every metric for tables works on the rows."""
    X, y = step_problem("RNNStepClassifier", n_samples=12)
    table, order = as_table(X)
    y, groups = y.ravel()[order], table["who"].to_numpy()
    model = make("RNNStepClassifier", cell="gru", group="who", time="step")
    found = cross_val_predict(model, table, y, groups=groups, cv=GroupKFold(3))
    expected = np.empty_like(found)
    for train, test in GroupKFold(3).split(table, y, groups):
        fitted = make("RNNStepClassifier", cell="gru", group="who", time="step")
        fitted.fit(table.iloc[train], y[train])
        expected[test] = fitted.predict(table.iloc[test])
    np.testing.assert_array_equal(found, expected)
    scores = cross_val_score(model, table, y, groups=groups, cv=GroupKFold(3), scoring="f1_macro")
    assert len(scores) == 3
    search = GridSearchCV(model, {"cell": ["rnn", "gru"]}, cv=GroupKFold(3))
    assert search.fit(table, y, groups=groups).best_params_["cell"] in ("rnn", "gru")


def test_in_a_pipeline():
    X, y = step_problem("RNNStepRegressor", n_samples=1, n_timesteps=60)
    model = make_pipeline(StandardScaler(), make("RNNStepRegressor", cell="gru")).fit(X[0], y[0])
    assert model.predict(X[0]).shape == (60,)
    model[-1].set_output(transform="pandas")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X[0], columns=["a", "b"], index=np.arange(60) * 1.0)
    model.fit(frame, y[0])
    assert list(model.transform(frame).columns) == [f"rnnstepregressor{i}" for i in range(4)]


# Wrong input.


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((3, 4, 1)), np.zeros(3), r"y\[0\] has shape \(\), but X\[0\] has 4 steps"),
        (np.zeros((3, 4, 1)), np.zeros((2, 4)), "y has 2 sequences, but X has 3"),
        (np.zeros((3, 4, 1)), np.zeros((3, 5)), r"y\[0\] has shape \(5,\), but X\[0\] has 4"),
        ([np.zeros((4, 1)), np.zeros((2, 1))], [np.zeros(4), np.zeros(3)], r"y\[1\] has shape"),
        (np.zeros((6, 1)), np.zeros(5), "inconsistent numbers of samples"),
        (np.zeros((3, 4, 1)), np.full((3, 4), np.nan), "No step has a label: all 12 values of y"),
        (np.array([[1.0], [np.nan]]), [1.0, 2.0], "Input X contains NaN"),
        (np.zeros((3, 4, 1)), np.full((3, 4), np.inf), "Input y contains infinity"),
    ],
)
def test_wrong_input(X, y, message):
    model = make("RNNStepRegressor")
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "n_features_in_")


def test_columns_in_another_order():
    pd = pytest.importorskip("pandas")
    X, y = step_problem("RNNStepRegressor")
    frames = [pd.DataFrame(x, columns=["a", "b"]) for x in X]
    model = make("RNNStepRegressor").fit(frames, y)
    with pytest.raises(ValueError, match=r"columns \['b', 'a'\], but RNNStepRegressor was fitted"):
        model.predict([frame[["b", "a"]] for frame in frames])
    weight = pd.Series(np.arange(9.0), index=np.arange(9) + 5)
    model.fit(frames, pd.DataFrame(y), sample_weight=weight)
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.score(frames, None)


def test_classes_that_are_booleans():
    X, y = step_problem("RNNStepClassifier")
    X = np.concatenate([X, np.full((9, 1, 2), np.nan)], axis=1)
    labels = np.concatenate([y > 0, np.zeros((9, 1), bool)], axis=1)
    found = make("RNNStepClassifier").fit(X, labels).predict(X)
    assert set(found[:, :7].ravel()) <= {True, False}
    assert all(value is None for value in found[:, 7])


def test_other_features():
    X, y = step_problem("RNNStepRegressor")
    model = make("RNNStepRegressor").fit(X, y)
    with pytest.raises(ValueError, match="X has 1 features per step, but RNNStepRegressor was"):
        model.predict(X[:, :, :1])


@BOTH
@pytest.mark.parametrize("y", [1.0, np.array(1.0), len])
def test_targets_that_are_no_list(name, y):
    X, _ = step_problem(name)
    with pytest.raises(TypeError, match=r"y is .*; expected one value for each step"):
        make(name).fit(X, y)
