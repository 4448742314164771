"""A network as nodes of a graph, in float32."""

import numpy as np

from skrnn.interop.onnx._cells import recurrence
from skrnn.network.bidirectional import BidirectionalLayer
from skrnn.network.pooling import AttentionPooling, EveryStep, MaxPooling, MeanPooling


def raw_predictions(graph, network, theta, sequences):
    """What ``Network.predict`` computes; NaN for a sequence without steps, or not finite.

    Returns
    -------
    raw : str
        (B, n_outputs), or (B, T, n_outputs) where there is an output at every step.
    pooled : str
        (B, D), or the hidden states (B, T, D).
    """
    params = network.params(theta)
    x = graph.cast(sequences.x, np.float32)
    x = graph.add("Where", sequences.mask(graph, 3), x, np.float32(0))
    read = embedded(graph, network, params, x)
    hidden = layers(graph, network, params, read, sequences)
    zero = zero_if_finite(graph, read, 1)
    is_empty = graph.unsqueeze(graph.add("Equal", sequences.lengths, np.int64(0)), 1)
    zero = graph.add("Where", is_empty, np.float32(np.nan), zero)  # (B, 1)
    if isinstance(network.pooling, EveryStep):
        zero = graph.unsqueeze(zero, 2)
    pooled = graph.add("Add", _pooled(graph, network, params, hidden, sequences), zero)
    raw = readout(graph, params, pooled)
    if network.linear.n_steps:
        back = np.arange(network.linear.n_steps)[::-1].copy()
        step = graph.add("Max", graph.add("Sub", sequences.last(graph), back), np.int64(0))
        raw = graph.add("Add", raw, linear(graph, network, params, graph.take(x, step)))
    return raw, pooled


def zero_if_finite(graph, x, axis):
    """For each row of x (B, T, F) or (B, F) zero, or NaN; (B, 1).

    Runtimes need not pass NaN on: in ONNX Runtime a gate is a number even so.
    """
    zero = graph.reduce("ReduceSum", graph.add("Sub", x, x), -1)
    return graph.unsqueeze(graph.reduce("ReduceSum", zero, axis) if axis else zero, 1)


def embedded(graph, network, params, x):
    """Values (..., F) with the vectors of codes in their place; NaN for what is no code."""
    shapes = network.embedding.shapes
    if not shapes:
        return x
    columns = graph.add(
        "Split", x, np.ones(network.n_features, np.int64), axis=-1, n_outputs=network.n_features
    )
    columns = [columns] if network.n_features == 1 else columns
    for column, (n_codes, dim) in shapes.items():
        code = columns[column]
        is_code = graph.add(
            "And",
            graph.add("And", _at_least(graph, code, 0), _less(graph, code, n_codes)),
            graph.add("Equal", code, graph.add("Floor", code)),
        )
        index = graph.cast(graph.add("Where", is_code, code, np.float32(n_codes)), np.int64)
        vectors = params.embedding[f"weight_embedding_{column}"].astype(np.float32)
        vectors = np.concatenate([vectors, np.full((1, dim), np.nan, np.float32)])
        columns[column] = graph.add("Gather", vectors, graph.squeeze(index, -1), axis=0)
    return columns[0] if len(columns) == 1 else graph.add("Concat", *columns, axis=-1)


def _at_least(graph, x, value):
    return graph.add("GreaterOrEqual", x, np.float32(value))


def _less(graph, x, value):
    return graph.add("Less", x, np.float32(value))


def layers(graph, network, params, x, sequences):
    """The hidden states of the last layer (B, T, D), from x (B, T, F).

    All steps are read, those of the padding too, which come last: so runtimes need not agree on
    what lengths mean to an operator. A direction from the end reads sequences that are reversed.
    """
    reversal = graph.add("Max", sequences.lengths, np.int64(1))

    def reverse(values):
        return graph.add("ReverseSequence", values, reversal, batch_axis=1, time_axis=0)

    x = graph.transpose(x, 1, 0, 2)
    for layer, part in zip(network.layers, params.layers, strict=True):
        if isinstance(layer, BidirectionalLayer):
            (start, of_start), (end, of_end) = directions(layer, part)
            from_start, _ = recurrence(graph, start.cell_name, of_start, layer.n_hidden, x)
            from_end, _ = recurrence(graph, end.cell_name, of_end, layer.n_hidden, reverse(x))
            x = graph.add("Concat", from_start, reverse(from_end), axis=2)
        else:
            ((one, of_one),) = directions(layer, part)
            x, _ = recurrence(graph, one.cell_name, of_one, layer.n_hidden, x)
    return graph.transpose(x, 1, 0, 2)


