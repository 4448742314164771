"""A target at every step, on public data: ``python -m benchmarks.steps --data FOLDER``.

Three tasks, each with its score on the test part, what is asked of it and what PyTorch gets under
the same protocol: chords of chorales (88 labels at once), slots of sentences (a class for each
word, learned embeddings), and the next character of Shakespeare (state carried on from chunk to
chunk, as many epochs as fit into 240 seconds). Then what it costs: epochs of the character model
beside PyTorch's, one pass over sequences beside a window for each row, and memory for a long
sequence.

All seconds are of CPU time, with one thread, so that other work on the machine counts for little.
The table is written to ``results/steps.md`` when it has all rows. ``--choose`` compares
hyperparameters by the validation parts instead; it never sees a test part.
"""

import argparse
import resource
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from benchmarks._measure import in_process, print_table
from benchmarks._step_tasks import CHUNK, characters, chorales, slots
from benchmarks.accuracy import markdown
from skrnn import RNNRegressor, RNNStepRegressor, SlidingWindow

RESULTS = Path(__file__).parent / "results" / "steps.md"
HEADER = ["task", "measure", "skrnn", "asked for", "PyTorch", "CPU seconds"]
CHOICES_HEADER = ["task", "change", "measure", "score in validation", "CPU seconds"]
BUDGET = 240  # seconds, for the character model
TASKS = {
    "JSB Chorales, LSTM(100)": chorales,
    "SNIPS slots, bidirectional LSTM(100)": slots,
    "tinyshakespeare, LSTM(128)": characters,
}


def cpu_seconds(call):
    """The CPU time of a call, and what it returns."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def fit_and_score(task, model, seeds, is_final):
    """Mean and deviation over seeds of the score, and the mean CPU time of a fit."""
    part = task.test if is_final else task.validation
    scores, seconds = [], []
    for seed in seeds:
        each = clone(model).set_params(random_state=seed)
        taken, _ = cpu_seconds(lambda each=each: task.fit(each, is_final))
        seconds.append(taken)
        scores.append(task.score(each, *part))
    spread = f" ± {np.std(scores):.2g}" if len(scores) > 1 else ""
    return f"{np.mean(scores):.4g}{spread}", f"{np.mean(seconds):.0f}"


def accuracy(name, task, seeds):
    """The row of a task."""
    score, seconds = fit_and_score(task, task.model, seeds, is_final=True)
    return [name, task.metric, score, task.asked_for, task.reference, seconds]


def seconds_per_epoch(task):
    """Of the character model, ours and PyTorch's (None if it is not installed)."""
    X, y = task.final_train
    theirs = None
    if find_spec("torch"):
        from benchmarks._torch_characters import TorchCharacters

        theirs = TorchCharacters(int(X.max()) + 1)
    taken = {"ours": [], "theirs": []}
    for _ in range(2):  # in turn
        one = clone(task.model).set_params(max_iter=1, learning_rate="constant", random_state=0)
        taken["ours"].append(cpu_seconds(lambda one=one: one.fit(X, y))[0])
        if theirs is not None:
            taken["theirs"].append(cpu_seconds(lambda: theirs.fit(X, y, CHUNK))[0])
    return [min(seconds) if seconds else None for seconds in taken.values()]


def character_rows(name, task):
    """As many epochs as fit into the time, and their number beside PyTorch's."""
    ours, theirs = seconds_per_epoch(task)
    n_epochs = int(BUDGET / ours)
    for rate in (0.004, 0.008, 0.012):  # of the protocol; best after 8 epochs, and after 35
        task.model.set_params(max_iter=n_epochs, learning_rate_init=rate)
        yield accuracy(f"{name}, learning rate {rate}", task, seeds=[0])
    epochs = "" if theirs is None else f"{int(BUDGET / theirs)}"
    yield [name, f"epochs in {BUDGET} s", n_epochs, "", epochs, ""]


def windows_row():
    """An epoch over 4 sequences of 500 steps, and one over a window for each of 2,000 rows."""
    X = np.random.default_rng(0).standard_normal((4, 500, 1), np.float32)
    y = X.cumsum(axis=1)[:, :, 0] / 20
    who, when = np.indices((4, 500)).reshape(2, -1)
    table = pd.DataFrame({"who": who, "when": when, "x": X.ravel()})
    options = {"cell": "gru", "learning_rate": "constant", "random_state": 0}
    steps = RNNStepRegressor(32, max_iter=50, **options)
    windows = make_pipeline(
        SlidingWindow(500, group="who", time="when"), RNNRegressor(32, max_iter=1, **options)
    )
    of_steps = cpu_seconds(lambda: steps.fit(X, y))[0] / 50
    of_windows = cpu_seconds(lambda: windows.fit(table, y.ravel()))[0]
    name = "4 sequences of 500 steps, GRU(32)"
    measure = "times an epoch over windows takes as long"
    return [name, measure, f"{of_windows / of_steps:.0f}", "", "", f"{of_steps:.2g}"]


def memory_of_fit(n_rows, tbptt_steps):
    """How much a fit to one long sequence adds to the peak resident size, in MB."""
    X = np.random.default_rng(0).standard_normal((n_rows, 1), np.float32)
    y = X[:, 0] / 2
    model = RNNStepRegressor(32, tbptt_steps=tbptt_steps, max_iter=1, random_state=0)
    model.fit(X[:1000], y[:1000])  # code and libraries are loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, _ = cpu_seconds(lambda: model.fit(X, y))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, seconds


def memory_rows():
    """The memory of fits to sequences of very different lengths."""
    for n_rows, tbptt_steps in ((100_000, None), (100_000, 50), (1_000_000, 50)):
        megabytes, seconds = in_process(memory_of_fit, n_rows, tbptt_steps)
        name = f"one sequence of {n_rows:,} steps, LSTM(32), tbptt_steps={tbptt_steps}"
        measure = f"MB above the data, which are {8 * n_rows / 2**20:.1f} MB"
        yield [name, measure, f"{megabytes:.0f}", "", "", f"{seconds:.0f}"]


def choices(name, task, seeds):
    """The validation score of a model and of the changes to it."""
    for change in [{}, *task.changes]:
        model = clone(task.model).set_params(**change)
        words = ", ".join(f"{key}={value}" for key, value in change.items())
        score, seconds = fit_and_score(task, model, seeds, is_final=False)
        yield [name, words or "as it is", task.metric, score, seconds]


def rows(options):
    """The rows of the table, or those whose name contains a text."""
    seeds = range(options.seeds)
    for name, read in TASKS.items():
        if options.only.lower() in name.lower():
            task = read(options.data)
            if options.choose:
                yield from choices(name, task, seeds)
            elif task.final_train is None:
                yield accuracy(name, task, seeds)
            else:
                yield from character_rows(name, task)
    if not (options.choose or options.only):
        yield windows_row()
        yield from memory_rows()


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--only", default="", help="tasks whose name contains this")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--choose", action="store_true", help="compare hyperparameters instead")
    options = parser.parse_args()
    header, table = CHOICES_HEADER if options.choose else HEADER, []
    with threadpool_limits(1):
        for row in rows(options):
            print(*row, sep=" | ", flush=True)
            table.append(row)
    print_table(header, table)
    if not (options.choose or options.only):
        RESULTS.write_text(markdown(header, table), encoding="utf-8")


if __name__ == "__main__":
    main()
