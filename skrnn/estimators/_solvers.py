"""The solver that the parameters of an estimator ask for."""

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


def make_solver(options, objective, rng, *, batch_size, earlier_optimizer=None, n_seen=0) -> Solver:
    """What trains on an objective.

    Parameters
    ----------
    options : Optimization
    objective : Objective
    rng : numpy.random.Generator
        Shuffles.
    batch_size : int
    earlier_optimizer : optimizer or None
        One to go on from.
    n_seen : int
        How many samples were seen before.
    """
    n_samples = len(objective.sequences)
    if options.solver == "lbfgs":
        batches = list(Batches(n_samples, batch_size))
        return LBFGS(
            lambda theta: objective.total_loss_gradient(theta, batches),
            options.max_iter, options.max_fun, options.tol,
        )  # fmt: skip
    return MinibatchDescent(
        objective.loss_gradient,
        Batches(n_samples, batch_size, rng if options.shuffle else None),
        _make_optimizer(options, objective.is_weight).go_on_from(earlier_optimizer),
        _make_schedule(options, n_seen),
        options.max_iter,
        options.max_grad_norm,
    )


def penalty(options):
    """The strength of the L2 penalty in the loss."""
    return 0.0 if options.solver == "adamw" else options.alpha


def make_batch_size(options, n_samples):
    """Sequences per minibatch; warns if they are more than there are."""
    if options.batch_size == "auto":
        return min(200, n_samples)
    if options.batch_size > n_samples:
        warn(
            f"batch_size={options.batch_size} is larger than the {n_samples} training sequences; "
            f"each epoch is a single minibatch. Lower batch_size, or set it to 'auto'."
        )
    return min(options.batch_size, n_samples)


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
