"""Do intervals hold what they promise? ``python -m benchmarks.intervals --data FOLDER``.

Networks of three quantiles, and gradient-boosted trees of each quantile on the same windows as flat
columns: the share of held-out values inside the interval of 80 %, the mean pinball loss of the
three quantiles, and the seconds of processor time of the fits. PM2.5 is six hours ahead from 24
hours of eight columns, two years to train and the next to score; M4 Hourly is 24 hours ahead from
the last 168, in units of the window's mean, from the training part of all series to the last two
days of it. A network stops by the last part of the training windows; the quantiles are the means of
those of three networks with different seeds. The table is written to ``results/intervals.md``.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import print_table
from benchmarks.accuracy import markdown
from skrnn import GRURegressor, PerStep, SlidingWindow

RESULTS = Path(__file__).parent / "results" / "intervals.md"
LEVELS = (0.1, 0.5, 0.9)
N_SEEDS = 3
HEADER = ["data", "model", "coverage of 80 %", "pinball loss", "seconds"]


def pm25(data):
    """Windows (n, 24, 8) and the PM2.5 six hours later: two years, and the next one."""
    hours = pd.read_csv(data / "pollution.csv").iloc[24:, 5:]
    hours["cbwd"] = pd.factorize(hours["cbwd"])[0]
    hours["pm2.5"] = hours["pm2.5"].ffill()
    rows, year = hours.to_numpy(np.float32), 365 * 24
    target = rows[:, 0]
    windows = SlidingWindow(24).fit_transform(rows)
    train, test = np.arange(23, 2 * year - 6), np.arange(2 * year, 3 * year)
    return windows[train], target[train + 6], windows[test], target[test + 6]


def m4(data, window=168, ahead=24, every=12):
    """Windows (n, 7, 24) in units of their mean, a day in each step; the value 24 hours later."""
    table = pd.read_csv(data / "M4_Hourly_train.csv").iloc[:, 1:].to_numpy(np.float32)
    train, test, hours_left = [], [], []
    for series in table:
        series = series[~np.isnan(series)]
        last = np.arange(window - 1, len(series) - ahead, every)
        to_train = last[last < len(series) - 72]
        hours_left.append(len(series) - to_train)
        for part, chosen in ((train, to_train), (test, last[-2:])):
            steps = series[chosen[:, np.newaxis] + np.arange(1 - window, 1)]
            level = steps.mean(axis=1, keepdims=True)
            part.append(np.hstack([steps / level, series[chosen + ahead][:, np.newaxis] / level]))
    in_time = np.argsort(-np.concatenate(hours_left), kind="stable")
    train, test = np.concatenate(train)[in_time], np.concatenate(test)
    X, X_test = (part[:, :-1].reshape(len(part), -1, 24) for part in (train, test))
    return X, train[:, -1], X_test, test[:, -1]


def network(X, y, X_test, **parameters):
    """Three quantiles at once, each the mean over seeds."""
    found = []
    for seed in range(N_SEEDS):
        gru = GRURegressor(
            64, loss="quantile", quantile=LEVELS, dropout=0.2, early_stopping=True, max_iter=20,
            n_iter_no_change=6, validation_split="last", validation_fraction=0.15,
            random_state=seed, **parameters,
        )  # fmt: skip
        model = make_pipeline(PerStep(StandardScaler()), gru).fit(X, y)
        found.append(model[-1].predict_quantiles(model[:-1].transform(X_test)))
    return np.mean(found, axis=0)


def trees(X, y, X_test):
    """One model for each quantile, sorted."""
    flat, flat_test = (np.asarray(part).reshape(len(part), -1) for part in (X, X_test))
    found = [
        HistGradientBoostingRegressor(loss="quantile", quantile=q, random_state=0)
        .fit(flat, y)
        .predict(flat_test)
        for q in LEVELS
    ]
    return np.sort(np.transpose(found), axis=1)


TASKS = {  # what reads the windows, and the parameters that the network has for them
    "PM2.5, 6 hours ahead": (pm25, {}),
    "M4 Hourly, 24 hours ahead": (
        m4,
        {"ar_steps": 7, "batch_size": 64, "learning_rate_init": 0.002},
    ),
}


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    options = parser.parse_args()
    table = []
    for name, (read, parameters) in TASKS.items():
        X, y, X_test, y_test = read(options.data)
        for label, model in {"networks": partial(network, **parameters), "trees": trees}.items():
            start = time.process_time()
            found = model(X, y, X_test)
            seconds = time.process_time() - start
            inside = (found[:, 0] <= y_test) & (y_test <= found[:, 2])
            losses = [mean_pinball_loss(y_test, found[:, k], alpha=q) for k, q in enumerate(LEVELS)]
            table.append([
                name, label, f"{100 * inside.mean():.1f} %", f"{np.mean(losses):.4g}",
                f"{seconds:.0f}",
            ])  # fmt: skip
            print(*table[-1], flush=True)
    print_table(HEADER, table)
    RESULTS.write_text(markdown(HEADER, table))


if __name__ == "__main__":
    main()
