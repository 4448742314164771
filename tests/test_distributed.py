"""One fit by several processes, here threads: it is the fit of one to all sequences together.

``tests/outside/test_mpi.py`` does the same with processes and MPI.
"""

import sys
from threading import Barrier, BrokenBarrierError, Thread

import numpy as np
import pytest

from skrnn import distributed
from skrnn.distributed import Alone, data_parallel
from skrnn.training import Batches, SharedBatches
from tests._estimators import make, problem
from tests._problems import ragged


class ThreadRank(Alone):
    """One of several threads, which wait for each other."""

    def __init__(self, rank, size, barrier, places):
        self.rank, self.size, self.barrier, self.places = rank, size, barrier, places

    def gather(self, value):
        self.barrier.wait(60)
        self.places[self.rank] = value
        self.barrier.wait(60)
        return list(self.places)

    def add(self, array):
        array[:] = sum(self.gather(array.copy()))


def on_ranks(size, work):
    """What ``work(rank)`` returns, or raises, in each of the ranks."""
    results, barrier, places = [None] * size, Barrier(size), [None] * size

    def run(rank):
        token = distributed._ranks.set(ThreadRank(rank, size, barrier, places))
        try:
            results[rank] = work(rank)
        except BrokenBarrierError as error:
            results[rank] = error
        except Exception as error:
            results[rank] = error
            barrier.abort()
        finally:
            distributed._ranks.reset(token)

    threads = [Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, BrokenBarrierError):
            raise result
    return results


def fits(size, parts, model, X, y, **arrays):
    """The models of all ranks, each fitted to its part."""

    def fit(rank):
        index = parts[rank]
        mine = {name: values[index] for name, values in arrays.items()}
        return model().fit([X[i] for i in index], [y[i] for i in index], **mine)

    return on_ranks(size, fit)


def blocks(n_samples, batch_size, size):
    """The samples of each rank, whose minibatches in order make up those of one process."""
    share = batch_size // size
    rank = np.arange(n_samples) // share % size
    return [np.flatnonzero(rank == r) for r in range(size)]


def assert_same_model(models, expected, rtol=1e-9):
    for model in models:
        np.testing.assert_array_equal(model._theta, models[0]._theta)
        np.testing.assert_allclose(model._theta, expected._theta, rtol=rtol, atol=1e-10)
        np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=rtol)
        np.testing.assert_allclose(model.gradient_norms_, expected.gradient_norms_, rtol=rtol)
        assert (model.n_iter_, model.t_) == (expected.n_iter_, expected.t_)


IN_ORDER = {"batch_size": 12, "shuffle": False, "dtype": "float64", "max_iter": 4}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # of L-BFGS
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("LSTMRegressor", {}),
        ("GRURegressor", {"alpha": 0.5, "loss": "quantile", "quantile": 0.3}),
        ("GRUClassifier", {"bidirectional": True, "pooling": "attention"}),
        ("RNNRegressor", {"solver": "lbfgs"}),
        ("GRUClassifier", {"learning_rate": "invscaling", "solver": "sgd"}),
        ("LSTMRegressor", {"forget_bias": "chrono", "tbptt_steps": 2}),
    ],
)
def test_the_fit_of_one_with_the_joined_minibatches(name, parameters, size):
    X, y = problem(name, n_samples=48)
    weight = np.random.default_rng(0).uniform(0.5, 2, 48)

    def model():
        return make(name, **(IN_ORDER | parameters))

    found = fits(size, blocks(48, 12, size), model, X, y, sample_weight=weight)
    rtol = 1e-6 if "solver" in parameters else 1e-9  # line searches amplify rounding
    assert_same_model(found, model().fit(X, y, sample_weight=weight), rtol)


def test_targets_of_steps():
    X = ragged(np.arange(3, 27), 2)
    y = [x.sum(axis=1) for x in X]
    y[3][:] = np.nan  # no step of it has a label

    def model():
        return make("RNNStepRegressor", **IN_ORDER)

    assert_same_model(fits(2, blocks(24, 12, 2), model, X, y), model().fit(X, y))


def test_classes_of_all_parts():
    """Also of those that have only some of them."""
    X, y = problem("GRUClassifier")
    parts = [np.flatnonzero(y < 2), np.flatnonzero(y == 2)]
    models = fits(2, parts, lambda: make("GRUClassifier"), X, y)
    assert [model.classes_.tolist() for model in models] == [[0, 1, 2]] * 2
    np.testing.assert_array_equal(models[0]._theta, models[1]._theta)


