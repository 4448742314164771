"""What a decoder writes when it reads its own outputs: numbers, symbols at random, or the best.

Each function writes for sources that were read. What it writes for one of them does not depend on
the others, to the last bit.
"""

import numpy as np
from scipy.special import log_softmax

from skrnn.kernels.arena import Arena
from skrnn.network.minibatch import Minibatch
from skrnn.network.pairs import memory_rows
from skrnn.network.stack import PREDICT_BATCH_SIZE, quiet
from skrnn.network.stepping import Rows


class Writer:
    """A decoder and the sources that it writes for, one step of each hypothesis at a time.

    Parameters
    ----------
    network : EncoderDecoder
    prepared : Params
    sources : Sequences
    index : ndarray of int of shape (n,)
        Which sources.

    Attributes
    ----------
    states : list of ndarray
        In which the decoder begins, (n, H) each.
    """

    def __init__(self, network, prepared, sources, index):
        self.network = network
        self.prepared = prepared
        self.arena = Arena()
        arena = Arena()
        source = Minibatch(sources, index, arena)
        encoder = network.encode(prepared, source)
        order = np.empty(len(index), np.intp)
        order[source.positions] = np.arange(len(index))
        self.states = network.bridge.forward(prepared.bridge, encoder.summary[order], arena)
        self.memory = network.memory(prepared, encoder, *memory_rows(source, order), arena)

    def step(self, given, states, of_source):
        """Raw predictions (n, n_outputs) in float64, and the states after them.

        Parameters
        ----------
        given : ndarray of shape (n, ·)
            What each hypothesis has written last.
        states : list of ndarray of shape (n, H)
        of_source : ndarray of int of shape (n,)
            The source of each hypothesis.
        """
        self.arena.clear()
        index = np.arange(len(given))
        rows = Rows(given.astype(states[0].dtype), index, np.ones(len(given), np.intp))
        minibatch = Minibatch(rows, index, self.arena)
        decoder, *_, raw = self.network.decode(
            self.prepared, minibatch, states, self.memory, of_source
        )
        return raw.astype(np.float64), decoder.final


def writers(network, theta, sources):
    """A Writer for each group of sources, in order, and how many it has."""
    prepared = network.prepare(network.params(theta), Arena())
    for first in range(0, len(sources), PREDICT_BATCH_SIZE):
        index = np.arange(first, min(first + PREDICT_BATCH_SIZE, len(sources)))
        yield Writer(network, prepared, sources, index), len(index)


@quiet
def write_numbers(writer, n_steps):
    """The raw predictions of ``n_steps`` steps, each given the one before: (n, n_steps, ·)."""
    states, n = writer.states, len(writer.states[0])
    given = np.zeros((n, writer.network.n_outputs))
    written = []
    for _ in range(n_steps):
        given, states = writer.step(given, states, np.arange(n))
        written.append(given)
    return np.stack(written, axis=1)


@quiet
def write_at_random(writer, end, uniform, temperature):
    """Symbols drawn one after the other.

    Parameters
    ----------
    writer : Writer
    end : int
        The code that begins and ends what is written.
    uniform : ndarray of shape (n, max_length)
        Numbers in [0, 1), one for each symbol.
    temperature : float

    Returns
    -------
    list of ndarray of int
        The codes for each source, without the end.
    """
    n, max_length = uniform.shape
    written = np.full((n, max_length), end)
    active, states = np.arange(n), writer.states
    symbols = np.full(n, end)
    for t in range(max_length):
        raw, states = writer.step(symbols[:, np.newaxis], states, active)
        shares = np.exp(log_proba(raw / temperature)).cumsum(axis=1)
        symbols = (shares <= uniform[active, t, np.newaxis] * shares[:, -1:]).sum(axis=1)
        written[active, t] = symbols
        goes_on = symbols != end
        active, symbols = active[goes_on], symbols[goes_on]
        states = [state[goes_on] for state in states]
        if not len(active):
            break
    return [codes[: np.argmax(np.r_[codes == end, True])] for codes in written]


