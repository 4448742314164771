"""The labels of rows in time, a pandas Index or the like, as numbers that can be ordered."""

from functools import cached_property

import numpy as np


class Labels:
    """One label for each row.

    Parameters
    ----------
    source : pandas Index, polars Series or ndarray

    Attributes
    ----------
    kind : str
        What the labels are, such as "dates"; values of different kinds cannot be compared.
    freq : pandas offset or None
        The frequency that the source itself has.
    missing : ndarray of bool
    values : ndarray
        Values that can be compared: instants (UTC), time spans, numbers, numbers of periods, the
        codes of ordered categories, or the ranks of anything else, such as text.
    """

    def __init__(self, source):
        self.source = source
        self._is_array = isinstance(source, np.ndarray)
        self._is_polars = not self._is_array and not hasattr(source, "get_loc")

    def __len__(self):
        return len(self.source)

    def __getitem__(self, index):
        return Labels(self.source[index])

    def with_values(self, values):
        """Labels of the same kind, with these ``values``; not those whose values are ranks."""
        source = self.source
        if self._is_period:
            return Labels(type(source).from_ordinals(values, freq=source.freq))
        if self._is_array or self._letter not in "mM":
            return Labels(values)
        source, time_zone = type(source)(values), self.time_zone
        if time_zone is None:
            return Labels(source)
        if self._is_polars:
            source = source.dt.replace_time_zone("UTC").dt.convert_time_zone(str(time_zone))
            return Labels(source)
        return Labels(source.tz_localize("UTC").tz_convert(time_zone))

    def text(self, index):
        """One label as text, for messages."""
        return str(self.source[int(index)])

    @cached_property
    def _letter(self):
        """The kind of the NumPy dtype, one letter."""
        if not self._is_polars:
            return self.source.dtype.kind
        return self.source.head(0).to_numpy().dtype.kind

    @property
    def _is_period(self):
        return self._letter == "O" and hasattr(self.source, "asi8")

    @property
    def _is_category(self):
        return type(self.source.dtype).__name__ in ("CategoricalDtype", "Categorical", "Enum")

    @property
    def is_text(self):
        return self.kind == "other" and not self._is_category and isinstance(self.source[0], str)

    @property
    def time_zone(self):
        """The time zone of dates, or None."""
        if self._letter != "M":
            return None
        if self._is_polars:
            return getattr(self.source.dtype, "time_zone", None)
        return getattr(self.source, "tz", None)

    @cached_property
    def kind(self):
        if self._is_period:
            return f"period[{self.source.freqstr}]"
        if self._letter == "M":
            return "dates" if self.time_zone is None else "dates with a time zone"
        return {"m": "time spans", "i": "numbers", "u": "numbers", "f": "numbers"}.get(
            self._letter, "other"
        )

    @property
    def freq(self):
        return getattr(self.source, "freq", None)

    @property
    def missing(self):
        if self._is_array:
            return self.source != self.source
        if not self._is_polars:
            return np.asarray(self.source.isna())
        missing = self.source.is_null()
        if self._letter == "f":
            missing |= self.source.is_nan()
        return missing.to_numpy()

    @cached_property
    def values(self):
        source = self.source
        if self._is_period:
            return source.asi8
        if self.time_zone is not None and not self._is_polars:
            return source.tz_convert(None).to_numpy()
        if self.kind != "other":
            values = source if self._is_array else source.to_numpy()
            if values.dtype.kind in "iu" and (len(values) == 0 or values.max() < 2**63):
                return values.astype(np.int64)  # differences of small or unsigned ones overflow
            return values
        if self._is_category:
            if type(source.dtype).__name__ == "Enum":
                return source.to_physical().to_numpy().astype(np.int64)
            if getattr(source, "ordered", False):
                return source.codes.astype(np.int64)
            raise ValueError(
                f"The time labels {self.text(0)!r}, ... are categories without an order; expected "
                f"dates, numbers or ordered categories. If X has such a column or index level, "
                f"set time= to its name."
            )
        try:
            return np.unique(np.asarray(source, object), return_inverse=True)[1]
        except TypeError as error:
            raise ValueError(
                f"The time labels {self.text(0)!r}, ... cannot be sorted: {error}. If X has a "
                f"column or index level of dates or numbers, set time= to its name."
            ) from error

    @property
    def instants(self):
        """Values whose differences are times, or None if the labels are not of time."""
        if self._is_period:
            return self.source.to_timestamp().to_numpy()
        return self.values if self._letter in "mM" else None

    def local_time(self, time_zone):
        """Dates in local time of ``time_zone``."""
        if time_zone is None:
            return self.values
        if self._is_polars:
            local = self.source.dt.convert_time_zone(str(time_zone))
            return local.dt.replace_time_zone(None).to_numpy()
        return self.source.tz_convert(time_zone).tz_localize(None).to_numpy()

    def plus(self, distance):
        """A source whose values are greater by ``distance``, an array."""
        if self._is_period:
            return self.source + distance // self.source.freq.n
        if self._is_polars:
            return (self.source + type(self.source)(distance)).cast(self.source.dtype)
        return self.source + distance

    def at(self, local, time_zone):
        """A source like this one, at local times of ``time_zone``; in autumn the earlier of two."""
        if self._is_polars:
            source = type(self.source)(self.source.name, local)
            if time_zone is not None:
                source = source.dt.replace_time_zone(str(time_zone), ambiguous="earliest")
            return source.cast(self.source.dtype)
        source = type(self.source)(local, name=self.source.name)
        if time_zone is None:
            return source
        is_summer = np.ones(len(local), bool)  # the earlier of two
        return source.tz_localize(time_zone, ambiguous=is_summer, nonexistent="shift_forward")
