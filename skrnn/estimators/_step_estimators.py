"""Estimators of one target for each step."""

from dataclasses import KW_ONLY, dataclass, replace
from numbers import Integral

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import fit_context
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._classification import Classification
from skrnn.estimators._data import Given
from skrnn.estimators._embedding import check_codes
from skrnn.estimators._hidden import HiddenStateEstimator
from skrnn.estimators._regression import Regression
from skrnn.estimators._steps import StepSamples, read_steps
from skrnn.targets import require_finite


@dataclass(eq=False, repr=False)
class StepEstimator(HiddenStateEstimator):
    """A recurrent network with a target at every step.

    Parameters
    ----------
    group : str, list of str or None, default=None
        Only for X as a table: the columns or index levels that say which sequence a row belongs to.
        None: all rows are one sequence. These columns are no features.

    time : str or None, default=None
        Only for X as a table: the column or index level that has the time, by which the rows of a
        sequence are sorted. None: the rows are in the order of time; an index of dates or numbers
        is checked. A gap of more than 7 missing labels ends a sequence, and a new one begins, as in
        :class:`~skrnn.SlidingWindow`.
    """

    _: KW_ONLY
    group: str | list[str] | None = None
    time: str | None = None

    _parameter_constraints = {"group": [str, list, None], "time": [str, None]}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Ctrl-C stops training with a warning. The model of the last complete epoch is kept, or of
        the best one with ``early_stopping`` or a number as ``n_iter_no_change``.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            A table (n_rows, n_features), each row a time step: of one long sequence, or of several
            that ``group`` tells apart. Or sequences: an array (n_samples, n_timesteps, n_features);
            a list of arrays (n_timesteps_i, n_features); or :class:`~skrnn.Sequences`. In 3-D and
            ragged input, leading and trailing steps whose features are all NaN are padding; any
            other NaN is an error.
        y : array-like or list of array-likes
            The targets, in the form of X: for a table one for each row, (n_rows,) or
            (n_rows, n_outputs); for sequences one for each step, (n_samples, n_timesteps),
            (n_samples, n_timesteps, n_outputs), or a list of arrays (n_timesteps_i,) or
            (n_timesteps_i, n_outputs). Steps with NaN or None have no target: training reads them,
            but their output counts for nothing. So do those of the padding, whatever they have.
        sample_weight : array-like or list of array-likes, default=None
            The weights of the steps, at least 0, in the form of X; or of sequences (n_samples,),
            for all of their steps. None is 1 for all.
        X_val : array-like, DataFrame, list of arrays or Sequences, default=None
            The sequences to validate on, in any form that X may have. Only with
            ``early_stopping=True``; then nothing is held out of X.
        y_val : array-like or list of array-likes, default=None
            The targets of X_val, in its form.
        sample_weight_val : array-like or list of array-likes, default=None
            The weights of the steps or sequences of X_val, at least 0; None is 1 for all. Class
            weights do not act on X_val.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or if training diverges. After an error,
            the estimator stays as it was before.
        """
        return self._fit(X, y, sample_weight, Given(X_val, y_val, sample_weight_val))

    def transform(self, X):
        """Compute the hidden state after every step, to use as features.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_rows, n_units)
            The hidden states of the last layer, in the form of X: for a table one row for each of
            its rows; for a 3-D array (n_samples, n_timesteps, n_units), with NaN for padding; for
            others an object array of arrays (n_timesteps_i, n_units). ``n_units`` is
            ``hidden_layer_sizes[-1]``, or twice that if bidirectional.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a hidden state overflows.
        """
        check_is_fitted(self)
        steps = self._read_X(X, reset=False)
        with single_threaded_blas():
            hidden = self._network.hidden_states(self._theta, steps.sequences)
        return steps.restore(require_finite(hidden, "hidden state", "step"))

    def _outputs(self, X, decode):
        """The predictions for X in its form, from raw ones (n_steps, n_outputs)."""
        check_is_fitted(self)
        steps = self._read_X(X, reset=False)
        with single_threaded_blas():
            raw = self._network.predict_steps(self._theta, steps.sequences)
        return steps.restore(decode(require_finite(raw, "prediction", "step")))

    def _sequences(self, X):
        return self._read_X(X, reset=False).sequences

    def _read_X(self, X, *, reset, dtype=None):
        steps = read_steps(self, X, reset=reset, dtype=dtype or self._dtype(reset=reset))
        n_features = steps.sequences.shape[2]
        if reset:
            self._n_inputs = n_features
        if n_features != self._n_inputs:
            raise ValueError(
                f"X has {n_features} features per step, but {type(self).__name__} was fitted with "
                f"{self._n_inputs} features per step."
            )
        if not reset:
            check_codes(self, steps.sequences)
        return steps

    def _samples(self, steps, y):
        return StepSamples(steps, y)

    def _head(self, data, target, resume):
        """The parameters of ``Network`` for what comes after the layers."""
        return {"pooling": None}


class StepScore:
    """The score of scikit-learn's mixins, over the steps with a target. Comes before them."""

    def score(self, X, y, sample_weight=None):
        """Compute the accuracy of a classifier, or R² of a regressor, over the steps with a target.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like or list of array-likes
            The targets, in the form of X.
        sample_weight : array-like or list of array-likes, default=None
            The weights of the steps or sequences; None is 1 for all.

        Returns
        -------
        float
            The score.
        """
        check_is_fitted(self)
        steps = self._read_X(X, reset=False)
        if steps.chosen is None:  # else a scorer has chosen those with a target
            self._check_y(X, y, steps)
            samples = self._samples(steps, y)
            steps, y = replace(steps, chosen=samples.is_labeled), samples.y
            sample_weight = None if sample_weight is None else samples.check_weight(sample_weight)
        return super().score(steps, y, sample_weight)


