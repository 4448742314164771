"""What all estimators share: from X and y to the network, and back."""

from dataclasses import KW_ONLY, dataclass, fields
from functools import partial
from numbers import Integral

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import (
    CallbackSupportMixin,
    Interval,
    Unwatched,
)
from skrnn.distributed import current
from skrnn.estimators._architecture import (
    Architecture,
    initial_theta,
    require_same_network,
)
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._callbacks import EpochTasks
from skrnn.estimators._data import Given, training_weight
from skrnn.estimators._embedding import Embeddings, embedding_shapes
from skrnn.estimators._fitting import Earlier, Fit
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._ranks import check_ranks
from skrnn.estimators._scale import warn_of_scale
from skrnn.estimators._scoring import Scorer
from skrnn.estimators._solvers import one_epoch
from skrnn.estimators._summary import summary
from skrnn.estimators._weights import WeightsMixin


@dataclass(eq=False, repr=False)
class RecurrentEstimator(
    Architecture,
    Embeddings,
    Optimization,
    WeightsMixin,
    OnnxMixin,
    CallbackSupportMixin,
    SavedMixin,
    BaseEstimator,
):
    """A recurrent network: parameters, one fit, and its attributes.

    Subclasses say which cell (``_cell_name``), what y is (``_make_target``), what a target belongs
    to, a sequence or a step (``_read_X``, ``_samples``), and what the network is
    (``_make_network``).

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

    def _fit(self, X, y, sample_weight, given):
        """Fit the network; ``given`` is what to validate on."""
        known = None if self.max_iter == "auto" else self.max_iter
        context = self._init_callback_context(max_subtasks=known)
        resume = self.warm_start and hasattr(self, "_theta")
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
                read = self._read_X(X, reset=not resume)
                self._check_y(X, y, read)
                samples = self._samples(read, y)
                earlier_shapes = self._embedding_shapes if resume else None
                self._embedding_shapes = self._embeddings(samples, earlier_shapes)
                ranks = current()
                check_ranks(ranks, self, samples.sequences)
                target = self._make_target(samples.y, **known)
                values = target.validate(samples.y)
                weight = training_weight(self, samples, values, sample_weight, target)
                if resume:
                    target.go_on_from(self._target, values)
                else:
                    target.fit(*ranks.join(values, weight))
                    warn_of_scale(samples.sequences, self._embedding_shapes)
                dtype = samples.sequences.dtype
                data = samples.data(lambda kept: target.encode(kept, dtype), values, weight)
                validation = given.check(self, target, dtype)
                scorer = self._make_scorer(sample_weight, given.sample_weight_val)
                fit = self._make_fit(target, data, validation, scorer, resume, is_partial, ranks)
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

    def _embeddings(self, samples, earlier):
        """The number of codes and the length of the vectors of the columns that have codes."""
        return embedding_shapes(self, samples.sequences, earlier)

    def _make_fit(self, target, data, validation, scorer, resume, is_partial, ranks):
        network = self._make_network(data, target, resume)
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
            forcing=self._forcing(),
            ranks=ranks,
        )

    def _forcing(self):
        """The share of teacher forcing at the start and at the end; None without a decoder."""
        return

    def _check_y(self, X, y, read):
        """Raise a ValueError if there is no y."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                f"is None."
            )

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
        dropouts = ("dropout", "recurrent_dropout", "embedding_dropout")
        if self.solver == "lbfgs" and any(getattr(self, name) for name in dropouts):
            found = ", ".join(f"{name}={getattr(self, name)}" for name in dropouts)
            raise ValueError(
                f"{found} are not supported with solver='lbfgs': it needs a loss without "
                f"randomness. Set all of them to 0."
            )
        is_adaptive = self.learning_rate == "adaptive" and self.solver != "lbfgs"
        if is_adaptive and self.n_iter_no_change in (None, np.inf):
            raise ValueError(
                f"learning_rate='adaptive' lowers the learning rate when n_iter_no_change epochs "
                f"bring no improvement, but n_iter_no_change={self.n_iter_no_change}. Set it to a "
                f"number, e.g. 10."
            )

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

    def _dtype(self, *, reset):
        """Of the network; None is that of X."""
        if not reset:
            return self._theta.dtype
        return None if self.dtype == "auto" else np.dtype(self.dtype)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.three_d_array = True
        return tags


def trains_by_minibatches(estimator):
    """Whether there is a ``partial_fit``."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is not available with solver='lbfgs', which needs all data at once."
        )
    return True
