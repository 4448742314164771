"""Whether y has one target for each sequence, or rather one for each step."""

import numpy as np
from sklearn.base import is_classifier

from skrnn._warnings import warn
from skrnn.sequences import Sequences
from skrnn.targets import is_indicator
from skrnn.validation import is_ragged, is_table


def check_target_of_sequences(estimator, X, y, sequences):
    """Warn, or raise a ValueError, if y looks like one target for each step.

    A y with as many columns as X has steps may well be a forecast that is as long as its window. So
    there is no warning where that is known: if y has names for its columns, if X is a table, if
    SlidingWindow or a meta-estimator made it (then X is Sequences), and for consecutive windows of
    a series, which share their steps.
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
    if is_table(X) or hasattr(y, "columns") or isinstance(X, Sequences) or _share_steps(sequences):
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
