"""Whole sequences read from a state, and to one."""

import pickle

import numpy as np
import pytest

from tests.test_state import fitted


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("LSTMRegressor", {"pooling": "mean"}),
        ("GRUClassifier", {"pooling": "attention"}),
        ("GRURegressor", {"ar_steps": 3}),
        ("LSTMRegressor", {"dtype": "float64"}),
    ],
)
def test_hidden_states_go_on_from_a_state(name, parameters):
    """In two parts, and then row by row, to the bits of the whole."""
    model, X = fitted(name, 5, 4, **parameters)
    whole = model.hidden_states(X)
    first, state = model.hidden_states(X[:, :2], return_state=True)
    kept = pickle.dumps(state)
    second, after = model.hidden_states(X[:, 2:5], state=state, return_state=True)
    assert pickle.dumps(state) == kept
    for i in range(len(X)):
        np.testing.assert_array_equal(np.concatenate([first[i], second[i]]), whole[i][:5])
    np.testing.assert_array_equal(model.hidden_states(X[:, 2:], state=state)[1], whole[1][2:])
    assert after.n_steps.tolist() == [5] * len(X)
    for t in (5, 6):
        found, after = model.predict_step(X[:, t], after)
        np.testing.assert_array_equal(found, model.predict(X[:, : t + 1]))


def test_states_of_ragged_sequences():
    model, X = fitted("GRURegressor", 5, ar_steps=2)
    ragged = [x[:n] for x, n in zip(X, [1, 4, 2, 7, 1], strict=True)]
    _, state = model.hidden_states(ragged, return_state=True)
    expected = model.init_state(5)
    for i, x in enumerate(ragged):
        one = model.init_state()
        for row in x:
            _, one = model.predict_step(row, one)
        expected.values[i], expected.n_steps[i] = one.values[0], one.n_steps[0]
    np.testing.assert_array_equal(state.values, expected.values)
    np.testing.assert_array_equal(state.n_steps, expected.n_steps)


def test_wrong_states_for_sequences():
    model, X = fitted()
    with pytest.raises(ValueError, match="state has 2 streams, but X has 5 sequences"):
        model.hidden_states(X, state=model.init_state(2))
    other, _ = fitted("LSTMRegressor", 3)
    with pytest.raises(ValueError, match="not a state of this estimator"):
        model.hidden_states(X, state=other.init_state(5))
    both, _ = fitted(bidirectional=True)
    assert both.hidden_states(X).shape == (5, 7, 12)
    with pytest.raises(ValueError, match="not possible with bidirectional=True"):
        both.hidden_states(X, return_state=True)
