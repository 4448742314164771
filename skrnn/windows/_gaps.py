"""Which gaps in time a window reaches across."""

import datetime
from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np

# A window reaches across a week of holidays, but not across a lost month.
MAX_GAP = 7
TIMES = (datetime.timedelta, np.timedelta64)


@dataclass(frozen=True)
class Gaps:
    """What ``fit`` has learned of the time between rows.

    The size of a gap is a number of missing labels or, if ``max_gap`` is a time, the time from the
    row before it to the row after it.

    Attributes
    ----------
    kind : str or None
        Of the labels.
    spacing : Regular, Offset or None
        Their frequency.
    max_gap : int, timedelta or None
        The longest gap that a window reaches across; None: there is no limit.
    longest : float or timedelta64
        The longest gap in ``fit`` that windows reach across.
    """

    kind: str | None
    spacing: object
    max_gap: object
    longest: object

    @classmethod
    def learn(cls, spacing, max_gap, labels, earlier, later, name):
        """The rule for labels, where the rows ``later`` come after the rows ``earlier``."""
        check_max_gap(max_gap)
        if isinstance(max_gap, TIMES) and (labels is None or labels.instants is None):
            found = "no time labels" if labels is None else f"time labels that are {labels.kind}"
            raise ValueError(
                f"max_gap={max_gap!r} is a time, but {name} has {found}; expected dates, periods "
                f"or time spans. Set max_gap= to a number of missing time steps."
            )
        none = np.timedelta64(0, "s") if isinstance(max_gap, TIMES) else 0.0
        gaps = cls(None if labels is None else labels.kind, spacing, max_gap, none)
        if not gaps.has_measure or len(earlier) == 0:
            return gaps
        earlier, later = labels[earlier], labels[later]
        limit = np.inf if max_gap is None else max_gap
        sizes = gaps._sizes(earlier, later, limit)[gaps.are_short(earlier, later)]
        return replace(gaps, longest=sizes.max(initial=none))

    @property
    def has_measure(self):
        """Whether gaps have a size: labels without a frequency have none, but for a time."""
        return isinstance(self.max_gap, TIMES) or self.spacing is not None

    def __str__(self):
        """The limit, for messages."""
        if isinstance(self.max_gap, TIMES):
            return f"longer than max_gap={self.max_gap!r}"
        return (
            f"of more than max_gap={self.max_gap} time steps. The usual time step is {self.spacing}"
        )

    def _sizes(self, earlier, later, limit):
        if isinstance(self.max_gap, TIMES):
            return later.instants - earlier.instants
        return self.spacing.n_missing(earlier, later, limit)

    def are_short(self, earlier, later):
        """Whether a window reaches from each label of ``earlier`` to the one of ``later``."""
        is_later = later.values > earlier.values
        if self.max_gap is None:
            return is_later
        return is_later & (self._sizes(earlier, later, self.max_gap) <= self.max_gap)

    def are_continued(self, last, first):
        """Whether labels that begin with each of ``first`` continue those of ``fit``.

        They do if they follow directly, or after a gap that is no longer than those within ``fit``:
        days of trade go on after a holiday. In hours that have no gap, a missing hour means that
        rows of ``fit`` are not the ones that come before.
        """
        is_later = first.values > last.values
        is_next = False if self.spacing is None else self.spacing.follow(last, first)
        return is_later & (is_next | (self._sizes(last, first, self.longest) <= self.longest))


def check_max_gap(max_gap):
    """Raise a ValueError unless ``max_gap`` is a number of steps, a time or None."""
    if isinstance(max_gap, TIMES):
        is_valid = is_time_above(max_gap, 0)
    else:
        is_count = isinstance(max_gap, Integral) and not isinstance(max_gap, bool)
        is_valid = max_gap is None or (is_count and max_gap >= 0)
    if not is_valid:
        raise ValueError(
            f"max_gap={max_gap!r}; expected the number of missing time steps, at least 0; a "
            f"positive timedelta; or None for no limit."
        )


def is_time_above(time, least):
    """Whether a timedelta is greater than a number of microseconds, and not of months or years."""
    if isinstance(time, np.timedelta64):
        return np.datetime_data(time)[0] not in "MY" and time > np.timedelta64(least, "us")
    return time > datetime.timedelta(microseconds=least)
