"""Minibatches: in which order the samples come."""

import numpy as np
from sklearn.utils import gen_batches

# Batches' worth of shuffled samples that are sorted by length among themselves.
POOL = 50


class Batches:
    """Indices of the minibatches of an epoch; a new order in every one.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_samples,)
        How long each sample is. Where they differ, samples of like length are drawn into the
        same minibatch: the longest in it decides how many steps it takes.
    batch_size : int
    rng : numpy.random.Generator or None
        Shuffles; without it the samples come in order.
    """

    def __init__(self, lengths, batch_size, rng=None):
        self.lengths = lengths
        self.batch_size = batch_size
        self.rng = rng

    def __len__(self):
        return -(-self.n_samples // self.batch_size)

    @property
    def n_samples(self):
        return len(self.lengths)

    def __iter__(self):
        order = np.arange(self.n_samples)
        if self.rng is not None:
            self.rng.shuffle(order)
        if self.rng is None or self.lengths.min() == self.lengths.max():
            return (order[batch] for batch in gen_batches(self.n_samples, self.batch_size))
        return iter(self._by_length(order))

    def _by_length(self, order):
        batches = []
        for pool in gen_batches(self.n_samples, POOL * self.batch_size):
            pooled = order[pool]
            pooled = pooled[np.argsort(self.lengths[pooled], kind="stable")]
            batches += [pooled[b] for b in gen_batches(len(pooled), self.batch_size)]
        self.rng.shuffle(batches)
        return batches
