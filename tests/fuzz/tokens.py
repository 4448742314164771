"""Texts as codes, and what a model writes, beside plain loops."""

from collections import Counter

import numpy as np
from sklearn.pipeline import make_pipeline

import skrnn
from tests.fuzz.data import pick
from tests.fuzz.invalid import refused
from tests.fuzz.transformers import copy_of

LETTERS = [*"abcdeé 漢\n"]


def texts(rng):
    """Some of words, some of characters, some split already."""
    words = ["".join(rng.choice(LETTERS[:6], rng.integers(1, 4))) for _ in range(5)]
    found = [" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(rng.integers(1, 6))]
    return found if rng.random() < 0.6 else [text.split() for text in found]


def token_encoder(rng, name):
    X = texts(rng)
    analyzer = pick(rng, ["word", "char", str.split])
    min_count, most = int(pick(rng, [1, 1, 2])), pick(rng, [None, 1, 3])

    def split(text):
        if not isinstance(text, str):
            return text
        return [*text] if analyzer == "char" else text.split()

    counts = Counter(token for text in X for token in split(text))
    known = sorted((token for token in counts if counts[token] >= min_count),
                   key=lambda token: (-counts[token], token))  # fmt: skip
    encoder = skrnn.TokenEncoder(analyzer, min_count=min_count, max_vocabulary=most)
    if not known:
        refused(encoder, lambda: encoder.fit(X), ["min_count"], "rare tokens")
        return
    known = sorted(known[:most])
    vocabulary = {token: code for code, token in enumerate(known, 1)}
    codes = encoder.fit_transform(X)
    assert encoder.vocabulary_ == vocabulary
    other = copy_of(encoder)
    for x, again, text in zip(codes, other.transform(X), X, strict=True):
        expected = [[vocabulary.get(token, 0)] for token in split(text)]
        np.testing.assert_array_equal(x, expected)
        np.testing.assert_array_equal(again, expected)
    if min_count == 1 and most is None and analyzer != str.split:
        assert encoder.inverse_transform(codes) == X


def sample(rng, name):
    """The likeliest token each time, as from the whole text so far."""
    text = "".join(rng.choice([*"abcd"], 30))
    classifier = skrnn.RNNStepClassifier(
        int(rng.integers(1, 9)), cell=pick(rng, ["gru", "lstm", "rnn"]), max_iter=2,
        categorical_features=[0], n_codes=9, random_state=int(rng.integers(9)),
    )  # fmt: skip
    model = make_pipeline(skrnn.TokenEncoder("char"), classifier)
    model.fit([text[:-1]], [[*text[1:]]])
    prompt, n_steps = text[: int(rng.integers(1, 5))], int(rng.integers(1, 6))
    written = skrnn.sample(model, prompt, n_steps, temperature=0)
    so_far = prompt
    for token in written:
        proba = model.predict_proba([so_far])[0][-1]
        assert token == classifier.classes_[proba.argmax()]
        so_far += token
    assert len(written) == n_steps
    seeds = [skrnn.sample(model, prompt, n_steps, random_state=3) for _ in range(2)]
    assert seeds[0] == seeds[1]
