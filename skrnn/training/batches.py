"""Minibatches: the order of the samples."""

from dataclasses import dataclass

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

    def __iter__(self):
        order = np.arange(self.n_samples)
        if self.rng is not None:
            self.rng.shuffle(order)
        return (order[batch] for batch in gen_batches(self.n_samples, self.batch_size))


@dataclass(frozen=True, eq=False)
class Part:
    """One of the parts in which the samples of a minibatch are read, one after the other."""

    index: np.ndarray  # the samples
    number: int
    n_samples: int  # that have such a part

    def __len__(self):
        return self.n_samples


class PartBatches(Batches):
    """The same for samples that are read in parts: a minibatch of samples is one for each part.

    Parameters
    ----------
    n_parts : ndarray of int of shape (n_samples,)
        Of each sample. The last parts of the samples of a minibatch are read together.
    batch_size, rng : as for Batches
    """

    def __init__(self, n_parts, batch_size, rng=None):
        super().__init__(len(n_parts), batch_size, rng)
        self.n_parts = n_parts

    def __iter__(self):
        for index in super().__iter__():
            n_parts = self.n_parts[index]
            for number in range(n_parts.max()):
                n_left = n_parts.max() - number
                yield Part(index, number, int(np.count_nonzero(n_parts >= n_left)))
