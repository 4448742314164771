"""The network: recurrent layers one above the other, and a readout."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.layer import LayerTrace, RecurrentLayer
from skrnn.network.minibatch import Minibatch
from skrnn.network.parameters import Layout
from skrnn.network.readout import Readout

# Sequences per minibatch in prediction: wide enough for the kernels, small enough for the cache.
PREDICT_BATCH_SIZE = 256

# BLAS may raise flags for lanes that nobody reads; training looks at the numbers themselves.
quiet = np.errstate(invalid="ignore", over="ignore")


class Trace(NamedTuple):
    """A forward pass through the stack."""

    layers: list[LayerTrace]
    masks: list[np.ndarray]  # the scaled dropout masks (N, H) between the layers
    pooled: np.ndarray  # (B, H)
    raw: np.ndarray  # (B, n_outputs)


class Network:
    """A stack of recurrent layers with a dense readout of the last hidden state.

    The network is its shapes only; the numbers are in a vector ``theta`` of ``layout.size``.

    Parameters
    ----------
    cell : str
        A name in ``skrnn.cells.CELLS``.
    n_features : int
        Width of the input.
    hidden_layer_sizes : sequence of int
        Width of each layer.
    n_outputs : int
        Width of the raw prediction.
    dropout : float
        Probability of dropping an output between two layers in training.
    """

    def __init__(self, cell, n_features, hidden_layer_sizes, n_outputs, dropout=0.0):
        self.n_features = n_features
        self.dropout = dropout
        widths = [n_features, *hidden_layer_sizes]
        self.layers = [RecurrentLayer(cell, *pair) for pair in pairwise(widths)]
        self.readout = Readout(widths[-1], n_outputs)
        self.layout = Layout(
            {
                f"{name}_l{k}": shape
                for k, layer in enumerate(self.layers)
                for name, shape in layer.param_shapes().items()
            }
            | self.readout.param_shapes()
        )

    def params(self, theta):
        """The named views of a vector like ``theta``, grouped by layer; the readout's last."""
        views = iter(self.layout.views(theta).values())
        return [
            {name: next(views) for name in part.param_shapes()}
            for part in [*self.layers, self.readout]
        ]

    def initialize(self, rng, dtype):
        """Draw an initial ``theta``."""
        theta = np.empty(self.layout.size, dtype)
        parts = [*self.layers, self.readout]
        for part, params in zip(parts, self.params(theta), strict=True):
            part.initialize(params, rng)
        return theta

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        *layer_params, readout_params = params
        prepared = [
            layer.prepare(params, arena)
            for layer, params in zip(self.layers, layer_params, strict=True)
        ]
        return [*prepared, readout_params]

    def forward(self, prepared, minibatch, *, keep=False, dropout_rng=None):
        """Raw predictions for a minibatch, in its order.

        With ``keep`` the trace can go through ``backward``; with ``dropout_rng`` dropout acts.
        """
        *layers_prepared, readout_params = prepared
        traces, masks, x = [], [], minibatch.x
        for k, (layer, weights) in enumerate(zip(self.layers, layers_prepared, strict=True)):
            if k > 0 and dropout_rng is not None and self.dropout > 0:
                kept = dropout_rng.random(x.shape, dtype=np.float32) >= self.dropout
                masks.append(kept * x.dtype.type(1 / (1 - self.dropout)))
                x = x * masks[-1]
            trace = layer.forward(weights, minibatch, x, keep)
            # Without a backward pass the layers below are done with. In the first minibatch that
            # frees their memory; later it is the arena's, until the next minibatch.
            traces = [*traces, trace] if keep else [trace]
            x = trace.output
        pooled = self.readout.pool(minibatch, traces[-1].states[0])
        return Trace(traces, masks, pooled, self.readout.forward(readout_params, pooled))

    def backward(self, params, minibatch, trace, draw, dparams):
        """Add to ``dparams`` the gradients of the parameters, given that of the raw predictions."""
        *layer_params, readout_params = params
        *layer_dparams, readout_dparams = dparams
        dh = self.readout.backward(readout_params, trace.pooled, draw, readout_dparams)
        dout = None
        for k in reversed(range(len(self.layers))):
            dfinal = [None] * len(trace.layers[k].states)
            if k == len(self.layers) - 1:
                dfinal[0] = dh
            dout = self.layers[k].backward(
                layer_params[k], minibatch, trace.layers[k], dout, dfinal, layer_dparams[k], k > 0
            )
            if k > 0 and trace.masks:
                dout *= trace.masks[k - 1]

    @quiet
    def predict(self, theta, sequences):
        """Raw predictions (n, n_outputs) in float64, and pooled hidden states (n, H)."""
        n = len(sequences)
        raw = np.empty((n, self.readout.n_outputs), np.float64)
        pooled = np.empty((n, self.readout.n_hidden), theta.dtype)
        arena = Arena()
        prepared = self.prepare(self.params(theta), Arena())
        for start in range(0, n, PREDICT_BATCH_SIZE):
            index = np.arange(start, min(start + PREDICT_BATCH_SIZE, n))
            minibatch = Minibatch(sequences, index, arena)
            trace = self.forward(prepared, minibatch)
            raw[minibatch.order] = trace.raw
            pooled[minibatch.order] = trace.pooled
        return raw, pooled
