"""The network: an embedding, recurrent layers, a pooling, a head, and a linear path."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.bidirectional import BidirectionalLayer
from skrnn.network.dropout import dropout_mask
from skrnn.network.embedding import Embedding
from skrnn.network.initialization import INITIALIZATIONS
from skrnn.network.layer import Layer, LayerTrace, RecurrentLayer
from skrnn.network.linear import LinearPath
from skrnn.network.parameters import Layout
from skrnn.network.pooling import POOLINGS, EveryStep
from skrnn.network.readout import Readout
from skrnn.network.truncation import all_steps, last_steps

# Sequences per minibatch in prediction, and steps at a time: enough for the kernels, and little
# enough for the cache.
PREDICT_BATCH_SIZE = 256
PREDICT_STEPS = 128

# BLAS may raise flags for lanes that nobody reads; training looks at the numbers themselves.
quiet = np.errstate(invalid="ignore", over="ignore")


class Params(NamedTuple):
    """Named views of a vector like theta, by the parts of the network."""

    embedding: dict[str, np.ndarray]
    layers: list[dict[str, np.ndarray]]
    pooling: dict[str, np.ndarray]
    readout: dict[str, np.ndarray]
    linear: dict[str, np.ndarray]


class Prepared(NamedTuple):
    """The parameters in the form that each part's ``forward`` reads."""

    embedding: Any
    layers: list[Any]
    pooling: Any
    readout: Any
    linear: Any


class Encoding(NamedTuple):
    """A forward pass through the layers and the pooling."""

    layers: list[Any]
    masks: list[np.ndarray | None]  # (N, D) of each layer's input, None without dropout
    pooling: Any
    pooled: np.ndarray  # (B, D); (N, D) where there is an output at every step
    carry: list[np.ndarray]  # what goes on to later steps, each (B, ·)


class Trace(NamedTuple):
    """A forward pass through the network."""

    encoding: Encoding
    mask: np.ndarray | None  # (B, D) of the pooled states; here and below N for B at every step
    dropped: np.ndarray  # (B, D), the pooled states with dropout
    lags: np.ndarray | None  # (n_blocks, B, n_inputs)
    raw: np.ndarray  # (B, n_outputs)


