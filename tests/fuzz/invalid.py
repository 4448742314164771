"""Random wrong parameters and data: a ValueError or TypeError that names them, and no half fit."""

import re

import numpy as np
import pandas as pd
import scipy.sparse

import skrnn
from tests.fuzz.data import pick

# Of every parameter a few values that it must not have.
WRONG = {
    "hidden_layer_sizes": [0, -1, 2.5, "8", (), (3, 0), [[4]], None, np.nan, (2, "x"), {}],
    "bidirectional": ["yes", None, 2],
    "dropout": [-0.1, 1, 1.0, np.nan, None, "0.2"],
    "recurrent_dropout": [-0.1, 1.0, np.nan, None, [0.2]],
    "init": ["he", None, 1],
    "dtype": ["float16", np.float32, None, "int64"],
    "solver": ["adagrad", None, 3],
    "alpha": [-1, np.nan, None, "0"],
    "batch_size": [0, -3, 1.5, None, "all", np.nan],
    "learning_rate": ["linear", 0.1, None],
    "learning_rate_init": [0, -0.1, np.nan, None, "fast"],
    "max_iter": [0, -1, 2.5, None, "many"],
    "shuffle": ["no", None, 3],
    "random_state": ["seed", -1, 1.5, object()],
    "tol": [-1, np.nan, None],
    "warm_start": ["no", None],
    "momentum": [-0.1, 1.1, np.nan, None],
    "early_stopping": ["no", None],
    "validation_fraction": [0, 1, -0.1, np.nan, None],
    "validation_split": ["first", None],
    "beta_1": [-0.1, 1.0, np.nan],
    "beta_2": [-0.1, 1.0, None],
    "epsilon": [0, -1, np.nan],
    "n_iter_no_change": [0, -1, 2.5, "never", np.nan],
    "max_fun": [0, 1.5, None],
    "max_grad_norm": [0, -1, np.nan, "no"],
    "tbptt_steps": [0, -1, 1.5, "all"],
    "min_length": [0, -1, 1.5, None],
    "forget_bias": ["big", None, np.nan, np.inf],
    "reset_after": ["yes", None],
    "activation": ["sigmoid", None],
    "cell": ["LSTM", None, 1],
    "pooling": ["sum", None, 1],
    "loss": ["mse", None],
    "quantile": [[0.0], [1.5], [], [0.5, 0.5], "half", None, [[0.1, 0.2]], [np.nan]],
    "normalize_y": ["yes", None],
    "ar_steps": [-1, 1.5, None],
    "ar_columns": ["mine", None],
    "scoring": ["f2", 3],
    "class_weight": ["even", 3],
    "categorical_features": [[9], [-1], ["c9"], [[0]], 0, [0.5], [True] * 9, [None]],
    "n_codes": [0, -1, 1.5, "many", {9: 3}, {0: 0}],
    "embedding_dim": [0, -1, 1.5, "many"],
    "embedding_dropout": [-0.1, 1.0, np.nan],
    "decoder_layer_sizes": [0, -1, 2.5, "8", (), (3, 0), np.nan, {}],
    "attention": ["bahdanau", 1, True],
    "input_separator": [3, "", [" "]],
    "output_separator": [3, "", [" "]],
    "teacher_forcing": [-0.1, 1.1, np.nan, None, "all", (1.0, 0.5, 0.0), (2, 0), ()],
    "label_smoothing": [-0.1, 1, np.nan, None],
    "beam_size": [0, -1, 1.5, None, "wide"],
    "max_length": [0, -1, 1.5, "long"],
    "group": [3, {}],
    "time": [3, ["a"]],
    "unlabeled": [[1], 1.5],
    # Of transformers and wrappers.
    "window": [0, -1, 1.5, None, "a"],
    "step": [0, -1, 1.5, None],
    "segment": [0, -1, 1.5, None, 5],
    "history": ["all", None],
    "flatten": ["yes", None, 2],
    "max_gap": [-1, 1.5, "1D", [1]],
    "columns": ["(", 3, "(?P<name>.*)"],
    "n_steps": [0, -1, 1.5, "a"],
    "transformer": [None, "scale", 3],
    "regressor": [None, "linear", 3],
    "level": ["median", None],
    "operation": ["add", None],
    "feature": [-1, 1.5, "a", 9],
    "analyzer": ["letters", None, 3],
    "min_count": [0, -1, 1.5, None],
    "max_vocabulary": [0, -1, 1.5, "a"],
    "handle_unknown": ["ignore", None],
}

# Without these a wrong value has nothing to act on.
NEEDED = {
    "quantile": {"loss": "quantile"},
    "n_codes": {"categorical_features": [0]},
    "embedding_dim": {"categorical_features": [0]},
}


