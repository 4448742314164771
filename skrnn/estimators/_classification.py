"""Estimators of classes."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import StrOptions, fit_context
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.targets import classification_target, is_indicator


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
        if is_first and classes is None and not is_indicator(y):
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
        raw = self._raw(X)
        return self._target.decode(raw)

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
        raw = self._raw(X)
        return self._target.loss.log_proba(raw)

    def _make_target(self, y, classes=None):
        return classification_target(y, self.class_weight, classes)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
