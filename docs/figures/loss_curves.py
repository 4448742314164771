"""A loss curve that is fine, and three that are not."""

import matplotlib.pyplot as plt
import numpy as np

from skrnn import LSTMRegressor
from skrnn.plotting import LossCurveDisplay

rng = np.random.default_rng(0)


def sequences(n):
    """Noisy sequences, and the mean of their first column over the last ten steps."""
    X = rng.normal(size=(n, 20, 3))
    return X, X[:, -10:, 0].mean(axis=1) + rng.normal(0, 0.25, n)


X, y = sequences(600)
few = slice(50)
X_val, y_val = sequences(400)
fits = {
    "Fine: both fall, then stay": (X, {"learning_rate_init": 0.003}),
    "Steps too small: still falling": (
        X,
        {"learning_rate": "constant", "learning_rate_init": 1e-4},
    ),
    "Learned by heart: validation rises": (X[few], {"max_iter": 80, "learning_rate_init": 0.01}),
    "Steps too large: jumps": (X, {"learning_rate": "constant", "learning_rate_init": 0.3}),
}
figure, axes = plt.subplots(2, 2, figsize=(8, 5.2), layout="constrained", sharey=True)
for ax, (title, (X_fit, options)) in zip(axes.flat, fits.items(), strict=True):
    model = LSTMRegressor(32, random_state=0, early_stopping=True, **{"max_iter": 25} | options)
    model.fit(X_fit, y[: len(X_fit)], X_val=X_val, y_val=y_val)
    LossCurveDisplay.from_estimator(model, ax=ax, label="Training loss")
    ax.set(title=title, ylim=(0, 0.9))
    ax.title.set_fontsize(10)
