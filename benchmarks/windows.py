"""Windows over long series and panels: ``python -m benchmarks.windows``.

Time is the best of several calls. Memory is what the result holds beside its input, and the peak
above the input while it is made, as allocated through NumPy. An epoch is a third of a fit of three,
on windows and on the same windows as a ready-made 3-D array, taking turns: windows of single rows,
and of segments.
"""

import time
import tracemalloc
from functools import partial

import numpy as np
import pandas as pd

from benchmarks._measure import interleaved, median_ratio, print_table
from skrnn import GRURegressor, SlidingWindow, WindowScaledRegressor
from skrnn.validation import as_sequences

N_ROWS, N_FEATURES, WINDOW, SEGMENT = 1_000_000, 4, 100, 20
N_UNITS, N_UNIT_ROWS, N_UNIT_FEATURES = 100, 200, 24
N_EPOCH_ROWS, N_EPOCHS = 40_000, 3
MB = 2**20


def best(call, rounds=5):
    """Seconds of the fastest of some calls."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def allocated(call):
    """MB that the result of a call holds, and MB at its peak."""
    tracemalloc.start()
    result = call()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return held / MB, peak / MB


def row(name, call, given):
    """Of the table: seconds and memory of one call, ``given`` its input."""
    held, peak = allocated(call)
    return name, f"{best(call):.3f}", f"{given.nbytes / MB:.0f}", f"{held:.0f}", f"{peak:.0f}"


def transforms():
    """Rows of the table for what makes windows."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_ROWS, N_FEATURES), dtype=np.float32)
    minutes = pd.date_range("2000", periods=N_ROWS, freq="min")
    frame = pd.DataFrame(X, columns=[*"abcd"], index=minutes)
    size = f"{N_ROWS:,} x {N_FEATURES}, window {WINDOW}"
    yield row(f"array {size}", lambda: SlidingWindow(WINDOW).fit_transform(X), X)
    segments = SlidingWindow(WINDOW, segment=SEGMENT)
    yield row(f"array {size}, segment={SEGMENT}", lambda: segments.fit_transform(X), X)
    yield row(f"frame {size}", lambda: SlidingWindow(WINDOW).fit_transform(frame), X)
    steps = SlidingWindow(WINDOW, step=24)
    yield row(f"frame {size}, step=24", lambda: steps.fit_transform(frame), X)

    index = pd.MultiIndex.from_product([range(N_UNITS), minutes[:N_UNIT_ROWS]], names=["unit", "t"])
    table = rng.standard_normal((len(index), N_UNIT_FEATURES), dtype=np.float32)
    panel = pd.DataFrame(table, index=index).rename(columns=str)
    shuffled = panel.iloc[rng.permutation(len(panel))]
    size = f"panel of {N_UNITS} units, {len(panel):,} x {N_UNIT_FEATURES}"
    window = SlidingWindow(WINDOW, group="unit", time="t", history="tail")
    yield row(size, lambda: window.fit_transform(panel), table)
    yield row(f"{size}, shuffled", lambda: window.fit_transform(shuffled), table)
    yield row(f"{size}, with tails", lambda: window.transform(shuffled), table)


def epochs():
    """Rows of the table for training on windows and on arrays."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_EPOCH_ROWS + WINDOW - 1, N_FEATURES), dtype=np.float32)
    y = rng.standard_normal(N_EPOCH_ROWS)
    for segment in (SEGMENT, 1):
        windows = SlidingWindow(WINDOW, segment=segment).fit_transform(X)[WINDOW - 1 :]
        dense = np.asarray(windows)
        calls = {}
        for name, data in (("Sequences", windows), ("3-D array", dense)):
            model = GRURegressor(32, max_iter=N_EPOCHS, n_iter_no_change=np.inf, random_state=0)
            calls[name] = partial(model.fit, data, y)
        times = interleaved(calls, rounds=7, min_seconds=0)
        label = f"epoch of {N_EPOCH_ROWS:,} windows of {WINDOW}, segment={segment}"
        for name, data in zip(calls, (windows.rows, dense), strict=True):
            seconds = np.median(times[name]) / N_EPOCHS
            yield f"{label}, {name}", f"{seconds:.3f}", f"{data.nbytes / MB:.0f}", "", ""
        ratio = median_ratio(times["Sequences"], times["3-D array"])
        yield f"{label}, Sequences by 3-D array", f"{ratio:.2f}", "", "", ""
    scaled = WindowScaledRegressor(_Nothing(), feature=0)
    yield row(f"WindowScaledRegressor, {N_EPOCH_ROWS:,} windows", lambda: scaled.fit(windows, y), X)
    yield row("validation of as many windows", lambda: as_sequences(windows), X)


class _Nothing(GRURegressor):
    """A regressor that learns nothing, to time what is around it."""

    def fit(self, X, y):
        return self


def main():
    """Print the table."""
    print_table(["", "seconds", "input MB", "result MB", "peak MB"], [*transforms(), *epochs()])


if __name__ == "__main__":
    main()
