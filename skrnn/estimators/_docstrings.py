"""Public docstrings, put together from the classes that define the parameters."""

import inspect
import re

ATTRIBUTES = """\
    n_features_in_ : int
        The number of features per step; if X is a table, its number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names, if X is a table with column names.

    n_outputs_ : int
        The number of outputs of the network.

    out_activation_ : str
        The activation of the outputs: "identity", "exp", "logistic" or "softmax".

    n_iter_ : int
        The number of epochs run.

    t_ : int
        The number of training sequences seen, over all epochs.

    loss_ : float
        The loss of the last epoch. With ``early_stopping`` or ``n_iter_no_change`` the weights may
        be those of an earlier epoch, the best one.

    loss_curve_ : list of float
        The mean loss of each epoch.

    gradient_norms_ : list of float
        The mean L2 norm of the gradients in each epoch, before clipping. If it vanishes or
        explodes, look at ``gradient_flow``.

    best_loss_ : float or None
        The lowest loss of an epoch; None with ``early_stopping``.

    validation_loss_curve_ : list of float or None
        The loss on the validation set after each epoch, in the units of ``loss_curve_``, without
        the L2 penalty; None without ``early_stopping``.

    validation_scores_ : list of float or None
        What decides on stopping, after each epoch: the score that ``scoring`` names, on the
        validation set; with "loss" the negative validation loss. None without ``early_stopping``.

    best_validation_score_ : float or None
        The highest validation score. It is that of the weights, unless the last epoch was kept (see
        ``early_stopping``) or ``ar_steps`` leaves out a share of the network. None without
        ``early_stopping``.

    train_scores_ : list of float or None
        The score that ``scoring`` names on the training sequences, or on 10,000 of them, after each
        epoch; None with ``scoring="loss"`` or without ``early_stopping``.

    network_share_ : float or None
        With ``ar_steps``, the share of the network's output that is added to the linear model, from
        0 to 1; None without. With 0, the predictions are those of the linear model alone, so the
        network, whose state ``transform`` returns, has no part in them."""


def with_parameters(cls):
    """Fill in ``{parameters}`` and ``{attributes}`` in the docstring of a public estimator.

    The parameters come in the order of the signature, each described by the class that
    defines it.
    """
    if "{parameters}" not in (cls.__doc__ or ""):  # python -OO leaves no docstrings
        return cls
    entries = {}
    for base in cls.__mro__:
        if not base.__module__.startswith("skrnn.") or base is cls:
            continue
        _, _, section = inspect.cleandoc(base.__doc__).partition("Parameters\n----------\n")
        for entry in re.split(r"\n(?=\w)", section):
            entries.setdefault(entry.partition(" :")[0], entry.rstrip())
    order = inspect.signature(cls).parameters
    parameters = "\n\n".join(entries[name] for name in order).replace("\n", "\n    ")
    parameters = re.sub(r" +$", "", parameters, flags=re.MULTILINE)
    cls.__doc__ = cls.__doc__.replace("{parameters}", parameters).replace(
        "    {attributes}", ATTRIBUTES
    )
    return cls
