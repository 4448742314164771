"""Long tables, one row for each step, and sequences."""

import numpy as np
from sklearn.utils import check_consistent_length

from skrnn._sklearn import safe_indexing
from skrnn.sequences import Sequences, as_spans
from skrnn.windows._frames import frame_like
from skrnn.windows._panel import read_panel
from skrnn.windows._validation import check_rows


def from_long(frame, *, id, time, columns=None):
    """Turn a long table into one sequence for each id.

    Splits of the sequences leave every id whole. Where the ids follow each other in time, and
    targets lie h of them ahead, use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    frame : pandas or polars DataFrame
        One row for each step, in any order.
    id : str or list of str
        The columns or index levels that tell the sequences apart.
    time : str
        The column or index level that orders the steps of a sequence.
    columns : list of str or None, default=None
        The features; None takes all columns but the keys.

    Returns
    -------
    X : Sequences
        One sequence for each id, its steps in order of time. Float32 is kept if all columns have
        it, anything else becomes float64. Missing values become NaN.
    ids : ndarray of shape (n_samples,)
        The id of each sequence, in order of first appearance in the frame; tuples where there are
        several columns. For targets in a Series that has the ids as its index, y is
        ``targets.loc[ids]``.

    Raises
    ------
    ValueError
        If a key is missing or not there, if an id has a time twice, or if a column is not numeric
        or not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import from_long
    >>> frame = pd.DataFrame({"unit": ["b", "a", "b"], "hour": [2, 1, 1], "x": [0.2, 1.1, 0.1]})
    >>> X, ids = from_long(frame, id="unit", time="hour")
    >>> ids
    array(['b', 'a'], dtype=object)
    >>> X[0]
    array([[0.1], [0.2]])
    """
    features, panel = _read_long(frame, id, time)
    if columns is not None:
        features = features[_names(columns, among=list(features.columns))]
    rows = check_rows(features, input_name="frame")
    starts, lengths = _spans(panel)
    ids = np.empty(len(panel.groups), object)
    ids[:] = panel.groups
    if all(type(label) is int for label in panel.groups):
        numbers = np.array(panel.groups)  # uint64 or objects, if they are large
        ids = numbers if numbers.dtype.kind in "iu" else ids
    return Sequences(rows[panel.order], starts, lengths), ids


def to_long(X, ids, *, like, id, time, columns=None):
    """Turn sequences back into rows of a long table, the inverse of :func:`from_long`.

    What was done to the sequences in between, such as scaling or a prediction for each step,
    comes back to the row that each step came from. The rows are again for splits in time, with
    ``TimeSeriesSplit(gap=h)`` for targets h rows ahead.

    Parameters
    ----------
    X : Sequences, list of arrays of shape (n_timesteps_i, n_features) or 3-D array
        One sequence for each id, with a step for each of its rows.
    ids : array-like of shape (n_samples,)
        The id of each sequence.
    like : pandas or polars DataFrame
        The frame that ``from_long`` was given. It has the keys of the rows.
    id, time : str
        As in ``from_long``.
    columns : list of str or None, default=None
        The names of the features of X; None takes the columns of ``like`` that are no keys.

    Returns
    -------
    DataFrame
        Of the library of ``like``: its rows of these ids, in its order and with its index, its
        key columns, and the features.

    Raises
    ------
    ValueError
        If the ids are not those of ``like``, come twice, or have another number of steps there, or
        if a name in ``columns`` comes twice or is a key.

    Examples
    --------
    >>> import pandas as pd
    >>> from skrnn import from_long, to_long
    >>> frame = pd.DataFrame({"unit": ["b", "a", "b"], "hour": [2, 1, 1], "x": [0.2, 1.1, 0.1]})
    >>> X, ids = from_long(frame, id="unit", time="hour")
    >>> to_long(X, ids, like=frame, id="unit", time="hour")
      unit  hour    x
    0    b     2  0.2
    1    a     1  1.1
    2    b     1  0.1
    """
    sequences = as_spans(X)
    check_consistent_length(sequences, ids)
    features, panel = _read_long(like, id, time)
    names = list(features.columns) if columns is None else _names(columns)
    if not {*names}.isdisjoint([time, *([id] if isinstance(id, str) else id)]):
        raise ValueError(f"columns={names}; expected none of the keys among them.")
    if len(names) != sequences.shape[2]:
        raise ValueError(f"X has {sequences.shape[2]} features, but columns are {names}.")
    starts, lengths = _spans(panel)
    codes = _places(ids, panel.groups)
    wrong = sequences.lengths != lengths[codes]
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"X[{i}] has {sequences.lengths[i]} steps, but the id {panel.groups[codes[i]]!r} has "
            f"{lengths[codes[i]]} rows in like."
        )
    first = np.cumsum(sequences.lengths) - sequences.lengths
    step = np.arange(sequences.lengths.sum()) - np.repeat(first, sequences.lengths)
    row = panel.order[np.repeat(starts[codes], sequences.lengths) + step]
    step += np.repeat(sequences.starts, sequences.lengths)
    in_order = np.argsort(row)
    values = sequences.rows[step[in_order]]
    kept = safe_indexing(like, row[in_order])
    is_key = set(like.columns) - set(features.columns)
    new = dict(zip(names, values.T, strict=True))
    order = [name for name in like.columns if name in is_key or name in new]
    order += [name for name in names if name not in order]
    return frame_like(kept, {name: kept[name] if name in is_key else new[name] for name in order})


def _read_long(frame, id, time):
    """Features and panel of a frame whose keys both have to be named."""
    for name, key in (("id", id), ("time", time)):
        if key is None or len(key) == 0:
            raise ValueError(f"{name}={key!r}; expected a column or index level of the frame.")
    return read_panel(frame, id, time)


def _names(columns, among=None):
    """Names of features as a list, all of them different, and some of these if there are any."""
    if isinstance(columns, str):
        raise ValueError(f"columns={columns!r}; expected a list, such as [{columns!r}].")
    names = list(columns)
    if not names or len({*names}) < len(names):
        raise ValueError(f"columns={names}; expected at least one name, and every name once.")
    unknown = [] if among is None else [name for name in names if name not in among]
    if unknown:
        raise ValueError(f"columns={names}, but {unknown[0]!r} is none of the features {among}.")
    return names


def _places(ids, groups):
    """The place of each id among the groups."""
    place = {group: i for i, group in enumerate(groups)}
    codes = []
    for label in ids:
        if label not in place:
            raise ValueError(f"ids has {label!r}, which is no id of like.")
        codes.append(place[label])
    codes = np.array(codes)
    _, first, count = np.unique(codes, return_index=True, return_counts=True)
    if (count > 1).any():
        raise ValueError(f"ids has {groups[codes[first[count.argmax()]]]!r} more than once.")
    return codes


def _spans(panel):
    """Where in the order of a panel each series starts, and how long it is."""
    starts = np.flatnonzero(panel.begins())
    return starts, np.diff(starts, append=len(panel.order))
