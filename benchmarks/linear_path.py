"""Whether ``ar_steps`` is as good as where it started: ``python -m benchmarks.linear_path``.

With ``--data FOLDER``, which has ``ETTh1.csv`` and ``pollution.csv``, on these as well. Each row of
the table has the mean squared error on the test part of ridge regression; then, first without and
then with early stopping, that of the start (the fit before any epoch), that of the trained model
relative to it, and ``network_share_``. The goal is at most 1.01 times the start.

``--set NAME=VALUE`` sets a parameter of the estimators, ``--only TEXT`` selects rows.
"""

import argparse
import ast
from functools import partial
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_squared_error

from benchmarks import _protocols
from benchmarks._measure import print_table
from skrnn import GRURegressor, LSTMRegressor

PENALTIES = np.logspace(-4, 4, 17)  # that Ridge chooses from
# Steps too small to be told from zero: what this trains is the start.
STANDING = {"solver": "sgd", "learning_rate_init": 5e-324, "max_grad_norm": 0.1, "max_iter": 1}
DAY, YEAR = 24, 24 * 365  # hours


def nearly_linear(rng, n_steps):
    """Autoregressive, with a weak nonlinearity."""
    x, noise = np.zeros(n_steps), rng.standard_normal(n_steps)
    for t in range(2, n_steps):
        x[t] = 1.2 * x[t - 1] - 0.4 * x[t - 2] + 0.15 * np.tanh(x[t - 1]) + noise[t]
    return x


def weather(rng, n_steps):
    """Seasons, days that are longer in summer, and autoregressive noise."""
    t, noise, x = np.arange(n_steps), 30 * rng.standard_normal(n_steps), np.zeros(n_steps)
    for k in range(1, n_steps):
        x[k] = 0.95 * x[k - 1] + noise[k]
    season, day = np.sin(2 * np.pi * t / YEAR), np.sin(2 * np.pi * t / DAY)
    return 200 + 150 * season + 80 * day * (1 + 0.3 * season) + x


def random_walk(rng, n_steps):
    """No forecast beats the last value."""
    return rng.standard_normal(n_steps).cumsum()


def two_regimes(rng, n_steps):
    """Far from linear: the sign of the step before last chooses the recursion."""
    x, noise = np.zeros(n_steps), 0.5 * rng.standard_normal(n_steps)
    for t in range(2, n_steps):
        x[t] = (0.9 * x[t - 1] + 1 if x[t - 2] < 0 else -0.7 * x[t - 1] - 0.5) + noise[t]
    return x


def windows(series, ahead, n_train, past=96):
    """X and y to train on, and X and y of later windows that share no step with them."""
    series = (series - series[:n_train].mean()) / series[:n_train].std()
    whole = sliding_window_view(series, past + ahead)
    train, test = whole[: n_train - past - ahead + 1], whole[n_train:]
    return *_split(train, past), *_split(test, past)


def _split(whole, past):
    return whole[:, :past, np.newaxis], whole[:, past:]


def generated(series, seed, ahead, n_train=2000, n_test=3000):
    """Windows of a series of ours."""
    values = series(np.random.default_rng(seed), n_train + n_test)
    return windows(values, ahead, n_train)


def measured(protocol):
    """The parts of a protocol."""
    return *protocol.train, *protocol.test


def pollution(data, past, ahead):
    """PM2.5 of the next hours from all columns of the last ones."""
    X, y, X_test, y_test = measured(_protocols.beijing(data))
    rows, values = np.concatenate([X, X_test])[:, 0], np.concatenate([y, y_test])
    futures = sliding_window_view(values[past - 1 :], ahead)
    pasts = sliding_window_view(rows, past, axis=0).transpose(0, 2, 1)[: len(futures)]
    n_train = len(X) - past - ahead
    later = slice(len(X), None, 4)  # every fourth hour
    return pasts[:n_train], futures[:n_train], pasts[later], futures[later]


def problems(data, seeds):
    """Name, what reads it, and numbers of ``ar_steps``."""
    for seed in range(seeds):
        for series in (nearly_linear, weather, random_walk, two_regimes):
            for ahead in (1, DAY):
                name = f"{series.__name__.replace('_', ' ')}, {ahead} ahead, seed {seed}"
                yield name, partial(generated, series, seed, ahead), (1, 24, 96)
    if data is not None:
        yield "PM2.5, next hour", lambda: measured(_protocols.beijing(data)), (1,)
        for past in (24, 96):
            read = partial(pollution, data, past, 24)
            yield f"PM2.5, 24 ahead from {past} hours", read, (1, past)
        for subtracted in (False, True):
            name = f"ETTh1, 24 ahead{', last value subtracted' * subtracted}"
            read = partial(_protocols.etth1, data, slice(7, 8), subtracted)
            yield name, lambda read=read: measured(read()), (1, 24, 96)


def error(model, X, y):
    """The mean squared error of a fitted model."""
    return mean_squared_error(y.reshape(len(y), -1), model.predict(X).reshape(len(y), -1))


def ridge_error(n_steps, X, y, X_test, y_test):
    """That of ridge regression on the same steps."""
    table, table_test = (np.asarray(x)[:, -n_steps:].reshape(len(x), -1) for x in (X, X_test))
    return error(RidgeCV(PENALTIES).fit(table, y), table_test, y_test)


def rows(data, seeds, only, parameters):
    """The rows of the table."""
    for name, read, all_ar_steps in problems(data, seeds):
        for make in (GRURegressor, LSTMRegressor):
            for n_steps in all_ar_steps:
                label = f"{name}, {make.__name__}, ar_steps={n_steps}"
                if only not in label:
                    continue
                X, y, *test = read()
                y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
                options = {"ar_steps": n_steps, "random_state": 0} | parameters
                row = [label, f"{ridge_error(n_steps, X, y, *test):.4g}"]
                for early_stopping in (False, True):
                    options["early_stopping"] = early_stopping
                    start = error(make(**options | STANDING).fit(X, y), *test)
                    model = make(**options).fit(X, y)
                    share = getattr(model, "network_share_", np.nan)
                    row += [f"{start:.4g}", f"{error(model, *test) / start:.3f}", f"{share:.2f}"]
                print(*row, sep=" | ", flush=True)
                yield row


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the data files")
    parser.add_argument("--seeds", type=int, default=1, help="of the generated series")
    parser.add_argument("--only", default="", help="text in the names of the rows to print")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    given = dict(text.split("=", 1) for text in options.set)
    parameters = {name: ast.literal_eval(value) for name, value in given.items()}
    header = ["series", "Ridge", *["start", "trained / start", "share"] * 2]
    print_table(header, list(rows(options.data, options.seeds, options.only, parameters)))


if __name__ == "__main__":
    main()
