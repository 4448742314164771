"""What all estimators share: from X and y to the network, and back."""

from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrnn._sklearn import (
    CallbackSupportMixin,
    Interval,
    Unwatched,
    check_sample_weight,
    fit_context,
)
from skrnn.estimators._architecture import Architecture
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._callbacks import EpochTasks
from skrnn.estimators._fitting import Fit
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._summary import summary
from skrnn.network.objective import Objective
from skrnn.validation import check_features, check_sequences, remember_features

# Sequences read at once outside of training.
CHUNK = 256


@dataclass(eq=False, repr=False)
class RecurrentEstimator(
    Architecture,
    Optimization,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    CallbackSupportMixin,
    BaseEstimator,
):
    """A recurrent network from one sequence to one target.

    Subclasses say which cell (``_cell_name``, ``_forget_bias``) and what a target is
    (``_encode_target``, ``_class_weight``, ``_validation_score``, ``_labels``).

    Parameters
    ----------
    min_length : int, default=1
        Shorter sequences get no weight in training, and are predicted all the same.
    """

    _: KW_ONLY
    min_length: int = 1

    _parameter_constraints = {"min_length": [Interval(Integral, 1, None, closed="left")]}

    def __init_subclass__(cls, **kwargs):
        """Join the constraints of the classes that an estimator is composed of."""
        super().__init_subclass__(**kwargs)
        constraints = {}
        for base in reversed(cls.__mro__):
            constraints |= vars(base).get("_parameter_constraints", {})
        cls._parameter_constraints = constraints

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the network.

        A KeyboardInterrupt ends training, with a warning, after the last epoch that was complete.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences: (n_samples, n_timesteps, n_features); a list of
            (n_timesteps_i, n_features) arrays; :class:`~skrnn.Sequences`; or a table
            (n_samples, n_timesteps), one univariate sequence per row. In 3-D and ragged input
            leading and trailing steps that are all NaN are padding; any other NaN is an error.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, one for each sequence. Of a classifier the classes, (n_samples,), or an
            indicator of labels, (n_samples, n_labels), of 0 and 1.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sequence counts in its minibatch, not negative; None is 1 for all. A
            weight of 2 is as if the sequence were in the minibatch twice, one of 0 as if it were
            not there.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or if training diverges. The
            estimator is then as it was.
        """
        context = self._init_callback_context(max_subtasks=self.max_iter)
        resume = self.warm_start and hasattr(self, "_theta")
        return self._train(X, y, sample_weight, context, resume=resume, max_iter=self.max_iter)

    def _partial_fit(self, X, y, sample_weight, **encoding):
        """One epoch, going on from the one before with the same optimizer."""
        for name, values in {
            "early_stopping": [True],
            "learning_rate": ["cosine", "adaptive"],
            "class_weight": ["balanced"],
        }.items():
            if getattr(self, name, None) in values:
                raise ValueError(
                    f"partial_fit does not go with {name}={getattr(self, name)!r}, which needs all "
                    f"epochs and sequences at once. Use fit."
                )
        resume = hasattr(self, "_theta")
        return self._train(
            X, y, sample_weight, Unwatched(), resume=resume, max_iter=1, is_partial=True,
            **encoding,
        )  # fmt: skip

    def _train(
        self, X, y, sample_weight, context, *, resume, max_iter, is_partial=False, **encoding
    ):
        """Validate, train, and set the fitted attributes, or none of them."""
        with _unchanged_on_error(self), single_threaded_blas():
            self._check_combinations()
            sequences = self._validate_X(X, reset=not resume)
            values = self._checked_y(y, sequences)
            weight = self._weight(sequences, values, sample_weight)
            target, attributes = self._encode_target(values, weight, reset=not resume, **encoding)
            self._set(attributes)
            kept = np.flatnonzero(weight)
            fit = Fit(
                self, sequences[kept], target[kept], weight[kept],
                resume=resume, max_iter=max_iter, is_partial=is_partial,
            )  # fmt: skip

            def fitted_attributes():
                return attributes | fit.attributes()

            tasks = EpochTasks(self, context, X, y, fitted_attributes)
            fit.run(tasks)
            self._set(fit.attributes())
            tasks.finish()
        return self

    def _set(self, attributes):
        for name, value in attributes.items():
            setattr(self, name, value)

    def _checked_y(self, y, sequences):
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                f"is None."
            )
        check_consistent_length(sequences, y)
        return self._validate_y(y)

    def _check_combinations(self):
        if self.bidirectional and self.tbptt_steps is not None:
            raise ValueError(
                f"tbptt_steps={self.tbptt_steps} does not go with bidirectional=True: what reads "
                f"from the end has no last steps in common with what reads from the start. Set "
                f"tbptt_steps=None."
            )
        if self.solver == "lbfgs" and self.tbptt_steps is not None:
            raise ValueError(
                f"solver='lbfgs' does not go with tbptt_steps={self.tbptt_steps}: its line search "
                f"needs the gradient of the whole loss. Set tbptt_steps=None."
            )
        if self.solver == "lbfgs" and (self.dropout or self.recurrent_dropout):
            raise ValueError(
                f"solver='lbfgs' does not go with dropout={self.dropout}, recurrent_dropout="
                f"{self.recurrent_dropout}: it needs a loss without randomness. Set them to 0."
            )

    def _weight(self, sequences, y, sample_weight):
        """The weight of every sequence, (n_samples,)."""
        weight = check_sample_weight(
            sample_weight, sequences.starts, dtype=np.float64, ensure_non_negative=True
        )
        weight = weight * (sequences.lengths >= self.min_length)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            weight = (weight * self._class_weight(y, weight)).astype(sequences.dtype)
        if not np.isfinite(weight).all():
            raise ValueError(
                f"sample_weight is too large in {sequences.dtype} for sequence "
                f"{int(np.isfinite(weight).argmin())}. Scale all of it down."
            )
        if not weight.any():
            raise ValueError(
                f"No sequence has a weight in training: of {len(sequences)} the longest has "
                f"{sequences.lengths.max()} steps (min_length={self.min_length}); expected one "
                f"that is long enough and has a sample_weight greater than zero."
            )
        return weight

    def transform(self, X):
        """The pooled hidden state of each sequence, as features.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_units)
            What ``pooling`` makes of the last layer's hidden states, by default that after the
            last step; ``n_units`` is ``hidden_layer_sizes[-1]``, twice that if bidirectional.
        """
        return self._predict(X)[1]

    def gradient_flow(self, X, y):
        """How much of the gradient reaches the steps before the last: vanishing or exploding.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.

        Returns
        -------
        ndarray of shape (n_layers, n_timesteps)
            For each layer and number of steps before the last, from 0: the norm of the gradient
            of a sequence's loss by the layer's input at that step, in the mean over the sequences
            that are long enough. Without dropout, over all steps.
        """
        check_is_fitted(self)
        sequences = self._validate_X(X, reset=False)
        weight = np.ones(len(sequences))
        target, _ = self._encode_target(self._checked_y(y, sequences), weight, reset=False)
        dtype = sequences.dtype
        objective = Objective(
            self._network, self._loss, sequences, target.astype(dtype), weight.astype(dtype)
        )
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

    def summary(self):
        """A table of the layers with their shapes and numbers of parameters.

        Returns
        -------
        str
            One line for each array of parameters, and the total.
        """
        check_is_fitted(self)
        return summary(self._network)

    def named_parameters(self):
        """The fitted weights and biases.

        Returns
        -------
        dict of str to ndarray
            Copies, by the names that ``summary`` shows. Gates lie one below the other: i f g o
            of the LSTM, r z n of the GRU, whose bias has a fourth part, that of the recurrent
            product in n.
        """
        check_is_fitted(self)
        return self._network.layout.views(self._theta.copy())

    def _predict(self, X):
        """Raw predictions and pooled hidden states."""
        check_is_fitted(self)
        sequences = self._validate_X(X, reset=False)
        with single_threaded_blas():
            return self._network.predict(self._theta, sequences)

    def _validate_X(self, X, *, reset):
        if not reset:
            dtype = self._theta.dtype
        else:
            dtype = None if self.dtype == "auto" else np.dtype(self.dtype)
        sequences = check_sequences(self, X, dtype=dtype)
        (remember_features if reset else check_features)(self, X, sequences)
        return sequences

    @property
    def _n_features_out(self):
        return self._network.width

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def trains_by_minibatches(estimator):
    """Whether there is a ``partial_fit``."""
    if estimator.solver == "lbfgs":
        raise AttributeError("solver='lbfgs' has no partial_fit, as it needs all of the data.")
    return True


@contextmanager
def _unchanged_on_error(estimator):
    """Put the estimator's attributes back if anything goes wrong."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
