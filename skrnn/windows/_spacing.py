"""The frequency of labels, and whether one label directly follows another."""

import warnings
from dataclasses import dataclass

import numpy as np

DAY = np.timedelta64(1, "D")
END = "end"
FIRST_WEEKDAY, LAST_WEEKDAY = "first weekday", "last weekday"


# Calendars: functions from labels to numbers that grow by a constant from each label to the next,
# and to what consecutive labels have in common, such as the time of day (NaT: off the calendar).


@dataclass(frozen=True)
class _Count:
    """Labels as they are: numbers, instants, periods."""

    unit = ""

    def __call__(self, labels):
        return labels.values, np.zeros(1)


@dataclass(frozen=True)
class _Clock:
    """What the clock of a time zone shows, as its days are not all of 24 hours."""

    time_zone: object
    unit = "by the clock"

    def __call__(self, labels):
        return labels.on_the_wall(self.time_zone), np.zeros(1)


@dataclass(frozen=True)
class _Weekdays:
    """Mondays to Fridays."""

    time_zone: object
    unit = "weekdays"

    def __call__(self, labels):
        time = labels.on_the_wall(self.time_zone)
        date = time.astype("M8[D]")
        time_of_day = np.where(np.is_busday(date), time - date, np.timedelta64("NaT"))
        return np.busday_count(np.datetime64(0, "D"), date), time_of_day


@dataclass(frozen=True)
class _Months:
    """One day in each month: a number, or the last if the month has fewer; or a weekday."""

    time_zone: object
    day: int | str
    unit = "months"

    def __call__(self, labels):
        time = labels.on_the_wall(self.time_zone)
        date, month = time.astype("M8[D]"), time.astype("M8[M]")
        first, end = month.astype("M8[D]"), (month + 1).astype("M8[D]")
        if self.day == FIRST_WEEKDAY:
            expected = np.busday_offset(first, 0, roll="forward")
        elif self.day == LAST_WEEKDAY:
            expected = np.busday_offset(end, -1, roll="forward")
        elif self.day == END:
            expected = end - DAY
        else:
            expected = np.minimum(first + (self.day - 1) * DAY, end - DAY)
        time_of_day = np.where(date == expected, time - date, np.timedelta64("NaT"))
        return month.astype(np.int64), time_of_day


@dataclass(frozen=True)
class Regular:
    """Labels of one kind that lie ``step`` apart on a calendar."""

    kind: str
    calendar: object
    step: object

    def __str__(self):
        step = self.step
        if isinstance(step, np.timedelta64):
            step = step.astype("m8[us]").item()
        return f"{step} {self.calendar.unit}".rstrip()

    def follow(self, before, after):
        """Whether each label of ``after`` is the next after the one of ``before``."""
        (first, first_rest), (second, second_rest) = map(self.calendar, (before, after))
        difference = second - first
        if difference.dtype.kind == "f":
            rounding = 4 * np.spacing(np.maximum(abs(first), abs(second)))
            is_step = abs(difference - self.step) <= rounding
        else:  # the difference of far numbers overflows, and may then be any
            is_step = difference == self.step
        return (second > first) & is_step & (first_rest == second_rest)


@dataclass(frozen=True)
class Offset:
    """Dates or time spans of pandas with a frequency of their own, whatever it is."""

    kind: str
    freq: object

    def __str__(self):
        return self.freq.freqstr

    def follow(self, before, after):
        """Whether each label of ``after`` is the next after the one of ``before``."""
        with warnings.catch_warnings():  # of some offsets pandas says that they are slow
            warnings.simplefilter("ignore")
            return np.asarray(before.source + self.freq == after.source)


def find_spacing(labels, before, after):
    """The frequency of labels: their own, or the one that most neighbours in time share.

    Parameters
    ----------
    labels : Labels
    before, after : ndarray of int
        Places of neighbours in time.

    Returns
    -------
    Regular, Offset or None
        With ``kind`` and ``follow(before, after)``; None if the labels have no frequency.
    """
    kind = labels.kind
    is_one_series = len(before) == len(labels) - 1
    if is_one_series and labels.freq is not None and not kind.startswith("period"):
        return Offset(kind, labels.freq)
    best, best_share = None, 0.5
    if len(before):
        before, after = labels[before], labels[after]
        for calendar in _calendars(before, after):
            spacing = Regular(kind, calendar, _usual_step(calendar, before, after))
            share = spacing.follow(before, after).mean()
            if share > best_share:
                best, best_share = spacing, share
            if share == 1:
                break
    if best is None and labels.freq is not None:  # periods
        best = Regular(kind, _Count(), labels.freq.n)
    return best


def _usual_step(calendar, before, after):
    """The step in the middle, which is the one that more than half share, if they do."""
    steps = calendar(after)[0] - calendar(before)[0]
    middle = len(steps) // 2
    return np.partition(steps, middle)[middle]


def _calendars(before, after):
    """Those on which neighbours of this kind may be regular, the likeliest first."""
    if before.kind == "other":
        return
    zone = before.time_zone
    regular = [_Count()]
    if zone is not None:  # a usual step of 24 hours is rather a day, of 23 hours at times
        is_days = _usual_step(_Count(), before, after) % DAY == 0
        regular.insert(0 if is_days else 1, _Clock(zone))
    yield from regular
    if not before.kind.startswith("dates"):
        return
    yield _Weekdays(zone)
    time = before.on_the_wall(zone)
    days = (time.astype("M8[D]") - time.astype("M8[M]").astype("M8[D]")).astype(int) + 1
    for day in (END, int(np.median(days)), FIRST_WEEKDAY, LAST_WEEKDAY):
        yield _Months(zone, day)
