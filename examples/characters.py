"""Characters: a network that writes Shakespeare
=============================================

A network that learns to write: the next character of Shakespeare, then lines of its own.

The text, the first speeches of Coriolanus, is cut into 32 streams of equal length. The network
reads them side by side in chunks of 64 characters, carries its state on from chunk to chunk
(``tbptt_steps``), and says after each character which one it expects next. The last tenth of the
text is held out: early stopping keeps the epoch with the lowest loss there. Then ``sample`` draws
new characters, each from what the network expects after all before it.

Run it with ``python examples/characters.py``; training takes about a minute. It prints some lines,
and draws ``characters.png`` beside this script: the loss after each epoch, and how likely each
character of a held-out passage was.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline

from skrnn import RNNStepClassifier, TokenEncoder, sample
from skrnn.datasets import load_shakespeare
from skrnn.plotting import LossCurveDisplay

N_STREAMS = 32
LINE, N_LINES = 44, 9  # of the passage in the figure
PNG = Path(__file__).with_suffix(".png")


def load():
    """The text to train on, and the text that is held out."""
    speeches = load_shakespeare().data
    n_train = len(speeches) * 9 // 10
    return "\n\n".join(speeches[:n_train]), "\n\n".join(speeches[n_train:])


def streams(text, n_streams):
    """Consecutive parts of equal length, and the next character after each of theirs."""
    length = (len(text) - 1) // n_streams
    starts = [k * length for k in range(n_streams)]
    X = [text[start : start + length] for start in starts]
    return X, [list(text[start + 1 : start + 1 + length]) for start in starts]


def fit(train, held_out, **parameters):
    """A Pipeline from text to the probabilities of the next characters."""
    encoder = TokenEncoder("char").fit([train])
    options = {
        "cell": "lstm", "init": "normal", "dropout": 0.3, "categorical_features": [0],
        "embedding_dim": 32, "batch_size": N_STREAMS, "tbptt_steps": 64, "max_iter": 30,
        "early_stopping": True, "random_state": 0,
    }  # fmt: skip
    network = RNNStepClassifier(160, **options | parameters)
    (X, y), (X_val, y_val) = streams(train, N_STREAMS), streams(held_out, 1)
    network.fit(encoder.transform(X), y, X_val=encoder.transform(X_val), y_val=y_val)
    return make_pipeline(encoder, network)


def likelihood(model, text):
    """The probability of each character but the first, after all before it."""
    proba = model.predict_proba([text[:-1]])[0]
    return proba[np.arange(len(proba)), np.searchsorted(model.classes_, list(text[1:]))]


def draw(model, passage):
    """The loss after each epoch, and a passage coloured by how likely its characters were."""
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    curve, picture = figure.subplots(1, 2, width_ratios=[1, 1.7])
    LossCurveDisplay.from_estimator(model[-1], ax=curve)
    curve.set(title="Loss per character", ylabel="Negative log-likelihood (nats)")

    cells = np.full((N_LINES, LINE), np.nan)
    chance = likelihood(model, passage)[: cells.size]
    cells.ravel()[: len(chance)] = chance
    image = picture.imshow(cells, cmap="YlGn", vmin=0, vmax=1, aspect=2)
    for k, letter in enumerate(passage[1 : len(chance) + 1]):
        style = {"color": "white" if chance[k] > 0.6 else "black", "family": "monospace"}
        shown = letter.replace("\n", "\u21b5")
        picture.text(k % LINE, k // LINE, shown, ha="center", va="center", **style)
    picture.set(xticks=[], yticks=[], title="Held-out text: how likely was each character?")
    figure.colorbar(image, ax=picture, label="Probability", shrink=0.8)
    figure.savefig(PNG, dpi=120)


def main():
    """Train, write, report."""
    train, held_out = load()
    model = fit(train, held_out)
    network = model[-1]
    best = int(np.argmin(network.validation_loss_curve_))
    print(f"The lowest loss on held-out text: {network.validation_loss_curve_[best]:.3f} nats per "
          f"character, after {best + 1} of {network.n_iter_} epochs.")  # fmt: skip
    for temperature in (0.5, 1.0):
        written = sample(model, "MENENIUS:\n", 300, temperature=temperature, random_state=0)
        print(f"\n--- temperature {temperature}\nMENENIUS:\n{written}")
    draw(model, held_out)
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
