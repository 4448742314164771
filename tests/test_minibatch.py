"""The packed minibatch: which steps of which sequences, what leads back, and sums over steps."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.network.minibatch import Minibatch
from tests._problems import ragged

SEQUENCES = ragged([3, 1, 6, 4, 6, 2], 2)
INDEX = np.array([4, 0, 1, 2, 3])


def steps(minibatch):
    """Of each sequence, by its number, the packed rows one after the other."""
    found = {}
    for row, place in zip(minibatch.x, minibatch.sequence_of_row, strict=True):
        found.setdefault(int(minibatch.order[place]), []).append(row)
    return found


@pytest.mark.parametrize(
    ("skip", "n_steps"), [(0, None), (0, 2), (1, None), (2, 2), (4, 2), (5, 1), (0, 9)]
)
def test_the_steps_that_are_asked_for(skip, n_steps):
    """The last ``n_steps`` but for the ``skip`` behind them, of the sequences that have some."""
    minibatch = Minibatch(SEQUENCES, INDEX, Arena(), skip=skip, n_steps=n_steps)
    expected, n_before = {}, {}
    for i in INDEX:
        x = SEQUENCES[i][: max(0, len(SEQUENCES[i]) - skip)]
        kept = x if n_steps is None else x[-n_steps:]
        if len(kept):
            expected[i], n_before[i] = kept, len(x) - len(kept)
    found = steps(minibatch)
    assert set(found) == set(expected)
    for i, x in expected.items():
        np.testing.assert_array_equal(found[i], x)
    assert minibatch.n_sequences == len(expected)
    assert minibatch.lengths.tolist() == [len(expected[i]) for i in minibatch.order]
    assert minibatch.lengths.tolist() == sorted(minibatch.lengths, reverse=True)
    assert minibatch.n_before.tolist() == [n_before[i] for i in minibatch.order]
    np.testing.assert_array_equal(INDEX[minibatch.positions], minibatch.order)


def test_steps_that_were_read_earlier():
    """Their number is given for the pooling; which steps are taken does not change."""
    read = np.array([7, 0, 3, 12, 5])
    minibatch = Minibatch(SEQUENCES, INDEX, Arena(), n_steps=2, n_before=read)
    assert minibatch.n_before.tolist() == read[minibatch.positions].tolist()
    for i, x in steps(minibatch).items():
        np.testing.assert_array_equal(x, SEQUENCES[i][-2:])
    begins = np.cumsum(SEQUENCES.lengths) - SEQUENCES.lengths
    np.testing.assert_array_equal(
        np.concatenate(list(SEQUENCES))[minibatch.places(begins)], minibatch.x
    )


def test_steps_to_the_end():
    minibatch = Minibatch(SEQUENCES, INDEX, Arena())
    seen = dict.fromkeys(range(5), 0)
    for place, left in zip(minibatch.sequence_of_row, minibatch.steps_to_end, strict=True):
        seen[place] += 1
        assert left == minibatch.lengths[place] - seen[place]
    n_initial = minibatch.n_sequences
    np.testing.assert_array_equal(minibatch.steps_to_end[minibatch.final_states - n_initial], 0)


def test_reversed():
    """Each sequence from its end; twice is not at all."""
    minibatch = Minibatch(SEQUENCES, INDEX, Arena())
    forwards = steps(minibatch)
    backwards = minibatch.reversed(minibatch.x)
    np.testing.assert_array_equal(minibatch.reversed(backwards), minibatch.x)
    minibatch.x = backwards
    for i, rows in steps(minibatch).items():
        np.testing.assert_array_equal(rows, forwards[i][::-1])


@pytest.mark.parametrize("ufunc", [np.add, np.maximum])
def test_reduce(ufunc):
    """In the order of the steps, so the bits are those of a plain loop."""
    minibatch = Minibatch(SEQUENCES, INDEX, Arena())
    initial = np.random.default_rng(1).standard_normal((len(INDEX), SEQUENCES.shape[2]))
    found = minibatch.reduce(ufunc, minibatch.x, initial)
    for position, i in enumerate(minibatch.order):
        expected = initial[position]
        for row in SEQUENCES[i]:
            expected = ufunc(expected, row)
        np.testing.assert_array_equal(found[position], expected)


def test_the_arena_is_used_again():
    """A minibatch takes the memory of the one before."""
    arena, addresses = Arena(), []
    for _ in range(3):
        arena.clear()
        addresses.append(Minibatch(SEQUENCES, INDEX, arena).x.ctypes.data)
    assert addresses[1] == addresses[2]
