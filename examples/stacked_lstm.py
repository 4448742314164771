"""Stacked LSTM: tomorrow's price from the last 60 days
====================================================

Many articles forecast a share price so: scale the prices to between 0 and 1, make windows of 60
days, stack two LSTM layers of 80 and 100 units with ``Dropout`` of 0.2, train, and draw the
forecast on top of the price. Here it is in five lines, with the learning curves and the comparison
that most articles leave out: persistence, the forecast that tomorrow's price is today's.

The price is simulated. It grows, so the last year leaves the range of the years before, and there
the network fails: it has never seen such numbers, although its learning curves look perfect.
``WindowScaledRegressor`` subtracts the last price from each window instead. Then the same network
is as good as persistence, and no better: the price is a random walk, which nobody can forecast.
Flat learning curves say so, while in the figure its forecast seems to follow the price closely. Run
it with ``python examples/stacked_lstm.py``: it prints the errors, and draws ``stacked_lstm.png``
beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skrnn import LSTMRegressor, PerStep, SlidingWindow, WindowScaledRegressor, make_horizon_target
from skrnn.plotting import LossCurveDisplay

WINDOW = 60  # days of trade
TEST = "2023"
PNG = Path(__file__).with_suffix(".png")


def simulate(seed=4):
    """The price of each day of trade in five years."""
    days = pd.date_range("2019", "2023-12-31", freq="B", name="day")
    returns = np.random.default_rng(seed).normal(0.0008, 0.012, len(days))
    return pd.DataFrame({"price": 100 * np.exp(returns.cumsum())}, days)


def make_network(**parameters):
    """Two LSTM layers, and dropout after each."""
    options = {"dropout": 0.2, "max_iter": 15, "early_stopping": True, "validation_split": "last"}
    return LSTMRegressor((80, 100), **options | {"random_state": 0} | parameters)


# %%
# As the articles do it, and with windows that are scaled one by one.


def make_models(**parameters):
    """Names and models of the windows."""
    network = make_network(**parameters)
    return {
        "LSTM on prices from 0 to 1": make_pipeline(PerStep(MinMaxScaler()), network),
        "LSTM on changes since the last day": WindowScaledRegressor(
            make_pipeline(PerStep(StandardScaler()), network), level="last", operation="subtract"
        ),
    }


def fit(models, windows, y):
    """The models, fitted to all days before the test."""
    before = (y.index < pd.Timestamp(TEST)).nonzero()[0][:-1]
    return {name: model.fit(windows[before], y.iloc[before]) for name, model in models.items()}


def predict(models, windows, X, y):
    """What each model forecasts for the day after each test day, beside what came."""
    test = (y.index >= TEST).nonzero()[0]
    table = pd.DataFrame({"price": y.iloc[test], "Persistence": X["price"].iloc[test]})
    return table.assign(**{name: model.predict(windows[test]) for name, model in models.items()})


def rmse(table):
    """The error of each forecast."""
    forecasts = table.drop(columns="price")
    return forecasts.apply(lambda column: root_mean_squared_error(table["price"], column))


def network_of(model):
    """The fitted network in a model."""
    return getattr(model, "regressor_", model)[-1]


def draw(models, X, table):
    """The forecasts of the test year, and the learning curves."""
    figure = Figure(figsize=(11, 7), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    prices, *curves = figure.subplot_mosaic("PP;AB", height_ratios=[3, 2]).values()
    prices.plot(X["price"]["2022-07":TEST], c="C7", lw=1, label="Price until then")
    prices.plot(table["price"], c="black", lw=1.2, label="Price of the next day")
    errors = rmse(table)
    for color, name in enumerate(models):
        prices.plot(table[name], c=f"C{color}", lw=1.2, label=f"{name}: RMSE {errors[name]:.1f}")
    prices.set(xmargin=0.01, ylabel="Price")
    prices.set_title(f"Forecasts of the next day; persistence: RMSE {errors['Persistence']:.1f}")
    prices.legend(frameon=False, loc="upper left", fontsize="small")
    for color, (ax, (name, model)) in enumerate(zip(curves, models.items(), strict=True)):
        LossCurveDisplay.from_estimator(
            network_of(model), ax=ax, c=f"C{color}", label="Training loss"
        )
        ax.set(title=name, ylim=(0, None))
    figure.savefig(PNG, dpi=120)


def main():
    """Fit until 2022, forecast each day of 2023, report."""
    X, y = make_horizon_target(simulate(), "price", 1)
    windows = SlidingWindow(WINDOW).fit_transform(X)
    models = fit(make_models(), windows, y)
    table = predict(models, windows, X, y)
    draw(models, X, table)
    print(network_of(models["LSTM on prices from 0 to 1"]).summary())
    print("\nRMSE of tomorrow's price in held-out 2023:\n")
    print(rmse(table).round(2).to_string(), f"The figure is in {PNG}", sep="\n\n")


if __name__ == "__main__":
    main()
