"""Warnings that point at the user's line."""

import sys
import warnings

# A call to fit may come through all of these, e.g. from a grid search over a Pipeline, or through
# NumPy's errstate.
SKIPPED = {"skrnn", "sklearn", "joblib", "numpy"}


def warn(message, category=UserWarning):
    """Warn at the innermost line of code that is not in one of the packages above."""
    frame, stacklevel = sys._getframe(1), 2
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in SKIPPED:
        frame, stacklevel = frame.f_back, stacklevel + 1
    warnings.warn(message, category, stacklevel=stacklevel)
