"""Validation data that the user passes to ``fit``."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.metrics import accuracy_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, SlidingWindow
from skrnn.validation import as_sequences
from tests._estimators import CLASSIFIERS, ESTIMATORS, assert_same_outputs, make, problem
from tests.test_fitting import assert_unchanged, copy_of

TRAINING = {"early_stopping": True, "max_iter": 5, "learning_rate_init": 0.03}


def parts(name):
    """What is held out by the last three tenths of a problem, and the rest."""
    X, y = problem(name)
    return (X[:21], y[:21]), (X[21:], y[21:])


@pytest.mark.parametrize("scoring", ["loss", None])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_they_are_what_would_be_held_out(name, scoring):
    """For classes: the units of the targets are learnt from all of y."""
    X, y = problem(name)
    options = TRAINING | {"scoring": scoring, "normalize_y": False}
    if name in CLASSIFIERS:
        del options["normalize_y"]
    part = {"validation_split": "last", "validation_fraction": 0.3}
    expected = make(name, **part, **options).fit(X, y)
    train, (X_val, y_val) = parts(name)
    model = make(name, **options).fit(*train, X_val=X_val, y_val=y_val)
    assert model.t_ == 5 * 21
    assert model.loss_curve_ == expected.loss_curve_
    assert model.validation_loss_curve_ == expected.validation_loss_curve_
    assert model.validation_scores_ == expected.validation_scores_
    assert model.train_scores_ == expected.train_scores_
    assert_same_outputs(model, X, expected, X)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_in_every_form(name):
    (X, y), (X_val, y_val) = parts(name)
    expected = make(name, **TRAINING).fit(X, y, X_val=X_val, y_val=y_val)
    for form in (list(X_val), as_sequences(X_val), X_val.tolist()):
        model = make(name, **TRAINING).fit(X, y, X_val=form, y_val=y_val.tolist())
        assert model.validation_loss_curve_ == expected.validation_loss_curve_
    # All of them count, also those that are too short to be trained on.
    model = make(name, min_length=5, **TRAINING)
    short = [x[:2] for x in X_val]
    losses = model.fit(X, y, X_val=short, y_val=y_val).validation_loss_curve_
    assert (
        losses == make(name, **TRAINING).fit(X, y, X_val=short, y_val=y_val).validation_loss_curve_
    )


def test_of_a_table():
    pd = pytest.importorskip("pandas")
    (X, y), (X_val, y_val) = parts("GRURegressor")
    columns = [*"abcde"]
    frames = [pd.DataFrame(x[:, :, 0], columns=columns) for x in (X, X_val)]
    model = make("GRURegressor", **TRAINING).fit(frames[0], y, X_val=frames[1], y_val=y_val)
    expected = make("GRURegressor", **TRAINING)
    expected.fit(X[:, :, :1], y, X_val=X_val[:, :, :1], y_val=y_val)
    assert model.validation_loss_curve_ == expected.validation_loss_curve_
    for other in (frames[1][columns[:4]], frames[1][columns[::-1]]):
        with pytest.raises(ValueError, match=r"^X_val: .*feature"):
            model.fit(frames[0], y, X_val=other, y_val=y_val)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_weights(name):
    """A weight of zero leaves a sequence out, one of two counts it twice."""
    train, (X_val, y_val) = parts(name)
    weight = np.array([0.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    options = TRAINING | {"dtype": "float64"}
    model = make(name, **options)
    model.fit(*train, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    index = [1, 1, 2, 3, 4, 5, 6, 7, 8]
    expected = make(name, **options).fit(*train, X_val=X_val[index], y_val=y_val[index])
    np.testing.assert_allclose(
        model.validation_loss_curve_, expected.validation_loss_curve_, rtol=1e-12
    )
    model.set_params(scoring=None)
    model.fit(*train, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    expected.set_params(scoring=None).fit(*train, X_val=X_val[index], y_val=y_val[index])
    if name in CLASSIFIERS:
        np.testing.assert_allclose(model.validation_scores_, expected.validation_scores_)
    else:
        np.testing.assert_allclose(model.validation_scores_, expected.validation_scores_, rtol=1e-9)


def test_class_weights_do_not_act_on_them():
    """As in HistGradientBoostingClassifier; a class may be missing from them."""
    (X, y), (X_val, y_val) = parts("GRUClassifier")
    some = y_val > 0
    seen = []

    def scorer(estimator, X, y, sample_weight):
        seen.append(sample_weight)
        return accuracy_score(y, estimator.predict(X), sample_weight=sample_weight)

    for class_weight in ({0: 5.0, 1: 1.0, 2: 1.0}, {0: 5.0}, "balanced"):
        seen.clear()
        model = make("GRUClassifier", class_weight=class_weight, scoring=scorer, **TRAINING)
        model.fit(X, y, X_val=X_val[some], y_val=y_val[some])
        np.testing.assert_array_equal(seen[0], np.ones(some.sum()))
        assert len(set(seen[1])) > 1


# What does not fit.


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("missing", ["X_val", "y_val"])
def test_one_without_the_other(missing, early_stopping):
    train, (X_val, y_val) = parts("GRURegressor")
    given = {"X_val": X_val, "y_val": y_val}
    (other,) = given.keys() - {missing}
    del given[missing]
    model = make("GRURegressor", early_stopping=early_stopping)
    with pytest.raises(ValueError, match=f"{other} is provided, but {missing} is not"):
        model.fit(*train, **given)
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val is not"):
        model.fit(*train, sample_weight_val=np.ones(9))


def test_without_early_stopping():
    train, (X_val, y_val) = parts("GRURegressor")
    with pytest.raises(ValueError, match="provided, but early_stopping=False"):
        make("GRURegressor").fit(*train, X_val=X_val, y_val=y_val)


def wrong(name):
    _, (X_val, y_val) = parts(name)
    nan = X_val.copy()
    nan[3, 2, 1] = np.nan
    return {
        "no numbers": ({"X_val": nan}, "X_val: .* nan in sequence 3, step 2, feature 1"),
        "features": ({"X_val": X_val[:, :, :1]}, "X_val: X has 1 features per step"),
        "empty": ({"X_val": X_val[:0]}, "X_val: .*at least one sample"),
        "length": ({"y_val": y_val[:7]}, r"y_val: .*inconsistent .* \[9, 7\]"),
        "missing": ({"y_val": np.full(9, np.nan)}, "y_val: Input y contains NaN"),
        "form": ({"y_val": np.tile([[0, 1]], (9, 1))}, r"y_val: y has shape \(9, 2\), but"),
        "weight": ({"sample_weight_val": -np.ones(9)}, "sample_weight_val: .*[Nn]egative"),
        "weights": ({"sample_weight_val": np.ones(8)}, "sample_weight_val: "),
        "too large": (
            {"sample_weight_val": np.full(9, 1e308)},
            "sample_weight_val: its sum is inf; expected a positive, finite number",
        ),
        "zeros": (
            {"sample_weight_val": np.zeros(9)},
            r"sample_weight_val: (its sum is 0\.0|.*non-zero)",
        ),
    }


@pytest.mark.parametrize("kind", wrong("GRURegressor"))
@pytest.mark.parametrize("name", ESTIMATORS)
def test_errors_name_the_array(name, kind):
    """And leave the estimator as it was."""
    train, (X_val, y_val) = parts(name)
    given, message = wrong(name)[kind]
    model = make(name, **TRAINING)
    before = copy_of(model)
    with pytest.raises(ValueError, match=f"^{message}"):
        model.fit(*train, **({"X_val": X_val, "y_val": y_val} | given))
    assert_unchanged(model, before)


def test_unknown_classes():
    (X, y), (X_val, y_val) = parts("GRUClassifier")
    names = np.array(["a", "b", "c", "d"])
    y_val = np.where(np.arange(9) == 4, 3, y_val)
    message = (
        r"^y_val: y contains the labels \['d'\], which are not among the classes \['a', 'b', 'c'"
    )
    with pytest.raises(ValueError, match=message):
        make("GRUClassifier", **TRAINING).fit(X, names[y], X_val=X_val, y_val=names[y_val])


def test_partial_fit_does_not_take_them():
    train, (X_val, y_val) = parts("GRURegressor")
    with pytest.raises(TypeError, match="X_val"):
        make("GRURegressor").partial_fit(*train, X_val=X_val, y_val=y_val)


def test_a_warm_start_validates_on_what_is_new():
    train, (X_val, y_val) = parts("GRURegressor")
    model = make("GRURegressor", warm_start=True, **TRAINING).fit(*train, X_val=X_val, y_val=y_val)
    model.fit(*train, X_val=X_val[:4], y_val=y_val[:4])
    assert len(model.validation_loss_curve_) == 10


# In a Pipeline.


def test_in_a_pipeline():
    """They are scaled and windowed as X is."""
    rng = np.random.default_rng(0)
    rows = 100 + 20 * rng.normal(size=(300, 2)).cumsum(axis=0)
    y = rows[:, 0] + rng.normal(size=300)
    parameters = {"random_state": 0, "n_iter_no_change": None, "max_iter": 4}
    with config_context(enable_metadata_routing=True):
        model = GRURegressor(4, early_stopping=True, **parameters)
        model.set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("windows", SlidingWindow(8)), ("model", model)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        pipeline.fit(rows[:200], y[:200], X_val=rows[200:], y_val=y[200:])
    before = make_pipeline(StandardScaler(), SlidingWindow(8))
    windows = before.fit_transform(rows[:200])
    alone = GRURegressor(4, early_stopping=True, **parameters)
    alone.fit(windows, y[:200], X_val=before.transform(rows[200:]), y_val=y[200:])
    assert pipeline[-1].t_ == 4 * 200
    assert pipeline[-1].validation_loss_curve_ == alone.validation_loss_curve_
    np.testing.assert_array_equal(pipeline.predict(rows), alone.predict(before.transform(rows)))
    # As the losses are those of these rows.
    residuals = (pipeline.predict(rows[200:]) - y[200:]) / y[:200].std()
    assert np.mean(residuals**2) / 2 == pytest.approx(min(alone.validation_loss_curve_), rel=1e-5)


@pytest.mark.parametrize("name", ["X_val", "y_val", "sample_weight_val"])
def test_what_is_no_array_is_named_too(name):
    train, (X_val, y_val) = parts("GRURegressor")
    given = {"X_val": X_val, "y_val": y_val} | {name: object()}
    with pytest.raises(TypeError, match=f"^{name}: "):
        make("GRURegressor", **TRAINING).fit(*train, **given)
    with pytest.raises(TypeError, match=r"^y_val: Expected sequence or array-like"):
        make("GRURegressor", **TRAINING).fit(*train, X_val=X_val, y_val=3)
