"""The data sets of the accuracy benchmark: how each is read, split, scored and predicted simply.

The training part is all that a model may see and all that its hyperparameters may be chosen by:
``folds`` are (fit, score) indices into it. The test part is for the final score alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import accuracy_score, mean_squared_error, root_mean_squared_error
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler

from skrnn import Sequences

PENALTIES = np.logspace(-2, 4, 7)  # that Ridge chooses from
MONTH, PAST, AHEAD = 30 * 24, 96, 24  # hours, of ETTh1


@dataclass
class Protocol:
    """One data set.

    Parameters
    ----------
    train, test : tuple (X, y)
    folds : list of tuple (fit, score) of index arrays
    metric : str
    score : callable
        ``score(y_true, prediction)``.
    best : callable
        ``max`` or ``min``: which of several scores is the best.
    baselines : dict
        The test score of simple models.
    """

    train: tuple[Any, np.ndarray]
    test: tuple[Any, np.ndarray]
    folds: list[tuple[np.ndarray, np.ndarray]]
    metric: str
    score: Callable[[np.ndarray, np.ndarray], float]
    best: Callable
    baselines: dict[str, float]


def japanese_vowels(data):
    """Which of nine men speaks: 270 and 370 utterances, 7 to 29 steps of 12 features."""

    def read(part):
        X, y = [], []
        for line in (data / f"JapaneseVowels_{part}.ts").read_text().splitlines():
            if line[:1] not in "#@":
                *channels, label = line.split(":")
                X.append(np.array([channel.split(",") for channel in channels], float).T)
                y.append(int(label))
        return X, np.array(y)

    def resampled(X, n_steps=15):
        at = np.linspace(0, 1, n_steps)
        return [np.ravel([np.interp(at, np.linspace(0, 1, len(x)), f) for f in x.T]) for x in X]

    (X_train, y_train), (X_test, y_test) = read("TRAIN"), read("TEST")
    scaler = StandardScaler().fit(np.concatenate(X_train))
    X_train, X_test = ([scaler.transform(x) for x in X] for X in (X_train, X_test))
    linear = LogisticRegression(max_iter=1000).fit(resampled(X_train), y_train)
    return Protocol(
        (X_train, y_train),
        (X_test, y_test),
        _stratified_folds(y_train),
        "accuracy",
        accuracy_score,
        max,
        {"Logistic regression on 15 resampled steps": linear.score(resampled(X_test), y_test)},
    )


def pen_digits(data):
    """Digits as eight points of a pen's path: 7,494 by 30 writers, 3,498 by 14 others."""

    def read(part):
        table = np.loadtxt(data / f"pendigits.{part}", delimiter=",")
        return table[:, :-1], table[:, -1].astype(int)

    (X_train, y_train), (X_test, y_test) = read("tra"), read("tes")
    scaler = StandardScaler().fit(X_train)
    X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    nearest = KNeighborsClassifier(1).fit(X_train, y_train)
    return Protocol(
        (X_train.reshape(-1, 8, 2), y_train),
        (X_test.reshape(-1, 8, 2), y_test),
        _stratified_folds(y_train)[:1],
        "accuracy",
        accuracy_score,
        max,
        {"1-nearest neighbour": nearest.score(X_test, y_test)},
    )


def beijing(data):
    """PM2.5 of the next hour from the last one: 8,760 hours train, 35,039 test."""
    n_train = 365 * 24
    hours = pd.read_csv(data / "pollution.csv").iloc[24:, 5:]
    hours["cbwd"] = LabelEncoder().fit_transform(hours["cbwd"])
    hours = hours.fillna({"pm2.5": 0}).to_numpy(float)
    X, y = MinMaxScaler().fit_transform(hours)[:-1], hours[1:, 0]
    (X_train, X_test), (y_train, y_test) = np.split(X, [n_train]), np.split(y, [n_train])
    linear = RidgeCV(PENALTIES).fit(X_train, y_train)
    return Protocol(
        (X_train[:, np.newaxis], y_train),
        (X_test[:, np.newaxis], y_test),
        list(TimeSeriesSplit(3).split(X_train)),
        "RMSE, µg/m³",
        root_mean_squared_error,
        min,
        {
            "Persistence": root_mean_squared_error(y_test, hours[n_train:-1, 0]),
            "Ridge": root_mean_squared_error(y_test, linear.predict(X_test)),
        },
    )


