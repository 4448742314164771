"""Training: epochs, minibatches, stopping, optimizers and schedules.

It sees a vector ``theta`` and ``loss_gradient(theta, index)``, and no network.
"""

from skrnn.training.batches import Batches, Part, PartBatches, SharedBatches
from skrnn.training.descent import MinibatchDescent
from skrnn.training.lbfgs import LBFGS
from skrnn.training.loop import Trainer, Validation
from skrnn.training.optimizers import SGD, Adam, AdamW, RMSProp
from skrnn.training.schedules import Adaptive, Constant, Cosine, InverseScaling
from skrnn.training.solver import Solver

__all__ = [
    "LBFGS",
    "SGD",
    "Adam",
    "AdamW",
    "Adaptive",
    "Batches",
    "Constant",
    "Cosine",
    "InverseScaling",
    "MinibatchDescent",
    "Part",
    "PartBatches",
    "RMSProp",
    "SharedBatches",
    "Solver",
    "Trainer",
    "Validation",
]
