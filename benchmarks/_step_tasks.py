"""The tasks of the steps benchmark: how each is read, split, scored, and by which model.

The test part is for the final score alone. Hyperparameters were chosen by the validation part.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.special import xlogy

from skrnn import RNNStepClassifier, TokenEncoder

STREAMS, CHUNK = 64, 64  # of characters


@dataclass
class Task:
    """One data set and its model.

    Parameters
    ----------
    train, validation, test : tuple (X, y)
    metric : str
    score : callable
        ``score(model, X, y)``.
    model : estimator
    changes : list of dict
        Of hyperparameters, that were compared by the validation part.
    asked_for, reference : str
        The bar, and what PyTorch gets under the same protocol.
    final_train : tuple (X, y) or None
        What is trained on before the test. None: the training part, with early stopping by the
        validation part.
    """

    train: tuple[Any, Any]
    validation: tuple[Any, Any]
    test: tuple[Any, Any]
    metric: str
    score: Callable
    model: RNNStepClassifier
    asked_for: str
    reference: str
    changes: list[dict] = field(default_factory=list)
    final_train: tuple[Any, Any] | None = None

    def fit(self, model, is_final):
        """Fit a model to what it may see."""
        if self.final_train is None:
            X_val, y_val = self.validation
            return model.fit(*self.train, X_val=X_val, y_val=y_val)
        return model.fit(*(self.final_train if is_final else self.train))


def chorales(data):
    """Bach chorales: the 88 keys of the next frame, up or down, from the frames so far."""
    rolls = loadmat(data / "JSB_Chorales.mat")

    def part(name):
        songs = [np.asarray(song, np.float32) for song in rolls[f"{name}data"][0]]
        return [song[:-1] for song in songs], [song[1:].astype(int) for song in songs]

    def nats_per_frame(model, X, y):
        p, truth = np.concatenate([*model.predict_proba(X)]).astype(float), np.concatenate(y)
        return -np.mean(np.sum(xlogy(truth, p) + xlogy(1 - truth, 1 - p), axis=1))

    return Task(
        part("train"),
        part("valid"),
        part("test"),
        "nats per frame",
        nats_per_frame,
        RNNStepClassifier(
            100,
            cell="lstm",
            dropout=0.5,
            recurrent_dropout=0.4,
            batch_size=8,
            learning_rate_init=0.006,
            max_iter=200,
            early_stopping=True,
        ),
        "≤ 8.47",
        "8.436 ± 0.009",
        [
            {"recurrent_dropout": 0.3},
            {"recurrent_dropout": 0.2, "max_iter": 150},
            {"recurrent_dropout": 0.0, "max_iter": 150},
            {"recurrent_dropout": 0.0, "max_iter": 100, "learning_rate_init": 0.003},
        ],
    )


def slots(data):
    """What users tell an assistant: the slot that each word belongs to, if any (SNIPS)."""

    def part(name):
        lines = [
            (data / "snips" / name / file).read_text(encoding="utf-8").splitlines()
            for file in ("seq.in", "seq.out")
        ]
        words, labels = ([line.split() for line in each] for each in lines)
        return [[word.lower() for word in each] for each in words], labels

    def score(model, X, y):
        return 100 * chunk_f1(y, model.predict(X))

    parts = [part(name) for name in ("train", "dev", "test")]
    encoder = TokenEncoder(min_count=2).fit(parts[0][0])  # so that there are unknown words to learn
    train, validation, test = ((encoder.transform(X), y) for X, y in parts)
    return Task(
        train,
        validation,
        test,
        "chunk F1",
        score,
        RNNStepClassifier(
            100,
            cell="lstm",
            bidirectional=True,
            categorical_features=[0],
            n_codes=encoder.n_codes_,
            embedding_dim=100,
            embedding_dropout=0.3,
            dropout=0.5,
            learning_rate_init=0.003,
            max_iter=12,
            early_stopping=True,
        ),
        "≥ 87.3",
        "87.6 ± 0.7",
        [
            {"embedding_dropout": 0.5},
            {"dropout": 0.3, "embedding_dropout": 0.0},
            {"dropout": 0.0, "embedding_dropout": 0.0},
        ],
    )


def chunks(labels):
    """The chunks of a sentence in BIO labels as (first, end, kind), by the rules of conlleval.

    A chunk begins with B, or with I if its kind is not that of the label before.
    """
    found, first, kind = set(), 0, None
    for i, label in enumerate([*labels, "O"]):
        prefix, _, of_label = label.partition("-")
        if kind is not None and (prefix != "I" or of_label != kind):
            found.add((first, i, kind))
            kind = None
        if prefix != "O" and kind is None:
            first, kind = i, of_label
    return found


def chunk_f1(true, predicted):
    """The harmonic mean of precision and recall of chunks, over all sentences."""
    pairs = [(chunks(t), chunks(p)) for t, p in zip(true, predicted, strict=True)]
    n_right = sum(len(t & p) for t, p in pairs)
    return 2 * n_right / sum(len(t) + len(p) for t, p in pairs)


def characters(data):
    """The next character of Shakespeare, from all characters so far.

    The last tenth is the test part; of the rest, the last ninth is for validation.
    """
    text = (data / "tinyshakespeare.txt").read_text(encoding="utf-8")
    codes = TokenEncoder("char").fit_transform([text])[0]
    early, late = len(codes) * 8 // 10, len(codes) * 9 // 10

    def streams(codes, n_streams=STREAMS):
        n = (len(codes) - 1) // n_streams  # steps of a stream
        X = codes[: n * n_streams].reshape(n_streams, n, 1)
        return X, codes[1 : n * n_streams + 1].reshape(n_streams, n).astype(int)

    def nats_per_character(model, X, y):
        p, column = model.predict_proba(X), np.searchsorted(model.classes_, y)
        return -np.log(np.take_along_axis(p, column[:, :, np.newaxis], axis=2)).mean()

    return Task(
        streams(codes[:early]),
        streams(codes[early:late], 1),
        streams(codes[late:], 1),
        "nats per character",
        nats_per_character,
        RNNStepClassifier(
            128,
            cell="lstm",
            categorical_features=[0],
            embedding_dim=64,
            init="normal",
            dropout=0.1,
            tbptt_steps=CHUNK,
            batch_size=STREAMS,
            learning_rate_init=0.004,
            max_iter=31,
        ),
        "≤ 1.54",
        "1.564",
        [
            {"max_iter": 8},
            {"max_iter": 8, "dropout": 0.0},
            {"max_iter": 8, "dropout": 0.0, "learning_rate_init": 0.008},
            {"max_iter": 35, "learning_rate_init": 0.008},
            {"max_iter": 35, "learning_rate_init": 0.012},
            {"max_iter": 35, "learning_rate_init": 0.012, "dropout": 0.0},
            {"max_iter": 35, "learning_rate_init": 0.016},
            {"max_iter": 8, "dropout": 0.0, "init": "glorot"},
            {"max_iter": 8, "dropout": 0.0, "init": "pytorch"},
        ],
        final_train=streams(codes[:late]),
    )
