"""Minibatches: the order of the samples."""

from dataclasses import dataclass
from math import ceil

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
        order = self._order()
        return (order[batch] for batch in gen_batches(self.n_samples, self.batch_size))

    def _order(self):
        order = np.arange(self.n_samples)
        if self.rng is not None:
            self.rng.shuffle(order)
        return order


@dataclass(frozen=True, eq=False)
class Share:
    """The samples of a minibatch that are in this process."""

    index: np.ndarray
    n_samples: int  # of the whole minibatch

    def __len__(self):
        return self.n_samples


class SharedBatches(Batches):
    """The same for samples in several processes, each of which has a share of every minibatch.

    Parameters
    ----------
    n_samples : list of int
        Of each process.
    rank : int
        The number of this one.
    batch_size : int
        Of whole minibatches. They are of about the same size, and none of them is empty.
    rng : as for Batches
    """

    def __init__(self, n_samples, rank, batch_size, rng=None):
        super().__init__(n_samples[rank], batch_size, rng)
        n_batches = min(ceil(sum(n_samples) / batch_size), max(n_samples))
        sizes = [[n // n_batches + (k < n % n_batches) for n in n_samples]
                 for k in range(n_batches)]  # fmt: skip
        self.ends = np.cumsum([of_ranks[rank] for of_ranks in sizes])
        self.totals = [sum(of_ranks) for of_ranks in sizes]

    def __iter__(self):
        return map(Share, np.split(self._order(), self.ends[:-1]), self.totals)


@dataclass(frozen=True, eq=False)
class Part(Share):
    """One of the parts in which the samples of a minibatch are read, one after the other.

    ``n_samples`` of them have such a part.
    """

    number: int


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
                yield Part(index, int(np.count_nonzero(n_parts >= n_left)), number)
