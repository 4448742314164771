"""Targets: what y means, from the values of the user to what a network is trained on, and back."""

from skrnn.targets.classes import Classes, Labels, classification_target, is_indicator
from skrnn.targets.finite import require_finite
from skrnn.targets.numeric import Numbers
from skrnn.targets.symbols import (
    Symbols,
    are_strings,
    checked_strings,
    refuse_other_text,
)
from skrnn.targets.target import Target
from skrnn.targets.written import Series, Strings, written_target

__all__ = [
    "Classes",
    "Labels",
    "Numbers",
    "Series",
    "Strings",
    "Symbols",
    "Target",
    "are_strings",
    "checked_strings",
    "classification_target",
    "is_indicator",
    "refuse_other_text",
    "require_finite",
    "written_target",
]
