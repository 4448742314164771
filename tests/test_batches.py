"""The minibatches of an epoch: which samples, in which order."""

import numpy as np
import pytest

from skrnn.training import Batches
from skrnn.training.batches import POOL

# Four lengths, each of as many samples as make three minibatches of 5.
FOUR_LENGTHS = np.random.default_rng(0).permutation(np.repeat([1, 4, 9, 30], 15))


def rng(seed=0):
    return np.random.default_rng(seed)


def epoch(batches):
    return [index.tolist() for index in batches]


def flat(batches):
    return [i for index in batches for i in index]


def steps(lengths, order, batch_size):
    """How many steps of sequences are computed, padding included."""
    total = 0
    for first in range(0, len(order), batch_size):
        batch = order[first : first + batch_size]
        total += len(batch) * max(lengths[i] for i in batch)
    return total


@pytest.mark.parametrize("lengths", [[3] * 7, [5, 1, 3, 9, 2, 2, 4]], ids=["equal", "ragged"])
def test_order_without_shuffling(lengths):
    batches = Batches(np.array(lengths), 3)
    for _ in range(2):
        assert epoch(batches) == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 1), (7, 1), (7, 3), (7, 7), (6, 3)])
@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("ragged", [False, True])
def test_each_sample_once_an_epoch(n_samples, batch_size, seed, ragged):
    lengths = np.arange(n_samples) + 1 if ragged else np.full(n_samples, 4)
    batches = Batches(lengths, batch_size, None if seed is None else rng(seed))
    n_full, rest = divmod(n_samples, batch_size)
    sizes = sorted([batch_size] * n_full + [rest] * (rest > 0))
    assert batches.n_samples == n_samples
    assert len(batches) == len(sizes)
    for _ in range(3):
        indices = epoch(batches)
        assert sorted(map(len, indices)) == sizes
        assert sorted(flat(indices)) == list(range(n_samples))


@pytest.mark.parametrize("length", [1, 8])
@pytest.mark.parametrize("n_samples", [7, 7 * POOL])
def test_equal_lengths_give_the_plain_shuffle(length, n_samples):
    """New in every epoch, and cut into minibatches in order, however many they are."""
    batches, generator = Batches(np.full(n_samples, length), 3, rng()), rng()
    for _ in range(3):
        order = np.arange(n_samples)
        generator.shuffle(order)
        expected = [order[i : i + 3].tolist() for i in range(0, n_samples, 3)]
        assert epoch(batches) == expected


@pytest.mark.parametrize("lengths", [np.full(60, 4), FOUR_LENGTHS], ids=["equal", "ragged"])
def test_repeatable(lengths):
    def epochs(seed):
        batches = Batches(lengths, 5, rng(seed))
        return [epoch(batches) for _ in range(3)]

    first, second, third = epochs(0)
    assert first != second != third != first
    assert [first, second, third] == epochs(0) != epochs(1)


def test_like_lengths_come_together():
    batches = Batches(FOUR_LENGTHS, 5, rng())
    for _ in range(5):
        indices = epoch(batches)
        assert [len(index) for index in indices] == [5] * 12
        of_length = [sorted({int(FOUR_LENGTHS[i]) for i in index}) for index in indices]
        assert sorted(of_length) == [[1]] * 3 + [[4]] * 3 + [[9]] * 3 + [[30]] * 3


def test_no_order_has_less_padding():
    """Of one pool: as little as in the order of the lengths."""
    lengths = rng(1).integers(1, 100, 83)
    least = steps(lengths, np.argsort(lengths), 5)
    assert least < 2 / 3 * steps(lengths, np.arange(83), 5)
    batches = Batches(lengths, 5, rng())
    for _ in range(5):
        assert sum(len(i) * max(lengths[i]) for i in batches) == least


def test_lengths_come_in_no_order():
    """Each length is first, and last, in some epoch, and not more often than its share."""
    batches = Batches(FOUR_LENGTHS, 5, rng())
    ends = np.array([FOUR_LENGTHS[np.array(epoch(batches))[[0, -1], 0]] for _ in range(400)])
    for end in ends.T:
        values, counts = np.unique(end, return_counts=True)
        assert values.tolist() == [1, 4, 9, 30]
        # 100 each on average, with a standard deviation of sqrt(400 * 1/4 * 3/4) < 9.
        assert np.abs(counts - 100).max() < 4 * 9


def test_samples_of_a_length_are_mixed():
    """Those that share a minibatch in one epoch are parted in another."""
    batches = Batches(FOUR_LENGTHS, 5, rng())
    together = [{frozenset(index) for index in epoch(batches)} for _ in range(3)]
    assert len(set.union(*together)) == 3 * 12


def test_pools():
    """More samples than one pool: a minibatch of both lengths is at most one of its pool."""
    n_samples = 2 * POOL * 3 + 50  # three pools, the last one not full
    lengths = np.where(rng(1).random(n_samples) < 0.3, 2, 50)
    batches = Batches(lengths, 3, rng())
    for _ in range(5):
        indices = epoch(batches)
        assert sorted(flat(indices)) == list(range(n_samples))
        sizes = [len(index) for index in indices]
        assert sorted(sizes) == [2, *[3] * (len(batches) - 1)]
        assert sum(len(set(lengths[index])) == 2 for index in indices) <= 3


def test_pools_are_drawn_at_random():
    """Any two samples of like length may meet, however far apart they are."""
    n_samples = 4 * POOL
    batches, met = Batches(np.arange(n_samples) // 2, 2, rng()), set()
    for _ in range(60):
        met |= {frozenset(index) for index in epoch(batches)}
    assert {frozenset((i, i + 1)) for i in range(0, n_samples, 2)} <= met
