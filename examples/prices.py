"""Direction of prices: many stocks at once
========================================

Up or down: the direction of prices a week of trade ahead, for many stocks at once.

The table has a row for each day of trade and stock, five years of them, without weekends and
holidays; two stocks are listed later than the others. The prices are simulated: returns drift with
a mood that lasts for weeks, under noise that is small in calm days and large in wild ones, so a
model has to learn which days to believe.

``make_horizon_target`` looks five days of trade ahead, ``SlidingWindow`` makes windows of 60 days
of trade that reach across the holidays, and ``PanelTimeSeriesSplit`` cuts all stocks at the same
days. A GRU on the returns is compared with logistic regression on the same windows, and with
momentum: what rose in the last 20 days rises further. In the mean of four half years the GRU is
right in 60 % of the cases, the others in 56 %. Run it with ``python examples/prices.py``: it prints
the accuracies, and draws ``prices.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pandas.tseries.holiday import USFederalHolidayCalendar
from pandas.tseries.offsets import CustomBusinessDay
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import (
    GRUClassifier,
    PanelTimeSeriesSplit,
    PerStep,
    SlidingWindow,
    make_horizon_target,
    pad_sequences,
)

HORIZON, WINDOW = 5, 60  # days of trade
KEYS = {"group": "stock", "time": "day"}
PNG = Path(__file__).with_suffix(".png")


def simulate(n_stocks=8, seed=0):
    """Prices by day and stock; the last two stocks are listed in the third year."""
    trade = CustomBusinessDay(calendar=USFederalHolidayCalendar())
    days = pd.date_range("2019", "2023-12-31", freq=trade)
    shape = len(days), n_stocks
    rng = np.random.default_rng(seed)
    mood = rng.normal(0, 0.001, shape)
    for day in range(1, len(days)):
        mood[day] += 0.97 * mood[day - 1]
    is_wild = (rng.uniform(size=shape) < 0.1).cumsum(axis=0) % 2  # for ten days on average
    returns = mood + rng.normal(0, np.where(is_wild, 0.03, 0.006))
    prices = pd.DataFrame(100 * np.exp(returns.cumsum(axis=0)), days, range(n_stocks))
    prices.loc[:"2021", n_stocks - 2 :] = np.nan
    table = prices.rename_axis(index="day", columns="stock").stack().dropna().rename("price")
    table = table.reset_index()
    of_stock = table.groupby("stock")["price"]
    return table.assign(change=(of_stock.diff() / of_stock.shift()).fillna(0))


def load():
    """Windows of the returns of each day, whether the price is higher in five days, the days."""
    X, later = make_horizon_target(simulate(), "price", HORIZON, **KEYS)
    windows = SlidingWindow(WINDOW, **KEYS).fit_transform(X.drop(columns="price"))
    return windows, later > X["price"], X["day"]


class Momentum(ClassifierMixin, BaseEstimator):
    """What rose in the last steps rises further."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.array([window[-20:].sum() > 0 for window in X])


def as_columns(windows):
    """A column for each day; no return is 0."""
    return pad_sequences(windows, WINDOW, value=0).reshape(len(windows), -1)


def make_models():
    """Names and models of the windows."""
    gru = GRUClassifier(8, max_iter=8, random_state=0)
    regression = LogisticRegression(C=0.01)
    scaler = PerStep(StandardScaler())
    return {
        "GRU": make_pipeline(scaler, gru),
        "Logistic regression": make_pipeline(scaler, FunctionTransformer(as_columns), regression),
        "Momentum": Momentum(),
    }


def compare(windows, rises, days, n_splits=4):
    """The accuracy of each model in each fold, half a year of all stocks."""
    cv = PanelTimeSeriesSplit(n_splits, gap=HORIZON, test_size=pd.Timedelta("182D"))
    folds = [days.iloc[test].min().strftime("%b %Y") for _, test in cv.split(windows, groups=days)]
    return pd.DataFrame(
        {
            name: cross_val_score(model, windows, rises, groups=days, cv=cv)
            for name, model in make_models().items()
        },
        index=folds,
    )


def draw(accuracy):
    """The accuracy in each fold."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    accuracy.plot.bar(ax=axes, rot=0, color=["C0", "C2", "C7"], width=0.75)
    axes.axhline(0.5, c="black", lw=1)
    axes.set(xlabel="The half year that begins in", ylabel="Accuracy", ylim=(0.45, None))
    axes.set_title(f"Does the price rise in {HORIZON} days of trade?")
    axes.legend(frameon=False, ncols=3)
    figure.savefig(PNG, dpi=120)


def main():
    """Compare the models in the last two years, report."""
    windows, rises, days = load()
    full = np.mean(windows.lengths == WINDOW)
    print(f"{len(windows)} windows of {days.nunique()} days of trade, {full:.1%} of them full.")
    accuracy = compare(windows, rises, days)
    draw(accuracy)
    print("\nAccuracy by half year:\n")
    print(
        accuracy.round(3).to_string(), f"Mean:\n{accuracy.mean().round(3).to_string()}", sep="\n\n"
    )
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