def test_parts_of_unequal_sizes():
    """Their scale and their longest sequence are those of all; all draw the same weights."""
    X = ragged([2] * 25 + [40, 30, 3, 5, 1], 2)
    y = np.array([100 * x.sum() for x in X])
    parts = np.split(np.arange(30), [25])

    def model():
        return make("LSTMRegressor", batch_size=4, forget_bias="chrono", dropout=0.2,
                    random_state=None)  # fmt: skip

    found = fits(2, parts, model, X, y)
    np.testing.assert_array_equal(found[0]._theta, found[1]._theta)
    assert found[0].loss_curve_ == found[1].loss_curve_
    np.testing.assert_array_equal(found[0].predict(X), found[1].predict(X))
    one = make("LSTMRegressor").fit(X, y)
    np.testing.assert_allclose(found[0]._target.affine, one._target.affine)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("given", [True, False])
def test_early_stopping(given):
    """The loss on the validation parts of all ranks decides, for all of them."""
    X, y = problem("GRUClassifier", n_samples=80)
    options = IN_ORDER | {"early_stopping": True, "max_iter": 40, "n_iter_no_change": 3}

    def fit(rank):
        part = blocks(60, 12, 2)[rank]
        of_val = np.arange(60, 66) if rank == 0 else np.arange(66, 80)
        mine = {"X_val": X[of_val], "y_val": y[of_val]} if given else {}
        return make("GRUClassifier", **options).fit(X[part], y[part], **mine)

    models = on_ranks(2, fit)
    assert models[0].validation_loss_curve_ == models[1].validation_loss_curve_
    np.testing.assert_array_equal(models[0]._theta, models[1]._theta)
    if given:
        one = make("GRUClassifier", **options).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        assert_same_model(models, one)
        np.testing.assert_allclose(models[0].validation_loss_curve_, one.validation_loss_curve_)


def test_partial_fit_and_warm_start():
    X, y = problem(n_samples=48)
    parts = blocks(48, 12, 2)

    def work(model, part):
        model.partial_fit(X[part], y[part])
        model.partial_fit(X[part], y[part])
        return model.set_params(warm_start=True).fit(X[part], y[part])

    found = on_ranks(2, lambda rank: work(make("GRURegressor", **IN_ORDER), parts[rank]))
    assert_same_model(found, work(make("GRURegressor", **IN_ORDER), np.arange(48)))


class StopsOnOneRank:
    """Asks to stop after two epochs of the second rank."""

    def setup(self, estimator, context):
        self.n = 0

    def on_fit_task_begin(self, estimator, context, **kwargs):
        pass

    def on_fit_task_end(self, estimator, context, **kwargs):
        self.n += context.task_name == "epoch"
        return self.n == 2 and distributed.current().rank == 1

    def teardown(self, estimator, context):
        pass


@pytest.mark.skipif(not hasattr(make("GRURegressor"), "set_callbacks"), reason="no callbacks")
def test_a_callback_stops_all():
    X, y = problem()

    def fit(rank):
        model = make("GRURegressor").set_callbacks(StopsOnOneRank())
        return model.fit(X[rank::2], y[rank::2]).n_iter_

    assert on_ranks(2, fit) == [2, 2]


# Refusals: the same message on all ranks.


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("GRURegressor", {"ar_steps": 2}, "ar_steps=2 is not supported in data_parallel"),
        ("GRUClassifier", {"class_weight": "balanced"}, "class_weight='balanced' is not"),
        ("GRURegressor", {"early_stopping": True, "scoring": "r2"}, "scoring='r2' is not"),
        ("RNNStepRegressor", {"tbptt_steps": 2}, "tbptt_steps=2 is not supported"),
    ],
)
def test_what_is_not_supported(name, parameters, message):
    X, y = problem(name)
    if "Step" in name:
        y = X[:, :, 0]
    with pytest.raises(ValueError, match=message):
        fits(2, blocks(30, 2, 2), lambda: make(name, **parameters), list(X), list(y))


def test_all_ranks_have_the_same_model():
    X, y = problem()
    with pytest.raises(ValueError, match="max_iter differs: 3 on rank 0, 4 on rank 1; expected"):
        on_ranks(2, lambda r: make("GRURegressor", max_iter=3 + r).fit(X[r::2], y[r::2]))
    with pytest.raises(ValueError, match="number of features differs: 2 on rank 0, 1 on rank 1"):
        on_ranks(2, lambda r: make("GRURegressor").fit(X[r::2, :, r:], y[r::2]))


