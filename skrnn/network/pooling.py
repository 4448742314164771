"""Pooling: from the hidden states of all steps of a sequence to one vector.

A pooling reads a minibatch's hidden states (N, D) and, of steps before them, what it has made of
those: the carry, a list of arrays (B, ·), at first that of ``start``. ``forward`` returns the
pooled states (B, D), the carry for later steps, and a cache for ``backward``, which gives the
gradients of every step's output (N, D) and of the layer's summary (B, D); None is zero.

The carry is the same, to the last bit, however the steps are cut into minibatches.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.kernels.product import dense, prepare_dense
from skrnn.kernels.softmax import add_steps, running_maximum
from skrnn.network.minibatch import Minibatch


class Pooling(Protocol):
    """The interface of all poolings, see above."""

    def param_shapes(self) -> dict[str, tuple[int, ...]]: ...

    def start(self, n_sequences: int, dtype: np.dtype) -> list[np.ndarray]:
        """The carry before the first step."""

    def initialize(self, params: dict, sample: Callable, rng: np.random.Generator) -> None:
        """Draw initial weights, each matrix by ``sample(shape, n_hidden, rng)``."""

    def prepare(self, params: dict, arena: Arena) -> Any:
        """The parameters as ``forward`` reads them."""

    def forward(
        self,
        prepared: Any,
        minibatch: Minibatch,
        hidden: np.ndarray,
        summary: np.ndarray,
        carry: list[np.ndarray],
    ) -> tuple[np.ndarray, list[np.ndarray], Any]: ...

    def backward(
        self,
        params: dict,
        minibatch: Minibatch,
        hidden: np.ndarray,
        cache: Any,
        dpooled: np.ndarray,
        dparams: dict,
    ) -> tuple[np.ndarray | None, np.ndarray | None]: ...


class LastPooling:
    """The hidden state after the last step; of both directions, each after its own last."""

    def __init__(self, width):
        self.width = width

    def param_shapes(self):
        return {}

    def start(self, n_sequences, dtype):
        """The carry before the first step: none."""
        return []

    def initialize(self, params, sample, rng):
        """Nothing to draw."""

    def prepare(self, params, arena):
        """Nothing to prepare."""

    def forward(self, prepared, minibatch, hidden, summary, carry):
        return summary, [], None

    def backward(self, params, minibatch, hidden, cache, dpooled, dparams):
        return None, dpooled


class EveryStep(LastPooling):
    """No pooling: the hidden state of every step, (N, D), for an output at every step."""

    def forward(self, prepared, minibatch, hidden, summary, carry):
        return hidden, [], None

    def backward(self, params, minibatch, hidden, cache, dpooled, dparams):
        return dpooled, None


class MeanPooling(LastPooling):
    """The mean over the steps. Their sum is the carry."""

    def start(self, n_sequences, dtype):
        return [np.zeros((n_sequences, self.width), dtype)]

    def forward(self, prepared, minibatch, hidden, summary, carry):
        n = (minibatch.n_before + minibatch.lengths)[:, np.newaxis].astype(hidden.dtype)
        total = minibatch.reduce(np.add, hidden, carry[0])
        return total / n, [total], n

    def backward(self, params, minibatch, hidden, n, dpooled, dparams):
        return (dpooled / n)[minibatch.sequence_of_row], None


class MaxPooling(LastPooling):
    """The maximum over the steps; steps that tie share its gradient."""

    def start(self, n_sequences, dtype):
        return [np.full((n_sequences, self.width), -np.inf, dtype)]

    def forward(self, prepared, minibatch, hidden, summary, carry):
        pooled = minibatch.reduce(np.maximum, hidden, carry[0])
        return pooled, [pooled], pooled

    def backward(self, params, minibatch, hidden, pooled, dpooled, dparams):
        is_largest = (hidden == pooled[minibatch.sequence_of_row]).astype(hidden.dtype)
        n_largest = np.maximum(minibatch.reduce(np.add, is_largest, np.zeros_like(pooled)), 1)
        return is_largest * (dpooled / n_largest)[minibatch.sequence_of_row], None


class AttentionPooling(LastPooling):
    """Additive attention (Bahdanau, Cho & Bengio 2015; with a learned query, Yang et al. 2016).

        u_t = tanh(A h_t + b)                           (1)
        s_t = u_t · v                                   (2)
        w_t = exp(s_t - m) / Σ_τ exp(s_τ - m)           (3)
        p = Σ_t w_t h_t                                 (4)

    where m is the largest s_t. Parameters: ``weight_attention`` A (D, D), ``bias_attention`` b
    (D,), ``weight_score`` v (D,).

    The sums of (3) and (4) are taken step by step: each step scales those before it down to the
    largest score until then (Milakov & Gimelshein 2018). The carry is the largest score (B, 1), and
    both sums side by side (B, D + 1).
    """

    def param_shapes(self):
        return {
            "weight_attention": (self.width, self.width),
            "bias_attention": (self.width,),
            "weight_score": (self.width,),
        }

    def start(self, n_sequences, dtype):
        return [
            np.full((n_sequences, 1), -np.inf, dtype),
            np.zeros((n_sequences, self.width + 1), dtype),
        ]

    def initialize(self, params, sample, rng):
        params["weight_attention"][:] = sample((self.width, self.width), self.width, rng)
        params["weight_score"][:] = sample((1, self.width), self.width, rng)

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        return (
            prepare_dense(params["weight_attention"], params["bias_attention"], arena),
            prepare_dense(params["weight_score"][np.newaxis], None, arena),
        )

    def forward(self, prepared, minibatch, hidden, summary, carry):
        of_units, of_score = prepared
        u = np.tanh(dense(hidden, of_units, minibatch.arena))  # (1)
        s = dense(u, of_score, minibatch.arena)  # (2)
        largest, sums = carry[0].copy(), carry[1].copy()
        until, change = np.empty(s.shape, s.dtype), np.empty(s.shape, s.dtype)
        running_maximum(minibatch.offsets, s, largest, until, change)
        add_steps(minibatch.offsets, np.exp(change), np.exp(s - until), hidden, sums)
        pooled = sums[:, :-1] / sums[:, -1:]  # (4)
        return pooled, [largest, sums], (u, s, largest, sums, pooled)

    def backward(self, params, minibatch, hidden, cache, dpooled, dparams):
        u, s, largest, sums, pooled = cache
        sequence = minibatch.sequence_of_row
        w = np.exp(s - largest[sequence]) / sums[sequence, -1:]  # (3)
        dp = dpooled[sequence]
        ds = w * np.sum(dp * (hidden - pooled[sequence]), axis=1, keepdims=True)  # (4), (3)
        dparams["weight_score"] += ds[:, 0] @ u  # (2)
        da = ds * params["weight_score"] * (1 - u * u)  # (2), (1)
        dparams["weight_attention"] += da.T @ hidden  # (1)
        dparams["bias_attention"] += da.sum(axis=0)  # (1)
        return w * dp + da @ params["weight_attention"], None  # (4), (1)


POOLINGS: dict[str, Callable[[int], Pooling]] = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}
