"""Random pipelines through ONNX Runtime, which must predict what they predict.

``python -m tests.outside.test_onnx_pipelines 1000`` runs as many, and prints the worst.
"""

import sys
import warnings
from typing import NamedTuple

import numpy as np
import onnxruntime
import pytest
import skl2onnx
from onnx import checker
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int32TensorType
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

import skrnn
from skrnn import (
    ColumnwiseRegressor,
    LagColumnsToSequence,
    PerStep,
    Sequences,
    SlidingWindow,
    WindowScaledRegressor,
)
from tests._estimators import CELL_PARAMETERS

N_CASES = 60
# Of the spread of the targets of fit, or of the outputs if that is greater; of probabilities. A
# network that has hardly been trained gives outputs that differ much less than that from each
# other, and float32 has no more digits.
TOLERANCE = 1e-5


class Case(NamedTuple):
    """A fitted model, what it reads, and what a graph of it reads."""

    model: object
    X: object
    feeds: dict
    types: list | None = None  # None where skl2onnx can see them
    spread: float = 1.0  # of the targets


def choice(rng, *values):
    """One of several objects, which NumPy would make arrays of."""
    return values[rng.integers(len(values))]


def architecture(rng, *, is_of_steps=False):
    """Random parameters of an estimator with any cell."""
    cell = choice(rng, *CELL_PARAMETERS.values())
    sizes = tuple(rng.integers(1, 12, size=rng.integers(1, 4)).tolist())
    parameters = {
        "hidden_layer_sizes": sizes,
        "bidirectional": bool(rng.random() < 0.3),
        "dtype": choice(rng, "float32", "float32", "float64"),
        "init": choice(rng, "glorot", "pytorch", "normal"),
        "max_iter": int(rng.integers(1, 4)),
        "random_state": int(rng.integers(1000)),
        **cell,
    }
    if not is_of_steps:
        parameters["pooling"] = choice(rng, "last", "last", "mean", "max", "attention")
    return parameters


def random_regressor(rng):
    """An unfitted regressor."""
    parameters = architecture(rng)
    loss = choice(rng, "squared_error", "absolute_error", "huber", "poisson", "quantile")
    parameters["loss"] = loss
    parameters["normalize_y"] = bool(rng.random() < 0.8)
    if loss == "quantile":
        parameters["quantile"] = choice(rng, 0.3, [0.1, 0.9], [0.8, 0.5, 0.2])
    if rng.random() < 0.3:
        parameters["ar_steps"] = int(rng.integers(1, 4))
    return skrnn.RNNRegressor(**parameters)


def random_targets(rng, n, model):
    """Numbers for n sequences, of any scale, one or more each."""
    y = rng.standard_normal(choice(rng, (n,), (n, 1), (n, 3)))
    if model.normalize_y and model.loss != "poisson":  # float32 has too few digits without
        y += choice(rng, 0, 0, 1, -20, 1000)
    y *= 10.0 ** rng.integers(-3, 4)
    return np.abs(y) if model.loss == "poisson" else y


def spread_of(y):
    """The spread of targets that are numbers; of classes that of probabilities."""
    return 1.0 if y.dtype.kind in "iUb" else float(np.std(y))


def random_classes(rng, n):
    """Labels for n sequences, or indicators of labels."""
    k = int(rng.integers(2, 5))
    if rng.random() < 0.2:
        return rng.integers(0, 2, size=(n, k))
    codes = rng.permutation(np.arange(n) % k)
    return choice(rng, codes, codes - 1, np.array(list("abcd"))[codes], codes == 0)


def random_lengths(rng, n, longest):
    lengths = rng.integers(1, longest + 1, size=n)
    lengths[0] = longest
    return lengths


def sequences_of(rng, n_features):
    """Ragged sequences of any scale, float32 or float64."""
    lengths = random_lengths(rng, 20, int(rng.integers(1, 24)))
    rows = rng.standard_normal((lengths.sum(), n_features))
    rows = rows.astype(choice(rng, np.float32, np.float64))
    return Sequences(rows, lengths.cumsum() - lengths, lengths)


def as_case(rng, model, X, y, is_code=False):
    """A fitted model of sequences, in one of the forms that a graph reads."""
    tensor = {np.dtype("float32"): FloatTensorType, np.dtype("float64"): DoubleTensorType}[X.dtype]
    spread = spread_of(y)
    form = choice(rng, "NaN before", "NaN after", "lengths")
    if form == "NaN before":
        given = np.asarray(X)
        return Case(model, given, {"X": given}, None, spread)
    given = skrnn.pad_sequences(X, padding="post", value=np.nan)
    if form == "NaN after":
        return Case(model, given, {"X": given}, None, spread)
    types = [
        ("X", tensor([None, None, X.shape[2]])),
        ("lengths", Int32TensorType([None])),
    ]
    padding = choice(rng, 0, 0 if is_code else 1e6, np.nan)
    feeds = {
        "X": np.where(np.isnan(given), X.dtype.type(padding), given),
        "lengths": X.lengths.astype(np.int32),
    }
    return Case(model, given, feeds, types, spread)


