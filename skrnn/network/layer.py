"""One recurrent layer: a cell, its shapes and its initial weights."""

from typing import Any, NamedTuple

import numpy as np

from skrnn.cells import CELLS

# Remembering is the better start: Jozefowicz, Zaremba & Sutskever 2015.
FORGET_BIAS = 1.0


class LayerTrace(NamedTuple):
    """What the forward pass leaves behind for the backward pass."""

    x: np.ndarray  # (N, F)
    states: list[np.ndarray]  # each (B + N, H), the initial state in the first B rows
    cache: Any  # the cell's own

    @property
    def output(self):
        """The hidden state after every step, (N, H)."""
        return self.states[0][len(self.states[0]) - len(self.x) :]


class RecurrentLayer:
    """A layer of ``n_hidden`` units of one cell, from the registry ``CELLS``."""

    def __init__(self, cell, n_features, n_hidden):
        self.cell = cell
        self.n_features = n_features
        self.n_hidden = n_hidden

    def param_shapes(self):
        return CELLS[self.cell].param_shapes(self.n_features, self.n_hidden)

    def initialize(self, params, rng):
        """Draw initial weights in place: Glorot uniform, orthogonal, and zero."""
        weight_ih, weight_hh, bias = params.values()
        n_hidden, gates = self.n_hidden, CELLS[self.cell].gates
        bound = np.sqrt(6 / (self.n_features + n_hidden))
        weight_ih[:] = rng.uniform(-bound, bound, weight_ih.shape)
        bias[:] = 0
        for k, name in enumerate(gates):
            gate = slice(k * n_hidden, (k + 1) * n_hidden)
            weight_hh[gate] = random_orthogonal(n_hidden, rng)
            if name == "f":
                bias[gate] = FORGET_BIAS

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return CELLS[self.cell].prepare(list(params.values()), arena)

    def forward(self, prepared, minibatch, x, keep):
        """Run all steps; ``keep`` what backward needs, or not."""
        cell = CELLS[self.cell]
        initial = [None] * len(cell.states)  # zero
        return LayerTrace(
            x, *cell.forward(minibatch.offsets, x, prepared, initial, keep, minibatch.arena)
        )

    def backward(self, params, minibatch, trace, dout, dfinal, dparams, need_dx):
        """Add the parameters' gradients to ``dparams`` and return that of x, if needed.

        ``dout`` (N, H) is the gradient of every step's output, or None; ``dfinal`` holds those
        of the final states (B, H), or None for zero.
        """
        dx, _ = CELLS[self.cell].backward(
            minibatch.offsets, trace.x, list(params.values()), trace.states, trace.cache,
            dout, dfinal, list(dparams.values()), need_dx, minibatch.arena,
        )  # fmt: skip
        return dx


def random_orthogonal(n, rng):
    """An orthogonal (n, n) matrix, uniformly distributed (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return q * np.sign(np.diag(r))
