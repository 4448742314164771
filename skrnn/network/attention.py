"""Attention of a decoder: what it reads of the source before it writes the next step."""

from typing import NamedTuple

import numpy as np

from skrnn.kernels.attention import attend, attend_back
from skrnn.kernels.product import dense, prepare_dense


class Memory(NamedTuple):
    """What there is to read: the encoder's outputs, one sequence after the other."""

    values: np.ndarray  # (M, E)
    begins: np.ndarray  # (n + 1,), the rows of each sequence
    keys: np.ndarray  # (M, D)


class AttentionTrace(NamedTuple):
    """What the forward pass leaves behind for the backward pass."""

    queries: np.ndarray  # (N, D)
    memory: Memory
    weights: np.ndarray  # of each query over the rows of its sequence, one query after the other
    weight_begins: np.ndarray  # (N + 1,)
    joined: np.ndarray  # (N, E + D)
    output: np.ndarray  # (N, D)


class Attention:
    """Attention of Luong et al. (2015, "dot") or Bahdanau et al. (2015, additive).

    With e_j the encoder's outputs and h_t the decoder's hidden states:

        k_j = K e_j; with "dot", if e_j is as wide as h_t, just e_j                  (1)
        q_t = h_t, or Q h_t + b with "additive"         (2)
        s_tj = k_j · q_t, or v · tanh(k_j + q_t)        (3)
        w_tj = exp(s_tj) / Σ_i exp(s_ti)                (4)
        c_t = Σ_j w_tj e_j                              (5)
        a_t = tanh(C [c_t; h_t] + d)                    (6)

    Parameters: ``weight_key`` K (D, E), but see (1); ``weight_combine`` C (D, E + D) and
    ``bias_combine`` d (D,); with "additive" ``weight_query`` Q (D, D), ``bias_query`` b (D,) and
    ``weight_score`` v (D,).

    Parameters
    ----------
    kind : {'dot', 'additive'}
    n_memory : int
        E, the width of the encoder's outputs.
    n_hidden : int
        D, the width of the decoder's hidden states, and of the output.
    """

    def __init__(self, kind, n_memory, n_hidden):
        self.is_additive = kind == "additive"
        self.n_memory = n_memory
        self.n_hidden = n_hidden
        self.has_keys = self.is_additive or n_memory != n_hidden

    def param_shapes(self):
        E, D = self.n_memory, self.n_hidden
        shapes: dict[str, tuple[int, ...]] = {}
        if self.has_keys:
            shapes["weight_key"] = (D, E)
        if self.is_additive:
            shapes |= {"weight_query": (D, D), "bias_query": (D,), "weight_score": (D,)}
        return shapes | {"weight_combine": (D, E + D), "bias_combine": (D,)}

    def initialize(self, params, sample, rng):
        for name, param in params.items():
            if name.startswith("weight"):
                param[:] = sample(np.atleast_2d(param).shape, self.n_hidden, rng)

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        key = query = None
        if self.has_keys:
            key = prepare_dense(params["weight_key"], None, arena)
        if self.is_additive:
            query = prepare_dense(params["weight_query"], params["bias_query"], arena)
        return (
            key,
            query,
            params.get("weight_score"),
            prepare_dense(params["weight_combine"], params["bias_combine"], arena),
        )

    def memory(self, prepared, values, begins, arena):
        """What ``forward`` reads, of the encoder's outputs (M, E)."""
        keys = values if prepared[0] is None else dense(values, prepared[0], arena)  # (1)
        return Memory(values, begins, keys)

    def forward(self, prepared, hidden, memory, sequence_of_row, arena):
        """The output for hidden states (N, D), each of which reads one sequence of the memory."""
        _, of_query, score, of_joined = prepared
        queries = hidden if of_query is None else dense(hidden, of_query, arena)  # (2)
        context, weights, weight_begins = attend(
            queries, sequence_of_row, memory.keys, memory.values, memory.begins, score, arena
        )  # (3), (4), (5)
        joined = arena.take(len(hidden), self.n_memory + self.n_hidden, hidden.itemsize)
        joined[:, : self.n_memory], joined[:, self.n_memory :] = context, hidden
        output = np.tanh(dense(joined, of_joined, arena))  # (6)
        return AttentionTrace(queries, memory, weights, weight_begins, joined, output)

    def backward(self, params, minibatch, trace, doutput, dparams):
        """Add to ``dparams``; the gradients of the hidden states and of the memory's values.

        The hidden states are the packed steps of ``minibatch``, and its sequences those of the
        memory, in the same order.
        """
        E, memory = self.n_memory, trace.memory
        da = doutput * (1 - trace.output * trace.output)  # (6)
        dparams["weight_combine"] += da.T @ trace.joined  # (6)
        dparams["bias_combine"] += da.sum(axis=0)  # (6)
        djoined = da @ params["weight_combine"]  # (6)
        dqueries, dkeys, dvalues, dscore = attend_back(
            minibatch.offsets, trace.queries, memory.keys, memory.values, memory.begins,
            params.get("weight_score"), trace.weights, trace.weight_begins, djoined[:, :E],
            minibatch.arena,
        )  # (5), (4), (3)  # fmt: skip
        dhidden = djoined[:, E:]
        if self.is_additive:
            dparams["weight_score"] += dscore  # (3)
            dparams["weight_query"] += dqueries.T @ trace.joined[:, E:]  # (2)
            dparams["bias_query"] += dqueries.sum(axis=0)  # (2)
            dhidden = dhidden + dqueries @ params["weight_query"]  # (2)
        else:
            dhidden = dhidden + dqueries  # (2)
        if not self.has_keys:
            return dhidden, dvalues + dkeys  # (1)
        dparams["weight_key"] += dkeys.T @ memory.values  # (1)
        return dhidden, dvalues + dkeys @ params["weight_key"]  # (1)
