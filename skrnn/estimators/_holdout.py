"""The validation set of early stopping."""

from math import ceil

import numpy as np
from sklearn.model_selection import train_test_split


def hold_out(n_samples, validation_fraction, validation_split, labels, random_state):
    """Indices of the training and the validation set.

    Parameters
    ----------
    n_samples : int
    validation_fraction : float
    validation_split : {'random', 'last'}
    labels : ndarray of shape (n_samples,) or None
        The classes, by which a random split is stratified.
    random_state : RandomState instance
    """
    n_held_out = ceil(validation_fraction * n_samples)
    least = 2  # R² needs two
    if labels is not None and validation_split == "random":
        classes, counts = np.unique(labels, return_counts=True)
        if counts.min() < 2:
            raise ValueError(
                f"y has only one sequence of the classes {classes[counts < 2].tolist()}; "
                f"early_stopping needs at least two of each class, one to train on and one to "
                f"validate on. Add sequences, or set validation_split='last'."
            )
        least = max(least, len(classes))
    if min(n_held_out, n_samples - n_held_out) < least:
        raise ValueError(
            f"validation_fraction={validation_fraction} of {n_samples} sequences leaves "
            f"{n_samples - n_held_out} to train on and {n_held_out} to validate on; expected at "
            f"least {least} each. Each part needs two sequences, and with a random split also one "
            f"of each class. Change validation_fraction, or fit more sequences."
        )
    if validation_split == "last":
        return np.split(np.arange(n_samples), [n_samples - n_held_out])
    train, held_out = train_test_split(
        np.arange(n_samples), test_size=n_held_out, random_state=random_state, stratify=labels
    )
    return np.sort(train), np.sort(held_out)
