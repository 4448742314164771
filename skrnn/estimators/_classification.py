"""Targets that are classes."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_array, column_or_1d, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skrnn._sklearn import StrOptions, fit_context
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.network.losses import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss


@dataclass(eq=False, repr=False)
class RecurrentClassifier(ClassifierMixin, RecurrentEstimator):
    """One of two or more classes for each sequence, or any number of labels.

    A y of 0 and 1 in several columns is an indicator of labels that do not exclude each other, as
    everywhere in scikit-learn. For one-hot classes pass ``y.argmax(axis=1)``.

    Parameters
    ----------
    class_weight : dict, list of dict, 'balanced' or None, default=None
        The weight of each class, by its label; of an indicator a dict for each label, with the
        weights of 0 and 1. "balanced" makes all classes count the same. Multiplied with
        ``sample_weight``.
    """

    _: KW_ONLY
    class_weight: dict | str | None = None

    _parameter_constraints = {"class_weight": [dict, list, StrOptions({"balanced"}), None]}

    @available_if(trains_by_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train for one epoch on more sequences, going on from the call before.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The classes, one for each sequence, or an indicator of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sequence counts, not negative; None is 1 for all.
        classes : array-like of shape (n_classes,), default=None
            All classes that there are; needed in the first call unless y is an indicator of
            labels, and the same, or None, in later ones.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, if y has classes that were not named,
            if training diverges, or with ``early_stopping``, ``learning_rate="adaptive"`` or
            ``"cosine"``, or ``class_weight="balanced"``, which need all of the data and the
            epochs. The estimator is then as it was.
        AttributeError
            With ``solver="lbfgs"``, which needs all of the data too.
        """
        is_first = not hasattr(self, "_theta")
        if is_first and classes is None and type_of_target(y) != "multilabel-indicator":
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return self._partial_fit(X, y, sample_weight, classes=classes)

    def predict(self, X):
        """Predict the class of each sequence.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class; for an indicator, 1 for each label that is more probable
            than not.
        """
        log_proba = self.predict_log_proba(X)
        if isinstance(self._loss, MultilabelLogLoss):
            return (log_proba > np.log(0.5)).astype(int)
        return self.classes_[log_proba.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The probabilities, in the order of ``classes_``; for an indicator that of each label.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The log probabilities, in the order of ``classes_``; for an indicator that of each
            label.
        """
        raw, _ = self._predict(X)
        return self._loss.log_proba(raw)

    def _validate_y(self, y):
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(y)
        if type_of_target(y) != "multilabel-indicator":
            return column_or_1d(y, warn=True)
        if not np.isin(y, [0, 1]).all():
            raise ValueError(
                f"y is an indicator of the values {np.unique(y).tolist()}; expected 0 and 1."
            )
        return y

    def _class_weight(self, y, weight):
        if self.class_weight is None:
            return 1.0
        if self.class_weight == "balanced":
            return _balanced(y, weight)
        factor = compute_sample_weight(self.class_weight, y)
        if not (np.isfinite(factor) & (factor >= 0)).all():
            raise ValueError(
                f"class_weight={self.class_weight!r}; expected numbers that are not negative."
            )
        return factor

    def _encode_target(self, y, weight, *, reset, classes=None):
        """Indicators (n_samples, n_outputs), and what knows of their meaning."""
        if y.ndim == 2:
            target, loss, found = y, MultilabelLogLoss, np.arange(y.shape[1])
        else:
            known = self.classes_ if not reset else y if classes is None else classes
            binarizer = LabelBinarizer().fit(column_or_1d(known))
            unknown = np.setdiff1d(y, binarizer.classes_)
            if len(unknown):
                raise ValueError(
                    f"y has labels {unknown.tolist()}, which are not among the classes "
                    f"{binarizer.classes_.tolist()} of {type(self).__name__}. With warm_start and "
                    f"later calls of partial_fit the classes stay; fit a clone for others."
                )
            target, found = binarizer.transform(y), binarizer.classes_
            if len(found) < 2:
                raise ValueError(
                    f"y has one class only, {found.tolist()[0]!r}; a classifier needs at least two."
                )
            loss = BinaryLogLoss if target.shape[1] == 1 else MultinomialLogLoss
        named = found if classes is None else np.unique(classes)
        before = found if reset else self.classes_
        if not (np.array_equal(named, before) and (reset or isinstance(self._loss, loss))):
            raise ValueError(
                f"{type(self).__name__} was fitted with the classes {before.tolist()}, now it is "
                f"to be {named.tolist()}; expected the same ones, and the same form of y."
            )
        return target, {"classes_": found, "_loss": loss()}

    def _validation_score(self, target, raw, weight):
        return accuracy_score(self._decide(target, 0.5), self._decide(raw, 0), sample_weight=weight)

    def _labels(self, target):
        if isinstance(self._loss, MultilabelLogLoss):
            return None
        return self.classes_[self._decide(target, 0.5).astype(int)]

    def _decide(self, outputs, threshold):
        """The class: the largest output, or whether the only one, or each, is above threshold."""
        if isinstance(self._loss, MultilabelLogLoss):
            return outputs > threshold
        return outputs[:, 0] > threshold if outputs.shape[1] == 1 else outputs.argmax(axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _balanced(y, weight):
    """Factors that give all classes the same total weight; of several labels their product."""
    factor = np.ones(len(y))
    for labels in y.reshape(len(y), -1).T:
        _, codes = np.unique(labels, return_inverse=True)
        totals = np.bincount(codes, weight)
        factor *= (weight.sum() / (np.count_nonzero(totals) * np.maximum(totals, 1e-300)))[codes]
    return factor
