"""Small random problems for the kernels."""

import numpy as np
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.kernels.parameters import RECURRENT
from skrnn.network.minibatch import Minibatch
from skrnn.sequences import Sequences

# Those with a product of the hidden state, for recurrent dropout to act on.
RECURRENT_CELLS = [
    name
    for name, cell in CELLS.items()
    if RECURRENT in [parameter.kind for parameter in cell.parameters.values()]
]


def ragged(lengths, n_features, dtype=np.float64, seed=0):
    """Sequences of the given lengths with normal rows."""
    lengths = np.asarray(lengths)
    rows = np.random.default_rng(seed).standard_normal((lengths.sum(), n_features))
    return Sequences(rows.astype(dtype), lengths.cumsum() - lengths, lengths)


def coded(lengths, n_features, shapes, dtype=np.float64, seed=0):
    """Sequences with codes in the columns of ``shapes`` and normal numbers in the others."""
    sequences = ragged(lengths, n_features, dtype, seed)
    rng = np.random.default_rng(seed)
    for column, (n_codes, _) in shapes.items():
        sequences.rows[:, column] = rng.integers(0, n_codes, len(sequences.rows))
    return sequences


def minibatch(sequences):
    return Minibatch(sequences, np.arange(len(sequences)), Arena())


def random_params(cell, n_features, n_hidden, dtype=np.float64, seed=1):
    rng = np.random.default_rng(seed)
    return [
        rng.uniform(-0.8, 0.8, parameter.shape(n_features, n_hidden)).astype(dtype)
        for parameter in CELLS[cell].parameters.values()
    ]


def random_states(cell, n_sequences, n_hidden, dtype=np.float64, seed=2):
    """Random initial states (B, H)."""
    rng = np.random.default_rng(seed)
    shape = n_sequences, n_hidden
    return [rng.uniform(-0.8, 0.8, shape).astype(dtype) for _ in CELLS[cell].states]


def forward(cell, batch, params, initial, keep=False):
    prepared = CELLS[cell].prepare(params, Arena())
    return CELLS[cell].forward(batch.offsets, batch.x, prepared, initial, keep, Arena())