@dataclass(eq=False, repr=False)
class StepRegressor(StepScore, Regression, StepEstimator):
    """One or more numbers for each step."""

    def predict(self, X):
        """Predict the targets of each step.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            The predictions, in the units of y and in the form of X: for a table one for each row,
            in its order; for a 3-D array (n_samples, n_timesteps) or
            (n_samples, n_timesteps, n_outputs), with NaN for padding; for others an object array of
            one array for each sequence.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.decode(raw))


@dataclass(eq=False, repr=False)
class StepClassifier(StepScore, Classification, StepEstimator):
    """A class, or any number of labels, for each step.

    Parameters
    ----------
    unlabeled : int, str or None, default=None
        The value of y at steps that have no label, besides NaN and None: for example -1, as in
        scikit-learn's semi-supervised learning. Then it is not a class.
    """

    _: KW_ONLY
    unlabeled: int | str | None = None

    _parameter_constraints = {"unlabeled": [Integral, str, None]}

    def predict(self, X):
        """Predict the class of each step.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_labels)
            The most probable classes, in the form of X: for a table one for each row, in its order;
            for a 3-D array (n_samples, n_timesteps), where padding has -1 if the classes are
            integers, NaN if they are floats, "" if they are text, and else None; for others an
            object array of one array for each sequence.
            After a fit with indicators: 1 for each label with a probability above 0.5, else 0.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.decode(raw))

    def predict_proba(self, X):
        """Predict the probability of each class at each step.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            The probabilities, in the order of ``classes_`` and in the form of X: for a 3-D array
            (n_samples, n_timesteps, n_classes), with NaN for padding; for lists an object array of
            arrays (n_timesteps_i, n_classes).

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: np.exp(self._target.loss.log_proba(raw)))

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class at each step.

        Parameters
        ----------
        X : array-like, DataFrame, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            The log probabilities, as of ``predict_proba``.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._outputs(X, lambda raw: self._target.loss.log_proba(raw))

    def _samples(self, steps, y):
        return StepSamples(steps, y, self.unlabeled)

    def _make_target(self, y, classes=None, **known):
        if classes is not None and self.unlabeled is not None:
            classes = [value for value in classes if value != self.unlabeled]
        return super()._make_target(y, classes, **known)
