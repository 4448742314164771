"""Targets: what y means, from the values of the user to what a network is trained on, and back."""

from skrnn.targets.classes import Classes, Labels, classification_target, is_indicator
from skrnn.targets.finite import require_finite
from skrnn.targets.numeric import Numbers
from skrnn.targets.target import Target

__all__ = [
    "Classes",
    "Labels",
    "Numbers",
    "Target",
    "classification_target",
    "is_indicator",
    "require_finite",
]
