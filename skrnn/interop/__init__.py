"""Models for other software, and weights from it.

Attributes
----------
TRUSTED_TYPES : list of str
    The classes of skrnn that a file of skops may name: those that users construct. A list to pass
    as ``trusted`` to :func:`skops.io.load`, and as ``skops_trusted_types`` to MLflow.
"""

from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator

import skrnn

__all__ = ["TRUSTED_TYPES"]

TRUSTED_TYPES = [
    f"{kind.__module__}.{kind.__qualname__}"
    for kind in map(vars(skrnn).get, skrnn.__all__)
    if isinstance(kind, type) and issubclass(kind, (BaseEstimator, BaseCrossValidator))
]
