"""The validation part of early stopping: which sequences are in it."""

import warnings

import numpy as np
import pytest

from skrnn import GRUClassifier, GRURegressor, Sequences, SlidingWindow
from skrnn.estimators._holdout import hold_out, overlapping
from skrnn.estimators._optimization import Optimization
from tests._estimators import ESTIMATORS, make, problem


def spans(n_samples):
    """Sequences that share nothing."""
    return Sequences(np.zeros((n_samples, 1)), np.arange(n_samples), np.ones(n_samples, int))


def split(sequences, labels=None, *, seed=0, **options):
    """The two parts, which are sorted and have every sequence between them."""
    parts = hold_out(sequences, labels, Optimization(**options), np.random.RandomState(seed))
    train, held_out = (part.tolist() for part in parts)
    assert (sorted(train), sorted(held_out)) == (train, held_out)
    assert sorted(train + held_out) == list(range(len(sequences)))
    assert train
    assert held_out
    return train, held_out


@pytest.mark.parametrize("validation_split", ["random", "last", "group"])
@pytest.mark.parametrize(
    ("n_samples", "fraction", "n_held_out"),
    [(30, 0.1, 3), (31, 0.1, 4), (2, 0.1, 1), (2, 0.5, 1), (30, 0.01, 1), (30, 0.9, 27)],
)
@pytest.mark.filterwarnings("ignore:validation_split='group' finds no")
def test_sizes(n_samples, fraction, n_held_out, validation_split):
    options = {"validation_fraction": fraction, "validation_split": validation_split}
    _, held_out = split(spans(n_samples), **options)
    assert len(held_out) == n_held_out
    if validation_split == "last":
        assert held_out == list(range(n_samples))[-n_held_out:]
    elif n_samples == 30 and n_held_out == 3:
        others = {tuple(split(spans(n_samples), seed=seed, **options)[1]) for seed in range(5)}
        assert len(others) > 1


@pytest.mark.parametrize(
    ("n_samples", "options", "message"),
    [
        (30, {"validation_fraction": 0.99}, r"=0\.99 of 30 sequences leaves none to train on"),
        (2, {"validation_fraction": 0.6}, "of 2 sequences leaves none to train on; expected at"),
        (1, {}, "X is one sequence, so early stopping cannot hold out .* Pass X_val and y_val"),
        (1, {"validation_split": "last"}, "X is one sequence"),
        (1, {"validation_split": "group"}, r"at least two groups .*validation_split='last'"),
        (3, {"validation_split": "group", "validation_fraction": 0.9}, "of 3 groups leaves none"),
    ],
)
def test_too_few_sequences(n_samples, options, message):
    with pytest.raises(ValueError, match=message):
        hold_out(spans(n_samples), None, Optimization(**options), np.random.RandomState(0))


# Classes.


def test_a_random_part_is_stratified():
    labels = np.repeat(["a", "b", "c"], [60, 30, 10])
    _, held_out = split(spans(100), labels, validation_fraction=0.1)
    assert sorted(labels[held_out]) == ["a"] * 6 + ["b"] * 3 + ["c"]


@pytest.mark.filterwarnings("ignore:validation_split='group' finds no")
def test_the_others_are_not():
    labels = np.repeat(["a", "b"], [29, 1])  # says nothing: warnings are errors
    assert split(spans(30), labels, validation_split="last")[1] == [27, 28, 29]
    split(spans(30), labels, validation_split="group")


@pytest.mark.parametrize("seed", range(10))
def test_the_only_sequence_of_a_class_stays_in_training(seed):
    labels = np.array(["rare" if i == 4 else "rarer" if i == 9 else "common" for i in range(30)])
    with pytest.warns(UserWarning, match=r"only one sequence of the classes \['rare', 'rarer'\]"):
        train, held_out = split(spans(30), labels, seed=seed, validation_fraction=0.3)
    assert {4, 9} < set(train)
    assert len(held_out) == 9
    # As long as there are others.
    with pytest.warns(UserWarning, match="one sequence of the classes"):
        train, held_out = split(spans(30), labels, seed=seed, validation_fraction=0.96)
    assert len(train) == 1
    assert train[0] in (4, 9)


