"""What a network is trained on, and what it is validated with."""

from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skrnn._sklearn import check_sample_weight
from skrnn.sequences import Sequences


class Data(NamedTuple):
    """Sequences with their targets and weights.

    Where every step has a target, these and the weights are Sequences with the same steps, and the
    weight of a step without a target is 0.
    """

    sequences: Sequences
    y: Any  # (n_samples, ·), encoded
    weight: Any  # (n_samples,), greater than zero
    values: np.ndarray  # the targets of each sequence in the form of the user
    group: np.ndarray | None = None  # (n_samples,), of the series that the sequences are cut from

    @property
    def is_of_steps(self):
        return isinstance(self.y, Sequences)

    def take(self, index):
        return Data(*(None if part is None else part[index] for part in self))


class Samples:
    """Sequences with one target each.

    Parameters
    ----------
    sequences : Sequences
    y : array-like
        The targets, one for each sequence.

    Attributes
    ----------
    lengths : ndarray of int
        The number of steps of the sequence that each target belongs to.
    """

    def __init__(self, sequences, y):
        check_consistent_length(sequences, y)
        self.sequences = sequences
        self.y = y
        self.lengths = sequences.lengths

    def check_weight(self, sample_weight):
        """The weight of each target, in float64."""
        return checked_weight(sample_weight, self.sequences.starts)

    def data(self, encode, values, weight):
        """Those of a weight greater than zero, with encoded targets."""
        kept = np.flatnonzero(weight)
        return Data(self.sequences[kept], encode(values[kept]), weight[kept], values[kept])


def checked_weight(sample_weight, like):
    """Weights of at least 0, as many as ``like`` has; None is 1 for all."""
    if sample_weight is not None:
        given = np.asarray(sample_weight)
        if given.ndim > 1 or given.dtype.kind not in "biufO":
            raise ValueError(
                f"sample_weight has shape {given.shape} and dtype {given.dtype}; expected one "
                f"number for each of the {len(like)} sequences or steps."
            )
    return check_sample_weight(sample_weight, like, dtype=np.float64, ensure_non_negative=True)


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
            read = estimator._read_X(self.X_val, reset=False, dtype=dtype)
        with _about("y_val"):
            samples = estimator._samples(read, self.y_val)
            same = estimator._make_target(samples.y)
            values = same.validate(samples.y)
            same.go_on_from(target, values)
        with _about("sample_weight_val"):
            weight = samples.check_weight(self.sample_weight_val)
            with np.errstate(over="ignore"):
                total = weight.sum()
            if not 0 < total < np.inf:
                raise ValueError(f"its sum is {total}; expected a positive, finite number.")
        with _about("y_val"):
            return samples.data(lambda kept: same.encode(kept, dtype), values, weight)


@contextmanager
def _about(name):
    """Say in an error which array it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error


def training_weight(estimator, samples, values, sample_weight, target):
    """The weight of every target, (n,); 0 leaves it out."""
    sequences = samples.sequences
    weight = samples.check_weight(sample_weight) * (samples.lengths >= estimator.min_length)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        weight = target.reweight(values, weight).astype(sequences.dtype)
    if not np.isfinite(weight).all():
        raise ValueError(
            f"sample_weight of sample {int(np.isfinite(weight).argmin())} is too large for "
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
