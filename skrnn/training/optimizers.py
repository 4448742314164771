"""Optimizers. ``step`` changes theta in place, given its gradient.

Parameters become Python floats, as a NumPy float64 would raise the precision of a float32 theta.
"""

import math

import numpy as np


class SGD:
    """Gradient descent with momentum, Nesterov's or classical (Sutskever et al. 2013)."""

    def __init__(self, learning_rate, momentum, nesterov):
        self.learning_rate = float(learning_rate)
        self.momentum = float(momentum)
        self.nesterov = nesterov
        self.velocity = 0.0

    def step(self, theta, gradient):
        descent = -self.learning_rate * gradient
        self.velocity = self.momentum * self.velocity + descent
        theta += self.momentum * self.velocity + descent if self.nesterov else self.velocity


class Adam:
    """Adam (Kingma & Ba 2015), with the bias correction folded into the step size."""

    def __init__(self, learning_rate, beta_1, beta_2, epsilon):
        self.learning_rate = float(learning_rate)
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)
        self.epsilon = float(epsilon)
        self.n_steps = 0

    def step(self, theta, gradient):
        if self.n_steps == 0:
            self.mean = np.zeros_like(theta)
            self.square = np.zeros_like(theta)
        self.n_steps += 1
        self.mean += (1 - self.beta_1) * (gradient - self.mean)
        self.square += (1 - self.beta_2) * (gradient * gradient - self.square)
        size = self.learning_rate * math.sqrt(1 - self.beta_2**self.n_steps)
        size /= 1 - self.beta_1**self.n_steps
        theta -= size * self.mean / (np.sqrt(self.square) + self.epsilon)
