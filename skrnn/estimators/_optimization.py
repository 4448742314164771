"""The parameters that say how the network is trained."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, Options, StrOptions


@dataclass(eq=False, repr=False)
class Optimization:
    """How training goes, and when it stops.

    Parameters
    ----------
    solver : {'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs'}, default='adam'
        The optimizer. "adam": Kingma & Ba (2015). "adamw": the same with ``alpha`` as a decay of
        the weights apart from the gradient (Loshchilov & Hutter 2019). "rmsprop": Hinton (2012),
        with a decay of 0.9. "sgd": stochastic gradient descent with momentum. "lbfgs": SciPy's
        L-BFGS on all sequences at once, one iteration an epoch, for small data; not with dropout
        or ``tbptt_steps``.

    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights, divided by the size of the minibatch (the sum
        of its sample weights) when added to the loss. With "adamw" the rate of decay instead.

    batch_size : int or 'auto', default='auto'
        Sequences per minibatch. "auto" is ``min(200, n_samples)``. With "lbfgs" they only bound
        the memory.

    learning_rate : {'constant', 'invscaling', 'adaptive', 'cosine'}, default='constant'
        How the step size changes, except with "lbfgs". "invscaling": after each epoch divided by
        the number of sequences seen to the power of ``power_t``. "adaptive": divided by 5
        whenever training would stop for want of improvement, until it is below 1e-6. "cosine":
        rising from zero over the first tenth of ``max_iter`` epochs, then falling to zero like a
        cosine; with ``n_iter_no_change=np.inf`` nothing ends it before.

    learning_rate_init : float, default=0.001
        The step size of the optimizer; the greatest one of the schedule.

    power_t : float, default=0.5
        The exponent of "invscaling".

    max_iter : int, default=200
        The greatest number of epochs, passes over the training sequences.

    shuffle : bool, default=True
        Whether to shuffle the sequences in each epoch.

    random_state : int, RandomState instance or None, default=None
        Decides the initial weights, the validation part, the shuffling and dropout. An int makes
        two fits equal to the last bit, whatever the number of threads.

    tol : float, default=1e-4
        The least change of the loss, or of the validation score with ``early_stopping``, that
        counts as an improvement. With "lbfgs" also how small the gradient is at the end.

    verbose : bool, default=False
        Whether to print the loss of every epoch.

    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights, the scale of the targets and the curves of the
        fit before.

    momentum : float, default=0.9
        Momentum of "sgd", from 0 to 1.

    nesterovs_momentum : bool, default=True
        Whether the momentum of "sgd" is Nesterov's.

    early_stopping : bool, default=False
        Whether to set a validation part aside, stop when its score does not improve, and keep
        the weights of the best epoch. For overlapping windows of one series take
        ``validation_split="last"``, as a random part has nearly been trained on.

    validation_fraction : float, default=0.1
        The share of the training sequences that is set aside with ``early_stopping``.

    validation_split : {'random', 'last'}, default='random'
        Which part that is: drawn at random, with classes in proportion, or the last one, for
        sequences in the order of time.

    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).

    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).

    epsilon : float, default=1e-8
        Added to the denominator in Adam and RMSProp.

    n_iter_no_change : int or inf, default=10
        Training stops after more than this number of epochs in a row without an improvement.
        With infinity all ``max_iter`` epochs run.

    max_fun : int, default=15000
        The greatest number of evaluations of the loss with "lbfgs".

    max_grad_norm : float or None, default=None
        The greatest norm of a gradient; a larger one is scaled down to it. Not with "lbfgs".

    tbptt_steps : int or None, default=None
        How many of the last steps the gradient goes back through (truncated back-propagation
        through time); None is all of them. All steps are read, but memory grows with these only.
        Not with ``bidirectional``.
    """

    _: KW_ONLY
    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: int | str = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: int | np.random.RandomState | None = None
    tol: float = 1e-4
    verbose: bool = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    validation_split: str = "random"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int | float = 10
    max_fun: int = 15000
    max_grad_norm: float | None = None
    tbptt_steps: int | None = None

    _parameter_constraints = {
        "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd", "lbfgs"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "cosine"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": [StrOptions({"random", "last"})],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "tbptt_steps": [Interval(Integral, 1, None, closed="left"), None],
    }
