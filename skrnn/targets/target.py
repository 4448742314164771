"""The interface of all targets."""

from typing import Any, Protocol, Self

import numpy as np

from skrnn.network.losses import Loss


class Target(Protocol):
    """One kind of y.

    A target is made from parameters. It learns from the first y by ``fit``, or takes over what
    another target has learnt by ``go_on_from``. Then it encodes and decodes.
    """

    @property
    def loss(self) -> Loss:
        """What training minimises."""
        ...

    def validate(self, y: Any) -> np.ndarray:
        """Check y, and convert it to an array. The other methods expect such an array."""
        ...

    def reweight(self, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Multiply the weights of the samples by those that their values have."""
        ...

    def fit(self, y: np.ndarray, weight: np.ndarray) -> Self:
        """Learn the classes, or the scale."""
        ...

    def go_on_from(self, earlier: Self, y: np.ndarray) -> Self:
        """Take over what another target has learnt; raise a ValueError if y does not fit it."""
        ...

    @property
    def n_outputs(self) -> int:
        """The number of raw predictions for each sample."""
        ...

    def encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """What the loss takes as the truth, (n_samples, ·)."""
        ...

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Predictions for the user, given raw ones (n_samples, n_outputs)."""
        ...

    def strata(self, encoded: np.ndarray) -> np.ndarray | None:
        """The class of each sample, where a split is to keep their proportions; else None."""
        ...

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes of an estimator that tell of the target."""
        ...
