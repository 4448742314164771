"""Two trunks: an encoder that reads a sequence, and a decoder that writes another one."""

from typing import Any, NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.attention import Attention, AttentionTrace
from skrnn.network.bridge import Bridge
from skrnn.network.dropout import drop
from skrnn.network.initialization import INITIALIZATIONS
from skrnn.network.linear import LinearPath
from skrnn.network.pairs import PairedMinibatch
from skrnn.network.parameters import Layout
from skrnn.network.readout import Readout
from skrnn.network.stack import PREDICT_BATCH_SIZE, quiet
from skrnn.network.trunk import Trunk, TrunkTrace


class Params(NamedTuple):
    """Named views of a vector like theta, by the parts of the network; or their prepared forms."""

    embedding: Any  # the encoder's
    layers: list[Any]  # the encoder's, then the decoder's
    bridge: Any
    decoder_embedding: Any
    attention: Any
    readout: Any


class Part(NamedTuple):
    """The parameters of one trunk."""

    embedding: Any
    layers: list[Any]


class Trace(NamedTuple):
    """A forward pass through the network."""

    encoder: TrunkTrace
    summary: np.ndarray  # (B, E), in the order of the decoder's sequences
    states: list[np.ndarray]  # the decoder's first ones, (B, H) each
    decoder: TrunkTrace
    attention: AttentionTrace | None
    mask: np.ndarray | None  # (N, D) of what the head reads, None without dropout
    dropped: np.ndarray  # (N, D)
    raw: np.ndarray  # (N, n_outputs)


