"""What skl2onnx asks a model for."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrnn.estimators._sequence_to_one import SequenceEstimator
from skrnn.estimators._step_estimators import StepEstimator
from skrnn.interop.onnx import _estimators as estimators
from skrnn.interop.onnx import _windows as windows
from skrnn.interop.onnx._graph import Graph
from skrnn.interop.onnx._types import dtype_of, typed, value_of
from skrnn.windows import (
    ColumnwiseRegressor,
    LagColumnsToSequence,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
)

# Operators by which skl2onnx gives outputs the names and types of ``final_types``.
RENAMING = {"SklearnIdentity", "SklearnCast"}
PARTS = {
    SequenceEstimator: estimators,
    StepEstimator: estimators,
    SlidingWindow: windows.Window,
    LagColumnsToSequence: windows.LagColumns,
    PerStep: windows.EachStep,
    WindowScaledRegressor: windows.WindowScaled,
    ColumnwiseRegressor: windows.Columnwise,
}


def part_of(model):
    """What declares and builds the part of a graph that is a model."""
    check_is_fitted(model)
    for kind, part in PARTS.items():
        if isinstance(model, kind):
            return part
    raise TypeError(f"{type(model).__name__} is not exported to ONNX.")


def parser(model):
    """The function that declares the outputs of a model."""
    part = part_of(model)

    def declare(scope, inputs):
        inputs = [value_of(variable) for variable in inputs]
        is_double = any(value.dtype is np.float64 for value in inputs)
        return [
            # As skl2onnx does: what comes after has the precision of the input.
            scope.declare_local_variable(
                output.name,
                typed(
                    np.float32 if output.dtype is np.float64 and not is_double else output.dtype,
                    output.shape,
                ),
            )
            for output in part.declare(model, inputs)
        ]

    return declare


def shape_calculator(model):
    """The function that sets the shapes of the outputs of a model."""
    part = part_of(model)

    def calculate(operator):
        outputs = _declared(part, model, operator)
        for variable, output in zip(operator.outputs, outputs, strict=False):
            # What comes after, or a model around this one, has been told of the dtype that it has.
            dtype = output.dtype if variable.is_leaf else dtype_of(variable)
            variable.set_type(typed(dtype, output.shape))

    return calculate


def converter(model):
    """The function that adds the nodes of a model."""
    part = part_of(model)

    def convert(scope, operator, container):
        graph = Graph(container.target_opset, scope.get_unique_variable_name)
        inputs = [value_of(variable) for variable in operator.inputs]
        names = part.build(graph, model, inputs, **_use(part, operator))
        outputs = _declared(part, model, operator)
        for variable, name, output in zip(operator.outputs, names, outputs, strict=False):
            dtype = dtype_of(variable)
            name = name if dtype is output.dtype else graph.cast(name, dtype)
            graph.rename(name, variable.onnx_name)
        graph.into(container)

    return convert


def _declared(part, model, operator):
    inputs = [value_of(variable) for variable in operator.inputs]
    return part.declare(model, inputs, **_use(part, operator))


def _use(part, operator):
    """Whether an estimator stands before another step, which reads what ``transform`` gives.

    A parser cannot know it, so a classifier has declared two outputs: of these the step is to read
    the first only.
    """
    if part is not estimators:
        return {}
    readers = [
        reader
        for variable in operator.outputs
        for reader in variable.operators_inputs_
        if reader.type not in RENAMING
    ]
    for reader in readers:
        for place in reversed(range(1, len(reader.inputs))):
            if any(reader.inputs[place] is variable for variable in operator.outputs[1:]):
                del reader.inputs[place]
    if readers and dtype_of(operator.outputs[0]) is not np.float64:  # it may be that of a label
        operator.outputs[0].set_type(typed(np.float32, operator.outputs[0].type.shape))
    return {"transform": bool(readers)}
