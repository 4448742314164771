"""What a network is trained on, and what it is validated with."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_consistent_length

from skrnn._sklearn import check_sample_weight
from skrnn._warnings import warn
from skrnn.sequences import Sequences
from skrnn.targets import is_indicator
from skrnn.validation import check_features, check_sequences, is_ragged, is_table


class Data(NamedTuple):
    """Sequences with their targets and weights."""

    sequences: Sequences
    y: np.ndarray  # (n_samples, n_outputs), encoded
    weight: np.ndarray  # (n_samples,), greater than zero
    values: np.ndarray  # (n_samples,) or (n_samples, ·), the targets in the form of the user

    def take(self, index):
        return Data(*(part[index] for part in self))


class Given(NamedTuple):
    """The validation data of the user, as they are passed to ``fit``."""

    X_val: object = None
    y_val: object = None
    sample_weight_val: object = None

    def check(self, estimator, target, dtype):
        """The same as Data, or None if there are none; raises a ValueError if they are wrong.

        Parameters
        ----------
        estimator : estimator instance
            One that remembers the features of its X.
        target : Target
            Fitted.
        dtype : numpy.dtype
            Of the training sequences.
        """
        present = [name for name, value in self._asdict().items() if value is not None]
        if not present:
            return None
        for name in ("X_val", "y_val"):
            if name not in present:
                raise ValueError(
                    f"{present[0]} is provided, but {name} is not. Pass both X_val and y_val, or "
                    f"neither."
                )
        if not estimator.early_stopping:
            raise ValueError(
                "X_val and y_val are provided, but early_stopping=False. Set early_stopping=True, "
                "or do not pass them."
            )
        with _about("X_val"):
            sequences = check_sequences(estimator, self.X_val, dtype=dtype)
            check_features(estimator, self.X_val, sequences)
        with _about("y_val"):
            check_consistent_length(sequences, self.y_val)
            same = estimator._make_target(self.y_val)
            values = same.validate(self.y_val)
            encoded = same.go_on_from(target, values).encode(values, dtype)
        with _about("sample_weight_val"):
            weight = check_sample_weight(
                self.sample_weight_val, sequences.starts, dtype=np.float64, ensure_non_negative=True
            )
            with np.errstate(over="ignore"):
                total = weight.sum()
            if not 0 < total < np.inf:
                raise ValueError(f"its sum is {total}; expected a positive, finite number.")
        return Data(sequences, encoded, weight, values).take(np.flatnonzero(weight))


@contextmanager
def _about(name):
    """Say in a ValueError which array it is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def training_weight(estimator, sequences, values, sample_weight, target):
    """The weight of every sequence, (n_samples,); 0 leaves it out."""
    weight = check_sample_weight(
        sample_weight, sequences.starts, dtype=np.float64, ensure_non_negative=True
    )
    weight = weight * (sequences.lengths >= estimator.min_length)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        weight = target.reweight(values, weight).astype(sequences.dtype)
    if not np.isfinite(weight).all():
        raise ValueError(
            f"sample_weight of sequence {int(np.isfinite(weight).argmin())} is too large for "
            f"{sequences.dtype}. Divide sample_weight by a constant."
        )
    if not weight.any():
        raise ValueError(
            f"No sequence is left to train on: the longest of {len(sequences)} has "
            f"{sequences.lengths.max()} steps (min_length={estimator.min_length}). Expected at "
            f"least one sequence with min_length or more steps and a sample_weight greater "
            f"than 0. Lower min_length, or check sample_weight and class_weight."
        )
    return weight


def check_target_of_sequences(estimator, X, y, sequences):
    """Warn, or raise a ValueError, if y looks like one target for each step.

    A y with as many columns as X has steps may well be a forecast that is as long as its window. So
    there is no warning where that is known: if y has names for its columns, if X is a table, and
    for consecutive windows of a series, which share their steps.
    """
    kind = "Classifier" if is_classifier(estimator) else "Regressor"
    remedy = (
        f"{type(estimator).__name__} learns one target per sequence, not one per step; "
        f"RNNStep{kind} learns one for each step."
    )
    expected = "expected (n_samples,) or (n_samples, n_outputs)"
    if is_ragged(y) and len({_shape(target) for target in y}) > 1:
        raise ValueError(f"y is a list of arrays of different shapes; {expected}. {remedy}")
    shape = _shape(y)
    if len(shape) > 2:
        raise ValueError(f"y has shape {shape}; {expected}. {remedy}")
    if len(shape) < 2 or shape[1] == 1 or shape[1] != _n_steps(X, sequences):
        return
    if is_classifier(estimator) and not is_indicator(y):
        raise ValueError(
            f"y has shape {shape}, with one class for each of the {shape[1]} steps of X; expected "
            f"(n_samples,), or an indicator matrix of 0 and 1. {remedy}"
        )
    if is_table(X) or hasattr(y, "columns") or _share_steps(sequences):
        return
    columns = "labels" if is_classifier(estimator) else "outputs"
    warn(
        f"y has shape {shape}, and X has {shape[1]} steps. {remedy} If the columns of y are "
        f"{shape[1]} {columns} of the whole sequence, pass y as a DataFrame with their names to "
        f"avoid this warning."
    )


def _shape(values):
    return tuple(values.shape) if hasattr(values, "shape") else np.asarray(values).shape


def _n_steps(X, sequences):
    """The number of steps of a 3-D array, or of sequences that all have the same; else None."""
    if len(getattr(X, "shape", ())) == 3 and not isinstance(X, Sequences):
        return X.shape[1]
    longest = sequences.shape[1]
    return longest if (sequences.lengths == longest).all() else None


def _share_steps(sequences):
    """Whether sequences overlap, as spans of one series or as copies of them."""
    order = np.argsort(sequences.starts)
    starts, lengths = sequences.starts[order], sequences.lengths[order]
    if (starts[1:] < (starts + lengths)[:-1]).any():
        return True
    return len(sequences) > 1 and np.array_equal(sequences[-2][1:], sequences[-1][:-1])
