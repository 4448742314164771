"""The study of the defaults: ``python -m benchmarks.defaults --data FOLDER``.

Each candidate is a set of parameters, everything else as it is. It is fitted to a part of the
training part of each data set of the suite, and scored on the rest. The first table has for each
candidate and cell, relative to the first candidate: the geometric mean over data sets of the error
(``error``), on how many data sets it is better and worse by more than 5 % (``+/-``), the worst
ratio and where, and the mean of the seconds of a fit. The second has all errors, means over seeds:
the share of wrong classes, or the RMSE in standard deviations of y.

``--final`` fits to the whole training parts instead and scores on the test parts: with the earlier
parameters of training (and today's first weights), as it is, and PyTorch in a careful user's
training loop, if it is installed (`make bench` does).

With ``--cache`` the result of each fit is kept in a file of JSON lines, and what is in it is not
run again, failures included. When a default, a candidate or the code changes, begin a new file.
"""

import argparse
import functools
import importlib.util
import itertools
import json
import os
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import skrnn
from benchmarks._measure import print_table
from benchmarks._suite import SUITE, scaled, take
from skrnn.estimators._optimization import Optimization
from skrnn.estimators._solvers import resolve


def times_epochs(factor):
    """More or fewer epochs than "auto" gives."""
    return lambda n, epochs: {"max_iter": round(factor * epochs)}


def before(n, epochs):
    """The parameters of training that were the defaults; the first weights are today's."""
    return {
        "learning_rate": "constant", "learning_rate_init": 0.001, "batch_size": min(n, 200),
        "max_grad_norm": None, "n_iter_no_change": 10, "max_iter": 200,
    }  # fmt: skip


CONSTANT = {"learning_rate": "constant", "max_iter": 200, "n_iter_no_change": 30}
# Parameters, or a function of the number of sequences and of the epochs that "auto" gives.
CANDIDATES = {
    "as it is": {},
    "before": before,
    "constant rate, patience 30": CONSTANT,
    "rate 0.002": {"learning_rate_init": 0.002},
    "rate 0.01": {"learning_rate_init": 0.01},
    "half the epochs": times_epochs(0.5),
    "twice the epochs": times_epochs(2),
    "minibatches of 200": lambda n, epochs: {"batch_size": min(n, 200)},
    "no clipping": {"max_grad_norm": None},
    "pytorch": {"init": "pytorch"},
    "normal": {"init": "normal"},
    "forget_bias 0": {"forget_bias": 0.0},
    "alpha 0.01": {"alpha": 0.01},
    "dropout 0.2": {"dropout": 0.2},
    "early stopping": {"early_stopping": True},
}
PYTORCH = "PyTorch"  # a candidate for the final figures only
CLEARLY = 0.05  # better or worse by more than this
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Job(NamedTuple):
    """One fit."""

    task: str
    estimator: str  # the name of its class
    seed: int
    candidate: str
    is_final: bool

    @property
    def key(self):
        """What names the result in the cache."""
        return json.dumps(self)

    def model(self, task, n_sequences):
        """What is to be fitted."""
        if self.candidate != PYTORCH:
            model = getattr(skrnn, self.estimator)(random_state=self.seed)
            parameters = CANDIDATES[self.candidate]
            if callable(parameters):
                parameters = parameters(
                    n_sequences, resolve(Optimization(), n_sequences, n_sequences).max_iter
                )
            return model.set_params(**parameters)
        from benchmarks._torch_loop import TorchModel  # most runs do without PyTorch

        cell = self.estimator.removesuffix(kind(task))
        return TorchModel(cell, task.is_classifier, *task.hold_out(1 / 5, self.seed), self.seed)


@functools.lru_cache(maxsize=2)
def load(name, data):
    """A task, read once for the jobs of a process that follow one another."""
    return SUITE[name](data)


def kind(task):
    """How the names of the classes for a task end."""
    return "Classifier" if task.is_classifier else "Regressor"


