"""A panel of shops: one model for all, with the offers that are planned
=====================================================================

Thirty shops, from a kiosk to a department store, have a row for each day: what they sold, and
whether there was a special offer. Offers are planned, so they are known for the days to come. Each
shop has a week of its own: offices around it, or holiday flats.

One model learns from all shops at once. ``SlidingWindow(group=..., time=...)`` makes windows of
four weeks that do not cross from shop to shop; ``WindowScaledRegressor`` divides each window by its
own level, so that kiosk and department store look alike; ``make_horizon_target(..., known=...)``
gives the model the offers of the next 14 days. Beside it stand the same model without the planned
offers, Ridge on the same windows, and the sales of the same weekday of the last week. At the end
``forecast`` predicts the next two weeks of every shop. Run it with ``python examples/shops.py``: it
prints the errors, and draws ``shops.png`` beside this script.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import (
    GRURegressor,
    PerStep,
    SlidingWindow,
    WindowScaledRegressor,
    forecast,
    make_horizon_target,
    pad_sequences,
)

KEYS = {"group": "shop", "time": "day"}
WINDOW, HORIZON = 28, range(1, 15)  # days
TEST = "2023-10-01"
PNG = Path(__file__).with_suffix(".png")


def simulate(n_shops=30, start="2023-01-01", end="2024-01-14", today="2023-12-31", seed=0):
    """Sales and offers by day and shop; of the days to come only the offers."""
    days = pd.date_range(start, end)
    rng = np.random.default_rng(seed)
    tables = []
    for shop in range(n_shops):
        level = 10 ** rng.uniform(1.5, 4)
        week = np.exp(rng.normal(0, 0.35, 7))[days.day_of_week]
        begins = rng.uniform(size=len(days)) < 0.06
        offer = pd.Series(begins.astype(float)).rolling(3, min_periods=1).max().to_numpy()
        drift = np.exp(rng.normal(0, 0.01, len(days)).cumsum())
        sales = level * week * drift * (1 + 0.6 * offer) * np.exp(rng.normal(0, 0.08, len(days)))
        columns = {"shop": f"shop {shop:02}", "day": days, "sales": sales, "offer": offer}
        tables.append(pd.DataFrame(columns))
    table = pd.concat(tables, ignore_index=True)
    table["sales"] = table["sales"].where(table["day"] <= today)
    return table


# %%
# A model is a Pipeline from the rows of all shops to their next 14 days.


def as_columns(windows):
    """A column for each number of a window; what is before the start is zero."""
    return pad_sequences(windows, WINDOW, value=0).reshape(len(windows), -1)


def make_model(regressor):
    """Windows of each shop, divided by their level, into a regressor."""
    scaled = make_pipeline(PerStep(StandardScaler()), regressor)
    windows = SlidingWindow(WINDOW, **KEYS)
    return make_pipeline(windows, WindowScaledRegressor(scaled, feature=0))


def make_models(**parameters):
    """Names, models, and the columns that they know beforehand."""
    network = GRURegressor(32, **{"max_iter": 20, "random_state": 0} | parameters)
    ridge = make_pipeline(FunctionTransformer(as_columns), Ridge())
    return {
        "GRU, offers known": (make_model(network), ["offer"]),
        "GRU": (make_model(network), None),
        "Ridge, offers known": (make_model(ridge), ["offer"]),
    }


def split(table, known):
    """Rows and targets, and which of them are in the test; none in between is in both."""
    X, y = make_horizon_target(table, "sales", HORIZON, known=known, **KEYS)
    day = X["day"]
    before = day < pd.Timestamp(TEST) - pd.Timedelta(days=max(HORIZON))
    return X, y, before.to_numpy(), (day >= TEST).to_numpy()


def relative_error(y, predicted, shop):
    """The mean absolute error of each shop, as a share of its mean sales."""
    error = np.abs(np.asarray(y) - predicted).mean(axis=1)
    by_shop = pd.DataFrame({"error": error, "sales": y.mean(axis=1).to_numpy()})
    means = by_shop.groupby(np.asarray(shop)).mean()
    return means["error"] / means["sales"]


def compare(table, models):
    """The error of each shop by each model, in the last months; the models are fitted."""
    errors = {}
    for name, (model, known) in models.items():
        X, y, train, test = split(table, known)
        model.fit(X[train], y[train])
        predicted = model.predict(X)[test]  # all rows, so that the first windows are full
        errors[name] = relative_error(y[test], predicted, X["shop"][test])
    sales = table.pivot(index="day", columns="shop", values="sales")
    week = [sales.shift(6 - (step - 1) % 7) for step in HORIZON]  # the same weekday, until today
    last = np.stack([part.stack(future_stack=True) for part in week], axis=1)
    place = pd.MultiIndex.from_arrays([sales.index.repeat(sales.shape[1]), [*sales] * len(sales)])
    last = pd.DataFrame(last, place).loc[pd.MultiIndex.from_frame(X.loc[test, ["day", "shop"]])]
    errors["Last week"] = relative_error(y[test], last.to_numpy(), X["shop"][test])
    return pd.DataFrame(errors)


def draw(table, newest, errors):
    """Three shops of different size and their next two weeks; the errors of all shops."""
    figure = Figure(figsize=(11, 7), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    panels = figure.subplot_mosaic("AD;BD;CD", width_ratios=[2, 1])
    axes, boxes = [panels[key] for key in "ABC"], panels["D"]
    half_a_day = pd.Timedelta("12h")
    size = table.groupby("shop")["sales"].mean().sort_values()
    for ax, shop in zip(axes, size.index[[0, len(size) // 2, -1]], strict=True):
        past = table[table["shop"] == shop].set_index("day")[-70:]
        ax.plot(past["sales"], c="black", lw=1.2, label="Sales")
        ax.plot(newest[newest["shop"] == shop].set_index("day")["sales"], c="C0", lw=2,
                label="Forecast")  # fmt: skip
        for day in past.index[past["offer"] > 0]:
            ax.axvspan(day - half_a_day, day + half_a_day, fc="C1", alpha=0.2)
        ax.set(xmargin=0.01, ylim=(0, None), ylabel=shop.capitalize())
        ax.xaxis.set_major_formatter(DateFormatter("%d %b"))
    axes[0].set_title("A small shop, a middling one, a large one; offers are shaded")
    axes[0].legend(frameon=False, ncols=2)
    names = errors.mean().sort_values().index
    boxes.boxplot([errors[name] for name in names], widths=0.6)
    boxes.set_xticklabels([name.replace(", ", ",\n") for name in names], fontsize=8)
    boxes.set(ylim=(0, None), title="Error by shop, as a share of sales")
    figure.savefig(PNG, dpi=120)


def main():
    """Compare on the last three months, forecast the next two weeks, report."""
    table = simulate()
    models = make_models()
    errors = compare(table, models)
    model, known = models["GRU, offers known"]
    newest = forecast(model, table, "sales", HORIZON, known=known, **KEYS)
    draw(table, newest, errors)
    print("Mean absolute error in the last three months, as a share of sales, mean of shops:\n")
    print(errors.mean().sort_values().map("{:.1%}".format).to_string())
    print("\nThe next days of one shop:\n")
    print(newest[:3].round({"sales": 0}).to_string(index=False))
    print(f"\nThe figure is in {PNG}")


if __name__ == "__main__":
    main()
