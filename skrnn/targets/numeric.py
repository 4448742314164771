"""Targets that are numbers."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from skrnn._warnings import warn
from skrnn.network.losses import (
    AbsoluteError,
    Huber,
    Pinball,
    Poisson,
    RegressionLoss,
    SquaredError,
)
from skrnn.targets.finite import require_finite

LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Pinball,
    "poisson": Poisson,
}
quiet = np.errstate(over="ignore", invalid="ignore")  # results that are not finite are refused


class Numbers:
    """One or more numbers for each sequence, standardised for training.

    Parameters
    ----------
    loss : str
        A name in ``LOSSES``.
    quantile : float or array-like of float
        Of the loss "quantile".
    normalize_y : bool
        Whether to standardise; for "poisson" the mean stays.

    Attributes
    ----------
    scaler : StandardScaler
    shape : tuple of int
        That of the y of one sequence.
    """

    def __init__(self, loss="squared_error", quantile=0.5, normalize_y=True):
        self.loss_name = loss
        self.quantile = quantile
        self.normalize_y = normalize_y
        self.loss: RegressionLoss = (
            Pinball(np.sort(quantile, axis=None)) if loss == "quantile" else LOSSES[loss]()
        )

    def validate(self, y):
        if np.asarray(y).dtype.kind in "SU":
            raise ValueError("y has text; expected numbers. A classifier learns text as classes.")
        y = check_array(y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y")
        if y.ndim > 2:
            raise ValueError(
                f"y has shape {y.shape}; expected (n_samples,) or (n_samples, n_outputs): one "
                f"target per sequence, not one per step."
            )
        if self.loss_name == "poisson" and y.min() < 0:
            raise ValueError(
                f"y contains {y.min()} at sample {int(y.argmin()) // y[0].size}, but "
                f"loss='poisson' needs values of at least 0. Choose another loss."
            )
        return y

    def reweight(self, y, weight):
        return weight

    @quiet
    def fit(self, y, weight):
        if np.any(np.not_equal(self.quantile, 0.5)) and self.loss_name != "quantile":
            warn(
                f"quantile={self.quantile} has no effect with loss={self.loss_name!r}. Set "
                f"loss='quantile' to predict a quantile."
            )
        self.shape = y.shape[1:]
        self.scaler = StandardScaler(
            with_mean=self.normalize_y and self.loss_name != "poisson", with_std=self.normalize_y
        ).set_output(transform="default")
        kept = weight > 0
        self.scaler.fit(_columns(y[kept]), sample_weight=weight[kept])
        if self.normalize_y and not np.isfinite(self.scaler.var_).all():
            raise ValueError(
                f"y is too large: the variance overflows float64 (the largest absolute value is "
                f"{np.abs(y).max():.3g}). Divide y by a constant."
            )
        return self

    def go_on_from(self, earlier, y):
        if y.shape[1:] != earlier.shape:
            expected = ", ".join(["n_samples", *map(str, earlier.shape)])
            raise ValueError(
                f"y has shape {y.shape}, but the first fit had a y of shape ({expected}). Pass "
                f"a y of that shape, or fit a new estimator."
            )
        if self.loss.out_activation != earlier.loss.out_activation:
            raise ValueError(
                f"loss={self.loss_name!r} has the output activation "
                f"{self.loss.out_activation!r}, but the weights were trained with "
                f"{earlier.loss.out_activation!r}. Set "
                f"loss={earlier.loss_name!r}, or fit a new estimator."
            )
        self.scaler, self.shape = earlier.scaler, earlier.shape
        return self

    @property
    def n_outputs(self):
        return int(np.prod(self.shape)) * self._n_quantiles

    @property
    def _n_quantiles(self):
        return len(self.loss.quantiles) if isinstance(self.loss, Pinball) else 1

    @quiet
    def encode(self, y, dtype):
        encoded = self.scaler.transform(_columns(y)).astype(dtype)
        finite = np.isfinite(encoded)
        if not finite.all():
            raise ValueError(
                f"y contains {_columns(y)[~finite][0]:.3g}, which is too large for {dtype} when "
                f"it is scaled for training. Divide y by a constant, or fit with normalize_y=True."
            )
        return encoded

    def decode(self, raw):
        middle = 0
        if isinstance(self.loss, Pinball):  # the quantile nearest to the median
            middle = int(np.abs(self.loss.quantiles - 0.5).argmin())
        return self.decode_quantiles(raw)[..., middle]

    @quiet
    def decode_quantiles(self, raw):
        """Predictions of all quantiles, sorted: (n_samples, ·, n_quantiles)."""
        n, n_quantiles = len(raw), self._n_quantiles
        y = require_finite(self.loss.inverse_link(raw), "prediction")
        y = y.reshape(n, -1, n_quantiles).transpose(2, 0, 1)  # a table for each quantile
        y = self.scaler.inverse_transform(y.reshape(n_quantiles * n, -1))
        y = y.reshape(n_quantiles, n, -1).transpose(1, 2, 0)
        require_finite(y.reshape(n, -1), "prediction")
        return np.sort(y, axis=2).reshape(n, *self.shape, n_quantiles)

    @property
    def affine(self):
        """Scale and shift, each (n_outputs,) or None, if that is how ``decode`` goes; else None."""
        if self.loss.out_activation != "identity" or self._n_quantiles > 1:
            return None
        return self.scaler.scale_, self.scaler.mean_ if self.scaler.with_mean else None

    def strata(self, encoded):
        return None

    def attributes(self):
        quantiles = self.loss.quantiles.copy() if isinstance(self.loss, Pinball) else None
        return {"quantiles_": quantiles}


def _columns(y):
    """(n_samples, n_outputs), also of one output."""
    return y.reshape(len(y), -1)