def of_sequences(rng):
    """One target for each sequence, perhaps behind scaled steps."""
    n_features = int(rng.integers(1, 5))
    X = sequences_of(rng, n_features)
    if rng.random() < 0.6:
        model = random_regressor(rng)
        y = random_targets(rng, len(X), model)
        if y.shape[1:] == (3,) and n_features == 3 and model.ar_steps:
            model.set_params(ar_columns="own")
    else:
        model = skrnn.RNNClassifier(**architecture(rng))
        y = random_classes(rng, len(X))
    if rng.random() < 0.4:
        scaler = choice(
            rng, StandardScaler(), MinMaxScaler(), RobustScaler(), both_scalers(rng, n_features)
        )
        model = make_pipeline(PerStep(scaler), model)
    return as_case(rng, model.fit(X, y), X, y)


def both_scalers(rng, n_features):
    """Two transformers of columns."""
    cut = int(rng.integers(n_features))
    columns = list(range(n_features))
    parts = [("a", StandardScaler(), columns[: cut + 1]), ("b", MinMaxScaler(), columns[cut:])]
    return ColumnTransformer(parts)


def of_codes(rng):
    """Codes beside numbers."""
    X = sequences_of(rng, 3)
    n_codes = int(rng.integers(1, 6))
    X.rows[:, 1] = rng.integers(0, n_codes, len(X.rows))
    parameters = {"categorical_features": [1], "n_codes": n_codes, "embedding_dim": 3}
    if rng.random() < 0.5:
        X.rows[:, 2] = rng.integers(0, 4, len(X.rows))
        parameters |= {"categorical_features": [1, 2], "n_codes": {1: n_codes, 2: 4}}
    if rng.random() < 0.3:
        X = Sequences(X.rows[:, 1:2], X.starts, X.lengths)
        parameters |= {"categorical_features": [0], "n_codes": n_codes}
    model = skrnn.RNNClassifier(**architecture(rng), **parameters)
    y = random_classes(rng, len(X))
    return as_case(rng, model.fit(X, y), X, y, is_code=True)


def of_steps(rng):
    """A target at every step, of sequences or of the rows of a table."""
    n_features = int(rng.integers(1, 4))
    X = sequences_of(rng, n_features)
    n = len(X.rows)
    if rng.random() < 0.5:
        model = skrnn.RNNStepRegressor(**architecture(rng, is_of_steps=True))
        y = random_targets(rng, n, model)
    else:
        model = skrnn.RNNStepClassifier(**architecture(rng, is_of_steps=True))
        y = random_classes(rng, n)
        if y.dtype == bool:
            y = y.astype(int)
    if rng.random() < 0.3:
        return Case(model.fit(X.rows, y), X.rows, {"X": X.rows}, None, spread_of(y))
    return as_case(rng, model.fit(X, np.split(y, X.lengths.cumsum()[:-1])), X, y)


def of_windows(rng):
    """Windows over the rows of a table, scaled before, after, or by their level."""
    n_features, dtype = int(rng.integers(1, 4)), choice(rng, np.float32, np.float64)
    rows = (rng.standard_normal((40, n_features)) + 3).astype(dtype)
    segment = int(choice(rng, 1, 1, 2, 3))
    window = SlidingWindow(
        segment * int(rng.integers(1, 5)),
        step=int(choice(rng, 1, 1, 2, 3)),
        segment=segment,
        history=choice(rng, "index", "tail", "none"),
    )
    steps = []
    if rng.random() < 0.4:
        steps.append(choice(rng, StandardScaler(), RobustScaler(), both_scalers(rng, n_features)))
    steps.append(window)
    n_columns = n_features
    if steps[:-1] and isinstance(steps[0], ColumnTransformer):
        n_columns = steps[0].fit(rows).transform(rows[:2]).shape[1]
    around = choice(rng, None, "PerStep", "scaled", "columns", "scaled columns")
    if around == "PerStep":
        steps.append(PerStep(StandardScaler()))
    of_columns = around is not None and "columns" in around
    n_inside = 1 if of_columns else n_columns
    parameters = {"ar_steps": 0} if of_columns else {}
    if rng.random() < 0.7 or around in ("scaled", "columns", "scaled columns"):
        model = random_regressor(rng)
        if around in ("scaled", "scaled columns"):
            model.set_params(loss="squared_error", quantile=0.5)
        model.set_params(**parameters)
        y = random_targets(rng, len(rows), model)
        if around in ("scaled", "scaled columns"):
            model = WindowScaledRegressor(
                model,
                level=choice(rng, "mean", "last"),
                operation=choice(rng, "divide", "subtract"),
                feature=None if n_inside == 1 else int(rng.integers(n_inside)),
            )
        if of_columns:
            y = np.abs(rng.standard_normal((len(rows), n_columns * int(rng.integers(1, 3))))) + 1
            model = ColumnwiseRegressor(model)
    else:
        model = skrnn.RNNClassifier(**architecture(rng))
        y = random_classes(rng, len(rows))
    model = make_pipeline(*steps, model).fit(rows, y)
    X = rows[: int(rng.integers(1, 40))]
    return Case(model, X, {"X": X}, None, spread_of(y))


