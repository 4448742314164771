"""Predictions from the weights that an estimator shows, in readable NumPy and float64.

Knows the names of ``named_parameters``, the parameters that users set, and the equations in
``tests/_oracle.py``; nothing of the package's code.
"""

import numpy as np
from scipy.special import expit, softmax

from tests._oracle import run

KINDS = ["weight_ih", "weight_hh", "bias", "weight_peephole"]


def cell_of(model):
    name = getattr(model, "cell", type(model).__name__[:4].lower().rstrip("rc"))
    name = {"grur": "gru", "gruc": "gru"}.get(name, name)
    if name == "rnn":
        return f"rnn_{model.activation}"
    if name == "gru":
        return "gru" if model.reset_after else "gru_reset_before"
    return name


class Oracle:
    """A network in float64, from named arrays and the user's parameters."""

    def __init__(self, model, *, nudge=0.0):
        rng = np.random.default_rng(0)

        def nudged(array):
            array = np.asarray(array, np.float64)
            return array * (1 + nudge * rng.uniform(-1, 1, array.shape))

        self.nudged = nudged
        self.cell = cell_of(model)
        self.params = {name: nudged(p) for name, p in model.named_parameters().items()}
        self.pooling = getattr(model, "pooling", None)
        self.own = getattr(model, "ar_columns", "all") == "own"
        self.dtype = model.named_parameters()["bias_out"].dtype

    def layer(self, suffix, x, state=None):
        """The states after each step, from zeros or from a state on, which is h and c in a row."""
        params = [self.params[f"{kind}_{suffix}"] for kind in KINDS
                  if f"{kind}_{suffix}" in self.params]  # fmt: skip
        n_units = self.params[f"bias_{suffix}"].shape[0] if self.cell.startswith("rnn") else None
        if n_units is None:
            n_gates = {"lstm": 4, "peephole_lstm": 4, "gru": 4, "gru_reset_before": 3, "mingru": 2}
            n_units = len(self.params[f"bias_{suffix}"]) // n_gates[self.cell]
        n_states = 2 if "lstm" in self.cell else 1
        state = np.zeros(n_states * n_units) if state is None else state
        hidden, _ = run(self.cell, x, np.split(state, n_states), params)
        return self.nudged(hidden)

    def embedded(self, x):
        columns = []
        for k in range(x.shape[1]):
            vectors = self.params.get(f"weight_embedding_{k}")
            columns.append(x[:, [k]] if vectors is None else vectors[x[:, k].astype(int)])
        return np.hstack(columns)

    def hidden(self, x):
        """The states of the last layer, (T, D), and the summary (D,)."""
        x = self.embedded(np.asarray(x).astype(self.dtype).astype(np.float64))
        k = 0
        while f"weight_ih_l{k}" in self.params:
            forward = self.layer(f"l{k}", x)
            summary, out = forward[-1], forward
            if f"weight_ih_l{k}_reverse" in self.params:
                backward = self.layer(f"l{k}_reverse", x[::-1])[::-1]
                out = np.hstack([forward, backward])
                summary = np.hstack([forward[-1], backward[0]])
            x, k = out, k + 1
        return x, summary

    def pooled(self, x):
        hidden, summary = self.hidden(x)
        if self.pooling == "last":
            return summary
        if self.pooling == "mean":
            return hidden.mean(axis=0)
        if self.pooling == "max":
            return hidden.max(axis=0)
        u = np.tanh(hidden @ self.params["weight_attention"].T + self.params["bias_attention"])
        return softmax(u @ self.params["weight_score"]) @ hidden

    def head(self, pooled):
        return pooled @ self.params["weight_out"].T + self.params["bias_out"]

    def raw(self, x):
        """Raw predictions: (n_outputs,), or (T, n_outputs) of an estimator of steps."""
        if self.pooling is None:
            return self.head(self.hidden(x)[0])
        raw = self.head(self.pooled(x))
        if "weight_ar" in self.params:
            raw = raw + self.linear(np.asarray(x).astype(self.dtype).astype(np.float64))
        return raw

    def linear(self, x):
        weight = self.params["weight_ar"]
        n_blocks = x.shape[1] if self.own else 1
        n_steps = weight.shape[1] * n_blocks // x.shape[1]
        steps = np.vstack([np.repeat(x[:1], n_steps, axis=0), x])[-n_steps:]
        parts = np.split(weight, n_blocks)
        columns = steps.T if self.own else [steps.ravel()]
        return np.concatenate([w @ z for w, z in zip(parts, columns, strict=True)])


def with_tolerance(model, method, parts, kind=Oracle):
    """The values of an oracle for each sequence, and how far rounding may carry them.

    That is measured: by how much the values change when all weights and hidden states do by a few
    units in the last place.
    """
    exact = kind(model)
    eps = float(np.finfo(exact.dtype).eps)
    values = [getattr(exact, method)(part) for part in parts]
    other = kind(model, nudge=4 * eps)
    moved = [getattr(other, method)(part) for part in parts]
    spread = max(np.abs(a - b).max() for a, b in zip(values, moved, strict=True))
    size = max(np.abs(value).max() for value in values)
    return values, 30 * spread + 100 * eps * max(size, 1)


def probabilities(raw, activation):
    """Of each class, from raw predictions (n, n_outputs)."""
    if activation == "softmax":
        return softmax(raw, axis=1)
    return expit(raw) if activation == "labels" else np.hstack([expit(-raw), expit(raw)])


def scale_of(y, weight, *, normalize, is_poisson):
    """Mean and standard deviation by which targets (n, n_outputs) are standardised."""
    if not normalize:
        return np.zeros(y.shape[1]), np.ones(y.shape[1])
    mean = np.average(y, axis=0, weights=weight)
    scale = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
    is_constant = scale <= 1e-12 * np.abs(mean)
    return np.zeros_like(mean) if is_poisson else mean, np.where(is_constant, 1.0, scale)
