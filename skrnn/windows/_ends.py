"""Where each series of ``fit`` ended, and whether other rows continue it."""

from dataclasses import dataclass

import numpy as np

from skrnn._warnings import warn
from skrnn.windows._labels import Labels

WINDOWS_FIRST = (
    "If a split with a gap, such as TimeSeriesSplit(gap=h), has left out the rows between, make "
    "the windows before the split: X = SlidingWindow(...).fit_transform(X)."
)


@dataclass(frozen=True)
class Ends:
    """The last row of each series of ``fit``.

    Attributes
    ----------
    groups : list
        The series.
    labels : Labels or None
        The time label of the last row of each.
    """

    groups: list
    labels: Labels | None

    def are_continued(self, panel, gaps):
        """For each series of a panel, whether it continues a series of ``fit``."""
        is_continued = np.zeros(len(panel.groups), bool)
        if not gaps.has_measure or panel.labels is None or panel.labels.kind == "other":
            return is_continued
        if panel.labels.kind != gaps.kind:
            raise ValueError(
                f"The time labels of X are {panel.labels.kind}, but in fit they were "
                f"{gaps.kind}. Expected the same kind, because history='index' checks "
                f"whether X continues the rows of fit. With history='tail' or history='none' the "
                f"kind does not matter."
            )
        known, last, first = self._known(panel)
        is_continued[known] = gaps.are_continued(last, first)
        return is_continued

    def warn_of_gaps_before(self, panel, gaps, reach):
        """Warn of series that begin so soon after ``fit`` that windows need the rows between.

        ``reach`` is the number of rows of a full window that come before its last one.
        """
        spacing = gaps.spacing
        if spacing is None or panel.labels is None or panel.labels.kind != spacing.kind:
            return
        known, last, first = self._known(panel)
        is_near = np.isfinite(spacing.n_missing(last, first, reach - 1))
        cut = np.flatnonzero(is_near & ~self.are_continued(panel, gaps)[known])
        if len(cut) == 0:
            return
        i = cut[0]
        group = panel.groups[known[i]]
        where = "" if group is None else f" of series {group!r}"
        warn(
            f"The first windows of X{where} are shorter than those of fit: X begins at "
            f"{first.text(i)}, but fit ended at {last.text(i)}. {WINDOWS_FIRST} Else begin X "
            f"{reach} rows earlier, and drop the first predictions; or set history='none' if short "
            f"windows are what you want."
        )

    def _known(self, panel):
        """The series of a panel that were in ``fit``, their last labels there, and the first here.

        The series are given by their place in ``panel.groups``.
        """
        place = {group: i for i, group in enumerate(self.groups)}
        known = np.array([i for i, group in enumerate(panel.groups) if group in place], np.intp)
        last = np.array([place[panel.groups[i]] for i in known], np.intp)
        first = panel.order[panel.begins()][known]
        return known, self.labels[last], panel.labels[first]
