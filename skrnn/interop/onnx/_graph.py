"""Nodes and constants of an ONNX graph, by name."""

from itertools import count

import numpy as np
from onnx import helper, numpy_helper

# The first with axes of ReduceSum as an input and Softmax over one axis.
LEAST_OPSET = 13
# From this one on, ReduceMax and ReduceMin take their axes as an input too.
AXES_AS_INPUT = 18


class Graph:
    """A graph that grows by nodes. A value is known by its name.

    Parameters
    ----------
    opset : int
        The version of the operators.
    unique : callable or None
        From a name to one that is not taken yet; None counts.
    """

    def __init__(self, opset, unique=None):
        if opset < LEAST_OPSET:
            raise ValueError(
                f"target_opset={opset}; expected at least {LEAST_OPSET}, which has the operators "
                f"that recurrent networks need."
            )
        self.opset = opset
        self.nodes = []
        self.initializers = []
        self.domains = {("", opset)}
        numbers = count()
        self._unique = unique or (lambda name: f"{name}_{next(numbers)}")

    def constant(self, value):
        """The name of a constant, given as an array or a NumPy scalar."""
        name = self._unique("constant")
        value = np.asarray(value)
        if value.dtype.kind == "U":
            value = value.astype(object)
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def add(self, operator, *inputs, n_outputs=1, domain="", **attributes):
        """Add a node, and return the name of its output, or a list of several.

        An input is a name, a constant, or None for one that is left out.
        """
        names = [
            name if isinstance(name, str) else "" if name is None else self.constant(name)
            for name in inputs
        ]
        outputs = [self._unique(operator.lower()) for _ in range(n_outputs)]
        self.nodes.append(helper.make_node(operator, names, outputs, domain=domain, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def cast(self, x, dtype):
        """Values of another dtype."""
        return self.add("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def reshape(self, x, *shape):
        """Values in another shape; each length is a number or a name of shape (1,)."""
        if all(isinstance(length, int) for length in shape):
            return self.add("Reshape", x, np.array(shape, np.int64))
        parts = [np.array([n], np.int64) if isinstance(n, int) else n for n in shape]
        return self.add("Reshape", x, self.add("Concat", *parts, axis=0))

    def transpose(self, x, *axes):
        """Values with their axes in another order."""
        return self.add("Transpose", x, perm=axes)

    def unsqueeze(self, x, axis):
        """Values with one more axis, of length one."""
        return self.add("Unsqueeze", x, np.array([axis], np.int64))

    def squeeze(self, x, axis):
        """Values without an axis of length one."""
        return self.add("Squeeze", x, np.array([axis], np.int64))

    def length(self, x, axis):
        """The length of an axis, of shape (1,)."""
        return self.add("Gather", self.add("Shape", x), np.array([axis], np.int64), axis=0)

    def range(self, length):
        """The integers below a length of shape (1,)."""
        return self.add("Range", np.int64(0), self.squeeze(length, 0), np.int64(1))

    def reduce(self, operator, x, axis):
        """The sum, maximum or minimum over an axis, which goes."""
        if operator == "ReduceSum" or self.opset >= AXES_AS_INPUT:
            return self.add(operator, x, np.array([axis], np.int64), keepdims=0)
        return self.add(operator, x, axes=[axis], keepdims=0)

    def take(self, x, index):
        """Of each sequence of x (B, T, ...), the steps of index (B, n): (B, n, ...)."""
        return self.add("GatherND", x, self.unsqueeze(index, 2), batch_dims=1)

    def inline(self, model, inputs):
        """Add all of another model, and return the names of its outputs."""
        graph = model.graph
        names = dict(zip([value.name for value in graph.input], inputs, strict=True))

        def renamed(name):
            if name and name not in names:
                names[name] = self._unique(name)
            return names.get(name, "")

        for tensor in graph.initializer:
            own = type(tensor)()
            own.CopyFrom(tensor)
            own.name = renamed(tensor.name)
            self.initializers.append(own)
        for node in graph.node:
            own = type(node)()
            own.CopyFrom(node)
            own.name = ""  # names have to be unique, but need not be there
            own.input[:] = [renamed(name) for name in node.input]
            own.output[:] = [renamed(name) for name in node.output]
            self.nodes.append(own)
        self.domains |= {(opset.domain, opset.version) for opset in model.opset_import}
        return [renamed(value.name) for value in graph.output]

    def rename(self, name, output):
        """Give a value the name of an output."""
        self.nodes.append(helper.make_node("Identity", [name], [output]))

    def into(self, container):
        """Put all into a container of skl2onnx."""
        container.nodes.extend(self.nodes)
        container.initializers.extend(self.initializers)
        container.node_domain_version_pair_sets |= self.domains
