"""Loaders of the datasets shipped with the package."""

import csv
import gzip
from importlib import resources

import numpy as np
from sklearn.utils import Bunch

from skrnn._sklearn import StrOptions, check_pandas_support, validate_params

DATA_MODULE = "skrnn.datasets.data"
DESCR_MODULE = "skrnn.datasets.descr"


def _read_columns(name):
    """Columns of a shipped file by name; ``tools/make_datasets.py`` describes the format."""
    path = resources.files(DATA_MODULE) / f"{name}.csv.gz"
    with path.open("rb") as file, gzip.open(file, "rt", encoding="ascii") as lines:
        return {
            column: np.cumsum(np.array(steps, dtype=np.int64)) / int(unit)
            for column, unit, *steps in csv.reader(lines)
        }


def _bunch(filename, **details):
    """The result of a loader: a Bunch with the description and ``details``."""
    name, _, _ = filename.partition(".")
    return Bunch(
        DESCR=(resources.files(DESCR_MODULE) / f"{name}.rst").read_text(encoding="utf-8"),
        filename=filename,
        data_module=DATA_MODULE,
        **details,
    )


def _dataset(name, data, target, *, return_X_y, as_frame, **details):
    """The result of a loader of a table: the pair, or a Bunch."""
    if return_X_y:
        return data, target
    frame = data.join(target) if as_frame else None
    return _bunch(f"{name}.csv.gz", data=data, target=target, frame=frame, **details)


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]}, prefer_skip_nested_validation=True
)
def load_beijing_pm25(*, return_X_y=False, as_frame=False):
    """Load the Beijing PM2.5 dataset (regression, forecasting).

    Fine particles in the air of Beijing, and the weather, for every hour of 2010 to 2014 [1]_.

    =================   ==============================================
    Samples total       43824, one per hour
    Dimensionality      8
    Features            real; `wind_direction` is a category
    Targets             PM2.5, 0 to 994 µg/m³; 2067 values are missing
    =================   ==============================================

    .. warning::
       The target is the PM2.5 concentration of the *same* hour, so column `pm25` of the data
       **contains the answer**. To forecast, shift the target into the future: to look 6 hours
       ahead, the target of hour `t` is ``target[t + 6]``, as in the example below.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.

    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series, both with an hourly
        DatetimeIndex called `time`; `wind_direction` is then a categorical column of names.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (43824, 8)
            One row per hour, as float64. PM2.5 in µg/m³ (NaN if missing), dew point and
            temperature in °C, pressure in hPa, the integer code of the wind direction, wind
            speed in m/s summed since the last change of direction, and the number of hours that
            it has been snowing and raining.
        target : {ndarray, Series} of shape (43824,)
            PM2.5 in µg/m³ at the same hour, NaN if missing. See the warning above.
        frame : DataFrame of shape (43824, 9)
            `data` and `target` together; None unless `as_frame=True`.
        feature_names : list of str
            The names of the columns.
        wind_directions : ndarray of shape (4,)
            The wind directions, sorted as strings; code `i` in `data` is
            ``wind_directions[i]``. "cv" stands for calm and variable.
        time : ndarray of shape (43824,), dtype=datetime64[h]
            The hour of each row, without gaps.
        DESCR : str
            The full description of the dataset.
        filename : str
            The name of the data file.
        data_module : str
            The package that holds the data file.

    (data, target) : tuple if ``return_X_y`` is True
        `data` and `target` as above.

    Raises
    ------
    InvalidParameterError
        If `return_X_y` or `as_frame` is not a bool. A subclass of `ValueError`.
    ImportError
        If `as_frame=True` and pandas is not installed.

    See Also
    --------
    load_japanese_vowels : Sequences of different lengths to classify.

    References
    ----------
    .. [1] X. Liang, T. Zou, B. Guo, S. Li, H. Zhang, S. Zhang, H. Huang and S. X. Chen (2015).
       "Assessing Beijing's PM2.5 pollution: severity, weather impact, APEC and winter heating".
       Proceedings of the Royal Society A 471, 20150257.
       https://doi.org/10.1098/rspa.2015.0257

    Examples
    --------
    >>> from skrnn.datasets import load_beijing_pm25
    >>> beijing = load_beijing_pm25()
    >>> beijing.feature_names
    ['pm25', 'dew_point', 'temperature', 'pressure', 'wind_direction', 'wind_speed',
     'snow_hours', 'rain_hours']
    >>> print(beijing.time[24], beijing.target[24])
    2010-01-02T00 129.0

    To forecast 6 hours ahead, pair each hour with the target 6 hours later:

    >>> X, y = beijing.data[:-6], beijing.target[6:]
    >>> X.shape, y.shape
    ((43818, 8), (43818,))
    """
    name = "beijing_pm25"
    columns = _read_columns(name)
    columns["pm25"][columns["pm25"] < 0] = np.nan
    feature_names = list(columns)
    data = np.column_stack(list(columns.values()))
    target = columns["pm25"]
    wind_directions = np.array(["NE", "NW", "SE", "cv"])
    time = np.datetime64("2010-01-01T00") + np.arange(len(data))

    if as_frame:
        pd = check_pandas_support("load_beijing_pm25 with as_frame=True")
        index = pd.DatetimeIndex(time, freq="h", name="time")
        directions = pd.Categorical.from_codes(
            columns["wind_direction"].astype(int), wind_directions
        )
        data = pd.DataFrame(data, index, feature_names).assign(wind_direction=directions)
        target = pd.Series(target, index, name="target")

    return _dataset(
        name,
        data,
        target,
        return_X_y=return_X_y,
        as_frame=as_frame,
        feature_names=feature_names,
        wind_directions=wind_directions,
        time=time,
    )


