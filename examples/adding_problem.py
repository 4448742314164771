"""The adding problem: remembering over 100 steps
==============================================

Long-term dependencies: the adding problem of Hochreiter & Schmidhuber (1997) over 100 steps.

Each step of a sequence has a number between 0 and 1 and a marker. One step in each half is marked,
and the target is the sum of the two numbers there. Always predicting the mean has a mean squared
error (MSE) of 1/6. A GRU, an LSTM, a plain tanh RNN and the IRNN (a ReLU RNN that starts at the
identity; Le, Jaitly & Hinton 2015) learn from fresh sequences, round by round with ``partial_fit``,
from three seeds. With each the MSE of the GRU and the LSTM on held-out sequences falls below 0.01,
while the RNN stays near 1/6 and the IRNN leaves it slowly. The LSTM starts with
``forget_bias="chrono"``; with the default it needs several times as many sequences. Run it with
``python examples/adding_problem.py``: it prints the errors, and draws ``adding_problem.png`` beside
this script, with the norm of the gradient by step back from the end. It takes about a minute.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import mean_squared_error

from skrnn import GRURegressor, LSTMRegressor, RNNRegressor

PNG = Path(__file__).with_suffix(".png")
SEEDS = 0, 1, 2
N_TIMESTEPS = 100
N_ROUNDS = 30
ROUND = 2048  # fresh sequences for each round
N_TEST = 1000
BASELINE = 1 / 6  # the variance of the sum of two numbers
SOLVED = 0.01
COLORS = {"GRU": "C0", "LSTM": "C1", "RNN": "C7", "IRNN": "C4"}


def make_sequences(n_sequences, n_timesteps, rng):
    """Sequences of numbers and markers (n_sequences, n_timesteps, 2), and their targets."""
    numbers = rng.uniform(size=(n_sequences, n_timesteps))
    markers = np.zeros_like(numbers)
    half = n_timesteps // 2
    rows = np.arange(n_sequences)
    markers[rows, rng.integers(0, half, n_sequences)] = 1
    markers[rows, rng.integers(half, n_timesteps, n_sequences)] = 1
    return np.stack([numbers, markers], axis=2), (numbers * markers).sum(axis=1)


def make_models(seed):
    """The four networks."""
    options = {"learning_rate_init": 0.01, "random_state": seed}
    # The IRNN explodes unless its steps are small; so it gets more of them.
    small_steps = {"batch_size": 16, "learning_rate_init": 2e-4, "max_grad_norm": 0.1}
    return {
        "GRU": GRURegressor(64, batch_size=64, **options),
        "LSTM": LSTMRegressor(64, batch_size=64, forget_bias="chrono", **options),
        "RNN": RNNRegressor(64, batch_size=64, **options),
        "IRNN": RNNRegressor(64, "relu", init="identity", **options | small_steps),
    }


def learning_curves(models, n_timesteps, n_rounds, seed):
    """Train the models, all on the same sequences; their held-out MSE after each round."""
    rng = np.random.default_rng(seed)
    X_test, y_test = make_sequences(N_TEST, n_timesteps, rng)
    errors = {}
    for n_seen in range(ROUND, n_rounds * ROUND + 1, ROUND):
        X, y = make_sequences(ROUND, n_timesteps, rng)
        errors[n_seen] = {
            name: mean_squared_error(y_test, model.partial_fit(X, y).predict(X_test))
            for name, model in models.items()
        }
    return pd.DataFrame.from_dict(errors, orient="index")


def gradient_flows(models, n_timesteps, seed):
    """The norm of the trained models' gradients, by the number of steps before the last."""
    X, y = make_sequences(N_TEST, n_timesteps, np.random.default_rng(seed))
    return pd.DataFrame({name: model.gradient_flow(X, y)[0] for name, model in models.items()})


def n_until_solved(curves):
    """How many sequences were seen when the MSE first fell below 0.01; "-" is never."""
    solved = curves < SOLVED
    return solved.idxmax().where(solved.any(), "-")


def draw(curves, flows, path):
    """The learning curves and the gradients of all models, one line for each seed and name."""
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    errors, gradients = figure.subplots(1, 2)
    for ax, frame in (errors, curves), (gradients, flows):
        for (_, name), values in frame.items():
            ax.semilogy(values, c=COLORS[name], lw=1.2, label=name)
        ax.margins(x=0.02)
    for y, text in (BASELINE, "always the mean: 0.167"), (SOLVED, "solved: 0.01"):
        errors.axhline(y, c="black", ls=":", lw=1)
        errors.text(0.99, y * 1.2, text, ha="right", transform=errors.get_yaxis_transform())
    handles, names = errors.get_legend_handles_labels()
    by_name = dict(zip(names, handles, strict=True))  # one for all seeds
    errors.legend(by_name.values(), by_name, frameon=False, loc="lower left")
    errors.xaxis.set_major_formatter("{x:,.0f}")
    errors.set(xlabel="Training sequences seen", ylabel="MSE")
    errors.set_title(f"Errors on held-out sequences of {len(flows)} steps")
    gradients.set(xlabel="Steps before the last", ylabel="Norm of the gradient", ylim=(1e-15, 10))
    gradients.set_title("Gradients of the trained networks")
    figure.savefig(path, dpi=120)


def main():
    """Train from each seed, report."""
    curves, flows = {}, {}
    for seed in SEEDS:
        models = make_models(seed)
        curves[seed] = learning_curves(models, N_TIMESTEPS, N_ROUNDS, seed)
        flows[seed] = gradient_flows(models, N_TIMESTEPS, seed)
    curves, flows = (pd.concat(runs, axis=1, names=["seed", None]) for runs in (curves, flows))
    draw(curves, flows, PNG)
    print(f"MSE on held-out sequences after {curves.index[-1]} training sequences:\n")
    print(curves.iloc[-1].unstack().round(4).to_string())
    print(f"\nTraining sequences until it was below {SOLVED}:\n")
    print(n_until_solved(curves).unstack().to_string(), f"The figure is in {PNG}", sep="\n\n")


if __name__ == "__main__":
    main()
