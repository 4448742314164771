"""The rows of a table as one or more series in time, told apart by key columns or index levels."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_array

from skrnn._sklearn import num_samples
from skrnn.windows._labels import Labels
from skrnn.windows._spacing import find_spacing


@dataclass
class Panel:
    """Which rows belong together, and in which order.

    Attributes
    ----------
    groups : list
        The label of each series, in order of first appearance; [None] without groups.
    codes : ndarray of int of shape (n_rows,)
        The series of each row, as a place in ``groups``.
    labels : Labels or None
        Of the rows in time.
    order : ndarray of int of shape (n_rows,)
        Rows by series, then by time.
    """

    groups: list
    codes: np.ndarray
    labels: Labels | None
    order: np.ndarray

    def begins(self):
        """Where in ``order`` a series begins."""
        codes = self.codes[self.order]
        return np.concatenate([[True], codes[1:] != codes[:-1]])

    def spacing(self):
        """The frequency that the series share, if they have one."""
        if self.labels is None:
            return None
        after = np.flatnonzero(~self.begins())
        before, after = self.order[after - 1], self.order[after]
        spacing = find_spacing(self.labels, before, after)
        if spacing is not None and len(self.groups) > 1:
            follows = spacing.follow(self.labels[before], self.labels[after])
            of_group = self.codes[after]
            n_neighbours, n_follow = np.bincount(of_group), np.bincount(of_group, follows)
            apart = (n_neighbours > 1) & (n_follow == 0)
            if apart.any():
                raise ValueError(
                    f"No rows of {self.groups[apart.argmax()]!r} follow each other in time, as the "
                    f"usual step in X is {spacing}. Give series of another frequency on their own; "
                    f"or if distances in time do not matter, number the rows of each series."
                )
        return spacing

    def runs(self, spacing, *, stacklevel=None):
        """Where in ``order`` a series begins, or continues after a missing label.

        With a ``stacklevel``, that of the user's code, a warning counts the missing labels.
        """
        begins = self.begins()
        if spacing is None or self.labels is None or self.labels.kind != spacing.kind:
            return begins
        after = np.flatnonzero(~begins)
        before = self.order[after - 1]
        gaps = ~spacing.follow(self.labels[before], self.labels[self.order[after]])
        begins[after[gaps]] = True
        if stacklevel is not None and gaps.any():
            first = before[gaps.argmax()]
            n_gaps = f"{gaps.sum()} gaps" if gaps.sum() > 1 else "a gap"
            warnings.warn(
                f"X has {n_gaps} in time, the first after {self.labels.text(first)}"
                f"{self._in_group(first)}; nothing reaches across them. The usual "
                f"step is {spacing}. Fill them in; or if distances in time do not matter, number "
                f"the rows of each series.",
                stacklevel=stacklevel,
            )
        return begins

    def _in_group(self, row):
        group = self.groups[self.codes[row]]
        return "" if group is None else f" in {group!r}"

    def _check_order(self, is_sorted):
        """Refuse labels that are twice in a series, or go back where the rows are not sorted."""
        values = self.labels.values[self.order]
        wrong = ~self.begins()
        wrong[1:] &= ~(values[1:] > values[:-1])
        if not wrong.any():
            return
        place = int(wrong.argmax())
        before, row = self.order[place - 1 : place + 1]
        label, last = self.labels.text(row), self.labels.text(before)
        where = self._in_group(row)
        if is_sorted or values[place] == values[place - 1]:
            raise ValueError(
                f"X has labels in time more than once; the first is {label}{where}, rows {before} "
                f"and {row}. Expected one row for each label"
                + ("; if X has several series, tell them apart with group=." if not where else ".")
            )
        raise ValueError(
            f"X is not in order of its index: {label} (row {row}) comes after {last} (row "
            f"{before}){where}. Sort X, or name the column or index level of time with time=."
        )


def read_panel(X, group=None, time=None):
    """Take a table apart into its features and its keys.

    Parameters
    ----------
    X : array-like, pandas or polars DataFrame
    group, time : see SlidingWindow

    Returns
    -------
    features : the same without key columns
    Panel
    """
    names = [] if group is None else [group] if isinstance(group, str) else list(group)
    keys = names if time is None else [*names, time]
    is_pandas = hasattr(X, "iloc")
    if hasattr(X, "collect"):
        raise ValueError(f"X is {type(X).__name__}; expected a DataFrame, so collect() it first.")
    shape = getattr(X, "shape", (1, 1))
    if len(shape) != 2:
        check_array(X, dtype=None, ensure_all_finite=False)  # says what to do
    if shape[0] == 0:
        raise ValueError(f"X has 0 samples (shape={shape}); expected at least one row.")
    if keys and not (is_pandas or hasattr(X, "get_column")):
        raise ValueError(
            f"X is {type(X).__name__}, which has no names; expected a pandas or polars DataFrame "
            f"with columns or index levels {keys}."
        )
    names_of_X = list(getattr(X, "columns", []))
    for what, given in (("The keys", keys), ("The columns of X", names_of_X)):
        if len({*given}) < len(given):
            raise ValueError(f"{what} are {given}; expected every name once.")
    columns = {name: _key(X, name) for name in keys}
    groups, codes = _groups([(name, columns[name]) for name in names], num_samples(X))
    labels = Labels(columns[time]) if time is not None else _index(X, keys)
    if labels is not None and labels.missing.any():
        raise ValueError(
            f"{'The index of X' if time is None else repr(time)} is missing in row "
            f"{labels.missing.argmax()}; expected a label in time for each row."
        )
    if time is not None and labels.is_text:
        raise ValueError(
            f"{time!r} is text, which has no order in time: '10' would come before '2'. Convert it "
            f"to dates (pd.to_datetime) or numbers (pd.to_numeric)."
        )
    order = np.lexsort([codes] if time is None else [labels.values, codes])
    panel = Panel(groups, codes, labels, order)
    if labels is not None:
        panel._check_order(is_sorted=time is not None)
    return _without(X, keys), panel


def _key(X, name):
    """A column or index level by name: a pandas Index or a polars Series."""
    in_columns = name in X.columns
    if not hasattr(X, "iloc"):
        if in_columns:
            return X.get_column(name)
        found = f"columns {list(X.columns)}"
    else:
        in_index = name in X.index.names
        if X.index.names.count(name) > 1:
            raise ValueError(f"X has several index levels {name!r}; rename all but one.")
        if in_columns and in_index:
            raise ValueError(f"X has both a column and an index level {name!r}; rename one.")
        if in_columns:
            return X[[name]].set_index(name).index
        if in_index:
            return X.index.get_level_values(name)
        found = f"columns {list(X.columns)} and index levels {list(X.index.names)}"
    raise ValueError(f"X has no column or index level {name!r}; it has {found}.")


def _index(X, keys):
    """The labels of rows in time where no name says which they are."""
    if not hasattr(X, "iloc"):
        return None
    levels = [name for name in X.index.names if name is None or name not in keys]
    if len(levels) > 1:
        raise ValueError(
            f"X has index levels {list(X.index.names)}; expected one that is not a group. Name "
            f"those that tell series apart with group=, and that of time with time=."
        )
    if not levels:
        return None
    if keys and X.index.names == [None] and X.index.dtype.kind in "iu":
        raise ValueError(
            f"X has series told apart by {keys}, but its index of numbers has no name, and may be "
            f"a mere count of the rows. Name the column or index level of time with time=; if it "
            f"is the index, give that a name."
        )
    return Labels(X.index.get_level_values(X.index.names.index(levels[0])))


def _groups(keys, n_rows):
    """Labels of the groups, in order of first appearance, and the place of each row's among them.

    With several keys a label is a tuple.
    """
    if not keys:
        return [None], np.zeros(n_rows, np.intp)
    combined = np.zeros(n_rows, np.intp)
    for name, key in keys:
        missing = Labels(key).missing
        if missing.any():
            raise ValueError(
                f"{name!r} is missing in row {missing.argmax()}; expected a group for each row."
            )
        if hasattr(key, "factorize"):
            codes = key.factorize()[0]
        else:
            codes = key.rank("dense").to_numpy().astype(np.intp) - 1
        _, combined = np.unique(combined * (codes.max() + 1) + codes, return_inverse=True)
    _, first, codes = np.unique(combined, return_index=True, return_inverse=True)
    by_appearance = np.argsort(first)
    place = np.empty_like(by_appearance)
    place[by_appearance] = np.arange(len(first))
    labels = [key[first[by_appearance]].to_list() for _, key in keys]
    groups = labels[0] if len(labels) == 1 else list(zip(*labels, strict=True))
    return groups, place[codes]


def _without(X, keys):
    """X without key columns."""
    columns = [name for name in keys if name in X.columns] if keys else []
    if not columns:
        return X
    if len(columns) == len(X.columns):
        raise ValueError(f"X has no columns but its keys {columns}; expected features.")
    return X.drop(columns=columns) if hasattr(X, "iloc") else X.drop(columns)
