"""What a target is: numbers to regress on, or classes to tell apart."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.preprocessing import LabelBinarizer, StandardScaler
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from skrnn.estimators._base import RecurrentEstimator
from skrnn.network.losses import BinaryLogLoss, MultinomialLogLoss, SquaredError


@dataclass(eq=False, repr=False)
class RecurrentRegressor(RegressorMixin, RecurrentEstimator):
    """One or more numbers for each sequence.

    Parameters
    ----------
    normalize_y : bool, default=True
        Whether to train on targets standardised to mean 0 and variance 1. Predictions are in the
        units of y either way; ``loss_curve_`` is in those of training.
    """

    _: KW_ONLY
    normalize_y: bool = True

    _parameter_constraints = {"normalize_y": ["boolean"]}

    def predict(self, X):
        """Predict the target of each sequence.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions, in the units and the shape of the y of ``fit``.
        """
        raw, _ = self._predict(X)
        y = self._target_scaler.inverse_transform(self._loss.inverse_link(raw))
        return y.reshape(len(y), *self._target_shape)

    def _encode_target(self, y):
        y = check_array(y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y")
        if y.ndim > 2:
            raise ValueError(
                f"y has shape {y.shape}; expected (n_samples,) or (n_samples, n_outputs)."
            )
        target = y.reshape(len(y), -1)
        scaler = StandardScaler(with_mean=self.normalize_y, with_std=self.normalize_y)
        target = scaler.fit_transform(target)
        return target, SquaredError, {"_target_scaler": scaler, "_target_shape": y.shape[1:]}

    def _validation_score(self, target, raw):
        return r2_score(target, raw)

    def _labels(self, target, target_attributes):
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


@dataclass(eq=False, repr=False)
class RecurrentClassifier(ClassifierMixin, RecurrentEstimator):
    """One of two or more classes for each sequence."""

    def predict(self, X):
        """Predict the class of each sequence.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            The most probable class.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The probabilities, in the order of ``classes_``.
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
            The log probabilities, in the order of ``classes_``.
        """
        raw, _ = self._predict(X)
        return self._loss.log_proba(raw)

    def _encode_target(self, y):
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        binarizer = LabelBinarizer()
        target = binarizer.fit_transform(y)
        if len(binarizer.classes_) < 2:
            raise ValueError(
                f"y has one class only, {binarizer.classes_.tolist()[0]!r}; a classifier needs at "
                f"least two."
            )
        loss = BinaryLogLoss if target.shape[1] == 1 else MultinomialLogLoss
        return target, loss, {"classes_": binarizer.classes_}

    def _validation_score(self, target, raw):
        return accuracy_score(_decide(target, 0.5), _decide(raw, 0))

    def _labels(self, target, target_attributes):
        return target_attributes["classes_"][_decide(target, 0.5).astype(int)]


def _decide(outputs, threshold):
    """The class of each row: the largest output, or whether the only one is above threshold."""
    return outputs[:, 0] > threshold if outputs.shape[1] == 1 else outputs.argmax(axis=1)
