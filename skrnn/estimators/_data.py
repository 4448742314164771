"""What a network is trained on, and what it is validated with."""

from typing import NamedTuple

import numpy as np

from skrnn.sequences import Sequences


class Data(NamedTuple):
    """Sequences with their targets and weights."""

    sequences: Sequences
    y: np.ndarray  # (n_samples, n_outputs), encoded
    weight: np.ndarray  # (n_samples,), greater than zero
    values: np.ndarray  # (n_samples,) or (n_samples, ·), the targets in the form of the user

    def take(self, index):
        return Data(*(part[index] for part in self))
