"""Random valid parameters of the estimators, and targets for random sequences."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

import skrnn
from tests.fuzz import data
from tests.fuzz.data import pick


@dataclass
class Problem:
    """Sequences with targets, and a model for them that is not fitted yet."""

    model: Any
    parts: list  # of (T_i, F) arrays
    y: Any  # (n, ·), or a list of (T_i, ·) of an estimator of steps
    weight: np.ndarray | None

    @property
    def is_of_steps(self):
        return hasattr(self.model, "group")

    @property
    def size(self):
        """Of the largest number."""
        return max(float(np.abs(part.astype(float)).max()) for part in self.parts)

    def in_form(self, form, parts, rng):
        return data.in_form(form, parts, rng)

    def forms(self, *, like=None):
        """The names of the forms that the sequences may have; for an estimator fitted on one."""
        names = data.forms_of(self.parts, like=like)
        # Of a table the rows are steps.
        return [name for name in names if name not in data.TABLES or not self.is_of_steps]


def parameters(rng, model):
    """Valid ones for an estimator, but for those that depend on the data."""
    values = {
        "hidden_layer_sizes": pick(rng, [1, 3, (4,), (2, 3), [5, 2, 3], np.array([8]), 17]),
        "bidirectional": bool(rng.integers(2)),
        "dropout": pick(rng, [0.0, 0.0, 0.3]),
        "recurrent_dropout": pick(rng, [0.0, 0.0, 0.3]),
        "init": pick(rng, ["glorot", "pytorch", "uniform", "normal", "identity"]),
        "dtype": pick(rng, ["float32", "float32", "float64", "auto"]),
        "solver": pick(rng, ["adam", "adamw", "rmsprop", "sgd", "lbfgs"]),
        "alpha": pick(rng, [0, 1e-4, 0.1]),
        "batch_size": pick(rng, ["auto", 1, 3, 100]),
        "learning_rate": pick(rng, ["constant", "invscaling", "adaptive", "cosine"]),
        "learning_rate_init": pick(rng, [1e-4, 5e-3, 2e-2]),
        "max_iter": pick(rng, [1, 2, 3]),
        "shuffle": bool(rng.integers(2)),
        "random_state": int(rng.integers(100)),
        "momentum": pick(rng, [0, 0.9]),
        "nesterovs_momentum": bool(rng.integers(2)),
        "n_iter_no_change": pick(rng, [None, 1, 5, np.inf]),
        "max_grad_norm": pick(rng, [1.0, None, 0.1]),
        "tbptt_steps": pick(rng, [None, None, 1, 3]),
        "forget_bias": pick(rng, [1.0, 0, "chrono"]),
        "reset_after": bool(rng.integers(2)),
        "activation": pick(rng, ["tanh", "relu"]),
        "cell": pick(rng, ["rnn", "gru", "lstm", "peephole_lstm", "mingru"]),
        "pooling": pick(rng, ["last", "mean", "max", "attention"]),
        "loss": pick(rng, ["squared_error", "absolute_error", "huber", "quantile", "poisson"]),
        "normalize_y": bool(rng.integers(3)),
        "ar_steps": pick(rng, [0, 0, 1, 4]),
        "ar_columns": pick(rng, ["all", "all", "own"]),
        "min_length": pick(rng, [1, 1, 1, 2]),
    }
    values = {name: value for name, value in values.items() if name in model.get_params()}
    if rng.random() < 0.04:  # worth sharing between threads
        values |= {"hidden_layer_sizes": (96, 33), "max_iter": 1}
    if values["bidirectional"] or values["solver"] == "lbfgs":
        values["tbptt_steps"] = None
    if values["solver"] == "lbfgs":
        values |= {"dropout": 0.0, "recurrent_dropout": 0.0}
    if values["learning_rate"] == "adaptive" and values["n_iter_no_change"] in (None, np.inf):
        values["n_iter_no_change"] = 2
    if values.get("loss") == "quantile":
        values["quantile"] = pick(rng, [0.1, 0.5, [0.9, 0.1], [0.2, 0.5, 0.7]])
    return values


def problem(rng, name):
    """A random one for the estimator of this name."""
    model = getattr(skrnn, name)()
    values = parameters(rng, model)
    parts = data.arrays(rng)
    if rng.random() < 0.25:
        parts, codes = with_codes(rng, parts)
        values |= {"categorical_features": [*codes], "n_codes": codes, "ar_steps": 0}
        values["embedding_dim"] = pick(rng, ["auto", 1, 4])
        if values["solver"] != "lbfgs":
            values["embedding_dropout"] = pick(rng, [0.0, 0.3])
    n_outputs = int(pick(rng, [1, 1, 1, 2, 3]))
    if values.get("ar_steps") and values["ar_columns"] == "own":
        n_outputs = parts[0].shape[1] * int(pick(rng, [1, 2]))
    values["min_length"] = min(values["min_length"], max(map(len, parts)))
    if "loss" not in values:
        values.pop("ar_steps", None)
    values = {key: value for key, value in values.items() if key in model.get_params()}
    y = _targets(rng, model, values, parts, n_outputs)
    weight = None
    if rng.random() < 0.3:
        weight = rng.integers(1, 4, len(parts)).astype(float)
        if len(parts) > 4 and not is_classifier(model):
            weight[rng.integers(len(parts), size=2)] = 0
    if _can_hold_out(rng, model, values, parts, y, weight):
        values |= {"early_stopping": True, "validation_fraction": 0.3}
        values["validation_split"] = pick(rng, ["random", "last"])
    return Problem(model.set_params(**values), parts, y, weight)


def _can_hold_out(rng, model, values, parts, y, weight):
    is_enough = len(parts) >= 12 and weight is None and values["min_length"] == 1
    return is_enough and not is_classifier(model) and rng.random() < 0.4


def with_codes(rng, parts):
    """The same with one or two columns of codes."""
    n_features = parts[0].shape[1]
    columns = sorted(set(rng.integers(0, n_features, 2).tolist()))
    codes = {column: int(pick(rng, [1, 2, 7, 40])) for column in columns}
    parts = [part.copy() for part in parts]
    for part in parts:
        for column, n_codes in codes.items():
            part[:, column] = rng.integers(0, n_codes, len(part))
    return parts, codes


def _targets(rng, model, values, parts, n_outputs):
    """For each sequence, or of an estimator of steps a list for each step."""
    is_of_steps = hasattr(model, "group")
    n = sum(map(len, parts)) if is_of_steps else len(parts)
    if is_classifier(model):
        y = _classes(rng, n, values)
    else:
        shape = (n,) if n_outputs == 1 else (n, n_outputs)
        if values["loss"] == "poisson":
            y = rng.poisson(2.0, shape).astype(float)
            y[0] = 3  # a column of zeros is refused
        else:
            scale, shift = (1e4, -1e5) if values["normalize_y"] and rng.random() < 0.3 else (1, 0.5)
            y = scale * rng.standard_normal(shape) + shift
        y = y.astype(pick(rng, ["float64", "float64", "float32"]))
    if not is_of_steps:
        return y
    return np.split(y, np.cumsum([len(part) for part in parts])[:-1])


def _classes(rng, n, values):
    n_classes = min(int(pick(rng, [2, 2, 3, 5])), max(n, 2))
    kind = pick(rng, ["int", "text", "bool", "labels"] if n >= 2 else ["labels"])
    if kind == "labels":
        return rng.integers(0, 2, (n, int(pick(rng, [2, 3]))))
    if kind == "bool":
        n_classes = 2
    codes = np.r_[np.arange(n_classes), rng.integers(0, n_classes, n)][:n]
    codes = np.r_[[0, 1], codes][:n]
    if len(codes) > 3 and rng.random() < 0.3:
        values["class_weight"] = "balanced"
    names = {
        "int": np.arange(5) * 3 - 2,
        "text": np.array([*"zyxwv"]),
        "bool": np.array([0, 1]) > 0,
    }
    return names[kind][codes]
