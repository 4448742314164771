"""The rows of a table as one or more series in time, identified by key columns or index levels."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_array

from skrnn._sklearn import num_samples
from skrnn._warnings import warn
from skrnn.windows._gaps import MAX_GAP, Gaps
from skrnn.windows._labels import Labels
from skrnn.windows._spacing import find_spacing


@dataclass
class Panel:
    """The series that each row belongs to, and the order of the rows.

    Attributes
    ----------
    groups : list
        The label of each series, in order of first appearance; [None] without groups.
    codes : ndarray of int of shape (n_rows,)
        The series of each row, as an index into ``groups``.
    labels : Labels or None
        The time label of each row.
    order : ndarray of int of shape (n_rows,)
        The indices of the rows, sorted by series, then by time.
    name : str
        The name of the table, for messages.
    """

    groups: list
    codes: np.ndarray
    labels: Labels | None
    order: np.ndarray
    name: str

    def begins(self):
        """Whether a series begins at each position of ``order``."""
        codes = self.codes[self.order]
        return np.concatenate([[True], codes[1:] != codes[:-1]])

    def spacing(self):
        """The frequency that all series have in common, or None."""
        if self.labels is None:
            return None
        _, earlier, later = self._neighbours()
        spacing = find_spacing(self.labels, earlier, later)
        if spacing is not None and len(self.groups) > 1:
            follows = spacing.follow(self.labels[earlier], self.labels[later])
            of_group = self.codes[later]
            n_steps, n_follow = np.bincount(of_group), np.bincount(of_group, follows)
            apart = (n_steps > 1) & (n_follow == 0)
            if apart.any():
                raise ValueError(
                    f"In series {self.groups[apart.argmax()]!r} no two rows are one time step "
                    f"apart: the usual time step in {self.name} is {spacing}. Fit series with a "
                    f"different time step separately. If the time between rows does not matter, "
                    f"use row numbers within each series as time."
                )
        return spacing

    def gaps(self, max_gap=MAX_GAP):
        """The rule by which windows reach across gaps, learned from these rows."""
        spacing = self.spacing()
        _, earlier, later = self._neighbours()
        return Gaps.learn(spacing, max_gap, self.labels, earlier, later, self.name)

    def runs(self, gaps, *, warn_of_gaps=False):
        """Whether a series begins, or continues after too long a gap, at each place of ``order``.

        ``gaps`` is the rule that ``fit`` has learned.
        """
        begins = self.begins()
        if not gaps.has_measure or self.labels is None or self.labels.kind != gaps.kind:
            return begins
        position, earlier, later = self._neighbours()
        breaks = ~gaps.are_short(self.labels[earlier], self.labels[later])
        begins[position[breaks]] = True
        if warn_of_gaps and breaks.any():
            first = earlier[breaks.argmax()]
            n_gaps = f"{breaks.sum()} gaps" if breaks.sum() > 1 else "a gap"
            warn(
                f"{self.name} has {n_gaps} in time, the first after {self.labels.text(first)}"
                f"{self._in_group(first)}; windows, targets and sequences do not cross gaps "
                f"{gaps}. Insert the missing rows; or, if a split has taken them, split with "
                f"TimeSeriesSplit, PanelTimeSeriesSplit or shuffle=False. SlidingWindow and "
                f"make_horizon_target cross longer gaps with a greater max_gap=. If the time "
                f"between rows does not matter, use row numbers within each series as time, e.g. "
                f"{self.name}.reset_index(drop=True)."
            )
        return begins

    def _neighbours(self):
        """Places of ``order`` where a series goes on; the row before each, and the row there."""
        position = np.flatnonzero(~self.begins())
        return position, self.order[position - 1], self.order[position]

    def _in_group(self, row):
        group = self.groups[self.codes[row]]
        return "" if group is None else f" in {group!r}"

    def _check_order(self, is_sorted):
        """Raise a ValueError for duplicate labels, or labels that go back in time."""
        values = self.labels.values[self.order]
        wrong = ~self.begins()
        wrong[1:] &= ~(values[1:] > values[:-1])
        if not wrong.any():
            return
        position = int(wrong.argmax())
        last_row, row = self.order[position - 1 : position + 1]
        label, last_label = self.labels.text(row), self.labels.text(last_row)
        where = self._in_group(row)
        if is_sorted or values[position] == values[position - 1]:
            remedy = (
                "" if where else f" If {self.name} has several series, identify them with group=."
            )
            raise ValueError(
                f"{self.name} has duplicate time labels; the first is {label}{where}, in rows "
                f"{last_row} and {row}. Expected one row for each time label.{remedy}"
            )
        raise ValueError(
            f"{self.name} is not sorted by its index: {label} (row {row}) comes after {last_label} "
            f"(row {last_row}){where}. If a random split made this order, split with shuffle=False "
            f"or TimeSeriesSplit. Else sort {self.name} and its targets, or set time= to the name "
            f"of the column or index level that has the time."
        )


def group_names(group):
    """The names of the columns or index levels that ``group`` gives, as a list."""
    return [] if group is None else [group] if isinstance(group, str) else list(group)


def read_panel(X, group=None, time=None, *, input_name="X"):
    """Split a table into its features and its keys.

    Parameters
    ----------
    X : array-like, pandas or polars DataFrame
    group, time : see SlidingWindow
    input_name : str
        Of the table, for messages.

    Returns
    -------
    features : the same without key columns
    Panel
    """
    names = group_names(group)
    keys = names if time is None else [*names, time]
    is_pandas = hasattr(X, "iloc")
    if hasattr(X, "collect"):
        raise ValueError(
            f"{input_name} is a {type(X).__name__}; expected a DataFrame. Call "
            f"{input_name}.collect() first."
        )
    shape = getattr(X, "shape", (1, 1))
    if len(shape) != 2:
        check_array(
            X, dtype=None, ensure_all_finite=False, input_name=input_name
        )  # says what to do
    if shape[0] == 0:
        raise ValueError(f"{input_name} has 0 samples (shape={shape}); expected at least one row.")
    if keys and not (is_pandas or hasattr(X, "get_column")):
        raise ValueError(
            f"{input_name} is of type {type(X).__name__}, which has no column names; expected a "
            f"pandas or polars DataFrame with columns or index levels {keys}."
        )
    names_of_X = list(getattr(X, "columns", []))
    for what, given in (
        ("The columns for series and time", keys),
        (f"The columns of {input_name}", names_of_X),
    ):
        if len({*given}) < len(given):
            raise ValueError(f"{what} are {given}; expected every name once.")
    columns = {name: key_column(X, name, input_name) for name in keys}
    groups, codes = _groups([(name, columns[name]) for name in names], num_samples(X))
    if time is None:
        labels = _index(X, keys, input_name)
        if labels is not None:
            check_not_missing(labels, f"The index of {input_name}")
    else:
        labels = time_labels(columns[time], time)
    order = np.lexsort([codes] if time is None else [labels.values, codes])
    panel = Panel(groups, codes, labels, order, input_name)
    if labels is not None:
        panel._check_order(is_sorted=time is not None)
    return _without(X, keys, input_name), panel


def time_labels(column, time):
    """The labels of a key column by which rows can be sorted in time."""
    labels = Labels(column)
    check_not_missing(labels, repr(time))
    if labels.is_text:
        raise ValueError(
            f"time={time!r} contains text, which does not sort by time: '10' comes before '2'. "
            f"Convert it to dates (pd.to_datetime) or numbers (pd.to_numeric)."
        )
    return labels


def check_not_missing(labels, name):
    """Raise a ValueError for rows without a time label."""
    if labels.missing.any():
        raise ValueError(
            f"{name} has a missing value in row {labels.missing.argmax()}; expected a time label "
            f"in each row."
        )


def key_column(X, name, input_name):
    """A column or index level by name: a pandas Index or a polars Series."""
    in_columns = name in X.columns
    if not hasattr(X, "iloc"):
        if in_columns:
            return X.get_column(name)
        found = f"columns {list(X.columns)}"
    else:
        in_index = name in X.index.names
        if X.index.names.count(name) > 1:
            raise ValueError(
                f"{input_name} has several index levels named {name!r}; rename all but one."
            )
        if in_columns and in_index:
            raise ValueError(
                f"{input_name} has a column and an index level named {name!r}; rename one."
            )
        if in_columns:
            return X[[name]].set_index(name).index
        if in_index:
            return X.index.get_level_values(name)
        found = f"columns {list(X.columns)} and index levels {list(X.index.names)}"
    raise ValueError(f"{input_name} has no column or index level {name!r}; it has {found}.")


def _index(X, keys, input_name):
    """The time labels of rows if ``time`` is None."""
    if not hasattr(X, "iloc"):
        return None
    levels = [name for name in X.index.names if name is None or name not in keys]
    if len(levels) > 1:
        raise ValueError(
            f"{input_name} has index levels {list(X.index.names)}; expected only one that is not "
            f"in group. Set group= to the names of the levels that identify the series, and time= "
            f"to the name of the level that has the time."
        )
    if not levels:
        return None
    if keys and X.index.names == [None] and X.index.dtype.kind in "iu":
        raise ValueError(
            f"{input_name} has series identified by {keys}, but its index has numbers and no "
            f"name, so it may be just row numbers. Set time= to the name of the column or index "
            f"level that has the time. If the index is the time, give it a name. If the rows of a "
            f"series are in the order of time, add a column of row numbers: "
            f"{input_name}.assign(step={input_name}.groupby({keys}).cumcount()), and time='step'."
        )
    return Labels(X.index.get_level_values(X.index.names.index(levels[0])))


def _groups(keys, n_rows):
    """Labels of the groups in order of first appearance, and for each row the index of its label.

    With several keys a label is a tuple.
    """
    if not keys:
        return [None], np.zeros(n_rows, np.intp)
    combined = np.zeros(n_rows, np.intp)
    for name, key in keys:
        missing = Labels(key).missing
        if missing.any():
            raise ValueError(
                f"{name!r} has a missing value in row {missing.argmax()}; expected a value in each "
                f"row, because it identifies the series."
            )
        if hasattr(key, "factorize"):
            codes = key.factorize()[0]
        else:
            codes = key.rank("dense").to_numpy().astype(np.intp) - 1
        _, combined = np.unique(combined * (codes.max() + 1) + codes, return_inverse=True)
    _, first, codes = np.unique(combined, return_index=True, return_inverse=True)
    by_appearance = np.argsort(first)
    index = np.empty_like(by_appearance)
    index[by_appearance] = np.arange(len(first))
    labels = [key[first[by_appearance]].to_list() for _, key in keys]
    groups = labels[0] if len(labels) == 1 else list(zip(*labels, strict=True))
    return groups, index[codes]


def _without(X, keys, input_name):
    """X without key columns."""
    columns = [name for name in keys if name in X.columns] if keys else []
    if not columns:
        return X
    if len(columns) == len(X.columns):
        raise ValueError(
            f"{input_name} has only the columns {columns}, which identify the series or the time; "
            f"expected at least one more column as a feature."
        )
    return X.drop(columns=columns) if hasattr(X, "iloc") else X.drop(columns)
