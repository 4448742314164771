"""Transformers and wrappers of sequences, beside plain loops."""

import pickle

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

import skrnn
from tests.fuzz import data
from tests.fuzz.data import pick


class Probe(RegressorMixin, BaseEstimator):
    """Keeps what it was fitted to; predicts the sum of the last step."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = [np.array(x) for x in X], np.array(y), sample_weight
        return self

    def predict(self, X):
        shape = self.y_.shape[1:]
        sums = [np.asarray(x)[-1:].astype(float).sum() for x in X]
        return np.array([np.full(shape, value) for value in sums])


def same_parts(ours, theirs):
    assert len(ours) == len(theirs), f"{len(ours)} sequences and not {len(theirs)}"
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def copy_of(estimator):
    """By way of a pickle, which changes nothing."""
    stored = pickle.dumps(estimator)
    other = pickle.loads(stored)
    assert pickle.dumps(other) == pickle.dumps(pickle.loads(pickle.dumps(other)))
    return other


def sequences(rng, name):
    """``Sequences`` behaves as a list of arrays."""
    parts = data.arrays(rng)
    X = data.in_form("spans", parts, rng)
    n = len(parts)
    same_parts(list(X), parts)
    for key in (slice(None, None, -1), rng.integers(0, n, 3), rng.random(n) < 0.5):
        same_parts(list(X[key]), [parts[i] for i in np.arange(n)[key]])
    i = int(rng.integers(-n, n))
    np.testing.assert_array_equal(X[i], parts[i])
    assert X.shape == (n, max(map(len, parts)), parts[0].shape[1])
    same_parts(list(copy_of(X)), parts)
    for x, part in zip(np.asarray(X), parts, strict=True):
        assert np.isnan(x[: len(x) - len(part)]).all()
        np.testing.assert_array_equal(x[len(x) - len(part) :], part)


def pad_sequences(rng, name):
    parts = data.arrays(rng)
    longest = max(map(len, parts))
    maxlen = pick(rng, [None, 1, longest, longest + 3])
    padding, truncating = pick(rng, ["pre", "post"]), pick(rng, ["pre", "post"])
    value = pick(rng, [np.nan, 0.0, -1])
    X = data.in_form(pick(rng, [*data.RAGGED][:10]), parts, rng)
    found = skrnn.pad_sequences(X, maxlen, padding, truncating, value)
    n_steps = longest if maxlen is None else maxlen
    assert found.shape == (len(parts), n_steps, parts[0].shape[1])
    for x, part in zip(found, parts, strict=True):
        kept = part[-n_steps:] if truncating == "pre" else part[:n_steps]
        place = slice(n_steps - len(kept), None) if padding == "pre" else slice(len(kept))
        np.testing.assert_array_equal(x[place], kept)
        x[place] = value
        np.testing.assert_array_equal(x, np.full_like(x, value))


def lag_columns(rng, name):
    n, n_steps, n_features = rng.integers(1, 7, 3).tolist()
    X = rng.standard_normal((n, n_steps, n_features)).astype(pick(rng, ["f4", "f8"]))
    table, order = X.reshape(n, -1), np.arange(n_steps * n_features)
    if rng.random() < 0.5:
        transformer = skrnn.LagColumnsToSequence(n_steps=n_steps)
    else:
        names = [f"v{k}_t-{lag}" if lag else f"v{k}_t"
                 for lag in range(n_steps)[::-1] for k in range(n_features)]  # fmt: skip
        first = rng.permutation(n_features)  # the features come as they are met
        order = np.concatenate([first + i * n_features for i in rng.permutation(n_steps)])
        columns = {names[i]: table[:, i] for i in order}
        table = pick(rng, [data.pd, data.pl]).DataFrame(columns)
        X, transformer = X[:, :, first], skrnn.LagColumnsToSequence()
    found = transformer.fit_transform(table)
    np.testing.assert_array_equal(found, X)
    np.testing.assert_array_equal(copy_of(transformer).transform(table), X)
    np.testing.assert_array_equal(transformer.inverse_transform(X), np.asarray(table))


def per_step(rng, name):
    parts = data.arrays(rng, scale=pick(rng, [1.0, 1e-3, 1e3]))
    transformer = pick(rng, [StandardScaler(), MaxAbsScaler()])
    forms = [form for form in data.forms_of(parts) if form not in data.TABLES]
    X = data.in_form(pick(rng, forms), parts, rng)
    model = skrnn.PerStep(transformer).fit(X)
    rows = np.concatenate(parts).astype(np.float64)
    if isinstance(transformer, MaxAbsScaler):
        middle, scale = 0.0, np.abs(rows).max(axis=0)
    else:
        middle, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale < 1e-12 * np.abs(rows).max(), 1.0, scale)
    for ours, part in zip(copy_of(model).transform(X), parts, strict=True):
        np.testing.assert_allclose(ours, (part - middle) / scale, rtol=1e-3, atol=1e-4)
    back = model.inverse_transform(model.transform(X))
    for ours, part in zip(back, parts, strict=True):
        np.testing.assert_allclose(ours, part, rtol=1e-3, atol=1e-3 * np.abs(rows).max())


def window_scaled(rng, name):
    parts = data.arrays(rng, scale=pick(rng, [1.0, 1e-3, 1e3]))
    n_features = parts[0].shape[1]
    feature = int(rng.integers(n_features))
    level, operation = pick(rng, ["mean", "last"]), pick(rng, ["divide", "subtract"])
    y = rng.standard_normal(pick(rng, [(len(parts),), (len(parts), 2)]))
    forms = [form for form in data.forms_of(parts) if form not in data.TABLES]
    X = data.in_form(pick(rng, forms), parts, rng)
    model = skrnn.WindowScaledRegressor(
        Probe(), level=level, operation=operation, feature=feature
    ).fit(X, y)
    predicted = copy_of(model).predict(X)
    for i, part in enumerate(parts):
        values = part[:, feature].astype(np.float64)
        values = np.abs(values) if operation == "divide" else values
        size = values.mean() if level == "mean" else values[-1]
        if operation == "divide":
            size = size or 1.0
        window = part.astype(np.float64)
        window[:, feature] = (window[:, feature] / size if operation == "divide"
                              else window[:, feature] - size)  # fmt: skip
        target = y[i] / size if operation == "divide" else y[i] - size
        atol = 1e-4 * max(np.abs(part.astype(float)).max(), 1)
        np.testing.assert_allclose(model.regressor_.X_[i], window, rtol=1e-3, atol=atol)
        np.testing.assert_allclose(model.regressor_.y_[i], target, rtol=1e-5)
        total = np.asarray(model.regressor_.X_[i])[-1].astype(float).sum()
        expected = total * size if operation == "divide" else total + size
        np.testing.assert_allclose(predicted[i], np.full(y.shape[1:], expected), rtol=1e-5,
                                   atol=atol)  # fmt: skip


def columnwise(rng, name):
    parts = data.arrays(rng)
    n, n_columns, n_horizons = len(parts), parts[0].shape[1], int(rng.integers(1, 4))
    y = rng.standard_normal((n, n_columns * n_horizons))
    if y.shape[1] == 1 and rng.random() < 0.5:
        y = y[:, 0]
    forms = [form for form in data.forms_of(parts) if form not in data.TABLES]
    X = data.in_form(pick(rng, forms), parts, rng)
    model = skrnn.ColumnwiseRegressor(Probe()).fit(X, y)
    same_parts(model.regressor_.X_, [part[:, [k]] for part in parts for k in range(n_columns)])
    targets = model.regressor_.y_
    np.testing.assert_array_equal(targets.reshape(n, -1), y.reshape(n, -1))
    last = np.array([part[-1] for part in parts], float)
    expected = np.repeat(last, n_horizons, axis=1)
    np.testing.assert_array_equal(copy_of(model).predict(X), expected.reshape(y.shape))
