"""What all estimators share: from X and y to the network, and back."""

from dataclasses import KW_ONLY, dataclass, fields
from functools import partial
from numbers import Integral

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrnn._sklearn import (
    CallbackSupportMixin,
    Interval,
    Unwatched,
    fit_context,
)
from skrnn.estimators._architecture import (
    Architecture,
    initial_theta,
    layer_sizes,
    require_same_network,
)
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._callbacks import EpochTasks
from skrnn.estimators._data import (
    Data,
    Given,
    check_target_of_sequences,
    training_weight,
)
from skrnn.estimators._fitting import Earlier, Fit
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._scale import warn_of_scale
from skrnn.estimators._scoring import Scorer
from skrnn.estimators._solvers import one_epoch
from skrnn.estimators._summary import summary
from skrnn.network.objective import Objective
from skrnn.network.stack import Network
from skrnn.targets import require_finite
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

    Subclasses say which cell (``_cell_name``) and what y is (``_make_target``).

    Parameters
    ----------
    min_length : int, default=1
        Training leaves out sequences with fewer steps; ``predict`` and ``transform`` do not.
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
        known = None if self.max_iter == "auto" else self.max_iter
        context = self._init_callback_context(max_subtasks=known)
        resume = self.warm_start and hasattr(self, "_theta")
        given = Given(X_val, y_val, sample_weight_val)
        return self._train(X, y, sample_weight, context, given=given, resume=resume)

    def _partial_fit(self, X, y, sample_weight, **known):
        """Train for one epoch, with the optimizer of the call before."""
        for name, values in {
            "early_stopping": [True],
            "learning_rate": ["adaptive"],
            "class_weight": ["balanced"],
        }.items():
            if getattr(self, name, None) in values:
                raise ValueError(
                    f"partial_fit is not supported with {name}={getattr(self, name)!r}, which "
                    f"needs all epochs and sequences at once. Use fit."
                )
        resume = hasattr(self, "_theta")
        return self._train(
            X, y, sample_weight, Unwatched(), given=Given(), resume=resume, is_partial=True, **known
        )

    def _train(self, X, y, sample_weight, context, *, given, resume, is_partial=False, **known):
        """Validate, train, and set the fitted attributes, or none of them."""
        before = dict(vars(self))
        try:
            with single_threaded_blas():
                # The compiled code relies on it. Scikit-learn skips it where partial_fit was
                # called before, or where it is told to.
                if is_partial or get_config()["skip_parameter_validation"]:
                    self._validate_params()
                self._check_combinations()
                sequences = self._validate_X(X, reset=not resume)
                self._check_y(y, sequences)
                check_target_of_sequences(self, X, y, sequences)
                target = self._make_target(y, **known)
                values = target.validate(y)
                weight = training_weight(self, sequences, values, sample_weight, target)
                if resume:
                    target.go_on_from(self._target, values)
                else:
                    target.fit(values, weight)
                    warn_of_scale(sequences)
                kept = np.flatnonzero(weight)
                encoded = target.encode(values[kept], sequences.dtype)
                data = Data(sequences[kept], encoded, weight[kept], values[kept])
                validation = given.check(self, target, sequences.dtype)
                scorer = self._make_scorer(sample_weight, given.sample_weight_val)
                fit = self._make_fit(target, data, validation, scorer, resume, is_partial)
                tasks = EpochTasks(self, context, X, y, fit.attributes, fit.options.max_iter)
                fit.run(tasks)
                for name, value in fit.attributes().items():
                    setattr(self, name, value)
                tasks.finish()
        except BaseException:
            # In one step, as a second Ctrl-C may come between any two.
            self.__dict__ = before
            raise
        return self

    def _make_scorer(self, *weights):
        if not self.early_stopping or self.scoring == "loss":
            return None
        weights += (getattr(self, "class_weight", None),)
        is_weighted = any(weight is not None for weight in weights)
        return Scorer(self, self.scoring, is_weighted)

    def _make_fit(self, target, data, validation, scorer, resume, is_partial):
        network = Network(
            self._cell_name(),
            data.sequences.rows.shape[1],
            layer_sizes(self.hidden_layer_sizes),
            data.y.shape[1],
            bidirectional=self.bidirectional,
            pooling=self.pooling,
            dropout=self.dropout,
            **self._linear_path(data, resume),
        )
        earlier = None
        if resume:
            require_same_network(network, self._network)
            earlier = Earlier(
                self._theta,
                self.t_,
                self.loss_curve_,
                self.gradient_norms_,
                self.validation_loss_curve_ or [],
                self.validation_scores_ or [],
                self.train_scores_ or [],
                self._optimizer if is_partial else None,
            )
        options = Optimization(**{f.name: getattr(self, f.name) for f in fields(Optimization)})
        return Fit(
            network,
            target,
            data,
            one_epoch(options) if is_partial else options,
            partial(initial_theta, network, init=self.init, forget_bias=self.forget_bias),
            recurrent_dropout=self.recurrent_dropout,
            validation=validation,
            scorer=scorer,
            earlier=earlier,
            is_partial=is_partial,
        )

    def _linear_path(self, data, resume):
        """The parameters of ``Network`` for a linear path."""
        return {}

    def _check_y(self, y, sequences):
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                f"is None."
            )
        check_consistent_length(sequences, y)

    def _check_combinations(self):
        if self.bidirectional and self.tbptt_steps is not None:
            raise ValueError(
                f"tbptt_steps={self.tbptt_steps} is not supported with bidirectional=True: the "
                f"two directions have different last steps. Set tbptt_steps=None."
            )
        if self.solver == "lbfgs" and self.tbptt_steps is not None:
            raise ValueError(
                f"tbptt_steps={self.tbptt_steps} is not supported with solver='lbfgs': it "
                f"needs the gradient through all steps. Set tbptt_steps=None."
            )
        if self.solver == "lbfgs" and (self.dropout or self.recurrent_dropout):
            raise ValueError(
                f"dropout={self.dropout}, recurrent_dropout={self.recurrent_dropout} are not "
                f"supported with solver='lbfgs': it needs a loss without randomness. Set both to 0."
            )
        is_adaptive = self.learning_rate == "adaptive" and self.solver != "lbfgs"
        if is_adaptive and self.n_iter_no_change in (None, np.inf):
            raise ValueError(
                f"learning_rate='adaptive' lowers the learning rate when n_iter_no_change epochs "
                f"bring no improvement, but n_iter_no_change={self.n_iter_no_change}. Set it to a "
                f"number, e.g. 10."
            )

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
        sequences = self._validate_X(X, reset=False)
        self._check_y(y, sequences)
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

    def summary(self):
        """Describe the layers with their shapes and numbers of parameters.

        Returns
        -------
        str
            A table with one line for each array of parameters, and the total.
        """
        check_is_fitted(self)
        return summary(self._network)

    def named_parameters(self):
        """Get the fitted weights and biases.

        Returns
        -------
        dict of str to ndarray
            Copies of the arrays, with the names that ``summary`` shows. The gates are stacked as
            rows, in the order i f g o for the LSTM and r z n for the GRU. The bias of the GRU has a
            fourth part: the bias of the recurrent product in n.
        """
        check_is_fitted(self)
        return self._network.layout.views(self._theta.copy())

    def _raw(self, X):
        """Raw predictions, (n_samples, n_outputs)."""
        return require_finite(self._predict(X)[0], "prediction")

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
        raise AttributeError(
            "partial_fit is not available with solver='lbfgs', which needs all data at once."
        )
    return True
