"""Targets as objects: what y means, without an estimator; and a fit that needs none either."""

import pickle

import numpy as np
import pytest

from skrnn._sklearn import Unwatched
from skrnn.estimators._architecture import initial_theta
from skrnn.estimators._callbacks import EpochTasks
from skrnn.estimators._data import Data
from skrnn.estimators._fitting import Earlier, Fit
from skrnn.estimators._optimization import Optimization
from skrnn.network.stack import Network
from skrnn.targets import Classes, Labels, Numbers, classification_target
from skrnn.validation import as_sequences
from tests._estimators import make, problem

ONES = np.ones(4)


def encoded(target, y, weight=ONES):
    y = target.validate(y)
    return target.fit(y, weight).encode(y, np.float64)


def test_numbers():
    y = np.array([1.0, 3.0, 5.0, 7.0])
    target = Numbers()
    np.testing.assert_allclose(encoded(target, y), (y[:, np.newaxis] - 4) / np.sqrt(5))
    raw = np.array([[0.0], [1.0]])
    np.testing.assert_allclose(target.decode(raw), [4, 4 + np.sqrt(5)])
    assert target.strata(encoded(target, y)) is None
    assert target.attributes() == {"quantiles_": None}
    # Several outputs, each in its own units; what has no weight does not count.
    several = Numbers()
    weight = np.array([1.0, 1.0, 0.0, 0.0])
    result = encoded(several, np.c_[y, 10 * y], weight)
    np.testing.assert_allclose(result, np.array([[-1, 1, 3, 5]] * 2).T)
    assert several.decode(np.zeros((3, 2))).tolist() == [[2.0, 20.0]] * 3


def test_two_classes():
    target = Classes()
    result = encoded(target, np.array(["no", "yes", "no", "no"]))
    assert result.tolist() == [[0], [1], [0], [0]]
    assert target.attributes()["classes_"].tolist() == ["no", "yes"]
    raw = np.array([[-1.0], [2.0], [3.0], [-4.0]])
    assert target.decode(raw).tolist() == ["no", "yes", "yes", "no"]
    assert target.strata(result).tolist() == [0, 1, 0, 0]
    assert target.n_outputs == 1


def test_three_classes():
    target = Classes(classes=[2, 0, 7])
    result = encoded(target, np.array([0, 7, 7, 0]))
    assert result.tolist() == [[0], [2], [2], [0]]
    assert target.n_outputs == 3
    assert target.decode(np.array([[0.0, 5.0, 1.0]])).tolist() == [2]
    assert target.strata(result).tolist() == [0, 2, 2, 0]


def test_labels():
    target = Labels()
    y = np.array([[0, 1], [1, 1], [0, 0], [0, 0]])
    np.testing.assert_array_equal(encoded(target, y), y)
    raw = np.array([[-1.0, 1.0], [2.0, 3.0], [-1.0, 0.5], [-1.0, -1.0]])
    assert target.decode(raw).tolist() == [[0, 1], [1, 1], [0, 1], [0, 0]]
    assert target.strata(y) is None
    assert target.attributes()["classes_"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("y", "kind"), [([0, 1, 2], Classes), ([[0], [1]], Classes), ([[0, 1], [1, 1]], Labels)]
)
def test_which_target_y_is_of(y, kind):
    assert type(classification_target(np.array(y))) is kind


def test_weights_of_classes():
    y, weight = np.array(["a", "b", "b", "b"]), np.array([1.0, 1.0, 1.0, 0.0])
    assert Classes().reweight(y, weight).tolist() == [1, 1, 1, 0]
    assert Classes({"a": 5.0}).reweight(y, weight).tolist() == [5, 1, 1, 0]
    np.testing.assert_allclose(Classes("balanced").reweight(y, weight), [1.5, 0.75, 0.75, 0])
    of_labels = [{0: 1.0, 1: 2.0}, {0: 1.0, 1: 3.0}]
    y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert Labels(of_labels).reweight(y, ONES).tolist() == [1, 3, 2, 6]
    np.testing.assert_allclose(Labels("balanced").reweight(y, ONES), ONES)