def etth1(data, columns, subtracted=False):
    """The next 24 hours of a transformer from the last 96, as Informer (Zhou et al. 2021).

    12, 4 and 4 months of 30 days, in units of the first 12 months' standard deviation. The
    training part has the windows of the first 12 months and then those of the next 4, by which to
    validate. y has the 24 hours of each column in turn.

    Parameters
    ----------
    data : Path
    columns : slice
        Of the file, whose first column is the time and whose last is the oil temperature.
    subtracted : bool
        Whether the last value of a window is subtracted from the window and from y. A forecast in
        this form has the same error. Otherwise windows are spans over the rows.
    """
    rows = pd.read_csv(data / "ETTh1.csv").iloc[: 20 * MONTH, columns].to_numpy()
    rows = StandardScaler().fit(rows[: 12 * MONTH]).transform(rows)
    first = [0, 12 * MONTH - PAST, 16 * MONTH - PAST]
    end = np.array([12, 16, 20]) * MONTH - PAST - AHEAD + 1
    train, validation, test = (np.arange(*span) for span in zip(first, end, strict=True))
    fit = np.concatenate([train, validation])
    futures = sliding_window_view(rows[PAST:], AHEAD, axis=0)  # by the first row of the window

    def windows(starts, subtracted=subtracted):
        X, y = Sequences(rows, starts, np.full(len(starts), PAST)), futures[starts]
        if subtracted:
            last = rows[starts + PAST - 1]
            X = np.asarray(X, np.float32) - last[:, np.newaxis]
            y = y - last[:, :, np.newaxis]
        return X, y.reshape(len(starts), -1)

    parts = train, validation, test
    baselines = _simple_forecasts(*(windows(starts, subtracted=False) for starts in parts))
    folds = [(np.arange(len(fit)), np.arange(len(train), len(fit)))]
    return Protocol(windows(fit), windows(test), folds, "MSE", mean_squared_error, min, baselines)


def _simple_forecasts(train, validation, test):
    """The mean squared errors of what any forecaster should beat, on windows and their futures.

    Ridge has for each column a model of its own, from the past of that column, with a penalty
    chosen by the validation part; and the same with the last value subtracted on both sides.
    """
    n_columns = test[0].shape[2]
    pasts, futures = zip(
        *((np.asarray(X), y.reshape(-1, n_columns, AHEAD)) for X, y in (train, validation, test)),
        strict=True,
    )
    persistence, day = pasts[-1][:, -1:], pasts[-1][:, -AHEAD:]
    scores = {
        "Persistence": np.mean((futures[-1] - persistence.transpose(0, 2, 1)) ** 2),
        "Same hour of the last day": np.mean((futures[-1] - day.transpose(0, 2, 1)) ** 2),
    }
    for name, subtracted in (("Ridge", 0), ("Ridge, last value subtracted", 1)):
        errors = []
        for c in range(n_columns):
            last = [subtracted * past[:, -1:, c] for past in pasts]
            X = [past[:, :, c] - value for past, value in zip(pasts, last, strict=True)]
            y = [future[:, c] - value for future, value in zip(futures, last, strict=True)]
            errors.append(_ridge(*zip(X, y, strict=True)))
        scores[name] = np.mean(errors)
    return scores


def _ridge(train, validation, test):
    """The test error of a ridge regression whose penalty is chosen by the validation part."""
    (X_train, y_train), (X_validation, y_validation), (X_test, y_test) = (
        (np.asarray(X).reshape(len(y), -1), y) for X, y in (train, validation, test)
    )
    models = [Ridge(penalty).fit(X_train, y_train) for penalty in PENALTIES]
    best = min(models, key=lambda m: mean_squared_error(y_validation, m.predict(X_validation)))
    return mean_squared_error(y_test, best.predict(X_test))


def _stratified_folds(y):
    return list(StratifiedKFold(5, shuffle=True, random_state=0).split(y, y))
