"""From raw predictions to what an estimator predicts."""

from typing import NamedTuple

import numpy as np

from skrnn.targets import Labels, Numbers


class Output(NamedTuple):
    """An output of an estimator."""

    name: str
    dtype: type  # of NumPy; str is text
    shape: tuple  # without the samples, or the steps


def declared(target):
    """The outputs of an estimator with this target."""
    if isinstance(target, Numbers):
        n_quantiles = _n_quantiles(target)
        n_targets = target.n_outputs // n_quantiles
        outputs = [Output("variable", np.float64, (n_targets,))]
        if n_quantiles > 1:
            outputs.append(Output("quantiles", np.float64, (n_targets, n_quantiles)))
        return outputs
    n_classes = len(target.classes)
    label = (n_classes,) if isinstance(target, Labels) else ()
    return [
        Output("label", label_dtype(target.classes), label),
        Output("probabilities", np.float32, (n_classes,)),
    ]


def label_dtype(classes):
    """Of labels in a graph."""
    kind = classes.dtype.kind
    if kind in "bi" or (kind == "u" and classes.max() <= np.iinfo(np.int64).max):
        return np.int64
    if kind == "f":
        return np.float32
    if kind == "U" or all(isinstance(value, str) for value in classes):
        return str
    raise ValueError(
        f"The classes are {classes.tolist()[:5]} of dtype {classes.dtype}; expected numbers of "
        f"int64 or float, or text, as ONNX has no other labels."
    )


def decoded(graph, target, raw):
    """The outputs, in the order of ``declared``, from raw predictions (n, n_outputs)."""
    if isinstance(target, Numbers):
        return _numbers(graph, target, raw)
    return _classes(graph, target, raw)


def _n_quantiles(target):
    return len(np.atleast_1d(target.quantile)) if target.loss_name == "quantile" else 1


def _numbers(graph, target, raw):
    y = graph.cast(raw, np.float64)
    if target.loss.out_activation == "exp":
        y = graph.add("Exp", y)
    scaler, n_quantiles = target.scaler, _n_quantiles(target)
    y = graph.reshape(y, -1, target.n_outputs // n_quantiles, n_quantiles)
    if scaler.with_std:
        y = graph.add("Mul", y, scaler.scale_[:, np.newaxis])
    if scaler.with_mean:
        y = graph.add("Add", y, scaler.mean_[:, np.newaxis])
    if n_quantiles == 1:
        return [graph.squeeze(y, 2)]
    y, _ = graph.add("TopK", y, np.array([n_quantiles]), axis=2, largest=0, sorted=1, n_outputs=2)
    middle = int(np.abs(target.loss.quantiles - 0.5).argmin())
    return [graph.add("Gather", y, np.int64(middle), axis=2), y]


def _classes(graph, target, raw):
    if isinstance(target, Labels):
        label = graph.cast(graph.add("Greater", raw, np.float32(0)), np.int64)
        return [label, graph.add("Sigmoid", raw)]
    if target.n_outputs == 1:
        both = graph.add("Concat", graph.add("Neg", raw), raw, axis=1)
        proba, scores = graph.add("Sigmoid", both), both
    else:
        proba, scores = graph.add("Softmax", raw, axis=1), raw
    number = graph.add("ArgMax", scores, axis=1, keepdims=0)
    classes = target.classes
    dtype = label_dtype(classes)
    labels = classes.astype(str if dtype is str else dtype)
    return [graph.add("Gather", labels, number, axis=0), proba]
