"""The head: a dense layer on the pooled hidden state."""

from skrnn.kernels.product import dense, prepare_dense


class Readout:
    """raw = W p + b, with ``weight_out`` W (n_outputs, D) and ``bias_out`` b."""

    def __init__(self, width, n_outputs):
        self.width = width
        self.n_outputs = n_outputs

    def param_shapes(self):
        return {"weight_out": (self.n_outputs, self.width), "bias_out": (self.n_outputs,)}

    def initialize(self, params, sample, rng):
        params["weight_out"][:] = sample((self.n_outputs, self.width), self.width, rng)

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return prepare_dense(params["weight_out"], params["bias_out"], arena)

    def forward(self, prepared, pooled, arena):
        return dense(pooled, prepared, arena)

    def backward(self, params, pooled, draw, dparams):
        """Add the parameters' gradients to ``dparams`` and return that of the pooled state."""
        dparams["weight_out"] += draw.T @ pooled
        dparams["bias_out"] += draw.sum(axis=0)
        return draw @ params["weight_out"]
