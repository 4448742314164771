"""The encoder-decoder network: gradients by finite differences, an oracle, and its promises."""

from itertools import product

import numpy as np
import pytest
from skrnn.kernels.arena import Arena

from skrnn.cells import CELLS
from skrnn.network.encoder_decoder import EncoderDecoder
from skrnn.network.losses import MultinomialLogLoss, SquaredError
from skrnn.network.objective import PairedObjective, TeacherForcing
from skrnn.network.pairs import PairedMinibatch, Pairs
from skrnn.network.writing import Writer
from skrnn.sequences import Sequences
from tests._oracle import run
from tests._problems import coded
from tests.test_gradients import assert_close_along, central_differences

READ, WRITTEN = [3, 1, 4, 2], [2, 4, 1, 3]
ATTENTIONS = ["dot", "additive", None]
COMPLETE = TeacherForcing(1.0, 1.0, 1, lambda raw: raw)


def network_of(cell, attention, sizes=(3,), decoder_sizes=(6,), **options):
    """Of two features or a code, to vectors or tokens."""
    is_coded, writes_tokens = options.pop("coded", True), options.pop("tokens", True)
    return EncoderDecoder(
        cell, 1 if is_coded else 2, sizes, 5 if writes_tokens else 2,
        n_given=1 if writes_tokens else 2, decoder_layer_sizes=decoder_sizes,
        bidirectional=bool(sizes), attention=attention,
        embeddings={0: (7, 3)} if is_coded else None,
        decoder_embeddings={0: (5, 4)} if writes_tokens else None, **options,
    )  # fmt: skip


def data_for(network, read=READ, written=WRITTEN, dtype=np.float64, seed=0):
    """Pairs, targets and weights."""
    rng = np.random.default_rng(seed)
    kind = network.kind
    source = coded(read, kind["n_features"], kind["embeddings"], dtype, seed)
    given = coded(written, kind["n_given"], kind["decoder_embeddings"], dtype, seed + 1)
    n_rows = len(given.rows)
    if kind["decoder_embeddings"]:
        target = rng.integers(0, network.n_outputs, (n_rows, 1)).astype(dtype)
    else:
        target = rng.standard_normal((n_rows, network.n_outputs)).astype(dtype)
    weight = rng.uniform(0.5, 2, (n_rows, 1)).astype(dtype)
    spans = given.starts, given.lengths
    return Pairs(source, given), Sequences(target, *spans), Sequences(weight, *spans)


def theta_of(network, dtype=np.float64):
    rng = np.random.default_rng(4)
    theta = network.initialize(rng, dtype)
    return theta + rng.uniform(-0.3, 0.3, theta.shape).astype(dtype)


def check_gradient(network, read=READ, smoothing=0.0):
    theta, is_coded = theta_of(network), bool(network.kind["decoder_embeddings"])
    loss = MultinomialLogLoss(smoothing) if is_coded else SquaredError()
    data = data_for(network, read)
    objective = PairedObjective(network, loss, *data, alpha=0.1, forcing=COMPLETE)
    index = np.arange(len(read))

    def value(theta):
        return objective.loss_gradient(theta, index)[0]

    gradient = objective.loss_gradient(theta, index)[1].copy()
    assert_close_along(value, theta, gradient)
    for name, view in network.layout.views(gradient).items():
        assert view.any(), name


