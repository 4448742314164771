"""Searches on Dask, on Ray and with Optuna: the results of scikit-learn in one process."""

import os

import joblib
import numpy as np
import optuna
import pytest
import ray
from distributed import Client, LocalCluster
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna_integration import OptunaSearchCV
from ray.util.joblib import register_ray
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from skrnn import GRUClassifier, PerStep, RNNClassifier, Sequences
from skrnn.datasets import load_japanese_vowels

GRID = {"rnnclassifier__cell": ["rnn", "gru"], "rnnclassifier__max_iter": [2, 4]}
CV = StratifiedKFold(3)


@pytest.fixture(scope="module")
def vowels():
    """The recordings of four speakers."""
    X, y = load_japanese_vowels(subset="train", return_X_y=True)
    few = np.flatnonzero(y < 4)
    lengths = np.array([len(X[i]) for i in few])
    rows = np.concatenate([X[i] for i in few])
    return Sequences(rows, np.cumsum(lengths) - lengths, lengths), y[few]


def scores(model, X, y):
    """The accuracy, and how many threads a fit has in this process, which is what OpenMP says."""
    libraries = threadpool_info()
    n_threads = max(lib["num_threads"] for lib in libraries if lib["user_api"] == "openmp")
    return {"score": model.score(X, y), "threads": n_threads}


def search():
    model = make_pipeline(PerStep(StandardScaler()), RNNClassifier(8, random_state=0))
    return GridSearchCV(model, GRID, cv=CV, scoring=scores, refit="score")


def assert_same_results(found, expected):
    """All that does not tell of time or of threads."""
    for name, values in expected.cv_results_.items():
        if "threads" not in name and not name.endswith("_time"):
            assert np.array_equal(found.cv_results_[name], values), name
    assert found.best_params_ == expected.best_params_


@pytest.fixture(scope="module")
def _no_limit_of_threads():
    """For the workers, which have to set one themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OMP_NUM_THREADS", raising=False)
        yield


@pytest.fixture(scope="module")
def dask_client(_no_limit_of_threads, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("dask"))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=folder
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def sent(monkeypatch):
    """A list that gets an entry whenever this process pickles sequences."""
    calls, reduce = [], object.__reduce_ex__

    def counted(self, protocol):
        calls.append(len(self))
        return reduce(self, protocol)

    monkeypatch.setattr(Sequences, "__reduce_ex__", counted)
    return calls


def test_dask(vowels, dask_client, sent):
    """In two processes of one thread each, which get the data once."""
    X, y = vowels
    with joblib.parallel_config(backend="dask", wait_for_workers_timeout=60):
        found = search().fit(X, y)
    assert 1 <= len(sent) <= 2  # not once for each of twelve fits
    assert_same_results(found, search().fit(X, y))
    assert found.cv_results_["mean_test_threads"].tolist() == [1] * 4
    assert len(set(dask_client.run(os.getpid).values())) == 2


@pytest.fixture(scope="module")
def _ray_pool(_no_limit_of_threads):
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000)
    register_ray()
    yield
    ray.shutdown()


@pytest.mark.usefixtures("_ray_pool")
def test_ray(vowels):
    """The same; but Ray gets the data with each fit."""
    X, y = vowels
    with joblib.parallel_config(backend="ray", n_jobs=2):
        found = search().fit(X, y)
    assert_same_results(found, search().fit(X, y))
    assert found.cv_results_["mean_test_threads"].tolist() == [1] * 4


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.filterwarnings("ignore:`optuna.terminator` module has been deprecated:FutureWarning")
def test_optuna(vowels):
    X, y = vowels
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {
        "max_iter": IntDistribution(1, 6),
        "pooling": CategoricalDistribution(["last", "mean"]),
    }
    found = OptunaSearchCV(
        GRUClassifier(4, random_state=0), space, cv=CV, n_trials=6, random_state=0
    ).fit(X, y)
    assert found.n_trials_ == 6
    best = GRUClassifier(4, random_state=0, **found.best_params_)
    assert found.best_score_ == cross_val_score(best, X, y, cv=CV).mean()
    assert found.best_score_ == max(found.trials_dataframe()["value"])
    np.testing.assert_array_equal(found.predict(X), best.fit(X, y).predict(X))
