"""Targets that are classes: one for each sequence, or any number of labels."""

from numbers import Real

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array, column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from skrnn._warnings import warn
from skrnn.network.losses import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from skrnn.targets.target import Target


def is_indicator(y):
    """Whether y has a column for each label, rather than one class for each sequence."""
    return type_of_target(_checked_labels(y)) == "multilabel-indicator"


def classification_target(y, class_weight=None, classes=None) -> Target:
    """The target for y: classes, or labels if y is an indicator matrix."""
    return (Labels if is_indicator(y) else Classes)(class_weight, classes)


class Classes:
    """One of two or more classes for each sequence.

    Parameters
    ----------
    class_weight : dict, 'balanced' or None
        The weight of each class.
    classes : array-like of shape (n_classes,) or None
        All classes that there are; None is those of the first y.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted.
    """

    def __init__(self, class_weight=None, classes=None):
        self.class_weight = class_weight
        self.named = None if classes is None else np.unique(column_or_1d(classes))

    def validate(self, y):
        y = _checked_labels(y)
        if y.ndim == 2 and y.shape[1] == 1:
            warn(
                "A column-vector y was passed when a 1d array was expected. Pass y.ravel().",
                DataConversionWarning,
            )
        return column_or_1d(y)

    def reweight(self, y, weight):
        if self.class_weight is None:
            return weight
        if self.class_weight == "balanced":
            return weight * _balanced(y, weight)
        if not isinstance(self.class_weight, dict):
            raise ValueError(
                f"class_weight={self.class_weight!r}; expected a dict of class: weight, "
                f"'balanced' or None. A list of dicts is for a y with several labels."
            )
        _check_weights(self.class_weight, [self.class_weight])
        return weight * compute_sample_weight(self.class_weight, y)

    def fit(self, y, weight):
        self._learn(y if self.named is None else self.named)
        if len(self.classes) < 2:
            raise ValueError(
                f"y has only one class, {self.classes.tolist()[0]!r}; a classifier needs at least "
                f"two."
            )
        return self

    def go_on_from(self, earlier, y):
        _check_same_form(self, earlier, y)
        _check_same_classes(self.named, earlier.classes)
        self._learn(earlier.classes)
        return self

    def _learn(self, values):
        self.classes = unique_labels(values)
        self.loss: BinaryLogLoss | MultinomialLogLoss = (
            BinaryLogLoss() if len(self.classes) <= 2 else MultinomialLogLoss()
        )

    @property
    def n_outputs(self):
        return 1 if len(self.classes) <= 2 else len(self.classes)

    def encode(self, y, dtype):
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"y contains the labels {unknown.tolist()}, which are not among the classes "
                f"{self.classes.tolist()} of the first y. Classes cannot be added later: fit a new "
                f"estimator to a y that has all of them, or pass them as classes to partial_fit."
            )
        return np.searchsorted(self.classes, y)[:, np.newaxis].astype(dtype)

    def decode(self, raw):
        return self.classes[self.loss.log_proba(raw).argmax(axis=1)]

    def strata(self, encoded):
        return encoded[:, 0]

    def attributes(self):
        return {"classes_": self.classes}


class Labels:
    """Any number of labels for each sequence: y is an indicator matrix of 0 and 1.

    Parameters
    ----------
    class_weight : list of dict, 'balanced' or None
        For each label the weights of 0 and 1.
    classes : array-like of shape (n_labels,) or None
        The numbers of the labels, ``range(n_labels)``.
    """

    def __init__(self, class_weight=None, classes=None):
        self.class_weight = class_weight
        self.named = None if classes is None else np.unique(column_or_1d(classes))
        self.loss = MultilabelLogLoss()

    def validate(self, y):
        y = _checked_labels(y)
        if not np.isin(y, [0, 1]).all():
            raise ValueError(
                f"y has {y.shape[1]} columns with the values {np.unique(y).tolist()}; expected "
                f"class labels of shape (n_samples,), or an indicator matrix of 0 and 1."
            )
        return y

    def reweight(self, y, weight):
        if self.class_weight is None:
            return weight
        if self.class_weight == "balanced":
            return weight * _balanced(y, weight)
        n_labels, each = y.shape[1], self.class_weight
        if (
            not isinstance(each, list)
            or len(each) != n_labels
            or not all(isinstance(of_label, dict) for of_label in each)
        ):
            raise ValueError(
                f"class_weight={each!r}; y has {n_labels} labels, so expected a list of "
                f"{n_labels} dicts such as {{0: 1.0, 1: 2.0}}, one for each label. Or set it to "
                f"'balanced' or None."
            )
        _check_weights(self.class_weight, each)
        return weight * compute_sample_weight(each, y)

    def fit(self, y, weight):
        self.classes = np.arange(y.shape[1])
        _check_same_classes(self.named, self.classes)
        # A few rows may have one 1 each by chance.
        if len(y) > 2 * y.shape[1] and (y.sum(axis=1) == 1).all():
            warn(
                f"Every row of y has exactly one 1, as one-hot classes do, but its {y.shape[1]} "
                f"columns are trained as independent labels. If each sequence has one class, "
                f"pass y.argmax(axis=1)."
            )
        return self

    def go_on_from(self, earlier, y):
        self.classes = np.arange(y.shape[1])
        _check_same_form(self, earlier, y)
        _check_same_classes(self.classes, earlier.classes)
        _check_same_classes(self.named, earlier.classes)
        return self

    @property
    def n_outputs(self):
        return len(self.classes)

    def encode(self, y, dtype):
        return y.astype(dtype)

    def decode(self, raw):
        return (self.loss.log_proba(raw) > np.log(0.5)).astype(int)

    def strata(self, encoded):
        return None

    def attributes(self):
        return {"classes_": self.classes}


def _checked_labels(y):
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    check_classification_targets(y)
    return y


def _check_same_form(target, earlier, y):
    if type(target) is not type(earlier):
        form = "an indicator matrix" if isinstance(earlier, Labels) else "one class per sequence"
        raise ValueError(
            f"y has shape {y.shape}, but the first fit had {form}. Pass y in the same form, or "
            f"fit a new estimator."
        )


def _check_same_classes(given, expected):
    if given is not None and not np.array_equal(given, expected):
        raise ValueError(
            f"The classes are {given.tolist()}; expected {expected.tolist()}. Classes cannot "
            f"change after the first fit. To use other classes, fit a new estimator."
        )


def _check_weights(class_weight, dicts):
    values = [value for of_label in dicts for value in of_label.values()]
    try:
        are_weights = all(
            isinstance(value, Real) and 0 <= float(value) < np.inf for value in values
        )
    except OverflowError:  # an integer that no float can hold
        are_weights = False
    if not are_weights:
        raise ValueError(f"class_weight={class_weight!r}; expected finite numbers of at least 0.")


def _balanced(y, weight):
    """Factors that give all classes the same total weight; of several labels their product."""
    factor = np.ones(len(y))
    for labels in y.reshape(len(y), -1).T:
        _, codes = np.unique(labels, return_inverse=True)
        totals = np.bincount(codes, weight)
        factor *= (weight.sum() / (np.count_nonzero(totals) * np.maximum(totals, 1e-300)))[codes]
    return factor