@pytest.mark.parametrize(("coded", "tokens"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize(("sizes", "decoder_sizes"), [((3,), (6,)), ((2, 3), (4, 5))])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients(cell, attention, sizes, decoder_sizes, coded, tokens):
    """Along the gradient and something random; no parameter is without one."""
    check_gradient(network_of(cell, attention, sizes, decoder_sizes, coded=coded, tokens=tokens))


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_from_a_table(cell, tokens):
    """One row of features begins the decoder; there is no encoder."""
    network = network_of(cell, None, (), (4, 3), coded=False, tokens=tokens)
    check_gradient(network, read=[1, 1, 1, 1])


def test_gradients_with_label_smoothing():
    check_gradient(network_of("lstm", "dot"), smoothing=0.2)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_every_component(attention):
    """One parameter after the other, for one cell."""
    network = network_of("gru", attention, (2,), (3,))
    theta, data = theta_of(network), data_for(network)
    objective = PairedObjective(network, MultinomialLogLoss(), *data, forcing=COMPLETE)
    index = np.array([2, 0, 3, 1])
    gradient = objective.loss_gradient(theta, index)[1].copy()
    expected = central_differences(lambda: objective.loss_gradient(theta, index)[0], theta)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_oracle(cell, attention):
    """Raw predictions by the equations, one pair at a time."""
    network = network_of(cell, attention, (3,), (6,))
    theta = theta_of(network)
    views = network.layout.views(theta)
    pairs, *_ = data_for(network)
    found = np.split(network.raw(theta, pairs), np.cumsum(WRITTEN)[:-1])

    def of(layer):
        return [views[f"{name}_{layer}"] for name in CELLS[cell].parameters]

    for k in range(len(READ)):
        x = views["weight_embedding_0"][pairs.source[k][:, 0].astype(int)]
        zero = [np.zeros(3) for _ in CELLS[cell].states]
        ahead, _ = run(cell, x, zero, of("l0"))
        back, _ = run(cell, x[::-1], zero, of("l0_reverse"))
        memory = np.hstack([ahead, back[::-1]])
        summary = np.r_[ahead[-1], back[-1]]
        state = np.tanh(views["weight_bridge"] @ summary + views["bias_bridge"])
        given = views["weight_embedding_decoder_0"][pairs.given[k][:, 0].astype(int)]
        hidden, _ = run(cell, given, np.split(state, len(zero)), of("decoder_l0"))
        if attention == "dot":
            scores = hidden @ memory.T
        elif attention == "additive":
            keys = memory @ views["weight_key"].T
            queries = hidden @ views["weight_query"].T + views["bias_query"]
            scores = np.tanh(keys + queries[:, np.newaxis]) @ views["weight_score"]
        if attention is not None:
            weights = np.exp(scores)
            weights /= weights.sum(axis=1, keepdims=True)
            joined = np.hstack([weights @ memory, hidden])
            hidden = np.tanh(joined @ views["weight_combine"].T + views["bias_combine"])
        expected = hidden @ views["weight_out"].T + views["bias_out"]
        np.testing.assert_allclose(found[k], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_pair_has_the_same_bits_alone(cell, attention):
    rng = np.random.default_rng(0)
    read, written = rng.integers(1, 9, (2, 40))
    network = network_of(cell, attention, (19,), (38,))
    theta = theta_of(network, np.float32)
    pairs, *_ = data_for(network, read, written, np.float32)
    together = np.split(network.raw(theta, pairs), np.cumsum(written)[:-1])
    for k in range(len(read)):
        np.testing.assert_array_equal(network.raw(theta, pairs[[k]]), together[k])


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step(cell, attention):
    """Given the same, the decoder writes the same bits one step at a time."""
    network = network_of(cell, attention, (5,), (9, 7))
    theta = theta_of(network, np.float32)
    pairs, *_ = data_for(network, dtype=np.float32)
    expected = np.split(network.raw(theta, pairs), np.cumsum(WRITTEN)[:-1])
    prepared = network.prepare(network.params(theta), Arena())
    writer = Writer(network, prepared, pairs.source, np.arange(len(READ)))
    states, active = writer.states, np.arange(len(READ))
    for t in range(max(WRITTEN)):
        goes_on = np.take(WRITTEN, active) > t
        active, states = active[goes_on], [state[goes_on] for state in states]
        given = np.array([pairs.given[k][t] for k in active])
        raw, states = writer.step(given, states, active)
        for k, of_pair in zip(active, raw, strict=True):
            np.testing.assert_array_equal(of_pair, expected[k][t])


def test_partners():
    """Each sequence of the decoder has the source of the same sample."""
    pairs, *_ = data_for(network_of("gru", "dot"))
    batch = PairedMinibatch(pairs, np.array([3, 1, 2, 0]), Arena())
    np.testing.assert_array_equal(batch.source.order[batch.partners], batch.given.order)
    rows, begins = batch.memory_rows
    for place, k in enumerate(batch.given.order):
        memory = batch.source.x[rows[begins[place] : begins[place + 1]]]
        np.testing.assert_array_equal(memory, pairs.source[k])


def test_what_is_given_back_is_read():
    """Codes are counted anew when what the decoder is given has changed."""
    pairs, *_ = data_for(network_of("gru", "dot"))
    batch = PairedMinibatch(pairs, np.arange(4), Arena())
    codes, index = batch.given.distinct
    np.testing.assert_array_equal(codes[index], batch.given.x[:, 0])
    batch.feed_back(np.full((10, 1), 4.0), np.ones(10, bool))
    codes, index = batch.given.distinct
    np.testing.assert_array_equal(codes[index], batch.given.x[:, 0])


def test_feeding_back():
    """The step after the one that was written is given it; the first one never is."""
    pairs, *_ = data_for(network_of("gru", "dot", tokens=False))
    batch = PairedMinibatch(pairs, np.arange(4), Arena())
    before, written = batch.given.x.copy(), np.arange(20.0).reshape(-1, 2)
    is_fed = np.arange(len(written)) % 2 == 0
    batch.feed_back(written, is_fed)
    for row, (t, k) in enumerate(
        zip(batch.given.step_of_row, batch.given.sequence_of_row, strict=True)
    ):
        expected = before[row]
        if t > 0 and is_fed[row]:
            expected = written[batch.given.offsets[t - 1] + k]
        np.testing.assert_array_equal(batch.given.x[row], expected)


def test_teacher_forcing():
    """Without it, the loss is that of what the decoder is given when it reads its own outputs."""
    network = network_of("gru", "dot", tokens=False)
    theta, data = theta_of(network), data_for(network)
    index = np.arange(len(READ))
    rng = np.random.default_rng(0)
    forced, free = (
        PairedObjective(
            network, SquaredError(), *data, dropout_rng=rng,
            forcing=TeacherForcing(share, share, 1, lambda raw: raw),
        )
        for share in (1.0, 0.0)
    )  # fmt: skip
    pairs, target, weight = data
    given = Sequences(pairs.given.rows.copy(), pairs.given.starts, pairs.given.lengths)
    raw = network.raw(theta, pairs)
    for start, n in zip(given.starts, given.lengths, strict=True):
        given.rows[start + 1 : start + n] = raw[start : start + n - 1]
    fed = PairedObjective(
        network, SquaredError(), Pairs(pairs.source, given), target, weight, forcing=COMPLETE
    )
    expected = fed.loss_gradient(theta, index)
    loss, gradient = free.loss_gradient(theta, index)
    assert loss == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-12)
    assert forced.loss_gradient(theta, index)[0] != pytest.approx(loss, rel=1e-6)


def test_the_share_of_teacher_forcing_falls():
    network = network_of("gru", "dot")
    theta, data = theta_of(network), data_for(network)
    counts = []

    def feedback(raw):
        counts.append(len(raw))
        return np.zeros((len(raw), 1))

    objective = PairedObjective(
        network, MultinomialLogLoss(), *data, dropout_rng=np.random.default_rng(0),
        forcing=TeacherForcing(1.0, 0.0, 8, feedback),
    )  # fmt: skip
    for _ in range(3):  # shares of 1, 0.5 and 0
        objective.loss_gradient(theta, np.arange(4))
    assert counts == [10, 10]
