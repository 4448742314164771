"""Hello: which letter comes next?
===============================

The first examples of every introduction to recurrent networks: "hello" and "abcde".

- "hello": after each letter of "hell", which one comes next? After the first l it is another l,
  after the second it is an o, so the letter alone does not tell: the network has to remember. One
  output for each step (``RNNStepClassifier``).
- "abcde": five letters in a circle. Which one comes after "abcd", after "bcde", and so on? One
  output for each sequence (``RNNClassifier``).

Each is five lines: ``TokenEncoder`` gives every letter a code, and the network learns a vector for
each code (``categorical_features``). Run it with ``python examples/hello.py``: it prints what was
learned, and draws the probabilities to ``hello.png`` beside this script.
"""

from pathlib import Path

from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, RNNStepClassifier, TokenEncoder

PNG = Path(__file__).with_suffix(".png")


def hello():
    """The next letter after every letter."""
    X, y = ["hell"], [list("ello")]
    network = RNNStepClassifier(8, categorical_features=[0], random_state=0)
    model = make_pipeline(TokenEncoder("char"), network).fit(X, y)
    print("hell ->", "".join(model.predict(X)[0]))
    return model


def abcde():
    """The letter after four others."""
    X, y = ["abcd", "bcde", "cdea", "deab", "eabc"], list("eabcd")
    network = RNNClassifier(8, categorical_features=[0], random_state=0)
    model = make_pipeline(TokenEncoder("char"), network).fit(X, y)
    print(
        *(f"{text} -> {letter}" for text, letter in zip(X, model.predict(X), strict=True)), sep="\n"
    )
    return model


def panel(ax, proba, inputs, classes, title):
    """Probabilities (n, n_classes) as colours, a column for each input."""
    image = ax.imshow(proba.T, cmap="Blues", vmin=0, vmax=1)
    for x, column in enumerate(proba):
        for y, value in enumerate(column):
            color = "white" if value > 0.5 else "black"
            ax.text(x, y, f"{value:.2f}", ha="center", va="center", color=color)
    ax.set(xticks=range(len(inputs)), xticklabels=inputs, yticks=range(len(classes)))
    ax.set(yticklabels=classes, title=title, ylabel="Next letter")
    return image


def draw(of_hello, of_abcde):
    """What each model expects next."""
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    left, right = figure.subplots(1, 2)
    proba = of_hello.predict_proba(["hell"])[0]
    panel(left, proba, [*"hell"], of_hello.classes_, '"hello": one output for each step')
    left.set_xlabel("Letters, read from left to right")
    texts = ["abcd", "bcde", "cdea", "deab", "eabc"]
    proba = of_abcde.predict_proba(texts)
    image = panel(right, proba, texts, of_abcde.classes_, '"abcde": one output for each sequence')
    right.set_xlabel("Sequence")
    figure.colorbar(image, ax=[left, right], label="Probability")
    figure.savefig(PNG, dpi=120)


def main():
    """Both examples and their figure."""
    draw(hello(), abcde())
    print(f"The figure is in {PNG}")


if __name__ == "__main__":
    main()
