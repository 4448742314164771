"""The picture of attention: what was read along x, what was written along y."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from skrnn.plotting import AttentionDisplay
from tests._estimators import make, problem

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    pyplot.close("all")


class Reverser(BaseEstimator):
    """Reads, and writes backwards what it read; it looks at what it copies, at the end too."""

    def __init__(self, input_separator=None, output_separator=None):
        self.input_separator = input_separator
        self.output_separator = output_separator

    def fit(self):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        if not isinstance(X[0], str):
            return [x[::-1] for x in X]
        between = self.output_separator or ""
        return np.array([between.join(self._read(x)[::-1]) for x in X], object)

    def attention_weights(self, X):
        return [self._weights(len(self._read(x)), has_end=isinstance(x, str)) for x in X]

    def _weights(self, n, has_end):
        weights = np.eye(n + has_end)
        weights[:n] = weights[:n][::-1]
        return weights

    def _read(self, x):
        return x.split(self.input_separator) if self.input_separator else list(x)


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_several_strings():
    with pytest.raises(ValueError, match=r"source is \['abc'\]; expected one sequence to read"):
        AttentionDisplay.from_estimator(Reverser().fit(), ["abc"])


def test_characters():
    display = AttentionDisplay.from_estimator(Reverser().fit(), "abc", cmap="Reds")
    assert labels(display.ax_.xaxis) == ["a", "b", "c", "■"]
    assert labels(display.ax_.yaxis) == ["c", "b", "a", "■"]
    expected = [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(display.im_.get_array(), expected)
    assert display.im_.get_cmap().name == "Reds"
    assert display.figure_ is display.ax_.figure
    assert [ax.get_ylabel() for ax in display.figure_.axes] == ["Written", "Attention"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Read", "Written")


def test_what_is_written_first_is_above():
    display = AttentionDisplay.from_estimator(Reverser().fit(), "ab")
    bottom, top = display.ax_.get_ylim()
    assert bottom > top


def test_words():
    model = Reverser(input_separator=" ", output_separator=", ").fit()
    _, ax = pyplot.subplots()
    options = {"xticks_rotation": "vertical", "colorbar": False}
    display = AttentionDisplay.from_estimator(model, "one two", ax=ax, **options)
    assert display.ax_ is ax
    assert display.figure_.axes == [ax]
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {90}
    assert labels(ax.xaxis) == ["one", "two", "■"]
    assert labels(ax.yaxis) == ["two", "one", "■"]


def test_numbers_have_no_labels():
    display = AttentionDisplay.from_estimator(Reverser().fit(), np.zeros((5, 1)))
    assert display.source_labels is display.target_labels is None
    display.figure_.canvas.draw()
    assert set(labels(display.ax_.xaxis)) <= {*"01234", "−1", "5"}  # whole steps


def test_a_text_without_an_end():
    """As one that was cut at max_length."""
    display = AttentionDisplay(
        attention=np.eye(2), source_labels=[*"ab"], target_labels=[*"xy"]
    ).plot()
    assert labels(display.ax_.yaxis) == ["x", "y"]


@pytest.mark.parametrize("name", ["source_labels", "target_labels"])
def test_another_number_of_labels(name):
    with pytest.raises(ValueError, match=rf"{name} has 3 labels; expected 2, .* \(2, 2\)"):
        AttentionDisplay(attention=np.eye(2), **{name: [*"abc"]}).plot()


def test_unfitted_and_others():
    with pytest.raises(NotFittedError):
        AttentionDisplay.from_estimator(Reverser(), "abc")
    X, y = problem()
    with pytest.raises(TypeError, match="GRURegressor has no attention_weights"):
        AttentionDisplay.from_estimator(make("GRURegressor").fit(X, y), "abc")
