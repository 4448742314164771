"""The trunk: an embedding and a stack of recurrent layers."""

from collections.abc import Sequence
from itertools import pairwise, repeat
from typing import Any, NamedTuple, Protocol

import numpy as np

from skrnn.network.bidirectional import BidirectionalLayer
from skrnn.network.dropout import drop
from skrnn.network.embedding import Embedding
from skrnn.network.initialization import INITIALIZATIONS
from skrnn.network.layer import Layer, LayerTrace, RecurrentLayer


class TrunkParams(Protocol):
    """The parameters of a trunk, among others: named views, or what ``forward`` reads."""

    @property
    def embedding(self) -> Any: ...

    @property
    def layers(self) -> Sequence[Any]: ...


class TrunkTrace(NamedTuple):
    """A forward pass through the trunk."""

    layers: list[Any]
    masks: list[np.ndarray | None]  # (N, D) of each layer's input, None without dropout
    output: np.ndarray  # (N, D), after every step
    summary: np.ndarray  # (B, D), after the last step; of both directions, each after its own
    final: list[np.ndarray]  # all states after the last step, each (B, H); if states were given


class Trunk:
    """An embedding and recurrent layers, one above the other.

    Parameters
    ----------
    cell : str
        A name in ``skrnn.cells.CELLS``.
    n_features : int
        Width of the input.
    hidden_layer_sizes : sequence of int
        Width of each layer, of each direction. Without layers the trunk is the embedding.
    name : str
        What the names of the layers, and of the embeddings, begin with.
    bidirectional : bool
        Whether each layer reads the sequences from their ends as well.
    dropout : float
        Probability of dropping an output between two layers, in training.
    embeddings : dict of int to tuple of int
        (n_codes, dim) of each column of the input that holds codes.
    embedding_dropout : float
        Probability of dropping a number of a vector, in training.

    Attributes
    ----------
    width : int
        Of the output.
    """

    def __init__(
        self, cell, n_features, hidden_layer_sizes, *, name="", bidirectional=False, dropout=0.0,
        embeddings=None, embedding_dropout=0.0,
    ):  # fmt: skip
        self.cell = cell
        self.directions = ", both directions" if bidirectional else ""
        self.dropout = dropout
        self.embedding = Embedding(n_features, embeddings or {}, embedding_dropout, name)
        make_layer = BidirectionalLayer if bidirectional else RecurrentLayer
        n_directions = 2 if bidirectional else 1
        widths = [self.embedding.n_outputs, *(n_directions * size for size in hidden_layer_sizes)]
        self.layers: list[Layer] = [
            make_layer(cell, below, width // n_directions, f"{name}l{k}")
            for k, (below, width) in enumerate(pairwise(widths))
        ]
        self.width = widths[-1]

    def parts(self):
        """What has parameters, in their order."""
        return [self.embedding, *self.layers]

    def described(self, what="layer"):
        """Each part with what it is and the shape of its output, for reading."""
        parts: list[tuple[Any, str, str]] = [
            (layer, f"{self.cell} {what}{self.directions}", f"T × {layer.n_outputs}")
            for layer in self.layers
        ]
        if self.embedding.shapes:
            parts.insert(0, (self.embedding, "embedding", f"T × {self.embedding.n_outputs}"))
        return parts

    def state_widths(self):
        """The width of each state that goes on from step to step."""
        return [width for layer in self.layers for width in layer.state_widths()]

    def initialize(self, params, rng, *, init, forget_bias, longest):
        """Draw initial weights into zeros; ``longest`` is the length of the longest sequence."""
        self.embedding.initialize(params.embedding, INITIALIZATIONS[init].embedding, rng)
        for layer, part in zip(self.layers, params.layers, strict=True):
            layer.initialize(part, init, forget_bias, longest, rng)

    def prepare(self, params, arena):
        """The parameters of the embedding and of each layer as ``forward`` reads them."""
        layers = [
            layer.prepare(part, arena)
            for layer, part in zip(self.layers, params.layers, strict=True)
        ]
        return self.embedding.prepare(params.embedding), layers

    def forward(self, prepared, minibatch, states=None, *, keep=False, dropout_rng=None):
        """Hidden states of a minibatch; ``states`` are those before it, each (B, H).

        With ``keep`` the trace can go through ``backward``; with ``dropout_rng`` dropout acts.
        """
        traces: list[LayerTrace] = []
        final: list[np.ndarray] = []
        by_row = minibatch.by_row or not self.layers
        x, mask = self.embedding.forward(prepared.embedding, minibatch, dropout_rng, by_row)
        masks: list[np.ndarray | None] = [mask]
        given = repeat(None) if states is None else iter(states)
        for layer, weights in zip(self.layers, prepared.layers, strict=True):
            if traces:
                x, mask = drop(x, self.dropout, dropout_rng)
                masks.append(mask)
            initial = [next(given) for _ in layer.state_widths()]
            trace = layer.forward(weights, minibatch, x, initial, keep)
            # Without a backward pass the layers below are done with. In the first minibatch that
            # frees their memory; later it is the arena's, until the next minibatch.
            traces = [*traces, trace] if keep else [trace]
            if states is not None:
                final += trace.final
            x = trace.output
        summary = traces[-1].summary if traces else x[minibatch.last_rows]
        return TrunkTrace(traces, masks, x, summary, final)

    def backward(self, params, minibatch, trace, dout, dsummary, dparams, need_dx=False):
        """Add to ``dparams`` the gradients of the parameters.

        ``dout`` (N, D) is the gradient of the output, ``dsummary`` (B, D) that of the summary;
        None is zero.

        Returns
        -------
        dinputs : list of ndarray
            The gradient of the input of every layer, (N, ·) each; of the first only with
            ``need_dx`` or an embedding.
        dinitial : list of ndarray
            That of the states before the minibatch, (B, H) each.
        """
        need_dx = need_dx or bool(self.embedding.shapes)
        dinputs: list[np.ndarray | None] = []
        dinitial: list[np.ndarray] = []
        if not self.layers:
            dout = np.zeros((len(minibatch.x), self.width), dsummary.dtype)
            dout[minibatch.last_rows] = dsummary
            dinputs = [dout]
        for k in reversed(range(len(self.layers))):
            dout, dstates = self.layers[k].backward(
                params.layers[k], minibatch, trace.layers[k], dout, dsummary, dparams.layers[k],
                k > 0 or need_dx,
            )  # fmt: skip
            dsummary = None
            if trace.masks[k] is not None:
                dout *= trace.masks[k]
            dinputs.insert(0, dout)
            dinitial = dstates + dinitial
        x = trace.layers[0].input if self.layers else trace.output
        self.embedding.backward(minibatch, x, dinputs[0], dparams.embedding)
        return dinputs, dinitial
