"""Many fits and predictions in one process, whose memory stays flat: ``python -m benchmarks.soak``.

First 1,000 fits, of new estimators and of one that is fitted again and again, with 10,000
predictions in between; then as many predictions from four threads at once. Memory is what the
process has in RAM once the first tenth has warmed it up, and at the end.

Each thread makes its share in one loop. A task for each prediction would measure the queue of the
executor instead: 10,000 futures that wait at the same time take 17 MB once, which later ones use
again (161 MB before, then 178, 178, 178 and 178 after four times 10,000 predictions).
"""

import gc
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

N_FITS, N_PREDICTS, N_THREADS = 1000, 10_000, 4
ALLOWED_MB = 5


def resident():
    """What the process has in RAM, in MB."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def make(k):
    """An estimator of one kind or another."""
    from skrnn import GRUClassifier, LSTMRegressor, RNNRegressor, RNNStepRegressor

    options = {"max_iter": 1, "random_state": k}
    kinds = [
        LSTMRegressor((8, 4), bidirectional=True, **options),
        GRUClassifier(16, pooling="attention", dropout=0.1, **options),
        RNNRegressor(8, cell="mingru", ar_steps=2, **options),
        RNNStepRegressor(8, cell="peephole_lstm", tbptt_steps=3, **options),
    ]
    return kinds[k % len(kinds)]


def targets(model, X):
    """For each sequence, or for each step."""
    y = X.cumsum(axis=1)[:, :, 0]
    if hasattr(model, "group"):
        return y
    return y[:, -1] > 0 if hasattr(model, "predict_proba") else y[:, -1]


def soak(n_fits, n_predicts):
    """Fit, predict, pickle and step; yields the number of fits until now."""
    rng = np.random.default_rng(0)
    kept = make(0)
    for k in range(n_fits):
        X = rng.standard_normal((int(rng.integers(4, 40)), int(rng.integers(2, 20)), 3))
        model = kept.set_params(random_state=k) if k % 4 == 0 else make(k)
        model.fit(X, targets(model, X))
        for i in range(n_predicts // n_fits):
            model.predict(X[: 1 + i % 4])
        if not model.bidirectional:
            model.predict_step(X[0, 0], model.init_state())
        pickle.loads(pickle.dumps(model))
        yield k + 1


def from_threads(n_predicts):
    """Predict with one estimator from several threads."""
    X = np.random.default_rng(0).standard_normal((40, 12, 3))
    model = make(1)
    model.fit(X, targets(model, X))

    def predict(first):
        for i in range(first, n_predicts, N_THREADS):
            model.predict(X[: 1 + i % 40])

    with ThreadPoolExecutor(N_THREADS) as executor:
        for _ in executor.map(predict, range(N_THREADS)):
            pass


def main():
    """Print the table; an error if memory has grown."""
    for done in soak(N_FITS, N_PREDICTS):
        if done == N_FITS // 10:
            warm = resident()
    after_fits = resident()
    from_threads(N_PREDICTS // 10)
    warm_threads = resident()
    from_threads(N_PREDICTS)
    after_threads = resident()
    rows = {
        f"{N_FITS:,} fits, {N_PREDICTS:,} predictions": (warm, after_fits),
        f"{N_PREDICTS:,} predictions of {N_THREADS} threads": (warm_threads, after_threads),
    }
    print(f"{'in one process':<40}{'MB before':>10}{'after':>8}")
    for name, (before, after) in rows.items():
        print(f"{name:<40}{before:>10.1f}{after:>8.1f}")
    return any(after - before > ALLOWED_MB for before, after in rows.values())


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore", UserWarning)
    sys.exit(main())
