"""Initial weights: their distributions, by definition, and that estimators draw them."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

import skrnn
from skrnn import GRURegressor, LSTMClassifier, LSTMRegressor, RNNClassifier, RNNRegressor
from skrnn.cells import CELLS
from skrnn.kernels.parameters import BIAS, INPUT, RECURRENT
from skrnn.network.initialization import INITIALIZATIONS, orthogonal
from skrnn.network.stack import Network
from tests._estimators import ESTIMATORS
from tests._oracle import STEPS
from tests._problems import ragged

N_FEATURES, N_HIDDEN, N_OUTPUTS = 100, 200, 50
PARAMETERS = [(cell, name) for cell in CELLS for name in CELLS[cell].parameters]
WITH_FORGET_GATE = [cell for cell in CELLS if CELLS[cell].memory]


def initial(cell, *, seed=0, dtype=np.float64, n_hidden=N_HIDDEN, bidirectional=False, **how):
    """The named initial parameters of a network with attention."""
    network = Network(
        cell, N_FEATURES, (n_hidden,), N_OUTPUTS, pooling="attention", bidirectional=bidirectional
    )
    theta = network.initialize(np.random.default_rng(seed), dtype, **how)
    return network.layout.views(theta)


def biases(cell, views, suffix=""):
    """The bias of each gate."""
    (columns,) = (p.columns for p in CELLS[cell].parameters.values() if p.kind == BIAS)
    return dict(zip(columns, np.split(views[f"bias_l0{suffix}"], len(columns)), strict=True))


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


def uniform_by_fan_in(weight):
    assert_uniform(weight, 1 / np.sqrt(weight.shape[-1]))


def uniform_by_units(weight, n_hidden=N_HIDDEN):
    assert_uniform(weight, 1 / np.sqrt(n_hidden))


def nearly_zero(weight):
    assert_normal(weight, 0.001)


def is_orthogonal(weight):
    product = weight.T @ weight
    np.testing.assert_allclose(product, np.eye(len(product)), rtol=0, atol=1e-13)


def is_identity(weight):
    n_units = weight.shape[1]
    for block in np.split(weight, len(weight) // n_units):
        np.testing.assert_array_equal(block, np.eye(n_units))


def is_zero(weight):
    assert not weight.any()


CHECKS = {  # of input products, recurrent products, biases
    "glorot": (uniform_by_fans, is_orthogonal, is_zero),
    "pytorch": (uniform_by_units, uniform_by_units, uniform_by_units),
    "uniform": (uniform_by_fan_in, uniform_by_fan_in, is_zero),
    "normal": (normal_by_fan_in, normal_by_fan_in, is_zero),
    "identity": (nearly_zero, is_identity, is_zero),
}


def test_every_name_has_its_checks():
    assert INITIALIZATIONS.keys() == CHECKS.keys()


@pytest.mark.parametrize(("cell", "name"), PARAMETERS)
@pytest.mark.parametrize("init", INITIALIZATIONS)
def test_parameters(init, cell, name):
    """Each has the distribution of one matrix with all gates as its rows."""
    kind = CELLS[cell].parameters[name].kind
    checks = dict(zip((INPUT, RECURRENT, BIAS), CHECKS[init], strict=True))
    checks.get(kind, is_zero)(initial(cell, init=init, forget_bias=0)[f"{name}_l0"])


@pytest.mark.parametrize("init", INITIALIZATIONS)
def test_attention_and_readout(init):
    views, check = initial("gru", init=init), CHECKS[init][0]
    for name in ("weight_attention", "weight_score", "weight_out"):
        check(views[name])
    assert not views["bias_attention"].any()
    assert not views["bias_out"].any()


@pytest.mark.parametrize("init", ["glorot", "pytorch", "uniform", "normal"])
def test_every_matrix_is_another(init):
    views = initial("lstm", init=init, bidirectional=True)
    names = ["weight_hh_l0", "weight_hh_l0_reverse"]
    matrices = [gate for name in names for gate in np.split(views[name], 4)]
    products = [abs(np.sum(a * b)) for k, a in enumerate(matrices) for b in matrices[:k]]
    assert max(products) < 0.05 * np.sum(matrices[0] ** 2)


def test_shapes_are_those_of_keras():
    """The bounds of Keras's GlorotUniform for a kernel (F, 4H), and orthonormal rows of (H, 4H)."""
    views = initial("lstm")
    bound = np.sqrt(6 / (N_FEATURES + 4 * N_HIDDEN))
    assert 0.99 * bound < np.abs(views["weight_ih_l0"]).max() <= bound
    norms = np.linalg.norm(views["weight_hh_l0"], axis=0)
    np.testing.assert_allclose(norms, 1, rtol=1e-12)


def test_orthogonal_matrices_are_uniformly_distributed():
    """The trace of such a matrix has mean 0 and variance 1 (Diaconis & Shahshahani 1994)."""
    rng = np.random.default_rng(0)
    traces = [np.trace(orthogonal((5, 5), 5, rng)) for _ in range(2000)]
    assert abs(np.mean(traces)) < 0.1
    assert np.var(traces) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("init", INITIALIZATIONS)
