"""Vanishing gradients: how far back a network can learn
=====================================================

The gradient of the loss goes back through the steps of a sequence, and each step multiplies it. In
a plain RNN it mostly shrinks, so what came early cannot be learned; the gates of an LSTM or GRU can
let it pass. How the weights are drawn decides how it begins.

``gradient_flow`` measures the norm of the gradient by the input of each step. Here it is for an
RNN, a GRU and an LSTM of 64 units before training, from five seeds and five initialisations, on
noise of 100 steps. Run it with ``python examples/vanishing_gradients.py``: it prints how much of
the gradient arrives 50 steps back, and draws ``vanishing_gradients.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from skrnn import RNNRegressor

PNG = Path(__file__).with_suffix(".png")
SEEDS = range(5)
N_TIMESTEPS = 100
CELLS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
STARTS = {
    "glorot (the default)": {"init": "glorot"},
    "pytorch": {"init": "pytorch", "forget_bias": 0},
    "normal": {"init": "normal"},
    "identity": {"init": "identity"},
    "glorot, chrono": {"init": "glorot", "forget_bias": "chrono"},
}


def starts_of(cell):
    """The names of the initialisations of a cell; a plain RNN has no gate to set."""
    return [name for name in STARTS if not (cell == "rnn" and "chrono" in name)]


# %%
# A network that has not learned anything: one epoch of steps that are too small to count.


def untrained(cell, start, seed, X, y):
    """A network with the weights with which training would begin."""
    options = STARTS[start] if cell != "rnn" else {"init": STARTS[start]["init"]}
    model = RNNRegressor(64, cell=cell, learning_rate_init=1e-12, random_state=seed, **options)
    return model.partial_fit(X, y)


def flows(cell, n_timesteps=N_TIMESTEPS, seeds=SEEDS):
    """The norm of the gradient by steps before the last: a column for each start and seed."""
    columns = {}
    for seed in seeds:
        X = np.random.default_rng(seed).normal(size=(64, n_timesteps, 2))
        y = X[:, 0, 0]
        for start in starts_of(cell):
            model = untrained(cell, start, seed, X, y)
            columns[start, seed] = model.gradient_flow(X, y)[0]
    return pd.DataFrame(columns)


def tabulate(by_cell, back):
    """The share of the gradient at the last step that arrives so many steps back, by start."""
    shares = {CELLS[cell]: flow.loc[back] / flow.loc[0] for cell, flow in by_cell.items()}
    return pd.DataFrame(shares).groupby(level=0).median().reindex(STARTS)


# %%
# One panel for each cell, one colour for each initialisation, one line for each seed.


def draw(by_cell):
    """The norm of the gradient by steps back, relative to that at the last step."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    panels = figure.subplots(1, len(by_cell), sharey=True)
    for ax, (cell, flow) in zip(panels, by_cell.items(), strict=True):
        for (start, seed), norms in (flow / flow.loc[0]).items():
            color = f"C{list(STARTS).index(start)}"
            ax.semilogy(norms, c=color, lw=1, alpha=0.8, label=start if seed == SEEDS[0] else None)
        ax.set(title=CELLS[cell], xlabel="Steps before the last", ylim=(1e-12, 1e3))
        ax.axhline(1, c="black", lw=0.8, ls=":")
    panels[0].set_ylabel("Norm of the gradient, relative to the last step")
    handles, names = panels[-1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(PNG, dpi=120)


def main():
    """Measure each cell, report."""
    by_cell = {cell: flows(cell) for cell in CELLS}
    draw(by_cell)
    print("How much of the gradient arrives 50 steps back, median of the seeds:\n")
    print(tabulate(by_cell, 50).map("{:.1e}".format).to_string())
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
