"""One step of many streams as a graph, with the state in and out."""

import numpy as np
import onnx
from onnx import TensorProto, helper
from sklearn.utils.validation import check_is_fitted

from skrnn.interop.onnx._cells import recurrence
from skrnn.interop.onnx._graph import Graph
from skrnn.interop.onnx._network import (
    directions,
    embedded,
    linear,
    readout,
    scores,
    zero_if_finite,
)
from skrnn.interop.onnx._outputs import declared, decoded
from skrnn.network.pooling import AttentionPooling, MaxPooling, MeanPooling

OPSET = 18
TYPES = {
    np.float32: TensorProto.FLOAT,
    np.float64: TensorProto.DOUBLE,
    np.int64: TensorProto.INT64,
    str: TensorProto.STRING,
}


def step_to_onnx(estimator, *, target_opset=OPSET):
    """Export one step of an estimator, for rows that come one after the other.

    The graph does what ``predict_step`` does, for any number of streams. A program that holds the
    state feeds it to the next call; it begins with zeros, of the shapes below.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of ``skrnn`` that is not bidirectional. Scale rows first, as in training:
        what comes before the estimator in a Pipeline is not part of the step.
    target_opset : int, default=18
        The version of ONNX's operators.

    Returns
    -------
    onnx.ModelProto
        Its inputs are ``x`` (n_streams, n_features) of float32, ``state`` (n_streams, n_values) of
        float32, and ``n_steps`` (n_streams,) of int64: the next row of each stream, and the arrays
        ``values`` and ``n_steps`` of a state of ``init_state``. Its outputs are those of
        ``predict``: ``variable`` (n_streams, n_outputs), or ``label`` and ``probabilities``; and
        ``state_out`` and ``n_steps_out`` in the form of the inputs.

    Raises
    ------
    ValueError
        If the estimator is bidirectional.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.interop.onnx import step_to_onnx
    >>> X = np.random.default_rng(0).uniform(size=(100, 12, 1))
    >>> model = GRURegressor(8, max_iter=5, random_state=0).fit(X, X.mean(axis=(1, 2)))
    >>> step = step_to_onnx(model)
    >>> [value.name for value in step.graph.input], [value.name for value in step.graph.output]
    (['x', 'state', 'n_steps'], ['variable', 'state_out', 'n_steps_out'])
    """
    check_is_fitted(estimator)
    n_values = estimator.init_state().values.shape[1]  # refuses what has no steps
    network = estimator._network
    graph = Graph(target_opset)
    raw, state = _step(graph, network, estimator._theta, n_values)
    outputs = declared(estimator._target)
    names = decoded(graph, estimator._target, raw)
    infos = [
        helper.make_tensor_value_info(
            output.name, TYPES[output.dtype], ["n_streams", *output.shape]
        )
        for output in outputs
    ]
    one_more = graph.add("Add", "n_steps", np.int64(1))
    for name, output in zip(
        [*names, state, one_more],
        [*(output.name for output in outputs), "state_out", "n_steps_out"],
        strict=True,
    ):
        graph.rename(name, output)

    def states(suffix):
        return [
            helper.make_tensor_value_info(
                f"state{suffix}", TensorProto.FLOAT, ["n_streams", n_values]
            ),
            helper.make_tensor_value_info(f"n_steps{suffix}", TensorProto.INT64, ["n_streams"]),
        ]

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n_streams", network.n_features])
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"step of {type(estimator).__name__}",
            [x, *states("")],
            [*infos, *states("_out")],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", target_opset)],
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", target_opset)]),
        producer_name="skrnn",
    )
    onnx.checker.check_model(model)
    return model


def _step(graph, network, theta, n_values):
    """Raw predictions (S, n_outputs) and the state (S, n_values) after the rows "x"."""
    params = network.params(theta)
    widths = [width for layer in network.layers for width in layer.state_widths()]
    widths += [part.shape[1] for part in network.pooling.start(1, np.dtype(np.float32))]
    n_lags = n_values - sum(widths)
    carry = graph.add(
        "Split", "state", np.array([*widths, n_lags] if n_lags else widths), axis=1,
        n_outputs=len(widths) + bool(n_lags),
    )  # fmt: skip
    carry = [carry] if isinstance(carry, str) else carry
    after = []
    read = embedded(graph, network, params, "x")
    zero = zero_if_finite(graph, read, None)
    hidden = graph.unsqueeze(read, 0)  # (1, S, F)
    states = iter(carry)
    for layer, part in zip(network.layers, params.layers, strict=True):
        ((one, of_one),) = directions(layer, part)
        initial = [next(states) for _ in layer.state_widths()]
        hidden, final = recurrence(graph, one.cell_name, of_one, layer.n_hidden, hidden, initial)
        after += final
    pooled, pooling = _pooled(graph, network, params, graph.squeeze(hidden, 0), list(states))
    raw = readout(graph, params, pooled)
    if n_lags:
        lags = _lags(graph, network, carry[-1])
        raw = graph.add("Add", raw, linear(graph, network, params, lags))
        pooling.append(graph.reshape(lags, -1, n_lags))
    after += pooling
    state = after[0] if len(after) == 1 else graph.add("Concat", *after, axis=1)
    return graph.add("Add", raw, zero), graph.add("Add", state, zero)


def _pooled(graph, network, params, hidden, carry):
    """The pooled states (S, D) after one more step, and the carry of the pooling."""
    pooling = network.pooling
    is_first = graph.unsqueeze(graph.add("Equal", "n_steps", np.int64(0)), 1)
    if isinstance(pooling, MeanPooling):
        total = graph.add("Add", carry[0], hidden)
        n_steps = graph.cast(graph.add("Add", "n_steps", np.int64(1)), np.float32)
        return graph.add("Div", total, graph.unsqueeze(n_steps, 1)), [total]
    if isinstance(pooling, MaxPooling):
        largest = graph.add("Where", is_first, hidden, graph.add("Max", carry[0], hidden))
        return largest, [largest]
    if isinstance(pooling, AttentionPooling):
        score = scores(graph, params, hidden)  # (S, 1)
        largest = graph.add("Where", is_first, score, graph.add("Max", carry[0], score))
        # Sums until here, scaled down to the largest score.
        change = graph.add("Exp", graph.add("Sub", carry[0], largest))
        change = graph.add("Where", is_first, np.float32(0), change)
        weight = graph.add("Exp", graph.add("Sub", score, largest))
        one = graph.add("Concat", graph.add("Mul", weight, hidden), weight, axis=1)
        sums = graph.add("Add", graph.add("Mul", change, carry[1]), one)
        numerator, denominator = graph.add(
            "Split", sums, np.array([network.width, 1]), axis=1, n_outputs=2
        )
        return graph.add("Div", numerator, denominator), [largest, sums]
    return hidden, []


def _lags(graph, network, before):
    """The last rows (S, n_steps, F), of which the first stands for those before it."""
    n_steps, n_features = network.linear.n_steps, network.n_features
    row = graph.unsqueeze("x", 1)
    is_first = graph.reshape(graph.add("Equal", "n_steps", np.int64(0)), -1, 1, 1)
    before = graph.reshape(before, -1, n_steps, n_features)
    before = graph.add("Where", is_first, row, before)
    last = graph.add("Slice", before, np.array([1]), np.array([n_steps]), np.array([1]))
    return graph.add("Concat", last, row, axis=1)
