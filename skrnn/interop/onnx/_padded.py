"""Sequences in a graph: a padded tensor and the number of steps of each."""

from typing import NamedTuple

import numpy as np

from skrnn.interop.onnx._graph import Graph

INTEGERS = (np.int32, np.int64)


class Value(NamedTuple):
    """A value of a graph, and what is known of it."""

    name: str
    dtype: type  # of NumPy
    rank: int


class Padded(NamedTuple):
    """Sequences, each followed by padding.

    The padding may have any values. A sequence without steps has ``lengths`` 0.
    """

    x: str  # (B, T, F)
    lengths: str  # (B,) int64
    dtype: type  # of x
    first: str | None = None  # (B,), where each sequence began in a tensor with NaN in front of it
    is_table: bool = False

    def mask(self, graph, rank=2):
        """Which steps are in a sequence, (B, T), or (B, T, 1) with rank 3."""
        steps = graph.range(graph.length(self.x, 1))
        mask = graph.add("Less", graph.unsqueeze(steps, 0), graph.unsqueeze(self.lengths, 1))
        return graph.unsqueeze(mask, 2) if rank == 3 else mask

    def last(self, graph):
        """The last step of each sequence, (B, 1); 0 if there is none."""
        before = graph.add("Sub", self.lengths, np.int64(1))
        return graph.unsqueeze(graph.add("Max", before, np.int64(0)), 1)


def table(graph: Graph, inputs, model):
    """The columns of a table as one value, (n, n_columns)."""
    found = [value.rank for value in inputs]
    if any(rank != 2 for rank in found):
        raise ValueError(
            f"{type(model).__name__} got inputs of {found} dimensions; expected a table, of 2."
        )
    if len(inputs) == 1:
        value = inputs[0]
        if value.dtype in (np.float32, np.float64):
            return value
        return Value(graph.cast(value.name, np.float32), np.float32, 2)
    dtype = np.float64 if np.float64 in [value.dtype for value in inputs] else np.float32
    columns = [graph.cast(value.name, dtype) for value in inputs]
    return Value(graph.add("Concat", *columns, axis=1), dtype, 2)


def padded(graph: Graph, inputs, model) -> Padded:
    """Sequences from the inputs of an operator.

    That is a tensor (B, T, F) and the numbers of steps (B,); the tensor alone, in which steps at
    either end that are all NaN are padding; or a table, with one univariate sequence in each row.
    """
    form = [(value.rank, np.dtype(value.dtype).name) for value in inputs]
    if len(inputs) == 2 and inputs[1].rank == 1 and inputs[1].dtype in INTEGERS:
        x = _floats(graph, inputs[0])
        lengths = graph.cast(inputs[1].name, np.int64)
        if x.rank == 3:
            longest = graph.length(x.name, 1)
            lengths = graph.add("Min", graph.add("Max", lengths, np.int64(0)), longest)
            return Padded(x.name, lengths, x.dtype)
    elif all(value.rank == 2 for value in inputs):
        rows = table(graph, inputs, model)
        n_rows, n_columns = (graph.length(rows.name, axis) for axis in (0, 1))
        lengths = graph.add("Expand", n_columns, n_rows)
        return Padded(graph.unsqueeze(rows.name, 2), lengths, rows.dtype, is_table=True)
    elif len(inputs) == 1 and inputs[0].rank == 3:
        return _without_padding(graph, _floats(graph, inputs[0]))
    raise ValueError(
        f"{type(model).__name__} got inputs of (dimensions, dtype) {form}; expected one tensor "
        f"(n_samples, n_timesteps, n_features); a tensor with the numbers of steps, int32 of shape "
        f"(n_samples,); or a table, if the model was fitted on one."
    )


def _floats(graph, value):
    if value.dtype in (np.float32, np.float64):
        return value
    return Value(graph.cast(value.name, np.float32), np.float32, value.rank)


def _without_padding(graph, value):
    """Sequences at the beginning of a tensor, from one with NaN before and after them."""
    is_nan = graph.cast(graph.add("IsNaN", value.name), np.float32)
    is_step = graph.add("Sub", np.float32(1), graph.reduce("ReduceMin", is_nan, 2))  # (B, T)
    first = graph.add("ArgMax", is_step, axis=1, keepdims=0)
    last = graph.add("ArgMax", is_step, axis=1, keepdims=0, select_last_index=1)
    some = graph.cast(graph.reduce("ReduceMax", is_step, 1), np.int64)
    lengths = graph.add("Add", graph.add("Sub", last, first), np.int64(1))
    lengths = graph.add("Mul", lengths, some)
    longest = graph.length(value.name, 1)
    step = graph.add(
        "Add", graph.unsqueeze(first, 1), graph.unsqueeze(graph.range(longest), 0)
    )  # (B, T)
    step = graph.add("Min", step, graph.add("Sub", longest, np.int64(1)))
    return Padded(graph.take(value.name, step), lengths, value.dtype, first)


def in_place(graph, values, sequences, output):
    """Values of the steps (B, T, ...) where their steps were given, and in the padding what an
    estimator of steps has there: NaN, -1 for integers, the empty text.
    """
    steps = graph.unsqueeze(graph.range(graph.length(sequences.x, 1)), 0)  # (1, T)
    if sequences.first is not None:
        steps = graph.add("Sub", steps, graph.unsqueeze(sequences.first, 1))
        values = graph.take(values, graph.add("Max", steps, np.int64(0)))
    is_step = graph.add(
        "And",
        graph.add("Less", steps, graph.unsqueeze(sequences.lengths, 1)),
        graph.add("GreaterOrEqual", steps, np.int64(0)),
    )
    for axis in range(2, len(output.shape)):
        is_step = graph.unsqueeze(is_step, axis)
    filler = {str: "", np.int64: -1}.get(output.dtype, np.nan)
    return graph.add("Where", is_step, values, np.array(filler, output.dtype))