class Network:
    """A stack of recurrent layers with a dense readout: of the pooled hidden states, or each.

    The network is its shapes only; the numbers are in a vector ``theta`` of ``layout.size``.

    Parameters
    ----------
    cell : str
        A name in ``skrnn.cells.CELLS``.
    n_features : int
        Width of the input.
    hidden_layer_sizes : sequence of int
        Width of each layer, of each direction.
    n_outputs : int
        Width of the raw prediction.
    bidirectional : bool
        Whether each layer reads the sequences from their ends as well.
    pooling : str or None
        A name in ``skrnn.network.pooling.POOLINGS``; None is an output at every step.
    ar_steps : int
        Steps of input with a linear path to the output.
    ar_columns : {'all', 'own'}
        Whether the path to an output begins at all features or at its own.
    dropout : float
        Probability of dropping an output between two layers and before the head, in training.
    embeddings : dict of int to tuple of int, or None
        (n_codes, dim) of each column of the input that holds codes.
    embedding_dropout : float
        Probability of dropping a number of a vector, in training.

    Attributes
    ----------
    kind : dict
        What the numbers in theta mean: the parameters above but for the dropouts.
    """

    def __init__(
        self,
        cell,
        n_features,
        hidden_layer_sizes,
        n_outputs,
        *,
        bidirectional=False,
        pooling="last",
        ar_steps=0,
        ar_columns="all",
        dropout=0.0,
        embeddings=None,
        embedding_dropout=0.0,
    ):
        self.kind = {
            "cell": cell,
            "n_features": n_features,
            "hidden_layer_sizes": list(hidden_layer_sizes),
            "n_outputs": n_outputs,
            "bidirectional": bidirectional,
            "pooling": pooling,
            "ar_steps": ar_steps,
            "ar_columns": ar_columns,
            "embeddings": dict(embeddings or {}),
        }
        self.n_features = n_features
        self.n_outputs = n_outputs
        self.dropout = dropout
        self.embedding = Embedding(n_features, self.kind["embeddings"], embedding_dropout)
        make_layer = BidirectionalLayer if bidirectional else RecurrentLayer
        n_directions = 2 if bidirectional else 1
        widths = [self.embedding.n_outputs, *(n_directions * size for size in hidden_layer_sizes)]
        self.layers: list[Layer] = [
            make_layer(cell, below, width // n_directions, f"l{k}")
            for k, (below, width) in enumerate(pairwise(widths))
        ]
        self.n_states = sum(len(layer.state_widths()) for layer in self.layers)
        self.width = widths[-1]
        self.pooling = (EveryStep if pooling is None else POOLINGS[pooling])(self.width)
        self.readout = Readout(self.width, n_outputs)
        self.linear = LinearPath(ar_steps, n_features, n_outputs, ar_columns)
        parts: list[Any] = [
            self.embedding, *self.layers, self.pooling, self.readout, self.linear,
        ]  # fmt: skip
        self.layout = Layout({n: s for part in parts for n, s in part.param_shapes().items()})

    def params(self, theta):
        """The named views of a vector like ``theta``."""
        views = self.layout.views(theta)

        def of(part):
            return {name: views[name] for name in part.param_shapes()}

        layers = [of(layer) for layer in self.layers]
        return Params(
            of(self.embedding), layers, of(self.pooling), of(self.readout), of(self.linear)
        )

    def start(self, n_sequences, dtype):
        """The carry before the first step: states of zero, and what the pooling begins with."""
        widths = [width for layer in self.layers for width in layer.state_widths()]
        states = [np.zeros((n_sequences, width), dtype) for width in widths]
        return states + self.pooling.start(n_sequences, dtype)

    def initialize(self, rng, dtype, *, init="glorot", forget_bias=1.0, longest=1):
        """Draw an initial ``theta``; ``longest`` is the length of the longest sequence."""
        theta = np.zeros(self.layout.size, dtype)
        params = self.params(theta)
        self.embedding.initialize(params.embedding, INITIALIZATIONS[init].embedding, rng)
        for layer, part in zip(self.layers, params.layers, strict=True):
            layer.initialize(part, init, forget_bias, longest, rng)
        dense = INITIALIZATIONS[init].dense
        self.pooling.initialize(params.pooling, dense, rng)
        self.readout.initialize(params.readout, dense, rng)
        return theta

    def start_from_least_squares(self, theta, sequences, target, weight):
        """Begin where the linear path is all there is, and as good as it gets alone."""
        params = self.params(theta)
        weight_ar, intercept = self.linear.least_squares(
            sequences, target.astype(np.float64), weight.astype(np.float64)
        )
        params.linear["weight_ar"][:] = weight_ar
        params.readout["weight_out"][:] = 0
        params.readout["bias_out"][:] = intercept

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        layers = [
            layer.prepare(part, arena)
            for layer, part in zip(self.layers, params.layers, strict=True)
        ]
        return Prepared(
            self.embedding.prepare(params.embedding),
            layers,
            self.pooling.prepare(params.pooling, arena),
            self.readout.prepare(params.readout, arena),
            self.linear.prepare(params.linear, arena),
        )

    def forward(self, prepared, minibatch, *, carry=None, keep=False, dropout_rng=None):
        """Raw predictions for a minibatch, in its order.

        ``carry`` is what the steps before the minibatch left, that of an earlier encoding.
        With ``keep`` the trace can go through ``backward``; with ``dropout_rng`` dropout acts.
        """
        encoding = self.encode(prepared, minibatch, carry=carry, keep=keep, dropout_rng=dropout_rng)
        dropped, mask = self._drop(encoding.pooled, dropout_rng)
        raw = self.readout.forward(prepared.readout, dropped, minibatch.arena)
        lags = None
        if self.linear.n_steps:
            linear, lags = self.linear.forward(prepared.linear, minibatch)
            raw += linear
        return Trace(encoding, mask, dropped, lags, raw)

    def encode(self, prepared, minibatch, *, carry=None, keep=False, dropout_rng=None):
        """The pooled hidden states of a minibatch, as of ``forward``."""
        traces: list[LayerTrace] = []
        after: list[np.ndarray] = []
        x, mask = self.embedding.forward(prepared.embedding, minibatch, dropout_rng)
        masks: list[np.ndarray | None] = [mask]
        states: list[np.ndarray | None] = [None] * self.n_states
        before_pooling = self.pooling.start(minibatch.n_sequences, x.dtype)
        if carry is not None:
            states, before_pooling = carry[: self.n_states], carry[self.n_states :]
        given = iter(states)
        for layer, weights in zip(self.layers, prepared.layers, strict=True):
            if traces:
                x, mask = self._drop(x, dropout_rng)
                masks.append(mask)
            initial = [next(given) for _ in layer.state_widths()]
            trace = layer.forward(weights, minibatch, x, initial, keep)
            # Without a backward pass the layers below are done with. In the first minibatch that
            # frees their memory; later it is the arena's, until the next minibatch.
            traces = [*traces, trace] if keep else [trace]
            if carry is not None:
                after += trace.final
            x = trace.output
        pooled, after_pooling, cache = self.pooling.forward(
            prepared.pooling, minibatch, x, traces[-1].summary, before_pooling
        )
        return Encoding(traces, masks, cache, pooled, after + after_pooling)

    def _drop(self, values, rng):
        """The values with dropout and its mask; without an rng as they are, and None."""
        if rng is None or self.dropout == 0:
            return values, None
        mask = dropout_mask(values.shape, self.dropout, values.dtype, rng)
        return values * mask, mask

    def backward(self, params, minibatch, trace, draw, dparams, need_dx=False):
        """Add to ``dparams`` the gradients of the parameters, given that of the raw predictions.

        Returns the gradient of the input of every layer, (N, ·) each; of the first only with
        ``need_dx`` or an embedding.
        """
        encoding = trace.encoding
        if dparams.linear:  # not where the path is held
            self.linear.backward(trace.lags, draw, dparams.linear)
        dpooled = self.readout.backward(params.readout, trace.dropped, draw, dparams.readout)
        if trace.mask is not None:
            dpooled *= trace.mask
        dout, dsummary = self.pooling.backward(
            params.pooling, minibatch, encoding.layers[-1].output, encoding.pooling, dpooled,
            dparams.pooling,
        )  # fmt: skip
        need_dx = need_dx or bool(self.embedding.shapes)
        dinputs: list[np.ndarray | None] = []
        for k in reversed(range(len(self.layers))):
            dout = self.layers[k].backward(
                params.layers[k], minibatch, encoding.layers[k], dout, dsummary,
                dparams.layers[k], k > 0 or need_dx,
            )  # fmt: skip
            dsummary = None
            if encoding.masks[k] is not None:
                dout *= encoding.masks[k]
            dinputs.insert(0, dout)
        self.embedding.backward(minibatch, dinputs[0], dparams.embedding)
        return dinputs

    @quiet
    def predict(self, theta, sequences):
        """Raw predictions (n, n_outputs) in float64, and pooled hidden states (n, D).

        Those of a sequence have the same bits whatever the other sequences are. Memory does not
        grow with the length of the sequences, except of one at a time where layers read from the
        end too.
        """
        n = len(sequences)
        raw = np.empty((n, self.n_outputs), np.float64)
        pooled = np.empty((n, self.width), theta.dtype)
        arena = Arena()
        prepared = self.prepare(self.params(theta), Arena())
        n_steps, size = self._reach(sequences)
        for start in range(0, n, size):
            index = np.arange(start, min(start + size, n))
            minibatch, carry = last_steps(self, prepared, sequences, index, n_steps, arena)
            trace = self.forward(prepared, minibatch, carry=carry)
            raw[minibatch.order] = trace.raw
            pooled[minibatch.order] = trace.encoding.pooled
        return raw, pooled

    @quiet
    def predict_steps(self, theta, sequences, carry=None):
        """Raw predictions of every step, (n_steps, n_outputs) in float64.

        The steps are those of all sequences, one sequence after the other. ``carry`` is what the
        steps before left, each (n, ·), or None; it is updated. Bits as in ``predict``.
        """
        raw = np.empty((sequences.lengths.sum(), self.n_outputs), np.float64)
        prepared = self.prepare(self.params(theta), Arena())
        for minibatch, encoding, places in self._read(prepared, sequences, carry):
            raw[places] = self.readout.forward(prepared.readout, encoding.pooled, minibatch.arena)
        return raw

    def raw(self, theta, sequences):
        """Raw predictions of every step if the network has an output there, else of sequences."""
        of_steps = isinstance(self.pooling, EveryStep)
        return (
            self.predict_steps(theta, sequences) if of_steps else self.predict(theta, sequences)[0]
        )

    @quiet
    def hidden_states(self, theta, sequences, carry=None):
        """Hidden states of the last layer after every step, (n_steps, D); as ``predict_steps``."""
        hidden = np.empty((sequences.lengths.sum(), self.width), theta.dtype)
        prepared = self.prepare(self.params(theta), Arena())
        for _, encoding, places in self._read(prepared, sequences, carry):
            hidden[places] = encoding.layers[-1].output
        return hidden

    def _read(self, prepared, sequences, carry):
        n_steps, size = self._reach(sequences)
        return all_steps(self, prepared, sequences, n_steps, size, Arena(), carry)

    def _reach(self, sequences):
        """How many steps prediction reads at a time, and of how many sequences."""
        n_steps = None if self.kind["bidirectional"] else PREDICT_STEPS
        return n_steps, predict_batch_size(sequences.lengths, n_steps)


def predict_batch_size(lengths, n_steps):
    """How many sequences are read at once, of so many of their steps at a time."""
    if n_steps is not None or len(lengths) == 0:
        return PREDICT_BATCH_SIZE
    n_fitting = PREDICT_BATCH_SIZE * PREDICT_STEPS // int(lengths.max())
    return max(1, min(PREDICT_BATCH_SIZE, n_fitting))
