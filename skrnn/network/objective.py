"""What training minimises: the loss of a network on data, as a function of its parameters."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.network.dropout import drop_recurrent
from skrnn.network.minibatch import Minibatch, flat
from skrnn.network.pairs import PairedMinibatch
from skrnn.network.stack import quiet
from skrnn.network.truncation import Chunks, count_chunks, last_steps

# Of the weights, those that the penalty does not act on.
UNPENALISED = ("weight_ar", "weight_embedding")


class Step(NamedTuple):
    """The loss on a minibatch, when its gradient has been added."""

    loss: float
    total: float  # by what the weighted losses are divided
    has_weight: bool
    minibatch: Minibatch
    dinputs: list[np.ndarray]  # (N, ·) of every layer


class Objective:
    """Weighted mean loss plus half alpha times the squared weights, both per minibatch.

    As in scikit-learn's multilayer perceptron the penalty is divided by the size of the
    minibatch, the sum of its sample weights, and biases are not penalised. Neither is the linear
    path, which has found a penalty of its own where it began, nor are embeddings: a code is rare,
    and Adam would make full steps along the penalty wherever the rest of its gradient is zero.

    Parameters
    ----------
    network : Network
    loss : one of skrnn.network.losses
    sequences : Sequences of n_samples sequences
    target : ndarray of shape (n_samples, n_outputs), or Sequences
        The encoded targets; of every step if they are Sequences, with the steps of ``sequences``.
    weight : ndarray of shape (n_samples,), or Sequences
        Their weights, with a sum greater than zero.
    alpha : float
    recurrent_dropout : float
        Probability of cutting the recurrent connections of a unit.
    tbptt_steps : int or None
        How many of the last steps the gradient goes back through; None is all.
    dropout_rng : numpy.random.Generator or None
        None is without any dropout.
    holds_linear : bool
        Whether the linear path stays as it is: its gradient is zero.
    """

    def __init__(
        self,
        network,
        loss,
        sequences,
        target,
        weight,
        *,
        alpha=0.0,
        recurrent_dropout=0.0,
        tbptt_steps=None,
        dropout_rng=None,
        holds_linear=False,
    ):
        self.network = network
        self.loss = loss
        self.sequences = sequences
        self.target = target
        self.weight = weight
        self.alpha = alpha
        self.recurrent_dropout = recurrent_dropout if dropout_rng is not None else 0.0
        self.tbptt_steps = tbptt_steps
        self.dropout_rng = dropout_rng
        self.arena, self.weight_arena = Arena(), Arena()
        self.gradient = np.empty(network.layout.size, sequences.dtype)
        self.dparams = network.params(self.gradient)
        if holds_linear:
            self.dparams = self.dparams._replace(linear={})
        self.is_weight = np.zeros_like(self.gradient)
        for name, view in network.layout.views(self.is_weight).items():
            view[:] = name.startswith("weight") and not name.startswith(UNPENALISED)
        self.theta = None

    @quiet
    def loss_gradient(self, theta, index):
        """The loss on the samples ``index``, and its gradient in an array that is used again."""
        self.gradient[:] = 0
        step = self._add_gradient(theta, index)
        if not step.has_weight:  # no step of a chunk has a label
            return 0.0, self.gradient
        return step.loss + self._add_penalty(theta, step.total), self.gradient

    @quiet
    def total_loss_gradient(self, theta, batches):
        """The loss on all samples, read in batches, and its gradient in the same array."""
        self.gradient[:] = 0
        total = float(flat(self.weight).sum())
        loss = sum(self._add_gradient(theta, index, total).loss for index in batches)
        return loss + self._add_penalty(theta, total), self.gradient

    @quiet
    def input_gradients(self, theta, index):
        """The gradients of the loss by the inputs of all layers.

        Returns
        -------
        minibatch : Minibatch
        dinputs : list of ndarray
            For each layer that of the rows of the minibatch, (N, ·).
        """
        step = self._add_gradient(theta, index, need_dx=True)
        return step.minibatch, step.dinputs

    def _add_gradient(self, theta, index, total=None, need_dx=False):
        """Add the gradient of the mean loss, the weights of all samples being ``total``."""
        if theta is not self.theta:
            self.theta, self.params = theta, self.network.params(theta)
        params, masks = self.params, []
        if self.recurrent_dropout > 0:
            params, masks = drop_recurrent(
                self.network.layers, params, self.recurrent_dropout, self.dropout_rng
            )
        self.weight_arena.clear()
        prepared = self.network.prepare(params, self.weight_arena)
        minibatch, carry = self._read(prepared, index)
        minibatch.by_row = need_dx
        trace = self.network.forward(
            prepared, minibatch, carry=carry, keep=True, dropout_rng=self.dropout_rng
        )
        self._leave(minibatch, trace)
        weight = minibatch.take(self.weight).reshape(-1, 1)
        total = self._total(index, weight) if total is None else total
        share = weight / weight.dtype.type(total)
        loss, draw = self.loss.loss_gradient(trace.raw, minibatch.take(self.target), share)
        dinputs = self.network.backward(params, minibatch, trace, draw, self.dparams, need_dx)
        for dlayer, layer_masks in zip(self.dparams.layers, masks, strict=False):
            for name, mask in layer_masks.items():
                dlayer[name] *= mask
        return Step(loss, total, bool(weight.any()), minibatch, dinputs)

    def _read(self, prepared, index):
        """The minibatch that the gradient goes back through, and the carry before it."""
        return last_steps(
            self.network, prepared, self.sequences, index, self.tbptt_steps, self.arena,
            self.dropout_rng,
        )  # fmt: skip

    def _leave(self, minibatch, trace):
        """Nothing is read after the last steps."""

    def _total(self, index, weight):
        """By what the weighted losses of a minibatch are divided."""
        return float(weight.sum())

    def _add_penalty(self, theta, total):
        penalty = self.is_weight * theta * theta.dtype.type(self.alpha / total)
        self.gradient += penalty
        return 0.5 * float(penalty @ theta)


class ChunkedObjective(Objective):
    """The same with an output at every step, and a gradient through one chunk of steps at a time.

    A minibatch is read in chunks of ``tbptt_steps`` steps, from the first to the last. Each has a
    gradient of its own, and goes on from the states that those before it have left. The losses of
    all chunks of a sequence are divided by the same number, so that weights act between chunks too,
    and a chunk with few labels counts for little.

    Attributes
    ----------
    n_chunks : ndarray of int of shape (n_samples,)
        Of each sequence.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.n_chunks = count_chunks(self.sequences.lengths, self.tbptt_steps)
        # Of all steps of each sequence.
        self.total_weights = np.array([weight.sum(dtype=np.float64) for weight in self.weight])

    def _total(self, part, weight):
        """The mean weight of a chunk of these sequences, times how many have this chunk."""
        totals, n_chunks = self.total_weights[part.index], self.n_chunks[part.index]
        return float(totals.sum() / n_chunks.sum() * len(part))

    def _read(self, prepared, part):
        if part.number == 0:
            self.chunks = Chunks(self.network, self.sequences, part.index, self.tbptt_steps)
        return self.chunks.read(part.number, self.arena)

    def _leave(self, minibatch, trace):
        self.chunks.leave(minibatch, trace.encoding.carry)


