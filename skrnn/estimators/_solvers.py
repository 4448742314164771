"""The solver that the parameters of an estimator ask for."""

from dataclasses import replace
from math import ceil

from skrnn._warnings import warn
from skrnn.estimators._ranks import JoinedObjective
from skrnn.network.objective import ChunkedObjective
from skrnn.training import (
    LBFGS,
    SGD,
    Adam,
    AdamW,
    Adaptive,
    Batches,
    Constant,
    Cosine,
    InverseScaling,
    MinibatchDescent,
    PartBatches,
    RMSProp,
    SharedBatches,
    Solver,
)

# Of "auto": the most sequences of a minibatch; the epochs, unless the network then sees too few or
# too many sequences in all, with the least and the most; the iterations of L-BFGS.
BATCH_SIZE = 32
EPOCHS, MIN_SEEN, MAX_SEEN, MIN_EPOCHS, MAX_EPOCHS = 100, 20_000, 200_000, 10, 500
ITERATIONS = 200


def resolve(options, n_samples, n_parts):
    """The options with numbers in place of "auto"; warns of minibatches of more than there are.

    The epochs depend on the number of parts of the samples that have a gradient each.
    """
    batch_size, max_iter = options.batch_size, options.max_iter
    if max_iter == "auto" and options.solver == "lbfgs":
        max_iter = ITERATIONS
    elif max_iter == "auto":
        n_epochs = min(max(EPOCHS, MIN_SEEN / n_parts), MAX_SEEN / n_parts)
        max_iter = min(max(round(n_epochs), MIN_EPOCHS), MAX_EPOCHS)
    if batch_size == "auto":
        batch_size = ceil(n_samples / ceil(n_samples / BATCH_SIZE))  # all of about the same size
    elif batch_size > n_samples:
        warn(
            f"batch_size={batch_size} is larger than the {n_samples} training sequences; "
            f"each epoch is a single minibatch. Lower batch_size, or set it to 'auto'."
        )
    return replace(options, batch_size=min(batch_size, n_samples), max_iter=max_iter)


def one_epoch(options):
    """The options of an epoch in ``partial_fit``, which knows of no end to fall to."""
    rate = "constant" if options.learning_rate == "cosine" else options.learning_rate
    return replace(options, max_iter=1, learning_rate=rate)


def make_solver(options, objective, rng, *, earlier_optimizer=None, n_seen=0) -> Solver:
    """What trains on an objective.

    Parameters
    ----------
    options : Optimization
        With numbers in place of "auto".
    objective : Objective
    rng : numpy.random.Generator
        Shuffles.
    earlier_optimizer : optimizer or None
        One to go on from.
    n_seen : int
        How many samples were seen before.
    """
    n_samples = len(objective.sequences)
    shuffle_rng = rng if options.shuffle else None
    if options.solver == "lbfgs":
        in_order = list(Batches(n_samples, options.batch_size))
        return LBFGS(
            lambda theta: objective.total_loss_gradient(theta, in_order),
            options.max_iter, options.max_fun, options.tol,
        )  # fmt: skip
    batches: Batches
    if isinstance(objective, JoinedObjective):
        batches = SharedBatches(
            objective.n_samples, objective.ranks.rank, options.batch_size, shuffle_rng
        )
    elif isinstance(objective, ChunkedObjective):
        batches = PartBatches(objective.n_chunks, options.batch_size, shuffle_rng)
    else:
        batches = Batches(n_samples, options.batch_size, shuffle_rng)
    return MinibatchDescent(
        objective.loss_gradient,
        batches,
        _make_optimizer(options, objective.is_weight).go_on_from(earlier_optimizer),
        _make_schedule(options, n_seen),
        options.max_iter,
        options.max_grad_norm,
    )


def penalty(options):
    """The strength of the L2 penalty in the loss."""
    return 0.0 if options.solver == "adamw" else options.alpha


def _make_optimizer(options, is_weight):
    if options.solver == "sgd":
        return SGD(options.momentum, options.nesterovs_momentum)
    if options.solver == "rmsprop":
        return RMSProp(options.epsilon)
    adam = options.beta_1, options.beta_2, options.epsilon
    if options.solver == "adamw":
        return AdamW(*adam, decay=is_weight * is_weight.dtype.type(options.alpha))
    return Adam(*adam)


def _make_schedule(options, n_seen):
    rate = options.learning_rate_init
    if options.learning_rate == "invscaling":
        return InverseScaling(rate, options.power_t, n_seen)
    if options.learning_rate == "cosine":
        return Cosine(rate, options.max_iter)
    return {"constant": Constant, "adaptive": Adaptive}[options.learning_rate](rate)
