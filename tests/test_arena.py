"""The arena: arrays from one block of memory, which is used again."""

import gc

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

SHAPES = [(3, 5), (1, 1), (0, 4), (7, 16), (2, 0), (100, 33)]
CACHE_LINE = 64


def address(array):
    return array.ctypes.data


@pytest.mark.parametrize("item_size", [4, 8])
def test_arrays(item_size):
    arena = Arena()
    for _ in range(2):  # each in memory of its own, then all in one block
        arrays = [arena.take(*shape, item_size) for shape in SHAPES]
        assert [array.shape for array in arrays] == SHAPES
        assert {array.dtype for array in arrays} == {np.dtype(f"f{item_size}")}
        assert all(array.flags.c_contiguous for array in arrays)
        assert not any(address(array) % CACHE_LINE for array in arrays)
        for value, array in enumerate(arrays):
            array[:] = value
        assert all((array == value).all() for value, array in enumerate(arrays))
        arena.clear()


def test_memory_is_used_again():
    """From the second round on, when the block has grown to what the first one wanted."""
    arena = Arena()
    rounds = []
    for _ in range(3):
        arena.clear()
        rounds.append([address(arena.take(*shape, 8)) for shape in SHAPES])
    assert rounds[1] == rounds[2]
    assert rounds[1] == sorted(rounds[1])
    # One item more is more than the block holds.
    arena.clear()
    first, second = arena.take(1000, 33, 8), arena.take(1, 1, 8)
    assert address(first) not in rounds[2]
    assert address(second) == rounds[2][0]


def test_arrays_outlive_the_arena():
    arena = Arena()
    arena.take(50, 50, 8)
    arena.clear()
    array = arena.take(50, 50, 8)
    array[:] = 3
    del arena
    gc.collect()
    np.testing.assert_array_equal(np.full((50, 50), 3.0), array)
