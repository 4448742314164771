"""The estimators as parts of a graph."""

import numpy as np

from skrnn.interop.onnx._network import raw_predictions
from skrnn.interop.onnx._outputs import Output, declared, decoded
from skrnn.interop.onnx._padded import Padded, in_place, padded, table
from skrnn.network.pooling import EveryStep


def declare(model, inputs, *, transform=False):
    """The outputs: what is predicted, or what ``transform`` gives."""
    network = model._network
    if transform:
        outputs = [Output("variable", np.float32, (network.width,))]
    else:
        outputs = declared(model._target)
    samples = (None,)
    if isinstance(network.pooling, EveryStep) and inputs[0].rank == 3:
        samples = (None, None)
    return [output._replace(shape=(*samples, *output.shape)) for output in outputs]


def build(graph, model, inputs, *, transform=False):
    """The names of the outputs, in the order of ``declare``."""
    outputs = declare(model, inputs, transform=transform)
    if isinstance(model._network.pooling, EveryStep):
        return _of_steps(graph, model, inputs, outputs, transform)
    sequences = padded(graph, inputs, model)
    raw, pooled = raw_predictions(graph, model._network, model._theta, sequences)
    return [pooled] if transform else decoded(graph, model._target, raw)


def _of_steps(graph, model, inputs, outputs, transform):
    """The same at every step: for a table in each of its rows, which are one sequence."""
    is_table = inputs[0].rank == 2
    read = _one_sequence if is_table else padded
    sequences = read(graph, inputs, model)
    raw, hidden = raw_predictions(graph, model._network, model._theta, sequences)
    if transform:
        values = [hidden]
    else:
        raw = graph.reshape(raw, -1, model._network.n_outputs)
        values = decoded(graph, model._target, raw)
    n_given = [graph.length(sequences.x, axis) for axis in (0, 1)]
    return [
        graph.reshape(value, -1, *output.shape[1:])
        if is_table
        else in_place(graph, graph.reshape(value, *n_given, *output.shape[2:]), sequences, output)
        for value, output in zip(values, outputs, strict=True)
    ]


def _one_sequence(graph, inputs, model):
    """The rows of a table as the steps of one sequence."""
    if model.group is not None or model.time is not None:
        raise ValueError(
            f"group={model.group!r} and time={model.time!r} are not exported: a graph has no names "
            f"of columns. Export with sequences (n_samples, n_timesteps, n_features), or fit "
            f"without group and time."
        )
    rows = table(graph, inputs, model)
    return Padded(graph.unsqueeze(rows.name, 0), graph.length(rows.name, 0), rows.dtype)
