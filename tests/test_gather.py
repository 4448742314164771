"""Gathering a minibatch: the order of the sequences and the packed rows, against plain loops."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena
from skrnn.kernels.gather import arrange, gather

from skrnn.cells import CELLS

LENGTHS = [[1], [4], [2, 5, 5, 1], [3, 3, 3], [*range(1, 9)], [9, 1, 1, 4, 9, 2, 2]]


def test_by_hand():
    order, offsets, final_states = arrange(np.array([2, 5, 5, 1]))
    assert order.tolist() == [1, 2, 0, 3]  # of equal lengths the first comes first
    assert offsets.tolist() == [0, 4, 7, 9, 11, 13]  # 4, 3, 2, 2 and 2 sequences are active
    # After the 4 initial states: the rows of steps 5, 5, 2 and 1.
    assert final_states.tolist() == [4 + 11, 4 + 12, 4 + 6, 4 + 3]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_a_loop(lengths, dtype):
    lengths = np.array(lengths)
    order, offsets, final_states = arrange(lengths)
    assert order.tolist() == sorted(range(len(lengths)), key=lambda i: -lengths[i])
    rows = np.random.default_rng(0).standard_normal((20, 3)).astype(dtype)
    starts = np.arange(len(lengths))  # so they overlap
    packed = gather(rows, starts[order], offsets, Arena())
    expected, last = [], {}
    for t in range(max(lengths)):
        for i in order:
            if t < lengths[i]:
                last[i] = len(lengths) + len(expected)
                expected.append(rows[starts[i] + t])
        assert offsets[t + 1] == len(expected)
    np.testing.assert_array_equal(packed, expected)
    assert packed.dtype == dtype
    assert final_states.tolist() == [last[i] for i in order]


def test_more_steps_than_an_offset_counts():
    with pytest.raises(ValueError, match=r"A minibatch of 2 sequences has 2147483647 steps.*batch"):
        arrange(np.array([2**31 - 2, 1]))


@pytest.mark.parametrize("lengths", [[0], [3, -1], [2, 0, 1]])
def test_no_steps(lengths):
    with pytest.raises(ValueError, match=r"has (0|-1) steps; expected at least one"):
        arrange(np.array(lengths))


@pytest.mark.parametrize("starts", [[0, 3], [-1, 0], [3, 0]])
def test_spans_beyond_the_rows(starts):
    """Sequences of 3 and 2 steps over 4 rows."""
    _, offsets, _ = arrange(np.array([3, 2]))
    with pytest.raises(ValueError, match=r"Sequence . reaches beyond the 4 rows"):
        gather(np.zeros((4, 1)), np.array(starts), offsets, Arena())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float16, np.int32, np.longdouble])
def test_weights_of_another_precision(cell, dtype):
    params = [np.ones(p.shape(2, 3), dtype) for p in CELLS[cell].parameters.values()]
    with pytest.raises(TypeError, match="expected float32 or float64"):
        CELLS[cell].prepare(params, Arena())