class EncoderDecoder:
    """An encoder whose last hidden state begins a decoder, which has a head at every step.

    The decoder is given the step before each of those that it writes. With attention, it also
    reads the encoder's outputs at every step.

    The network is its shapes only; the numbers are in a vector ``theta`` of ``layout.size``.

    Parameters
    ----------
    cell : str
        A name in ``skrnn.cells.CELLS``.
    n_features : int
        Width of the sequences that are read.
    hidden_layer_sizes : sequence of int
        Width of each layer of the encoder, of each direction. Without any, the decoder begins at
        the last step of the input itself.
    n_outputs : int
        Width of the raw prediction.
    n_given : int
        Width of what the decoder is given at each step.
    decoder_layer_sizes : sequence of int
        Width of each layer of the decoder.
    bidirectional : bool
        Whether the encoder reads the sequences from their ends as well.
    attention : {'dot', 'additive', None}
    dropout : float
        Probability of dropping an output between two layers and before the head, in training.
    embeddings, decoder_embeddings : dict of int to tuple of int, or None
        (n_codes, dim) of each column of codes, in the input and in what the decoder is given.
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
        n_given,
        decoder_layer_sizes,
        bidirectional=False,
        attention=None,
        dropout=0.0,
        embeddings=None,
        decoder_embeddings=None,
        embedding_dropout=0.0,
    ):
        self.kind = {
            "cell": cell,
            "n_features": n_features,
            "hidden_layer_sizes": list(hidden_layer_sizes),
            "n_outputs": n_outputs,
            "n_given": n_given,
            "decoder_layer_sizes": list(decoder_layer_sizes),
            "bidirectional": bidirectional,
            "attention": attention,
            "embeddings": dict(embeddings or {}),
            "decoder_embeddings": dict(decoder_embeddings or {}),
        }
        self.n_outputs = n_outputs
        self.dropout = dropout
        dropouts = {"dropout": dropout, "embedding_dropout": embedding_dropout}
        self.encoder = Trunk(
            cell, n_features, hidden_layer_sizes, bidirectional=bidirectional,
            embeddings=embeddings, **dropouts,
        )  # fmt: skip
        self.decoder = Trunk(
            cell, n_given, decoder_layer_sizes, name="decoder_", embeddings=decoder_embeddings,
            **dropouts,
        )  # fmt: skip
        self.layers = [*self.encoder.layers, *self.decoder.layers]
        self.bridge = Bridge(self.encoder.width, self.decoder.state_widths())
        self.attention = None
        if attention is not None:
            self.attention = Attention(attention, self.encoder.width, self.decoder.width)
        self.readout = Readout(self.decoder.width, n_outputs)
        self.linear = LinearPath(0, n_features, n_outputs, "all")  # there is none
        parts = [*self.encoder.parts(), self.bridge, *self.decoder.parts(), self.readout]
        parts += [] if self.attention is None else [self.attention]
        self.layout = Layout({n: s for part in parts for n, s in part.param_shapes().items()})

    def described(self):
        """Each part with what it is and the shape of its output, for reading."""
        decoder, width = self.decoder.described("decoder layer"), self.decoder.width
        parts = self.encoder.described("encoder layer")
        parts.append((self.bridge, "bridge to the decoder's states", str(self.bridge.n_states)))
        parts += decoder
        if self.attention is not None:
            parts.append((self.attention, f"{self.kind['attention']} attention", f"T × {width}"))
        return [*parts, (self.readout, "head", f"T × {self.n_outputs}")]

    def params(self, theta):
        """The named views of a vector like ``theta``."""
        views = self.layout.views(theta)

        def of(part):
            return {name: views[name] for name in part.param_shapes()}

        return Params(
            of(self.encoder.embedding),
            [of(layer) for layer in self.layers],
            of(self.bridge),
            of(self.decoder.embedding),
            None if self.attention is None else of(self.attention),
            of(self.readout),
        )

    def _split(self, params):
        """The parts of the encoder and of the decoder."""
        n = len(self.encoder.layers)
        return (
            Part(params.embedding, params.layers[:n]),
            Part(params.decoder_embedding, params.layers[n:]),
        )

    def initialize(self, rng, dtype, *, init="glorot", forget_bias=1.0, longest=1):
        """Draw an initial ``theta``; ``longest`` is the length of the longest source."""
        theta = np.zeros(self.layout.size, dtype)
        params = self.params(theta)
        how = {"init": init, "forget_bias": forget_bias, "longest": longest}
        for trunk, part in zip((self.encoder, self.decoder), self._split(params), strict=True):
            trunk.initialize(part, rng, **how)
        dense = INITIALIZATIONS[init].dense
        self.bridge.initialize(params.bridge, dense, rng)
        if self.attention is not None:
            self.attention.initialize(params.attention, dense, rng)
        self.readout.initialize(params.readout, dense, rng)
        return theta

    def prepare(self, params, arena):
        """The parameters as ``forward`` reads them."""
        of_encoder, of_decoder = self._split(params)
        embedding, layers = self.encoder.prepare(of_encoder, arena)
        decoder_embedding, decoder_layers = self.decoder.prepare(of_decoder, arena)
        return Params(
            embedding,
            layers + decoder_layers,
            self.bridge.prepare(params.bridge, arena),
            decoder_embedding,
            None if self.attention is None else self.attention.prepare(params.attention, arena),
            self.readout.prepare(params.readout, arena),
        )

    def forward(self, prepared, minibatch, *, carry=None, keep=False, dropout_rng=None):
        """Raw predictions for every step of what the decoder is given, in its order.

        With ``keep`` the trace can go through ``backward``; with ``dropout_rng`` dropout acts.
        There is no ``carry``: pairs are read as a whole.
        """
        encoder = self.encode(prepared, minibatch.source, keep=keep, dropout_rng=dropout_rng)
        summary = encoder.summary[minibatch.partners]
        states = self.bridge.forward(prepared.bridge, summary, minibatch.given.arena)
        rows, begins = minibatch.memory_rows
        memory = self.memory(prepared, encoder, rows, begins, minibatch.given.arena)
        decoded = self.decode(
            prepared, minibatch.given, states, memory, minibatch.given.sequence_of_row,
            keep=keep, dropout_rng=dropout_rng,
        )  # fmt: skip
        return Trace(encoder, summary, states, *decoded)

    def encode(self, prepared, source, *, keep=False, dropout_rng=None):
        """Read the sources, a Minibatch."""
        return self.encoder.forward(
            self._split(prepared)[0], source, keep=keep, dropout_rng=dropout_rng
        )

    def memory(self, prepared, encoder, rows, begins, arena):
        """What attention reads: these rows of the encoder's outputs. None without attention."""
        if self.attention is None:
            return None
        return self.attention.memory(prepared.attention, encoder.output[rows], begins, arena)

    def decode(
        self, prepared, given, states, memory, sequence_of_row, *, keep=False, dropout_rng=None
    ):
        """Write one output for each step of ``given``, a Minibatch that goes on from the states.

        Returns
        -------
        decoder, attention, mask, dropped, raw
            See Trace.
        """
        decoder = self.decoder.forward(
            self._split(prepared)[1], given, states, keep=keep, dropout_rng=dropout_rng
        )
        attention, output = None, decoder.output
        if self.attention is not None:
            attention = self.attention.forward(
                prepared.attention, output, memory, sequence_of_row, given.arena
            )
            output = attention.output
        dropped, mask = drop(output, self.dropout, dropout_rng)
        raw = self.readout.forward(prepared.readout, dropped, given.arena)
        return decoder, attention, mask, dropped, raw

    def backward(self, params, minibatch, trace, draw, dparams, need_dx=False):
        """Add to ``dparams`` the gradients of the parameters, given that of the raw predictions.

        Returns those of the input of every layer of the encoder and then of the decoder, as
        ``Trunk.backward`` does.
        """
        of_encoder, of_decoder = self._split(params)
        d_encoder, d_decoder = self._split(dparams)
        dout = self.readout.backward(params.readout, trace.dropped, draw, dparams.readout)
        if trace.mask is not None:
            dout *= trace.mask
        dencoder_out = None
        if self.attention is not None:
            dout, dvalues = self.attention.backward(
                params.attention, minibatch.given, trace.attention, dout, dparams.attention
            )
            rows, _ = minibatch.memory_rows
            dencoder_out = np.empty_like(dvalues)
            dencoder_out[rows] = dvalues
        dinputs, dstates = self.decoder.backward(
            of_decoder, minibatch.given, trace.decoder, dout, None, d_decoder
        )
        dsummary = np.empty_like(trace.summary)
        dsummary[minibatch.partners] = self.bridge.backward(
            params.bridge, trace.summary, trace.states, dstates, dparams.bridge
        )
        dsources, _ = self.encoder.backward(
            of_encoder, minibatch.source, trace.encoder, dencoder_out, dsummary, d_encoder, need_dx
        )
        return dsources + dinputs

    @quiet
    def raw(self, theta, pairs):
        """Raw predictions of every step, (n_steps, n_outputs) in float64, and nothing fed back.

        The steps are those of all pairs, one after the other.
        """
        lengths = pairs.given.lengths
        ends = np.cumsum(lengths)
        raw = np.empty((ends[-1], self.n_outputs), np.float64)
        for minibatch, trace in self.read(theta, pairs):
            raw[minibatch.given.places(ends - lengths)] = trace.raw
        return raw

    @quiet
    def read(self, theta, pairs):
        """The minibatches of all pairs, each with its trace."""
        prepared, arena = self.prepare(self.params(theta), Arena()), Arena()
        for first in range(0, len(pairs), PREDICT_BATCH_SIZE):
            arena.clear()
            index = np.arange(first, min(first + PREDICT_BATCH_SIZE, len(pairs)))
            minibatch = PairedMinibatch(pairs, index, arena)
            yield minibatch, self.forward(prepared, minibatch)
