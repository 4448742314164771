"""The bridge: from what the encoder has read to the states in which the decoder begins."""

import numpy as np

from skrnn.kernels.product import dense, prepare_dense


class Bridge:
    """s = tanh(W p + b), with ``weight_bridge`` W (n_states, E) and ``bias_bridge`` b.

    The states of all layers are one below the other.

    Parameters
    ----------
    n_inputs : int
        E, the width of the encoder's summary p.
    widths : list of int
        Of each state.
    """

    def __init__(self, n_inputs, widths):
        self.n_inputs = n_inputs
        self.n_states = sum(widths)
        self.cuts = np.cumsum(widths)[:-1]

    def param_shapes(self):
        return {"weight_bridge": (self.n_states, self.n_inputs), "bias_bridge": (self.n_states,)}

    def initialize(self, params, sample, rng):
        shape = params["weight_bridge"].shape
        params["weight_bridge"][:] = sample(shape, self.n_inputs, rng)

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return prepare_dense(params["weight_bridge"], params["bias_bridge"], arena)

    def forward(self, prepared, summary, arena):
        """The states, (B, H) each, of summaries (B, E)."""
        return np.split(np.tanh(dense(summary, prepared, arena)), self.cuts, axis=1)

    def backward(self, params, summary, states, dstates, dparams):
        """Add to ``dparams`` and return the gradient of the summaries, given that of the states."""
        s, ds = np.hstack(states), np.hstack(dstates)
        da = ds * (1 - s * s)
        dparams["weight_bridge"] += da.T @ summary
        dparams["bias_bridge"] += da.sum(axis=0)
        return da @ params["weight_bridge"]
