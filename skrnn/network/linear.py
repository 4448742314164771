"""A linear path from the last steps of the input straight to the output."""

import numpy as np
from sklearn.utils import gen_batches

from skrnn.kernels.product import dense, prepare_dense
from skrnn.network.ridge import Moments, ridge

# Sequences whose lags are in memory at once.
BATCH_SIZE = 4096


class LinearPath:
    """The autoregressive part of LSTNet (Lai et al. 2018): ``n_steps`` steps.

    With ``columns="all"`` every output has a path from all features. With "own" the outputs are
    cut into as many blocks as there are features, and each block has a path from its feature.

    Parameters: ``weight_ar`` (n_outputs, n_inputs), oldest step first. Where a sequence is
    shorter, its first step stands for those before it.
    """

    def __init__(self, n_steps, n_features, n_outputs, columns="all"):
        self.n_steps = n_steps
        self.n_blocks = n_features if columns == "own" else 1
        self.n_inputs = n_steps * (n_features // self.n_blocks)  # of a block
        self.n_outputs = n_outputs

    def param_shapes(self):
        return {"weight_ar": (self.n_outputs, self.n_inputs)} if self.n_steps else {}

    def blocks(self, weight):
        """Views (n_outputs / n_blocks, n_inputs) of ``weight_ar``, or of what has its rows."""
        return np.split(weight, self.n_blocks)

    def lags(self, sequences, index):
        """The last steps of the sequences, (n_blocks, B, n_inputs)."""
        starts, lengths = sequences.starts[index], sequences.lengths[index]
        back = np.arange(self.n_steps)[::-1]
        step = np.maximum(lengths[:, np.newaxis] - 1 - back, 0)
        steps = sequences._steps_at(starts[:, np.newaxis] + step * sequences.segment)
        # (B, n_steps, F)
        by_block = steps.reshape(len(index), self.n_steps, self.n_blocks, -1).transpose(2, 0, 1, 3)
        return np.ascontiguousarray(by_block).reshape(self.n_blocks, len(index), self.n_inputs)

    def least_squares(self, sequences, target, weight):
        """The weights and the intercepts of ridge regression.

        Parameters
        ----------
        sequences : Sequences of n_samples sequences
        target : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,)

        Returns
        -------
        tuple of ndarray
            Of shapes (n_outputs, n_inputs) and (n_outputs,).
        """
        everything = np.arange(len(target))
        batches = [everything[batch] for batch in gen_batches(len(target), BATCH_SIZE)]
        share = weight / weight.sum()
        middle = share @ target
        center = sum(share[b] @ self.lags(sequences, b) for b in batches)  # (n_blocks, n_inputs)
        moments = [
            Moments(self.n_inputs, self.n_outputs // self.n_blocks) for _ in range(self.n_blocks)
        ]
        for b in batches:
            z = self.lags(sequences, b) - center[:, np.newaxis]
            y = np.split(target[b] - middle, self.n_blocks, axis=1)
            for k, moment in enumerate(moments):
                moment.add(z[k], y[k], share[b])
        slopes = [ridge(moment) for moment in moments]
        offsets = [slope @ c for slope, c in zip(slopes, center, strict=True)]
        return np.concatenate(slopes), middle - np.concatenate(offsets)

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        if not self.n_steps:
            return None
        return [prepare_dense(w, None, arena) for w in self.blocks(params["weight_ar"])]

    def forward(self, prepared, minibatch):
        """The outputs (B, n_outputs), and what ``backward`` needs."""
        lags = self.lags(minibatch.sequences, minibatch.order)
        outputs = [dense(z, w, minibatch.arena) for z, w in zip(lags, prepared, strict=True)]
        return np.concatenate(outputs, axis=1), lags

    def backward(self, lags, draw, dparams):
        dweights = self.blocks(dparams["weight_ar"])
        for dw, dy, z in zip(dweights, np.split(draw, self.n_blocks, axis=1), lags, strict=True):
            dw += dy.T @ z
