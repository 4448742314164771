"""A network that reads one row at a time, of many streams at once."""

from itertools import accumulate
from typing import NamedTuple

import numpy as np

from skrnn.kernels.arena import Arena
from skrnn.kernels.stepper import Stepper as CompiledStepper
from skrnn.kernels.stepper import as_rows
from skrnn.network.minibatch import Minibatch
from skrnn.network.pooling import EveryStep, LastPooling
from skrnn.network.stack import quiet
from skrnn.network.state import State


class Rows(NamedTuple):
    """The last rows of each stream, as a minibatch reads sequences."""

    rows: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    segment: int = 1

    def _steps_at(self, first_rows):
        """The steps that are these rows."""
        return self.rows[first_rows]


class Stepper:
    """The forward pass of a network, one step at a time.

    It packs the parameters once, and uses its memory again for the next step, so each thread needs
    a stepper of its own. Where nothing but a dense layer is above the layers, one compiled call
    does the step from the first layer on.

    Parameters
    ----------
    network : Network
        Of one direction.
    theta : ndarray
    scale, shift : ndarray of float64 of shape (n_outputs,) or None
        By what raw predictions are multiplied, and what is then added to them.
    """

    def __init__(self, network, theta, scale=None, shift=None):
        self.network = network
        self.dtype = theta.dtype
        self.scale, self.shift = scale, shift
        self.prepared = network.prepare(network.params(theta), Arena())
        self.arena = Arena()
        self.n_lags = network.linear.n_steps
        widths = [array.shape[1] for array in network.start(1, self.dtype)]
        self.ends = list(accumulate(widths))  # of each array of the carry, side by side
        self.n_values = self.ends[-1] + self.n_lags * network.n_features
        self.compiled = None
        if type(network.pooling) in (LastPooling, EveryStep) and not self.n_lags:
            cells = [layer.cell for layer in network.layers]
            layers = list(zip(cells, self.prepared.layers, strict=True))
            self.compiled = CompiledStepper(layers, self.prepared.readout, scale, shift)

    def start(self, n_streams):
        """The state before the first row."""
        carry = self.network.start(n_streams, self.dtype)
        lags = np.zeros((n_streams, self.n_lags * self.network.n_features), self.dtype)
        return State(np.concatenate([*carry, lags], axis=1), np.zeros(n_streams, np.int64))

    def carry(self, state):
        """Copies of what layers and pooling have in a state, as the network takes it."""
        return [part.copy() for part in np.split(state.values, self.ends, axis=1)[:-1]]

    def after(self, state, carry, sequences):
        """The state after sequences that left this carry, one for each stream of the state."""
        parts = list(carry)
        if self.n_lags:
            lags = state.values[:, self.ends[-1] :].reshape(len(state), self.n_lags, -1)
            parts.append(np.empty((len(state), self.n_values - self.ends[-1]), self.dtype))
            for i, rows in enumerate(sequences):
                before = lags[i] if state.n_steps[i] else np.repeat(rows[:1], self.n_lags, axis=0)
                parts[-1][i] = np.concatenate([before, rows])[-self.n_lags :].ravel()
        return State(np.concatenate(parts, axis=1), state.n_steps + sequences.lengths)

    def step(self, x, state):
        """Read one row of each stream.

        Parameters
        ----------
        x : ndarray of float32 or float64 of shape (n_streams, n_features)
        state : State

        Returns
        -------
        raw : ndarray of float64 of shape (n_streams, n_outputs)
            Raw predictions, scaled and shifted.
        state : State

        Raises
        ------
        ValueError
            If x or a prediction is not finite.
        """
        rows, wrong = as_rows(x, self.dtype.itemsize)
        if wrong >= 0:
            self._refuse(x, wrong)
        step = self._step
        if self.compiled is not None:
            step = self.compiled.step
            self.arena.clear()
            rows = self.network.embedding.embed(self.prepared.embedding, rows, self.arena)
        raw, values, n_steps, wrong = step(rows, state.values, state.n_steps)
        if wrong >= 0:
            raise ValueError(
                f"The prediction of stream {wrong} is not finite: it overflows. Check that x is "
                f"scaled as X was in fit."
            )
        return raw, State(values, n_steps)

    def _refuse(self, x, wrong):
        """Raise a ValueError for an item of x that the network cannot read."""
        stream, feature = divmod(wrong, x.shape[1])
        value, expected = x[stream, feature], "finite values. Impute x first."
        if np.isfinite(value):
            expected = f'values that fit in {self.dtype}. Scale x, or fit with dtype="float64".'
        raise ValueError(
            f"x contains {value} in stream {stream}, feature {feature}; expected {expected}"
        )

    @quiet
    def _step(self, x, values, n_steps):
        """What the compiled step does, by the forward pass over a minibatch of one step."""
        n_streams, n_features = x.shape
        *carry, lags = np.split(values, self.ends, axis=1)
        if self.n_lags:
            lags = lags.reshape(n_streams, self.n_lags, n_features)
            # The first row stands for those before it.
            before = np.where(n_steps[:, None, None] == 0, x[:, None], lags)
            lags = np.concatenate([before[:, 1:], x[:, None]], axis=1)
        else:
            lags = x[:, None]
        n_rows = lags.shape[1]
        index = np.arange(n_streams)
        rows = Rows(lags.reshape(-1, n_features), index * n_rows, np.full(n_streams, n_rows))
        self.arena.clear()
        minibatch = Minibatch(rows, index, self.arena, n_steps=1, n_before=n_steps)
        trace = self.network.forward(self.prepared, minibatch, carry=carry)
        lags = lags.reshape(n_streams, -1)[:, : self.n_lags * n_features]
        values = np.concatenate([*trace.encoding.carry, lags], axis=1)
        raw = trace.raw.astype(np.float64)
        if self.scale is not None:
            raw *= self.scale
        if self.shift is not None:
            raw += self.shift
        finite = np.isfinite(raw).all(axis=1)
        wrong = -1 if finite.all() else int(finite.argmin())
        return raw, values, n_steps + 1, wrong
