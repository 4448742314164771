"""What a decoder writes: beside an exhaustive search, and beside the probabilities."""

from itertools import product

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.network.encoder_decoder import EncoderDecoder
from skrnn.network.pairs import Pairs
from skrnn.network.writing import (
    Writer,
    log_proba,
    write_at_random,
    write_best,
    write_numbers,
)
from skrnn.sequences import Sequences
from tests._problems import coded, ragged

N_CODES, MAX_LENGTH = 5, 3  # 0 is unknown, 4 the end
END = N_CODES - 1
READ = [3, 1, 2, 4, 2, 3]
# All that can be written.
TEXTS = [text for length in range(MAX_LENGTH + 1) for text in product(range(1, END), repeat=length)]


@pytest.fixture(params=[0, 1, 2])
def problem(request):
    """A network that prefers some texts to others, and what it reads."""
    network = EncoderDecoder(
        "gru", 1, [3], N_CODES, n_given=1, decoder_layer_sizes=[5], bidirectional=True,
        attention="dot", embeddings={0: (7, 3)}, decoder_embeddings={0: (N_CODES, 4)},
    )  # fmt: skip
    rng = np.random.default_rng(request.param)
    theta = rng.uniform(-1.5, 1.5, network.layout.size)
    return network, theta, coded(READ, 1, {0: (7, 3)})


def writer_of(network, theta, sources, index=None):
    prepared = network.prepare(network.params(theta), Arena())
    index = np.arange(len(sources)) if index is None else index
    return Writer(network, prepared, sources, index)


def scores(network, theta, sources, k):
    """The log-probability of every text for source k, the end included, by teacher forcing."""
    codes = [[END, *text, END] for text in TEXTS]
    lengths = np.array([len(text) - 1 for text in codes])
    rows = np.concatenate(codes)[:, np.newaxis].astype(float)
    starts = np.cumsum(lengths + 1) - lengths - 1
    given = Sequences(rows, starts, lengths)
    following = rows[:, 0].astype(int)
    log_p = log_proba(network.raw(theta, Pairs(sources[np.full(len(codes), k)], given)))
    is_written = np.ones(len(rows), bool)
    is_written[starts] = False  # where each text begins
    chosen = log_p[np.arange(len(log_p)), following[is_written]]
    return np.array([part.sum() for part in np.split(chosen, np.cumsum(lengths)[:-1])])


def test_a_beam_that_holds_everything_finds_the_best(problem):
    found, log_probas = write_best(writer_of(*problem), END, MAX_LENGTH, len(TEXTS))
    for k in range(len(READ)):
        of_text = scores(*problem, k)
        best = int((of_text / [len(text) + 1 for text in TEXTS]).argmax())
        assert tuple(found[k]) == TEXTS[best]
        assert log_probas[k] == pytest.approx(of_text[best], rel=1e-9)


def test_a_beam_of_one_is_greedy(problem):
    network, theta, sources = problem
    found, log_probas = write_best(writer_of(*problem), END, MAX_LENGTH, 1)
    for k in range(len(READ)):
        writer, text, total = writer_of(network, theta, sources, np.array([k])), [], 0.0
        states, code = writer.states, END
        for _ in range(MAX_LENGTH):
            raw, states = writer.step(np.array([[code]]), states, np.zeros(1, int))
            log_p = log_proba(raw)[0]
            code = int(log_p.argmax())
            total += log_p[code]
            if code == END:
                break
            text.append(code)
        else:  # the end follows
            raw, _ = writer.step(np.array([[code]]), states, np.zeros(1, int))
            total += log_proba(raw)[0, END]
        assert found[k].tolist() == text
        assert log_probas[k] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("beam_size", [1, 2, 4])
def test_what_is_written_does_not_depend_on_the_others(problem, beam_size):
    network, theta, sources = problem
    theta = theta.astype(np.float32)
    sources = sources.astype(np.float32)
    together, log_probas = write_best(writer_of(network, theta, sources), END, 4, beam_size)
    for k in range(len(READ)):
        writer = writer_of(network, theta, sources, np.array([k]))
        (alone,), (log_p,) = write_best(writer, END, 4, beam_size)
        np.testing.assert_array_equal(alone, together[k])
        assert log_p == log_probas[k]


def test_texts_at_random_have_their_probabilities(problem):
    """Drawn 20,000 times for one source, each text is about as frequent as it is likely."""
    network, theta, sources = problem
    n = 20_000
    writer = writer_of(network, theta, sources, np.zeros(n, int))
    uniform = np.random.default_rng(0).uniform(size=(n, MAX_LENGTH + 1))
    drawn = [tuple(codes) for codes in write_at_random(writer, END, uniform, 1.0)]
    for text, log_p in zip(TEXTS, scores(network, theta, sources, 0), strict=True):
        expected = np.exp(log_p)
        spread = np.sqrt(expected * (1 - expected) / n)
        if len(text) < MAX_LENGTH:  # longer ones may go on
            assert abs(drawn.count(text) / n - expected) < 5 * spread + 1e-9


def test_a_low_temperature_is_greedy(problem):
    uniform = np.random.default_rng(0).uniform(size=(len(READ), MAX_LENGTH))
    drawn = write_at_random(writer_of(*problem), END, uniform, 1e-6)
    greedy, _ = write_best(writer_of(*problem), END, MAX_LENGTH, 1)
    for ours, theirs in zip(drawn, greedy, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_numbers_are_given_back():
    """The steps that are written, given as they are, write the same ones."""
    network = EncoderDecoder("lstm", 2, [3], 2, n_given=2, decoder_layer_sizes=[4])
    theta = np.random.default_rng(0).uniform(-1, 1, network.layout.size)
    sources = ragged([2, 4, 1], 2)
    written = write_numbers(writer_of(network, theta, sources), 5)
    given = np.concatenate([np.zeros((3, 1, 2)), written[:, :-1]], axis=1)
    given = Sequences(given.reshape(-1, 2), np.arange(3) * 5, np.full(3, 5))
    expected = network.raw(theta, Pairs(sources, given))
    np.testing.assert_array_equal(written.reshape(-1, 2), expected)
