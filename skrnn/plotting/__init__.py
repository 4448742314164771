"""Displays of training, in scikit-learn's manner. They need matplotlib."""

from skrnn.plotting._gradient_flow import GradientFlowDisplay
from skrnn.plotting._loss_curve import LossCurveDisplay

__all__ = ["GradientFlowDisplay", "LossCurveDisplay"]
