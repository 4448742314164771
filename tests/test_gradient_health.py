"""What the gradient does: its norm by epoch, and by step back from the end."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skrnn import GRURegressor, RNNClassifier, RNNRegressor
from tests._estimators import ESTIMATORS, make, problem


@pytest.mark.parametrize("name", ESTIMATORS)
def test_gradient_norms(name):
    """Before clipping; with plain descent the first step tells it."""
    X, y = problem(name)
    options = {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.5, "dtype": "float64"}
    start = make(name, max_iter=1, **(options | {"learning_rate_init": 1e-300})).fit(X, y)
    model = make(name, max_iter=1, **options).fit(X, y)
    expected = np.linalg.norm(model._theta - start._theta) / 0.5
    np.testing.assert_allclose(model.gradient_norms_, [expected], rtol=1e-9)
    clipped = make(name, max_iter=3, max_grad_norm=1e-3, **options).fit(X, y)
    assert clipped.gradient_norms_[0] == model.gradient_norms_[0]
    assert len(clipped.gradient_norms_) == 3


@pytest.mark.parametrize("name", ESTIMATORS)
def test_gradient_flow_is_the_slope_of_the_loss(name):
    """By differences in each step's input; a sequence's loss does not depend on the others."""
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((length, 2)) for length in (3, 5, 1)]
    y = [1, 0, 2] if name.endswith("Classifier") else [1.0, -1.0, 3.0]
    model = make(name, dtype="float64", batch_size=3).fit(X, y)

    def loss(i, x):
        """Of one sequence, in the units of training."""
        if name.endswith("Classifier"):
            return -model.predict_log_proba([x])[0, y[i]]
        return ((model.predict([x])[0] - y[i]) / np.std(y)) ** 2 / 2

    norms = [[] for _ in range(5)]
    for i, x in enumerate(X):
        for t in range(len(x)):
            slope = np.empty(2)
            for j in range(2):
                step = np.zeros_like(x)
                step[t, j] = 1e-5
                slope[j] = (loss(i, x + step) - loss(i, x - step)) / 2e-5
            norms[len(x) - 1 - t].append(np.linalg.norm(slope))
    expected = [np.mean(of_step) for of_step in norms]
    flow = model.gradient_flow(X, y)
    assert flow.shape == (1, 5)
    np.testing.assert_allclose(flow[0], expected, rtol=1e-6)


def test_many_sequences_are_read_in_parts():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((600, 4, 2)), rng.standard_normal(600)
    model = make("GRURegressor", (3, 4), dtype="float64").fit(X, y)
    parts = [model.gradient_flow(X[k : k + 200], y[k : k + 200]) for k in (0, 200, 400)]
    np.testing.assert_allclose(model.gradient_flow(X, y), np.mean(parts, axis=0), rtol=1e-12)


def test_vanishing_is_seen():
    """Of a plain RNN with small weights much less arrives than with the identity.

    Eight seeds left 0.002 to 0.03 of it with small weights, and 0.5 to 1.3 with the identity.
    """
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 30, 1)), rng.standard_normal(50)
    options = {
        "max_iter": 1, "learning_rate": "constant", "learning_rate_init": 0.001, "batch_size": 50,
        "random_state": 0,
    }  # fmt: skip
    flows = {
        init: RNNRegressor(20, activation, init=init, **options).fit(X, y).gradient_flow(X, y)[0]
        for init, activation in (("glorot", "tanh"), ("identity", "relu"))
    }
    assert flows["glorot"][29] < 0.05 * flows["glorot"][0]
    assert 0.25 < flows["identity"][29] / flows["identity"][0] < 4


def test_wrong_input():
    X, y = problem()
    with pytest.raises(NotFittedError):
        GRURegressor().gradient_flow(X, y)
    model = make("GRURegressor").fit(X, y)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[30, 29\]"):
        model.gradient_flow(X, y[:29])
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.gradient_flow(X, None)
    with pytest.raises(ValueError, match=r"y has shape \(30, 2\), but .* of shape \(n_samples\)"):
        model.gradient_flow(X, np.c_[y, y])
    classes = problem("RNNClassifier")[1]
    model = make("RNNClassifier").fit(X, classes)
    with pytest.raises(ValueError, match=r"y contains the labels \[3\]"):
        model.gradient_flow(X, classes + 1)
    with pytest.raises(ValueError, match=r"y has shape \(30, 2\), but .* one class per sequence"):
        model.gradient_flow(X, np.c_[classes > 0, classes > 1].astype(int))


def test_summary():
    X, y = problem()
    model = make("LSTMRegressor", (4, 3), bidirectional=True, pooling="attention", ar_steps=2)
    assert model.fit(X, y).summary().splitlines() == [
        "layer                        shape     parameters",
        "lstm layer, both directions  T × 8            224",
        "  weight_ih_l0               16 × 2",
        "  weight_hh_l0               16 × 4",
        "  bias_l0                    16",
        "  weight_ih_l0_reverse       16 × 2",
        "  weight_hh_l0_reverse       16 × 4",
        "  bias_l0_reverse            16",
        "lstm layer, both directions  T × 6            288",
        "  weight_ih_l1               12 × 8",
        "  weight_hh_l1               12 × 3",
        "  bias_l1                    12",
        "  weight_ih_l1_reverse       12 × 8",
        "  weight_hh_l1_reverse       12 × 3",
        "  bias_l1_reverse            12",
        "attention pooling            6                 48",
        "  weight_attention           6 × 6",
        "  bias_attention             6",
        "  weight_score               6",
        "head                         1                  7",
        "  weight_out                 1 × 6",
        "  bias_out                   1",
        "linear path from 2 steps     the same           4",
        "  weight_ar                  1 × 4",
        "total                                         571",
    ]
    named = model.named_parameters()
    assert sum(array.size for array in named.values()) == 571
    np.testing.assert_array_equal(np.concatenate([a.ravel() for a in named.values()]), model._theta)
    named["bias_out"][:] = 7  # copies
    assert model.named_parameters()["bias_out"] != 7
    with pytest.raises(NotFittedError):
        RNNClassifier().summary()