@validate_params(
    {
        "subset": [StrOptions({"all", "train", "test"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_japanese_vowels(*, subset="all", return_X_y=False, as_frame=False):
    """Load the Japanese vowels dataset (classification of sequences).

    Nine men say the vowels /ae/. The task is to identify the speaker of each recording [1]_.

    =================   =============================
    Classes             9
    Samples total       640 (270 train, 370 test)
    Steps per sample    7 to 29, 9961 in all
    Dimensionality      12
    Features            real, -1.85 to 2.20
    =================   =============================

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        The part of the official split to load; "all" is the training part followed by the test
        part.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.

    as_frame : bool, default=False
        If True, `data` is one long pandas DataFrame with a row per step, indexed by `utterance`
        and `step`, and `target` is a pandas Series indexed by `utterance`. Utterances are
        numbered from 0 in the order of `data`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes. For `subset` "all",
        "train" and "test", `n_utterances` is 640, 270 and 370, and `n_steps` is 9961, 4274 and
        5687.

        data : list of ndarray of shape (7 to 29, 12), or DataFrame of shape (n_steps, 12)
            The cepstrum coefficients of each utterance (no unit), one row per 6.4 ms, as
            float64, without padding.
        target : {ndarray, Series} of shape (n_utterances,)
            The speaker of each utterance, an integer from 0 to 8.
        frame : DataFrame of shape (n_steps, 13)
            `data` with the target repeated at each step; None unless `as_frame=True`.
        feature_names : list of str
            The names of the coefficients.
        target_names : ndarray of shape (9,)
            The names of the speakers.
        is_train : ndarray of shape (n_utterances,), dtype=bool
            Whether an utterance is in the training part of the official split.
        DESCR : str
            The full description of the dataset.
        filename : str
            The name of the data file.
        data_module : str
            The package that holds the data file.

    (data, target) : tuple if ``return_X_y`` is True
        `data` and `target` as above.

    Raises
    ------
    InvalidParameterError
        If `subset` is not "all", "train" or "test", or `return_X_y` or `as_frame` is not a bool.
        A subclass of `ValueError`.
    ImportError
        If `as_frame=True` and pandas is not installed.

    See Also
    --------
    load_beijing_pm25 : One long series to forecast.

    References
    ----------
    .. [1] M. Kudo, J. Toyama and M. Shimbo (1999). "Multidimensional curve classification using
       passing-through regions". Pattern Recognition Letters 20 (11-13), 1103-1111.
       https://doi.org/10.1016/S0167-8655(99)00077-X

    Examples
    --------
    >>> from skrnn.datasets import load_japanese_vowels
    >>> X_train, y_train = load_japanese_vowels(subset="train", return_X_y=True)
    >>> len(X_train), X_train[0].shape, X_train[1].shape
    (270, (20, 12), (26, 12))

    The same from the whole dataset:

    >>> vowels = load_japanese_vowels()
    >>> len(vowels.data), vowels.is_train.sum()
    (640, np.int64(270))
    >>> print(vowels.target_names[vowels.target[0]])
    speaker 1
    """
    name = "japanese_vowels"
    columns = _read_columns(name)
    utterance, is_train, speaker = (
        columns.pop(column).astype(int) for column in ("utterance", "is_train", "speaker")
    )
    feature_names = list(columns)
    first_steps = np.flatnonzero(np.diff(utterance, prepend=-1))
    data = np.split(np.column_stack(list(columns.values())), first_steps[1:])
    target = speaker[first_steps]
    is_train = is_train[first_steps].astype(bool)

    # The training part comes first.
    n_train = is_train.sum()
    part = {"all": slice(None), "train": slice(n_train), "test": slice(n_train, None)}[subset]
    data, target, is_train = data[part], target[part], is_train[part]

    if as_frame:
        pd = check_pandas_support("load_japanese_vowels with as_frame=True")
        data = pd.concat(
            [pd.DataFrame(steps, columns=feature_names) for steps in data],
            keys=range(len(data)),
            names=["utterance", "step"],
        )
        target = pd.Series(target, data.index.levels[0], name="target")

    return _dataset(
        name,
        data,
        target,
        return_X_y=return_X_y,
        as_frame=as_frame,
        feature_names=feature_names,
        target_names=np.array([f"speaker {number}" for number in range(1, 10)]),
        is_train=is_train,
    )


def load_shakespeare():
    """Load speeches from a play by Shakespeare (text).

    The first speeches of *The Tragedy of Coriolanus*. Each has the name of who speaks, a colon, and
    then lines.

    =================   ============================
    Samples total       726
    Characters          98845, 61 different ones
    Words               17683, split at white space
    =================   ============================

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : list of str
            The speeches. ``"\\n\\n".join(data)`` is the text, with an empty line between any two.
        DESCR : str
            The full description of the dataset.
        filename : str
            The name of the data file.
        data_module : str
            The package that holds the data file.

    See Also
    --------
    skrnn.TokenEncoder : From text to sequences.
    skrnn.sample : Writes on in the style of a text.

    Examples
    --------
    >>> from skrnn.datasets import load_shakespeare
    >>> speeches = load_shakespeare().data
    >>> len(speeches)
    726
    >>> print(speeches[0])
    First Citizen:
    Before we proceed any further, hear me speak.
    """
    name = "shakespeare.txt.gz"
    with (resources.files(DATA_MODULE) / name).open("rb") as file:
        text = gzip.decompress(file.read()).decode("ascii")
    return _bunch(name, data=text.removesuffix("\n").split("\n\n"))
