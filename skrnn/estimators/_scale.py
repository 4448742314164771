"""Whether X has a scale that a recurrent layer can learn from."""

import numpy as np

from skrnn._warnings import warn

# Mean absolute values of a feature. Above the first, gates saturate: R² of a prediction of the mean
# of uniform numbers falls from 0.99 to between 0.3 and 0.8. Below the second, the weights would
# have to grow by as much, which takes many times the default number of epochs: R² is 0 to 0.2.
# Pixels of 0 to 255 and daily returns of a percent are between the two.
LARGE, SMALL = 200, 1e-3
N_ROWS = 10_000  # about as many are looked at


def warn_of_scale(sequences, categorical=()):
    """Warn if a feature is far above unit scale, or all of them are far below.

    Those in ``categorical`` have no scale.
    """
    features = [k for k in range(sequences.rows.shape[1]) if k not in categorical]
    if not features:
        return
    rows = sequences.rows
    if len(rows) > N_ROWS:  # at random, as every so many rows may be the same step of each sequence
        rows = rows[np.random.default_rng(0).integers(len(rows), size=N_ROWS)]
    sizes = np.abs(rows[:, features], dtype=np.float64)
    known = np.isfinite(sizes)
    mean = np.where(known, sizes, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    largest = int(mean.argmax())
    # A flag that is rarely 1 has a small mean, and yet unit scale.
    greatest = sizes.max(initial=0, where=known)
    if mean[largest] > LARGE or (greatest > 0 and mean[largest] < SMALL and greatest < 1):
        warn(
            f"X is far from unit scale: the mean absolute value of feature {features[largest]} is "
            f"{mean[largest]:.3g}. The network may learn little from it. Scale X first, e.g. with "
            f"make_pipeline(PerStep(StandardScaler()), model)."
        )
