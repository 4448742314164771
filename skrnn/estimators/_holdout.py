"""The part of the training data that early stopping holds out."""

from math import ceil

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from skrnn._warnings import warn


def hold_out(sequences, labels, options, random_state, groups=None):
    """Indices of the training and the validation set.

    Parameters
    ----------
    sequences : Sequences
    labels : ndarray of shape (n_samples,) or None
        The classes, by which a random split is stratified.
    options : Optimization
        Its ``validation_split`` and ``validation_fraction``.
    random_state : RandomState instance
    groups : ndarray of int of shape (n_samples,) or None
        The series that the sequences are from; None is those that share rows.
    """
    n_samples = len(sequences)
    if options.validation_split == "group":
        is_known = groups is not None
        groups = groups if is_known else overlapping(sequences)
        _count(options, len(np.unique(groups)), "groups")
        if groups.max() + 1 == n_samples and not is_known:
            warn(
                "validation_split='group' finds no sequences that share rows, so it splits as "
                "'random' does. Windows share rows if they come from SlidingWindow; a list or a "
                "3-D array has a copy of each. For groups that you know, pass X_val and y_val."
            )
        split = GroupShuffleSplit(
            1, test_size=options.validation_fraction, random_state=random_state
        )
        return next(split.split(groups, groups=groups))
    n_held_out = _count(options, n_samples, "sequences")
    index = np.arange(n_samples)
    if options.validation_split == "last":
        return np.split(index, [n_samples - n_held_out])
    if labels is None or _can_stratify(labels, n_held_out, options):
        train, held_out = train_test_split(
            index, test_size=n_held_out, random_state=random_state, stratify=labels
        )
    else:
        # One sequence of each class comes last, to be trained on.
        drawn = random_state.permutation(n_samples)
        _, first = np.unique(labels[drawn], return_index=True)
        drawn = np.r_[np.delete(drawn, first), drawn[first]]
        held_out, train = np.split(drawn, [n_held_out])
    return np.sort(train), np.sort(held_out)


def overlapping(sequences):
    """The number of the group of each sequence: those that share rows, also through others."""
    order = np.argsort(sequences.starts, kind="stable")
    starts = sequences.starts[order]
    reach = np.maximum.accumulate(sequences.ends[order])
    groups = np.empty(len(sequences), np.intp)
    groups[order] = np.cumsum(np.r_[False, starts[1:] >= reach[:-1]])
    return groups


def _count(options, n, what):
    """How many of n to hold out; at least one of them, and not all."""
    n_held_out = ceil(options.validation_fraction * n)
    if n_held_out < n:
        return n_held_out
    if n == 1 and what == "groups":
        raise ValueError(
            "validation_split='group' needs at least two groups of sequences, but all sequences "
            "share rows, like the windows of one series, or are of one group. Set "
            "validation_split='last', or pass X_val and y_val."
        )
    if n == 1:
        raise ValueError(
            "X is one sequence, so early stopping cannot hold out a part of the sequences. Pass "
            "X_val and y_val; or, if X is a table of steps with several sequences, name the column "
            "that tells them apart with group=."
        )
    raise ValueError(
        f"validation_fraction={options.validation_fraction} of {n} {what} leaves none to train "
        f"on; expected at least one to train on and one to validate on. Lower "
        f"validation_fraction, or fit more sequences."
    )


def _can_stratify(labels, n_held_out, options):
    """Whether each part can have every class; warns if not."""
    classes, counts = np.unique(labels, return_counts=True)
    least = min(n_held_out, len(labels) - n_held_out)
    if counts.min() > 1 and least >= len(classes):
        return True
    if counts.min() == 1:
        found = f"y has only one sequence of the classes {classes[counts == 1].tolist()}"
    else:
        found = (
            f"validation_fraction={options.validation_fraction} of {len(labels)} sequences leaves "
            f"{len(labels) - n_held_out} to train on and {n_held_out} to validate on, with "
            f"{len(classes)} classes"
        )
    warn(
        f"{found}, so the validation set is not stratified: it may lack classes. Fit more "
        f"sequences, change validation_fraction, or pass X_val and y_val."
    )
    return False
