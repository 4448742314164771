"""The stories in ``examples/`` on less data: what they claim holds, and their figures are drawn."""

import importlib.util
import re
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import TimeSeriesSplit

from skrnn import from_long

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def story(request, tmp_path, monkeypatch):
    """A script as a module that draws into a folder of the test's own."""
    path = EXAMPLES / f"{request.param}.py"
    spec = importlib.util.spec_from_file_location(f"story_{request.param}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert path.with_suffix(".png") == module.PNG
    monkeypatch.setattr(module, "PNG", tmp_path / "figure.png")
    return module


def of(*names):
    return pytest.mark.parametrize("story", names, indirect=True)


def assert_drawn(path):
    assert path.read_bytes().startswith(b"\x89PNG")


@of("forecast", "features")
def test_the_target_is_the_value_six_hours_later(story):
    X, y, measured = story.load()
    pm25 = story.load_beijing_pm25(as_frame=True).target
    later = X.index + pd.Timedelta(hours=6)
    np.testing.assert_array_equal(y, pm25.ffill()[later])
    if measured.dtype == bool:  # else the values themselves
        measured = y.where(measured)
    np.testing.assert_array_equal(measured, pm25[later])


@of("forecast")
def test_forecast(story):
    X, y, measured = (series["2012":] for series in story.load())
    y_test = y["2014":]
    windows = story.SlidingWindow(story.WINDOW).fit_transform(X)
    search = story.make_search(measured).set_params(
        param_grid={
            "network__cell": ["gru"], "network__hidden_layer_sizes": [16],
            "last_hours__kw_args": [{"maxlen": 12}],
        },
        cv=TimeSeriesSplit(2, gap=story.HORIZON),
        n_jobs=1,
    )  # fmt: skip
    (X_train, X_test), (y_train, _) = (story.split(part, y_test) for part in (windows, y))
    assert set(X_test.lengths) == {story.WINDOW}
    table = story.tabulate(search.fit(X_train, y_train))
    assert table["window"].tolist() == [12]
    forecasts = story.forecast(search, windows, y, y_test, X["pm25"])
    errors = forecasts.apply(lambda column: story.rmse(y_test, column, measured))
    assert errors["GRU"] < 0.9 * errors["Persistence"]
    assert errors["Ridge"] < 0.9 * errors["Persistence"]
    story.draw(table, y_test.where(measured), forecasts, errors)
    assert_drawn(story.PNG)


@of("panel")
def test_panel(story):
    train, test, speaker = story.load()
    assert set(train["utterance"]).isdisjoint(test["utterance"])
    train = train[train["utterance"] % 2 == 0]
    whole = story.fit_utterances(train, speaker)
    search = story.search_rows(train, speaker, [6])
    accuracy = story.compare(whole, search, test, speaker)

    X, ids = from_long(test, id="utterance", time="step")
    score = whole.score(X, speaker.loc[ids])
    assert accuracy["utterances"].iloc[-1] == score
    assert score > 0.95
    most_frequent = speaker.loc[ids].value_counts(normalize=True).max()
    assert accuracy["utterances"].iloc[0] > most_frequent
    assert accuracy["rows"].iloc[0] > 0.85
    story.draw(search, accuracy, score)
    assert_drawn(story.PNG)

    heard = test["step"] < 4  # what comes later changes no earlier label
    np.testing.assert_array_equal(search.predict(test)[heard], search.predict(test[heard]))


@of("panel")
def test_accuracy_by_frame(story):
    table = pd.DataFrame({"utterance": [7, 8, 7, 8, 8], "step": [0, 0, 1, 1, 2]})
    speaker = pd.Series({7: 1, 8: 2})
    accuracy = story.by_frame(table, speaker, np.array([1, 1, 3, 1, 2]))
    assert accuracy.to_dict() == {1: 0.5, 2: 0.0, 3: 0.5}  # 7 ends after two, wrong


@of("features")
def test_features(story, monkeypatch):
    few_trees = partial(story.HistGradientBoostingRegressor, max_iter=10)
    monkeypatch.setattr(story, "HistGradientBoostingRegressor", few_trees)
    results = story.compare(*(part["2012":] for part in story.load()), "2014", seeds=[0])
    error = results.set_index("model")["rmse"]
    assert error["GRU alone"] < 0.9 * error["Persistence"]
    assert error["Ridge on hidden state"] < 0.9 * error["Persistence"]
    story.draw(results)
    assert_drawn(story.PNG)


@of("features")
def test_columns(story):
    X, y, _ = (part[:500] for part in story.load())
    n_columns = {
        name: model[0].fit_transform(X, y).shape[1]
        for name, model in story.make_models([0])
        if name.startswith("Ridge")
    }
    assert n_columns == {"Ridge on lag columns": 24 * 13 + 3, "Ridge on hidden state": 16 + 3}


@of("prices")
def test_prices(story):
    table = story.simulate()
    windows, rises, days = story.load()
    assert len(windows) == len(table) - 8 * story.HORIZON
    assert (windows.lengths < story.WINDOW).sum() == 8 * (story.WINDOW - 1)  # each begins once
    later = table.groupby("stock")["price"].shift(-story.HORIZON)
    expected = (later > table["price"])[later.notna()]
    np.testing.assert_array_equal(rises, expected)
    accuracy = story.compare(windows, rises, days, n_splits=2)
    assert accuracy["GRU"].mean() > accuracy["Momentum"].mean() > 0.5
    story.draw(accuracy)
    assert_drawn(story.PNG)


@of("fan_chart")
def test_fan_chart(story, monkeypatch):
    monkeypatch.setattr(story, "TEST", "2023-10-01")
    frame = story.simulate("2023-04-01")
    true = frame["load"][-24:].copy()
    frame.loc[true.index, "load"] = np.nan
    tables = {}
    for known in (["workday"], None):
        X, y = story.make_horizon_target(frame, "load", story.HORIZON, known=known)
        assert len(X) == len(frame) - 48
        model = story.fit(X, y)
        tables[str(known)] = table = story.tomorrows(model, X, y)
        np.testing.assert_array_equal(table["load"], frame["load"][table.index])
        assert table.index.equals(frame["2023-10-02":].index[:-24])
        newest = story.from_now_on(model, frame, known)
        assert newest.index.equals(true.index)
    with_calendar, without = map(story.pinball, tables.values())
    assert with_calendar < 0.9 * without
    below = story.coverage(tables["['workday']"])
    assert 0.65 < below[0.9] - below[0.1] < 0.92
    story.draw(tables, newest)
    assert_drawn(story.PNG)


@of("hello")
def test_hello(story, capsys):
    story.draw(story.hello(), story.abcde())
    printed = capsys.readouterr().out.split("\n")
    assert printed == [
        "hell -> ello", "abcd -> e", "bcde -> a", "cdea -> b", "deab -> c", "eabc -> d", ""
    ]  # fmt: skip
    assert_drawn(story.PNG)


@of("characters")
def test_characters(story):
    train, held_out = story.load()
    assert set(held_out) <= set(train)
    X, y = story.streams(train, 7)
    assert len(set(map(len, X + y))) == 1
    assert train.startswith("".join(X))
    assert train[1:].startswith("".join(map("".join, y)))

    model = story.fit(train[:20_000], train[20_000:21_000], max_iter=3)
    passage = train[500:700]
    chance = story.likelihood(model, passage)
    assert len(chance) == 199
    for k in (1, 50, 199):
        proba = model.predict_proba([passage[:k]])[0][-1]
        assert proba[model.classes_ == passage[k]] == chance[k - 1]
    story.draw(model, passage)
    assert_drawn(story.PNG)


@of("activities")
def test_activities(story):
    table, activity = story.make_table(n_people=8, n_seconds=60, seed=0)
    assert table[story.WHEN].is_monotonic_increasing
    proba = story.label(story.make_classifier(max_iter=50), table, activity, n_folds=2)
    assert proba.shape == (8 * 600, 3)
    found = np.array(story.ACTIVITIES)[proba.argmax(axis=1)]
    of_single_rows = story.label_single_rows(table, activity, n_folds=2)
    assert np.mean(found == activity) > np.mean(of_single_rows == activity) + 0.1
    story.draw(table, activity, proba, "person 2")
    assert_drawn(story.PNG)


@of("shops")
def test_shops(story):
    table = story.simulate(n_shops=6, start="2023-05-01")
    ahead = table["sales"].isna()
    assert table["day"][ahead].min() == pd.Timestamp("2024-01-01")
    models = story.make_models(max_iter=30)
    errors = story.compare(table, models)
    assert len(errors) == 6
    error = errors.mean()
    assert error["GRU, offers known"] < 0.9 * error["GRU"]
    assert error["Ridge, offers known"] < 0.8 * error["Last week"]
    model, known = models["GRU, offers known"]
    newest = story.forecast(model, table, "sales", story.HORIZON, known=known, **story.KEYS)
    assert newest[["shop", "day"]].equals(table[ahead][["shop", "day"]].reset_index(drop=True))
    story.draw(table, newest, errors)
    assert_drawn(story.PNG)


@of("shops")
def test_the_same_weekday_of_the_last_week(story):
    table = story.simulate(n_shops=2, start="2023-05-01")
    day_of_week = table["day"].dt.day_of_week
    known = table["sales"].notna()
    table["sales"] = np.where(known, 1.0 + day_of_week, np.nan)  # the same each week
    assert (
        story.compare(table, {"GRU": story.make_models(max_iter=1)["GRU"]})["Last week"] == 0
    ).all()


@of("stacked_lstm")
def test_stacked_lstm(story, monkeypatch):
    monkeypatch.setattr(story, "TEST", "2019-10-01")
    X, y = story.make_horizon_target(story.simulate()[:"2019"], "price", 1)
    windows = story.SlidingWindow(10).fit_transform(X)
    models = story.make_models(max_iter=5)
    for model in models.values():
        assert model.get_params()[next(k for k in model.get_params() if k.endswith("sizes"))] == (
            80,
            100,
        )
    table = story.predict(story.fit(models, windows, y), windows, X, y)
    np.testing.assert_array_equal(table["price"][:-1], X["price"][table.index[1:]])
    errors = story.rmse(table)
    assert errors["LSTM on changes since the last day"] < 1.1 * errors["Persistence"]
    story.draw(models, X, table)
    assert_drawn(story.PNG)


@of("utterances")
def test_utterances(story):
    X, y, X_test, y_test = story.load()
    np.testing.assert_allclose(story.means(X)[3], np.mean(X[3], axis=0))
    accuracy, models = story.compare(X, y, X_test, y_test, seeds=[0])
    assert accuracy.to_numpy().min() > 0.9
    story.draw(accuracy, models["GRU"], X_test, y_test)
    assert_drawn(story.PNG)


@of("sensors")
def test_sensors(story):
    fails_at = 2 * story.DAY
    rows = story.simulate(fails_at + 300, fails_at)
    past, today = rows[:, :fails_at], rows[:, fails_at:]
    model = story.fit(past, max_iter=20)
    forecast, _ = story.push(model, past, today)
    whole = np.stack(model.predict(rows))[:, fails_at:]
    np.testing.assert_array_equal(forecast, whole)  # as if all had been read in one go
    limit = story.smooth_error(np.stack(model.predict(past)), past).max()
    error = story.smooth_error(forecast, today)
    alarms = story.first_alarm(error, 1.5 * limit)
    assert [k for k, alarm in enumerate(alarms) if alarm] == [story.FAILING]
    story.draw(today, error, limit, alarms, past[..., 1].max(), 0)
    assert_drawn(story.PNG)


@of("vanishing_gradients")
def test_vanishing_gradients(story, monkeypatch):
    monkeypatch.setattr(story, "SEEDS", [0])
    by_cell = {cell: story.flows(cell, n_timesteps=40, seeds=[0]) for cell in story.CELLS}
    shares = story.tabulate(by_cell, 30)
    assert (shares.loc["pytorch"] < 1e-4).all()
    assert shares.loc["identity", "RNN"] > 0.9
    assert (shares.loc["glorot, chrono", ["GRU", "LSTM"]] > 0.01).all()
    story.draw(by_cell)


@of("dates")
def test_dates(story):
    table = story.make_dates(2500, seed=0)
    assert table["text"].is_unique
    assert set(table["form"]) == {*story.FORMS}
    for text, iso, form in table.itertuples(index=False):
        plain = re.sub(r"(?<=\d)(st|nd|rd|th)", "", text)
        read = datetime.strptime(plain, form.format(d="%d", m="%m", th="%d"))
        assert read.date().isoformat() == iso
    assert [story.ordinal(day) for day in (1, 2, 3, 4, 11, 12, 13, 21, 30, 31)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "30th", "31st"
    ]  # fmt: skip

    train, test = table[:2000], table[2000:]
    model = story.fit(train, max_iter=6)
    written = model.predict(test["text"])
    assert story.token_error_rate(test["iso"], written) < 0.05
    right = story.tabulate(test, written)
    assert right["dates"].sum() == 500
    assert (right["dates"] * right["right"]).sum() == pytest.approx(np.sum(written == test["iso"]))
    story.draw(model)
    assert_drawn(story.PNG)


@of("addition")
def test_addition(story):
    X, y = story.make_questions(2500, 2, seed=0)
    pairs = [tuple(sorted(map(int, question.split("+")))) for question in X]
    assert len(set(pairs)) == 2500
    assert [str(a + b) for a, b in pairs] == y.tolist()
    small = {"hidden_layer_sizes": 32, "embedding_dim": 16, "batch_size": 32, "cell": "gru"}
    model = story.fit(X[:2000], y[:2000], X[2000:], y[2000:], max_iter=15, **small)
    best = max(model.validation_scores_)
    assert model.score(X[2000:], y[2000:]) == best > 0.08  # by chance it would be a hundredth
    story.draw(model)
    assert_drawn(story.PNG)


@of("captions")
def test_captions(story):
    row = {"temperature": -3, "wind": 20, "rain": 9, "clouds": 100, "hour": 23}
    assert story.sentence(row) == "a freezing and stormy night with heavy snow"
    row = {"temperature": 20, "wind": 1, "rain": 0, "clouds": 5, "hour": 6}
    assert story.sentence(row) == "a warm morning with a clear sky"
    table, sentences = story.make_weather(2500, seed=0)
    model = story.fit(table[:2000], sentences[:2000], max_iter=15)
    written = model.predict(table[2000:])
    assert story.token_error_rate(sentences[2000:], written, separator=" ") < 0.15
    story.draw(model)
    assert_drawn(story.PNG)
