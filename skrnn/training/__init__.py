"""Training: epochs, minibatches, stopping and optimizers.

It sees a vector ``theta`` and ``loss_gradient(theta, index)``, and no network.
"""

from skrnn.training.loop import Trainer
from skrnn.training.optimizers import SGD, Adam

__all__ = ["SGD", "Adam", "Trainer"]
