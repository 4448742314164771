"""M4 Hourly with one model for all series: ``python -m benchmarks.m4 --data FOLDER``.

The folder has ``M4_Hourly_train.csv`` and ``M4_Hourly_test.csv``: 414 series of 700 or 960 hours
and the 48 hours that follow. Errors are those of the competition (Makridakis, Spiliotis &
Assimakopoulos 2020), means over series. The table is written to ``results/m4.md``.

``--choose`` compares hyperparameters instead, by the last 48 hours of the training series; it
never sees the test part. The window and the number of units are what it chose with one seed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks._measure import print_table
from skrnn import GRURegressor, SlidingWindow, WindowScaledRegressor, make_horizon_target

RESULTS = Path(__file__).parent / "results" / "m4.md"
AHEAD, DAY = 48, 24  # hours
WINDOW, N_UNITS = 336, 64
STRIDE = 5  # hours from one window to train on to the next; they end in every hour of the week
KEYS = {"group": "unit", "time": "hour"}
PENALTIES = np.logspace(-2, 4, 7)  # that Ridge chooses from
CANDIDATES = {"window": [72, 168, 336], "n_units": [32, 64]}
REFERENCES = [
    ["Seasonal naive, official", "13.912", "1.193"],
    ["RNN benchmark, official", "14.698", "3.048"],
    ["ES-RNN, winner of M4", "9.328", "0.893"],
    ["PyTorch GRU(64), 72 hours", "13.68 ± 0.12", ""],
    ["PyTorch, 168 hours", "12.98", "1.313"],
]


def read(file):
    """A file of the competition as one long table: the value of each unit and hour."""
    wide = pd.read_csv(file, index_col=0)
    wide.columns = range(len(wide.columns))
    values = wide.astype(np.float32).stack().dropna()
    return values.rename_axis(["unit", "hour"]).to_frame("value")


def at_own_level(regressor):
    """A regressor of logarithms, in each window without their mean."""
    return TransformedTargetRegressor(
        WindowScaledRegressor(regressor, operation="subtract"),
        func=np.log,
        inverse_func=np.exp,
        check_inverse=False,  # to the precision of float64, which float32 has not
    )


def forecaster(window=WINDOW, n_units=N_UNITS, random_state=None):
    """The 48 hours after each row, from the window that ends with it."""
    gru = GRURegressor(
        n_units,
        ar_steps=window,
        min_length=window,
        loss="absolute_error",
        batch_size=64,
        learning_rate="cosine",
        learning_rate_init=0.002,
        max_grad_norm=1.0,
        max_iter=8,
        n_iter_no_change=np.inf,
        random_state=random_state,
    )
    return make_pipeline(
        FunctionTransformer(np.log), SlidingWindow(window, **KEYS), at_own_level(gru)
    )


def training_rows(past):
    """The rows with a future, their targets, and whether to train on each."""
    X, y = make_horizon_target(past, "value", range(1, AHEAD + 1), **KEYS)
    return X, y, X.index.get_level_values("hour") % STRIDE == 0


def last_hours(panel):
    """The last 48 hours of each unit."""
    return panel.groupby("unit", sort=False).tail(AHEAD)


def recurrent(past, **parameters):
    """Forecasts of our forecaster."""
    X, y, is_kept = training_rows(past)
    model = forecaster(**parameters)
    model.fit(X, y, transformedtargetregressor__sample_weight=is_kept)
    # These rows have no future to train on. Their windows begin with the rows before them.
    rows = last_hours(past)
    return model.predict(rows).reshape(-1, AHEAD, AHEAD)[:, -1]


def linear(past):
    """Forecasts of Ridge from the same windows."""
    X, y, is_kept = training_rows(past)
    to_windows = make_pipeline(FunctionTransformer(np.log), SlidingWindow(WINDOW, **KEYS))
    windows = to_windows.fit_transform(X)
    is_kept &= windows.lengths == WINDOW
    model = at_own_level(RidgeCV(PENALTIES))
    model.fit(np.asarray(windows[is_kept])[:, :, 0], y[is_kept])
    last_windows = to_windows.transform(last_hours(past))[AHEAD - 1 :: AHEAD]
    return model.predict(np.asarray(last_windows)[:, :, 0])


def seasonal_naive(past):
    """The last day over again."""
    days = last_hours(past)["value"].to_numpy().reshape(-1, AHEAD)[:, -DAY:]
    return np.tile(days, AHEAD // DAY)


def errors(past, future, forecasts):
    """The sMAPE in percent and the MASE."""
    true = future["value"].to_numpy(float).reshape(-1, AHEAD)
    error = np.abs(true - forecasts)
    smape = 200 * np.mean(error / (np.abs(true) + np.abs(forecasts)))
    changes = past["value"].groupby("unit", sort=False).diff(DAY).abs()
    scale = changes.groupby("unit", sort=False).mean().to_numpy()
    return smape, np.mean(error / scale[:, np.newaxis])


def rows(past, future, seeds):
    """The rows of the table: simple forecasts, ours, and those of others."""
    simple = {"Seasonal naive": seasonal_naive, f"Ridge, {WINDOW} hours": linear}
    for name, forecast in simple.items():
        smape, mase = errors(past, future, forecast(past))
        yield [name, f"{smape:.3f}", f"{mase:.3f}", "", ""]
    scores, seconds = [], []
    for seed in seeds:
        start = time.perf_counter()
        forecasts = recurrent(past, random_state=seed)
        seconds.append(time.perf_counter() - start)
        scores.append(errors(past, future, forecasts))
    mean, std = np.mean(scores, axis=0), np.std(scores, axis=0)
    ours = [f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, std, strict=True)]
    yield [
        f"GRURegressor({N_UNITS}), {WINDOW} hours",
        *ours,
        "sMAPE ≤ 13.8",
        f"{np.mean(seconds):.0f}",
    ]
    yield from ([*reference, "", ""] for reference in REFERENCES)


def choices(past, seeds):
    """The errors of every candidate in the last hours of the past, means over seeds."""
    future = last_hours(past)
    past = past.groupby("unit", sort=False).head(-AHEAD)
    for parameters in ParameterGrid(CANDIDATES):
        scores = [
            errors(past, future, recurrent(past, random_state=seed, **parameters)) for seed in seeds
        ]
        smape, mase = np.mean(scores, axis=0)
        yield [str(parameters), f"{smape:.3f}", f"{mase:.3f}"]


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--choose", action="store_true", help="compare hyperparameters instead")
    options = parser.parse_args()
    seeds = range(options.seeds)
    past = read(options.data / "M4_Hourly_train.csv")
    if options.choose:
        print_table(["candidate", "sMAPE in validation", "MASE"], list(choices(past, seeds)))
        return
    future = read(options.data / "M4_Hourly_test.csv")
    header = ["forecasts", "sMAPE, %", "MASE", "asked for", "seconds per fit"]
    table = list(rows(past, future, seeds))
    print_table(header, table)
    RESULTS.parent.mkdir(exist_ok=True)
    lines = [header, ["---"] * len(header), *table]
    RESULTS.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines))


if __name__ == "__main__":
    main()
