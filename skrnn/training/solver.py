"""The interface of all solvers."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np


class Solver(Protocol):
    """Trains ``theta`` in place, epoch by epoch."""

    converged: bool  # whether there is no point in another epoch, as of the end of ``run``

    @property
    def remedies(self) -> Sequence[str]:
        """What to try if training diverges."""
        ...

    @property
    def limit(self) -> str:
        """What ends training that does not converge."""
        ...

    def run(
        self,
        theta: np.ndarray,
        begin_epoch: Callable[[], object],
        end_epoch: Callable[[np.ndarray, float, float], bool],
    ) -> None:
        """Train until ``end_epoch(theta, loss, gradient_norm)`` says to stop."""
        ...

    def slow_down(self) -> bool:
        """Take smaller steps, as nothing improves. Returns whether that was possible."""
        ...
