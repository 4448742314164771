"""The data sets of the defaults study: real ones, read from a folder, and generated ones.

They are many and of many kinds, and small, so that each can be fitted often: 200 epochs of a GRU
with 100 units take at most about 12 seconds on one thread. Defaults are chosen by splits of the
training parts alone; the test parts are for the final figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.preprocessing import LabelEncoder, StandardScaler

MONTH = 30 * 24  # hours
LANGUAGES = "dut", "fre", "hun", "lit", "vie"  # codespell:ignore vie


@dataclass
class Task:
    """One data set, not yet scaled.

    Parameters
    ----------
    is_classifier : bool
    X, X_test : list of arrays (T_i, d), or array (n, T, d)
    y, y_test : array (n,) or (n, n_outputs)
    unit : array (n,), optional
        What each sequence of the training part was taken from, if several are from the same: units
        are held out as a whole.
    gap : int, optional
        If the training part is windows of one series in order of time: how many sequences lie
        between two that share no step, in their windows or targets. The last are held out.
    """

    is_classifier: bool
    X: Any
    y: np.ndarray
    X_test: Any
    y_test: np.ndarray
    unit: np.ndarray | None = None
    gap: int | None = None

    def split(self, seed):
        """Indices into the training part to fit by and to score by, different for each seed.

        A random third is held out. Of windows of one series the last quarter is, for every seed.
        """
        if self.gap is not None:
            return self.hold_out(1 / 4, seed, self.gap)
        return self.hold_out(1 / 3, seed)

    def hold_out(self, share, seed, gap=0):
        """Indices of what is left and of a share, the last ``gap`` of the former left out.

        The share is the last if the sequences are in order of time, else random, of whole units.
        """
        n = len(self.y)
        if self.gap is not None:
            first = n - int(n * share)
            return np.arange(first - gap), np.arange(first, n)
        if self.unit is not None:
            splitter = GroupShuffleSplit
        else:
            splitter = StratifiedShuffleSplit if self.is_classifier else ShuffleSplit
        parts = splitter(1, test_size=share, random_state=seed)
        return next(parts.split(np.zeros((n, 1)), self.y, self.unit))

    def error(self, y_true, prediction):
        """The share of wrong classes, or the RMSE in standard deviations of the training y."""
        if self.is_classifier:
            return float(np.mean(y_true != prediction))
        return float(np.sqrt(np.mean((y_true - prediction) ** 2 / self.y.var(axis=0))))


def take(X, index):
    """The sequences at ``index``."""
    return X[index] if isinstance(X, np.ndarray) else [X[i] for i in index]


def scaled(fit, *others):
    """All parts with the features of ``fit`` standardised; those of only 0 and 1 are left alone."""
    rows = np.concatenate(list(fit))
    scaler = StandardScaler().fit(rows)
    is_binary = np.all((rows == 0) | (rows == 1), axis=0)
    mean = np.where(is_binary, 0, scaler.mean_)
    scale = np.where(is_binary, 1, scaler.scale_)

    def transform(X):
        if isinstance(X, np.ndarray):
            return (X - mean) / scale
        return [(x - mean) / scale for x in X]

    return [transform(X) for X in (fit, *others)]


def read_ts(path):
    """Sequences (T_i, d) and labels, as text, of a .ts file; steps that only pad are cut off."""
    X, labels = [], []
    for line in path.read_text().splitlines():
        if line and line[0] not in "#@":
            *channels, label = line.split(":")
            x = np.array([c.replace("?", "nan").split(",") for c in channels], float).T
            n_steps = np.flatnonzero(~np.isnan(x).all(axis=1))[-1] + 1
            X.append(x[:n_steps])
            labels.append(label)
    return X, np.array(labels)


def windows(series, starts, n_steps):
    """Windows (n, n_steps, d) of a series (n_rows, d)."""
    return series[starts[:, np.newaxis] + np.arange(n_steps)]


def japanese_vowels(data):
    """Which of nine men speaks: 270 + 370 utterances, 7 to 29 steps of 12 features."""
    parts = (read_ts(data / f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST"))
    return Task(True, *next(parts), *next(parts))


def pen_digits(data, n=1500):
    """Digits as eight points of a pen's path: 1,500 + 1,500."""
    rng = np.random.default_rng(0)

    def read(part):
        table = np.loadtxt(data / f"pendigits.{part}", delimiter=",")
        table = table[rng.permutation(len(table))[:n]]
        return table[:, :-1].reshape(-1, 8, 2), table[:, -1].astype(int)

    return Task(True, *read("tra"), *read("tes"))


