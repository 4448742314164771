"""Estimators of classes."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skrnn._sklearn import StrOptions, fit_context
from skrnn.estimators._base import trains_by_minibatches
from skrnn.estimators._sequence_to_one import SequenceEstimator
from skrnn.estimators._state import ProbabilityStateMixin
from skrnn.targets import classification_target, is_indicator


@dataclass(eq=False, repr=False)
class Classification(ProbabilityStateMixin, ClassifierMixin):
    """Targets that are one of two or more classes, or any number of labels.

    A y with several columns of 0 and 1 is an indicator matrix: each column is a label of its own,
    and a target may have any number of labels. For one-hot classes pass ``y.argmax(axis=1)``.

    Parameters
    ----------
    class_weight : dict, list of dict, 'balanced' or None, default=None
        The weights of the classes, as a dict of class: weight. For an indicator matrix, a list with
        one dict ``{0: weight, 1: weight}`` for each label. "balanced" gives all classes the same
        total weight. Class weights are multiplied by ``sample_weight``.
    """

    _: KW_ONLY
    class_weight: dict | list[dict] | str | None = None

    _parameter_constraints = {"class_weight": [dict, list, StrOptions({"balanced"}), None]}

    @available_if(trains_by_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train for one epoch on more sequences, continuing from the previous call.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like
            Class labels or 0/1 indicators, in a form that ``fit`` takes.
        sample_weight : array-like, default=None
            The weights, in a form that ``fit`` takes; None is 1 for all.
        classes : array-like of shape (n_classes,), default=None
            All classes that may occur. Required in the first call, unless y is an indicator
            matrix; in later calls None or the same classes.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, if y has classes that are not in
            ``classes``, or if training diverges. Also with ``early_stopping``,
            ``learning_rate="adaptive"`` or ``class_weight="balanced"``: these need all data and all
            epochs. After an error, the estimator stays as it was before.
        AttributeError
            With ``solver="lbfgs"``, which needs all data at once.
        """
        is_first = not hasattr(self, "_theta")
        return self._partial_fit(X, y, sample_weight, classes=classes, needs_classes=is_first)

    def _make_target(self, y, classes=None, needs_classes=False):
        if needs_classes and classes is None and not is_indicator(y):
            raise ValueError(
                "classes must be passed on the first call to partial_fit: an array of all classes "
                "that may occur."
            )
        return classification_target(y, self.class_weight, classes)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False)
class RecurrentClassifier(Classification, SequenceEstimator):
    """A class, or any number of labels, for each sequence."""

    def predict(self, X):
        """Predict the class of each sequence.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class. After a fit with an indicator matrix: 1 for each label with
            a probability above 0.5, else 0.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.decode(raw))

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The probabilities, in the order of ``classes_``. After a fit with an indicator
            matrix: the probability of each label.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
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
            The log probabilities, in the order of ``classes_``. After a fit with an indicator
            matrix: the log probability of each label.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.loss.log_proba(raw))
