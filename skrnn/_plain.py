"""Objects of skrnn, pandas and polars as plain Python and NumPy, and back."""

import importlib
from datetime import timedelta, timezone
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import numpy as np
from sklearn.base import BaseEstimator

# The key of a dict that stands for an object, with what it is.
CLASS, OTHER = "skrnn class", "skrnn other"
SCALARS = {bool, int, float, str, bytes, type(None)}


def plain(value):
    """A value with dicts in place of objects, but of estimators, which save themselves.

    So are the labels, frequencies and time zones that skrnn keeps of tables. Other objects, and
    those that would not come back exactly as they are, stay.
    """
    kind = type(value)
    if kind is dict:
        # Series have keys such as None or tuples, which not every file has.
        if {CLASS, OTHER} & value.keys() or not set(map(type, value)) <= {str}:
            parts = {"keys": list(value), "values": list(value.values())}
            return {OTHER: "dict"} | plain(parts)
        if _are_scalars(value.values()):
            return value
        return {key: plain(each) for key, each in value.items()}
    if kind in (list, tuple):
        return value if _are_scalars(value) else kind(plain(each) for each in value)
    package = kind.__module__.partition(".")[0]
    if package == "skrnn" and not isinstance(value, BaseEstimator):
        place = f"{kind.__module__.removeprefix('skrnn.')}:{kind.__qualname__}"
        return {CLASS: place} | {
            name: plain(each) for name, each in vars(value).items() if name not in _cached(kind)
        }
    if package in PACKAGES:
        return _of_other(value)
    return value


def restored(value):
    """The value that ``plain`` was given."""
    kind = type(value)
    if kind in (list, tuple):
        return value if _are_scalars(value) else kind(restored(each) for each in value)
    if kind is not dict:
        return value
    if CLASS not in value and OTHER not in value and _are_scalars(value.values()):
        return value
    state = {key: restored(each) for key, each in value.items()}
    if CLASS in state:
        kind = _class_at(state.pop(CLASS))
        made = kind.__new__(kind)
        vars(made).update(state)  # of a frozen dataclass too
        return made
    return MAKERS[state.pop(OTHER)](**state) if OTHER in state else state


def _are_scalars(values):
    """Whether nothing is in the values, which may be many, such as the words of a language."""
    return set(map(type, values)) <= SCALARS


@cache
def _cached(kind):
    """The names of cached properties."""
    return {name for name in dir(kind) if isinstance(getattr(kind, name), cached_property)}


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
    """A dict for a time zone, a frequency, or labels, if it gives the very same; else the value."""
    try:
        state = _parts(value)
        is_same = state is not None and _are_same(restored(state), value)
    except Exception:  # of whatever library: the object has no such form
        return value
    return state if is_same else value


def _parts(value):
    """The dict that may stand for an object; None for what stays."""
    kind = type(value).__name__
    if kind == "ZoneInfo":
        return {OTHER: "time zone", "key": value.key}
    if kind == "timezone":
        span, *name = value.__getinitargs__()
        return {OTHER: "fixed zone", "seconds": span.total_seconds(), "name": name}
    if hasattr(value, "zone") and hasattr(value, "localize"):
        return {OTHER: "zone of pytz", "key": value.zone}
    if hasattr(value, "rollforward"):  # an offset of pandas; some have more than a name
        return {OTHER: "offset", "freq": value.freqstr}
    if kind == "Timedelta":
        return {OTHER: "time span", "value": value.to_timedelta64()}
    if kind == "Series" and hasattr(value, "to_physical"):
        zone = getattr(value.dtype, "time_zone", None)
        return {OTHER: "series", "values": value.to_numpy(), "name": value.name, "zone": zone}
    return _parts_of_index(kind, value) if kind in INDEXES else None


def _parts_of_index(kind, index):
    state = {OTHER: INDEXES[kind], "name": plain(index.name)}
    if kind == "RangeIndex":
        return state | {"of": [index.start, index.stop, index.step]}
    if kind == "PeriodIndex":
        return state | {"values": index.asi8, "freq": index.freqstr}
    if kind == "Index":
        return state | {"values": index.to_numpy(), "dtype": str(index.dtype)}
    state["freq"] = plain(index.freq)
    if kind == "TimedeltaIndex":
        return state | {"values": index.to_numpy()}
    instants = index if index.tz is None else index.tz_convert(None)
    return state | {"values": instants.to_numpy(), "zone": plain(index.tz)}


def _are_same(made, value):
    if type(made) is not type(value):
        return False
    if hasattr(value, "identical"):  # an index, with its name and frequency
        return made.identical(value)
    if hasattr(value, "to_physical"):
        return made.equals(value, check_dtypes=True, check_names=True)
    return made == value


def _fixed_zone(seconds, name):
    return timezone(timedelta(seconds=seconds), *name)


def _zone_of_pytz(key):
    return importlib.import_module("pytz").timezone(key)


def _offset(freq):
    from pandas.tseries.frequencies import to_offset

    return to_offset(freq)


def _time_span(value):
    from pandas import Timedelta

    return Timedelta(value)


def _index(values, dtype, name):
    from pandas import Index

    return Index(values, dtype=dtype, name=name)


def _range(of, name):
    from pandas import RangeIndex

    return RangeIndex(*of, name=name)


def _dates(values, freq, zone, name):
    from pandas import DatetimeIndex

    index = DatetimeIndex(values, name=name)
    if zone is not None:
        index = index.tz_localize("UTC").tz_convert(zone)
    index.freq = freq
    return index


def _time_spans(values, freq, name):
    from pandas import TimedeltaIndex

    return TimedeltaIndex(values, freq=freq, name=name)


def _periods(values, freq, name):
    from pandas import PeriodIndex

    return PeriodIndex.from_ordinals(np.asarray(values), freq=freq, name=name)


def _series(values, zone, name):
    from polars import Series

    series = Series(name, values)
    if zone is None:
        return series
    return series.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def _dict(keys, values):
    return dict(zip(keys, values, strict=True))


# The packages whose objects may have a form of their own, and the indexes that have one.
PACKAGES = {"datetime", "pandas", "polars", "pytz", "zoneinfo"}
INDEXES = {
    "Index": "index",
    "RangeIndex": "range",
    "DatetimeIndex": "dates",
    "TimedeltaIndex": "time spans",
    "PeriodIndex": "periods",
}
MAKERS = {
    "dict": _dict,
    "time zone": ZoneInfo,
    "fixed zone": _fixed_zone,
    "zone of pytz": _zone_of_pytz,
    "offset": _offset,
    "time span": _time_span,
    "index": _index,
    "range": _range,
    "dates": _dates,
    "time spans": _time_spans,
    "periods": _periods,
    "series": _series,
}
