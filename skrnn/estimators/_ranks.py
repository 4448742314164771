"""A fit by several processes, each with a part of the sequences: what they find together."""

import pickle

import numpy as np

from skrnn.network.minibatch import flat
from skrnn.network.objective import Objective
from skrnn.network.stack import quiet
from skrnn.training import Validation

# Parameters that may differ between processes: the first one draws for all of them.
FREE = {"random_state", "verbose"}


def check_ranks(ranks, estimator, sequences):
    """Raise a ValueError, on all ranks, if they do not fit the same network in the same way."""
    if ranks.size == 1:
        return
    if estimator._forcing() is not None:
        raise ValueError(
            f"{type(estimator).__name__} is not supported in data_parallel. Fit it outside of "
            f"data_parallel."
        )
    free = FREE if estimator.early_stopping else FREE | {"scoring"}
    params = estimator.get_params(deep=False)
    found = {name: value for name, value in params.items() if name not in free}
    found |= {
        "the number of features": sequences.shape[2],
        "the dtype of X": str(sequences.dtype),
        "the numbers of codes (set n_codes)": estimator._embedding_shapes,
    }
    first, *others = ranks.gather({n: (_contents(v), repr(v)) for n, v in found.items()})
    for rank, theirs in enumerate(others, 1):
        for name, (contents, printed) in first.items():
            if theirs[name][0] != contents:
                raise ValueError(
                    f"{name} differs: {printed} on rank 0, {theirs[name][1]} on rank {rank}; "
                    f"expected the same on all ranks."
                )
    unsupported = {
        "ar_steps": getattr(estimator, "ar_steps", 0) not in (0, None),
        "scoring": estimator.early_stopping and estimator.scoring != "loss",
        "class_weight": getattr(estimator, "class_weight", None) == "balanced",
        "tbptt_steps": estimator.tbptt_steps is not None and not hasattr(estimator, "pooling"),
    }
    for name, is_set in unsupported.items():
        if is_set:
            raise ValueError(
                f"{name}={getattr(estimator, name)!r} is not supported in data_parallel, as it "
                f"needs all sequences in one process. Change it, or fit outside of data_parallel."
            )


def _contents(value):
    """What is compared: of long arrays all, and of objects what they hold, not what they print."""
    if callable(value):  # not all of them can be pickled
        return getattr(value, "__qualname__", type(value).__qualname__)
    return pickle.dumps(value)


class JoinedObjective(Objective):
    """The objective of the minibatches of all ranks together.

    Parameters
    ----------
    ranks : Ranks
    *args, **kwargs : as for Objective
    """

    def __init__(self, ranks, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ranks = ranks
        self.n_samples = ranks.gather(len(self.sequences))  # of each rank
        # What is summed over the ranks: gradient, loss, weight.
        self.sums = np.empty(len(self.gradient) + 2, self.gradient.dtype)
        self.gradient = self.sums[:-2]
        self.dparams = self.network.params(self.gradient)

    @quiet
    def loss_gradient(self, theta, share):
        return self._joined(theta, [share.index])

    @quiet
    def total_loss_gradient(self, theta, batches):
        return self._joined(theta, batches)

    def _joined(self, theta, batches):
        self.sums[:] = loss = weight = 0
        for index in filter(len, batches):  # this rank may have none in a minibatch
            step = self._add_gradient(theta, index, total=1.0)
            loss += step.loss
            weight += float(step.minibatch.take(self.weight).sum())
        self.sums[-2:] = loss, weight
        self.ranks.add(self.sums)
        loss, total = map(float, self.sums[-2:])
        if total == 0:
            return 0.0, self.gradient
        self.gradient /= self.gradient.dtype.type(total)
        return loss / total + self._add_penalty(theta, total), self.gradient


class JoinedValidator:
    """The validation of a network on the held-out data of all ranks.

    Parameters
    ----------
    ranks : Ranks
    validate : Validator
        Of this rank.
    held_out : Data
        What it validates on.
    """

    def __init__(self, ranks, validate, held_out):
        self.ranks = ranks
        self.validate = validate
        self.weight = float(flat(held_out.weight).sum(dtype=np.float64))

    def __call__(self, theta):
        own = self.validate(theta)
        found = self.ranks.gather((own.loss, self.weight, own.losses))
        loss = np.average([loss for loss, _, _ in found], weights=[w for _, w, _ in found])
        losses = None if own.losses is None else np.concatenate([each for _, _, each in found])
        return Validation(float(loss), losses=losses)


class AgreedTasks:
    """Training stops on all ranks if the monitor of one of them says so."""

    def __init__(self, ranks, tasks):
        self.ranks = ranks
        self.begin = tasks.begin
        self.tasks = tasks

    def end(self):
        return any(self.ranks.gather(self.tasks.end()))
