"""Who is taken for whom, of the classification on the start page."""

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

from skrnn import GRUClassifier
from skrnn.datasets import load_japanese_vowels

X, y = load_japanese_vowels(subset="train", return_X_y=True)
X_test, y_test = load_japanese_vowels(subset="test", return_X_y=True)
model = GRUClassifier(random_state=0).fit(X, y)

figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
display = ConfusionMatrixDisplay.from_estimator(
    model, X_test, y_test, ax=ax, cmap="Blues", colorbar=False
)
ax.set_aspect("auto")
ax.set(xlabel="Recognised as", ylabel="Speaker")
ax.set_title(f"{len(X_test)} recordings that the model has not heard", fontsize=10)
