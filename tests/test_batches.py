"""The minibatches of an epoch: which samples, in which order."""

import numpy as np
import pytest

from skrnn.training import Batches


def rng(seed=0):
    return np.random.default_rng(seed)


def epoch(batches):
    return [index.tolist() for index in batches]


def test_order_without_shuffling():
    batches = Batches(7, 3)
    for _ in range(2):
        assert epoch(batches) == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(("n_samples", "batch_size"), [(1, 1), (7, 1), (7, 3), (7, 7), (6, 3)])
@pytest.mark.parametrize("seed", [None, 0])
def test_each_sample_once_an_epoch(n_samples, batch_size, seed):
    batches = Batches(n_samples, batch_size, None if seed is None else rng(seed))
    n_full, rest = divmod(n_samples, batch_size)
    sizes = [batch_size] * n_full + [rest] * (rest > 0)
    for _ in range(3):
        indices = epoch(batches)
        assert list(map(len, indices)) == sizes
        assert sorted(i for index in indices for i in index) == list(range(n_samples))


def test_a_new_order_in_every_epoch():
    """The plain shuffle, cut into minibatches in order."""
    batches, generator = Batches(20, 3, rng()), rng()
    for _ in range(3):
        order = np.arange(20)
        generator.shuffle(order)
        assert epoch(batches) == [order[i : i + 3].tolist() for i in range(0, 20, 3)]


def test_repeatable():
    def epochs(seed):
        batches = Batches(60, 5, rng(seed))
        return [epoch(batches) for _ in range(3)]

    first, second, third = epochs(0)
    assert first != second != third != first
    assert [first, second, third] == epochs(0) != epochs(1)