class Sizes:
    """Array-like, and it does not print what it holds."""

    def __init__(self, *sizes):
        self.sizes = sizes

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, k):
        return self.sizes[k]


def test_parameters_are_compared_by_what_they_hold():
    X, y = problem()

    def fit(rank, sizes):
        sizes = Sizes(4, sizes[rank])
        return make("GRURegressor", sizes).fit(X[rank::2], y[rank::2])._theta

    np.testing.assert_array_equal(*on_ranks(2, lambda rank: fit(rank, [3, 3])))
    with pytest.raises(ValueError, match=r"hidden_layer_sizes differs: .* on rank 0, "):
        on_ranks(2, lambda rank: fit(rank, [3, 5]))


def test_a_difference_inside_a_long_array():
    """NumPy prints its ends only."""
    X = np.zeros((8, 3, 1200))

    def fit(rank):
        is_code = np.arange(1200) == 600 + rank
        model = make("GRURegressor", categorical_features=is_code, n_codes=2)
        return model.fit(X, np.arange(8.0))

    with pytest.raises(ValueError, match="categorical_features differs"):
        on_ranks(2, fit)


def test_scoring_that_is_not_used():
    X, y = problem()
    scorings = ["r2", lambda model, X, y: 0.0]

    def fit(rank):
        return make("GRURegressor", scoring=scorings[rank]).fit(X[rank::2], y[rank::2])._theta

    np.testing.assert_array_equal(*on_ranks(2, fit))


def test_a_scorer_that_cannot_be_pickled_is_not_supported():
    X, y = problem()
    model = {"early_stopping": True, "scoring": lambda model, X, y: 0.0}
    with pytest.raises(ValueError, match=r"scoring=<function .* is not supported"):
        on_ranks(2, lambda rank: make("GRURegressor", **model).fit(X[rank::2], y[rank::2]))


def test_another_thread_does_not_fit_alone(monkeypatch):
    """Its context has no ranks; with one process it does not need them."""
    X, y = problem()
    errors = []

    def fit():
        try:
            make("GRURegressor").fit(X, y)
        except RuntimeError as error:
            errors.append(str(error))

    for size in (1, 2):
        monkeypatch.setattr(distributed, "_open", [ThreadRank(0, size, None, None)])
        thread = Thread(target=fit)
        thread.start()
        thread.join(60)
    assert errors == ["fit in another thread is not supported in data_parallel. Set n_jobs=None."]


def test_ctrl_c_on_one_rank_is_not_the_end_of_an_epoch():
    """Only a fit of its own keeps the model of the complete epochs."""
    X, y = problem()

    class Interrupts(StopsOnOneRank):
        def on_fit_task_end(self, estimator, context, **kwargs):
            self.n += context.task_name == "epoch"
            if self.n == 2:
                raise KeyboardInterrupt

    model = make("GRURegressor")
    if not hasattr(model, "set_callbacks"):
        pytest.skip("no callbacks")

    def fit(rank):
        with pytest.raises(KeyboardInterrupt):
            make("GRURegressor").set_callbacks(Interrupts()).fit(X[rank::2], y[rank::2])
        return True

    assert on_ranks(2, fit) == [True, True]


# Minibatches.


@pytest.mark.parametrize(
    ("sizes", "batch_size"), [([12, 12], 6), ([25, 5], 4), ([3, 3], 1), ([7, 1, 30], 5), ([4], 3)]
)
def test_shares_of_minibatches(sizes, batch_size):
    epochs = [
        list(SharedBatches(sizes, rank, batch_size, np.random.default_rng(rank)))
        for rank in range(len(sizes))
    ]
    for n, epoch in zip(sizes, epochs, strict=True):
        np.testing.assert_array_equal(np.sort(np.concatenate([b.index for b in epoch])), range(n))
    totals = [sum(len(share.index) for share in shares) for shares in zip(*epochs, strict=True)]
    for epoch in epochs:
        assert [len(share) for share in epoch] == totals
    assert min(totals) > 0
    assert max(totals) - min(totals) <= len(sizes)
    assert len(totals) == min(len(list(Batches(sum(sizes), batch_size))), max(sizes))


def test_without_mpi4py(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"data_parallel needs mpi4py and .*skrnn\[mpi\]"):
        data_parallel().__enter__()
