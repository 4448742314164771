"""``RNNEncoderDecoder``: strings and numbers in, strings and numbers out, beside plain loops."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from scipy.special import log_softmax, softmax

import skrnn
from tests.fuzz import data
from tests.fuzz.configurations import Problem, parameters, with_codes
from tests.fuzz.data import pick
from tests.fuzz.estimators import check, close
from tests.fuzz.oracle import Oracle, scale_of, with_tolerance

LETTERS = [*"abcdeé 漢\n"]
WORDS = ["a", "bc", "dé", "漢", "\n"]


def _objects(texts, rng):
    return np.array([*texts, None], object)[:-1]


STRINGS = {
    "list": lambda texts, rng: list(texts),
    "tuple": lambda texts, rng: tuple(texts),
    "objects": _objects,
    "array": lambda texts, rng: np.array(texts),
    "pandas": lambda texts, rng: pd.Series(texts, dtype=object),
    "polars": lambda texts, rng: pl.Series(texts),
}


@dataclass
class Pairs(Problem):
    """Strings, sequences or rows of a table that are read, with what is to be written."""

    @property
    def reads_strings(self):
        return isinstance(self.parts[0], str)

    @property
    def size(self):
        return 0 if self.reads_strings else super().size

    def in_form(self, form, parts, rng):
        if self.reads_strings:
            return STRINGS[form](parts, rng)
        return np.concatenate(parts) if form == "rows" else super().in_form(form, parts, rng)

    def forms(self, *, like=None):
        if self.reads_strings:
            return [*STRINGS]
        if np.size(self.model.hidden_layer_sizes):
            return super().forms(like=like)
        return ["rows"] if like == "rows" else ["list", "objects", "spans"] + ["rows"] * (not like)


class Writer(Oracle):
    """The equations of an encoder and a decoder, one pair at a time."""

    def __init__(self, model, *, nudge=0.0):
        super().__init__(model, nudge=nudge)
        self.attention = model.attention if "weight_combine" in self.params else None
        self.n_steps = model.n_steps
        self.n_layers = sum(name.startswith("weight_ih_decoder_l") for name in self.params)

    def read(self, x):
        """What attention reads, (T, E), and the states of each layer of the decoder."""
        if "weight_ih_l0" in self.params:
            memory, summary = self.hidden(x)
        else:
            memory, summary = None, self.embedded(x.astype(self.dtype).astype(np.float64))[-1]
        states = np.tanh(self.params["weight_bridge"] @ summary + self.params["bias_bridge"])
        n_states = 2 if "lstm" in self.cell else 1
        widths = [n_states * self.n_units(k) for k in range(self.n_layers)]
        return memory, np.split(states, np.cumsum(widths)[:-1])

    def n_units(self, k):
        """Of a layer of the decoder: what the next one reads."""
        above = f"weight_ih_decoder_l{k + 1}" if k + 1 < self.n_layers else "weight_out"
        return self.params[above].shape[1]

    def write(self, x, given):
        """Raw predictions (n_steps, n_outputs), and the weights of attention, (n_steps, T)."""
        memory, states = self.read(x)
        vectors = self.params.get("weight_embedding_decoder_0")
        hidden = given if vectors is None else vectors[given]
        for k, state in enumerate(states):
            hidden = self.layer(f"decoder_l{k}", hidden, state)
        weights = None
        if self.attention is not None:
            weights = softmax(self.scores(hidden, memory), axis=1)
            joined = np.hstack([weights @ memory, hidden])
            hidden = np.tanh(joined @ self.params["weight_combine"].T + self.params["bias_combine"])
        return self.head(self.nudged(hidden)), weights

    def scores(self, hidden, memory):
        p = self.params
        keys = memory @ p["weight_key"].T if "weight_key" in p else memory
        if self.attention == "dot":
            return hidden @ keys.T
        queries = hidden @ p["weight_query"].T + p["bias_query"]
        return np.tanh(keys + queries[:, np.newaxis]) @ p["weight_score"]

    def log_probas(self, pair):
        """Of all symbols but the unknown one, at each step of codes that are written."""
        x, written, end = pair
        return log_softmax(self.write(x, np.r_[end, written].astype(int))[0][:, 1:], axis=1)

    def weights(self, pair):
        x, written, end = pair
        return self.write(x, np.r_[end, written].astype(int))[1]

    def numbers(self, pair):
        """Raw predictions of so many steps, each given the one before."""
        x, n_steps = pair
        given = np.zeros((1, len(self.params["bias_out"])))
        for _ in range(n_steps):
            raw, _ = self.write(x, given)
            given = np.vstack([given[:1], raw])
        return raw


def split(text, separator):
    return [*text] if separator is None or not text else text.split(separator)


def codes_of(text, separator, symbols):
    """Numbers from 1 in the order of the symbols."""
    known = {symbol: code for code, symbol in enumerate(symbols, 1)}
    return [known[symbol] for symbol in split(text, separator)]


def texts(rng, n, separator):
    """Those of a sample may be empty, but not of the first one."""
    symbols = LETTERS if separator is None else WORDS
    symbols = symbols[: int(rng.integers(1, len(symbols) + 1))]
    lengths = np.r_[rng.integers(1, 6), rng.integers(0, 6, n - 1)]
    return [(separator or "").join(rng.choice(symbols, length)) for length in lengths]


def problem(rng):
    model = skrnn.RNNEncoderDecoder()
    values = parameters(rng, model)
    values |= {
        "loss": pick(rng, ["squared_error", "absolute_error", "huber"]),
        "decoder_layer_sizes": pick(rng, [None, None, 3, (2,), (4, 3)]),
        "attention": pick(rng, ["dot", "additive", None]),
        "teacher_forcing": pick(rng, [1.0, 1.0, 0.5, 0, (1.0, 0.3)]),
        "input_separator": pick(rng, [None, " "]),
        "output_separator": pick(rng, [None, None, " ", ", "]),
        "min_length": 1,
        "tbptt_steps": None,
    }
    values.pop("quantile", None)
    if values["solver"] == "lbfgs":
        values["teacher_forcing"] = 1.0
    n = int(pick(rng, [1, 2, 5, 12]))
    if rng.random() < 0.5:
        parts = texts(rng, n, values["input_separator"])
    else:
        parts = data.arrays(rng, n_samples=n)
        if rng.random() < 0.3:
            parts, codes = with_codes(rng, parts)
            values |= {"categorical_features": [*codes], "n_codes": codes}
        if rng.random() < 0.25:
            parts = [part[:1] for part in parts]
            values["hidden_layer_sizes"] = ()
    y = _strings(rng, n, values) if rng.random() < 0.6 else _numbers(rng, n, values)
    if isinstance(parts[0], str) or isinstance(y[0], str) or "n_codes" in values:
        values["embedding_dim"] = pick(rng, ["auto", 1, 4])
    weight = None
    if rng.random() < 0.3:
        weight = np.r_[1.0, rng.integers(0, 4, n - 1)]
    return Pairs(model.set_params(**values), parts, y, weight)


def _strings(rng, n, values):
    y = texts(rng, n, values["output_separator"])
    longest = max(len(text) for text in y)
    values["max_length"] = pick(rng, [None, longest, longest + 3])
    values["beam_size"] = int(pick(rng, [1, 1, 2, 5]))
    values["label_smoothing"] = pick(rng, [0.0, 0.0, 0.1])
    return STRINGS[pick(rng, [*STRINGS])](y, rng)


def _numbers(rng, n, values):
    n_steps, n_outputs = int(rng.integers(1, 5)), pick(rng, [(), (), (1,), (2,)])
    scale, shift = (1e4, -1e5) if values["normalize_y"] and rng.random() < 0.3 else (1, 0.5)
    if rng.random() < 0.3:
        lengths = rng.integers(1, n_steps + 1, n)
        values["n_steps"] = n_steps
        return [scale * rng.standard_normal((T, *n_outputs)) + shift for T in lengths]
    values["n_steps"] = pick(rng, [None, n_steps, n_steps + 2])
    return scale * rng.standard_normal((n, n_steps, *n_outputs)) + shift


def encoder_decoder(rng, name):
    p = problem(rng)
    own = [_drawn, _looked_at] if isinstance(p.y[0], str) else []
    check(rng, p, _against_strings if own else _against_numbers, own)


def _max_length(p):
    """Twice that of the longest text of training, which has neither weights of 0 nor empty X."""
    weight = np.ones(len(p.parts)) if p.weight is None else p.weight
    pairs = zip(p.y, p.parts, weight, strict=True)
    kept = [split(text, p.model.output_separator) for text, part, w in pairs if w and len(part)]
    return p.model.max_length or 2 * max(map(len, kept))


def _source(p, i):
    """What an encoder reads of a sample, as numbers."""
    if not p.reads_strings:
        return p.parts[i]
    symbols = p.model.input_symbols_
    codes = codes_of(p.parts[i], p.model.input_separator, symbols)
    return np.array([*codes, len(symbols) + 1], float)[:, np.newaxis]


def _written(p, texts):
    """What was read and written of the first samples."""
    symbols = p.model.output_symbols_
    for i, text in enumerate(texts[:3]):
        codes = codes_of(text, p.model.output_separator, symbols)
        yield _source(p, i), np.array(codes, int), len(symbols) + 1


def _against_strings(p, found):
    """The log-probability of what is written; with one hypothesis no symbol is more likely."""
    for i, (of_written, _, atol) in enumerate(_log_probas(p, found["predict"])):
        close(found["predict_log_proba"][i], of_written.sum(), len(of_written) * atol)
    if p.model.beam_size == 1:
        _are_most_likely(p, found["predict"])


def _log_probas(p, texts):
    """For each text those of its symbols and the end, the highest ones there, and a tolerance."""
    pairs = [*_written(p, texts)]
    tables, atol = with_tolerance(p.model, "log_probas", pairs, Writer)
    for (_, codes, end), table in zip(pairs, tables, strict=True):
        codes = np.r_[codes, end]
        yield table[np.arange(len(codes)), codes - 1], table.max(axis=1), atol


def _are_most_likely(p, texts, temperature=0.0):
    """That no symbol is more likely than the one that was written; after the last comes the end."""
    longest = _max_length(p)
    for of_written, highest, atol in _log_probas(p, texts):
        allowed = 2 * atol + 30 * temperature  # less likely ones are drawn once in exp(30)
        assert (of_written >= highest - allowed)[:longest].all(), "not the most likely"


def _against_numbers(p, found):
    n_steps = p.model.n_steps or len(p.y[0])
    rows = np.concatenate([np.reshape(steps, (len(steps), -1)) for steps in p.y])
    weight = np.ones(len(p.parts)) if p.weight is None else p.weight
    weight = weight * [len(part) >= 1 for part in p.parts]  # an empty string is left out
    weight = np.repeat(weight, [len(steps) for steps in p.y])
    mean, scale = scale_of(rows, weight, normalize=p.model.normalize_y, is_poisson=False)
    pairs = [(_source(p, i), n_steps) for i in range(min(3, len(p.parts)))]
    raw, atol = with_tolerance(p.model, "numbers", pairs, Writer)
    shape = (n_steps, *np.shape(p.y[0])[1:])
    for i, steps in enumerate(raw):
        expected = (steps * scale + mean).reshape(shape)
        allowed = np.broadcast_to(atol * scale + 1e-9 * np.abs(mean), steps.shape).reshape(shape)
        close(found["predict"][i], expected, allowed)


def _drawn(rng, p, form, found):
    """The same from one seed; with no chance left, the most likely."""
    X = p.in_form(form, p.parts, rng)
    drawn = p.model.sample(X, random_state=3)
    np.testing.assert_array_equal(drawn, p.model.sample(X, random_state=3))
    for text in drawn:
        codes = codes_of(text, p.model.output_separator, p.model.output_symbols_)
        assert len(codes) <= _max_length(p)
    cold = p.model.sample(X, temperature=1e-9, random_state=0)
    _are_most_likely(p, cold, temperature=1e-9)


def _looked_at(rng, p, form, found):
    if p.model.attention is None or not np.size(p.model.hidden_layer_sizes):
        return
    n = min(3, len(p.parts))
    weights = p.model.attention_weights(p.in_form("list", p.parts[:n], rng))
    pairs = [*_written(p, found["predict"])]
    expected, atol = with_tolerance(p.model, "weights", pairs, Writer)
    for ours, theirs in zip(weights, expected, strict=True):
        close(ours, theirs, atol)
