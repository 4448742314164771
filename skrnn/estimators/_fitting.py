"""One fit: from validated data to trained weights and the attributes that tell of it."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skrnn._warnings import warn
from skrnn.distributed import ALONE
from skrnn.estimators import _interruption
from skrnn.estimators._callbacks import NoTasks
from skrnn.estimators._data import Data
from skrnn.estimators._holdout import hold_out
from skrnn.estimators._linear_start import (
    LinearStart,
    begin_with_least_squares,
    confirmed_share,
)
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._ranks import AgreedTasks, JoinedObjective, JoinedValidator
from skrnn.estimators._scoring import Scorer, Validator
from skrnn.estimators._solvers import make_solver, penalty, resolve
from skrnn.network.minibatch import flat
from skrnn.network.objective import (
    ChunkedObjective,
    Objective,
    PairedObjective,
    TeacherForcing,
)
from skrnn.network.truncation import count_chunks
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
    forcing : tuple of float or None
        Of a decoder, the share of teacher forcing in the first epoch and at the end of the last.
    ranks : Alone or Ranks
        The processes that train together, each with its own data.
    """

    def __init__(
        self, network, target: Target, data: Data, options: Optimization, initialize,
        *, recurrent_dropout=0.0, validation: Data | None = None, scorer: Scorer | None = None,
        earlier=None, is_partial=False, forcing=None, ranks=ALONE,
    ):  # fmt: skip
        self.network = network
        self.target = target
        self.is_resumed = earlier is not None
        self.earlier = earlier or UNTRAINED
        self.is_partial = is_partial
        self.forcing = forcing
        self.ranks = ranks
        self.has_scorer = scorer is not None
        random_state = check_random_state(options.random_state)
        seed = [random_state.randint(np.iinfo(np.int32).max), len(self.earlier.loss_curve)]
        seed = ranks.gather(seed)[0]
        self.validate: Validator | JoinedValidator | None = None
        if options.early_stopping:
            if validation is None:
                labels = None if data.is_of_steps else target.strata(data.y)
                train, held_out = hold_out(
                    data.sequences, labels, options, random_state, data.group
                )
                data, validation = data.take(train), data.take(held_out)
            validate = Validator(
                network, target.loss, validation, scorer, data, self._model_attributes, random_state
            )
            is_joined = ranks.size > 1
            self.validate = JoinedValidator(ranks, validate, validation) if is_joined else validate
        self.initialize = initialize
        self.seed = seed
        self.recurrent_dropout = recurrent_dropout
        counts = len(data.y), n_parts(data, options.tbptt_steps)
        self.options = resolve(options, *map(sum, zip(*ranks.gather(counts), strict=True)))
        has_linear = network.linear.n_steps > 0
        self.holds_linear = has_linear and target.loss.is_least_squares and not is_partial
        self.network_share = 1.0 if has_linear else None
        self.linear_start = None
        if self.holds_linear and not self.is_resumed:
            self.linear_start = LinearStart(network, target.loss, data)
            data = self.linear_start.first_data
        self._prepare(data)

    def _prepare(self, data):
        """The weights to begin with, and what trains them."""
        options, earlier = self.options, self.earlier
        init_rng, shuffle_rng, dropout_rng = np.random.default_rng(self.seed).spawn(3)
        if self.ranks.size > 1:  # what each draws for its own sequences
            shuffle_rng, dropout_rng = (
                rng.spawn(self.ranks.size)[self.ranks.rank] for rng in (shuffle_rng, dropout_rng)
            )
        sizes = self.ranks.gather(data.sequences.shape)
        self.n_samples, longest = sum(n for n, _, _ in sizes), max(n for _, n, _ in sizes)
        if self.is_resumed:
            self.theta = earlier.theta.astype(data.sequences.dtype)
        else:
            self.theta = self._first_theta(data, init_rng, longest)
        objective = self._objective_class(data)(
            self.network,
            self.target.loss,
            *data[:3],
            alpha=penalty(options),
            recurrent_dropout=self.recurrent_dropout,
            tbptt_steps=options.tbptt_steps and min(options.tbptt_steps, longest),
            dropout_rng=dropout_rng,
            holds_linear=self.holds_linear,
        )
        self.solver = make_solver(
            options,
            objective,
            shuffle_rng,
            earlier_optimizer=earlier.optimizer,
            n_seen=earlier.n_seen,
        )
        self.trainer = Trainer(
            self.solver,
            tol=options.tol,
            n_iter_no_change=self.patience,
            verbose=options.verbose,
            validate=self.validate,
        )

    def _objective_class(self, data):
        """What makes the objective of the data."""
        if self.forcing is not None:
            n_seen = self.options.max_iter * len(data.y)
            forcing = TeacherForcing(*self.forcing, n_seen, self.target.feedback)
            return partial(PairedObjective, forcing=forcing)
        if self.ranks.size > 1:
            return partial(JoinedObjective, self.ranks)
        of_chunks = data.is_of_steps and self.options.tbptt_steps is not None
        return ChunkedObjective if of_chunks else Objective

    @property
    def patience(self):
        """Epochs in a row that may bring no improvement."""
        n_epochs = self.options.n_iter_no_change
        return np.inf if n_epochs is None else n_epochs

    def _first_theta(self, data, rng, longest):
        """New weights; the head, and the linear path, begin where the targets say."""
        loss = self.target.loss
        theta = self.initialize(rng, data.sequences.dtype, longest)
        y, weight = self.ranks.join(flat(data.y), flat(data.weight))
        start = loss.start(y, weight[:, 0])
        self.network.params(theta).readout["bias_out"][:] = start
        if self.network.linear.n_steps:
            begin_with_least_squares(self.network, loss, theta, data)
        return theta

    def run(self, tasks):
        """Train; ``tasks`` are told of every epoch."""
        if self.ranks.size > 1:
            tasks = AgreedTasks(self.ranks, tasks)
        if self.linear_start is None:
            is_candidate = self.is_resumed or self.network.linear.n_steps > 0
            self.trainer.run(self.theta, tasks, is_trained=is_candidate)
        else:
            self._train_beside_linear_start(tasks)
        trainer = self.trainer
        # Other ranks may be in another epoch; or a search, which goes on after a fit, is to end.
        if trainer.interrupted and (self.ranks.size > 1 or _interruption.is_repeated()):
            raise KeyboardInterrupt
        if trainer.interrupted:
            n_iter = len(self.earlier.loss_curve) + trainer.n_iter
            kept = "that epoch" if trainer.keeps_last else "the best epoch"
            if self.linear_start is not None:
                kept = "the linear path alone"
            warn(
                f"Training was interrupted after epoch {n_iter}. The model of {kept} is kept. To "
                f"end a search, too, press Ctrl-C once more within {_interruption.SECONDS} seconds."
            )
        elif not (trainer.converged or trainer.stopped or self.is_partial):
            self._warn_of_limit()
        elif trainer.ran_out and not self.options.early_stopping:
            self._warn_if_unsettled()

    def _warn_of_limit(self):
        """Training has not converged: say so, unless a fixed number of epochs was asked for."""
        remedy = "Increase that limit"
        if self.options.solver != "lbfgs":  # which looks for a minimum in any case
            if self.patience == np.inf:
                return
            remedy += ", or set n_iter_no_change=None to train for a fixed number of epochs"
        warn(
            f"Training reached {self.solver.limit} and did not converge. {remedy}.",
            ConvergenceWarning,
        )

    def _warn_if_unsettled(self):
        """Training has stopped by itself: say so if its loss was not at rest."""
        loss_curve = self.trainer.loss_curve
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

    def _train_beside_linear_start(self, tasks):
        """Train on parts until the gain is in doubt, and on all if it never is."""
        linear_start, losses = self.linear_start, []
        first_theta = self.theta.copy()
        self.trainer.run(self.theta, tasks, is_trained=True)
        complete = self.trainer  # of the last round of training
        share = 0.0 if complete.interrupted or complete.stopped else 1.0
        try:
            for left_out, next_data in linear_start.trials if share else []:
                losses.append(linear_start.losses(left_out, first_theta, self.theta))
                # At every end there has to be a gain; how much is best for all of them together.
                is_confirmed = confirmed_share(losses[-1]) > 0
                share = confirmed_share(np.hstack(losses)) if is_confirmed else 0.0
                if share == 0:
                    break
                self._prepare(next_data)
                first_theta = self.theta.copy()
                self.trainer.run(self.theta, NoTasks(), is_trained=True)
                if self.trainer.interrupted:
                    raise KeyboardInterrupt
                complete = self.trainer
        except KeyboardInterrupt:  # the proof is not complete
            share, complete.interrupted = 0.0, True
        self.trainer, self.network_share = complete, share
        linear_start.mix(first_theta, self.theta, share)

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
            "network_share_": self.network_share,
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


def n_parts(data, tbptt_steps):
    """The parts of all sequences that have a gradient each in an epoch."""
    if not data.is_of_steps or tbptt_steps is None:
        return len(data.y)
    return int(count_chunks(data.sequences.lengths, tbptt_steps).sum())


def unsettled(loss_curve, n_last, tol):
    """The median of the last losses, if it is clearly above the minimum of all; else None.

    Clearly is by more than tol, than a tenth of the minimum, and than a tenth of the way down to
    it from the first epoch: small minibatches and dropout make less noise than that.
    """
    recent, best = float(np.median(loss_curve[-n_last:])), min(loss_curve)
    gap = recent - best
    return recent if gap > max(tol, 0.1 * best, 0.1 * (loss_curve[0] - best)) else None
