"""Whole fits against PyTorch and skorch: ``python -m benchmarks.fit``.

An LSTM and a GRU of 64 units with a dense readout, 3 epochs of 40,000 windows (24 steps, 8
features, float32) in shuffled minibatches of 200, squared error, Adam:

- ours: ``fit`` of LSTMRegressor and GRURegressor, with everything that it validates and scales;
- PyTorch: a plain loop over minibatches of a tensor that has all windows;
- skorch: ``fit`` of a NeuralNetRegressor of the same module, without a validation part.

Each number of threads has a process of its own, where the three take turns. Seconds are medians
over the rounds; a ratio is the median over rounds of the peer's time by ours (over 1: we are
faster). Asked for: 2.5 times PyTorch, 4 times skorch.
"""

import argparse
from functools import partial

import numpy as np

from benchmarks._measure import data, in_process, interleaved, median_ratio, peer, print_table

N_TIMESTEPS, N_FEATURES, N_HIDDEN = 24, 8, 64
BATCH_SIZE, N_EPOCHS, LEARNING_RATE = 200, 3, 1e-3


def ours(cell, X, y):
    """Fit ours."""
    from skrnn import GRURegressor, LSTMRegressor

    model = {"LSTM": LSTMRegressor, "GRU": GRURegressor}[cell](
        N_HIDDEN,
        batch_size=BATCH_SIZE,
        learning_rate_init=LEARNING_RATE,
        max_iter=N_EPOCHS,
        n_iter_no_change=np.inf,
    )
    model.fit(X, y[:, 0])


def torch_module():
    """The class of the PyTorch module."""
    torch = peer("torch")

    class Module(torch.nn.Module):
        def __init__(self, cell):
            super().__init__()
            self.recurrent = getattr(torch.nn, cell)(N_FEATURES, N_HIDDEN, batch_first=True)
            self.readout = torch.nn.Linear(N_HIDDEN, 1)

        def forward(self, x):
            return self.readout(self.recurrent(x)[0][:, -1])

    return Module


def pytorch(cell, X, y):
    """Fit with a loop."""
    torch = peer("torch")
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    module = torch_module()(cell)
    adam = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    for _ in range(N_EPOCHS):
        for index in torch.randperm(len(X)).split(BATCH_SIZE):
            adam.zero_grad()
            torch.nn.functional.mse_loss(module(X[index]), y[index]).backward()
            adam.step()


def skorch(cell, X, y):
    """Fit with skorch."""
    model = peer("skorch").NeuralNetRegressor(
        torch_module(),
        module__cell=cell,
        optimizer=peer("torch").optim.Adam,
        lr=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        max_epochs=N_EPOCHS,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    model.fit(X, y)


def run(n_threads, n_windows, rounds):
    """The rows of the table for a number of threads."""
    peer("torch").set_num_threads(n_threads)
    X, y = data((BATCH_SIZE, N_TIMESTEPS, N_FEATURES, (N_HIDDEN,)), n_windows)
    rows = []
    for cell in ("LSTM", "GRU"):
        fits = {fit: partial(fit, cell, X, y) for fit in (ours, pytorch, skorch)}
        for fit in fits:
            fit(cell, X[:BATCH_SIZE], y[:BATCH_SIZE])  # what is done once only
        times = interleaved(fits, rounds, 0)
        row = [n_threads, cell, f"{np.median(times[ours]):.2f}"]
        for fit in (pytorch, skorch):
            row += [f"{np.median(times[fit]):.2f}", f"{median_ratio(times[fit], times[ours]):.2f}"]
        rows.append(row)
    return rows


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--windows", type=int, default=40_000)
    options = parser.parse_args()
    rows = []
    for n in (1, 2):
        rows += in_process(run, n, options.windows, options.rounds, OMP_NUM_THREADS=str(n))
    print(f"fit: {N_EPOCHS} epochs of {options.windows:,} windows, seconds")
    print_table(["threads", "cell", "ours", "PyTorch", "ratio", "skorch", "ratio"], rows)


if __name__ == "__main__":
    main()
