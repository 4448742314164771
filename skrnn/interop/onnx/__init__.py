"""Models as graphs of ONNX: what skl2onnx asks a model for, and a graph of one step."""

import importlib.util

if importlib.util.find_spec("onnx") is None:
    raise ImportError(
        "skrnn.interop.onnx needs the package onnx. Install it: pip install 'skrnn[onnx]'"
    )

from skrnn.interop.onnx._step import step_to_onnx

__all__ = ["step_to_onnx"]
