"""Types of values, as skl2onnx has them."""

import numpy as np

from skrnn.interop.onnx._padded import Value

NAMES = {
    np.float32: "FloatTensorType",
    np.float64: "DoubleTensorType",
    np.int32: "Int32TensorType",
    np.int64: "Int64TensorType",
    np.bool_: "BooleanTensorType",
    str: "StringTensorType",
}


def typed(dtype, shape):
    """The type of a tensor, with None for a length that is not known."""
    from skl2onnx.common import data_types

    return getattr(data_types, NAMES[dtype])(list(shape))


def dtype_of(variable):
    """The dtype of a variable of skl2onnx."""
    found = type(variable.type).__name__
    for dtype, name in NAMES.items():
        if name == found:
            return dtype
    raise ValueError(
        f"{variable.raw_name!r} is of type {variable.type}; expected a tensor of float32, float64, "
        f"int32, int64 or bool."
    )


def value_of(variable):
    """What is known of a variable of skl2onnx."""
    return Value(variable.onnx_name, dtype_of(variable), len(variable.type.shape))
