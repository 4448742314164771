"""Ridge regression from sums over the samples, with a penalty that the samples choose.

The penalty is the one of the least error in cross-validation on consecutive parts of the samples.
Neighbours in a series are alike, so leaving out one sample at a time, as generalised
cross-validation does, finds too small a penalty. The sums of a part are small matrices, so memory
does not grow with samples x inputs.
"""

import numpy as np

N_PARTS = 5
# In units of the mean variance of the inputs, strongest first.
PENALTIES = np.logspace(2, -8, 31)


class Moments:
    """Weighted sums of z (n_samples, p) and y (n_samples, q) in consecutive parts.

    The weights of all samples add up to one, and the weighted means of z and y are zero.
    """

    def __init__(self, n_inputs, n_outputs):
        self.weight = np.zeros(N_PARTS)
        self.z = np.zeros((N_PARTS, n_inputs))
        self.y = np.zeros((N_PARTS, n_outputs))
        self.zz = np.zeros((N_PARTS, n_inputs, n_inputs))
        self.zy = np.zeros((N_PARTS, n_inputs, n_outputs))
        self.yy = np.zeros(N_PARTS)

    def add(self, z, y, weight):
        """Take in the next samples."""
        middles = self.weight.sum() + np.cumsum(weight) - weight / 2
        part_of = np.minimum(np.floor(N_PARTS * middles), N_PARTS - 1)
        for k in range(N_PARTS):
            inside = part_of == k
            z_k, y_k, w = z[inside], y[inside], weight[inside]
            self.weight[k] += w.sum()
            self.z[k] += w @ z_k
            self.y[k] += w @ y_k
            self.zz[k] += z_k.T @ (w[:, np.newaxis] * z_k)
            self.zy[k] += z_k.T @ (w[:, np.newaxis] * y_k)
            self.yy[k] += w @ (y_k**2).sum(axis=1)


def ridge(moments):
    """The weights (q, p) with the best penalty."""
    zz, zy = moments.zz.sum(axis=0), moments.zy.sum(axis=0)
    penalties = PENALTIES * np.trace(zz) / len(zz)
    errors = sum(_errors(moments, zz, zy, k, penalties) for k in range(N_PARTS))
    return _Path(zz, zy).weights(penalties[np.argmin(errors)]).T


def _errors(moments, zz, zy, k, penalties):
    """The squared errors in part k of regressions on the other parts, (n_penalties,)."""
    n_inside = moments.weight[k]
    n_others = moments.weight.sum() - n_inside
    if n_inside == 0 or np.count_nonzero(moments.weight) < 2:
        return np.zeros(len(penalties))
    z_mean, y_mean = -moments.z[k] / n_others, -moments.y[k] / n_others  # of the others
    path = _Path(
        (zz - moments.zz[k]) / n_others - np.outer(z_mean, z_mean),
        (zy - moments.zy[k]) / n_others - np.outer(z_mean, y_mean),
    )
    # The part, as seen from the means of the others.
    z, y = moments.z[k], moments.y[k]
    inside_zz = moments.zz[k] - np.outer(z, z_mean) - np.outer(z_mean, z)
    inside_zz += n_inside * np.outer(z_mean, z_mean)
    inside_zy = moments.zy[k] - np.outer(z, y_mean) - np.outer(z_mean, y)
    inside_zy += n_inside * np.outer(z_mean, y_mean)
    inside_yy = moments.yy[k] - 2 * y @ y_mean + n_inside * y_mean @ y_mean
    weights = (path.weights(penalty) for penalty in penalties)
    return np.array([inside_yy + np.sum(b * (inside_zz @ b - 2 * inside_zy)) for b in weights])


class _Path:
    """The solutions of ridge regression for all penalties."""

    def __init__(self, zz, zy):
        values, self.vectors = np.linalg.eigh(zz)
        self.values = np.maximum(values, 0)
        self.moments = self.vectors.T @ zy

    def weights(self, penalty):
        """Of shape (p, q)."""
        denominator = self.values + penalty
        # Only where all inputs are constant is there nothing to divide by.
        scale = np.divide(1, denominator, out=np.zeros_like(denominator), where=denominator > 0)
        return self.vectors @ (scale[:, np.newaxis] * self.moments)
