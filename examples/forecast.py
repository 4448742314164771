"""Air quality: a tuned forecast in a Pipeline
===========================================

Forecasting in a Pipeline: the PM2.5 in Beijing's air, six hours ahead.

``SlidingWindow`` makes the window of each hour before any split, so that every test window has its
history. A scaler and an ``RNNRegressor`` make a ``Pipeline``; ``GridSearchCV`` with
``TimeSeriesSplit`` chooses the cell, its size and how much of the window it reads on 2010 to 2013,
under a progress bar. The best pipeline then forecasts 2014, beside Ridge on exactly the same
windows and persistence (it stays as it is now). Run it with ``make demo`` or
``python examples/forecast.py``: it prints the candidates and the errors, and draws
``forecast.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import PerStep, RNNRegressor, SlidingWindow, make_horizon_target, pad_sequences
from skrnn.datasets import load_beijing_pm25

HORIZON = 6  # hours
WINDOW = 24  # hours
PNG = Path(__file__).with_suffix(".png")
COLORS = {"GRU": "C0", "LSTM": "C1", "Ridge": "C2", "Persistence": "C7", "Observed": "black"}


def load():
    """Features of each hour, the PM2.5 six hours later, and whether that was measured."""
    data = load_beijing_pm25(as_frame=True).data[24:]  # no PM2.5 on the first day
    angle = 2 * np.pi * data.index.hour / 24
    filled = data.assign(
        pm25=data["pm25"].ffill(),  # a gap is filled from its past only
        hour_sin=np.sin(angle),
        hour_cos=np.cos(angle),
    )
    filled = pd.get_dummies(filled, columns=["wind_direction"], dtype=float)
    # Without the hours whose future value is missing, the windows would have holes. So these
    # hours stay, with the last value before the gap to train on, and no score counts them.
    measured = make_horizon_target(data, "pm25", HORIZON)[1].notna()
    return *make_horizon_target(filled, "pm25", HORIZON), measured


def rmse(y_true, y_pred, measured):
    """Root mean squared error over the hours whose true value was measured."""
    keep = measured[y_true.index]
    return root_mean_squared_error(y_true[keep], y_pred[keep])


def make_search(measured):
    """The search for the best of eight pipelines, tested on 2011, 2012 and 2013 in turn."""
    last_hours = FunctionTransformer(pad_sequences, kw_args={"maxlen": WINDOW})
    scaler = PerStep(StandardScaler())
    network = RNNRegressor(learning_rate_init=0.003, alpha=0.1, max_iter=5, random_state=0)
    search = GridSearchCV(
        Pipeline([("last_hours", last_hours), ("scaler", scaler), ("network", network)]),
        {
            "network__cell": ["gru", "lstm"],
            "network__hidden_layer_sizes": [16, 32],
            "last_hours__kw_args": [{"maxlen": 12}, {"maxlen": WINDOW}],
        },
        scoring=make_scorer(rmse, greater_is_better=False, measured=measured),
        cv=TimeSeriesSplit(3, gap=HORIZON),
        n_jobs=-1,
    )
    try:
        from sklearn.callback import ProgressBar
    except ImportError:  # scikit-learn < 1.9 has no progress bar
        return search
    return search.set_callbacks(ProgressBar(max_propagation_depth=0))


def tabulate(search):
    """The candidates with their errors in µg/m³, best first."""
    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score", ignore_index=True)
    table = results.filter(like="param_").rename(columns=lambda name: name.rpartition("__")[2])
    return table.assign(
        window=[kw_args["maxlen"] for kw_args in table.pop("kw_args")],
        cell=table["cell"].str.upper(),
        cv_rmse=-results["mean_test_score"],
        cv_std=results["std_test_score"],
        fit_seconds=results["mean_fit_time"],
    )


def as_columns(windows):
    """A column for each feature at each hour; NaN before the first row of the series."""
    return np.asarray(windows).reshape(len(windows), -1)


def forecast(search, windows, y, y_test, now):
    """Forecasts of ``y_test``, the end of the series, by the best pipeline and two others."""
    train, test = split(windows, y_test)
    # The same pipeline, but with the windows as lag columns.
    ridge = clone(search.best_estimator_).set_params(
        network=make_pipeline(FunctionTransformer(as_columns), SimpleImputer(), Ridge())
    )
    forecasts = {
        search.best_params_["network__cell"].upper(): search.predict(test),
        "Ridge": ridge.fit(train, split(y, y_test)[0]).predict(test),
        "Persistence": now[y_test.index],
    }
    return pd.DataFrame(forecasts, index=y_test.index)


def split(series, y_test):
    """The parts before and of the test. The last targets before it lie in it, and are in none."""
    return series[: -len(y_test) - HORIZON], series[-len(y_test) :]


def draw(table, observed, forecasts, errors):
    """Three weeks of forecasts, the candidates, and the errors in 2014."""
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    series, cv, test = figure.subplot_mosaic("SS;CT", height_ratios=[3, 2]).values()

    shown = forecasts.assign(Observed=observed)["2014-02-07":"2014-02-27"]
    for name, width in {"Persistence": 1, "Observed": 1.3, forecasts.columns[0]: 2}.items():
        time = shown.index + pd.Timedelta(hours=HORIZON)
        series.plot(time, shown[name], c=COLORS[name], lw=width, label=name)
    series.legend(frameon=False, ncols=3)
    series.xaxis.set_major_formatter(DateFormatter("%d %b"))
    series.set(ylabel="PM2.5 (µg/m³)", xmargin=0.01)
    series.set_title(f"Forecasts made {HORIZON} hours before, in held-out 2014")

    for row in table[::-1].itertuples():  # the best on top
        name = f"{row.cell}, {row.hidden_layer_sizes} units, {row.window} h"
        cv.errorbar(row.cv_rmse, name, xerr=row.cv_std, fmt="o", c=COLORS[row.cell])
    cv.set(title="Candidates in cross-validation", xlabel="RMSE (µg/m³), mean ± std of 3 years")

    names = errors.index[::-1]
    test.bar_label(test.barh(names, errors[names], color=names.map(COLORS)), fmt=" %.1f")
    test.set(title="Errors in held-out 2014", xlabel="RMSE (µg/m³)", xmargin=0.15)
    figure.savefig(PNG, dpi=120)


def main():
    """Search on 2010 to 2013, forecast 2014, report."""
    X, y, measured = load()
    y_test = y["2014":]
    windows = SlidingWindow(WINDOW).fit_transform(X)  # the hours up to each row, none after it
    search = make_search(measured).fit(split(windows, y_test)[0], split(y, y_test)[0])
    table = tabulate(search)
    forecasts = forecast(search, windows, y, y_test, X["pm25"])
    errors = forecasts.apply(lambda column: rmse(y_test, column, measured))
    draw(table, y_test.where(measured), forecasts, errors)
    print(f"\nPM2.5 in {HORIZON} hours, errors in µg/m³. Cross-validation, 2011 to 2013:\n")
    print(table.round(2).to_string(index=False))
    print(f"\nRMSE in held-out 2014, {measured[y_test.index].sum()} hours:\n")
    print(errors.round(2).to_string(), f"The figure is in {PNG}", sep="\n\n")


if __name__ == "__main__":
    main()
