"""The frequency of labels, and whether one label directly follows another."""

import warnings
from dataclasses import dataclass

import numpy as np

DAY = np.timedelta64(1, "D")
END = "end"
FIRST_WEEKDAY, LAST_WEEKDAY = "first weekday", "last weekday"


# A calendar turns labels into two arrays: numbers that grow by a constant from each label to the
# next, and what all labels have in common, such as the time of day (NaT: not on the calendar).
# ``ahead`` gives the labels that are some distance later, as the source of other ``Labels``.


@dataclass(frozen=True)
class _Count:
    """Labels as they are: numbers, instants, periods."""

    unit = ""

    def __call__(self, labels):
        return labels.values, np.zeros(1)

    def ahead(self, labels, distance):
        return labels.plus(distance)


@dataclass(frozen=True)
class _Clock:
    """Local time of a time zone, where not every day has 24 hours."""

    time_zone: object
    unit = "in local time"

    def __call__(self, labels):
        return labels.local_time(self.time_zone), np.zeros(1)

    def ahead(self, labels, distance):
        return labels.at(labels.local_time(self.time_zone) + distance, self.time_zone)


@dataclass(frozen=True)
class _Weekdays:
    """Mondays to Fridays."""

    time_zone: object
    unit = "weekdays"

    def __call__(self, labels):
        time = labels.local_time(self.time_zone)
        date = time.astype("M8[D]")
        time_of_day = np.where(np.is_busday(date), time - date, np.timedelta64("NaT"))
        return np.busday_count(np.datetime64(0, "D"), date), time_of_day

    def ahead(self, labels, distance):
        time = labels.local_time(self.time_zone)
        date = time.astype("M8[D]")
        later = np.busday_offset(date, distance, roll="backward")
        return labels.at(later + (time - date), self.time_zone)


@dataclass(frozen=True)
class _Months:
    """One day in each month: the first or last weekday, or a day number.

    In a month with fewer days the day is the last one.
    """

    time_zone: object
    day: int | str
    unit = "months"

    def __call__(self, labels):
        time = labels.local_time(self.time_zone)
        date, month = time.astype("M8[D]"), time.astype("M8[M]")
        time_of_day = np.where(date == self._date(month), time - date, np.timedelta64("NaT"))
        return month.astype(np.int64), time_of_day

    def ahead(self, labels, distance):
        time = labels.local_time(self.time_zone)
        date = self._date(time.astype("M8[M]") + distance)
        return labels.at(date + (time - time.astype("M8[D]")), self.time_zone)

    def _date(self, month):
        """The day in each month."""
        first, end = month.astype("M8[D]"), (month + 1).astype("M8[D]")
        if self.day == FIRST_WEEKDAY:
            return np.busday_offset(first, 0, roll="forward")
        if self.day == LAST_WEEKDAY:
            return np.busday_offset(end, -1, roll="forward")
        if self.day == END:
            return end - DAY
        return np.minimum(first + (self.day - 1) * DAY, end - DAY)


@dataclass(frozen=True)
class Regular:
    """Labels of one kind whose distance on a calendar is ``step``.

    ``largest`` is the largest of the numbers that the step is the difference of, as it has their
    rounding: between 99.9 and 100.0 there is not quite 0.1.
    """

    kind: str
    calendar: object
    step: object
    largest: float = 0.0

    def __str__(self):
        step = self.step
        if isinstance(step, np.timedelta64):
            step = step.astype("m8[us]").item()
        elif isinstance(step, np.floating):
            step = f"{step:.10g}"
        unit = self.calendar.unit
        return f"{step} {unit[:-1] if step == 1 and unit.endswith('s') else unit}".rstrip()

    def follow(self, earlier, later):
        """Whether each label of ``later`` directly follows the one of ``earlier``."""
        (first, first_rest), (second, second_rest) = map(self.calendar, (earlier, later))
        difference = second - first
        if difference.dtype.kind == "f":
            rounding = 4 * np.spacing(self._magnitude(first, second))
            is_step = abs(difference - self.step) <= rounding
        else:  # the difference of distant numbers can overflow, hence ``second > first`` below
            is_step = difference == self.step
        return (second > first) & is_step & (first_rest == second_rest)

    def ahead(self, labels, n_steps):
        """The labels that come a number of steps after each label, as a source of ``Labels``."""
        return self.calendar.ahead(labels, self.step * n_steps)

    def _magnitude(self, first, second):
        """Of the floats that decide how exact a difference is."""
        return np.maximum(abs(first), abs(second)).clip(self.largest)

    def n_missing(self, earlier, later, limit):
        """How many labels are missing between two; inf beyond a limit, or if it is not later."""
        first, second = self.calendar(earlier)[0], self.calendar(later)[0]
        steps = (second - first) / self.step
        if steps.dtype.kind == "f" and first.dtype.kind == "f":
            steps -= 4 * np.spacing(self._magnitude(first, second)) / self.step
        n_missing = np.maximum(np.ceil(steps) - 1, 0)
        # The difference of distant numbers can overflow, and is negative then.
        is_known = (later.values > earlier.values) & (steps >= 0) & (n_missing <= limit)
        return np.where(is_known, n_missing, np.inf)


