"""Displays: what they draw, and on what."""

import subprocess
import sys

import matplotlib
import pytest
from matplotlib import pyplot
from sklearn.exceptions import NotFittedError
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


def test_validation_scores_have_an_axis_of_their_own():
    X, y = problem()
    model = make("GRURegressor", max_iter=3).fit(X, y)
    model.set_params(warm_start=True, early_stopping=True, validation_fraction=0.3).fit(X, y)
    _, ax = pyplot.subplots()
    display = LossCurveDisplay.from_estimator(model, ax=ax)
    assert display.ax_ is ax
    _, scores = display.lines_
    assert scores.axes is display.score_ax_ is not ax
    assert scores.get_xdata().tolist() == [4, 5, 6]
    assert scores.get_ydata().tolist() == model.validation_scores_
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Training loss of GRURegressor", "Validation score"
    ]  # fmt: skip


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
