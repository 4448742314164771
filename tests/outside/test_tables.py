"""Tables that are not in the memory of one process: Dask collections, and files of Parquet."""

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, PerStep, SlidingWindow, from_long, make_horizon_target
from skrnn.datasets import load_beijing_pm25


@pytest.fixture(autouse=True)
def _one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module")
def weather():
    """The weather of eight weeks, and the temperature an hour later."""
    frame = load_beijing_pm25(as_frame=True).data.iloc[3000:4344]
    return make_horizon_target(frame[["dew_point", "temperature", "pressure"]], "temperature", 1)


@pytest.fixture(scope="module")
def model(weather):
    X, y = weather
    network = GRURegressor(4, max_iter=2, random_state=0)
    pipeline = make_pipeline(SlidingWindow(24), PerStep(StandardScaler()), network)
    return pipeline.fit(X[:600], y[:600])


def predicted(part, model):
    return pd.Series(model.predict(part), index=part.index, name="temperature")


def test_predictions_for_the_partitions_of_a_series(weather, model):
    """Each partition gets the last rows of the one before it, and drops their predictions."""
    X, _ = weather
    table = dd.from_pandas(X[600:], npartitions=4)
    meta = pd.Series(dtype=float, name="temperature")
    found = table.map_overlap(predicted, 23, 0, model, meta=meta, align_dataframes=False)
    expected = predicted(X[600:], model)
    pd.testing.assert_series_equal(found.compute(), expected, check_freq=False)


def test_predictions_for_partitions_of_whole_groups():
    """No window crosses a group, so nothing has to overlap."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 2)), columns=["load", "wind"])
    frame["unit"], frame["hour"] = np.repeat(np.arange(10), 30), np.tile(np.arange(30), 10)
    frame = frame[["unit", "hour", "load", "wind"]]
    windows = SlidingWindow(6, group="unit", time="hour")
    model = make_pipeline(windows, GRURegressor(4, max_iter=1, random_state=0))
    model.fit(frame, frame["load"])
    table = dd.from_pandas(frame.set_index("unit"), npartitions=3)  # does not cut a group
    assert table.npartitions == 3

    def of_groups(part):
        return predicted(part.reset_index(), model)

    meta = pd.Series(dtype=float, name="temperature")
    found = table.map_partitions(of_groups, meta=meta).compute()
    np.testing.assert_array_equal(found, model.predict(frame))


def test_predictions_for_the_blocks_of_an_array():
    X = np.random.default_rng(0).normal(size=(100, 12, 3)).astype("f")
    model = GRURegressor(4, max_iter=1, random_state=0).fit(X, X[:, -1, 0])
    blocks = da.from_array(X, chunks=(32, 12, 3))
    found = blocks.map_blocks(model.predict, drop_axis=[1, 2], dtype="f")
    np.testing.assert_array_equal(found.compute(), model.predict(X))


def test_partial_fit_over_partitions():
    """One partition in memory at a time; the first one sets the scale of y."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2000, 2)), columns=["load", "wind"])
    frame["unit"], frame["hour"] = np.repeat(np.arange(100), 20), np.tile(np.arange(20), 100)
    table = dd.from_pandas(frame.set_index("unit"), npartitions=4)
    model = GRURegressor(8, random_state=0)
    for _ in range(30):
        for partition in table.partitions:
            rows = partition.compute().reset_index()
            X, ids = from_long(rows, id="unit", time="hour")
            model.partial_fit(X, rows.groupby("unit")["load"].mean()[ids])
    assert (model.n_iter_, model.t_) == (30 * 4, 30 * 100)
    X, ids = from_long(frame, id="unit", time="hour")
    # Five seeds reach 0.968 to 0.983.
    assert model.score(X, frame.groupby("unit")["load"].mean()[ids]) > 0.9


def test_partial_fit_over_row_groups(weather, tmp_path):
    """Of a file of Parquet: as from the table in memory, with a row group there at a time."""
    X, y = weather
    table = pa.Table.from_pandas(X.assign(target=y), preserve_index=False)
    pq.write_table(table, tmp_path / "weather.parquet", row_group_size=400)

    def fitted(parts):
        model, before = GRURegressor(8, random_state=0), None
        for rows in parts:
            target = rows.pop("target").to_numpy()
            rows = rows.to_numpy()
            joined = rows if before is None else np.vstack([before, rows])
            windows = SlidingWindow(24).fit_transform((joined - X.mean().to_numpy()) / 10)
            model.partial_fit(windows[len(joined) - len(rows) :], target)
            before = joined[-23:]  # so that the first windows of the next one are full
        return model

    file = pq.ParquetFile(tmp_path / "weather.parquet")
    assert file.num_row_groups == 4
    model = fitted(file.read_row_group(k).to_pandas() for k in range(file.num_row_groups))
    whole = X.assign(target=y)
    expected = fitted(whole.iloc[k : k + 400].copy() for k in range(0, len(whole), 400))
    np.testing.assert_array_equal(model._theta, expected._theta)
    assert model.t_ == len(X)
