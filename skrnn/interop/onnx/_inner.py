"""A model inside another one."""

from skrnn.interop.onnx._types import typed


def inner(graph, model, inputs):
    """Add a model that skl2onnx exports, and return the names of its outputs.

    Parameters
    ----------
    graph : Graph
    model : estimator instance
    inputs : list of (Value, list of int or None)
        With their shapes.
    """
    import skl2onnx

    names = ["X", "lengths"]
    types = [
        (name, typed(value.dtype, shape))
        for name, (value, shape) in zip(names, inputs, strict=False)
    ]
    exported = skl2onnx.to_onnx(model, initial_types=types, target_opset=graph.opset)
    return graph.inline(exported, [value.name for value, _ in inputs])
