"""Addition: from "35+67" to "102"
===============================

A network that learns to add: from the text "35+67" to the text "102".

Keras made this example well known, after Sutskever et al. (2014), "Sequence to Sequence Learning
with Neural Networks". A question has two numbers of up to three digits. The network is told nothing
about digits or places: it reads characters and writes characters. As there, it learns from 45,000
questions, and 5,000 others say after each epoch how many of its answers are exactly right; the best
epoch is kept. Another 5,000 are for the report. "35+67" and "67+35" count as one question.

Run it with ``python examples/addition.py``; it takes some minutes. It prints some answers, and
draws ``addition.png`` beside this script: the share of right answers after each epoch, and what the
network looks at while it adds.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from skrnn import RNNEncoderDecoder
from skrnn.plotting import AttentionDisplay

N_DIGITS = 3
N_TRAIN, N_HELD_OUT = 45_000, 5_000
SOLVED = 0.99
QUESTION = "535+61"  # of the picture
PNG = Path(__file__).with_suffix(".png")


def make_questions(n_questions, n_digits, seed):
    """Different questions and their answers, as two arrays of texts."""
    rng = np.random.default_rng(seed)
    questions = {}
    while len(questions) < n_questions:
        # Numbers of one digit are as frequent as those of three.
        a, b = (int(rng.integers(10**digits)) for digits in rng.integers(1, n_digits + 1, 2))
        questions.setdefault((min(a, b), max(a, b)), (f"{a}+{b}", str(a + b)))
    X, y = zip(*questions.values(), strict=True)
    return np.array(X, object), np.array(y, object)


def fit(X, y, X_val, y_val, **parameters):
    """The network of the epoch with the most right answers on the validation questions."""
    options = {"hidden_layer_sizes": 128, "cell": "lstm", "embedding_dim": 32, "batch_size": 64}
    options |= {"max_iter": 20, "early_stopping": True, "scoring": "accuracy", "random_state": 0}
    return RNNEncoderDecoder(**options | parameters).fit(X, y, X_val=X_val, y_val=y_val)


def draw(model):
    """The share of right answers after each epoch, and the attention to one question."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    curve, picture = figure.subplots(1, 2)
    epochs = range(1, len(model.validation_scores_) + 1)
    curve.plot(epochs, model.train_scores_, "o:", c="C7", label="training questions")
    curve.plot(epochs, model.validation_scores_, "o-", c="C0", label="held-out questions")
    curve.axhline(SOLVED, c="black", ls=":", lw=1)
    curve.set(title="Exactly right", xlabel="Epoch", ylabel="Share of answers", ylim=(0, 1.02))
    curve.xaxis.get_major_locator().set_params(integer=True)
    curve.legend(frameon=False, loc="center right")
    AttentionDisplay.from_estimator(model, QUESTION, ax=picture)
    picture.set_title("Where it looks while it writes (■ is the end)")
    figure.savefig(PNG, dpi=120)


def main():
    """Train, answer, report."""
    X, y = make_questions(N_TRAIN + 2 * N_HELD_OUT, N_DIGITS, seed=0)
    train, validation, test = np.split(np.arange(len(X)), [N_TRAIN, N_TRAIN + N_HELD_OUT])
    model = fit(X[train], y[train], X[validation], y[validation])
    written = model.predict(X[test])
    for question, answer, right in zip(X[test][:10], written, y[test], strict=False):
        print(f"{question:>7} = {answer:<4}", "" if answer == right else f"wrong: it is {right}")
    share = np.mean(written == y[test])
    print(f"\nExactly right of {len(test):,} questions that it has never seen: {share:.2%}")
    draw(model)
    print(f"The figure is in {PNG}")


if __name__ == "__main__":
    main()
