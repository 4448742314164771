"""Weights as a file in the format safetensors, which holds arrays and nothing that runs."""

import hashlib

import numpy as np

from skrnn.interop.torch import from_torch_state_dict, to_torch_state_dict

__all__ = ["load_safetensors", "save_safetensors"]


def save_safetensors(estimator, path, *, recurrent="rnn", readout="linear"):
    """Write the weights of an estimator to a file, with the names of PyTorch.

    It needs the package safetensors, as of ``pip install 'skrnn[safetensors]'``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, as of :func:`skrnn.interop.torch.to_torch_state_dict`.
    path : str or path-like
        The file. One that is there is overwritten.
    recurrent, readout : str, default="rnn", "linear"
        What a module of PyTorch calls its recurrent layer and its linear layer.

    Raises
    ------
    ValueError
        If PyTorch has no such cell.

    Examples
    --------
    >>> from skrnn.interop.safetensors import save_safetensors
    >>> save_safetensors(model, "model.safetensors")  # doctest: +SKIP
    """
    from safetensors.numpy import save_file

    weights = to_torch_state_dict(estimator, recurrent=recurrent, readout=readout)
    weights = {name: np.ascontiguousarray(value) for name, value in weights.items()}
    save_file(weights, path, metadata={"format": "pt", "sha256": _digest(weights)})


def load_safetensors(estimator, path, *, recurrent="rnn", readout="linear"):
    """Give an estimator the weights in a file.

    It needs the package safetensors, as of ``pip install 'skrnn[safetensors]'``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of the same form, which it keeps; see
        :func:`skrnn.interop.torch.from_torch_state_dict`.
    path : str or path-like
        A file that ``save_safetensors``, or PyTorch, has written.
    recurrent, readout : str, default="rnn", "linear"
        What a module of PyTorch calls its recurrent layer and its linear layer.

    Returns
    -------
    estimator : estimator
        The same one, with the new weights.

    Raises
    ------
    ValueError
        If the file is damaged, or if a name or a shape is not that of the estimator. Then the
        estimator stays as it was.

    Examples
    --------
    >>> from skrnn.interop.safetensors import load_safetensors
    >>> load_safetensors(model, "model.safetensors").predict(X)  # doctest: +SKIP
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            expected = (file.metadata() or {}).get("sha256")
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged, or not a file of safetensors: {error}") from error
    if expected is not None and _digest(weights) != expected:
        raise ValueError(
            f"The weights in {path} are not those that were saved: the file is damaged."
        )
    return from_torch_state_dict(estimator, weights, recurrent=recurrent, readout=readout)


def _digest(weights):
    """Of names, shapes and values."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(f"{name} {value.shape} {value.dtype.str}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