def ucr(name, is_classifier=True):
    """A loader of one of the small sets of the UCR/UEA archive, in its official split."""

    def load(data):
        (X, y), (X_test, y_test) = (
            read_ts(data / "ucr" / f"{name}_{part}.ts") for part in ("TRAIN", "TEST")
        )
        if not is_classifier:
            y, y_test = y.astype(float), y_test.astype(float)
        return Task(is_classifier, X, y, X_test, y_test)

    return load


def languages(data, n=300):
    """Which of five languages a word is, from its letters, one-hot: 1,500 + 1,500 words."""
    rng = np.random.default_rng(0)

    def read(part):
        words, y = [], []
        for language in LANGUAGES:
            lines = (data / "g2p" / f"{language}_{part}.tsv").read_text("utf-8").splitlines()
            chosen = rng.choice(len(lines), n, replace=False)
            words += [lines[i].split("\t")[0].lower() for i in chosen]
            y += [language] * n
        return words, np.array(y)

    def one_hot(words):  # a letter that no word for training has is all zeros
        return [(np.array(list(word))[:, np.newaxis] == letters).astype(float) for word in words]

    (words, y), (words_test, y_test) = read("train"), read("test")
    letters = np.unique(list("".join(words)))
    return Task(True, one_hot(words), y, one_hot(words_test), y_test)


