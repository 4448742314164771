"""scikit-learn's callbacks: every epoch is a task."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

import skrnn
from skrnn import GRURegressor
from tests._estimators import ESTIMATORS
from tests._problems import ragged

callback = pytest.importorskip("sklearn.callback")


class Recorder:
    """Writes down every task, and asks to stop after ``stop_after`` epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []
        self.fitted = []
        self.data = []

    def setup(self, estimator, context):
        self.events.append(("setup", context.task_name, context.max_subtasks))

    def teardown(self, estimator, context):
        self.events.append(("teardown", context.task_name, context.max_subtasks))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.events.append(("begin", context.task_name, context.task_id))
        self.data.append((X, y))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.events.append(("end", context.task_name, context.task_id))
        self.data.append((X, y))
        if context.task_name == "epoch":
            self.fitted.append(fitted_estimator)
            return context.task_id + 1 == self.stop_after
        return False


def problem(name):
    rng = np.random.default_rng(0)
    X = ragged(rng.integers(1, 6, 30), 2)
    total = np.array([x.sum() for x in X])
    return X, np.digitize(total, [-1, 1]) if name.endswith("Classifier") else total


def make(name, **parameters):
    parameters = {"max_iter": 4, "learning_rate": "constant", "random_state": 0} | parameters
    return getattr(skrnn, name)(4, **parameters)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_task_per_epoch(name):
    X, y = problem(name)
    recorder = Recorder()
    model = make(name).set_callbacks(recorder).fit(X, y)
    assert recorder.events == [
        ("setup", "fit", 4),
        ("begin", "fit", 0),
        *((event, "epoch", k) for k in range(4) for event in ("begin", "end")),
        ("end", "fit", 0),
        ("teardown", "fit", 4),
    ]
    assert all(given is X and target is y for given, target in recorder.data)
    np.testing.assert_array_equal(model._theta, make(name).fit(X, y)._theta)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_model_after_every_epoch(name):
    X, y = problem(name)
    recorder = Recorder()
    make(name).set_callbacks(recorder).fit(X, y)
    for n_epochs, model in enumerate(recorder.fitted, 1):
        expected = make(name, max_iter=n_epochs).fit(X, y)
        assert model.n_iter_ == n_epochs
        assert model.loss_curve_ == expected.loss_curve_
        np.testing.assert_array_equal(model.predict(X), expected.predict(X))
        np.testing.assert_array_equal(model.transform(X), expected.transform(X))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_scoring_monitor(name):
    X, y = problem(name)
    scoring = "accuracy" if name.endswith("Classifier") else "r2"
    monitor = callback.ScoringMonitor(scoring=scoring)
    model = make(name).set_callbacks(monitor).fit(X, y)
    log = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in log] == [0, 1, 2, 3]
    expected = [make(name, max_iter=k).fit(X, y).score(X, y) for k in (1, 2, 3, 4)]
    assert [row[scoring] for row in log] == expected
    assert log[-1][scoring] == model.score(X, y)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_callback_stops_training(name, early_stopping):
    X, y = problem(name)
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    recorder = Recorder(stop_after=2)
    # No ConvergenceWarning: the callback has decided.
    model = make(name, n_iter_no_change=10, **options).set_callbacks(recorder).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 2
    assert len(recorder.fitted) == 2
    assert recorder.events[-2:] == [("end", "fit", 0), ("teardown", "fit", 4)]
    expected = make(name, max_iter=2, **options).fit(X, y)
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.t_ == expected.t_


def test_the_number_of_epochs_is_known_where_the_data_decide_it():
    class Begun(Recorder):
        def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
            self.events.append((context.task_name, context.max_subtasks))

    X, y = problem("GRURegressor")
    begun = Begun()
    model = make("GRURegressor", max_iter="auto").set_callbacks(begun).fit(X, y)
    assert begun.events[:3] == [("setup", "fit", None), ("fit", model.n_iter_), ("epoch", 0)]


def test_without_stopping_the_warning_comes():
    X, y = problem("GRURegressor")
    model = make("GRURegressor", n_iter_no_change=10).set_callbacks(Recorder())
    with pytest.warns(ConvergenceWarning):
        model.fit(X, y)


def test_teardown_when_fit_fails():
    X, y = problem("GRURegressor")
    recorder = Recorder()
    model = make("GRURegressor").set_callbacks(recorder)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    assert recorder.events == [("setup", "fit", 4), ("teardown", "fit", 4)]
    assert vars(model) == before
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_an_error_in_a_callback_leaves_the_model_as_it_was():
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("in a callback")

    X, y = problem("GRURegressor")
    model = make("GRURegressor").fit(X, y)
    before = dict(vars(model))
    failing = Failing()
    with pytest.raises(RuntimeError, match="in a callback"):
        model.set_callbacks(failing).fit(X, -y)
    assert failing.events[-1] == ("teardown", "fit", 4)
    model.set_callbacks()
    assert vars(model) == before


@pytest.mark.parametrize("max_propagation_depth", [0, None])
def test_progress_bar(max_propagation_depth, capsys):
    pytest.importorskip("rich")
    X, y = problem("GRURegressor")
    bar = callback.ProgressBar(max_propagation_depth=max_propagation_depth)
    model = make("GRURegressor").set_callbacks(bar).fit(X, y)
    shown = capsys.readouterr().out
    assert "GRURegressor" in shown
    assert "100%" in shown
    np.testing.assert_array_equal(model._theta, make("GRURegressor").fit(X, y)._theta)


def test_callbacks_inside_a_search():
    """A callback of the tuned model: each of its fits tells its own epochs."""
    X, y = problem("GRURegressor")
    monitor = callback.ScoringMonitor(scoring="r2")
    model = make("GRURegressor").set_callbacks(monitor)
    search = GridSearchCV(model, {"max_iter": [2, 3]}, cv=3).fit(X, y)
    log = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    n_epochs = 3 * 2 + 3 * 3 + search.best_params_["max_iter"]
    assert len(log) == n_epochs
    scores = [row["r2"] for row in log]
    assert clone(search.best_estimator_).fit(X, y).score(X, y) in scores


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match="FitCallback protocol"):
        GRURegressor().set_callbacks(print)
