"""Minibatches: in which order the samples come."""

import numpy as np
from sklearn.utils import gen_batches


class Batches:
    """Indices of the minibatches of an epoch; a new order in every one.

    Samples of like length are not brought together: a packed minibatch does no work on padding,
    and minibatches of one length each teach less.

    Parameters
    ----------
    n_samples : int
    batch_size : int
    rng : numpy.random.Generator or None
        Shuffles; without it the samples come in order.
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
