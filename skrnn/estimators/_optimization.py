"""The parameters that say how the network is trained."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.metrics import get_scorer_names

from skrnn._sklearn import Interval, Options, StrOptions


@dataclass(eq=False, repr=False)
class Optimization:
    """How the network is trained, and when training stops.

    Parameters
    ----------
    solver : {'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs'}, default='adam'
        The optimizer. "adam": Kingma & Ba (2015). "adamw": Adam with decoupled weight decay
        ``alpha`` (Loshchilov & Hutter 2019). "rmsprop": Hinton (2012), with a decay of 0.9.
        "sgd": stochastic gradient descent with momentum. "lbfgs": SciPy's L-BFGS on all
        sequences at once, for small data; one epoch is one iteration. "lbfgs" does not support
        dropout or ``tbptt_steps``.

    alpha : float, default=0.0001
        Strength of the L2 penalty on the weights. In the loss it is divided by the size of the
        minibatch (the sum of its sample weights). With "adamw" it is the weight decay instead.

    batch_size : int or 'auto', default='auto'
        Sequences per minibatch. "auto": at most 32, and all minibatches of about the same size.
        With "lbfgs" it affects memory only, not the result.

    learning_rate : {'constant', 'invscaling', 'adaptive', 'cosine'}, default='cosine'
        How the step size changes during training; not used by "lbfgs". "cosine": rises from
        zero over the first tenth of ``max_iter`` epochs, then falls to zero along a cosine
        (Loshchilov & Hutter 2017); in ``partial_fit`` it is constant, also after ``fit``.
        "constant": it stays the same. "invscaling": ``learning_rate_init`` divided by the number of
        sequences seen so far to the power of ``power_t``, updated after each epoch. "adaptive":
        divided by 5 whenever ``n_iter_no_change`` epochs bring no improvement, so it needs a number
        there; at 1e-6 or less, training stops instead.

    learning_rate_init : float, default=0.005
        The initial step size of the optimizer; with "cosine" the largest one.

    power_t : float, default=0.5
        The exponent of ``learning_rate="invscaling"``.

    max_iter : int or 'auto', default='auto'
        The number of epochs; with ``n_iter_no_change`` the maximum. An epoch is one pass over the
        training sequences. "auto": 100 epochs for 200 to 2,000 training sequences; for fewer as
        many as show the network 20,000 sequences, but at most 500; for more as many as show it
        200,000, but at least 10. With "lbfgs" 200 iterations; a warning says so if it does not
        converge in them.

    shuffle : bool, default=True
        Whether to shuffle the sequences before each epoch.

    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the validation split, shuffling and dropout. With an int, two
        fits give the same result to the last bit, with any number of threads.

    tol : float, default=1e-4
        The loss must fall by at least ``tol`` to count as an improvement; with ``early_stopping``
        the validation score must rise by at least ``tol`` (see ``scoring``). With "lbfgs", training
        also stops when no component of the gradient is larger than ``tol``.

    verbose : bool, default=False
        Whether to print the loss after each epoch.

    warm_start : bool, default=False
        Whether ``fit`` continues from the weights, the scale of the targets and the loss curve
        of the previous fit, instead of starting anew. Each fit runs ``max_iter`` epochs.

    momentum : float, default=0.9
        The momentum of "sgd", between 0 and 1.

    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.

    early_stopping : bool, default=False
        Whether to hold out a validation set (unless ``X_val`` and ``y_val`` are passed to ``fit``)
        and keep the weights of the epoch with the lowest loss on it (or the best score, see
        ``scoring``). With ``n_iter_no_change=k`` training stops when k epochs bring no improvement;
        by default all ``max_iter`` epochs run. Then a classifier whose loss decides keeps the last
        epoch, unless the epoch with the lowest loss is better beyond chance (a paired t-test over
        the validation sequences, at 95 %): with few of them, one that the network is sure of, and
        wrong about, outweighs the others. Without early stopping, the training loss decides; with
        ``n_iter_no_change=None`` the last epoch is kept. What is held out is lost to training: with
        fewer than a few hundred sequences the error is mostly lower without early stopping. For
        overlapping windows of one series set ``validation_split="last"``, for those of many series
        ``"last"`` or ``"group"``: random validation windows overlap with the training windows.

    scoring : str, callable or None, default='loss'
        What decides with ``early_stopping``. "loss": the loss on the validation set, without the
        penalty. Another str: a scorer of scikit-learn, such as "accuracy" or
        "neg_mean_absolute_error". A callable: a scorer with the signature
        ``scorer(estimator, X, y)``, where X is :class:`~skrnn.Sequences`; it also gets
        ``sample_weight`` if ``fit`` does, or if there is a ``class_weight``. None: the ``score``
        method of the estimator. The loss changes with every small improvement; a score such as the
        accuracy of a few sequences often stays the same, so training may stop too early.

    validation_fraction : float, default=0.1
        The fraction of the training sequences to hold out with ``early_stopping``; with
        ``validation_split="group"`` the fraction of the groups.

    validation_split : {'random', 'last', 'group'}, default='random'
        Which sequences to hold out. "random": a random sample, stratified by class. "last": the
        last ones, for sequences that are ordered by time. "group": a random sample of groups, for
        the windows of many series. A group is made of sequences that share rows, also through
        other sequences, such as the overlapping windows of one series. So no row is on both sides.
        (With ``step=k`` of :class:`~skrnn.SlidingWindow`, a series has k groups.) In a table of
        steps, the groups are those of the columns that ``group`` names. For other groups, pass
        ``X_val`` and ``y_val`` to ``fit``.

    beta_1 : float, default=0.9
        Decay rate of the first moment in Adam, in [0, 1).

    beta_2 : float, default=0.999
        Decay rate of the second moment in Adam, in [0, 1).

    epsilon : float, default=1e-8
        Added to the denominator in Adam and RMSProp, to avoid division by zero.

    n_iter_no_change : int or None, default=None
        Training stops after more than this number of consecutive epochs without improvement.
        With None (or ``np.inf``) all ``max_iter`` epochs run. Without ``early_stopping``, a warning
        says so if training stops although the training loss has not settled.

    max_fun : int, default=15000
        The maximum number of evaluations of the loss with "lbfgs".

    max_grad_norm : float or None, default=1.0
        Clip gradients to this L2 norm; None disables clipping. Not used by "lbfgs".

    tbptt_steps : int or None, default=None
        Truncated back-propagation through time: gradients flow back through ``tbptt_steps`` steps
        only; None is all steps. The network still reads every step, but the memory that training
        needs depends on ``tbptt_steps`` alone. With one target for each sequence, these are its
        last steps. With a target at every step, each minibatch of sequences is read in chunks of
        ``tbptt_steps`` steps, one after the other: the weights change after each chunk, and the
        next one goes on from the states that it has left. So to train on one long series as on
        parallel streams, cut it into ``batch_size`` sequences of equal length. Not supported with
        ``bidirectional``.
    """

    _: KW_ONLY
    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: int | str = "auto"
    learning_rate: str = "cosine"
    learning_rate_init: float = 0.005
    power_t: float = 0.5
    max_iter: int | str = "auto"
    shuffle: bool = True
    random_state: int | np.random.RandomState | None = None
    tol: float = 1e-4
    verbose: bool = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    scoring: str | Callable | None = "loss"
    validation_fraction: float = 0.1
    validation_split: str = "random"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int | float | None = None
    max_fun: int = 15000
    max_grad_norm: float | None = 1.0
    tbptt_steps: int | None = None

    _parameter_constraints = {
        "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd", "lbfgs"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "cosine"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": [StrOptions({"random", "last", "group"})],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
            None,
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "tbptt_steps": [Interval(Integral, 1, None, closed="left"), None],
    }