def beijing(data, n_steps=24, ahead=6, every=7, n_test=3000):
    """PM2.5 six hours ahead from 24 hours of 8 columns, of the first year; later ones to test."""
    hours = pd.read_csv(data / "pollution.csv").iloc[24:, 5:]
    hours["cbwd"] = LabelEncoder().fit_transform(hours["cbwd"])
    hours = hours.fillna({"pm2.5": 0}).to_numpy(float)
    year, span = 365 * 24, n_steps + ahead
    train = np.arange(0, year - span + 1, every)
    test = np.linspace(year, len(hours) - span, n_test).astype(int)
    X, X_test = (windows(hours, starts, n_steps) for starts in (train, test))
    y, y_test = (hours[starts + span - 1, 0] for starts in (train, test))
    return Task(False, X, y, X_test, y_test, gap=-(-span // every))


def _ett_starts(n_steps, ahead, every):
    """The first rows of the windows of the first 16 months, and of those that forecast 4 more."""
    train = np.arange(0, 16 * MONTH - n_steps - ahead + 1, every)
    test = np.arange(16 * MONTH - n_steps, 20 * MONTH - n_steps - ahead + 1, 2)
    return train, test


def etth1(data, n_steps=96, ahead=24, every=31):
    """The next 24 hours of the oil temperature of a transformer from its last 96."""
    rows = pd.read_csv(data / "ETTh1.csv").iloc[:, -1:].to_numpy(float)
    train, test = _ett_starts(n_steps, ahead, every)
    X, X_test = (windows(rows, starts, n_steps) for starts in (train, test))
    y, y_test = (windows(rows, starts + n_steps, ahead)[:, :, 0] for starts in (train, test))
    return Task(False, X, y, X_test, y_test, gap=-(-(n_steps + ahead) // every))


def etth2(data, n_steps=48, ahead=12, every=17):
    """The oil temperature of a transformer 12 hours ahead from 48 hours of seven columns."""
    rows = pd.read_csv(data / "ETTh2.csv").iloc[:, 1:].to_numpy(float)
    train, test = _ett_starts(n_steps, ahead, every)
    X, X_test = (windows(rows, starts, n_steps) for starts in (train, test))
    y, y_test = (rows[starts + n_steps + ahead - 1, -1] for starts in (train, test))
    return Task(False, X, y, X_test, y_test, gap=-(-(n_steps + ahead) // every))


def airline(data, n_steps=24, n_test=36):
    """The change of a month, in logarithms, from the last 24: 83 + 36 windows."""
    passengers = pd.read_csv(data / "airline-passengers.csv")["Passengers"].to_numpy(float)
    change = np.diff(np.log(passengers))[:, np.newaxis]
    starts = np.arange(len(change) - n_steps)
    X, y = windows(change, starts, n_steps), change[starts + n_steps, 0]
    cut = len(y) - n_test
    return Task(False, X[:cut], y[:cut], X[cut:], y[cut:], gap=n_steps + 1)


def m4_hourly(data, n_steps=48, n_series=100, n_each=8):
    """The next hour of many series from 48, both in units of their mean: 800 + 800 windows."""
    rng = np.random.default_rng(0)
    table = pd.read_csv(data / "M4_Hourly_train.csv").iloc[:, 1:].to_numpy(float)
    chosen = rng.choice(len(table), (2, n_series), replace=False)

    def part(chosen):
        spans = []
        for series in table[chosen]:
            n_hours = np.count_nonzero(~np.isnan(series))
            starts = rng.choice(n_hours - n_steps, n_each, replace=False)
            spans.append(windows(series, starts, n_steps + 1))
        spans = np.concatenate(spans)
        spans /= spans[:, :n_steps].mean(axis=1, keepdims=True)
        return spans[:, :n_steps, np.newaxis], spans[:, -1]

    return Task(False, *part(chosen[0]), *part(chosen[1]), unit=np.repeat(chosen[0], n_each))


def temporal_order(n=600, n_test=1000):
    """XX, XY, YX or YY among four kinds of distractors, one-hot, in 30 to 40 steps."""
    rng = np.random.default_rng(0)

    def part(n):
        lengths = rng.integers(30, 40, n, endpoint=True)
        symbols = rng.integers(4, size=(n, 40))
        y = rng.integers(4, size=n)
        rows = np.arange(n)
        symbols[rows, rng.integers(3, 10, n)] = 4 + y // 2
        symbols[rows, rng.integers(15, 22, n)] = 4 + y % 2
        return [np.eye(6)[s[:length]] for s, length in zip(symbols, lengths, strict=True)], y

    return Task(True, *part(n), *part(n_test))


def sinusoids(n=300, n_test=1000, noise=0.8):
    """Which of five frequencies a noisy wave of 20 to 40 steps has, whatever its phase."""
    rng = np.random.default_rng(0)
    frequencies = np.array([0.08, 0.11, 0.14, 0.17, 0.2])  # cycles a step

    def part(n):
        X, y = [], rng.integers(5, size=n)
        for frequency in frequencies[y]:
            t, phase = np.arange(rng.integers(20, 40, endpoint=True)), rng.uniform(0, 2 * np.pi)
            x = np.sin(2 * np.pi * frequency * t + phase) + noise * rng.standard_normal(len(t))
            X.append(x[:, np.newaxis])
        return X, y

    return Task(True, *part(n), *part(n_test))


def adding_problem(n=900, n_test=1000, n_steps=40):
    """The sum of the two values in [0, 1] that are marked, one in each half."""
    rng = np.random.default_rng(0)

    def part(n):
        X = np.stack([rng.random((n, n_steps)), np.zeros((n, n_steps))], axis=2)
        rows, half = np.arange(n), n_steps // 2
        for first in 0, half:
            X[rows, first + rng.integers(half, size=n), 1] = 1
        return X, np.sum(X[:, :, 0] * X[:, :, 1], axis=1)

    return Task(False, *part(n), *part(n_test))


def wear(n_units=60, n_test=40, n_steps=30, every=9, noise=0.3):
    """The steps that a machine has still to live, at most 125, from 30 steps of 10 sensors.

    Its wear grows faster and faster, from where it starts to 1 at the end of its life of 120 to
    300 steps. Each sensor follows a power of the wear, and the load, which differs from step to
    step; and it has an offset of its own on each machine.
    """
    rng = np.random.default_rng(0)
    power, sign = rng.uniform(1, 3, 10), rng.choice([-1, 1], 10)
    effect_of_load = rng.normal(0, 0.3, 10)

    def part(n_units):
        X, y, unit = [], [], []
        for u in range(n_units):
            life = rng.integers(120, 300, endpoint=True)
            t = np.arange(1, life + 1)
            first, growth = rng.uniform(0, 0.1), rng.uniform(2, 3)
            worn = first + (1 - first) * np.expm1(growth * t / life) / np.expm1(growth)
            load = rng.standard_normal((life, 1))
            sensors = 2 * sign * worn[:, np.newaxis] ** power + load * effect_of_load
            sensors += rng.normal(0, 0.1, 10) + noise * rng.standard_normal((life, 10))
            starts = np.arange(rng.integers(every), life - n_steps + 1, every)
            X.append(windows(sensors, starts, n_steps))
            y.append(np.minimum(life - n_steps - starts, 125))
            unit.append(np.full(len(starts), u))
        return np.concatenate(X), np.concatenate(y).astype(float), np.concatenate(unit)

    X, y, unit = part(n_units)
    return Task(False, X, y, *part(n_test)[:2], unit=unit)


def nearly_linear(n=1400, n_test=1000, n_steps=24):
    """The next value of a series that is autoregressive but for a small nonlinear part."""
    rng = np.random.default_rng(0)
    warm_up = 200
    x = np.zeros(warm_up + n + n_test + 2 * n_steps)
    for t in range(n_steps, len(x)):
        linear = 0.6 * x[t - 1] - 0.3 * x[t - 2] + 0.4 * x[t - 12]
        x[t] = linear + 0.5 * np.tanh(x[t - 1] * x[t - 6]) + 0.5 * rng.standard_normal()
    x = x[warm_up:, np.newaxis]
    train, test = np.arange(n), n + n_steps + np.arange(n_test)
    X, X_test = (windows(x, starts, n_steps) for starts in (train, test))
    y, y_test = (x[starts + n_steps, 0] for starts in (train, test))
    return Task(False, X, y, X_test, y_test, gap=n_steps + 1)


def _generated(make):
    """A loader that needs no folder."""
    return lambda data: make()


SUITE: dict[str, Callable[[Path], Task]] = {
    "Japanese Vowels": japanese_vowels,
    "Pen digits": pen_digits,
    "ItalyPowerDemand": ucr("ItalyPowerDemand"),
    "GunPoint": ucr("GunPoint"),
    "ArrowHead": ucr("ArrowHead"),
    "BasicMotions": ucr("BasicMotions"),
    "PickupGestureWiimoteZ": ucr("PickupGestureWiimoteZ"),
    "Languages": languages,
    "Temporal order": _generated(temporal_order),
    "Sinusoids": _generated(sinusoids),
    "Covid3Month": ucr("Covid3Month", is_classifier=False),
    "Beijing PM2.5": beijing,
    "ETTh1": etth1,
    "ETTh2": etth2,
    "Airline": airline,
    "M4 Hourly": m4_hourly,
    "Adding problem": _generated(adding_problem),
    "Wear": _generated(wear),
    "Nearly linear": _generated(nearly_linear),
}