def run(job, data):
    """The error on what was held out, of how many sequences, and what the fit took."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    task = load(job.task, data)
    if job.is_final:
        X_fit, X_score, y_fit, y_score = task.X, task.X_test, task.y, task.y_test
    else:
        fit, score = task.split(job.seed)
        X_fit, X_score = take(task.X, fit), take(task.X, score)
        y_fit, y_score = task.y[fit], task.y[score]
    X_fit, X_score = scaled(X_fit, X_score)
    result = {"key": job.key, "error": float("nan"), "n_scored": len(y_score)}
    try:
        model = job.model(task, len(y_fit))
        start = time.perf_counter()
        model.fit(X_fit, y_fit)
        result.update(seconds=time.perf_counter() - start, n_iter=model.n_iter_)
        result["error"] = task.error(y_score, model.predict(X_score))
    except Exception as error:  # one failure must not end a study of hours
        result["failure"] = f"{type(error).__name__}: {error}"
    return result


def run_missing(jobs, data, n_processes, cache):
    """The results of all jobs by their keys; those that the cache does not have are run."""
    results = {}
    if cache and cache.exists():
        lines = map(json.loads, cache.read_text().splitlines())
        results = {result["key"]: result for result in lines}
    missing = list({job.key: job for job in jobs if job.key not in results}.values())
    os.environ.update(ONE_THREAD)  # read by the libraries when a new process imports them
    start = time.perf_counter()
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as executor:
        running = {executor.submit(run, job, data): job for job in missing}
        for n, future in enumerate(as_completed(running), 1):
            job, result = running[future], future.result()
            results[job.key] = result
            if cache:
                with cache.open("a") as file:
                    file.write(json.dumps(result) + "\n")
            outcome = result.get("failure", f"{result['error']:.4f}")
            took = f"{n}/{len(missing)} {time.perf_counter() - start:.0f} s"
            print(took, *job[:-1], outcome, sep="  ", flush=True)
    return results


def means(jobs, results, what):
    """The mean over seeds of an entry of the results, by (task, estimator) and candidate."""
    values = {}
    for job in jobs:
        cell = values.setdefault((job.task, job.estimator), {})
        cell.setdefault(job.candidate, []).append(results[job.key].get(what, np.nan))
    return {row: {c: np.mean(v) for c, v in cell.items()} for row, cell in values.items()}


def summary(jobs, results, cells, candidates):
    """A row for each candidate, relative to the first."""
    errors, seconds = means(jobs, results, "error"), means(jobs, results, "seconds")
    n_scored = means(jobs, results, "n_scored")
    for candidate in candidates:
        row = [candidate]
        for cell in cells:
            ratios, times = {}, []
            for (task, estimator), error in errors.items():
                if not estimator.startswith(cell):
                    continue
                # Half a sequence more, so that no error is divided by none.
                half = 0.0
                if estimator.endswith("Classifier"):
                    half = 0.5 / n_scored[task, estimator][candidate]
                ratios[task] = (error[candidate] + half) / (error[candidates[0]] + half)
                times.append([seconds[task, estimator][c] for c in (candidate, candidates[0])])
            r = np.array(list(ratios.values()))
            worst = max(ratios, key=lambda task: np.nan_to_num(ratios[task], nan=np.inf))
            ours, first = np.mean(times, axis=0)
            row += [
                f"{np.exp(np.mean(np.log(r))):.3f}",
                f"{np.sum(r < 1 - CLEARLY)}/{np.sum(r > 1 + CLEARLY)}",
                f"{ratios[worst]:.2f} {worst}",
                f"{ours / first:.2f}",
            ]
        yield row


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--only", default="", help="data sets whose name contains this")
    parser.add_argument("--cells", help="GRU,LSTM,RNN, the last not for --final")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--candidates", help="names with semicolons between; all")
    parser.add_argument("--jobs", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--cache", type=Path, help="file of JSON lines with the results so far")
    parser.add_argument("--final", action="store_true", help="errors on the test parts")
    options = parser.parse_args()
    if options.final:
        cells, known = ["GRU", "LSTM"], ["as it is", "before"]
        known += [PYTORCH] if importlib.util.find_spec("torch") else []
    else:
        cells, known = ["GRU", "LSTM", "RNN"], list(CANDIDATES)
    cells = options.cells.split(",") if options.cells else cells
    candidates = options.candidates.split(";") if options.candidates else known
    if unknown := set(candidates) - {*known, *CANDIDATES}:
        parser.error(f"no candidate {sorted(unknown)}; there are {sorted({*known, *CANDIDATES})}")
    tasks = [name for name in SUITE if options.only.lower() in name.lower()]
    if not tasks:
        parser.error(f"no data set has {options.only!r} in its name; there are {list(SUITE)}")
    jobs = []
    for task in tasks:
        estimators = [cell + kind(load(task, options.data)) for cell in cells]
        rest = itertools.product(range(options.seeds), estimators, candidates)
        jobs += [Job(task, estimator, seed, c, options.final) for seed, estimator, c in rest]
    results = run_missing(jobs, options.data, options.jobs, options.cache)
    columns = ("error", "+/-", "worst", "seconds")
    header = ["candidate", *(f"{cell} {column}" for cell in cells for column in columns)]
    print_table(header, summary(jobs, results, cells, candidates))
    print()
    rows = (
        [f"{task}, {estimator}", *(f"{errors[candidate]:.4f}" for candidate in candidates)]
        for (task, estimator), errors in means(jobs, results, "error").items()
    )
    print_table(["data set, model", *candidates], rows)
    for job in jobs:
        if "failure" in results[job.key]:
            print("failed:", *job[:-1], results[job.key]["failure"], sep="  ")


if __name__ == "__main__":
    main()