@quiet
def write_best(writer, end, max_length, beam_size):
    """The most likely symbols, by beam search; the one with the highest mean is the best.

    For each source ``beam_size`` hypotheses go on, the most likely ones. The search ends when as
    many have ended. The mean log-probability is over the symbols and the end. With one hypothesis
    the most likely symbol is written at every step. After ``max_length`` symbols comes the end.

    Parameters
    ----------
    writer : Writer
    end : int
        The code that begins and ends what is written.
    max_length : int
    beam_size : int

    Returns
    -------
    codes : list of ndarray of int
        For each source, without the end.
    log_probas : ndarray of shape (n,)
        Of them, the end included.
    """
    n = len(writer.states[0])
    best: list[tuple[float, float, np.ndarray]] = [(-np.inf, -np.inf, np.empty(0, int))] * n
    n_ended = np.zeros(n, int)
    # Of the hypotheses that go on.
    of_source, scores, states = np.arange(n), np.zeros(n), writer.states
    history = np.empty((n, 0), int)
    symbols = np.full(n, end)
    for t in range(max_length + 1):
        raw, states = writer.step(symbols[:, np.newaxis], states, of_source)
        candidates = scores[:, np.newaxis] + log_proba(raw)
        if t == max_length:
            candidates[:, np.arange(candidates.shape[1]) != end] = -np.inf
        sources, parents, symbols, scores = _most_likely(of_source, candidates, 2 * beam_size)
        rank = _rank(sources)
        is_end = symbols == end
        for i in np.flatnonzero(is_end & (rank < beam_size)):
            source = sources[i]
            found = scores[i] / (t + 1), scores[i], history[parents[i]]
            best[source] = max(best[source], found, key=_mean)
            n_ended[source] += 1
        kept = np.flatnonzero(~is_end)
        kept = kept[_rank(sources[kept]) < beam_size]
        kept = kept[n_ended[sources[kept]] < beam_size]
        of_source, parents, symbols, scores = (
            array[kept] for array in (sources, parents, symbols, scores)
        )
        if not len(of_source):
            break
        history = np.column_stack([history[parents], symbols])
        states = [state[parents] for state in states]
    return [codes for _, _, codes in best], np.array([score for _, score, _ in best])


def log_proba(raw):
    """Logarithms of the probabilities of all codes; the first one, the unknown, is not written."""
    raw = raw.copy()
    raw[:, 0] = -np.inf
    return log_softmax(raw, axis=1)


def _mean(hypothesis):
    return hypothesis[0]


def _most_likely(of_source, candidates, n_best):
    """Of each source the candidates (n, n_codes) with the highest scores, the highest first.

    Returns
    -------
    sources, parents, symbols, scores : ndarrays of shape (n_found,)
        For each the source, the hypothesis that it goes on from, its last symbol and its score.
    """
    n_codes = candidates.shape[1]
    present, place = np.unique(of_source, return_inverse=True)
    slot = _rank(of_source)
    table = np.full((len(present), slot.max() + 1, n_codes), -np.inf)
    table[place, slot] = candidates
    parent_of = np.zeros(table.shape[:2], np.intp)
    parent_of[place, slot] = np.arange(len(of_source))
    table = table.reshape(len(present), -1)
    n_best = min(n_best, table.shape[1])
    found = np.sort(np.argpartition(-table, n_best - 1, axis=1)[:, :n_best], axis=1)
    scores = np.take_along_axis(table, found, axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")  # ties by hypothesis and code
    found, scores = (np.take_along_axis(a, order, axis=1) for a in (found, scores))
    row, column = np.nonzero(np.isfinite(scores))
    found = found[row, column]
    return (
        present[row],
        parent_of[row, found // n_codes],
        found % n_codes,
        scores[row, column],
    )


def _rank(groups):
    """The number of each item among those of its group, which lie together."""
    first = np.r_[True, groups[1:] != groups[:-1]]
    return np.arange(len(groups)) - np.maximum.accumulate(
        np.where(first, np.arange(len(groups)), 0)
    )
