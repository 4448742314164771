"""The shipped datasets hold the published numbers; all literals are from the published files."""

import sys
from importlib import resources

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skrnn.datasets import load_beijing_pm25, load_japanese_vowels, load_shakespeare

LOADERS = [load_beijing_pm25, load_japanese_vowels]
each_loader = pytest.mark.parametrize("load", LOADERS)


@each_loader
def test_bunch_is_described(load):
    bunch = load()
    assert resources.files(bunch.data_module).joinpath(bunch.filename).is_file()
    assert "Creative Commons Attribution 4.0" in bunch.DESCR
    assert all(f"- {name} " in bunch.DESCR for name in bunch.feature_names if "lpc" not in name)
    assert bunch.frame is None


@pytest.mark.parametrize("load", [*LOADERS, load_shakespeare])
def test_files_are_deterministic(load):
    bunch = load()
    header = resources.files(bunch.data_module).joinpath(bunch.filename).read_bytes()[:10]
    # Neither a file name (flags) nor a modification time.
    assert header[3:8] == bytes(5)


@each_loader
def test_every_call_returns_new_arrays(load):
    first, second = load(), load()
    first.data[0][:] = 1e9
    first.target[:] = -1
    assert np.nanmax(second.data[0]) < 1e9
    assert second.target[-1] != -1


@each_loader
@pytest.mark.parametrize("name", ["return_X_y", "as_frame"])
def test_flags_must_be_bool(load, name):
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of {load.__name__}"):
        load(**{name: "yes"})


@each_loader
def test_as_frame_needs_pandas(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=f"{load.__name__} with as_frame=True requires pandas"):
        load(as_frame=True)


def test_beijing_rows():
    beijing = load_beijing_pm25()
    assert beijing.data.shape == (43824, 8)
    assert beijing.data.dtype == np.float64
    assert beijing.data.flags.c_contiguous
    assert beijing.feature_names == [
        "pm25",
        "dew_point",
        "temperature",
        "pressure",
        "wind_direction",
        "wind_speed",
        "snow_hours",
        "rain_hours",
    ]
    assert_array_equal(beijing.data[0], [np.nan, -21, -11, 1021, 1, 1.79, 0, 0])
    assert_array_equal(beijing.data[24], [129, -16, -4, 1020, 2, 1.79, 0, 0])
    assert_array_equal(beijing.data[-2:, :4], [[8, -22, -4, 1034], [12, -21, -3, 1034]])
    assert_array_equal(beijing.data[-2:, 4:], [[1, 246.72, 0, 0], [1, 249.85, 0, 0]])


def test_beijing_values_that_are_not_whole():
    data = load_beijing_pm25().data
    temperature, pressure = data[:, 2], data[:, 3]
    assert_array_equal(temperature[temperature % 1 != 0], [14.66666667, 9.333333333])
    assert_array_equal(pressure[pressure % 1 != 0], [1019.5, 1029.666667, 1032.333333, 1027.5])


def test_beijing_totals():
    data = load_beijing_pm25().data
    assert_allclose(
        np.nansum(data, axis=0),
        [4117792, 79639, 545544, 44544802, 72891, 1046917.65, 2311, 8542],
        rtol=1e-12,
    )
    assert_array_equal(np.isnan(data).sum(axis=0), [2067, 0, 0, 0, 0, 0, 0, 0])
    assert_array_equal(np.nanmin(data, axis=0), [0, -40, -19, 991, 0, 0.45, 0, 0])
    assert_array_equal(np.nanmax(data, axis=0), [994, 28, 42, 1046, 3, 585.6, 27, 36])


def test_beijing_wind_directions():
    beijing = load_beijing_pm25()
    assert list(beijing.wind_directions) == ["NE", "NW", "SE", "cv"]
    assert_array_equal(np.bincount(beijing.data[:, 4].astype(int)), [4997, 14150, 15290, 9387])


def test_beijing_target_is_the_same_hour():
    X, y = load_beijing_pm25(return_X_y=True)
    assert_array_equal(y, X[:, 0])


def test_beijing_time():
    time = load_beijing_pm25().time
    assert time.dtype == "datetime64[h]"
    assert time.shape == (43824,)
    assert time[0] == np.datetime64("2010-01-01T00")
    assert time[-1] == np.datetime64("2014-12-31T23")


def test_beijing_frame():
    pd = pytest.importorskip("pandas")
    arrays, frames = load_beijing_pm25(), load_beijing_pm25(as_frame=True)
    assert list(frames.frame) == [*arrays.feature_names, "target"]
    for part in (frames.data, frames.target, frames.frame):
        assert part.index.name == "time"
        assert part.index.freqstr == "h"
        assert_array_equal(part.index, arrays.time)
    assert_array_equal(frames.target, arrays.target)
    assert_array_equal(
        frames.data.assign(wind_direction=frames.data.wind_direction.cat.codes), arrays.data
    )
    assert list(frames.data.wind_direction.cat.categories) == ["NE", "NW", "SE", "cv"]
    assert frames.data.wind_direction.loc["2010-01-02 00:00"] == "SE"
    X, y = load_beijing_pm25(return_X_y=True, as_frame=True)
    pd.testing.assert_frame_equal(X, frames.data)
    pd.testing.assert_series_equal(y, frames.target)


