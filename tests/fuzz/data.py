"""Random sequences, and every form in which users have them."""

import tempfile

import numpy as np
import pandas as pd
import polars as pl

from skrnn import Sequences

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", ">f8"]
SCALES = [1e-30, 1e-6, 1.0, 1.0, 1.0, 1.0, 1e3, 1e6]


def pick(rng, values):
    """One of the values, as it is: NumPy would make strings of tuples."""
    return values[rng.integers(len(values))]


def arrays(rng, *, n_samples=None, n_features=None, dtype=None, scale=None, is_rectangular=None):
    """A list of (T_i, F) arrays of one dtype, without missing values."""
    n = n_samples or int(pick(rng, [1, 2, 3, 5, 12, 12]))
    n_features = n_features or int(pick(rng, [1, 1, 2, 3, 9]))
    longest = int(pick(rng, [1, 2, 5, 5, 9, 9, 20] if n < 6 else [1, 2, 5, 9]))
    if n < 4 and rng.random() < 0.03:
        longest = 140  # more than are read at a time
    is_rectangular = rng.random() < 0.5 if is_rectangular is None else is_rectangular
    lengths = [longest] * n if is_rectangular else rng.integers(1, longest + 1, n).tolist()
    dtype = np.dtype(dtype or pick(rng, DTYPES))
    scale = scale or pick(rng, SCALES)
    if dtype.kind in "iu":
        low, high = (0, 9) if dtype.kind == "u" else (-9, 9)
        return [rng.integers(low, high, (T, n_features)).astype(dtype) for T in lengths]
    if dtype.itemsize == 2:
        scale = np.clip(scale, 1e-6, 1e3)
    # What one precision has, all have: so every form holds the same numbers.
    small = np.float16 if dtype.itemsize == 2 else np.float32
    return [(scale * rng.standard_normal((T, n_features))).astype(small).astype(dtype)
            for T in lengths]  # fmt: skip


def is_rectangular(parts):
    return len({len(part) for part in parts}) == 1


def _padded(parts, side):
    longest = max(map(len, parts)) + 1
    X = np.full((len(parts), longest, parts[0].shape[1]), np.nan, np.result_type(*parts, "f2"))
    for x, part in zip(X, parts, strict=True):
        x[slice(len(part)) if side == "post" else slice(longest - len(part), None)] = part
    return X


def _objects(parts, rng):
    X = np.empty(len(parts), object)
    for i, part in enumerate(parts):
        X[i] = part
    return X


def _spans(parts, rng):
    """In another order, with rows between them that belong to none and may be missing."""
    order = rng.permutation(len(parts))
    kind = parts[0].dtype if parts[0].dtype in ("float32", "float64") else np.dtype("float64")
    junk = np.full((2, parts[0].shape[1]), np.nan, kind)
    rows, starts, at = [junk], np.empty(len(parts), int), len(junk)
    for i in order:
        starts[i] = at
        rows += [parts[i].astype(kind), junk]
        at += len(parts[i]) + len(junk)
    return Sequences(np.concatenate(rows), starts, [len(part) for part in parts])


def _mapped(parts, rng):
    X = np.stack(parts)
    with tempfile.NamedTemporaryFile() as file:
        X.tofile(file)
        file.flush()
        return np.memmap(file.name, X.dtype, "r", shape=X.shape)


def _columns(part):
    return {f"c{k}": part[:, k].astype(part.dtype.newbyteorder("=")) for k in range(part.shape[1])}


# Of any sequences.
RAGGED = {
    "list": lambda parts, rng: list(parts),
    "tuple": lambda parts, rng: tuple(parts),
    "objects": _objects,
    "nested": lambda parts, rng: [part.tolist() for part in parts],
    "reversed views": lambda parts, rng: [part[::-1].copy()[::-1] for part in parts],
    "fortran": lambda parts, rng: [np.asfortranarray(part) for part in parts],
    "spans": _spans,
    "selection": lambda parts, rng: _spans([*parts, parts[0]], rng)[: len(parts)],
    "padded before": lambda parts, rng: _padded(parts, "pre"),
    "padded after": lambda parts, rng: _padded(parts, "post"),
    "pandas": lambda parts, rng: [pd.DataFrame(_columns(part)) for part in parts],
    "polars": lambda parts, rng: [pl.DataFrame(_columns(part)) for part in parts],
}
# Of sequences of one length.
DENSE = {
    "array": lambda parts, rng: np.stack(parts),
    "slices": lambda parts, rng: np.repeat(np.stack(parts), 2, axis=1)[:, ::2],
    "order": lambda parts, rng: np.asfortranarray(np.stack(parts)),
    "memory map": _mapped,
}
# Of sequences of one length and one feature.
TABLES = {
    "table": lambda parts, rng: np.stack(parts)[:, :, 0],
    "pandas table": lambda parts, rng: pd.DataFrame(np.stack(parts)[:, :, 0]),
    "list table": lambda parts, rng: np.stack(parts)[:, :, 0].tolist(),
}
FORMS = RAGGED | DENSE | TABLES
OF_FLOAT64 = {"nested", "list table"}  # Python has no other floats
NAMED = {"pandas", "polars"}


def forms_of(parts, *, like=None):
    """The names of the forms that sequences may have; for predictions after a fit on ``like``."""
    names = [*RAGGED]
    if is_rectangular(parts):
        names += DENSE
        if parts[0].shape[1] == 1:
            names += TABLES
    if parts[0].dtype.itemsize == 2 or parts[0].dtype.kind in "iu":
        names = [name for name in names if name != "polars"]  # it has no float16
    if like is not None and like not in TABLES:  # a table would be other sequences
        names = [name for name in names if name not in TABLES]
    return names


def in_form(name, parts, rng):
    return FORMS[name](parts, rng)
