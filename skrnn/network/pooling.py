"""Pooling: from the hidden states of all steps of a sequence to one vector.

A pooling reads a minibatch's hidden states (N, D) and, of steps before them, what it has made of
those: ``before``, a list of arrays (B, ·) of the widths that ``carry_widths`` says. ``forward``
returns the pooled states (B, D), what goes on to later steps, and a cache for ``backward``, which
gives the gradients of every step's output (N, D) and of the layer's summary (B, D); None is zero.
"""

import numpy as np


class LastPooling:
    """The hidden state after the last step; of both directions, each after its own last."""

    def __init__(self, width):
        self.width = width

    def param_shapes(self):
        return {}

    def carry_widths(self):
        return []

    def initialize(self, params, draw, rng):
        """Nothing to draw."""

    def forward(self, params, minibatch, hidden, summary, before):
        return summary, [], None

    def backward(self, params, minibatch, hidden, cache, dpooled, dparams):
        return None, dpooled


class MeanPooling(LastPooling):
    """The mean over the steps."""

    def carry_widths(self):
        return [self.width]

    def forward(self, params, minibatch, hidden, summary, before):
        n_before = minibatch.n_before[:, np.newaxis].astype(hidden.dtype)
        n = n_before + minibatch.lengths[:, np.newaxis].astype(hidden.dtype)
        pooled = (before[0] * n_before + minibatch.reduce(np.add, hidden)) / n
        return pooled, [pooled], n

    def backward(self, params, minibatch, hidden, n, dpooled, dparams):
        return (dpooled / n)[minibatch.sequence_of_row], None


class MaxPooling(LastPooling):
    """The maximum over the steps; steps that tie share its gradient."""

    def carry_widths(self):
        return [self.width]

    def forward(self, params, minibatch, hidden, summary, before):
        pooled = minibatch.reduce(np.maximum, hidden)
        pooled = np.where(
            minibatch.n_before[:, np.newaxis] > 0, np.maximum(before[0], pooled), pooled
        )
        return pooled, [pooled], pooled

    def backward(self, params, minibatch, hidden, pooled, dpooled, dparams):
        is_largest = hidden == pooled[minibatch.sequence_of_row]
        n_largest = np.maximum(minibatch.reduce(np.add, is_largest.astype(hidden.dtype)), 1)
        return is_largest * (dpooled / n_largest)[minibatch.sequence_of_row], None


class AttentionPooling(LastPooling):
    """Additive attention (Bahdanau, Cho & Bengio 2015; with a learned query, Yang et al. 2016).

        u_t = tanh(A h_t + b)                  (1)
        s_t = u_t · v                          (2)
        w_t = exp(s_t) / Σ_τ exp(s_τ)          (3)
        p = Σ_t w_t h_t                        (4)

    Parameters: ``weight_attention`` A (D, D), ``bias_attention`` b (D,), ``weight_score`` v (D,).
    What goes on to later steps is p and the logarithm of the sum in (3).
    """

    def param_shapes(self):
        return {
            "weight_attention": (self.width, self.width),
            "bias_attention": (self.width,),
            "weight_score": (self.width,),
        }

    def carry_widths(self):
        return [self.width, 1]

    def initialize(self, params, draw, rng):
        params["weight_attention"][:] = draw((self.width, self.width), rng)
        params["weight_score"][:] = draw((1, self.width), rng)

    def forward(self, params, minibatch, hidden, summary, before):
        sequence = minibatch.sequence_of_row
        pooled_before, log_before = before
        log_before = np.where(minibatch.n_before[:, np.newaxis] > 0, log_before, -np.inf)
        u = np.tanh(hidden @ params["weight_attention"].T + params["bias_attention"])  # (1)
        s = (u @ params["weight_score"])[:, np.newaxis]  # (2)
        largest = np.maximum(minibatch.reduce(np.maximum, s), log_before)
        total = minibatch.reduce(np.add, np.exp(s - largest[sequence]))
        log_total = largest + np.log(total + np.exp(log_before - largest))
        w = np.exp(s - log_total[sequence])  # (3)
        pooled = minibatch.reduce(np.add, w * hidden)  # (4)
        pooled += np.exp(log_before - log_total) * pooled_before
        return pooled, [pooled, log_total], (u, w, pooled)

    def backward(self, params, minibatch, hidden, cache, dpooled, dparams):
        u, w, pooled = cache
        sequence = minibatch.sequence_of_row
        dp = dpooled[sequence]
        ds = w * np.sum(dp * (hidden - pooled[sequence]), axis=1, keepdims=True)  # (4), (3)
        dparams["weight_score"] += ds[:, 0] @ u  # (2)
        da = ds * params["weight_score"] * (1 - u * u)  # (2), (1)
        dparams["weight_attention"] += da.T @ hidden  # (1)
        dparams["bias_attention"] += da.sum(axis=0)  # (1)
        return w * dp + da @ params["weight_attention"], None  # (4), (1)


POOLINGS = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}
