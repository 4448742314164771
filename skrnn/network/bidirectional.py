"""A bidirectional layer: one that reads each sequence from its start, one from its end."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from skrnn.kernels.repeated import Repeated
from skrnn.network.layer import RecurrentLayer, RecurrentTrace


class BidirectionalTrace(NamedTuple):
    """The forward passes of both directions."""

    directions: tuple[RecurrentTrace, RecurrentTrace]
    output: np.ndarray  # (N, 2H), after every step: the one from the start, the one from the end

    @property
    def input(self):
        """What the layer has read, (N, F)."""
        return self.directions[0].x

    @property
    def summary(self):
        """Each direction's hidden state after its own last step, (B, 2H)."""
        return np.hstack([trace.summary for trace in self.directions])

    @property
    def final(self):
        """The states of both after their last steps, each (B, H)."""
        return [state for trace in self.directions for state in trace.final]


class BidirectionalLayer:
    """Two layers side by side (Schuster & Paliwal 1997), with their outputs concatenated."""

    def __init__(self, cell, n_features, n_hidden, name):
        self.directions = [
            RecurrentLayer(cell, n_features, n_hidden, name),
            RecurrentLayer(cell, n_features, n_hidden, f"{name}_reverse"),
        ]
        self.name = name
        self.n_hidden = n_hidden
        self.n_outputs = 2 * n_hidden

    def param_shapes(self):
        one, other = self.directions
        return one.param_shapes() | other.param_shapes()

    def recurrent_weights(self):
        return [name for layer in self.directions for name in layer.recurrent_weights()]

    def state_widths(self):
        return [width for layer in self.directions for width in layer.state_widths()]

    def split(self, params):
        """The parameters of each direction."""
        items = iter(params.items())
        return [dict(islice(items, len(layer.param_shapes()))) for layer in self.directions]

    def initialize(self, params, *how):
        for layer, part in zip(self.directions, self.split(params), strict=True):
            layer.initialize(part, *how)

    def prepare(self, params, arena):
        return [
            layer.prepare(part, arena)
            for layer, part in zip(self.directions, self.split(params), strict=True)
        ]

    def forward(self, prepared, minibatch, x, initial, keep):
        n_states = len(initial) // 2
        start, end = self.directions
        from_start = start.forward(prepared[0], minibatch, x, initial[:n_states], keep)
        from_end = end.forward(
            prepared[1], minibatch, minibatch.reversed(x), initial[n_states:], keep
        )
        output = minibatch.arena.take(len(x), self.n_outputs, x.itemsize)
        output[:, : self.n_hidden] = from_start.output
        output[:, self.n_hidden :] = from_end.output[minibatch.reversal]
        return BidirectionalTrace((from_start, from_end), output)

    def backward(self, params, minibatch, trace, dout, dsummary, dparams, need_dx):
        H, (start, end) = self.n_hidden, self.directions
        douts, dsummaries = [None, None], [None, None]
        if dout is not None:
            douts = [dout[:, :H], minibatch.reversed(dout[:, H:])]
        if dsummary is not None:
            dsummaries = [dsummary[:, :H], dsummary[:, H:]]
        backward = [
            (part, minibatch, *given, dpart, need_dx)
            for part, *given, dpart in zip(
                self.split(params), trace.directions, douts, dsummaries, self.split(dparams),
                strict=True,
            )
        ]  # fmt: skip
        (dx, dinitial), (dreversed, more) = start.backward(*backward[0]), end.backward(*backward[1])
        if need_dx and isinstance(trace.input, Repeated):
            dx += dreversed
        elif need_dx:
            dx += minibatch.reversed(dreversed)
        return dx, dinitial + more