@pytest.mark.parametrize(("fraction", "sizes"), [(0.05, "28 .* and 2"), (0.95, "1 .* and 29")])
def test_fewer_sequences_than_classes(fraction, sizes):
    labels = np.repeat([0, 1, 2], 10)
    message = f"of 30 sequences leaves {sizes} to validate on, with 3 classes, so .* stratified"
    with pytest.warns(UserWarning, match=message) as record:
        split(spans(30), labels, validation_fraction=fraction)
    assert len(record) == 1


def test_the_warning_points_at_the_line_of_the_user():
    X, _ = problem()
    y = np.where(np.arange(30) == 4, "rare", "common")
    model = make("GRUClassifier", early_stopping=True)
    with pytest.warns(UserWarning, match=r"not stratified.* or pass X_val and y_val") as record:
        model.fit(X, y)
    assert record[0].filename == __file__
    assert model.classes_.tolist() == ["common", "rare"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.set_params(validation_split="last").fit(X, y)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_sequence_is_enough_to_validate_on(name):
    X, y = problem(name)
    options = {"early_stopping": True, "validation_fraction": 0.03, "validation_split": "last"}
    model = make(name, **options).fit(X, y)
    assert len(model.validation_loss_curve_) == 3


# Groups.


@pytest.mark.parametrize(
    ("starts", "lengths", "groups"),
    [
        ([0, 1, 2], [1, 1, 1], [0, 1, 2]),
        ([0, 1, 2], [2, 2, 1], [0, 0, 0]),  # the first and the last through the second
        ([0, 2, 1], [2, 1, 1], [0, 1, 0]),
        ([0, 1, 5], [6, 1, 1], [0, 0, 0]),  # a long one over both
        ([4, 0, 4, 0], [2, 3, 1, 1], [1, 0, 1, 0]),  # in any order, and twice
        ([3, 0], [3, 3], [1, 0]),  # neighbours share nothing
    ],
)
def test_sequences_that_share_rows_are_a_group(starts, lengths, groups):
    assert overlapping(Sequences(np.zeros((9, 1)), starts, lengths)).tolist() == groups


def test_whole_series_are_held_out():
    """No row of the panel is on both sides; the share is that of the series."""
    n_series, n_rows = 20, 15
    unit = np.tile(np.arange(n_series), n_rows)  # sorted by time
    panel = np.c_[unit, np.random.default_rng(0).normal(size=len(unit))]
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(panel, columns=["unit", "value"])
    frame.index = pd.Index(np.repeat(np.arange(n_rows), n_series), name="hour")
    windows = SlidingWindow(4, group="unit").fit_transform(frame)
    groups = overlapping(windows)
    assert len(set(zip(groups, unit, strict=True))) == len(set(groups)) == n_series
    for seed in range(3):
        train, held_out = split(windows, seed=seed, validation_split="group")
        assert len(set(unit[held_out])) == 2
        assert set(unit[train]).isdisjoint(unit[held_out])
    y = panel[:, 1]
    options = {"early_stopping": True, "validation_split": "group", "random_state": 0}
    model = GRURegressor(3, max_iter=2, n_iter_no_change=None, **options).fit(windows, y)
    assert model.t_ == 2 * 18 * n_rows
    model = GRUClassifier(3, max_iter=2, n_iter_no_change=None, **options).fit(windows, y > 0)
    assert model.t_ == 2 * 18 * n_rows


def test_one_series_has_one_group():
    windows = SlidingWindow(3).fit_transform(np.arange(30.0).reshape(-1, 1) / 30)
    model = make("GRURegressor", early_stopping=True, validation_split="group")
    with pytest.raises(ValueError, match=r"all sequences share rows.*validation_split='last'"):
        model.fit(windows, np.arange(30.0))


def test_groups_of_one_are_told():
    """Windows that are copies share no rows: that there is no leak would be an illusion."""
    X, y = problem("GRURegressor")
    model = make("GRURegressor", early_stopping=True, validation_split="group")
    with pytest.warns(UserWarning, match="finds no sequences that share rows") as record:
        model.fit(X, y)
    assert record[0].filename == __file__


@pytest.mark.parametrize("seed", range(20))
def test_every_class_of_two_keeps_one_to_train_on(seed):
    labels = np.repeat(np.arange(20), 2)
    with pytest.warns(UserWarning, match="class"):
        train, _ = split(spans(40), labels, seed=seed, validation_fraction=0.1)
    assert len(np.unique(labels[train])) == 20
