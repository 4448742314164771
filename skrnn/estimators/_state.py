"""Prediction row by row, with the state in the hands of the user."""

import threading
from numbers import Integral
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.utils import check_array, check_scalar
from sklearn.utils.validation import check_is_fitted

from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._embedding import check_codes
from skrnn.network.state import State
from skrnn.network.stepping import Stepper
from skrnn.sequences import FLOATS, Sequences
from skrnn.targets import require_finite
from skrnn.windows._panel import group_names

INT64 = np.dtype(np.int64)


class StateMixin:
    """Prediction after each row of a stream, from the state that the rows before it have left."""

    def hidden_states(self, X, *, state=None, return_state=False):
        """Compute the hidden states of the last layer after every step.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.
        state : State, default=None
            What was read before, one stream for each sequence, from ``init_state``,
            ``predict_step`` or an earlier call. It is not changed. None is nothing. A state of
            another estimator, or from before a fit, is an error only if its form differs.
        return_state : bool, default=False
            Whether to return the state after the last step of each sequence too.

        Returns
        -------
        hidden : Sequences of shape (n_samples, n_timesteps, n_units)
            The states of each sequence, without padding. ``n_units`` is
            ``hidden_layer_sizes[-1]``, or twice that if bidirectional. If X is a table with a
            ``group``, each group is a sequence, in the order of first appearance.
        state : State
            What has been read now. Only with ``return_state``.

        Raises
        ------
        ValueError
            If X or the state is not as described, if a hidden state overflows, or if there is a
            state and the estimator is bidirectional.
        """
        check_is_fitted(self)
        sequences = self._sequences(X)
        network, carry, lengths = self._network, None, sequences.lengths
        if state is not None or return_state:
            stepper = _prepared(self).stepper
            state = stepper.start(len(sequences)) if state is None else state
            _prepared(self).check_state(state, len(sequences))
            carry = stepper.carry(state)
        with single_threaded_blas():
            hidden = network.hidden_states(self._theta, sequences, carry)
        require_finite(hidden, "hidden state", "step")
        hidden = Sequences(hidden, np.cumsum(lengths) - lengths, lengths)
        return (hidden, stepper.after(state, carry, sequences)) if return_state else hidden

    def init_state(self, n_streams=1):
        """Make the state of streams of which nothing has been read.

        Parameters
        ----------
        n_streams : int, default=1
            The number of streams, at least 1.

        Returns
        -------
        State
            A value with two arrays, ``values`` (n_streams, n_values) and ``n_steps``
            (n_streams,), one row for each stream. It can be pickled, and ``state[which]`` is the
            state of some of the streams. It does not know the estimator: after another fit, begin
            with a new one.

        Raises
        ------
        ValueError
            If the estimator is bidirectional.
        """
        check_scalar(n_streams, "n_streams", Integral, min_val=1)
        return _prepared(self).stepper.start(n_streams)

    def predict_step(self, x, state):
        """Read one row of each stream, and predict.

        The prediction has the same bits as that of ``predict`` for the sequence of all rows that
        the stream has given so far; of an estimator of steps, that for the last of these rows. It
        takes the same time after any number of rows.

        Parameters
        ----------
        x : array-like of shape (n_streams, n_features) or (n_features,)
            The next row of each stream; 1-D for a single stream. A DataFrame has the columns of
            ``fit``, in the same order.
        state : State
            What was read before, from ``init_state`` or an earlier call. It is not changed. It has
            to come from this estimator as it is now: a state of another one, or from before a fit,
            is an error only if its form differs.

        Returns
        -------
        y : ndarray of shape (n_streams,) or (n_streams, n_outputs)
            What ``predict`` would return; without the first axis if x is 1-D.
        state : State
            What has been read now.

        Raises
        ------
        ValueError
            If x or the state is not as described, if a prediction overflows, or if the estimator
            is bidirectional.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import GRURegressor
        >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
        >>> model = GRURegressor(8, max_iter=5, random_state=0).fit(X, X.mean(axis=(1, 2)))
        >>> state = model.init_state()
        >>> for row in X[0]:
        ...     y, state = model.predict_step(row, state)
        >>> bool(y == model.predict(X[:1])[0])
        True
        """
        y, state, is_one = _step(self, x, state)
        shape = _prepared(self).shape
        y = self._target.decode(y) if shape is None else y.reshape(-1, *shape)
        return y[0] if is_one else y, state

    def _check_names(self, x):
        """Raise an error if x is a frame whose columns are not the features of ``fit`` in order."""
        found, known = getattr(x, "columns", None), getattr(self, "feature_names_in_", None)
        is_of_steps = hasattr(self, "group")
        if found is None or known is None or (self._fitted_on_table and not is_of_steps):
            return  # of a table whose rows are sequences, the columns are no features
        if not all(isinstance(name, str) for name in found):
            return
        if is_of_steps:
            keys = {self.time, *group_names(self.group)}
            known = [name for name in known if name not in keys]
        if list(found) != list(known):
            raise ValueError(
                f"x has the columns {list(found)}, but {type(self).__name__} was fitted with "
                f"{list(known)}; expected the same columns in the same order."
            )


