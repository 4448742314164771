"""One to many: a sentence for each row of a table
===============================================

One to many: a row of a table goes in, a sentence comes out.

A row has the weather of an hour: temperature, wind, rain, clouds, and the hour itself. The sentence
tells of it: "a cold and windy night with light rain". The rows and their sentences are made up
here, by rules that the network does not know. It gets a table with one row for each sentence: a
dense layer makes the first state of the decoder of the row, and the decoder writes word by word
until it stops by itself.

Run it with ``python examples/captions.py``; it takes about 15 seconds. It prints some held-out rows
with their sentences, and draws ``captions.png`` beside this script: which words the network chooses
as the temperature rises, by night and by day.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNEncoderDecoder
from skrnn.metrics import token_error_rate

SPANS = {
    "temperature": ([0, 8, 18, 26], ["freezing", "cold", "mild", "warm", "hot"]),
    "hour": ([6, 12, 18, 22], ["night", "morning", "afternoon", "evening", "night"]),
    "rain": ([0.2, 2.5, 8], ["", "light rain", "rain", "heavy rain"]),
    "clouds": ([20, 60, 90], ["a clear sky", "some clouds", "many clouds", "a grey sky"]),
    "wind": ([6, 14], ["", "windy", "stormy"]),
}
PNG = Path(__file__).with_suffix(".png")


def word(column, value):
    """What is said of a value."""
    limits, words = SPANS[column]
    return words[np.searchsorted(limits, value, side="right")]


def sentence(row):
    """The weather of an hour in words; rain is snow where it freezes, and hides the sky."""
    said = {column: word(column, row[column]) for column in SPANS}
    if said["temperature"] == "freezing":
        said["rain"] = said["rain"].replace("rain", "snow")
    kind = " and ".join(filter(None, [said["temperature"], said["wind"]]))
    return f"a {kind} {said['hour']} with {said['rain'] or said['clouds']}"


def make_weather(n_rows, seed):
    """A table of hours, and a sentence for each."""
    rng = np.random.default_rng(seed)
    rain = rng.exponential(5, n_rows) * (rng.uniform(size=n_rows) < 0.5)
    table = pd.DataFrame(
        {
            "temperature": rng.uniform(-10, 35, n_rows),  # °C
            "wind": rng.gamma(2, 4, n_rows),  # m/s
            "rain": rain,  # mm per hour
            "clouds": rng.uniform(0, 100, n_rows),  # %
            "hour": rng.integers(24, size=n_rows),
        }
    )
    return table, np.array([sentence(row) for _, row in table.iterrows()], object)


def fit(table, sentences, **parameters):
    """A scaler, and a network that writes words."""
    options = {"cell": "gru", "output_separator": " ", "batch_size": 32}
    options |= {"max_iter": 40, "random_state": 0}
    network = RNNEncoderDecoder((), decoder_layer_sizes=64, **options | parameters)
    return make_pipeline(StandardScaler(), network).fit(table, sentences)


def thermometer(hour):
    """Dry hours that differ in their temperature only."""
    temperature = np.arange(-10, 35.1, 0.5)
    return pd.DataFrame(
        {"temperature": temperature, "wind": 3.0, "rain": 0.0, "clouds": 75.0, "hour": hour}
    )


def draw(model):
    """The second word as the temperature rises, beside the limits of the rule."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    ax = figure.subplots()
    limits, words = SPANS["temperature"]
    for hour, marker, said in (2, "s", "at 2 o'clock"), (14, "o", "at 14 o'clock"):
        table = thermometer(hour)
        second = [text.split(" ")[1] for text in model.predict(table)]
        places = [words.index(each) if each in words else np.nan for each in second]
        shift = 0.08 if hour == 2 else -0.08
        ax.plot(table["temperature"], np.add(places, shift), marker, ms=3, label=said)
    for limit in limits:
        ax.axvline(limit, c="black", ls=":", lw=1)
    ax.set(yticks=range(len(words)), yticklabels=words, xlabel="Temperature (°C)")
    ax.set(title="The word for the temperature; dotted: where the rule changes it")
    ax.legend(frameon=False, loc="upper left")
    figure.savefig(PNG, dpi=120)


def main():
    """Train, write, report."""
    table, sentences = make_weather(11_000, seed=0)
    train, test = slice(10_000), slice(10_000, None)
    model = fit(table[train], sentences[train])
    written = model.predict(table[test])
    with pd.option_context("display.max_colwidth", None):
        print(table[test][:6].round(1).assign(sentence=written[:6]).to_string(index=False))
    print(f"\nExactly right of {len(written):,} held-out rows: "
          f"{model.score(table[test], sentences[test]):.1%}")  # fmt: skip
    print(f"Wrong words: {token_error_rate(sentences[test], written, separator=' '):.2%}")
    draw(model)
    print(f"The figure is in {PNG}")


if __name__ == "__main__":
    main()