def directions(layer, params):
    """Each direction of a layer, with its parameters by their names in the cell."""
    if isinstance(layer, BidirectionalLayer):
        pairs = zip(layer.directions, layer.split(params), strict=True)
    else:
        pairs = [(layer, params)]
    return [
        (one, dict(zip(one.cell.parameters, part.values(), strict=True))) for one, part in pairs
    ]


def _pooled(graph, network, params, hidden, sequences):
    """Hidden states (B, T, D) as one vector for each sequence, or as they are."""
    pooling = network.pooling
    if isinstance(pooling, EveryStep):
        return hidden
    mask = sequences.mask(graph, 3)
    if isinstance(pooling, MeanPooling):
        total = graph.reduce("ReduceSum", graph.add("Where", mask, hidden, np.float32(0)), 1)
        n_steps = graph.cast(graph.unsqueeze(sequences.lengths, 1), np.float32)
        return graph.add("Div", total, n_steps)
    if isinstance(pooling, MaxPooling):
        hidden = graph.add("Where", mask, hidden, np.float32(-np.inf))
        return graph.reduce("ReduceMax", hidden, 1)
    if isinstance(pooling, AttentionPooling):
        score = graph.add("Where", mask, scores(graph, params, hidden), np.float32(-np.inf))
        weight = graph.add("Softmax", score, axis=1)
        hidden = graph.add("Where", mask, hidden, np.float32(0))
        return graph.reduce("ReduceSum", graph.add("Mul", weight, hidden), 1)
    last = graph.squeeze(graph.take(hidden, sequences.last(graph)), 1)
    if isinstance(network.layers[-1], BidirectionalLayer):  # each after its own last step
        n = network.layers[-1].n_hidden
        first = graph.add("Gather", hidden, np.int64(0), axis=1)
        parts = [
            graph.add("Slice", last, np.array([0]), np.array([n]), np.array([1])),
            graph.add("Slice", first, np.array([n]), np.array([2 * n]), np.array([1])),
        ]
        return graph.add("Concat", *parts, axis=1)
    return last


def scores(graph, params, hidden):
    """Of attention, (..., 1), from hidden states (..., D)."""
    of = {name: value.astype(np.float32) for name, value in params.pooling.items()}
    u = graph.add("MatMul", hidden, of["weight_attention"].T.copy())
    u = graph.add("Tanh", graph.add("Add", u, of["bias_attention"]))
    return graph.add("MatMul", u, of["weight_score"][:, np.newaxis].copy())


def readout(graph, params, pooled):
    """Raw predictions (..., n_outputs), from pooled states (..., D)."""
    weight = params.readout["weight_out"].astype(np.float32)
    raw = graph.add("MatMul", pooled, weight.T.copy())
    return graph.add("Add", raw, params.readout["bias_out"].astype(np.float32))


def linear(graph, network, params, lags):
    """The output of the linear path (B, n_outputs), from the last steps (B, n_steps, F)."""
    path = network.linear
    weights = path.blocks(params.linear["weight_ar"].astype(np.float32))
    lags = graph.reshape(lags, -1, path.n_steps, path.n_blocks, path.n_inputs // path.n_steps)
    lags = graph.reshape(graph.transpose(lags, 0, 2, 1, 3), -1, path.n_blocks, path.n_inputs)
    # (n_blocks, n_inputs, n_outputs / n_blocks)
    weight = np.stack([np.ascontiguousarray(block.T) for block in weights])
    blocks = graph.add("MatMul", graph.transpose(lags, 1, 0, 2), weight)
    return graph.reshape(graph.transpose(blocks, 1, 0, 2), -1, network.n_outputs)
