"""What the network gives for X unlike that of training."""

import numpy as np


def require_finite(values, what, of="sample"):
    """The values (n, ·), or a ValueError if any is infinite or NaN."""
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"The {what} of {of} {int(finite.argmin())} is not finite: it overflows. Check "
            f"that X is scaled as it was in fit."
        )
    return values
