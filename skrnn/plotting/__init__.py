"""Displays like those of scikit-learn. They need matplotlib."""

from skrnn.plotting._attention import AttentionDisplay
from skrnn.plotting._gradient_flow import GradientFlowDisplay
from skrnn.plotting._loss_curve import LossCurveDisplay
from skrnn.plotting._permutation_importance import PermutationImportanceDisplay

__all__ = [
    "AttentionDisplay",
    "GradientFlowDisplay",
    "LossCurveDisplay",
    "PermutationImportanceDisplay",
]
