"""One fit: from validated data to trained weights and the attributes that tell of it."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skrnn._warnings import warn
from skrnn.estimators._holdout import hold_out
from skrnn.estimators._linear_start import (
    LinearStart,
    Unwatched,
    begin_with_least_squares,
    confirmed_share,
)
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._solvers import make_batch_size, make_solver, penalty
from skrnn.network.objective import Objective
from skrnn.sequences import Sequences
from skrnn.targets import Target
from skrnn.training import Trainer


class Data(NamedTuple):
    """What a network is trained on, or scored with."""

    sequences: Sequences
    y: np.ndarray  # (n_samples, n_outputs), encoded
    weight: np.ndarray  # (n_samples,), greater than zero

    def take(self, index):
        return Data(*(part[index] for part in self))


class Earlier(NamedTuple):
    """What an earlier fit has left, to go on from."""

    theta: np.ndarray
    n_seen: int  # samples, over all epochs
    loss_curve: list[float]
    gradient_norms: list[float]
    validation_scores: list[float]
    optimizer: Any = None


UNTRAINED = Earlier(np.empty(0), 0, [], [], [])


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
    earlier : Earlier or None
        Without it training begins with new weights.
    is_partial : bool
        Whether this is one epoch of many, between which the optimizer is kept.
    """

    def __init__(
        self, network, target: Target, data: Data, options: Optimization, initialize,
        *, recurrent_dropout=0.0, earlier=None, is_partial=False,
    ):  # fmt: skip
        self.network = network
        self.target = target
        self.options = options
        self.is_resumed = earlier is not None
        self.earlier = earlier or UNTRAINED
        self.is_partial = is_partial
        random_state = check_random_state(options.random_state)
        seed = [random_state.randint(np.iinfo(np.int32).max), len(self.earlier.loss_curve)]
        validation_score = None
        if options.early_stopping:
            train, held_out = hold_out(
                len(data.y),
                options.validation_fraction,
                options.validation_split,
                target.strata(data.y),
                random_state,
            )
            validation_score = self._validation_score(data.take(held_out))
            data = data.take(train)
        self.validation_score = validation_score
        self.initialize = initialize
        self.seed = seed
        self.recurrent_dropout = recurrent_dropout
        self.batch_size = make_batch_size(options, len(data.y))
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
        self.n_samples, longest = len(data.y), data.sequences.shape[1]
        if self.is_resumed:
            self.theta = earlier.theta.astype(data.sequences.dtype)
        else:
            self.theta = self._first_theta(data, init_rng)
        objective = Objective(
            self.network,
            self.target.loss,
            *data,
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
            batch_size=min(self.batch_size, self.n_samples),
            earlier_optimizer=earlier.optimizer,
            n_seen=earlier.n_seen,
        )
        self.trainer = Trainer(
            self.solver,
            tol=options.tol,
            n_iter_no_change=options.n_iter_no_change,
            verbose=options.verbose,
            validation_score=self.validation_score,
        )

    def _validation_score(self, held_out):
        def score(theta):
            raw, _ = self.network.predict(theta, held_out.sequences)
            if not np.isfinite(raw).all():
                return np.nan
            return self.target.score(held_out.y, raw, held_out.weight)

        return score

    def _first_theta(self, data, rng):
        """New weights; the head, and the linear path, begin where the targets say."""
        loss = self.target.loss
        theta = self.initialize(rng, data.sequences.dtype, data.sequences.shape[1])
        self.network.params(theta).readout["bias_out"][:] = loss.start(data.y, data.weight)
        if self.network.linear.n_steps:
            begin_with_least_squares(self.network, loss, theta, data)
        return theta

    def run(self, tasks):
        """Train; ``tasks`` are told of every epoch."""
        if self.linear_start is None:
            is_candidate = self.is_resumed or self.network.linear.n_steps > 0
            self.trainer.run(self.theta, tasks, is_trained=is_candidate)
        else:
            self._train_beside_linear_start(tasks)
        trainer = self.trainer
        if trainer.interrupted:
            n_iter = len(self.earlier.loss_curve) + trainer.n_iter
            warn(f"Training was interrupted. The model after epoch {n_iter} is kept.")
        elif not (
            trainer.converged
            or trainer.stopped
            or self.options.n_iter_no_change == np.inf
            or self.is_partial
        ):
            warn(
                f"Training reached {self.solver.limit} and did not converge. Increase that limit, "
                f"or set n_iter_no_change=np.inf to train for a fixed number of epochs.",
                ConvergenceWarning,
            )

    def _train_beside_linear_start(self, tasks):
        """Train on parts until the gain is in doubt, and on all if it never is."""
        linear_start, losses = self.linear_start, []
        first_theta = self.theta.copy()
        self.trainer.run(self.theta, tasks, is_trained=True)
        for left_out, next_data in linear_start.trials:
            losses.append(linear_start.losses(left_out, first_theta, self.theta))
            # At every end there has to be a gain; how much is best for all of them together.
            is_confirmed = confirmed_share(losses[-1]) > 0
            self.network_share = confirmed_share(np.hstack(losses)) if is_confirmed else 0.0
            if self.network_share == 0 or self.trainer.interrupted or self.trainer.stopped:
                break
            self._prepare(next_data)
            first_theta = self.theta.copy()
            self.trainer.run(self.theta, Unwatched(), is_trained=True)
        linear_start.mix(first_theta, self.theta, self.network_share)

    def attributes(self):
        """The fitted attributes, as of the last epoch."""
        earlier, trainer, is_scored = self.earlier, self.trainer, self.options.early_stopping
        loss_curve = [*earlier.loss_curve, *trainer.loss_curve]
        scores = [*earlier.validation_scores, *trainer.validation_scores]
        return {
            "n_outputs_": self.network.n_outputs,
            "out_activation_": self.target.loss.out_activation,
            "loss_": loss_curve[-1],
            "loss_curve_": loss_curve,
            "gradient_norms_": [*earlier.gradient_norms, *trainer.gradient_norms],
            "best_loss_": None if is_scored else min(loss_curve),
            "validation_scores_": scores if is_scored else None,
            "best_validation_score_": trainer.best if is_scored else None,
            "network_share_": self.network_share,
            "n_iter_": len(loss_curve),
            "t_": earlier.n_seen + trainer.n_iter * self.n_samples,
            "_network": self.network,
            "_target": self.target,
            "_theta": self.theta.copy(),
            "_optimizer": self.solver.optimizer if self.is_partial else None,
        }
