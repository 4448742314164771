"""One fit: from validated data to trained weights and the attributes that tell of it."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skrnn._warnings import warn
from skrnn.estimators._data import Data
from skrnn.estimators._holdout import hold_out
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._scoring import Scorer, Validator
from skrnn.estimators._solvers import make_solver, penalty, resolve
from skrnn.network.objective import Objective
from skrnn.targets import Target
from skrnn.training import Trainer


class Earlier(NamedTuple):
    """What an earlier fit has left, to go on from."""

    theta: np.ndarray
    n_seen: int  # samples, over all epochs
    loss_curve: list[float]
    gradient_norms: list[float]
    validation_loss_curve: list[float]
    validation_scores: list[float]
    train_scores: list[float]
    optimizer: Any = None


UNTRAINED = Earlier(np.empty(0), 0, [], [], [], [], [])


class Fit:
    """The training of a network.

    Parameters
    ----------
    network : Network
    target : Target
        Fitted.
    data : Data
    options : Optimization
        How to train.
    initialize : callable
        ``initialize(rng, dtype, longest)`` draws the first theta, for sequences of at most
        ``longest`` steps.
    recurrent_dropout : float
    validation : Data or None
        What early stopping validates on; None is a part of the data.
    scorer : Scorer or None
        With early stopping it decides instead of the loss.
    earlier : Earlier or None
        Without it training begins with new weights.
    is_partial : bool
        Whether this is one epoch of many, between which the optimizer is kept.
    """

    def __init__(
        self, network, target: Target, data: Data, options: Optimization, initialize,
        *, recurrent_dropout=0.0, validation: Data | None = None, scorer: Scorer | None = None,
        earlier=None, is_partial=False,
    ):  # fmt: skip
        self.network = network
        self.target = target
        self.is_resumed = earlier is not None
        self.earlier = earlier or UNTRAINED
        self.is_partial = is_partial
        self.has_scorer = scorer is not None
        random_state = check_random_state(options.random_state)
        seed = [random_state.randint(np.iinfo(np.int32).max), len(self.earlier.loss_curve)]
        init_rng, shuffle_rng, dropout_rng = np.random.default_rng(seed).spawn(3)
        validate = None
        if options.early_stopping:
            if validation is None:
                labels = target.strata(data.y)
                train, held_out = hold_out(data.sequences, labels, options, random_state)
                data, validation = data.take(train), data.take(held_out)
            validate = Validator(
                network, target.loss, validation, scorer, data, self._model_attributes, random_state
            )
        self.n_samples, longest = len(data.y), data.sequences.shape[1]
        self.options = options = resolve(options, self.n_samples)
        if earlier is None:
            self.theta = self._first_theta(data, initialize, init_rng)
        else:
            self.theta = earlier.theta.astype(data.sequences.dtype)
        objective = Objective(
            network,
            target.loss,
            *data[:3],
            alpha=penalty(options),
            recurrent_dropout=recurrent_dropout,
            tbptt_steps=options.tbptt_steps and min(options.tbptt_steps, longest),
            dropout_rng=dropout_rng,
        )
        self.solver = make_solver(
            options,
            objective,
            shuffle_rng,
            earlier_optimizer=self.earlier.optimizer,
            n_seen=self.earlier.n_seen,
        )
        self.trainer = Trainer(
            self.solver,
            tol=options.tol,
            n_iter_no_change=self.patience,
            verbose=options.verbose,
            validate=validate,
        )

    @property
    def patience(self):
        """Epochs in a row that may bring no improvement."""
        n_epochs = self.options.n_iter_no_change
        return np.inf if n_epochs is None else n_epochs

    def _first_theta(self, data, initialize, rng):
        """New weights; the head, and the linear path, begin where the targets say."""
        sequences, y, weight, _ = data
        loss, alpha = self.target.loss, penalty(self.options)
        if self.options.solver != "lbfgs":  # every minibatch has a penalty of its own
            alpha *= len(y) / self.options.batch_size
        n_ar_steps, longest = self.network.linear.n_steps, sequences.shape[1]
        if n_ar_steps > longest:
            raise ValueError(
                f"ar_steps={n_ar_steps} is more than the {longest} steps of the longest training "
                f"sequence. Set ar_steps to at most {longest}."
            )
        theta = initialize(rng, sequences.dtype, longest)
        self.network.params(theta).readout["bias_out"][:] = loss.start(y, weight)
        if n_ar_steps:
            self.network.start_from_least_squares(
                theta, sequences, loss.link(y, weight), weight, alpha
            )
        return theta

    def run(self, tasks):
        """Train; ``tasks`` are told of every epoch."""
        self.trainer.run(self.theta, tasks, is_trained=self.is_resumed)
        trainer = self.trainer
        if trainer.interrupted:
            n_iter = len(self.earlier.loss_curve) + trainer.n_iter
            kept = "that epoch" if trainer.keeps_last else "the best epoch"
            warn(
                f"Training was interrupted after epoch {n_iter}. The model of {kept} is kept."
            )
        elif not (
            trainer.converged or trainer.stopped or self.patience == np.inf or self.is_partial
        ):
            warn(
                f"Training reached {self.solver.limit} and did not converge. Increase that limit, "
                f"or set n_iter_no_change=None to train for a fixed number of epochs.",
                ConvergenceWarning,
            )
        elif trainer.ran_out and not self.options.early_stopping:
            self._warn_if_unsettled()

    def _warn_if_unsettled(self):
        """Training has stopped by itself: say so if its loss was not at rest."""
        loss_curve = [*self.earlier.loss_curve, *self.trainer.loss_curve]
        recent = unsettled(loss_curve, self.patience, self.options.tol)
        if recent is not None:
            remedies = ", ".join(self.solver.remedies)
            warn(
                f"Training stopped after epoch {len(loss_curve)}, because the loss did not improve "
                f"in {self.patience} epochs; but the loss had not settled: its median in these "
                f"epochs is {recent:.3g}, and its minimum {min(loss_curve):.3g}. The model of the "
                f"best epoch is kept. To get a better one, {remedies}, or increase "
                f"n_iter_no_change (None runs all {self.solver.limit}).",
                ConvergenceWarning,
            )

    def attributes(self):
        """The fitted attributes, as of the last epoch."""
        earlier, trainer, is_validated = self.earlier, self.trainer, self.options.early_stopping
        loss_curve = [*earlier.loss_curve, *trainer.loss_curve]
        validations = trainer.validations
        losses = [*earlier.validation_loss_curve, *(v.loss for v in validations)]
        scores = [*earlier.validation_scores, *(v.merit for v in validations)]
        of_train = [v.train_score for v in validations if v.train_score is not None]
        train_scores = [*earlier.train_scores, *of_train]
        return self._model_attributes(self.theta.copy()) | {
            "loss_": loss_curve[-1],
            "loss_curve_": loss_curve,
            "gradient_norms_": [*earlier.gradient_norms, *trainer.gradient_norms],
            "best_loss_": None if is_validated else min(loss_curve),
            "validation_loss_curve_": losses if is_validated else None,
            "validation_scores_": scores if is_validated else None,
            "best_validation_score_": trainer.best if is_validated else None,
            "train_scores_": train_scores if self.has_scorer else None,
            "n_iter_": len(loss_curve),
            "t_": earlier.n_seen + trainer.n_iter * self.n_samples,
            "_optimizer": self.solver.optimizer if self.is_partial else None,
        }

    def _model_attributes(self, theta):
        """Those that predictions need."""
        return self.target.attributes() | {
            "n_outputs_": self.network.n_outputs,
            "out_activation_": self.target.loss.out_activation,
            "_network": self.network,
            "_target": self.target,
            "_theta": theta,
        }


def unsettled(loss_curve, n_last, tol):
    """The median of the last losses, if it is clearly above the minimum of all; else None.

    Clearly is by more than tol, than a tenth of the minimum, and than a tenth of the way down to
    it from the first epoch: small minibatches and dropout make less noise than that.
    """
    recent, best = float(np.median(loss_curve[-n_last:])), min(loss_curve)
    gap = recent - best
    return recent if gap > max(tol, 0.1 * best, 0.1 * (loss_curve[0] - best)) else None
