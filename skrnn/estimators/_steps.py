"""Sequences with a target at every step, and the form in which the user has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skrnn.estimators._data import Data, checked_weight
from skrnn.estimators._pairs import as_written
from skrnn.network.pairs import Pairs
from skrnn.sequences import Sequences
from skrnn.validation import (
    as_sequences,
    as_spans,
    check_columns,
    check_names,
    check_rows,
    is_ragged,
    is_table,
    remember_features,
)
from skrnn.windows._panel import read_panel


@dataclass(frozen=True, eq=False)
class Steps:
    """Sequences, and where their steps are among those that the user gave.

    ``sequences`` are without padding. Their steps, one sequence after the other, are what the
    methods call the steps.
    """

    sequences: Sequences
    places: np.ndarray  # (n_steps,), of the steps, among those that were given
    n_given: int  # steps that were given, padding included
    lengths: np.ndarray | None = None  # of the sequences that were given; None if X is a table
    is_dense: bool = False  # whether X is a 3-D array
    chosen: np.ndarray | None = None  # (n_steps,), bool: the steps that ``restore`` returns
    group: np.ndarray | None = None  # (n_sequences,), of a table: the number of its group

    def __len__(self):
        """How many values ``restore`` returns."""
        if self.chosen is not None:
            return int(self.chosen.sum())
        return self.n_given if self.lengths is None else len(self.lengths)

    def flatten(self, values, name):
        """Values of the user as those of the steps, (n_steps, ·)."""
        is_array_like = hasattr(values, "__len__") or hasattr(values, "__array__")
        if not is_array_like or getattr(values, "shape", None) == ():
            raise TypeError(f"{name} is {values!r}; expected one value for each step.")
        if self.lengths is None:
            check_consistent_length(self.places, values)
            return as_values(values)[self.places]
        if hasattr(values, "columns"):  # it would give the names
            values = as_values(values)
        if len(values) != len(self.lengths):
            raise ValueError(
                f"{name} has {len(values)} sequences, but X has {len(self.lengths)}; expected one "
                f"value for each step of each sequence."
            )
        elements = [as_values(element) for element in values]
        for i, (element, length) in enumerate(zip(elements, self.lengths, strict=True)):
            if element.ndim == 0 or len(element) != length:
                raise ValueError(
                    f"{name}[{i}] has shape {element.shape}, but X[{i}] has {length} steps; "
                    f"expected one value for each step. For one value for each sequence, use an "
                    f"estimator without Step in its name. If the rows of a table are the steps, "
                    f"pass the table: SlidingWindow and PerStep make a sequence of each row."
                )
        kinds = {element.dtype.kind for element in elements}
        if len(kinds) > 1 and not kinds <= set("biuf"):  # numbers beside text stay numbers
            elements = [element.astype(object) for element in elements]
        flat = np.concatenate(elements)[self.places]
        return flat[:, 0] if isinstance(values, Sequences) and flat.shape[1] == 1 else flat

    def restore(self, values):
        """Values of the steps in the form that the user gave them in."""
        if self.chosen is not None:
            return values[self.chosen]
        given = _padding((self.n_given, *values.shape[1:]), values.dtype)
        given[self.places] = values
        if self.lengths is None:
            return given
        if self.is_dense:
            return given.reshape(len(self.lengths), -1, *values.shape[1:])
        return _split(given, np.cumsum(self.lengths))


def _split(values, ends):
    """An object array of consecutive parts of the values."""
    parts = np.empty(len(ends), object)
    for i, part in enumerate(np.split(values, ends[:-1])):
        parts[i] = part
    return parts


def as_values(values):
    """An array of the values, of objects where text or missing values stand beside others."""
    if isinstance(values, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(values)
        values = np.asarray(values).astype(object)
        values[missing] = None
        return values
    if hasattr(values, "iloc") and not isinstance(getattr(values, "dtype", None), np.dtype):
        return _plain(values.to_numpy(object))  # pandas' own types, which have a missing value
    if hasattr(values, "to_numpy"):
        return values.to_numpy()
    if isinstance(values, np.ndarray) or not isinstance(values, Sequence):
        return np.asarray(values)
    return _plain(np.asarray(values, object))


def _padding(shape, dtype):
    """What the steps of the padding have: NaN, the empty string, None; of integers -1."""
    if dtype.kind in "fc":
        return np.full(shape, np.nan, dtype)
    if dtype.kind == "i":
        return np.full(shape, -1, dtype)
    return np.full(shape, "", dtype) if dtype.kind in "US" else np.full(shape, None)


def read_steps(estimator, X, *, reset, dtype):
    """Steps from any form of X; sets or checks the features that the estimator knows."""
    if isinstance(X, Steps):
        return X
    if is_table(X):
        return _read_table(estimator, X, reset, dtype)
    given = as_spans(X)
    sequences = as_sequences(given, dtype)
    if reset:
        remember_features(estimator, X, sequences)
        estimator._gaps = None
    check_names(estimator, X)
    n_padded = (sequences.starts - given.starts) // given.segment  # in front of each sequence
    begins = np.cumsum(given.lengths) - given.lengths + n_padded
    places = np.concatenate(
        [np.arange(b, b + n) for b, n in zip(begins, sequences.lengths, strict=True)]
    )
    is_dense = not isinstance(X, Sequences) and not is_ragged(X)
    return Steps(sequences, places, int(given.lengths.sum()), given.lengths, is_dense)


def _read_table(estimator, X, reset, dtype):
    """The rows of a table as the steps of one or more sequences."""
    features, panel = read_panel(X, estimator.group, estimator.time)
    rows = check_rows(features, keys=("group", "time"), estimator=estimator)
    _check_finite(rows)
    check_columns(estimator, X, rows, reset=reset)
    if reset:
        estimator._gaps = panel.gaps()
        estimator._fitted_on_table = True
    starts = np.flatnonzero(panel.runs(estimator._gaps, warn_of_gaps=True))
    lengths = np.diff(starts, append=len(rows))
    is_sorted = np.array_equal(panel.order, np.arange(len(rows)))
    rows = rows if is_sorted else rows[panel.order]
    sequences = as_sequences(Sequences(rows, starts, lengths), dtype)
    return Steps(sequences, panel.order, len(rows), group=panel.codes[panel.order[starts]])


def _check_finite(rows):
    finite = np.isfinite(rows)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        found = "NaN" if np.isnan(rows[row, column]) else "infinity"
        raise ValueError(
            f"Input X contains {found} in row {row}, feature {column}; expected finite values. "
            f"Impute or remove such rows first."
        )


class StepSamples:
    """Sequences with a target at every step, or at some; see ``Samples``.

    Parameters
    ----------
    steps : Steps
    y : array-like
        In the form of X.
    unlabeled : object
        The value of y at a step without a target; besides NaN and None.

    Attributes
    ----------
    y : ndarray of shape (n, ·)
        The targets of the steps that have one.
    is_labeled : ndarray of bool of shape (n_steps,)
    """

    def __init__(self, steps, y, unlabeled=None):
        self.steps = steps
        self.sequences = steps.sequences
        values = steps.flatten(y, "y")
        self.is_labeled = _is_labeled(values, unlabeled)
        if not self.is_labeled.any():
            raise ValueError(
                f"No step has a label: all {len(values)} values of y are missing. Expected at "
                f"least one that is neither NaN nor the value that unlabeled= names."
            )
        self.y = _plain(values[self.is_labeled])

    @property
    def lengths(self):
        lengths = self.sequences.lengths
        return np.repeat(lengths, lengths)[self.is_labeled]

    def check_weight(self, sample_weight):
        """The weight of each target; one weight for a sequence is that of all its steps."""
        if sample_weight is not None and not np.isscalar(sample_weight):
            if not is_ragged(sample_weight):
                sample_weight = as_values(sample_weight)
            lengths, is_of_steps = self.sequences.lengths, self.steps.lengths is None
            if not is_of_steps and np.ndim(next(iter(sample_weight), 0)) == 0:
                sample_weight = checked_weight(sample_weight, lengths).repeat(lengths)
            else:
                sample_weight = self.steps.flatten(sample_weight, "sample_weight")
            sample_weight = sample_weight[self.is_labeled]
        return checked_weight(sample_weight, self.y)

    def data(self, encode, values, weight):
        """Sequences with a step of a weight greater than zero, with encoded targets."""
        lengths, n_steps = self.sequences.lengths, len(self.is_labeled)
        kept = np.flatnonzero(weight)
        labeled = np.flatnonzero(self.is_labeled)[kept]
        encoded = encode(values[kept])
        y = np.zeros((n_steps, encoded.shape[1]), encoded.dtype)
        y[labeled] = encoded
        weights = np.zeros((n_steps, 1), weight.dtype)
        weights[labeled, 0] = weight[kept]
        ends = np.cumsum(lengths)
        begins = ends - lengths
        n_labeled = np.searchsorted(labeled, ends)  # in the sequences until here
        of_sequence = _split(values[kept], n_labeled)
        used = np.flatnonzero(np.diff(n_labeled, prepend=0))
        parts = self.sequences, Sequences(y, begins, lengths), Sequences(weights, begins, lengths)
        group = None if self.steps.group is None else self.steps.group[used]
        return Data(*(part[used] for part in parts), of_sequence[used], group)


def scored(data):
    """X, y and sample weights of the samples, or of the steps that have a target, for a scorer."""
    if not data.is_of_steps:
        return data.sequences, data.values, data.weight
    if isinstance(data.sequences, Pairs):
        weight = data.weight.rows[data.weight.starts, 0]
        return data.sequences.source, as_written(data.values), weight
    weight = np.concatenate(list(data.weight))[:, 0]
    n_steps = len(weight)
    steps = Steps(data.sequences, np.arange(n_steps), n_steps, chosen=weight > 0)
    return steps, np.concatenate(list(data.values)), weight[weight > 0]


def _is_labeled(values, unlabeled):
    """Which steps have a target; of several outputs all are missing, or none."""
    if values.dtype.kind == "O":
        missing = np.array([_is_missing(value) for value in values.flat]).reshape(values.shape)
    else:
        missing = values != values  # NaN, NaT
    if unlabeled is not None:
        missing = missing | (values == unlabeled)
    missing = missing.reshape(len(values), -1)
    in_part = missing.any(axis=1) & ~missing.all(axis=1)
    if in_part.any():
        raise ValueError(
            f"Some outputs of step {int(in_part.argmax())} in y are missing, and others not; "
            f"expected that all outputs of a step are missing, or none."
        )
    return ~missing[:, 0]


def _is_missing(value):
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA is neither equal nor unequal
        return True


def _plain(values):
    """Objects as an array of their type, if all are numbers, booleans or text; else as they are."""
    if values.dtype.kind != "O":
        return values
    types = {type(value) for value in values.flat}
    if (bool in types and len(types) > 1) or any(map(_is_missing, values.flat)):
        return values
    is_plain = all(issubclass(kind, Number) for kind in types) or types == {str}
    return np.array(values.tolist()) if is_plain else values
