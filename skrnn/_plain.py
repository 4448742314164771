"""Objects of skrnn, pandas and polars as plain Python and NumPy, and back."""

import importlib
from datetime import tzinfo
from zoneinfo import ZoneInfo

import numpy as np
from sklearn.base import BaseEstimator

# The key of a dict that stands for an object, with what it is.
CLASS, OTHER = "skrnn class", "skrnn other"


def plain(value):
    """A value with dicts in place of objects, but of estimators, which save themselves."""
    if type(value) is dict:
        if all(type(key) is str for key in value):
            return {key: plain(each) for key, each in value.items()}
        # Series have keys such as None or tuples, which not every file has.
        return {OTHER: "dict", "keys": plain(list(value)), "values": plain(list(value.values()))}
    if type(value) in (list, tuple):
        return type(value)(plain(each) for each in value)
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    if package == "skrnn" and not isinstance(value, BaseEstimator):
        place = f"{kind.__module__.removeprefix('skrnn.')}:{kind.__qualname__}"
        return {CLASS: place} | {
            name: plain(each) for name, each in vars(value).items() if name not in _cached(kind)
        }
    if package in ("pandas", "polars") or isinstance(value, tzinfo):
        return _of_other(value)
    return value


def restored(value):
    """The value that ``plain`` was given."""
    if type(value) in (list, tuple):
        return type(value)(restored(each) for each in value)
    if type(value) is not dict:
        return value
    state = {key: restored(each) for key, each in value.items()}
    if CLASS in state:
        kind = _class_at(state.pop(CLASS))
        made = kind.__new__(kind)
        vars(made).update(state)  # of a frozen dataclass too
        return made
    return OTHERS[state.pop(OTHER)](**state) if OTHER in state else state


def _cached(kind):
    """The names of cached properties."""
    return {name for name in dir(kind) if type(getattr(kind, name)).__name__ == "cached_property"}


def _class_at(place):
    """A class of skrnn, by its module and name."""
    module, _, name = place.partition(":")
    try:
        kind = getattr(importlib.import_module(f"skrnn.{module}"), name)
    except (ImportError, AttributeError):
        kind = None
    if not isinstance(kind, type) or kind.__module__ != f"skrnn.{module}":
        raise ValueError(
            f"The file names {place!r}, which this version of skrnn does not have: it was saved by "
            f"another version, or is damaged."
        )
    return kind


def _of_other(value):
    """A dict for a time zone, a frequency, or labels; anything else as it is."""
    if isinstance(value, tzinfo):
        key = getattr(value, "key", getattr(value, "zone", None))
        return value if key is None else {OTHER: "time zone", "key": key}
    if hasattr(value, "rollforward"):  # an offset of pandas; some have more than a name
        is_named = _offset(value.freqstr) == value
        return {OTHER: "offset", "freq": value.freqstr} if is_named else value
    if hasattr(value, "to_timedelta64"):
        return {OTHER: "time span", "value": value.to_timedelta64()}
    zone = plain(getattr(value, "tz", getattr(value.dtype, "time_zone", None)))
    if not hasattr(value, "get_loc"):
        return {OTHER: "series", "values": value.to_numpy(), "zone": zone}
    if hasattr(value, "asfreq"):
        return {OTHER: "periods", "values": value.asi8, "freq": value.freqstr}
    if zone is not None:
        value = value.tz_convert(None)
    return {OTHER: "index", "values": value.to_numpy(), "zone": zone}


def _offset(freq):
    from pandas.tseries.frequencies import to_offset

    return to_offset(freq)


def _time_span(value):
    from pandas import Timedelta

    return Timedelta(value)


def _index(values, zone):
    from pandas import Index

    index = Index(values)
    return index if zone is None else index.tz_localize("UTC").tz_convert(zone)


def _periods(values, freq):
    from pandas import PeriodIndex

    return PeriodIndex.from_ordinals(np.asarray(values), freq=freq)


def _series(values, zone):
    from polars import Series

    series = Series(values)
    if zone is None:
        return series
    return series.dt.replace_time_zone("UTC").dt.convert_time_zone(str(zone))


def _dict(keys, values):
    return dict(zip(keys, values, strict=True))


OTHERS = {
    "dict": _dict,
    "time zone": ZoneInfo,
    "offset": _offset,
    "time span": _time_span,
    "index": _index,
    "periods": _periods,
    "series": _series,
}
