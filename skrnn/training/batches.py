"""Minibatches: the order of the samples."""

import numpy as np
from sklearn.utils import gen_batches


class Batches:
    """Indices of the minibatches of an epoch, shuffled anew for each.

    Samples are not grouped by length: a packed minibatch does no work on padding, and minibatches
    of a single length train worse.

    Parameters
    ----------
    n_samples : int
    batch_size : int
    rng : numpy.random.Generator or None
        Shuffles the samples; None keeps their order.
    """

    def __init__(self, n_samples, batch_size, rng=None):
        self.n_samples = n_samples
        self.batch_size = batch_size
        self.rng = rng

    def __len__(self):
        return -(-self.n_samples // self.batch_size)

    def __iter__(self):
        order = np.arange(self.n_samples)
        if self.rng is not None:
            self.rng.shuffle(order)
        return (order[batch] for batch in gen_batches(self.n_samples, self.batch_size))
