"""Sensor rows as they come: a forecast for each, and an alarm
===========================================================

Eight pumps send a row each minute: their load and their temperature. How warm a pump is depends on
its load in the last hour, so no limit of the temperature alone tells that its cooling fails.

A GRU learns on the first days to forecast the temperature of the next minute. Then a ``Stream``
takes the rows of all pumps, minute by minute, keeps the state of each, and returns the forecasts at
once; it never reads the past again. Where the mean error of the last 30 minutes is larger than it
ever was in training, there is an alarm. The cooling of one pump gets worse from noon of the last
day on; the alarm comes hours before the temperature leaves its usual range. Run it with ``python
examples/sensors.py``: it prints when, and how long a push takes, and draws ``sensors.png`` beside
this script.
"""

from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import PerStep, RNNStepRegressor, Stream

PUMPS = [f"pump {k}" for k in range(1, 9)]
FAILING = 2  # its place in the list
DAY = 24 * 60  # minutes
SMOOTH = 30  # minutes
PNG = Path(__file__).with_suffix(".png")


def simulate(n_minutes, fails_at, seed=0):
    """Load (0 to 1) and temperature (°C) of each pump: (n_pumps, n_minutes, 2)."""
    rng = np.random.default_rng(seed)
    n_pumps = len(PUMPS)
    changes = rng.uniform(size=(n_pumps, n_minutes)) < 1 / 90
    load = np.full((n_pumps, n_minutes), 0.5)
    temperature = np.full((n_pumps, n_minutes), 55.0)
    resistance = np.full(n_pumps, 30.0)  # degrees at full load
    for t in range(1, n_minutes):
        drawn = rng.uniform(0.1, 1, n_pumps)
        load[:, t] = np.where(changes[:, t], drawn, load[:, t - 1])
        resistance[FAILING] += 0.05 * (t > fails_at)
        end = 40 + resistance * load[:, t]
        temperature[:, t] = temperature[:, t - 1] + (end - temperature[:, t - 1]) / 20
    temperature += rng.normal(0, 0.15, temperature.shape)  # of the sensor
    return np.stack([load, temperature], axis=2)


def fit(rows, **parameters):
    """A pipeline from rows to the temperature of the next minute."""
    options = {"cell": "gru", "tbptt_steps": 240, "batch_size": 8, "max_iter": 60}
    network = RNNStepRegressor(16, **options | {"random_state": 0} | parameters)
    model = make_pipeline(PerStep(StandardScaler()), network)
    return model.fit(rows[:, :-1], rows[:, 1:, 1])


# %%
# ``push`` takes one row of each pump and returns one forecast for each.


def push(model, past, rows):
    """The forecasts (n_pumps, n_minutes) for rows that come after those of the past; seconds."""
    stream = Stream(model)
    for k, pump in enumerate(PUMPS):
        stream.warm_start(past[k], pump)
    forecasts, seconds = [], []
    for minute in rows.transpose(1, 0, 2):
        began = perf_counter()
        forecasts.append(stream.push(minute, ids=PUMPS))
        seconds.append(perf_counter() - began)
    return np.array(forecasts).T, np.array(seconds)


def smooth_error(forecast, rows):
    """The absolute mean of the last errors: (n_pumps, n_minutes - 30)."""
    error = rows[:, 1:, 1] - forecast[:, :-1]
    total = np.cumsum(error, axis=1)
    return np.abs(total[:, SMOOTH:] - total[:, :-SMOOTH]) / SMOOTH


def first_alarm(error, limit):
    """The minute of the first alarm of each pump; None is never."""
    found = [np.flatnonzero(of_pump > limit) for of_pump in error]
    return [int(minutes[0]) + SMOOTH + 1 if len(minutes) else None for minutes in found]


def clock(minute):
    """The time of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def draw(rows, error, limit, alarms, usual, fails_at):
    """The failing pump, and the errors of all of them."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    warm, wrong = figure.subplots(2, 1, sharex=True)
    hours = np.arange(rows.shape[1]) / 60
    warm.plot(hours, rows[FAILING, :, 1], c="C3", lw=1, label=f"Temperature of {PUMPS[FAILING]}")
    warm.plot(hours, 40 + 30 * rows[FAILING, :, 0], c="C7", lw=0.8, label="Its load, from 40 to 70")
    warm.axhline(usual, c="black", ls=":", lw=1, label="Warmest of any pump in training")
    warm.set(
        ylim=(40, 82),
        ylabel="Temperature (°C)",
        title="The last day: one pump of eight fails slowly",
    )
    for k, of_pump in enumerate(error):
        color, width = ("C3", 1.6) if k == FAILING else ("C0", 0.7)
        label = {FAILING: PUMPS[FAILING], 0: "The others"}.get(k)
        wrong.plot(hours[SMOOTH + 1 :], of_pump, c=color, lw=width, label=label)
    wrong.axhline(limit, c="black", ls="--", lw=1, label="Alarm")
    wrong.set(xlabel="Hour of the day", ylabel=f"Error of {SMOOTH} minutes (°C)", xmargin=0.01)
    for ax in (warm, wrong):
        ax.axvline(fails_at / 60, c="C7", lw=1)
        if alarms[FAILING]:
            ax.axvline(alarms[FAILING] / 60, c="C3", lw=1, ls="--")
        ax.legend(frameon=False, loc="upper left")
    figure.savefig(PNG, dpi=120)


def main():
    """Learn on four days, push the fifth, report."""
    fails_at = 4 * DAY + DAY // 2
    rows = simulate(5 * DAY, fails_at)
    past, today = rows[:, : 4 * DAY], rows[:, 4 * DAY :]
    model = fit(past)
    limit = 1.5 * smooth_error(np.stack(model.predict(past)), past).max()
    forecast, seconds = push(model, past, today)
    error = smooth_error(forecast, today)
    alarms, usual = first_alarm(error, limit), past[..., 1].max()
    draw(today, error, limit, alarms, usual, fails_at - 4 * DAY)
    print(f"A push of {len(PUMPS)} rows takes {np.median(seconds) * 1e6:.0f} µs.\n")
    for pump, alarm in zip(PUMPS, alarms, strict=True):
        print(pump, f"alarm at {clock(alarm)}" if alarm else "no alarm")
    if (today[FAILING, :, 1] > usual).any():
        hot = int(np.argmax(today[FAILING, :, 1] > usual))
        print(f"\n{PUMPS[FAILING]} is warmer than any before from {clock(hot)} on.")
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
