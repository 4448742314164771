"""Forecasts of the ETT series far ahead: ``python -m benchmarks.long_horizon --data FOLDER``.

The usual protocol: 12, 4 and 4 months of 30 days to train, validate and test; all seven columns in
standard deviations of the training part; every window of the part with stride 1, none dropped; the
mean squared and absolute error over all windows, steps and columns. One network reads the windows
of all columns, in segments of several hours, relative to their last value. The epoch is that with
the least loss on the validation part; the test part is read once. The table is the mean over seeds
and is written to ``results/long_horizon.md``.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import print_table
from benchmarks.accuracy import markdown
from skrnn import ColumnwiseRegressor, GRURegressor, SlidingWindow, WindowScaledRegressor

RESULTS = Path(__file__).parent / "results" / "long_horizon.md"
MONTH = 30 * 24
# Series, hours of a window, hours of a segment, hours ahead: asked for, and what others report.
ROWS = {
    ("ETTh1", 96, 24, 96): ("≤ .370", "SegRNN .368, iTransformer .386, DLinear .386, Ridge .383"),
    ("ETTh1", 720, 48, 96): ("≤ .357", "SegRNN .351, Ridge .375"),
    ("ETTh2", 96, 24, 96): ("≤ .280", "SegRNN .278, iTransformer .297, DLinear .333, Ridge .289"),
    ("ETTh1", 720, 48, 192): ("", ""),
    ("ETTh1", 720, 48, 336): ("", ""),
    ("ETTh1", 720, 48, 720): ("", ""),
}
HEADER = ["series", "window", "segment", "ahead", "MSE", "asked for", "MAE", "others", "seconds"]


def forecaster(seed):
    """The model of all rows; its parameters were chosen on the validation parts."""
    network = GRURegressor(
        128,
        dropout=0.5,
        loss="absolute_error",
        learning_rate="constant",
        learning_rate_init=1e-3,
        batch_size=256,
        max_iter=30,
        n_iter_no_change=5,
        early_stopping=True,
        random_state=seed,
    )
    return ColumnwiseRegressor(WindowScaledRegressor(network, level="last", operation="subtract"))


def parts(path, window, segment, ahead):
    """Windows and futures of all columns of the three parts."""
    rows = pd.read_csv(path).iloc[: 20 * MONTH, 1:].to_numpy(float)
    rows = StandardScaler().fit(rows[: 12 * MONTH]).transform(rows).astype(np.float32)
    windows = SlidingWindow(window, segment=segment).fit_transform(rows)
    for begin, end in ((window, 12 * MONTH), (12 * MONTH, 16 * MONTH), (16 * MONTH, 20 * MONTH)):
        last = np.arange(begin - 1, end - ahead)  # the last hours of the windows
        futures = np.stack([rows[last + 1 + step] for step in range(ahead)], axis=2)
        yield windows[last], futures.reshape(len(last), -1)


def main():
    """Print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=len(ROWS), help="only the first rows")
    options = parser.parse_args()
    table = []
    for (series, *shape), (asked_for, others) in list(ROWS.items())[: options.rows]:
        train, validation, test = parts(options.data / f"{series}.csv", *shape)
        errors, seconds = [], []
        for seed in range(options.seeds):
            start = time.process_time()
            model = forecaster(seed).fit(*train, X_val=validation[0], y_val=validation[1])
            seconds.append(time.process_time() - start)
            difference = model.predict(test[0]) - test[1]
            errors.append((np.mean(difference**2), np.mean(np.abs(difference))))
        mse, mae = np.transpose(errors)
        table.append([
            series, *map(str, shape), f"{mse.mean():.4f} ± {mse.std():.4f}", asked_for,
            f"{mae.mean():.4f}", others, f"{np.mean(seconds):.0f}",
        ])  # fmt: skip
        print(*table[-1], flush=True)
    print_table(HEADER, table)
    RESULTS.write_text(markdown(HEADER, table))


if __name__ == "__main__":
    main()
