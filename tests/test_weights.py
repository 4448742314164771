"""Weights set by name, and in the forms of PyTorch and Keras, against their equations in NumPy."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.exceptions import NotFittedError

from skrnn import GRUClassifier, GRURegressor, RNNEncoderDecoder, RNNRegressor
from skrnn.interop.keras import from_keras_weights, to_keras_weights
from skrnn.interop.torch import from_torch_state_dict, to_torch_state_dict
from tests._estimators import CELL_PARAMETERS, problem

TORCH_CELLS = ["rnn_tanh", "rnn_relu", "gru", "lstm"]
KERAS_CELLS = [*TORCH_CELLS, "gru_reset_before"]


def fitted(cell, sizes=(4, 3), **parameters):
    """A network in float64 that predicts what its linear layer gives."""
    X, y = problem()
    model = RNNRegressor(
        sizes, **CELL_PARAMETERS[cell], dtype="float64", normalize_y=False, max_iter=2,
        random_state=0, **parameters,
    )  # fmt: skip
    return model.fit(X, y), X


def torch_step(cell, x, state, W, U, b, c):
    """The equations in the documentation of PyTorch; b is bias_ih and c is bias_hh."""
    h = state[0]
    if cell.startswith("rnn"):
        a = W @ x + b + U @ h + c
        return (np.tanh(a) if cell == "rnn_tanh" else np.maximum(a, 0),)
    k = 4 if cell == "lstm" else 3
    of_x, of_h = np.split(W @ x + b, k), np.split(U @ h + c, k)
    if cell == "lstm":
        i, f, g, o = (p + q for p, q in zip(of_x, of_h, strict=True))
        cell_state = expit(f) * state[1] + expit(i) * np.tanh(g)
        return expit(o) * np.tanh(cell_state), cell_state
    r, z = (expit(p + q) for p, q in zip(of_x[:2], of_h[:2], strict=True))
    n = np.tanh(of_x[2] + r * of_h[2])
    return ((1 - z) * n + z * h,)


def torch_module(cell, x, weights, n_layers, bidirectional):
    """What a module of PyTorch with these weights gives for x (T, F)."""
    for k in range(n_layers):
        outputs = []
        for suffix in ["", "_reverse"][: 1 + bidirectional]:
            params = [
                weights[f"rnn.{name}_l{k}{suffix}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            state, states = [np.zeros(params[1].shape[1])] * 2, []
            for row in x[::-1] if suffix else x:
                state = torch_step(cell, row, state, *params)
                states.append(state[0])
            outputs.append(np.array(states[::-1] if suffix else states))
        x = np.hstack(outputs)
    # The last state of each direction: of the second it is that after the first step.
    last = np.concatenate([outputs[0][-1], *[each[0] for each in outputs[1:]]])
    return weights["linear.weight"] @ last + weights["linear.bias"]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", TORCH_CELLS)
def test_a_module_of_pytorch_gives_the_same(cell, bidirectional):
    model, X = fitted(cell, bidirectional=bidirectional)
    weights = to_torch_state_dict(model)
    expected = [torch_module(cell, x, weights, 2, bidirectional) for x in X]
    np.testing.assert_allclose(model.predict(X), np.ravel(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", TORCH_CELLS)
def test_weights_of_pytorch_run_here(cell, bidirectional):
    """Both biases are there, and none is zero."""
    model, X = fitted(cell, bidirectional=bidirectional)
    rng = np.random.default_rng(1)
    weights = {
        name: rng.uniform(-0.5, 0.5, value.shape)
        for name, value in to_torch_state_dict(model).items()
    }
    before = model.predict(X)
    assert from_torch_state_dict(model, weights) is model
    expected = np.ravel([torch_module(cell, x, weights, 2, bidirectional) for x in X])
    np.testing.assert_allclose(model.predict(X), expected, rtol=0, atol=1e-12)
    assert np.abs(expected - before).min() > 1e-4


def keras_step(cell, x, state, kernel, recurrent, bias):
    """The equations of Keras, whose gates are i f c o and z r h."""
    h = state[0]
    if cell.startswith("rnn"):
        a = x @ kernel + h @ recurrent + bias
        return (np.tanh(a) if cell == "rnn_tanh" else np.maximum(a, 0),)
    if cell == "lstm":
        i, f, c, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        carry = expit(f) * state[1] + expit(i) * np.tanh(c)
        return expit(o) * np.tanh(carry), carry
    n = len(h)
    if cell == "gru":  # reset_after=True
        of_x, of_h = np.split(x @ kernel + bias[0], 3), np.split(h @ recurrent + bias[1], 3)
        z, r = expit(of_x[0] + of_h[0]), expit(of_x[1] + of_h[1])
        candidate = np.tanh(of_x[2] + r * of_h[2])
    else:
        of_x = np.split(x @ kernel + bias, 3)
        z = expit(of_x[0] + h @ recurrent[:, :n])
        r = expit(of_x[1] + h @ recurrent[:, n : 2 * n])
        candidate = np.tanh(of_x[2] + (r * h) @ recurrent[:, 2 * n :])
    return (z * h + (1 - z) * candidate,)


def keras_layers(cell, x, weights):
    *layers, (kernel, bias) = weights.values()
    for layer in layers:
        outputs = []
        for k in range(0, len(layer), 3):
            state, states = [np.zeros(layer[k + 1].shape[0])] * 2, []
            for row in x[::-1] if k else x:
                state = keras_step(cell, row, state, *layer[k : k + 3])
                states.append(state[0])
            outputs.append(np.array(states[::-1] if k else states))
        x = np.hstack(outputs)
    return np.concatenate([outputs[0][-1], *[each[0] for each in outputs[1:]]]) @ kernel + bias


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", KERAS_CELLS)
def test_layers_of_keras_give_the_same(cell, bidirectional):
    model, X = fitted(cell, bidirectional=bidirectional)
    weights = to_keras_weights(model)
    expected = [keras_layers(cell, x, weights) for x in X]
    np.testing.assert_allclose(model.predict(X), np.ravel(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", KERAS_CELLS)
def test_weights_of_keras_run_here(cell, bidirectional):
    model, X = fitted(cell, bidirectional=bidirectional)
    rng = np.random.default_rng(1)
    weights = {
        name: [rng.uniform(-0.5, 0.5, value.shape) for value in values]
        for name, values in to_keras_weights(model).items()
    }
    from_keras_weights(model, weights)
    expected = np.ravel([keras_layers(cell, x, weights) for x in X])
    np.testing.assert_allclose(model.predict(X), expected, rtol=0, atol=1e-12)


def test_weights_go_to_another_estimator():
    model, X = fitted("gru", pooling="attention")
    other = RNNRegressor(**model.get_params()).set_params(random_state=1).fit(X, X[:, 0, 0])
    other.set_parameters(model.named_parameters())
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_some_parameters():
    model, X = fitted("lstm")
    before = model.named_parameters()
    assert model.set_parameters({"bias_out": before["bias_out"] + 1}) is model
    after = model.named_parameters()
    assert after.pop("bias_out") == before.pop("bias_out") + 1
    for name in after:
        np.testing.assert_array_equal(after[name], before[name])
    reference, _ = fitted("lstm")
    np.testing.assert_allclose(model.predict(X), reference.predict(X) + 1, rtol=1e-12)


def test_steps_and_partial_fit_go_on_from_them():
    X, y = problem()
    model = GRURegressor(4, random_state=0).partial_fit(X, y)
    zero = {name: np.zeros_like(value) for name, value in model.named_parameters().items()}
    state = model.init_state(len(X))
    model.predict_step(X[:, 0], state)  # what has been made ready for steps is made again
    model.set_parameters(zero)
    found, _ = model.predict_step(X[:, 0], state)
    np.testing.assert_array_equal(found, model.predict(X[:, :1]))
    np.testing.assert_allclose(found, y.mean())
    assert not np.array_equal(model.partial_fit(X, y).predict(X), found)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bias_oout": [1.0]}, "'bias_oout'; expected names of this network: weight_ih_l0"),
        ({"bias_out": [1.0, 2.0]}, r"parameters\['bias_out'\] has shape \(2,\); expected \(1,\)"),
        ({"bias_out": [np.nan]}, r"parameters\['bias_out'\] contains NaN"),
        ({"bias_out": ["a"]}, "could not convert"),
        ({"bias_out": [1e300]}, "too large|do not fit in float32"),
    ],
)
def test_wrong_parameters(parameters, message):
    X, y = problem()
    model = GRURegressor(4, max_iter=1, random_state=0).fit(X, y)
    before = model.named_parameters()
    first = {"weight_out": before["weight_out"] + 1}
    with pytest.raises(ValueError, match=message):
        model.set_parameters(first | parameters)
    for name, value in model.named_parameters().items():
        np.testing.assert_array_equal(value, before[name])


def test_not_fitted():
    with pytest.raises(NotFittedError):
        GRURegressor().set_parameters({})


@pytest.mark.parametrize("cell", ["gru_reset_before", "peephole_lstm", "mingru"])
def test_cells_that_pytorch_does_not_have(cell):
    model, _ = fitted(cell)
    with pytest.raises(ValueError, match="PyTorch has no layer like the cell of this"):
        to_torch_state_dict(model)


def test_layers_that_keras_does_not_have():
    with pytest.raises(ValueError, match="pooling='attention' has no layer in Keras"):
        to_keras_weights(fitted("gru", pooling="attention")[0])


def test_names_and_shapes_of_a_state_dict_are_checked():
    model, _ = fitted("gru")
    weights = to_torch_state_dict(model, recurrent="gru", readout="head")
    assert {name.partition(".")[0] for name in weights} == {"gru", "head"}
    with pytest.raises(ValueError, match=r"Missing are \['rnn.weight_ih_l0'"):
        from_torch_state_dict(model, weights)
    weights["head.bias"] = np.zeros(2)
    with pytest.raises(ValueError, match=r"state_dict\['head.bias'\] has shape \(2,\); expected"):
        from_torch_state_dict(model, weights, recurrent="gru", readout="head")


def test_names_and_shapes_of_keras_are_checked():
    model, _ = fitted("gru")
    weights = to_keras_weights(model)
    with pytest.raises(ValueError, match=r"Missing are \['out'\]"):
        from_keras_weights(model, {name: weights[name] for name in ("l0", "l1")})
    with pytest.raises(ValueError, match=r"weights\['out'\] has 1 arrays; expected 2"):
        from_keras_weights(model, weights | {"out": weights["out"][:1]})
    wrong = [*weights["out"][:1], np.zeros(3)]
    with pytest.raises(
        ValueError, match=r"weights\['out'\]\[1\] has shape \(3,\); expected \(1,\)"
    ):
        from_keras_weights(model, weights | {"out": wrong})


def test_embeddings_and_the_linear_path_have_names_too():
    X = np.random.default_rng(0).integers(5, size=(30, 6, 1))
    y = (X == 3).any(axis=(1, 2))
    model = GRUClassifier(
        4, categorical_features=[0], pooling="attention", max_iter=1, random_state=0
    ).fit(X, y)
    weights = to_torch_state_dict(model)
    assert weights["embedding_0.weight"].shape == (5, 3)
    assert weights["score.weight"].shape == (1, 4)
    before = model.predict_proba(X)
    np.testing.assert_array_equal(from_torch_state_dict(model, weights).predict_proba(X), before)
    model, X = fitted("gru", ar_steps=2)
    assert to_torch_state_dict(model)["linear_path.weight"].shape == (1, 4)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_keras_has_no_other_pooling(pooling):
    model, _ = fitted("gru", pooling=pooling)
    with pytest.raises(ValueError, match=f"pooling='{pooling}' has no layer in Keras"):
        to_keras_weights(model)


@pytest.mark.parametrize("export", [to_keras_weights, to_torch_state_dict])
def test_an_encoder_with_a_decoder_is_no_stack_of_layers(export):
    model = RNNEncoderDecoder((4,), max_iter=1, random_state=0).fit(["ab", "ba"], ["b", "a"])
    with pytest.raises(ValueError, match=r"The arrays .*weight_bridge.* have no "):
        export(model)
