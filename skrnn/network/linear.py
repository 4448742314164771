"""A linear path from the last steps of the input straight to the output."""

import numpy as np

from skrnn.kernels.product import dense, prepare_dense


class LinearPath:
    """The autoregressive part of LSTNet (Lai et al. 2018): ``n_steps`` steps, every feature.

    Parameters: ``weight_ar`` (n_outputs, n_steps · F), oldest step first. Where a sequence is
    shorter, its first step stands for those before it.
    """

    def __init__(self, n_steps, n_features, n_outputs):
        self.n_steps = n_steps
        self.n_inputs = n_steps * n_features
        self.n_outputs = n_outputs

    def param_shapes(self):
        return {"weight_ar": (self.n_outputs, self.n_inputs)} if self.n_steps else {}

    def lags(self, sequences, index):
        """The last steps of the sequences, (B, n_steps · F)."""
        starts, lengths = sequences.starts[index], sequences.lengths[index]
        back = np.arange(self.n_steps)[::-1]
        rows = starts[:, np.newaxis] + np.maximum(lengths[:, np.newaxis] - 1 - back, 0)
        return sequences.rows[rows].reshape(len(index), self.n_inputs)

    def least_squares(self, sequences, target, weight, alpha, batches):
        """The weights and the intercepts that minimise the squared error.

        As in training, ``alpha`` is the strength of an L2 penalty on the weights.

        Parameters
        ----------
        sequences : Sequences of n_samples sequences
        target : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,)
        alpha : float
        batches : iterable of ndarray of int
            The samples in parts that fit into memory.

        Returns
        -------
        tuple of ndarray
            Of shapes (n_outputs, n_steps · F) and (n_outputs,).
        """
        share = weight / weight.sum()
        center = np.zeros(self.n_inputs)
        for index in batches:
            center += share[index] @ self.lags(sequences, index)
        middle = share @ target
        gram = np.zeros((self.n_inputs, self.n_inputs))
        moment = np.zeros((self.n_inputs, self.n_outputs))
        for index in batches:
            z = self.lags(sequences, index) - center
            gram += z.T @ (share[index, np.newaxis] * z)
            moment += z.T @ (share[index, np.newaxis] * (target[index] - middle))
        gram.flat[:: self.n_inputs + 1] += alpha * self.n_outputs / weight.sum()
        # Lags of a smooth series are nearly dependent.
        slope = np.linalg.lstsq(gram, moment, rcond=None)[0].T
        return slope, middle - slope @ center

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return prepare_dense(params["weight_ar"], None, arena) if self.n_steps else None

    def forward(self, prepared, minibatch):
        """The outputs (B, n_outputs), and what ``backward`` needs."""
        lags = self.lags(minibatch.sequences, minibatch.order)
        return dense(lags, prepared, minibatch.arena), lags

    def backward(self, lags, draw, dparams):
        dparams["weight_ar"] += draw.T @ lags