def good_data(name, n=8, T=4):
    """Valid X and y for a class of this name."""
    rng = np.random.default_rng(0)
    if name == "TokenEncoder":
        return ["a b", "b c d"], None
    if name in ("SlidingWindow", "LagColumnsToSequence"):
        return rng.standard_normal((n, 4)), None
    X = rng.integers(0, 3, (n, T, 2)).astype(float)
    shape = (n, T) if "Step" in name or name == "RNNEncoderDecoder" else (n,)
    has_classes = name.endswith("Classifier")
    y = rng.integers(0, 2, shape) if has_classes else rng.standard_normal(shape)
    y = np.repeat(y[:, np.newaxis], 2, axis=1) if name == "ColumnwiseRegressor" else y
    return X, None if name == "PerStep" else y


def made(name, **parameters):
    """A small one of a class."""
    from sklearn.preprocessing import StandardScaler

    first = {
        "SlidingWindow": {"window": 3},
        "LagColumnsToSequence": {"n_steps": 2},
        "PerStep": {"transformer": StandardScaler()},
        "TokenEncoder": {},
        "WindowScaledRegressor": {"regressor": skrnn.GRURegressor(2, max_iter=1), "feature": 0},
        "ColumnwiseRegressor": {"regressor": skrnn.GRURegressor(2, max_iter=1)},
    }.get(name, {"hidden_layer_sizes": 2, "max_iter": 1, "random_state": 0})
    return getattr(skrnn, name)(**(first | parameters))


def refused(estimator, call, names, what):
    """That a call is an error that names one of these, and changes nothing."""
    before = dict(vars(estimator))
    about = f"{type(estimator).__name__}, {what}"
    error = None
    try:
        call()
    except Exception as raised:
        error = raised
    assert error is not None, f"{about}: accepted"
    assert isinstance(error, (ValueError, TypeError)), f"{about}: {error!r}"
    is_named = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(error)) for name in names)
    assert is_named, f"{about}: names none of {names}: {error!r}"
    after = vars(estimator)
    changed = [key for key in {*before, *after} if after.get(key, "") is not before.get(key, "")]
    assert not changed, f"{about}: changed {changed}"


def parameter(rng, name):
    """One wrong parameter, before a first fit or after."""
    model = made(name)
    X, y = good_data(name)
    if rng.random() < 0.3:
        model.fit(X, y)
    known = [key for key in model.get_params(deep=False) if key in WRONG]
    key = pick(rng, known)
    value = pick(rng, WRONG[key])
    model.set_params(**NEEDED.get(key, {})).set_params(**{key: value})
    if name == "LagColumnsToSequence" and key == "columns":
        X = pd.DataFrame(X, columns=["a_t-1", "a_t", "b_t-1", "b_t"])
        model.set_params(n_steps=None)
    methods = ["fit"] + ["partial_fit"] * hasattr(model, "partial_fit")
    method = getattr(model, pick(rng, methods))
    if method.__name__ == "partial_fit" and hasattr(model, "predict_proba"):
        refused(model, lambda: method(X, y, classes=[0, 1]), [key], f"{key}={value!r}")
    else:
        refused(model, lambda: method(X, y), [key], f"{key}={value!r}")


def _with(values, place, value):
    values = np.array(values, float)
    values[place] = value
    return values


