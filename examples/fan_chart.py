"""Electricity load: a fan chart with a known calendar
===================================================

A fan chart: tomorrow's electricity load by the hour, with how sure the forecast is.

The load is simulated: working days have two peaks, weekends and holidays one, and the afternoons
are less certain than the nights. The hours before it do not tell that tomorrow is a holiday, but
the calendar does: ``make_horizon_target(..., known=["workday"])`` gives the model the value of this
column in each of the 24 hours to come. A GRU with ``loss="quantile"`` learns five quantiles of each
hour at once, and ``predict_quantiles`` returns them.

The same model without ``known`` knows the day of the week. On held-out days its pinball loss is
0.59 GW instead of 0.41, as it is wrong around holidays. At the end ``forecast`` predicts from the
newest hour on: the rows of tomorrow are in the table, without a load. Run it with
``python examples/fan_chart.py``: it prints the losses and how often the load was below each
quantile, and draws ``fan_chart.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from pandas.tseries.holiday import USFederalHolidayCalendar
from sklearn.metrics import mean_pinball_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, PerStep, SlidingWindow, forecast, make_horizon_target

HORIZON, WINDOW = range(1, 25), 24  # hours
QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9]
TEST = "2023-07-01"  # the first day that no model has seen
SHOWN = slice("2023-11-20", "2023-11-26")  # with Thanksgiving, a Thursday
PNG = Path(__file__).with_suffix(".png")


def simulate(start="2022", end="2023-12-31 23:00", seed=0):
    """Load and calendar of each hour."""
    hours = pd.date_range(start, end, freq="h", name="hour")
    days = hours.normalize()
    is_free = days.isin(USFederalHolidayCalendar().holidays(days[0], days[-1]))
    workday = ~is_free & (days.day_of_week < 5)
    hour = hours.hour.to_numpy()
    morning, noon, evening = (
        np.exp(-0.5 * ((hour - peak) / width) ** 2) for peak, width in ((8, 2), (14, 4), (19, 2.5))
    )
    expected = np.where(workday, 45 + 18 * morning + 12 * noon + 15 * evening, 40 + 14 * noon)
    rng = np.random.default_rng(seed)
    noise = rng.normal(scale=0.4 + 1.2 * noon)
    for t in range(1, len(hours)):
        noise[t] += 0.8 * noise[t - 1]
    frame = pd.DataFrame({"load": expected + noise, "workday": workday.astype(float)}, hours)  # GW
    hour_of_week = 24 * hours.day_of_week + hour
    for name, period in (("day", 24), ("week", 168)):
        angle = 2 * np.pi * hour_of_week / period
        frame[f"{name}_sin"], frame[f"{name}_cos"] = np.sin(angle), np.cos(angle)
    return frame


def fit(X, y):
    """A pipeline that has learned the quantiles of the next 24 hours, before the test."""
    in_time = X.index < pd.Timestamp(TEST) - pd.Timedelta(hours=len(HORIZON))
    network = GRURegressor(
        32, loss="quantile", quantile=QUANTILES, max_iter=15, batch_size=64, random_state=0
    )
    model = make_pipeline(SlidingWindow(WINDOW), PerStep(StandardScaler()), network)
    return model.fit(X[in_time], y[in_time])


def quantiles(model, X):
    """The quantiles that a fitted pipeline predicts: (n_rows, 24 hours, 5 quantiles)."""
    return model[-1].predict_quantiles(model[:-1].transform(X))


def tomorrows(model, X, y):
    """What is forecast in the last hour of each test day for each hour of the next: a table."""
    last_hours = (X.index.hour == 23) & (X.index >= TEST)
    found = quantiles(model, X)[last_hours].reshape(-1, len(QUANTILES))
    made = X.index[last_hours].repeat(len(HORIZON))
    hours = made + pd.to_timedelta(np.tile(HORIZON, last_hours.sum()), "h")
    table = pd.DataFrame(found, hours, QUANTILES)
    return table.assign(load=y[last_hours].to_numpy().ravel())


def from_now_on(model, frame, known):
    """The quantiles of the hours after the newest one."""
    rows = frame[-72:]
    found = forecast(model, rows, "load", HORIZON, known=known, method="predict_quantiles")
    return found.set_axis(QUANTILES, axis=1)


def pinball(table):
    """The mean pinball loss over the quantiles."""
    return np.mean([mean_pinball_loss(table["load"], table[q], alpha=q) for q in QUANTILES])


def coverage(table):
    """How often the load is below each quantile."""
    return pd.Series({q: np.mean(table["load"] < table[q]) for q in QUANTILES})


def draw(tables, newest):
    """A week of forecasts with a holiday, tomorrow, and how often each quantile holds."""
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    week, day, below = figure.subplot_mosaic("WW;DB", height_ratios=[3, 2.4]).values()

    known, unknown = (table[SHOWN] for table in tables.values())
    fan(week, known)
    week.plot(unknown[0.5], c="C1", lw=1.2, ls="--", label="Median, holidays not known")
    week.plot(known["load"], c="black", lw=1.2, label="Observed")
    week.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.08))
    week.xaxis.set_major_formatter(DateFormatter("%a %d %b"))
    week.set(ylabel="Load (GW)", xmargin=0.01)
    week.set_title("Each midnight's forecast of the day, with Thanksgiving on Thursday")

    fan(day, newest)
    day.xaxis.set_major_formatter(DateFormatter("%H:%M"))
    day.set(ylabel="Load (GW)", xmargin=0.01)
    day.set_title(f"From now on: {newest.index[0]:%A, %d %b %Y}")

    below.plot([0, 1], [0, 1], c="C7", lw=1)
    for (name, table), color in zip(tables.items(), ["C0", "C1"], strict=True):
        below.plot(QUANTILES, coverage(table), "o-", c=color, label=name)
    below.legend(frameon=False)
    below.set(xlabel="Quantile", ylabel="Share of hours below it")
    below.set_title("Held-out hours below each quantile")
    figure.savefig(PNG, dpi=120)


def fan(axes, table):
    """The median of a table of quantiles, in bands of the others."""
    for low, high, alpha in ((0.1, 0.9, 0.25), (0.25, 0.75, 0.4)):
        label = f"{high - low:.0%} interval"
        axes.fill_between(table.index, table[low], table[high], alpha=alpha, fc="C0", label=label)
    axes.plot(table[0.5], c="C0", lw=1.8, label="Median")


def main():
    """Fit with and without the calendar, compare on held-out days, forecast tomorrow."""
    frame = simulate()
    now = frame.index[-1] - pd.Timedelta("1D")
    frame["load"] = frame["load"].where(frame.index <= now)  # tomorrow is not known
    tables = {}
    for name, known in (("Holidays known", ["workday"]), ("Not known", None)):
        X, y = make_horizon_target(frame, "load", HORIZON, known=known)
        model = fit(X, y)
        tables[name] = tomorrows(model, X, y)
        if known:
            newest = from_now_on(model, frame, known)
    draw(tables, newest)
    print("Mean pinball loss on held-out days (GW):\n")
    print(pd.Series({name: pinball(table) for name, table in tables.items()}).round(3).to_string())
    print("\nShare of hours below each quantile:\n")
    print(pd.DataFrame({name: coverage(table) for name, table in tables.items()}).round(2))
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
