"""What a network is trained on, and what it is validated with."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skrnn._sklearn import check_sample_weight
from skrnn.sequences import Sequences
from skrnn.validation import check_features, check_sequences


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
    """Say in an error which array it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from error


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
