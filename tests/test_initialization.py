"""Initial weights: their distributions, by definition, and that estimators draw them."""

import numpy as np
import pytest
from scipy import stats

import skrnn
from skrnn import GRURegressor, LSTMClassifier, LSTMRegressor, RNNRegressor
from skrnn.cells import CELLS
from skrnn.kernels.parameters import BIAS, INPUT
from skrnn.kernels.parameters import RECURRENT as RECURRENT_PRODUCT
from skrnn.network.initialization import DENSE, RECURRENT, orthogonal
from skrnn.network.stack import Network
from tests._estimators import ESTIMATORS
from tests._problems import ragged

N_FEATURES, N_HIDDEN, N_OUTPUTS = 100, 200, 50
BLOCKS = [
    (cell, name, block)
    for cell in CELLS
    for name, parameter in CELLS[cell].parameters.items()
    for block in parameter.columns
]
WITH_FORGET_GATE = [
    cell
    for cell, name, block in BLOCKS
    if CELLS[cell].parameters[name].kind == BIAS and block == "f"
]


def initial(cell, *, seed=0, dtype=np.float64, n_hidden=N_HIDDEN, bidirectional=False, **how):
    """The named initial parameters of a network with attention."""
    network = Network(
        cell, N_FEATURES, (n_hidden,), N_OUTPUTS, pooling="attention", bidirectional=bidirectional
    )
    theta = network.initialize(np.random.default_rng(seed), dtype, **how)
    return network.layout.views(theta)


def block_of(cell, views, name, block):
    columns = list(CELLS[cell].parameters[name].columns)
    return np.split(views[f"{name}_l0"], len(columns))[columns.index(block)]


def assert_uniform(weight, bound):
    assert np.abs(weight).max() <= bound
    assert stats.kstest(weight.ravel(), stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01


def assert_normal(weight, deviation):
    assert stats.kstest(weight.ravel(), stats.norm(scale=deviation).cdf).pvalue > 0.01


def uniform_by_fans(weight):
    n_out, n_in = np.atleast_2d(weight).shape
    assert_uniform(weight, np.sqrt(6 / (n_in + n_out)))


def normal_by_fan_in(weight):
    assert_normal(weight, 1 / np.sqrt(weight.shape[-1]))


def nearly_zero(weight):
    assert_normal(weight, 0.001)


DENSE_CHECKS = {"glorot": uniform_by_fans, "normal": normal_by_fan_in, "identity": nearly_zero}


def is_orthogonal(weight):
    np.testing.assert_allclose(weight @ weight.T, np.eye(len(weight)), rtol=0, atol=1e-13)


def is_identity(weight):
    np.testing.assert_array_equal(weight, np.eye(len(weight)))


RECURRENT_CHECKS = {"glorot": is_orthogonal, "normal": normal_by_fan_in, "identity": is_identity}


def test_every_name_has_its_checks():
    assert DENSE.keys() == RECURRENT.keys() == DENSE_CHECKS.keys() == RECURRENT_CHECKS.keys()


@pytest.mark.parametrize(("cell", "name", "block"), BLOCKS)
@pytest.mark.parametrize("init", DENSE)
def test_blocks(init, cell, name, block):
    """Each has the distribution of a matrix of its own, not of a block of a larger one."""
    value = block_of(cell, initial(cell, init=init, forget_bias=0), name, block)
    kind = CELLS[cell].parameters[name].kind
    if kind in (INPUT, RECURRENT_PRODUCT):
        (DENSE_CHECKS if kind == INPUT else RECURRENT_CHECKS)[init](value)
    else:  # biases and per-unit vectors
        assert not value.any()


@pytest.mark.parametrize("init", DENSE)
def test_attention_and_readout(init):
    views = initial("gru", init=init)
    DENSE_CHECKS[init](views["weight_attention"])
    DENSE_CHECKS[init](views["weight_score"])
    DENSE_CHECKS[init](views["weight_out"])
    assert not views["bias_attention"].any()
    assert not views["bias_out"].any()


@pytest.mark.parametrize("init", ["glorot", "normal"])
def test_every_matrix_is_another(init):
    views = initial("lstm", init=init, bidirectional=True)
    names = ["weight_hh_l0", "weight_hh_l0_reverse"]
    matrices = [gate for name in names for gate in np.split(views[name], 4)]
    products = [abs(np.sum(a * b)) for k, a in enumerate(matrices) for b in matrices[:k]]
    assert max(products) < 0.05 * np.sum(matrices[0] ** 2)


def test_orthogonal_matrices_are_uniformly_distributed():
    """The trace of such a matrix has mean 0 and variance 1 (Diaconis & Shahshahani 1994)."""
    rng = np.random.default_rng(0)
    traces = [np.trace(orthogonal((5, 5), rng)) for _ in range(2000)]
    assert abs(np.mean(traces)) < 0.1
    assert np.var(traces) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("init", DENSE)
def test_float32_rounds_the_same_numbers(init, cell):
    single, double = (initial(cell, init=init, dtype=d) for d in (np.float32, np.float64))
    for name, value in double.items():
        assert single[name].dtype == np.float32
        np.testing.assert_array_equal(single[name], value.astype(np.float32))


# Biases.


@pytest.mark.parametrize("forget_bias", [1.0, 0.0, -2, 3.5])
@pytest.mark.parametrize("suffix", ["", "_reverse"])
def test_forget_bias_is_a_number(forget_bias, suffix):
    bias = initial("lstm", forget_bias=forget_bias, bidirectional=True)[f"bias_l0{suffix}"]
    i, f, g, o = np.split(bias, 4)
    np.testing.assert_array_equal(f, np.full(N_HIDDEN, forget_bias))
    assert not np.concatenate([i, g, o]).any()


def test_forget_bias_is_one_by_default():
    assert (np.split(initial("lstm")["bias_l0"], 4)[1] == 1).all()


@pytest.mark.parametrize("suffix", ["", "_reverse"])
def test_chrono(suffix):
    """b_f = log u with u uniform from 1 to longest - 1, and b_i = -b_f (Tallec & Ollivier)."""
    views = initial("lstm", n_hidden=600, forget_bias="chrono", longest=50, bidirectional=True)
    i, f, g, o = np.split(views[f"bias_l0{suffix}"], 4)
    assert f.min() >= 0
    assert f.max() <= np.log(49)
    assert stats.kstest(np.exp(f), stats.uniform(1, 48).cdf).pvalue > 0.01
    np.testing.assert_array_equal(i, -f)
    assert not np.concatenate([g, o]).any()
    one, other = views["bias_l0"], views["bias_l0_reverse"]
    assert (one[:1200] != other[:1200]).all()


@pytest.mark.parametrize("longest", [1, 2])
def test_chrono_of_sequences_too_short_to_remember(longest):
    assert not initial("lstm", forget_bias="chrono", longest=longest)["bias_l0"].any()


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell not in WITH_FORGET_GATE])
@pytest.mark.parametrize("forget_bias", [1.0, "chrono", None])
def test_cells_without_a_forget_gate(cell, forget_bias):
    views = initial(cell, forget_bias=forget_bias, longest=50)
    assert not any(view.any() for name, view in views.items() if name.startswith("bias"))


