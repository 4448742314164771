"""One fit by two processes, started by mpiexec."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from skrnn import GRUClassifier

MPIEXEC = Path(sys.executable).parent / "mpiexec"

HEAD = """
import sys
import numpy as np
from skrnn import GRUClassifier, LSTMRegressor
from skrnn.datasets import load_japanese_vowels
from skrnn.distributed import data_parallel

X, y = load_japanese_vowels(subset="train", return_X_y=True)
X, y = X[:240], y[:240]
blocks = np.arange(240) // 8
"""

CLASSIFY = """
model = GRUClassifier(
    16, batch_size=16, shuffle=False, max_iter=3, dtype="float64", random_state=0
)
with data_parallel() as comm:
    part = np.flatnonzero(blocks % comm.size == comm.rank)
    model.fit([X[i] for i in part], y[part])
np.savez(f"{sys.argv[1]}/{comm.rank}.npz", curve=model.loss_curve_, proba=model.predict_proba(X))
"""

UNEQUAL = """
y = np.array([1000 * x.sum() for x in X])
model = LSTMRegressor(8, max_iter=3, dropout=0.1, early_stopping=True)
with data_parallel() as comm:
    part = slice(200) if comm.rank == 0 else slice(200, None)
    model.fit(X[part], y[part])
np.savez(
    f"{sys.argv[1]}/{comm.rank}.npz", curve=model.validation_loss_curve_, predicted=model.predict(X)
)
"""

FAILS = """
with data_parallel() as comm:
    model = GRUClassifier(4, max_iter=100_000)
    if comm.rank == 1:
        X[40][3] = np.inf
    model.fit(X, y)
"""

EXITS = """
with data_parallel() as comm:
    if comm.rank == 1:
        sys.exit("no data on rank 1")
    GRUClassifier(4, max_iter=100_000).fit(X, y)
"""

THREADS = """
from sklearn.model_selection import cross_val_score
from joblib import parallel_config

with data_parallel() as comm, parallel_config("threading"):
    cross_val_score(GRUClassifier(4, max_iter=2), X, y, n_jobs=2, error_score="raise")
"""

SCALED = """
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from skrnn import SlidingWindow

rows = np.concatenate(X)
prepare = make_pipeline(StandardScaler(), SlidingWindow(6)).fit(rows)
model = LSTMRegressor(4, max_iter=2)
with data_parallel() as comm:
    part = np.array_split(rows, comm.size)[comm.rank]
    model.fit(prepare.transform(part), part[:, 0])
whole = Pipeline([*prepare.steps, ("lstm", model)])
np.savez(f"{sys.argv[1]}/{comm.rank}.npz", predicted=whole.predict(rows))
"""


def mpiexec(script, folder):
    """Run a script in two processes; what they have printed, and the arrays of each."""
    path = folder / "script.py"
    path.write_text(HEAD + script)
    done = subprocess.run(
        [MPIEXEC, "-n", "2", sys.executable, path, folder], capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return done, [np.load(file) for file in sorted(folder.glob("*.npz"))]


def test_two_ranks_give_the_fit_of_one(tmp_path):
    done, found = mpiexec(CLASSIFY, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    names = {}
    exec(HEAD, names)  # the same data
    X, y = names["X"], names["y"]
    one = GRUClassifier(
        16, batch_size=16, shuffle=False, max_iter=3, dtype="float64", random_state=0
    ).fit(X, y)
    for of_rank in found:
        np.testing.assert_allclose(of_rank["curve"], one.loss_curve_, rtol=1e-10)
        np.testing.assert_allclose(of_rank["proba"], one.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(found[0]["proba"], found[1]["proba"])


def test_parts_of_unequal_sizes(tmp_path):
    done, found = mpiexec(UNEQUAL, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("curve", "predicted"):
        np.testing.assert_array_equal(found[0][name], found[1][name])
    assert len(found[0]["curve"]) == 3


def test_an_error_on_one_rank_ends_all(tmp_path):
    done, _ = mpiexec(FAILS, tmp_path)
    assert done.returncode != 0
    assert "ValueError: Input X contains inf in sequence 40, step 3, feature 0" in done.stderr


def test_an_exit_of_one_rank_ends_all(tmp_path):
    done, _ = mpiexec(EXITS, tmp_path)
    assert done.returncode != 0
    assert "SystemExit: no data on rank 1" in done.stderr


def test_a_fit_in_a_thread_of_joblib_ends_all(tmp_path):
    """It would train on a part alone."""
    done, _ = mpiexec(THREADS, tmp_path)
    assert done.returncode != 0
    assert "RuntimeError: fit in another thread is not supported in data_parallel" in done.stderr


def test_transformers_that_were_fitted_before(tmp_path):
    """As in the guide: all ranks hold the same pipeline."""
    done, found = mpiexec(SCALED, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    np.testing.assert_array_equal(found[0]["predicted"], found[1]["predicted"])


def test_one_process_without_mpiexec():
    """MPI begins by itself, with one rank: nothing changes."""
    script = HEAD + (
        "with data_parallel() as comm:\n"
        "    found = GRUClassifier(4, max_iter=2, random_state=0).fit(X, y).predict_proba(X)\n"
        "expected = GRUClassifier(4, max_iter=2, random_state=0).fit(X, y).predict_proba(X)\n"
        "np.testing.assert_array_equal(found, expected)\n"
        "assert comm.size == 1\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
