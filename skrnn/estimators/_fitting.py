"""One fit: from validated data to trained weights and the attributes that tell of it."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from skrnn.estimators._holdout import hold_out
from skrnn.network.objective import Objective
from skrnn.training import Trainer


class Fit:
    """The training of an estimator's network.

    Parameters
    ----------
    estimator : RecurrentEstimator
        Its parameters; ``_loss`` and what it knows of the targets are set.
    sequences : Sequences of n_samples sequences
    target : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,)
        Greater than zero.
    resume : bool
        Whether to go on from the estimator's weights and curves.
    max_iter : int
    is_partial : bool
        Whether the optimizer goes on too, and is kept for the next call.
    """

    def __init__(self, estimator, sequences, target, weight, *, resume, max_iter, is_partial=False):
        self.estimator = estimator
        self.resume = resume
        self.is_partial = is_partial
        self.earlier = vars(estimator) if resume else {}
        random_state = check_random_state(estimator.random_state)
        seed = [random_state.randint(np.iinfo(np.int32).max), self.earlier.get("n_iter_", 0)]
        init_rng, shuffle_rng, dropout_rng = np.random.default_rng(seed).spawn(3)
        dtype = sequences.dtype
        data = sequences, target.astype(dtype), weight.astype(dtype)
        train, validation_score = slice(None), None
        if estimator.early_stopping:
            train, held_out = hold_out(
                len(sequences),
                estimator.validation_fraction,
                estimator.validation_split,
                estimator._labels(target),
                random_state,
            )
            validation_score = self._validation_score([part[held_out] for part in data])
        self.data = [part[train] for part in data]
        batch_size = estimator._batch_size(len(self.data[0]))
        self.network = estimator._make_network(sequences.rows.shape[1], target.shape[1])
        self.theta = self._first_theta(init_rng, batch_size)
        objective = Objective(
            self.network,
            estimator._loss,
            *self.data,
            alpha=estimator._penalty(),
            recurrent_dropout=estimator.recurrent_dropout,
            tbptt_steps=estimator.tbptt_steps,
            dropout_rng=dropout_rng,
        )
        self.solver = estimator._make_solver(
            objective,
            shuffle_rng,
            batch_size=batch_size,
            max_iter=max_iter,
            earlier_optimizer=self.earlier.get("_optimizer") if is_partial else None,
            n_seen=self.earlier.get("t_", 0),
        )
        self.trainer = Trainer(
            self.solver,
            tol=estimator.tol,
            n_iter_no_change=estimator.n_iter_no_change,
            verbose=estimator.verbose,
            validation_score=validation_score,
        )

    def _validation_score(self, held_out):
        sequences, target, weight = held_out

        def score(theta):
            raw, _ = self.network.predict(theta, sequences)
            if not np.isfinite(raw).all():
                return np.nan
            return self.estimator._validation_score(target, raw, weight)

        return score

    def _first_theta(self, rng, batch_size):
        """The weights to begin with: drawn, or those of the estimator."""
        sequences, target, weight = self.data
        if self.resume:
            before = self.estimator._network.kind
            changed = [f"{k}={v!r} (was {before[k]!r})" for k, v in self.network.kind.items()
                       if v != before[k]]  # fmt: skip
            if changed:
                raise ValueError(
                    f"warm_start and partial_fit need the same network, but now it has "
                    f"{', '.join(changed)}. Set that back, or fit a clone."
                )
            return self.estimator._theta.astype(sequences.dtype)
        loss, alpha = self.estimator._loss, self.estimator._penalty()
        if self.estimator.solver != "lbfgs":  # every minibatch has a penalty of its own
            alpha *= len(sequences) / batch_size
        theta = self.estimator._initial_theta(
            self.network, sequences.shape[1], sequences.dtype, rng
        )
        self.network.params(theta).readout["bias_out"][:] = loss.start(target, weight)
        n_ar_steps = self.network.linear.n_steps
        if n_ar_steps > sequences.shape[1]:
            raise ValueError(
                f"ar_steps={n_ar_steps}, but the longest training sequence has "
                f"{sequences.shape[1]} steps; expected at most as many."
            )
        if n_ar_steps:
            self.network.start_from_least_squares(
                theta, sequences, loss.link(target, weight), weight, alpha
            )
        return theta

    def run(self, tasks):
        """Train; ``tasks`` are told of every epoch."""
        self.trainer.run(self.theta, tasks, is_trained=self.resume)
        trainer, n_iter_no_change = self.trainer, self.estimator.n_iter_no_change
        if trainer.interrupted:
            warnings.warn(
                f"Training was interrupted; the model after epoch "
                f"{self.earlier.get('n_iter_', 0) + trainer.n_iter} is kept.",
                stacklevel=5,
            )
        elif not (
            trainer.converged or trainer.stopped or n_iter_no_change == np.inf or self.is_partial
        ):
            warnings.warn(
                f"Training reached {self.solver.limit} and has not converged yet. Raise it, or "
                f"set n_iter_no_change=np.inf to train a fixed number of epochs.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def attributes(self):
        """The fitted attributes, as of the last epoch."""

        def all_of(name, values):
            return [*(self.earlier.get(name) or []), *values]

        trainer, early_stopping = self.trainer, self.estimator.early_stopping
        curve = all_of("loss_curve_", trainer.loss_curve)
        scores = all_of("validation_scores_", trainer.validation_scores)
        return {
            "n_outputs_": self.network.n_outputs,
            "out_activation_": self.estimator._loss.out_activation,
            "loss_": curve[-1],
            "loss_curve_": curve,
            "gradient_norms_": all_of("gradient_norms_", trainer.gradient_norms),
            "best_loss_": None if early_stopping else min(curve),
            "validation_scores_": scores if early_stopping else None,
            "best_validation_score_": self.trainer.best if early_stopping else None,
            "n_iter_": len(curve),
            "t_": self.earlier.get("t_", 0) + trainer.n_iter * len(self.data[0]),
            "_network": self.network,
            "_theta": self.theta.copy(),
            "_optimizer": self.solver.optimizer if self.is_partial else None,
        }
