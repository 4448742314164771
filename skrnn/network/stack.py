"""The network: an embedding, recurrent layers, a pooling, a head, and a linear path."""

from typing import Any, NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.dropout import drop
from skrnn.network.initialization import INITIALIZATIONS
from skrnn.network.linear import LinearPath
from skrnn.network.parameters import Layout
from skrnn.network.pooling import POOLINGS, EveryStep
from skrnn.network.readout import Readout
from skrnn.network.truncation import all_steps, last_steps
from skrnn.network.trunk import Trunk, TrunkTrace

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

    trunk: TrunkTrace
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
        self.trunk = Trunk(
            cell, n_features, hidden_layer_sizes, bidirectional=bidirectional, dropout=dropout,
            embeddings=self.kind["embeddings"], embedding_dropout=embedding_dropout,
        )  # fmt: skip
        self.embedding, self.layers = self.trunk.embedding, self.trunk.layers
        self.width = self.trunk.width
        self.pooling = (EveryStep if pooling is None else POOLINGS[pooling])(self.width)
        self.readout = Readout(self.width, n_outputs)
        self.linear = LinearPath(ar_steps, n_features, n_outputs, ar_columns)
        parts: list[Any] = [*self.trunk.parts(), self.pooling, self.readout, self.linear]
        self.layout = Layout({n: s for part in parts for n, s in part.param_shapes().items()})

    def described(self):
        """Each part with what it is and the shape of its output, for reading."""
        parts = self.trunk.described()
        if isinstance(self.pooling, EveryStep):
            parts.append((self.readout, "head", f"T × {self.n_outputs}"))
        else:
            parts.append((self.pooling, f"{self.kind['pooling']} pooling", str(self.width)))
            parts.append((self.readout, "head", str(self.n_outputs)))
        if self.linear.n_steps:
            parts.append((self.linear, f"linear path from {self.linear.n_steps} steps", "the same"))
        return parts

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
        states = [np.zeros((n_sequences, width), dtype) for width in self.trunk.state_widths()]
        return states + self.pooling.start(n_sequences, dtype)

    def initialize(self, rng, dtype, *, init="glorot", forget_bias=1.0, longest=1):
        """Draw an initial ``theta``; ``longest`` is the length of the longest sequence."""
        theta = np.zeros(self.layout.size, dtype)
        params = self.params(theta)
        self.trunk.initialize(params, rng, init=init, forget_bias=forget_bias, longest=longest)
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
        embedding, layers = self.trunk.prepare(params, arena)
        return Prepared(
            embedding,
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
        dropped, mask = drop(encoding.pooled, self.dropout, dropout_rng)
        raw = self.readout.forward(prepared.readout, dropped, minibatch.arena)
        lags = None
        if self.linear.n_steps:
            linear, lags = self.linear.forward(prepared.linear, minibatch)
            raw += linear
        return Trace(encoding, mask, dropped, lags, raw)

    def encode(self, prepared, minibatch, *, carry=None, keep=False, dropout_rng=None):
        """The pooled hidden states of a minibatch, as of ``forward``."""
        states, before_pooling = None, self.pooling.start(minibatch.n_sequences, minibatch.x.dtype)
        if carry is not None:
            n_states = len(self.trunk.state_widths())
            states, before_pooling = carry[:n_states], carry[n_states:]
        trunk = self.trunk.forward(prepared, minibatch, states, keep=keep, dropout_rng=dropout_rng)
        pooled, after_pooling, cache = self.pooling.forward(
            prepared.pooling, minibatch, trunk.output, trunk.summary, before_pooling
        )
        return Encoding(trunk, cache, pooled, trunk.final + after_pooling)

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
            params.pooling, minibatch, encoding.trunk.output, encoding.pooling, dpooled,
            dparams.pooling,
        )  # fmt: skip
        dinputs, _ = self.trunk.backward(
            params, minibatch, encoding.trunk, dout, dsummary, dparams, need_dx
        )
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
            hidden[places] = encoding.trunk.output
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
