"""The forecast of the start page; ``python docs/figures/forecast.py`` draws it for the README."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.dates import DateFormatter
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, PerStep, SlidingWindow, forecast, make_horizon_target
from skrnn.datasets import load_beijing_pm25

HOURS = range(1, 25)

air = load_beijing_pm25(as_frame=True).data
past = air[["temperature"]]["2014":"2014-05-02"]
X, y = make_horizon_target(past, "temperature", HOURS)
network = GRURegressor(32, max_iter=25, random_state=0)
model = make_pipeline(SlidingWindow(48), PerStep(StandardScaler()), network).fit(X, y)
found = forecast(model, past, "temperature", HOURS)

figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
shown = past["temperature"][-72:]
ax.plot(shown, c="black", lw=1.2, label="Observed")
ax.plot(air["temperature"][found.index], c="black", lw=1, ls=":", label="What came")
ax.plot(found["temperature"], c="C0", lw=2.2, label="Forecast")
ax.axvline(past.index[-1], c="C7", lw=0.8)
ax.xaxis.set_major_locator(plt.matplotlib.dates.DayLocator())
ax.xaxis.set_major_formatter(DateFormatter("%d %b"))
ax.set(ylabel="Temperature (°C)", xmargin=0.01)
ax.set_title("Beijing: the next 24 hours, from the temperature of four months", fontsize=10)
ax.legend(frameon=False, ncols=3, loc="upper left")
ax.spines[["top", "right"]].set_visible(False)
ax.set_ylim(top=ax.get_ylim()[1] + 3)

if "__file__" in globals():  # run as a script
    figure.savefig(Path(__file__).parents[1] / "images/forecast.png", dpi=110)