NOT_X = {
    "none": lambda X: None,
    "number": lambda X: 3.0,
    "text": lambda X: "abc",
    "texts": lambda X: np.full(X.shape, "a"),
    "dict": lambda X: {"a": [1]},
    "set": lambda X: {1, 2},
    "generator": lambda X: (x for x in X),
    "function": lambda X: len,
    "0-D": lambda X: np.array(3.0),
    "4-D": lambda X: X[np.newaxis],
    "no samples": lambda X: X[:0],
    "no features": lambda X: X[..., :0],
    "empty list": lambda X: [],
    "empty lists": lambda X: [[], []],
    "none inside": lambda X: [None, *X],
    "complex": lambda X: X + 1j,
    "sparse": lambda X: scipy.sparse.eye_array(4, format="csr"),
    "dates": lambda X: np.full(X.shape, np.datetime64("2024-01-01")),
    "infinite": lambda X: _with(X, (1, ...), np.inf),
    "huge": lambda X: np.array([[10**400]], object),
}
OF_SEQUENCES = {
    "missing": lambda X: _with(X, (1, 1, 0), np.nan),
    "minus infinity": lambda X: _with(X, (0, 0, 0), -np.inf),
    "no steps": lambda X: [*X, X[0][:0]],
    "all missing": lambda X: _with(X, (1,), np.nan),
    "other features": lambda X: [*X[1:], X[0][:, :1]],
    "1-D element": lambda X: [*X[1:], X[0][0]],
    "deep element": lambda X: [*X[1:], X],
    "text element": lambda X: [*X[1:], np.full(X[0].shape, "a")],
    "too large": lambda X: np.full(X.shape, 1e300),
    "1-D": lambda X: X[0, 0],
}
NOT_Y = {
    "none": lambda y: None,
    "shorter": lambda y: y[:-1],
    "longer": lambda y: np.concatenate([y, y]),
    "text": lambda y: np.full(y.shape, "a"),
    "missing": lambda y: np.full(y.shape, np.nan),
    "infinite": lambda y: np.full(y.shape, np.inf),
    "number": lambda y: 1.0,
    "deep": lambda y: np.zeros((len(y), 1, 1, 2, 2)),
    "complex": lambda y: y + 1j,
    "empty": lambda y: y[:0],
    "function": lambda y: len,
}
NOT_WEIGHT = {
    "negative": lambda n: -np.ones(n),
    "shorter": lambda n: np.ones(n - 1),
    "missing": lambda n: np.full(n, np.nan),
    "infinite": lambda n: np.full(n, np.inf),
    "zero": lambda n: np.zeros(n),
    "text": lambda n: ["a"] * n,
    "deep": lambda n: np.ones((n, 2, 2)),
}
# scikit-learn's checks name X or y in other words.
OF_X = ["X", "Input", "samples", "sample", "features", "feature", "array", "sparse", "Complex",
        "sequence", "sequences", "NaN", "dtype='numeric'", "Sequence", "input", "data"]  # fmt: skip
OF_Y = ["y", "target", "samples", "array", "labels", "classes", "Complex", "samples", "label"]


def wrong_X(rng, name):
    """Wrong X, in ``fit`` and after it."""
    X, y = good_data(name)
    model = made(name)
    is_of_sequences = X is not None and np.ndim(X) == 3
    kinds = NOT_X | (OF_SEQUENCES if is_of_sequences else {})
    kind = pick(rng, [*kinds])
    if name in ("SlidingWindow", "LagColumnsToSequence", "PerStep") and kind == "infinite":
        return  # they pass such values on, or leave them to what they hold
    if name == "TokenEncoder" and kind in ("texts", "infinite", "complex"):
        return
    if name == "PerStep" and kind in ("missing", "minus infinity", "too large"):
        return
    if name in ("WindowScaledRegressor", "ColumnwiseRegressor") and kind == "texts":
        return
    wrong = kinds[kind](np.asarray(X))
    methods = ["fit", "predict", "transform", "predict_proba", "partial_fit", "hidden_states"]
    methods = [m for m in methods if hasattr(model, m) or m == "fit"]
    method = pick(rng, methods)
    if method in ("fit", "partial_fit"):
        if method == "partial_fit" and hasattr(model, "predict_proba"):
            refused(model, lambda: model.partial_fit(wrong, y, classes=[0, 1]), OF_X, kind)
        else:
            refused(model, lambda: getattr(model, method)(wrong, y), OF_X, kind)
        return
    model.fit(X, y)
    refused(model, lambda: getattr(model, method)(wrong), OF_X, kind)


def wrong_y(rng, name):
    X, y = good_data(name)
    model = made(name)
    if rng.random() < 0.3:
        model.fit(X, y)
    kind = pick(rng, [*NOT_Y])
    if kind == "text" and "Classifier" in name:
        kind = "infinite"
    refused(model, lambda: model.fit(X, NOT_Y[kind](y)), OF_Y, kind)


def wrong_weight(rng, name):
    X, y = good_data(name)
    model = made(name)
    kind = pick(rng, [*NOT_WEIGHT])
    wrong = NOT_WEIGHT[kind](len(X))
    names = ["sample_weight", "weights", "weight", "samples", "Sample"]
    refused(model, lambda: model.fit(X, y, sample_weight=wrong), names, kind)


NETWORKS = [name for name in skrnn.__all__ if name.startswith(("GRU", "LSTM", "RNN"))]
OTHERS = ["ColumnwiseRegressor", "LagColumnsToSequence", "PerStep", "SlidingWindow",
          "TokenEncoder", "WindowScaledRegressor"]  # fmt: skip


def invalid(rng, name):
    """Something wrong, for a random class."""
    kind = pick(rng, [parameter, parameter, wrong_X, wrong_X, wrong_y, wrong_weight])
    names = NETWORKS + OTHERS if kind in (parameter, wrong_X) else NETWORKS
    kind(rng, pick(rng, names))
