"""Displays of training and of attention, like those of scikit-learn. They need matplotlib."""

from skrnn.plotting._attention import AttentionDisplay
from skrnn.plotting._gradient_flow import GradientFlowDisplay
from skrnn.plotting._loss_curve import LossCurveDisplay

__all__ = ["AttentionDisplay", "GradientFlowDisplay", "LossCurveDisplay"]
