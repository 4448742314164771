"""How fitted objects are saved: as plain Python and NumPy, with the version that saved them."""

import sys
import warnings
import zlib

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning

from skrnn._plain import plain, restored

VERSION, CHECKSUM = "_skrnn_version", "_theta_checksum"


class OtherVersionWarning(InconsistentVersionWarning):
    """A model was saved by another version of skrnn; a filter for scikit-learn's acts on it too."""

    def __init__(self, name, saved, current):
        self.estimator_name = name
        self.original_skrnn_version = saved
        self.current_skrnn_version = current
        Warning.__init__(self)

    def __str__(self):
        return (
            f"This {self.estimator_name} was saved by skrnn {self.original_skrnn_version}, and is "
            f"loaded by {self.current_skrnn_version}. Its results may differ, or it may not work. "
            f"Load it with the version that saved it, or fit it again."
        )


class SavedMixin:
    """Mixin for estimators and transformers; it comes before BaseEstimator.

    What is saved knows no class of skrnn but those that users construct. Constructor parameters
    are the user's own, and stay as they are.
    """

    def __copy__(self):
        """A copy that shares all values, as early stopping makes one in each epoch."""
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __getstate__(self):
        state = self._each(plain, super().__getstate__())
        if "_theta" in state:
            state[CHECKSUM] = checksum(state["_theta"])
        return state | {VERSION: sys.modules["skrnn"].__version__}

    def __setstate__(self, state):
        state = dict(state)
        saved, current = state.pop(VERSION, "before 0.1"), sys.modules["skrnn"].__version__
        expected = state.pop(CHECKSUM, None)
        state = self._each(restored, state)
        if expected is not None and checksum(state["_theta"]) != expected:
            raise ValueError(
                f"The weights of this {type(self).__name__} are not those that were saved: the "
                f"file is damaged. Save the model again."
            )
        if saved != current:
            warnings.warn(OtherVersionWarning(type(self).__name__, saved, current), stacklevel=2)
        super().__setstate__(state)

    def _each(self, function, state):
        """A function of each value but the constructor parameters."""
        params = set(self._get_param_names())
        return {name: value if name in params else function(value) for name, value in state.items()}


def checksum(array):
    """Of the bytes of an array."""
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8))