class ProbabilityStateMixin(StateMixin):
    """The same of classes, with their probabilities."""

    def predict_proba_step(self, x, state):
        """Read one row of each stream, and predict the probability of each class.

        Parameters
        ----------
        x : array-like of shape (n_streams, n_features) or (n_features,)
            The next row of each stream; 1-D for a single stream. A DataFrame has the columns of
            ``fit``, in the same order.
        state : State
            What was read before, from ``init_state`` or an earlier call. It is not changed. It has
            to come from this estimator as it is now: a state of another one, or from before a fit,
            is an error only if its form differs.

        Returns
        -------
        proba : ndarray of shape (n_streams, n_classes)
            What ``predict_proba`` would return; without the first axis if x is 1-D.
        state : State
            What has been read now.

        Raises
        ------
        ValueError
            As of ``predict_step``.
        """
        raw, state, is_one = _step(self, x, state)
        proba = np.exp(self._target.loss.log_proba(raw))
        return proba[0] if is_one else proba, state


class _Prepared(NamedTuple):
    """An estimator made ready for steps."""

    theta: np.ndarray  # the weights that the stepper was made of
    stepper: Stepper
    shape: tuple | None  # of y of one stream, if the stepper's output is y but for its shape

    def check(self, x, state):
        """Raise an error if the state or the shape of x is not that of a step."""
        self.check_state(state)
        n_streams, n_features = len(state.values), self.stepper.network.n_features
        if n_streams == 0:
            raise ValueError("state has 0 streams; expected at least one.")
        if x.shape != (n_streams, n_features):
            raise ValueError(
                f"x has shape {x.shape}; expected ({n_streams}, {n_features}): one row of "
                f"{n_features} features for each of the {n_streams} streams of the state."
            )

    def check_state(self, state, n_expected=None):
        """Raise an error if the state is not one of this estimator, or of another number."""
        n_values, dtype = self.stepper.n_values, self.theta.dtype
        if not isinstance(state, State):
            raise TypeError(
                f"state is of type {type(state).__name__}; expected a State, as init_state and "
                f"predict_step return it."
            )
        values, n_steps = state.values, state.n_steps
        if not (
            isinstance(values, np.ndarray)
            and isinstance(n_steps, np.ndarray)
            and values.ndim == 2
            and values.shape[1] == n_values
            and n_steps.shape == values.shape[:1]
            and values.dtype == dtype
            and n_steps.dtype == INT64
        ):
            raise ValueError(
                f"state has values of {_form(values)}, and n_steps of {_form(n_steps)}; expected "
                f"values of shape (n_streams, {n_values}) and dtype {dtype}, and n_steps of shape "
                f"(n_streams,) and dtype int64. It is not a state of this estimator: begin with "
                f"init_state."
            )
        n_streams = len(values)
        if n_expected not in (None, n_streams):
            raise ValueError(
                f"state has {n_streams} streams, but X has {n_expected} sequences; expected one "
                f"stream for each sequence."
            )


def _form(array):
    """What an attribute of a state is, for messages."""
    if not isinstance(array, np.ndarray):
        return f"type {type(array).__name__}"
    return f"shape {array.shape} and dtype {array.dtype}"


def _step(estimator, x, state):
    """Raw predictions or y, the state after them, and whether x is a single row."""
    prepared = _prepared(estimator)
    if type(x) is not np.ndarray or x.dtype not in FLOATS:
        estimator._check_names(x)
        x = check_array(x, dtype=FLOATS, ensure_2d=False, ensure_all_finite=False, input_name="x")
    is_one = x.ndim == 1
    if is_one:
        x = x[np.newaxis]
    prepared.check(x, state)
    try:
        return *prepared.stepper.step(x, state), is_one
    except ValueError:
        if estimator._embedding_shapes:  # a code may be wrong: this says which
            check_codes(estimator, Sequences(x, np.arange(len(x)), np.ones(len(x), np.intp)))
        raise


class _Known(threading.local):
    """What each thread has made ready: beside the estimators, as it is no part of the model."""

    def __init__(self):
        self.prepared = WeakKeyDictionary()


_known = _Known()


def _prepared(estimator):
    """The estimator made ready for steps, again only after a fit."""
    prepared = _known.prepared.get(estimator)
    if prepared is None or prepared.theta is not estimator._theta:
        prepared = _known.prepared[estimator] = _prepare(estimator)
    return prepared


def _prepare(estimator):
    check_is_fitted(estimator)
    network, target, theta = estimator._network, estimator._target, estimator._theta
    if network.kind["bidirectional"]:
        raise ValueError(
            "Prediction row by row is not possible with bidirectional=True: the second direction "
            "begins at the end of a sequence, and a stream has no end yet. Fit with "
            "bidirectional=False, or pass windows of the last rows to predict."
        )
    affine = getattr(target, "affine", None)
    if affine is None:
        return _Prepared(theta, Stepper(network, theta), None)
    return _Prepared(theta, Stepper(network, theta, *affine), target.shape)
