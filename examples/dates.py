"""Dates to ISO: attention from text to text
=========================================

Dates as people write them, to ISO dates: "Wednesday, March 3rd, 2021" to "2021-03-03".

Ten thousand dates are written in a dozen ways: names of months, short or long, ordinals, weekdays,
two or four digits of the year, the day or the month first. The network reads characters and writes
characters; nobody tells it what a month is. It learns the twelve names, the order of the parts, and
that "68" is 2068, but "69" is 1969, as for ``time.strptime``.

Run it with ``python examples/dates.py``; it takes about half a minute. It prints the share of
held-out dates that are exactly right for each way of writing, and draws ``dates.png`` beside this
script: where the network looked in the text while it wrote each character (``AttentionDisplay``).
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from skrnn import RNNEncoderDecoder
from skrnn.metrics import token_error_rate
from skrnn.plotting import AttentionDisplay

FIRST, LAST = date(1969, 1, 1), date(2068, 12, 31)  # what two digits of a year can mean
FORMS = [
    "{d} %B %Y", "{d} %b %y", "%B {th}, %Y", "%b {d}, %Y", "the {th} of %B %Y", "%A, {d} %B %Y",
    "%a {d} %b %Y", "%A, %B {th}, %Y", "%d/%m/%y", "{d}/{m}/%Y", "%d.%m.%Y", "%Y %B {d}",
]  # fmt: skip
SHOWN = ["Wednesday, March 3rd, 2021", "the 21st of June 1984", "03/11/68"]
PNG = Path(__file__).with_suffix(".png")


def ordinal(day):
    """1st, 2nd, 3rd, 4th and so on."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{'th' if 10 < day < 14 else ending}"


def make_dates(n_dates, seed):
    """A table of different texts, their ISO dates, and the form in which each was written."""
    rng = np.random.default_rng(seed)
    rows = {}
    while len(rows) < n_dates:
        day = FIRST + timedelta(days=int(rng.integers((LAST - FIRST).days + 1)))
        form = FORMS[rng.integers(len(FORMS))]
        numbers = {"d": day.day, "m": day.month, "th": ordinal(day.day)}
        text = day.strftime(form.format(**numbers))
        rows[text] = {"text": text, "iso": day.isoformat(), "form": form}
    return pd.DataFrame(rows.values())


def fit(table, **parameters):
    """A network that reads a text in both directions, and looks at it while it writes."""
    options = {"cell": "lstm", "attention": "dot", "embedding_dim": 32, "batch_size": 32}
    options |= {"max_iter": 8, "random_state": 0}
    model = RNNEncoderDecoder(64, **options | parameters)
    return model.fit(table["text"], table["iso"])


def tabulate(table, written):
    """The share of dates that are exactly right for each form, with an example."""
    right = table.assign(right=table["iso"] == written).groupby("form", sort=False)
    return right.agg(example=("text", "first"), dates=("text", "size"), right=("right", "mean"))


def draw(model):
    """What the network looks at in some texts."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    axes = figure.subplots(1, len(SHOWN), width_ratios=[len(text) + 4 for text in SHOWN])
    for ax, text in zip(axes, SHOWN, strict=True):
        AttentionDisplay.from_estimator(model, text, ax=ax, colorbar=ax is axes[-1])
        (written,) = model.predict([text])
        ax.set_title(f"{text}\n{written}", fontsize="medium")
    figure.savefig(PNG, dpi=120)


def main():
    """Train, write, report."""
    table = make_dates(11_000, seed=0)
    train, test = table[:10_000], table[10_000:]
    model = fit(train)
    written = model.predict(test["text"])
    print(tabulate(test, written).round(3).to_string(index=False))
    share = model.score(test["text"], test["iso"])
    print(f"\nExactly right of {len(test):,} held-out dates: {share:.1%}")
    print(f"Wrong characters: {token_error_rate(test['iso'], written):.2%}")
    draw(model)
    print(f"The figure is in {PNG}")


if __name__ == "__main__":
    main()
