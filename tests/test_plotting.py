"""Displays: what they draw, and on what."""

import subprocess
import sys

import matplotlib
import pytest
from matplotlib import pyplot
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline

from skrnn import GRURegressor
from skrnn.plotting import GradientFlowDisplay, LossCurveDisplay
from tests._estimators import make, problem

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _no_open_figures():
    yield
    pyplot.close("all")


def test_loss_curve():
    X, y = problem()
    model = make("GRURegressor", max_iter=5).fit(X, y)
    display = LossCurveDisplay.from_estimator(model, color="red", name="mine")
    (line,) = display.lines_
    assert line.get_xdata().tolist() == [1, 2, 3, 4, 5]
    assert line.get_ydata().tolist() == model.loss_curve_
    assert (line.get_color(), line.get_label()) == ("red", "Training loss of mine")
    assert display.score_ax_ is None
    assert display.figure_ is display.ax_.figure


EARLY_STOPPING = {"warm_start": True, "early_stopping": True, "validation_fraction": 0.3}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_validation_loss_is_beside_that_of_training():
    X, y = problem()
    model = make("GRURegressor", max_iter=3).fit(X, y)
    model.set_params(**EARLY_STOPPING).fit(X, y)
    _, ax = pyplot.subplots()
    display = LossCurveDisplay.from_estimator(model, ax=ax, linestyle=":")
    assert display.ax_ is ax
    assert display.score_ax_ is None
    train, validation = display.lines_
    assert train.axes is validation.axes is ax
    assert train.get_color() == validation.get_color()
    assert (train.get_linestyle(), validation.get_linestyle()) == (":", "--")
    assert train.get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    assert validation.get_xdata().tolist() == [4, 5, 6]
    assert validation.get_ydata().tolist() == model.validation_loss_curve_
    assert legend(ax) == ["Training loss of GRURegressor", "Validation loss"]
    assert ax.get_ylabel() == "Loss"


def test_scores_have_an_axis_of_their_own():
    X, y = problem()
    model = make("GRURegressor", max_iter=3).fit(X, y)
    model.set_params(scoring="r2", **EARLY_STOPPING).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    _, validation, *scores = display.lines_
    assert validation.axes is display.ax_
    assert [line.axes for line in scores] == [display.score_ax_] * 2
    assert [line.get_xdata().tolist() for line in scores] == [[4, 5, 6]] * 2
    assert scores[0].get_ydata().tolist() == model.train_scores_
    assert scores[1].get_ydata().tolist() == model.validation_scores_
    assert legend(display.ax_)[1:] == ["Validation loss", "Training score", "Validation score"]
    assert display.score_ax_.get_ylabel() == "Score"
    assert len({line.get_linestyle() for line in display.lines_}) == 4
    assert len({line.get_color() for line in display.lines_}) == 1


def test_the_mlp_of_scikit_learn():
    X, y = problem()
    options = {"early_stopping": True, "max_iter": 3, "n_iter_no_change": 9, "random_state": 0}
    with pytest.warns(ConvergenceWarning):
        model = MLPRegressor(**options).fit(X[:, :, 0], y)
    display = LossCurveDisplay.from_estimator(model)
    assert legend(display.ax_) == ["Training loss of MLPRegressor", "Validation score"]
    assert display.lines_[1].get_ydata().tolist() == model.validation_scores_


def test_labels_are_inside_of_the_figure():
    """So that a saved file shows all of them, also with long numbers on both axes."""
    display = LossCurveDisplay(loss_curve=[1e-5, 2e-5], validation_scores=[-0.01251, -0.01252])
    figure = display.plot().figure_
    figure.canvas.draw()
    for label in (display.ax_.yaxis.label, display.score_ax_.yaxis.label, display.ax_.xaxis.label):
        box = label.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1


def test_gradient_flow():
    X, y = problem()
    model = make("GRURegressor", (4, 3)).fit(X, y)
    display = GradientFlowDisplay.from_estimator(model, X, y, linewidth=3)
    expected = model.gradient_flow(X, y)
    assert [line.get_ydata().tolist() for line in display.lines_] == expected.tolist()
    assert display.lines_[0].get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert [line.get_label() for line in display.lines_] == [
        "GRURegressor, layer 0", "GRURegressor, layer 1"
    ]  # fmt: skip
    assert display.lines_[1].get_linewidth() == 3
    assert display.ax_.get_yscale() == "log"


def test_unfitted():
    X, y = problem()
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(GRURegressor())
    with pytest.raises(NotFittedError):
        GradientFlowDisplay.from_estimator(GRURegressor(), X, y)


def test_pipelines_are_told_what_to_pass():
    X, y = problem()
    pipeline = make_pipeline("passthrough", make("GRURegressor")).fit(X, y)
    with pytest.raises(TypeError, match=r"Pipeline has no loss_curve_; .* pass its last step"):
        LossCurveDisplay.from_estimator(pipeline)
    with pytest.raises(TypeError, match="Pipeline has no gradient_flow"):
        GradientFlowDisplay.from_estimator(pipeline, X, y)


WITHOUT_MATPLOTLIB = """
import sys

sys.modules["matplotlib"] = None
from skrnn.plotting import LossCurveDisplay

try:
    LossCurveDisplay(loss_curve=[1.0]).plot()
except ImportError as error:
    assert "LossCurveDisplay.plot requires matplotlib" in str(error)
else:
    raise AssertionError
"""


def test_matplotlib_is_optional():
    subprocess.run([sys.executable, "-c", WITHOUT_MATPLOTLIB], check=True, timeout=60)