def test_float32_rounds_the_same_numbers(init, cell):
    single, double = (initial(cell, init=init, dtype=d) for d in (np.float32, np.float64))
    for name, value in double.items():
        assert single[name].dtype == np.float32
        np.testing.assert_array_equal(single[name], value.astype(np.float32))


# Biases.


FORGET_GATES = {"lstm": ("f", 1), "peephole_lstm": ("f", 1), "gru": ("z", 1)}
FORGET_GATES |= {"gru_reset_before": ("z", 1), "mingru": ("z", -1)}  # an open one overwrites


def test_every_forget_gate_is_tested():
    assert FORGET_GATES.keys() == {*WITH_FORGET_GATE}


@pytest.mark.parametrize("cell", FORGET_GATES)
@pytest.mark.parametrize("forget_bias", [1.0, 0.0, -2, 3.5])
@pytest.mark.parametrize("suffix", ["", "_reverse"])
def test_forget_bias_is_a_number(cell, forget_bias, suffix):
    views = initial(cell, forget_bias=forget_bias, bidirectional=True)
    gate, sign = FORGET_GATES[cell]
    for name, bias in biases(cell, views, suffix).items():
        np.testing.assert_array_equal(bias, sign * forget_bias if name == gate else 0)


@pytest.mark.parametrize("cell", FORGET_GATES)
def test_a_greater_forget_bias_keeps_the_state_longer(cell):
    """By the oracle: with no input and no weights, the share of the state that one step keeps."""
    shapes = {name: view.shape for name, view in initial(cell, n_hidden=2).items()}
    kept = []
    for forget_bias in (-2, 0, 2):
        views = initial(cell, n_hidden=2, forget_bias=forget_bias)
        params = [
            views[f"{name}_l0"] if parameter.kind == BIAS else np.zeros(shapes[f"{name}_l0"])
            for name, parameter in CELLS[cell].parameters.items()
        ]
        state = tuple(np.ones(2) for _ in CELLS[cell].states)
        kept.append(STEPS[cell](np.zeros(N_FEATURES), state, *params)[-1][0])
    assert kept == sorted(kept)
    np.testing.assert_allclose(kept, expit([-2, 0, 2]), rtol=1e-12)


def test_the_bias_is_added_to_what_was_drawn():
    drawn, more = (initial("lstm", init="pytorch", forget_bias=bias) for bias in (0, 3))
    difference = biases("lstm", more)["f"] - biases("lstm", drawn)["f"]
    np.testing.assert_allclose(difference, 3, rtol=1e-12)


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


@pytest.mark.parametrize("cell", ["gru", "gru_reset_before", "mingru"])
def test_chrono_of_one_gate(cell):
    """The update gate alone decides what is kept and what comes in."""
    views = initial(cell, n_hidden=600, forget_bias="chrono", longest=50)
    gate, sign = FORGET_GATES[cell]
    for name, bias in biases(cell, views).items():
        if name == gate:
            assert stats.kstest(np.exp(sign * bias), stats.uniform(1, 48).cdf).pvalue > 0.01
        else:
            assert not bias.any()


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
        dtype="float64", random_state=0, **parameters,
    ).fit(X, y, weight)  # fmt: skip
    return model._network.params(model._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("init", INITIALIZATIONS)
def test_init_reaches_every_layer(init, name):
    params = start(getattr(skrnn, name), init=init)
    dense, recurrent, _ = CHECKS[init]
    for k, layer in enumerate(params.layers):
        units = {"n_hidden": (60, 50)[k]} if dense is uniform_by_units else {}
        dense(layer[f"weight_ih_l{k}"], **units)
        recurrent(layer[f"weight_hh_l{k}"], **units)
    dense(params.readout["weight_out"], **units)


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


@pytest.mark.parametrize("parameters", [{}, {"reset_after": False}])
def test_forget_bias_of_the_gru_is_that_of_its_update_gate(parameters):
    bias = start(GRURegressor, 60, forget_bias=2.0, **parameters).layers[0]["bias_l0"]
    r, z, *others = np.split(bias, len(bias) // 60)
    np.testing.assert_array_equal(z, 2)
    assert not np.concatenate([r, *others]).any()


@pytest.mark.parametrize("forget_bias", [0, -1.5, "chrono"])
@pytest.mark.parametrize("Estimator", [RNNRegressor, RNNClassifier])
def test_forget_bias_has_no_effect_on_a_plain_rnn(Estimator, forget_bias):
    """And says so."""
    plain = start(Estimator)
    with pytest.warns(UserWarning, match=f"^forget_bias={forget_bias!r} has no effect") as record:
        other = start(Estimator, forget_bias=forget_bias)
    assert len(record) == 1
    np.testing.assert_array_equal(plain.layers[0]["bias_l0"], other.layers[0]["bias_l0"])
