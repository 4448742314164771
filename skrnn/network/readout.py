"""The head: the last hidden state of each sequence, then a dense layer."""

import numpy as np


class Readout:
    """raw = W h_last + b, with ``weight_out`` W (n_outputs, H) and ``bias_out`` b."""

    def __init__(self, n_hidden, n_outputs):
        self.n_hidden = n_hidden
        self.n_outputs = n_outputs

    def param_shapes(self):
        return {"weight_out": (self.n_outputs, self.n_hidden), "bias_out": (self.n_outputs,)}

    def initialize(self, params, rng):
        bound = np.sqrt(6 / (self.n_hidden + self.n_outputs))
        params["weight_out"][:] = rng.uniform(-bound, bound, params["weight_out"].shape)
        params["bias_out"][:] = 0

    def pool(self, minibatch, hidden):
        """The last hidden states (B, H), from a state array (B + N, H)."""
        return hidden[minibatch.final_states]

    def forward(self, params, pooled):
        return pooled @ params["weight_out"].T + params["bias_out"]

    def backward(self, params, pooled, draw, dparams):
        """Add the parameters' gradients to ``dparams`` and return that of the pooled state."""
        dparams["weight_out"] += draw.T @ pooled
        dparams["bias_out"] += draw.sum(axis=0)
        return draw @ params["weight_out"]
