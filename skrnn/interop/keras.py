"""Weights in the form of Keras: for each layer the list that ``set_weights`` takes."""

import numpy as np

from skrnn.interop._recurrent import as_arrays, checked_cell, directions, require_names

__all__ = ["from_keras_weights", "to_keras_weights"]

# Of each cell the order in which Keras has our gates: i f c o as ours, and z r h.
ORDERS = {
    "rnn_tanh": [0],
    "rnn_relu": [0],
    "gru": [1, 0, 2],
    "gru_reset_before": [1, 0, 2],
    "lstm": [0, 1, 2, 3],
}


def to_keras_weights(estimator):
    """Get the weights of an estimator for layers of Keras.

    The layers are ``LSTM``, ``GRU`` or ``SimpleRNN``, each but the last with
    ``return_sequences=True``; within ``Bidirectional``, if the estimator is; and then ``Dense``.
    Keras multiplies from the other side, so matrices are transposed. Its order of gates is i f c o
    for the LSTM, as here, and z r h for the GRU, where it is r z n here. The bias of a GRU with
    ``reset_after`` has two rows, of which the second acts on the hidden state; here their sum is
    kept, but for the h of Keras.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with the cell "lstm", "gru" or "rnn", the last state as ``pooling`` or a
        target at every step, and neither embeddings nor ``ar_steps``.

    Returns
    -------
    dict of str to list of ndarray
        For each layer, ``l0``, ``l1``, ..., and for ``out``, the arrays in the order of
        ``get_weights``: kernel, recurrent kernel and bias, twice if bidirectional.

    Raises
    ------
    ValueError
        If Keras has no such layers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.interop.keras import to_keras_weights
    >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
    >>> model = GRURegressor(8, max_iter=5, random_state=0).fit(X, X.mean(axis=(1, 2)))
    >>> for name, weights in to_keras_weights(model).items():
    ...     print(name, [weight.shape for weight in weights])
    l0 [(1, 24), (8, 24), (2, 24)]
    out [(8, 1), (1,)]
    """
    cell = checked_cell(estimator, ORDERS, "Keras")
    pooling = estimator._network.kind.get("pooling")
    if pooling not in ("last", None):
        raise ValueError(
            f"pooling={pooling!r} has no layer in Keras that is certain; expected 'last', or a "
            f"target at every step. The weights are in named_parameters."
        )
    params = estimator.named_parameters()
    weights: dict[str, list[np.ndarray]] = {}
    for name, n_hidden in directions(estimator):
        matrices = [
            _reordered(params.pop(f"{kind}_{name}"), n_hidden, ORDERS[cell]).T.copy()
            for kind in ("weight_ih", "weight_hh")
        ]
        bias = params.pop(f"bias_{name}")
        n = matrices[0].shape[1]
        of_input = _reordered(bias[:n], n_hidden, ORDERS[cell])
        if len(bias) > n:
            of_recurrent = np.zeros_like(of_input)
            of_recurrent[-n_hidden:] = bias[n:]
            of_input = np.stack([of_input, of_recurrent])
        layer = weights.setdefault(name.removesuffix("_reverse"), [])
        layer += [*matrices, of_input]
    weights["out"] = [params.pop("weight_out").T.copy(), params.pop("bias_out")]
    if params:
        raise ValueError(
            f"The arrays {list(params)} of this {type(estimator).__name__} have no layer in Keras "
            f"that is certain. Its weights are in named_parameters."
        )
    return weights


def from_keras_weights(estimator, weights):
    """Give an estimator the weights of layers of Keras.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of the same form, which it keeps: see ``to_keras_weights``. Fit it on a
        few sequences with ``max_iter=1``; a regressor with ``normalize_y=False``, if the layers
        were trained on y as it is.
    weights : dict of str to list of array-like
        For each layer what ``get_weights`` gives, in the form of ``to_keras_weights``.

    Returns
    -------
    estimator : estimator
        The same one, with the new weights.

    Raises
    ------
    ValueError
        If a layer or an array is missing or not known, or has another shape. Then the estimator
        stays as it was.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.interop.keras import from_keras_weights
    >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
    >>> model = GRURegressor(8, normalize_y=False, max_iter=1).fit(X, X.mean(axis=(1, 2)))
    >>> zero = [np.zeros((1, 24)), np.zeros((8, 24)), np.zeros((2, 24))]
    >>> weights = {"l0": zero, "out": [np.zeros((8, 1)), np.array([0.5])]}
    >>> from_keras_weights(model, weights).predict(X[:2])
    array([0.5, 0.5])
    """
    own = to_keras_weights(estimator)
    require_names(weights, own, "weights")
    for name, arrays in own.items():
        if len(weights[name]) != len(arrays):
            raise ValueError(
                f"weights[{name!r}] has {len(weights[name])} arrays; expected {len(arrays)}."
            )
        shapes = {k: array.shape for k, array in enumerate(arrays)}
        own[name] = [*as_arrays(weights[name], f"weights[{name!r}]", shapes).values()]
    order = np.argsort(ORDERS[estimator._network.kind["cell"]])
    params = {"weight_out": own["out"][0].T, "bias_out": own["out"][1]}
    for name, n_hidden in directions(estimator):
        layer = own[name.removesuffix("_reverse")]
        of_direction = layer[3:] if name.endswith("_reverse") else layer[:3]
        kernel, recurrent_kernel, bias = of_direction
        params[f"weight_ih_{name}"] = _reordered(kernel.T, n_hidden, order)
        params[f"weight_hh_{name}"] = _reordered(recurrent_kernel.T, n_hidden, order)
        if bias.ndim == 2:
            of_input, of_recurrent = bias.copy()
            apart = of_recurrent[-n_hidden:].copy()
            of_recurrent[-n_hidden:] = 0
            params[f"bias_{name}"] = np.concatenate(
                [_reordered(of_input + of_recurrent, n_hidden, order), apart]
            )
        else:
            params[f"bias_{name}"] = _reordered(bias, n_hidden, order)
    return estimator.set_parameters(params)


def _reordered(array, n_hidden, order):
    """Blocks of ``n_hidden`` rows in another order."""
    blocks = np.split(array, len(array) // n_hidden)
    return np.concatenate([blocks[k] for k in order])
