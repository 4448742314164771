"""M4 Hourly with one model for all series: ``python -m benchmarks.m4 --data FOLDER``.

The folder has ``M4_Hourly_train.csv`` and ``M4_Hourly_test.csv``: 414 series of 700 or 960 hours
and the 48 hours that follow. Errors are those of the competition (Makridakis, Spiliotis &
Assimakopoulos 2020), means over series. The table is written to ``results/m4.md``.

Our forecast is the mean of three networks that read windows of one, two and three weeks, a day in
each step. ``--choose`` compares windows and strides instead: three forecasts that begin four, three
and two days before the end of the training series, by models that have not seen these four days. It
never sees the test part. The other hyperparameters were chosen in the same way, with one seed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import gmean
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks._measure import print_table
from benchmarks.accuracy import markdown
from skrnn import GRURegressor, SlidingWindow, WindowScaledRegressor, make_horizon_target

RESULTS = Path(__file__).parent / "results" / "m4.md"
AHEAD, DAY = 48, 24  # hours
# Hours of a window, hours from one window to train on to the next, and epochs. With 24 hours the
# windows end at the hour of the day at which the last one ends; there are too few long ones for it.
MEMBERS = [(168, 24, 20), (336, 24, 20), (504, 5, 8)]
OTHERS = [(168, 5, 8), (336, 5, 8), (504, 24, 20)]  # that were considered
KEYS = {"group": "unit", "time": "hour"}
PENALTIES = np.logspace(-2, 4, 7)  # that Ridge chooses from
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


def network(window, epochs, random_state=None):
    """The 48 hours after each window of logarithms, in steps of a day."""
    gru = GRURegressor(
        128,
        ar_steps=window // DAY,
        dropout=0.2,
        loss="absolute_error",
        batch_size=64,
        learning_rate_init=0.002,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=random_state,
    )
    return at_own_level(gru)


class Part:
    """The past of all units, as windows of one length.

    Parameters
    ----------
    past : DataFrame
    window : int
        The hours of a window.
    segment : int, default=24
        The hours of a step.
    """

    def __init__(self, past, window, segment=DAY):
        to_windows = make_pipeline(
            FunctionTransformer(np.log), SlidingWindow(window, segment=segment, **KEYS)
        )
        self.windows = to_windows.fit_transform(past)  # one for each row
        self.is_full = self.windows.lengths == window // segment
        self.left = hours_left(past)
        self.y = make_horizon_target(past, "value", range(1, AHEAD + 1), **KEYS)[1].to_numpy()

    def to_train(self, stride, begin=0):
        """Full windows, some hours apart, and their futures, which end before ``begin``."""
        is_kept = self.is_full & (self.left >= begin + AHEAD) & (self.left % stride == 0)
        return self.windows[is_kept], self.y[is_kept[self.left >= AHEAD]]

    def at(self, begin=0):
        """The windows of all units from which to forecast, ``begin`` hours before their ends."""
        return self.windows[self.left == begin]


def hours_left(panel):
    """The hours of its unit that come after each row."""
    return panel.groupby("unit", sort=False).cumcount(ascending=False).to_numpy()


def recurrent(past, window, stride, epochs, random_state=None, begins=(0,)):
    """Forecasts of a network from the ends of the past, or from hours before them."""
    part = Part(past, window)
    model = network(window, epochs, random_state)
    model.fit(*part.to_train(stride, max(begins)))
    return np.array([model.predict(part.at(begin)) for begin in begins])


def averaged(past, random_state=None):
    """The mean forecast of our networks, in logarithms."""
    found = [recurrent(past, *member, random_state=random_state)[0] for member in MEMBERS]
    return gmean(found)


def linear(past, window=336, stride=5):
    """Forecasts of Ridge from windows as flat columns."""
    part = Part(past, window, segment=1)
    windows, y = part.to_train(stride)
    model = at_own_level(RidgeCV(PENALTIES)).fit(np.asarray(windows)[:, :, 0], y)
    return model.predict(np.asarray(part.at())[:, :, 0])


def seasonal_naive(past):
    """The last day over again."""
    days = past["value"].to_numpy()[hours_left(past) < DAY].reshape(-1, DAY)
    return np.tile(days, AHEAD // DAY)


def errors(past, true, forecasts):
    """The sMAPE in percent and the MASE."""
    error = np.abs(true - forecasts)
    smape = 200 * np.mean(error / (np.abs(true) + np.abs(forecasts)))
    changes = past["value"].groupby("unit", sort=False).diff(DAY).abs()
    scale = changes.groupby("unit", sort=False).mean().to_numpy()
    return smape, np.mean(error / scale[:, np.newaxis])


def rows(past, future, seeds):
    """The rows of the table: simple forecasts, ours, and those of others."""
    true = future["value"].to_numpy(float).reshape(-1, AHEAD)
    simple = {"Seasonal naive": seasonal_naive, "Ridge, 336 hours": linear}
    for name, forecast in simple.items():
        smape, mase = errors(past, true, forecast(past))
        yield [name, f"{smape:.3f}", f"{mase:.3f}", "", ""]
    scores, seconds = [], []
    for seed in seeds:
        start = time.process_time()
        forecasts = averaged(past, random_state=seed)
        seconds.append(time.process_time() - start)
        scores.append(errors(past, true, forecasts))
    mean, std = np.mean(scores, axis=0), np.std(scores, axis=0)
    yield [
        "GRURegressor(128), mean of 168, 336 and 504 hours",
        *(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, std, strict=True)),
        "sMAPE ≤ 9.3",
        f"{np.mean(seconds):.0f}",
    ]
    yield from ([*reference, "", ""] for reference in REFERENCES)


def choices(past, seeds):
    """The errors of each network, and of their mean, before the end of the past."""
    begins = 2 * AHEAD, AHEAD + DAY, AHEAD
    part = Part(past, DAY)
    true = [part.y[part.left[part.left >= AHEAD] == begin] for begin in begins]

    def scores(found):
        return np.mean([errors(past, *pair) for pair in zip(true, found, strict=True)], axis=0)

    found = {
        member: [recurrent(past, *member, random_state=s, begins=begins) for s in seeds]
        for member in MEMBERS + OTHERS
    }
    found["mean"] = gmean([found[member] for member in MEMBERS])
    for name, of_seeds in found.items():
        smape, mase = np.mean([scores(one) for one in of_seeds], axis=0)
        yield [str(name), f"{smape:.3f}", f"{mase:.3f}"]


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
        header = ["window, stride, epochs", "sMAPE in validation", "MASE"]
        print_table(header, list(choices(past, seeds)))
        return
    future = read(options.data / "M4_Hourly_test.csv")
    header = ["forecasts", "sMAPE, %", "MASE", "asked for", "seconds"]
    table = list(rows(past, future, seeds))
    print_table(header, table)
    RESULTS.write_text(markdown(header, table))


if __name__ == "__main__":
    main()
