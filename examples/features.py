"""Hidden states as features for other models
==========================================

The hidden state as columns: what a GRU has read, for boosted trees or a linear model.

The task is that of ``forecast.py``: the PM2.5 in Beijing's air six hours ahead, learned from 2010
to 2013 and compared in 2014. Boosted trees and Ridge take no sequences. In a
``ColumnTransformer``, beside columns of the calendar, they get the last 24 hours in two forms: as
flat lag columns (``SlidingWindow(flatten=True)``), or as the 16 numbers of a GRU's hidden state
(``GRURegressor.transform``).

To Ridge the hidden state is worth more than all lag columns; then it is the best by a hair, as the
GRU alone does as well within the spread of its seeds. The trees get no better by it, but are fitted
in a fraction of the time. Run it with ``python examples/features.py``: it prints the errors, and
draws ``features.png`` beside this script.
"""

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skrnn import GRURegressor, SlidingWindow, make_horizon_target
from skrnn.datasets import load_beijing_pm25

HORIZON = 6  # hours
WINDOW = 24  # hours
AIR = ["pm25", "dew_point", "temperature", "pressure", "wind_speed", "snow_hours", "rain_hours"]
NUMBERS = [*AIR, "hour_sin", "hour_cos"]
CALENDAR = ["hour", "weekday", "day_of_year"]
PNG = Path(__file__).with_suffix(".png")


def load():
    """Features of each hour, the PM2.5 six hours later, and the same with NaN in its gaps."""
    data = load_beijing_pm25(as_frame=True).data[24:]  # no PM2.5 on the first day
    time = data.index
    filled = data.assign(
        pm25=data["pm25"].ffill(),  # a gap is filled from its past only
        hour_sin=np.sin(2 * np.pi * time.hour / 24),
        hour_cos=np.cos(2 * np.pi * time.hour / 24),
        hour=time.hour,
        weekday=time.day_of_week,
        day_of_year=time.day_of_year,
    )
    X, y = make_horizon_target(filled, "pm25", HORIZON)
    return X, y, make_horizon_target(data, "pm25", HORIZON)[1]


def make_windows(*, flatten):
    """From the table to the last 24 hours of the air and the weather, scaled."""
    scaled = make_column_transformer(
        (StandardScaler(), NUMBERS),
        (OneHotEncoder(sparse_output=False), ["wind_direction"]),
    )
    return make_pipeline(scaled, SlidingWindow(WINDOW, flatten=flatten))


def make_gru(seed):
    """The GRU of ``forecast.py``. It predicts, or transforms to its hidden state."""
    network = GRURegressor(16, learning_rate_init=0.003, alpha=0.1, max_iter=5, random_state=seed)
    return make_pipeline(make_windows(flatten=False), network)


def on_columns(name, history):
    """Both models on what a transformer makes of the last hours, beside the calendar."""
    columns = [*NUMBERS, "wind_direction"]
    table = make_column_transformer((history, columns), ("passthrough", CALENDAR))
    # Early stopping would look at random hours, which share their windows with the others.
    trees = HistGradientBoostingRegressor(learning_rate=0.05, early_stopping=False)
    ridge = make_pipeline(SimpleImputer(), StandardScaler(), Ridge())  # lags begin with NaN
    return [
        (f"Boosted trees on {name}", make_pipeline(table, trees)),
        (f"Ridge on {name}", make_pipeline(table, ridge)),
    ]


def make_models(seeds):
    """Names and pipelines to compare, those with a GRU once for each seed."""
    models = on_columns("lag columns", make_windows(flatten=True))
    for seed in seeds:
        models += [("GRU alone", make_gru(seed)), *on_columns("hidden state", make_gru(seed))]
    return models


def compare(X, y, observed, start, seeds):
    """Errors from ``start`` on, and seconds to fit what lies before."""
    observed = observed[start:]
    measured = observed.notna()
    # The last targets before the start lie after it, so these hours are not trained on.
    X_train, y_train = (series[: -len(observed) - HORIZON] for series in (X, y))
    n_short = WINDOW - 1  # a series starts with shorter windows
    X_test = X[-len(observed) - n_short :]  # so the test part starts that much earlier

    def rmse(predicted):
        return root_mean_squared_error(observed[measured], predicted[n_short:][measured])

    results = [("Persistence", rmse(X_test["pm25"].to_numpy()), 0.0)]
    for name, model in make_models(seeds):
        began = perf_counter()
        model.fit(X_train, y_train)
        seconds = perf_counter() - began
        results.append((name, rmse(model.predict(X_test)), seconds))
    return pd.DataFrame(results, columns=["model", "rmse", "fit_seconds"])


def summarize(results):
    """The means over the seeds, best first, and the standard deviation of the error."""
    by_model = results.groupby("model")
    table = by_model.mean()
    table.insert(1, "rmse_std", by_model["rmse"].std())
    return table.sort_values("rmse")


def draw(results):
    """The errors with every seed, and what it takes to fit."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    error, seconds = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    table = summarize(results)
    persistence = table["rmse"]["Persistence"]
    table = table.drop("Persistence")[::-1]  # the best on top
    for name, row in table.iterrows():
        color = "C2" if "lag" in name else "C0"
        of_seeds = results["rmse"][results["model"] == name]
        error.plot(of_seeds, [name] * len(of_seeds), "o", c=color, alpha=0.4)
        error.plot(row["rmse"], name, "|", c=color, ms=22, mew=3)
        seconds.bar_label(seconds.barh(name, row["fit_seconds"], color=color), fmt=" %.1f")
    error.set(xlabel="RMSE (µg/m³): each seed of the GRU, and their mean", ymargin=0.12)
    error.set_title(f"Errors in held-out 2014 (persistence: {persistence:.1f})")
    error.grid(axis="x", alpha=0.3)
    seconds.set(xlabel="Time to fit (s), mean", title="Fitting columns and model", xmargin=0.15)
    figure.savefig(PNG, dpi=120)


def main():
    """Fit on 2010 to 2013, compare in 2014, report."""
    results = compare(*load(), "2014", seeds=range(3))
    draw(results)
    print(f"PM2.5 in {HORIZON} hours. RMSE in held-out 2014 in µg/m³, means of three seeds:\n")
    print(summarize(results).round(2).to_string(na_rep=""), f"The figure is in {PNG}", sep="\n\n")


if __name__ == "__main__":
    main()
