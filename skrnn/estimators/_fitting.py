"""One fit: from validated data to trained weights and the attributes that tell of it."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skrnn._warnings import warn
from skrnn.estimators._holdout import hold_out
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
        init_rng, shuffle_rng, dropout_rng = np.random.default_rng(seed).spawn(3)
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
        self.n_samples, longest = len(data.y), data.sequences.shape[1]
        batch_size = make_batch_size(options, self.n_samples)
        if earlier is None:
            self.theta = self._first_theta(data, initialize, init_rng, batch_size)
        else:
            self.theta = earlier.theta.astype(data.sequences.dtype)
        objective = Objective(
            network,
            target.loss,
            *data,
            alpha=penalty(options),
            recurrent_dropout=recurrent_dropout,
            tbptt_steps=options.tbptt_steps and min(options.tbptt_steps, longest),
            dropout_rng=dropout_rng,
        )
        self.solver = make_solver(
            options,
            objective,
            shuffle_rng,
            batch_size=batch_size,
            earlier_optimizer=self.earlier.optimizer,
            n_seen=self.earlier.n_seen,
        )
        self.trainer = Trainer(
            self.solver,
            tol=options.tol,
            n_iter_no_change=options.n_iter_no_change,
            verbose=options.verbose,
            validation_score=validation_score,
        )

    def _validation_score(self, held_out):
        def score(theta):
            raw, _ = self.network.predict(theta, held_out.sequences)
            if not np.isfinite(raw).all():
                return np.nan
            return self.target.score(held_out.y, raw, held_out.weight)

        return score

    def _first_theta(self, data, initialize, rng, batch_size):
        """New weights; the head, and the linear path, begin where the targets say."""
        sequences, y, weight = data
        loss, alpha = self.target.loss, penalty(self.options)
        if self.options.solver != "lbfgs":  # every minibatch has a penalty of its own
            alpha *= len(y) / batch_size
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
            "n_iter_": len(loss_curve),
            "t_": earlier.n_seen + trainer.n_iter * self.n_samples,
            "_network": self.network,
            "_target": self.target,
            "_theta": self.theta.copy(),
            "_optimizer": self.solver.optimizer if self.is_partial else None,
        }
