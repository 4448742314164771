"""Estimators of one target for each sequence."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import StrOptions, fit_context
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._data import Given, Samples
from skrnn.estimators._embedding import check_codes
from skrnn.estimators._hidden import HiddenStateEstimator
from skrnn.estimators._one_target import check_target_of_sequences
from skrnn.network.objective import Objective
from skrnn.network.pooling import POOLINGS
from skrnn.targets import require_finite
from skrnn.validation import check_features, check_sequences, remember_features

# Sequences read at once outside of training.
CHUNK = 256


@dataclass(eq=False, repr=False)
class SequenceEstimator(HiddenStateEstimator):
    """A recurrent network from one sequence to one target.

    Parameters
    ----------
    pooling : {'last', 'mean', 'max', 'attention'}, default='last'
        How the hidden states of all steps become one vector: the last state, the mean, the maximum,
        or additive attention with a learned query (Bahdanau et al. 2015). With ``bidirectional``,
        the last state of the backward direction is its state after it has read the first step.
    """

    _: KW_ONLY
    pooling: str = "last"

    _parameter_constraints = {"pooling": [StrOptions(set(POOLINGS))]}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Ctrl-C stops training with a warning. The model of the last complete epoch is kept, or of
        the best one with ``early_stopping`` or a number as ``n_iter_no_change``.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences: an array (n_samples, n_timesteps, n_features); a list of arrays
            (n_timesteps_i, n_features); :class:`~skrnn.Sequences`; or a table
            (n_samples, n_timesteps) with one univariate sequence per row. In 3-D and ragged
            input, leading and trailing steps whose features are all NaN are padding; any other
            NaN is an error.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, one for each sequence. For classifiers: class labels, or a 0/1 indicator
            matrix (n_samples, n_labels).
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the sequences, at least 0; None is 1 for all. A weight of 2 has the same
            effect as the same sequence twice in its minibatch; a weight of 0 leaves the sequence
            out.
        X_val : array-like, list of arrays or Sequences, default=None
            The sequences to validate on, in any form that X may have. Only with
            ``early_stopping=True``; then nothing is held out of X. In a Pipeline, they go through
            the steps before the estimator with ``transform_input=["X_val"]``, metadata routing
            enabled, and ``set_fit_request(X_val=True, y_val=True)`` of the estimator.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            The targets of X_val, in the form of y.
        sample_weight_val : array-like of shape (n_val,), default=None
            The weights of the validation sequences, at least 0; None is 1 for all. Class weights
            do not act on X_val.

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
        """Compute the pooled hidden state of each sequence, to use as features.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_units)
            The hidden states of the last layer, pooled over the steps as ``pooling`` says; by
            default the state after the last step. ``n_units`` is ``hidden_layer_sizes[-1]``, or
            twice that if bidirectional.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a hidden state overflows.
        """
        return require_finite(self._predict(X)[1], "hidden state")

    def gradient_flow(self, X, y):
        """Measure how gradients vanish or explode on their way back through the steps.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.

        Returns
        -------
        ndarray of shape (n_layers, n_timesteps)
            Entry [l, k] is the norm of the gradient of the loss with respect to the input of
            layer l, k steps before the last one, averaged over the sequences that are long
            enough. Dropout is off, and the gradient goes back through all steps.
        """
        check_is_fitted(self)
        sequences = self._read_X(X, reset=False)
        self._check_y(X, y, sequences)
        self._samples(sequences, y)
        target = self._make_target(y)
        values = target.validate(y)
        encoded = target.go_on_from(self._target, values).encode(values, sequences.dtype)
        weight = np.ones(len(sequences), sequences.dtype)
        objective = Objective(self._network, target.loss, sequences, encoded, weight)
        n_layers, longest = len(self._network.layers), sequences.shape[1]
        total, count = np.zeros((n_layers, longest)), np.zeros(longest)
        with single_threaded_blas():
            for batch in gen_batches(len(sequences), CHUNK):
                index = np.arange(len(sequences))[batch]
                minibatch, dinputs = objective.input_gradients(self._theta, index)
                back = minibatch.steps_to_end
                count += np.bincount(back, minlength=longest)
                for k, dx in enumerate(dinputs):  # of the mean loss, hence times the number
                    norms = len(index) * np.linalg.norm(dx, axis=1)
                    total[k] += np.bincount(back, norms, longest)
        return total / count

    def _outputs(self, X, decode):
        """The predictions for X, from raw ones (n_samples, n_outputs)."""
        return decode(require_finite(self._predict(X)[0], "prediction"))

    def _predict(self, X):
        """Raw predictions and pooled hidden states."""
        check_is_fitted(self)
        sequences = self._read_X(X, reset=False)
        with single_threaded_blas():
            return self._network.predict(self._theta, sequences)

    def _check_y(self, X, y, read):
        super()._check_y(X, y, read)
        check_target_of_sequences(self, X, y, read)

    def _sequences(self, X):
        return self._read_X(X, reset=False)

    def _read_X(self, X, *, reset, dtype=None):
        sequences = check_sequences(self, X, dtype=dtype or self._dtype(reset=reset))
        if reset:
            remember_features(self, X, sequences)
        else:
            check_features(self, X, sequences)
            check_codes(self, sequences)
        return sequences

    def _samples(self, sequences, y):
        return Samples(sequences, y)

    def _head(self, data, target, resume):
        """The parameters of ``Network`` for what comes after the layers."""
        return {"pooling": self.pooling}