def test_vowels_utterances():
    vowels = load_japanese_vowels()
    assert len(vowels.data) == 640
    assert {steps.shape[1] for steps in vowels.data} == {12}
    assert {steps.dtype for steps in vowels.data} == {np.dtype(np.float64)}
    assert all(steps.flags.c_contiguous for steps in vowels.data)
    lengths = [len(steps) for steps in vowels.data]
    assert (min(lengths), max(lengths), sum(lengths)) == (7, 29, 9961)
    assert lengths[:4] == [20, 26, 22, 20]
    assert vowels.feature_names == [f"lpc_{order}" for order in range(1, 13)]


def test_vowels_values():
    data = load_japanese_vowels().data
    assert_array_equal(data[0][0, :4], [1.860936, -0.207383, 0.261557, -0.214562])
    assert_array_equal(data[0][0, 4:8], [-0.171253, -0.118167, -0.277557, 0.025668])
    assert_array_equal(data[0][0, 8:], [0.126701, -0.306756, -0.213076, 0.088728])
    assert_array_equal(data[-1][-1, :4], [1.177449, -0.40408, 0.052026, -0.284812])
    assert_array_equal(data[-1][-1, 4:8], [0.42984, -0.203484, -0.072393, -0.080955])
    assert_array_equal(data[-1][-1, 8:], [-0.244424, -0.001849, -0.016634, 0.224688])
    steps = np.concatenate(data)
    assert_allclose(steps.sum(), -3203.965733, rtol=1e-12)
    assert (steps.min(), steps.max()) == (-1.852765, 2.203141)


@pytest.mark.parametrize(
    ("subset", "n_steps", "n_per_speaker"),
    [
        ("all", 9961, [61, 65, 118, 74, 59, 54, 70, 80, 59]),
        ("train", 4274, [30] * 9),
        ("test", 5687, [31, 35, 88, 44, 29, 24, 40, 50, 29]),
    ],
)
def test_vowels_subsets(subset, n_steps, n_per_speaker):
    vowels = load_japanese_vowels(subset=subset)
    assert len(vowels.data) == len(vowels.target) == len(vowels.is_train)
    assert sum(map(len, vowels.data)) == n_steps
    assert_array_equal(np.bincount(vowels.target), n_per_speaker)
    assert list(vowels.target_names) == [f"speaker {number}" for number in range(1, 10)]


def test_vowels_official_split():
    whole = load_japanese_vowels()
    assert whole.is_train.dtype == bool
    for subset, chosen in (("train", whole.is_train), ("test", ~whole.is_train)):
        X, y = load_japanese_vowels(subset=subset, return_X_y=True)
        assert_array_equal(y, whole.target[chosen])
        for steps, index in zip(X, np.flatnonzero(chosen), strict=True):
            assert_array_equal(steps, whole.data[index])
    assert whole.is_train[:270].all()


@pytest.mark.parametrize("subset", ["all", "train", "test"])
def test_vowels_frame(subset):
    pd = pytest.importorskip("pandas")
    arrays = load_japanese_vowels(subset=subset)
    frames = load_japanese_vowels(subset=subset, as_frame=True)
    assert list(frames.data) == arrays.feature_names
    assert frames.data.index.names == ["utterance", "step"]
    assert_array_equal(frames.data, np.concatenate(arrays.data))
    assert_array_equal(frames.data.loc[3], arrays.data[3])
    assert_array_equal(frames.target, arrays.target)
    assert_array_equal(frames.target.index, np.arange(len(arrays.data)))
    assert frames.target.index.name == "utterance"
    assert_array_equal(
        frames.frame.target, np.repeat(arrays.target, [len(steps) for steps in arrays.data])
    )
    assert list(frames.frame) == [*arrays.feature_names, "target"]
    X, y = load_japanese_vowels(subset=subset, return_X_y=True, as_frame=True)
    pd.testing.assert_frame_equal(X, frames.data)
    pd.testing.assert_series_equal(y, frames.target)


def test_vowels_subset_must_exist():
    with pytest.raises(InvalidParameterError, match=r"'subset' parameter .* Got 'valid' instead"):
        load_japanese_vowels(subset="valid")


def test_shakespeare():
    shakespeare = load_shakespeare()
    assert "public domain" in shakespeare.DESCR
    speeches = shakespeare.data
    assert len(speeches) == 726
    assert speeches[1] == "All:\nSpeak, speak."
    assert speeches[-1].startswith("CORIOLANUS:\nFare ye well:\nThou hast years upon thee;")
    assert speeches[-1].endswith("never of me aught\nBut what is like me formerly.")
    assert all(speech.partition("\n")[0].endswith(":") for speech in speeches)
    assert sum("\n" not in speech for speech in speeches) == 5
    text = "\n\n".join(speeches)
    assert (len(text), len(set(text)), len(text.split())) == (98_845, 61, 17_683)
    speeches.clear()
    assert len(load_shakespeare().data) == 726
