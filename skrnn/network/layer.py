"""One recurrent layer."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from skrnn.cells import CELLS
from skrnn.kernels.arena import Arena
from skrnn.kernels.parameters import BIAS, INPUT, RECURRENT
from skrnn.kernels.repeated import Repeated
from skrnn.network.initialization import INITIALIZATIONS, add_forget_bias
from skrnn.network.minibatch import Minibatch


class LayerTrace(Protocol):
    """What the forward pass of a layer leaves behind for the backward pass."""

    @property
    def input(self) -> np.ndarray | Repeated:
        """What the layer has read, (N, F)."""

    @property
    def output(self) -> np.ndarray:
        """The hidden state after every step, (N, D)."""

    @property
    def summary(self) -> np.ndarray:
        """The hidden state after the last step, (B, D)."""

    @property
    def final(self) -> list[np.ndarray]:
        """All states after the last step, each (B, H)."""


class Layer(Protocol):
    """A layer of the stack, in one direction or both.

    Its parameters come as a dict of named views; what is not described here is as of a cell.
    """

    name: str
    n_outputs: int

    def param_shapes(self) -> dict[str, tuple[int, ...]]: ...

    def recurrent_weights(self) -> list[str]:
        """The names of the weights of recurrent products."""

    def state_widths(self) -> list[int]:
        """The width of each state that goes on from step to step."""

    def initialize(
        self, params: dict, init: str, forget_bias: Any, longest: int, rng: np.random.Generator
    ) -> None:
        """Draw initial weights into zeros."""

    def prepare(self, params: dict, arena: Arena) -> Any: ...

    def forward(
        self, prepared: Any, minibatch: Minibatch, x: np.ndarray, initial: list, keep: bool
    ) -> LayerTrace: ...

    def backward(
        self,
        params: dict,
        minibatch: Minibatch,
        trace: Any,
        dout: np.ndarray | None,
        dsummary: np.ndarray | None,
        dparams: dict,
        need_dx: bool,
    ) -> tuple[np.ndarray | None, list[np.ndarray]]: ...


class RecurrentTrace(NamedTuple):
    """The trace of one direction."""

    x: np.ndarray | Repeated  # (N, F)
    states: list[np.ndarray]  # each (B + N, H), the initial state in the first B rows
    cache: Any  # the cell's own
    final_rows: np.ndarray  # (B,), where in the states the last ones are

    @property
    def input(self):
        """What the layer has read, (N, F)."""
        return self.x

    @property
    def output(self):
        """The hidden state after every step, (N, H)."""
        return self.states[0][len(self.states[0]) - len(self.x) :]

    @property
    def summary(self):
        """The hidden state after the last step, (B, H)."""
        return self.states[0][self.final_rows]

    @property
    def final(self):
        """All states after the last step, each (B, H)."""
        return [state[self.final_rows] for state in self.states]


class RecurrentLayer:
    """A layer of ``n_hidden`` units of one cell, from the registry ``CELLS``."""

    def __init__(self, cell, n_features, n_hidden, name):
        self.cell_name = cell  # what is pickled
        self.n_features = n_features
        self.n_hidden = self.n_outputs = n_hidden
        self.name = name

    @property
    def cell(self):
        return CELLS[self.cell_name]

    def param_shapes(self):
        return {
            f"{name}_{self.name}": parameter.shape(self.n_features, self.n_hidden)
            for name, parameter in self.cell.parameters.items()
        }

    def recurrent_weights(self):
        """The names of the weights of recurrent products."""
        return [
            f"{name}_{self.name}"
            for name, parameter in self.cell.parameters.items()
            if parameter.kind == RECURRENT
        ]

    def state_widths(self):
        """The width of each state that goes on from step to step."""
        return [self.n_hidden] * len(self.cell.states)

    def initialize(self, params, init, forget_bias, longest, rng):
        """Draw initial weights into zeros; per-unit vectors stay zero."""
        of_kind = INITIALIZATIONS[init]
        draws = {INPUT: of_kind.dense, RECURRENT: of_kind.recurrent, BIAS: of_kind.bias}
        for param, parameter in zip(params.values(), self.cell.parameters.values(), strict=True):
            if parameter.kind not in draws:
                continue
            drawn = draws[parameter.kind](param.shape, self.n_hidden, rng)
            if parameter.kind == BIAS:
                gates = np.split(drawn, len(parameter.columns))
                blocks = dict(zip(parameter.columns, gates, strict=True))
                add_forget_bias(forget_bias, blocks, self.cell.memory, longest, rng)
            param[:] = drawn

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return self.cell.prepare(list(params.values()), arena)

    def forward(self, prepared, minibatch, x, initial, keep):
        """Run all steps from the ``initial`` states, each (B, H) or None for zero.

        ``keep`` what backward needs, or not.
        """
        states, cache = self.cell.forward(
            minibatch.offsets, x, prepared, initial, keep, minibatch.arena
        )
        return RecurrentTrace(x, states, cache, minibatch.final_states)

    def backward(self, params, minibatch, trace, dout, dsummary, dparams, need_dx):
        """Add the parameters' gradients to ``dparams``; return those of x and the initial states.

        ``dout`` (N, H) is the gradient of every step's output, ``dsummary`` (B, H) that of the
        last; None is zero. That of x is None if it is not needed.
        """
        dfinal = [dsummary] + [None] * (len(trace.states) - 1)
        return self.cell.backward(
            minibatch.offsets, trace.x, list(params.values()), trace.states, trace.cache,
            dout, dfinal, list(dparams.values()), need_dx, minibatch.arena,
        )  # fmt: skip
