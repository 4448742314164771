"""The solver that the parameters of an estimator ask for."""

from dataclasses import replace
from math import ceil, sqrt

from skrnn._warnings import warn
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
    RMSProp,
    Solver,
)

# Of "auto": the most sequences of a minibatch; the least and the most epochs; the iterations of
# L-BFGS.
BATCH_SIZE = 32
LEAST_EPOCHS, MOST_EPOCHS = 10, 500
ITERATIONS = 200


def with_max_iter(options, n_samples, epochs):
    """The options with a number in place of "auto" epochs.

    They fall with the square root of the number of sequences; ``epochs`` are those of one.
    """
    if options.max_iter != "auto":
        return options
    n_epochs = min(max(round(epochs / sqrt(n_samples)), LEAST_EPOCHS), MOST_EPOCHS)
    return replace(options, max_iter=ITERATIONS if options.solver == "lbfgs" else n_epochs)


def with_batch_size(options, n_samples):
    """The options with at most ``n_samples`` sequences per minibatch; warns of more."""
    batch_size = options.batch_size
    if batch_size == "auto":
        batch_size = ceil(n_samples / ceil(n_samples / BATCH_SIZE))  # all of about the same size
    elif batch_size > n_samples:
        warn(
            f"batch_size={batch_size} is larger than the {n_samples} training sequences; "
            f"each epoch is a single minibatch. Lower batch_size, or set it to 'auto'."
        )
    return replace(options, batch_size=min(batch_size, n_samples))


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
    if options.solver == "lbfgs":
        batches = list(Batches(n_samples, options.batch_size))
        return LBFGS(
            lambda theta: objective.total_loss_gradient(theta, batches),
            options.max_iter, options.max_fun, options.tol,
        )  # fmt: skip
    return MinibatchDescent(
        objective.loss_gradient,
        Batches(n_samples, options.batch_size, rng if options.shuffle else None),
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
