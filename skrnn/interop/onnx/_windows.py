"""Transformers of windows, and what is around a regressor, as parts of a graph."""

import numpy as np

from skrnn.interop.onnx._inner import inner
from skrnn.interop.onnx._outputs import Output
from skrnn.interop.onnx._padded import Padded, Value, padded, table


def _floats_like(inputs):
    """The dtype of what comes out, as of skl2onnx."""
    return np.float64 if any(value.dtype is np.float64 for value in inputs) else np.float32


def _sequences(inputs, n_features):
    return [
        Output("sequences", _floats_like(inputs), (None, None, n_features)),
        Output("lengths", np.int64, (None,)),
    ]


class Window:
    """``SlidingWindow``, as it treats arrays: their rows have no labels."""

    @staticmethod
    def declare(model, inputs):
        n_features = len(model._is_feature)
        if model.flatten:
            return [Output("variable", _floats_like(inputs), (None, model.window * n_features))]
        return _sequences(inputs, model.segment * n_features)

    @staticmethod
    def build(graph, model, inputs):
        for name in ("group", "time"):
            if getattr(model, name) is not None:
                raise ValueError(
                    f"{name}={getattr(model, name)!r} of SlidingWindow is not exported: a graph "
                    f"has no names of columns. Make the windows outside of the graph: export the "
                    f"steps after SlidingWindow, and pass them the windows; or fit one series "
                    f"without {name}."
                )
        rows = table(graph, inputs, model)
        tail, n_tail = rows.name, 0
        if model.history == "tail":
            (of_fit,) = model.tails_.values()
            n_tail = len(of_fit)
            tail = graph.add("Concat", of_fit.astype(rows.dtype), rows.name, axis=0)
        step, window, segment = model.step, model.window, 1 if model.flatten else model.segment
        row = graph.add("Add", graph.range(graph.length(rows.name, 0)), np.int64(n_tail))  # (n,)
        # Steps of each window, and how many of them are before the first whole segment.
        n_steps = graph.add("Div", row, np.int64(step))
        n_steps = graph.add("Min", graph.add("Add", n_steps, np.int64(1)), np.int64(window))
        lengths = graph.add("Div", n_steps, np.int64(segment))
        lengths = graph.add("Max", lengths, np.int64(1))
        if model.flatten:  # windows end together
            first = graph.add("Sub", n_steps, np.int64(window))
        else:
            first = graph.add("Sub", n_steps, graph.add("Mul", lengths, np.int64(segment)))
        place = graph.add("Add", graph.unsqueeze(first, 1), np.arange(window)[np.newaxis])
        last = graph.unsqueeze(graph.add("Sub", n_steps, np.int64(1)), 1)
        inside = graph.add("Min", graph.add("Max", place, np.int64(0)), last)  # (n, window)
        back = graph.add("Mul", graph.add("Sub", last, inside), np.int64(step))
        index = graph.add("Sub", graph.unsqueeze(row, 1), back)
        windows = graph.add("Gather", tail, index, axis=0)  # (n, window, F)
        n_features = len(model._is_feature)
        if not model.flatten:
            return [graph.reshape(windows, -1, window // segment, segment * n_features), lengths]
        is_there = graph.unsqueeze(graph.add("GreaterOrEqual", place, np.int64(0)), 2)
        windows = graph.add("Where", is_there, windows, np.array(np.nan, rows.dtype))
        return [graph.reshape(windows, -1, window * n_features)]


class LagColumns:
    """``LagColumnsToSequence``."""

    @staticmethod
    def declare(model, inputs):
        return [Output("sequences", _floats_like(inputs), (None, *model._columns.shape))]

    @staticmethod
    def build(graph, model, inputs):
        rows = table(graph, inputs, model)
        return [graph.add("Gather", rows.name, model._columns.astype(np.int64), axis=1)]


class EachStep:
    """``PerStep``, with any transformer that skl2onnx exports."""

    @staticmethod
    def declare(model, inputs):
        return _sequences(inputs, None)

    @staticmethod
    def build(graph, model, inputs):
        sequences = padded(graph, inputs, model)
        n_features = model.transformer_.n_features_in_
        rows = Value(graph.reshape(sequences.x, -1, n_features), sequences.dtype, 2)
        (rows, *_) = inner(graph, model.transformer_, [(rows, [None, n_features])])
        rows = graph.cast(rows, sequences.dtype)
        shape = [graph.length(sequences.x, axis) for axis in (0, 1)]
        return [graph.reshape(rows, *shape, -1), sequences.lengths]


PREDICTIONS = [Output("variable", np.float64, (None, None))]


class WindowScaled:
    """``WindowScaledRegressor``, around any regressor that is exported."""

    @staticmethod
    def declare(model, inputs):
        return PREDICTIONS

    @staticmethod
    def build(graph, model, inputs):
        sequences = padded(graph, inputs, model)
        n_features = 1 if sequences.is_table else model.n_features_in_
        shape = [graph.length(sequences.x, axis) for axis in (0, 1)]
        # Each row of a segment is scaled by itself.
        x = graph.cast(sequences.x, np.float64)
        x = graph.reshape(x, *shape, model._segment, n_features // model._segment)
        column = np.array([model.feature or 0])
        values = graph.add("Gather", x, column, axis=3)  # (B, T, segment, 1)
        sizes = graph.add("Abs", values) if model.operation == "divide" else values
        if model.level == "mean":
            mask = graph.unsqueeze(sequences.mask(graph, 3), 3)
            sizes = graph.add("Where", mask, sizes, np.float64(0))
            total = graph.reduce("ReduceSum", graph.reshape(sizes, shape[0], -1), 1)
            n_steps = graph.add("Mul", sequences.lengths, np.int64(model._segment))
            level = graph.add("Div", total, graph.cast(n_steps, np.float64))
        else:
            last = graph.take(graph.reshape(sizes, *shape, model._segment), sequences.last(graph))
            level = graph.add("Gather", last, np.int64(model._segment - 1), axis=2)
            level = graph.squeeze(level, 1)  # (B,)
        if model.operation == "divide":
            is_zero = graph.add("Equal", level, np.float64(0))
            level = graph.add("Where", is_zero, np.float64(1), level)
        of_step = graph.reshape(level, -1, 1, 1, 1)
        remove, restore = ("Div", "Mul") if model.operation == "divide" else ("Sub", "Add")
        scaled = graph.add(remove, x, of_step)
        if n_features > model._segment:  # columns that stay as they are
            is_scaled = np.arange(n_features // model._segment) == column
            scaled = graph.add("Where", is_scaled, scaled, x)
        scaled = graph.cast(graph.reshape(scaled, *shape, n_features), sequences.dtype)
        scaled = sequences._replace(x=scaled, first=None)
        found = inner(graph, model.regressor_, _given(graph, model.regressor_, scaled, n_features))
        found = graph.cast(found[0], np.float64)
        return [graph.add(restore, found, graph.unsqueeze(level, 1))]


class Columnwise:
    """``ColumnwiseRegressor``, around any regressor that is exported."""

    @staticmethod
    def declare(model, inputs):
        return PREDICTIONS

    @staticmethod
    def build(graph, model, inputs):
        sequences = padded(graph, inputs, model)
        n_features = 1 if sequences.is_table else model.n_features_in_
        n_columns = model.n_columns_
        segment = n_features // n_columns
        n_samples, longest = (graph.length(sequences.x, axis) for axis in (0, 1))
        x = graph.reshape(sequences.x, n_samples, longest, segment, n_columns)
        x = graph.reshape(graph.transpose(x, 0, 3, 1, 2), -1, longest, segment)
        times = graph.add("Concat", n_samples, np.array([n_columns]), axis=0)
        lengths = graph.add("Expand", graph.unsqueeze(sequences.lengths, 1), times)
        columns = Padded(x, graph.reshape(lengths, -1), sequences.dtype)
        found = inner(graph, model.regressor_, _given(graph, model.regressor_, columns, segment))
        return [graph.cast(graph.reshape(found[0], n_samples, -1), np.float64)]


def _given(graph, regressor, sequences, n_features):
    """The inputs of a regressor inside, with their shapes: sequences, or the table they were."""
    if sequences.is_table:
        n_columns = regressor.n_features_in_
        rows = graph.reshape(sequences.x, -1, n_columns)
        return [(Value(rows, sequences.dtype, 2), [None, n_columns])]
    return [
        (Value(sequences.x, sequences.dtype, 3), [None, None, n_features]),
        (Value(sequences.lengths, np.int64, 1), [None]),
    ]