def of_lags(rng):
    """Lags of windows as columns, for a linear model."""
    rows = rng.standard_normal((40, int(rng.integers(1, 4)))).astype(choice(rng, "f4", "f8"))
    window = SlidingWindow(int(rng.integers(1, 5)), step=int(rng.integers(1, 4)), flatten=True)
    window.set_params(history="tail")
    lags = window.fit_transform(rows)
    full = ~np.isnan(lags).any(axis=1)
    linear = LinearRegression().fit(lags[full], rng.standard_normal(full.sum()))
    X = rows[: int(rng.integers(1, 40))]  # which continue those of fit
    return Case(make_pipeline(window, linear), X, {"X": X})


def of_tables(rng):
    """A sequence in each row of a table, as it is or as columns of lags."""
    dtype = choice(rng, np.float32, np.float64)
    table = rng.standard_normal((20, 12)).astype(dtype)
    model = random_regressor(rng)
    y = random_targets(rng, len(table), model)
    if rng.random() < 0.5:
        n_steps = int(choice(rng, 3, 4, 12))
        model = make_pipeline(StandardScaler(), LagColumnsToSequence(n_steps=n_steps), model)
    elif rng.random() < 0.5 and model.loss != "poisson":
        model = WindowScaledRegressor(model, operation="subtract")
    return Case(model.fit(table, y), table, {"X": table}, None, spread_of(y))


KINDS = [of_sequences, of_sequences, of_sequences, of_codes, of_steps, of_steps,
         of_windows, of_windows, of_windows, of_lags, of_tables]  # fmt: skip


def make_case(seed):
    rng = np.random.default_rng(seed)
    return choice(rng, *KINDS)(rng)


def outputs(case):
    """What ONNX Runtime finds."""
    given = None if case.types else case.feeds["X"]
    exported = skl2onnx.to_onnx(case.model, given, initial_types=case.types)
    checker.check_model(exported)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported.SerializeToString(), options)
    return session.run(None, case.feeds)


def differences(case):
    """The greatest difference of each output, as a share of its spread."""
    found, expected = outputs(case), predictions(case)
    assert len(found) == len(expected)
    worst = 0.0
    for ours, theirs in zip(expected, found, strict=True):
        if ours.dtype.kind != "f":  # labels, which are as sure as the probabilities are
            assert ours.size == theirs.size
            different = ours.reshape(theirs.shape) != theirs
            worst = max(worst, margin(expected[1], different))
            continue
        theirs = theirs.astype(np.float64).reshape(ours.shape)
        np.testing.assert_array_equal(np.isnan(theirs), np.isnan(ours))
        spread = 1.0 if is_classifier(case.model) else max(case.spread, np.nanstd(ours))
        worst = max(worst, np.nanmax(np.abs(ours - theirs)) / spread)
    return worst


def margin(proba, different):
    """How far apart the probabilities are where labels differ: 0 where they are equal."""
    if not different.any():
        return 0.0
    if different.shape == proba.shape:
        return np.abs(proba[different] - 0.5).max()
    first, second = np.sort(proba[different], axis=-1)[:, [-1, -2]].T
    return (first - second).max()


def predictions(case):
    """The same by the model."""
    model = case.model
    if is_classifier(model):
        return [np.asarray(model.predict(case.X)), model.predict_proba(case.X)]
    last = model[-1] if hasattr(model, "steps") else model
    if getattr(last, "loss", None) == "quantile" and np.size(last.quantile) > 1:
        X = model[:-1].transform(case.X) if hasattr(model, "steps") else case.X
        return [model.predict(case.X), last.predict_quantiles(X)]
    return [model.predict(case.X)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(N_CASES))
def test_random_pipeline(seed):
    assert differences(make_case(seed)) < TOLERANCE


def main(n_cases):
    warnings.simplefilter("ignore")
    found = {}
    for seed in range(n_cases):
        try:
            found[seed] = differences(make_case(seed))
            if found[seed] >= TOLERANCE:
                case = make_case(seed)
                print(f"case {seed}: {found[seed]:.2g} {case.X.dtype} {case.model}", flush=True)
        except Exception as error:
            print(f"case {seed}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            found[seed] = np.inf
    worst = max(found, key=found.get)
    n_wrong = sum(value >= TOLERANCE for value in found.values())
    print(f"{n_cases} pipelines, {n_wrong} of them not within {TOLERANCE:g} of the spread")
    print(f"the greatest difference: {found[worst]:.2g} (case {worst})")
    return int(n_wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
