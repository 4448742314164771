"""What training minimises: the loss of a network on data, as a function of its parameters."""

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.minibatch import Minibatch
from skrnn.network.stack import quiet


class Objective:
    """Mean loss plus half alpha times the squared weights, both per minibatch.

    As in scikit-learn's multilayer perceptron the penalty is divided by the size of the
    minibatch, and biases are not penalised.

    Parameters
    ----------
    network : Network
    loss : one of skrnn.network.losses
    sequences : Sequences of n_samples sequences
    target : ndarray of shape (n_samples, n_outputs)
    alpha : float
    dropout_rng : numpy.random.Generator
    """

    def __init__(self, network, loss, sequences, target, alpha, dropout_rng):
        self.network = network
        self.loss = loss
        self.sequences = sequences
        self.target = target
        self.alpha = alpha
        self.dropout_rng = dropout_rng
        self.arena = Arena()
        self.gradient = np.empty(network.layout.size, sequences.dtype)
        self.dparams = network.params(self.gradient)
        self.is_weight = np.zeros_like(self.gradient)
        for name, view in network.layout.views(self.is_weight).items():
            view[:] = name.startswith("weight")
        self.theta = None

    @quiet
    def loss_gradient(self, theta, index):
        """The loss on the samples ``index``, and its gradient in an array that is used again."""
        if theta is not self.theta:
            self.theta, self.params = theta, self.network.params(theta)
        # First the minibatch, which clears the arena, then what else lies in it.
        minibatch = Minibatch(self.sequences, index, self.arena)
        prepared = self.network.prepare(self.params, self.arena)
        trace = self.network.forward(prepared, minibatch, keep=True, dropout_rng=self.dropout_rng)
        loss, draw = self.loss.loss_gradient(trace.raw, self.target[minibatch.order])
        self.gradient[:] = 0
        self.network.backward(self.params, minibatch, trace, draw, self.dparams)
        penalty = self.is_weight * theta * theta.dtype.type(self.alpha / len(index))
        self.gradient += penalty
        return loss + 0.5 * float(penalty @ theta), self.gradient
