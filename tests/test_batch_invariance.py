"""What is predicted for a sequence has the same bits alone, in any batch and in any order.

``python -m tests.test_batch_invariance 2000`` tries so many random networks, see ``make fuzz``.
"""

import sys

import numpy as np
import pytest

import skrnn
from skrnn.cells import CELLS
from skrnn.network.pooling import POOLINGS
from skrnn.network.stack import PREDICT_STEPS, Network
from skrnn.sequences import Sequences
from tests._estimators import CLASSIFIERS, REGRESSORS, outputs
from tests._problems import coded, ragged

N_NETWORKS = 150


def random_parameters(rng):
    cell = rng.choice(list(CELLS))
    parameters = {
        "cell": str(cell),
        "n_features": int(rng.integers(1, 20)),
        "hidden_layer_sizes": rng.integers(1, 40, rng.integers(1, 4)).tolist(),
        "n_outputs": int(rng.choice([1, 2, 3, 17, 40])),
        "bidirectional": bool(rng.integers(2)),
        "pooling": str(rng.choice(list(POOLINGS))),
        "ar_steps": int(rng.choice([0, 0, 1, 5])),
    }
    columns = rng.integers(0, parameters["n_features"], rng.integers(0, 3))
    parameters["embeddings"] = {int(k): (9, int(rng.integers(1, 20))) for k in columns}
    is_whole = parameters["n_outputs"] % parameters["n_features"] == 0
    return parameters | {"ar_columns": "own" if is_whole else "all"}


def random_batches(n, rng):
    """Every sequence alone, all of them in other orders, and some of them."""
    yield from (np.array([i]) for i in range(n))
    yield np.arange(n)[::-1]
    yield rng.permutation(n)
    yield from (rng.choice(n, rng.integers(2, n), replace=False) for _ in range(4))


def differences(seed):
    """How many values of one random network depend on the batch, and the network's parameters."""
    rng = np.random.default_rng(seed)
    parameters = random_parameters(rng)
    dtype = np.dtype(rng.choice(["float32", "float64"]))
    network = Network(**parameters)
    theta = rng.standard_normal(network.layout.size) * rng.choice([0.1, 0.5, 3])
    # Some are longer than what is read at a time.
    longest = int(rng.choice([3, 30, PREDICT_STEPS + 30, 2 * PREDICT_STEPS + 1]))
    lengths = np.append(rng.integers(1, 12, 9), rng.integers(1, longest + 1, 3))
    shapes = network.embedding.shapes
    sequences = coded(rng.permutation(lengths), network.n_features, shapes, dtype, seed)
    expected = network.predict(theta.astype(dtype), sequences)
    n_different = 0
    for batch in random_batches(len(sequences), rng):
        found = network.predict(theta.astype(dtype), sequences[batch])
        for ours, whole in zip(found, expected, strict=True):
            bits = f"u{ours.itemsize}"
            differ = ours.view(bits) != whole[batch].view(bits)
            # Of what overflowed a NaN is left, whose sign says nothing.
            n_different += np.count_nonzero(differ & ~(np.isnan(ours) & np.isnan(whole[batch])))
    return n_different, parameters


@pytest.mark.parametrize("seed", range(N_NETWORKS))
def test_networks(seed):
    n_different, parameters = differences(seed)
    assert n_different == 0, parameters


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("name", REGRESSORS + CLASSIFIERS)
def test_estimators(name, pooling):
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 9, 300), 3)  # more than are read at once
    y = rng.integers(0, 3, 300)
    linear = {"ar_steps": 2} if name in REGRESSORS else {}
    model = getattr(skrnn, name)(
        (33, 17), pooling=pooling, bidirectional=pooling == "attention", max_iter=2,
        learning_rate_init=0.05, n_iter_no_change=np.inf, random_state=0, **linear,
    ).fit(X, y)  # fmt: skip
    whole = outputs(model, X)
    for batch in ([7], [299, 3], rng.permutation(300), np.arange(150)):
        for found, expected in zip(outputs(model, X[batch]), whole, strict=True):
            np.testing.assert_array_equal(found, expected[batch])


@pytest.mark.parametrize("form", ["padded", "list", "windows"])
def test_forms(form):
    """Nor does it matter how the sequences are given."""
    X = ragged([3, 9, 1, 5, 5], 2)
    model = skrnn.LSTMRegressor(9, pooling="attention", max_iter=1, random_state=0)
    model.set_params(n_iter_no_change=np.inf).fit(X, np.arange(5.0))
    given = {
        "padded": np.asarray(X),
        "list": list(X),
        "windows": Sequences(X.rows, X.starts, X.lengths),
    }
    np.testing.assert_array_equal(model.predict(given[form]), model.predict(X))


if __name__ == "__main__":
    counts = [differences(seed)[0] for seed in range(int(sys.argv[1]))]
    print(
        f"{len(counts)} networks, {np.count_nonzero(counts)} with values that depend on the batch"
    )
    sys.exit(any(counts))