@dataclass(frozen=True)
class Offset:
    """Dates or time spans of pandas that have a frequency of their own."""

    kind: str
    freq: object

    def __str__(self):
        return self.freq.freqstr

    def follow(self, earlier, later):
        """Whether each label of ``later`` directly follows the one of ``earlier``."""
        with warnings.catch_warnings():  # pandas warns that some offsets are slow
            warnings.simplefilter("ignore")
            return np.asarray(earlier.source + self.freq == later.source)

    def n_missing(self, earlier, later, limit):
        """How many labels are missing between two; inf beyond a limit, or if it is not later."""
        n_missing = np.where(later.values > earlier.values, 0.0, np.inf)
        between = np.flatnonzero(n_missing == 0)
        reached, target = earlier.source[between], later.source[between]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while len(between):
                reached = reached + self.freq
                before = np.asarray(reached < target)
                between, reached, target = between[before], reached[before], target[before]
                n_missing[between] += 1
                if n_missing[between].max(initial=0) > limit:
                    n_missing[between] = np.inf
                    break
        return n_missing

    def ahead(self, labels, n_steps):
        """The labels that come a number of steps after each label, as a source of ``Labels``."""
        zone, source = labels.time_zone, labels.source
        start = source if zone is None else source.tz_localize(None)
        is_days = zone is not None and start[0] + self.freq - start[0] >= DAY  # not all have 24 h
        if not is_days:
            start = source
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            later = [label + self.freq * int(n) for label, n in zip(start, n_steps, strict=True)]
        later = type(source)(later, name=source.name)
        return labels.at(later.to_numpy(), zone) if is_days else later


def find_spacing(labels, earlier, later):
    """The frequency of labels: their own, or the one that most consecutive labels have.

    Parameters
    ----------
    labels : Labels
    earlier, later : ndarray of int
        Indices of labels that are consecutive in time.

    Returns
    -------
    Regular, Offset or None
        With ``kind`` and ``follow(earlier, later)``; None if the labels have no frequency.
    """
    kind = labels.kind
    is_one_series = len(earlier) == len(labels) - 1
    if is_one_series and labels.freq is not None and not kind.startswith("period"):
        return Offset(kind, labels.freq)
    best, best_share = None, 0.5
    if len(earlier):
        earlier, later = labels[earlier], labels[later]
        for calendar in _calendars(earlier, later):
            spacing = Regular(
                kind, calendar, _usual_step(calendar, earlier, later), _largest(calendar, later)
            )
            share = spacing.follow(earlier, later).mean()
            if share > best_share:
                best, best_share = spacing, share
            if share == 1:
                break
    if best is None and labels.freq is not None:  # periods
        best = Regular(kind, _Count(), labels.freq.n)
    return best


def _usual_step(calendar, earlier, later):
    """The median step: the one that more than half of the labels have, if there is such a step."""
    steps = calendar(later)[0] - calendar(earlier)[0]
    middle = len(steps) // 2
    return np.partition(steps, middle)[middle]


def _largest(calendar, labels):
    """The largest of the numbers that are floats, else 0."""
    numbers = calendar(labels)[0]
    if numbers.dtype.kind != "f":
        return 0.0
    return float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0))


def _calendars(earlier, later):
    """The calendars on which labels of this kind may be regular, the most likely first."""
    if earlier.kind == "other":
        return
    zone = earlier.time_zone
    regular = [_Count()]
    if zone is not None:  # a usual step of 24 hours means days, some of which have 23 hours
        is_days = _usual_step(_Count(), earlier, later) % DAY == 0
        regular.insert(0 if is_days else 1, _Clock(zone))
    yield from regular
    if not earlier.kind.startswith("dates"):
        return
    yield _Weekdays(zone)
    time = earlier.local_time(zone)
    days = (time.astype("M8[D]") - time.astype("M8[M]").astype("M8[D]")).astype(int) + 1
    for day in (END, int(np.median(days)), FIRST_WEEKDAY, LAST_WEEKDAY):
        yield _Months(zone, day)