class TeacherForcing(NamedTuple):
    """Which share of the decoder's inputs is as in the targets; the others are its own outputs."""

    first: float  # share in the first epoch
    last: float  # share at the end of the last epoch
    n_seen: int  # samples in all epochs
    feedback: Callable  # from raw predictions (N, n_outputs) to what the decoder is given next


class PairedObjective(Objective):
    """The same for pairs, with an output at every step of what the decoder is given.

    Where teacher forcing is not complete, a pass without gradient writes first, and the decoder
    then reads some of its outputs at random (Bengio et al. 2015; in two passes, so that all steps
    are still read at once, Mihaylova & Martins 2019).
    """

    def __init__(self, *args, forcing, **kwargs):
        super().__init__(*args, **kwargs)
        self.forcing = forcing
        self.n_seen = 0

    def _read(self, prepared, index):
        self.arena.clear()
        minibatch = PairedMinibatch(self.sequences, index, self.arena)
        first, last, n_seen, feedback = self.forcing
        share = first + (last - first) * min(1.0, self.n_seen / n_seen)
        self.n_seen += len(index)
        if share < 1:
            written = feedback(self.network.forward(prepared, minibatch).raw)
            is_fed = self.dropout_rng.random(len(written)) >= share
            minibatch.feed_back(written, is_fed)
        return minibatch, None
