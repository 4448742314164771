"""Weights in the form of PyTorch: a dict of arrays, by the names of a state dict.

No PyTorch is needed here. ``torch.from_numpy`` makes tensors of the arrays, and tensors are taken
as arrays.
"""

import numpy as np

from skrnn.interop._recurrent import as_arrays, checked_cell, directions, require_names

__all__ = ["from_torch_state_dict", "to_torch_state_dict"]

CELLS = {"rnn_tanh", "rnn_relu", "gru", "lstm"}


def to_torch_state_dict(estimator, *, recurrent="rnn", readout="linear"):
    """Get the weights of an estimator for a module of PyTorch.

    The module has a recurrent layer ``torch.nn.LSTM``, ``GRU`` or ``RNN`` with the ``num_layers``
    and ``bidirectional`` of the estimator, and ``torch.nn.Linear`` behind it. The order of the
    gates is the same: i f g o, and r z n. PyTorch has two biases for each gate and skrnn has their
    sum, so ``bias_hh`` is zero; but in the n of a GRU they act apart, and the fourth part of
    skrnn's bias is that of ``bias_hh``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with the cell "lstm", "gru" (``reset_after=True``) or "rnn". With
        ``hidden_layer_sizes`` that are not all the same, PyTorch needs a layer of its own for each;
        rename the arrays then.
    recurrent, readout : str, default="rnn", "linear"
        What the module calls its recurrent layer and its linear layer.

    Returns
    -------
    dict of str to ndarray
        Such as ``rnn.weight_ih_l0``, ``rnn.weight_hh_l0``, ``rnn.bias_ih_l0``, ``rnn.bias_hh_l0``,
        with ``_reverse`` of the second direction, ``linear.weight`` and ``linear.bias``. Columns of
        codes have ``embedding_<column>.weight``, attention has ``attention.weight``,
        ``attention.bias`` and ``score.weight``, and the linear path ``linear_path.weight``. What
        the linear layer gives is what was trained: predictions of a regressor with ``normalize_y``
        are scaled back to y after it. The ``pooling`` is not among the weights: the module must do
        the same.

    Raises
    ------
    ValueError
        If PyTorch has no such cell.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.interop.torch import from_torch_state_dict, to_torch_state_dict
    >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
    >>> model = GRURegressor(8, max_iter=5, random_state=0).fit(X, X.mean(axis=(1, 2)))
    >>> weights = to_torch_state_dict(model)
    >>> [*weights][:4]
    ['rnn.weight_ih_l0', 'rnn.weight_hh_l0', 'rnn.bias_ih_l0', 'rnn.bias_hh_l0']

    In PyTorch, ``module.load_state_dict({name: torch.from_numpy(w) for name, w in
    weights.items()})``. And back:

    >>> before = model.predict(X)
    >>> bool((from_torch_state_dict(model, weights).predict(X) == before).all())
    True
    """
    checked_cell(estimator, CELLS, "PyTorch")
    params, weights = estimator.named_parameters(), {}
    for name, _ in directions(estimator):
        weights[f"{recurrent}.weight_ih_{name}"] = params.pop(f"weight_ih_{name}")
        weights[f"{recurrent}.weight_hh_{name}"] = params.pop(f"weight_hh_{name}")
        bias = params.pop(f"bias_{name}")
        n = len(weights[f"{recurrent}.weight_ih_{name}"])
        of_recurrent = np.zeros(n, bias.dtype)
        of_recurrent[n - len(bias[n:]) :] = bias[n:]  # the GRU's, of n
        weights[f"{recurrent}.bias_ih_{name}"] = bias[:n].copy()
        weights[f"{recurrent}.bias_hh_{name}"] = of_recurrent
    for name, other in _others(params, readout).items():
        weights[other] = params[name].reshape(_torch_shape(name, params[name].shape))
    return weights


def from_torch_state_dict(estimator, state_dict, *, recurrent="rnn", readout="linear"):
    """Give an estimator the weights of a module of PyTorch.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of the same form, which it keeps: see ``to_torch_state_dict``. Fit it on
        a few sequences with ``max_iter=1``; a regressor with ``normalize_y=False``, if the module
        was trained on y as it is.
    state_dict : dict of str to array-like or tensor
        The weights by the names that ``to_torch_state_dict`` gives. Tensors are on the CPU.
    recurrent, readout : str, default="rnn", "linear"
        What the module calls its recurrent layer and its linear layer.

    Returns
    -------
    estimator : estimator
        The same one, with the new weights.

    Raises
    ------
    ValueError
        If a name is missing or not known, or if an array has another shape. Then the estimator
        stays as it was.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.interop.torch import from_torch_state_dict, to_torch_state_dict
    >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
    >>> y = X.mean(axis=(1, 2))
    >>> trained = GRURegressor(8, normalize_y=False, max_iter=5, random_state=0).fit(X, y)
    >>> state_dict = to_torch_state_dict(trained)  # or that of a module of PyTorch
    >>> model = GRURegressor(8, normalize_y=False, max_iter=1).fit(X[:2], y[:2])
    >>> model = from_torch_state_dict(model, state_dict)
    >>> bool((model.predict(X) == trained.predict(X)).all())
    True
    """
    shapes = {
        name: value.shape
        for name, value in to_torch_state_dict(
            estimator, recurrent=recurrent, readout=readout
        ).items()
    }
    require_names(state_dict, shapes, "state_dict")
    weights = as_arrays(state_dict, "state_dict", shapes)
    own = estimator.named_parameters()
    params = {}
    for name, _ in directions(estimator):
        for kind in ("weight_ih", "weight_hh"):
            params[f"{kind}_{name}"] = weights[f"{recurrent}.{kind}_{name}"]
            del own[f"{kind}_{name}"]
        of_input, of_recurrent = (weights[f"{recurrent}.bias_{k}_{name}"] for k in ("ih", "hh"))
        n_apart = len(own.pop(f"bias_{name}")) - len(of_input)  # H in a GRU, else 0
        together = len(of_input) - n_apart
        params[f"bias_{name}"] = np.concatenate([
            of_input[:together] + of_recurrent[:together],
            of_input[together:],
            of_recurrent[together:],
        ])  # fmt: skip
    for name, other in _others(own, readout).items():
        params[name] = weights[other].reshape(own[name].shape)
    return estimator.set_parameters(params)


def _others(params, readout):
    """The names of PyTorch for what is not recurrent."""
    names = {
        "weight_out": f"{readout}.weight",
        "bias_out": f"{readout}.bias",
        "weight_attention": "attention.weight",
        "bias_attention": "attention.bias",
        "weight_score": "score.weight",
        "weight_ar": "linear_path.weight",
    }
    names |= {
        name: f"{name.removeprefix('weight_')}.weight"
        for name in params
        if name.startswith("weight_embedding_")
    }
    unknown = [name for name in params if name not in names]
    if unknown:
        raise ValueError(
            f"The arrays {unknown} have no place in a module of PyTorch with a recurrent and a "
            f"linear layer. They are in named_parameters."
        )
    return {name: names[name] for name in params}


def _torch_shape(name, shape):
    """A linear layer has a matrix, of one row for one score."""
    return (1, *shape) if name == "weight_score" else shape