# Through the estimators.


def start(Estimator, sizes=(60, 50), **parameters):
    """The parameters of a model trained in steps too small to be told from zero."""
    X, y = ragged([21, 99, 21, 7, 5, 4], 40), np.arange(6) % 2
    weight = [1, 0, 1, 1, 1, 1]  # the longest is none to train on
    model = Estimator(
        sizes, solver="sgd", learning_rate_init=5e-324, max_grad_norm=0.1, max_iter=1,
        n_iter_no_change=np.inf, dtype="float64", random_state=0, **parameters,
    ).fit(X, y, weight)  # fmt: skip
    return model._network.params(model._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("init", DENSE)
def test_init_reaches_every_layer(init, name):
    params = start(getattr(skrnn, name), init=init)
    for k, layer in enumerate(params.layers):
        n_gates = len(layer[f"weight_ih_l{k}"]) // (60, 50)[k]
        for weight in np.split(layer[f"weight_ih_l{k}"], n_gates):
            DENSE_CHECKS[init](weight)
        for weight in np.split(layer[f"weight_hh_l{k}"], n_gates):
            RECURRENT_CHECKS[init](weight)
    DENSE_CHECKS[init](params.readout["weight_out"])


def test_glorot_is_the_default():
    default, glorot = start(GRURegressor), start(GRURegressor, init="glorot")
    np.testing.assert_array_equal(default.readout["weight_out"], glorot.readout["weight_out"])


def test_irnn():
    """The network of Le, Jaitly & Hinton (2015): relu, identity, and no bias."""
    layer = start(RNNRegressor, activation="relu", init="identity").layers[0]
    is_identity(layer["weight_hh_l0"])
    assert not layer["bias_l0"].any()


LSTMS = {
    "LSTMRegressor": (LSTMRegressor, {}),
    "LSTMClassifier": (LSTMClassifier, {}),
    "RNNRegressor": (RNNRegressor, {"cell": "lstm"}),
}


@pytest.mark.parametrize("name", LSTMS)
@pytest.mark.parametrize("forget_bias", [1.0, -0.5, 3])
def test_forget_bias_reaches_every_layer(forget_bias, name):
    Estimator, parameters = LSTMS[name]
    for k, layer in enumerate(start(Estimator, forget_bias=forget_bias, **parameters).layers):
        i, f, g, o = np.split(layer[f"bias_l{k}"], 4)
        np.testing.assert_array_equal(f, np.full(len(f), forget_bias))
        assert not np.concatenate([i, g, o]).any()


@pytest.mark.parametrize("name", LSTMS)
def test_chrono_knows_the_longest_training_sequence(name):
    """Of 21 steps; the one of 99 has no weight."""
    Estimator, parameters = LSTMS[name]
    layer = start(Estimator, 600, forget_bias="chrono", **parameters).layers[0]
    i, f, _, _ = np.split(layer["bias_l0"], 4)
    np.testing.assert_array_equal(i, -f)
    assert stats.kstest(np.exp(f), stats.uniform(1, 19).cdf).pvalue > 0.01


def test_forget_bias_belongs_to_the_lstm():
    for name in ("GRURegressor", "GRUClassifier"):
        with pytest.raises(TypeError, match="forget_bias"):
            getattr(skrnn, name)(forget_bias=1.0)
    plain, other = (start(RNNRegressor, forget_bias=value) for value in (1.0, "chrono"))
    np.testing.assert_array_equal(plain.layers[0]["bias_l0"], other.layers[0]["bias_l0"])