@pytest.mark.parametrize(
    ("earlier", "later", "y", "message"),
    [
        (Classes(), Labels(), np.array([[0, 1], [1, 1], [0, 0], [0, 0]]), "one class per sequence"),
        (Classes(), Classes(classes=[0, 2]), np.array([0, 0, 2, 2]), r"are \[0, 2\]; expected"),
        (Numbers(), Numbers("poisson"), ONES, "loss='poisson' has the output activation 'exp'"),
        (Numbers(), Numbers(), np.ones((4, 2)), r"y has shape \(4, 2\), but"),
    ],
)
def test_what_cannot_be_gone_on_from(earlier, later, y, message):
    encoded(earlier, np.array([0, 1, 1, 0]))
    with pytest.raises(ValueError, match=message):
        later.go_on_from(earlier, later.validate(y))


def test_going_on():
    earlier = Numbers()
    encoded(earlier, np.array([1.0, 3.0, 5.0, 7.0]))
    later = Numbers("huber").go_on_from(earlier, ONES)
    np.testing.assert_array_equal(later.encode(ONES, np.float64), earlier.encode(ONES, np.float64))
    earlier = Classes()
    encoded(earlier, np.array([0, 1, 2, 1]))
    later = Classes({2: 3.0}).go_on_from(earlier, np.array([0, 0]))
    assert later.encode(np.array([2]), np.float64).tolist() == [[2]]
    with pytest.raises(ValueError, match=r"y contains the labels \[3\]"):
        later.encode(np.array([3]), np.float64)


@pytest.mark.parametrize(
    "target", [Numbers(), Classes("balanced"), Labels()], ids=lambda target: type(target).__name__
)
def test_pickles(target):
    y = np.array([[0, 1], [1, 1], [0, 0], [0, 0]])
    y = target.validate(y if isinstance(target, Labels) else y[:, 0])
    target.fit(y, ONES)
    copied = pickle.loads(pickle.dumps(target))
    raw = target.encode(y, np.float64)
    np.testing.assert_array_equal(copied.decode(raw), target.decode(raw))
    np.testing.assert_array_equal(copied.encode(y, np.float64), raw)


# A fit.


@pytest.fixture
def values():
    """Network, target, data and parameters as the estimator makes them."""
    X, y = problem()
    sequences = as_sequences(X, np.dtype("float64"))
    network, target, weight = Network("gru", 2, [4], 1), Numbers(), np.ones(30)
    data = Data(sequences, target.fit(y, weight).encode(y, sequences.dtype), weight, y)
    options = Optimization(max_iter=3, random_state=0, learning_rate="constant", batch_size=8)

    def initialize(rng, dtype, longest):
        assert longest == 5
        return initial_theta(network, rng, dtype, longest, init="glorot", forget_bias=1.0)

    return network, target, data, options, initialize


TASKS = EpochTasks(None, Unwatched(), None, None, None, 3)


def test_a_fit_needs_values_only(values):
    X, y = problem()
    model = make("GRURegressor", batch_size=8, dtype="float64").fit(X, y)
    fit = Fit(*values)
    fit.run(TASKS)
    attributes = fit.attributes()
    assert attributes.pop("_target") is values[1]
    assert attributes.pop("_network") is values[0]
    np.testing.assert_array_equal(attributes.pop("_theta"), model._theta)
    assert attributes == {name: getattr(model, name) for name in attributes}


def test_a_fit_goes_on_from_an_earlier_one(values):
    X, y = problem()
    model = make("GRURegressor", batch_size=8, dtype="float64", warm_start=True).fit(X, y)
    earlier = Earlier(model._theta, model.t_, model.loss_curve_, model.gradient_norms_, [], [], [])
    fit = Fit(*values, earlier=earlier)
    fit.run(TASKS)
    model.fit(X, y)
    assert fit.attributes()["loss_curve_"] == model.loss_curve_
    np.testing.assert_array_equal(fit.attributes()["_theta"], model._theta)
