"""Rows that repeat are read once: the bits, and the gradients, of reading each of them."""

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.kernels.repeated import Repeated
from tests._problems import minibatch, ragged, random_params, random_states

LENGTHS = np.random.default_rng(0).integers(1, 9, 40)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("n_features", "n_hidden", "n_rows"), [(3, 4, 5), (33, 37, 9), (70, 96, 150)]
)
@pytest.mark.parametrize("cell", CELLS)
def test_cell(cell, n_features, n_hidden, n_rows, dtype):
    rng = np.random.default_rng(1)
    batch = minibatch(ragged(LENGTHS, 1))
    rows = rng.standard_normal((n_rows, n_features)).astype(dtype)
    index = rng.integers(0, n_rows, len(batch.x)).astype(np.int32)
    params = [
        (p / np.sqrt(n_hidden)).astype(dtype) for p in random_params(cell, n_features, n_hidden)
    ]
    initial = random_states(cell, len(LENGTHS), n_hidden, dtype)
    dout = rng.standard_normal((len(batch.x), n_hidden)).astype(dtype)
    recurrence, found = CELLS[cell], []
    for x in (rows[index], Repeated(rows, index)):
        prepared = recurrence.prepare(params, Arena())
        states, cache = recurrence.forward(batch.offsets, x, prepared, initial, True, Arena())
        dparams = [np.zeros_like(p) for p in params]
        dx, dinitial = recurrence.backward(
            batch.offsets, x, params, states, cache, dout, [None] * len(states), dparams, True,
            Arena(),
        )  # fmt: skip
        found.append((states, dx, [*dparams, *dinitial]))
    (states, dx, gradients), (of_repeated, drows, others) = found
    for ours, theirs in zip(of_repeated, states, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    expected = np.zeros((n_rows, n_features))
    np.add.at(expected, index, dx)
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    for ours, theirs in zip([drows, *others], [expected, *gradients], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * (1 + abs(theirs).max()))


@pytest.mark.parametrize("index", [-1, 5])
def test_an_index_beyond_the_rows(index):
    batch = minibatch(ragged([2, 1], 1))
    wrong = np.array([0, index, 1], np.int32)
    prepared = CELLS["gru"].prepare(random_params("gru", 3, 4), Arena())
    initial = random_states("gru", 2, 4)
    with pytest.raises(ValueError, match=f"Row 1 is row {index} of 5 rows"):
        CELLS["gru"].forward(
            batch.offsets, Repeated(np.ones((5, 3)), wrong), prepared, initial, False, Arena()
        )


def test_an_index_of_another_length():
    batch = minibatch(ragged([2, 1], 1))
    prepared = CELLS["gru"].prepare(random_params("gru", 3, 4), Arena())
    short = Repeated(np.ones((5, 3)), np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="2 rows, but the minibatch has 3 steps"):
        CELLS["gru"].forward(
            batch.offsets, short, prepared, random_states("gru", 2, 4), False, Arena()
        )
