"""What all estimators share: parameters, validation, and the way to the network and back."""

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._callbacks import CallbackSupportMixin, EpochTasks
from skrnn.estimators._holdout import hold_out
from skrnn.network.objective import Objective
from skrnn.network.stack import Network
from skrnn.sequences import FLOATS, as_sequences, is_table
from skrnn.training import SGD, Adam, Trainer


@dataclass(eq=False, repr=False)
class RecurrentEstimator(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, CallbackSupportMixin, BaseEstimator
):
    """A recurrent network from one sequence to one target.

    Subclasses say which cell (``_cell_name``) and what a target is (``_encode_target``,
    ``_validation_score``, ``_labels``).

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        The number of units of each recurrent layer, from the input up.

    solver : {'adam', 'sgd'}, default='adam'
        The optimizer: Adam, or stochastic gradient descent with momentum.

    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights, divided by the size of the minibatch when
        added to the loss.

    batch_size : int or 'auto', default='auto'
        Sequences per minibatch. "auto" is ``min(200, n_samples)``.

    learning_rate_init : float, default=0.001
        The step size of the optimizer.

    max_iter : int, default=200
        The greatest number of epochs, passes over the training sequences.

    shuffle : bool, default=True
        Whether to shuffle the sequences in each epoch.

    random_state : int, RandomState instance or None, default=None
        Decides the initial weights, the validation part, the shuffling and dropout. An int makes
        two fits equal to the last bit, whatever the number of threads.

    tol : float, default=1e-4
        The least change of the loss, or of the validation score with ``early_stopping``, that
        counts as an improvement.

    verbose : bool, default=False
        Whether to print the loss of every epoch.

    momentum : float, default=0.9
        Momentum of "sgd", from 0 to 1.

    nesterovs_momentum : bool, default=True
        Whether the momentum of "sgd" is Nesterov's.

    early_stopping : bool, default=False
        Whether to set a validation part aside, stop when its score does not improve, and keep
        the weights of the best epoch. The part is drawn at random, so for overlapping windows of
        one series its score says little.

    validation_fraction : float, default=0.1
        The share of the training sequences that is set aside with ``early_stopping``, drawn at
        random.

    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).

    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).

    epsilon : float, default=1e-8
        Added to the denominator in Adam.

    n_iter_no_change : int or inf, default=10
        Training stops after more than this number of epochs in a row without an improvement.
        With infinity all ``max_iter`` epochs run.

    dropout : float, default=0.0
        The probability of dropping an output between two layers, in training.

    max_grad_norm : float or None, default=None
        The greatest norm of a gradient; a larger one is scaled down to it.

    dtype : {'float32', 'float64', 'auto'}, default='float32'
        The precision of the network; "auto" is that of X.
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    _: KW_ONLY
    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: int | str = "auto"
    learning_rate_init: float = 0.001
    max_iter: int = 200
    shuffle: bool = True
    random_state: int | np.random.RandomState | None = None
    tol: float = 1e-4
    verbose: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int | float = 10
    dropout: float = 0.0
    max_grad_norm: float | None = None
    dtype: str = "float32"

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "solver": [StrOptions({"adam", "sgd"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "dtype": [StrOptions({"float32", "float64", "auto"})],
    }

    def __init_subclass__(cls, **kwargs):
        """Join the constraints of the classes that an estimator is composed of."""
        super().__init_subclass__(**kwargs)
        constraints = {}
        for base in reversed(cls.__mro__):
            constraints |= vars(base).get("_parameter_constraints", {})
        cls._parameter_constraints = constraints

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Fit the network.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences: (n_samples, n_timesteps, n_features); a list of
            (n_timesteps_i, n_features) arrays; :class:`~skrnn.Sequences`; or a table
            (n_samples, n_timesteps), one univariate sequence per row. In 3-D and ragged input
            leading and trailing steps that are all NaN are padding; any other NaN is an error.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, one for each sequence.

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
        with _unchanged_on_error(self), single_threaded_blas():
            sequences = self._validate_X(X, reset=True)
            if y is None:
                raise ValueError(
                    f"This {type(self).__name__} estimator requires y to be passed, but the "
                    f"target y is None."
                )
            check_consistent_length(sequences, y)
            self._fit(sequences, *self._encode_target(y), context, X, y)
        return self

    def _fit(self, sequences, target, loss, target_attributes, context, X, y):
        random_state = check_random_state(self.random_state)
        init_rng, shuffle_rng, dropout_rng = np.random.default_rng(
            random_state.randint(np.iinfo(np.int32).max)
        ).spawn(3)
        network = Network(
            self._cell_name(), sequences.rows.shape[1], self._layer_sizes(), target.shape[1],
            self.dropout,
        )  # fmt: skip
        try:
            theta = network.initialize(init_rng, sequences.dtype)
        except (MemoryError, ValueError) as error:  # ValueError: more than an array may have
            raise MemoryError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} needs {network.layout.size} "
                f"weights, for which there is no memory. Use fewer units."
            ) from error
        target = target.astype(sequences.dtype, copy=False)

        train, validation_score = np.arange(len(sequences)), None
        if self.early_stopping:
            train, held_out = hold_out(
                len(sequences),
                self.validation_fraction,
                self._labels(target, target_attributes),
                random_state,
            )

            def validation_score(theta):
                raw, _ = network.predict(theta, sequences[held_out])
                if not np.isfinite(raw).all():
                    return np.nan
                return self._validation_score(target[held_out], raw)

        objective = Objective(
            network, loss, sequences[train], target[train], self.alpha, dropout_rng
        )
        trainer = Trainer(
            objective.loss_gradient,
            n_samples=len(train),
            optimizer=self._optimizer(),
            batch_size=self._batch_size(len(train)),
            max_iter=self.max_iter,
            shuffle=self.shuffle,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            max_grad_norm=self.max_grad_norm,
            verbose=self.verbose,
            rng=shuffle_rng,
            validation_score=validation_score,
        )

        def fitted_attributes():
            curve, scores = trainer.loss_curve, trainer.validation_scores
            return target_attributes | {
                "n_outputs_": target.shape[1],
                "out_activation_": loss.out_activation,
                "loss_": curve[-1],
                "loss_curve_": list(curve),
                "best_loss_": None if self.early_stopping else min(curve),
                "validation_scores_": list(scores) if self.early_stopping else None,
                "best_validation_score_": max(scores) if self.early_stopping else None,
                "n_iter_": trainer.n_iter,
                "t_": trainer.n_iter * len(train),
                "_loss": loss,
                "_network": network,
                "_theta": theta.copy(),
            }

        tasks = EpochTasks(self, context, X, y, fitted_attributes)
        trainer.run(theta, tasks)
        if trainer.n_iter == self.max_iter and not (
            trainer.converged or self.n_iter_no_change == np.inf
        ):
            warnings.warn(
                f"Training reached max_iter={self.max_iter} epochs and has not converged yet. "
                "Raise it, or set n_iter_no_change=np.inf to train a fixed number of epochs.",
                ConvergenceWarning,
                stacklevel=4,
            )
        for name, value in fitted_attributes().items():
            setattr(self, name, value)
        tasks.finish()

    def transform(self, X):
        """The hidden state after the last step of each sequence, as features.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples, hidden_layer_sizes[-1])
            The hidden state of the last layer.
        """
        return self._predict(X)[1]

    def _predict(self, X):
        """Raw predictions and hidden states."""
        check_is_fitted(self)
        sequences = self._validate_X(X, reset=False)
        with single_threaded_blas():
            return self._network.predict(self._theta, sequences)

    def _validate_X(self, X, *, reset):
        if reset:
            dtype = None if self.dtype == "auto" else np.dtype(self.dtype)
        else:
            dtype = self._theta.dtype
        if is_table(X):
            if not reset and self._network.n_features != 1:
                check_array(X, dtype=FLOATS, estimator=self, input_name="X")
                self._check_width(1)  # says more than that the number of columns is wrong
            table = validate_data(self, X, reset=reset, dtype=FLOATS, order="C")
            sequences = as_sequences(table[:, :, np.newaxis], dtype)
        else:
            sequences = as_sequences(X, dtype)
            if reset:
                # Forgets the column names of an earlier fit.
                validate_data(self, X, skip_check_array=True, ensure_2d=False)
                self.n_features_in_ = sequences.shape[2]
        if not reset:
            self._check_width(sequences.shape[2])
        return sequences

    def _check_width(self, n_features):
        if n_features != self._network.n_features:
            raise ValueError(
                f"X has {n_features} features per step, but {type(self).__name__} was fitted with "
                f"{self._network.n_features}. X is (n_samples, n_timesteps, n_features); a 2-D X "
                f"is one univariate sequence per row."
            )

    def _optimizer(self):
        if self.solver == "sgd":
            return SGD(self.learning_rate_init, self.momentum, self.nesterovs_momentum)
        return Adam(self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)

    def _batch_size(self, n_samples):
        if self.batch_size == "auto":
            return min(200, n_samples)
        if self.batch_size > n_samples:
            warnings.warn(
                f"batch_size={self.batch_size} is larger than the {n_samples} training sequences; "
                f"they all go into one minibatch.",
                stacklevel=5,
            )
        return min(self.batch_size, n_samples)

    def _layer_sizes(self):
        try:
            sizes = np.atleast_1d(self.hidden_layer_sizes)
        except ValueError:  # lists of different lengths
            sizes = np.empty(0)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or len(sizes) == 0 or sizes.min() < 1:
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r}; expected a positive int or a "
                f"sequence of them, one for each layer."
            )
        return sizes.tolist()

    @property
    def _n_features_out(self):
        return self._network.readout.n_hidden

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


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
