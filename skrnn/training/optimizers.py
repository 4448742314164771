"""Optimizers. ``step`` changes theta in place, given its gradient and the learning rate.

Parameters are converted to Python floats: a NumPy float64 would turn float32 arrays to float64.
"""

import math
from copy import deepcopy

import numpy as np

from skrnn.kernels.update import adam

# The decay rate of the second moment, from Hinton's lecture.
RMSPROP_DECAY = 0.9


class Optimizer:
    """Steps that depend on earlier ones, by the arrays named in ``memory``."""

    memory: tuple[str, ...] = ()

    def go_on_from(self, earlier):
        """Copy the memory of another optimizer, if it is of the same class."""
        if type(earlier) is type(self):
            for name in self.memory:
                setattr(self, name, deepcopy(getattr(earlier, name)))
        return self


class SGD(Optimizer):
    """Gradient descent with momentum, Nesterov's or classical (Sutskever et al. 2013)."""

    memory = ("velocity",)

    def __init__(self, momentum, nesterov):
        self.momentum = float(momentum)
        self.nesterov = nesterov
        self.velocity = 0.0

    def step(self, theta, gradient, rate):
        descent = -rate * gradient
        self.velocity = self.momentum * self.velocity + descent
        theta += self.momentum * self.velocity + descent if self.nesterov else self.velocity


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), with the bias correction folded into the step size."""

    memory = ("n_steps", "mean", "square")

    def __init__(self, beta_1, beta_2, epsilon):
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)
        self.epsilon = float(epsilon)
        self.n_steps = 0
        self.mean = self.square = 0.0

    def step(self, theta, gradient, rate):
        if self.n_steps == 0:
            self.mean, self.square = np.zeros_like(theta), np.zeros_like(theta)
        self.n_steps += 1
        size = rate * math.sqrt(1 - self.beta_2**self.n_steps) / (1 - self.beta_1**self.n_steps)
        betas = self.beta_1, self.beta_2
        adam(theta, gradient, self.mean, self.square, *betas, size, self.epsilon)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    ``decay`` (n_parameters,) is the rate of decay, relative to the learning rate.
    """

    def __init__(self, beta_1, beta_2, epsilon, decay):
        super().__init__(beta_1, beta_2, epsilon)
        self.decay = decay

    def step(self, theta, gradient, rate):
        theta -= rate * self.decay * theta
        super().step(theta, gradient, rate)


class RMSProp(Optimizer):
    """Steps divided by a running root mean square of the gradient (Hinton 2012)."""

    memory = ("square",)

    def __init__(self, epsilon):
        self.epsilon = float(epsilon)
        self.square = 0.0

    def step(self, theta, gradient, rate):
        self.square = RMSPROP_DECAY * self.square + (1 - RMSPROP_DECAY) * gradient * gradient
        theta -= rate * gradient / (np.sqrt(self.square) + self.epsilon)
