"""From long tables, with one row for each step, to sequences and back."""

import numpy as np
from sklearn.utils import check_consistent_length

from skrnn._sklearn import safe_indexing
from skrnn.sequences import Sequences
from skrnn.validation import as_spans, check_rows
from skrnn.windows._frames import frame_like
from skrnn.windows._panel import read_panel


def from_long(frame, *, id, time, columns=None):
    """Turn a long table into one sequence for each id.

    In cross-validation, all steps of an id are then in the same fold. If the ids are in the order
    of time, and the targets are h ids ahead, use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    frame : pandas or polars DataFrame
        One row for each step, in any order.
    id : str or list of str
        The columns or index levels that identify the sequences.
    time : str
        The column or index level to sort the steps of a sequence by.
    columns : list of str or None, default=None
        The features; None takes all columns except ``id`` and ``time``.

    Returns
    -------
    X : Sequences
        One sequence for each id, with its steps sorted by time. The dtype is float32 if all
        columns are, otherwise float64. Missing values become NaN.
    ids : ndarray of shape (n_samples,)
        The id of each sequence, in order of first appearance in the frame; with several id columns
        a tuple. If ``targets`` is a Series with the ids as its index, y is ``targets.loc[ids]``.

    Raises
    ------
    ValueError
        If ``id``, ``time`` or a column is not in the frame, if an id or time is missing, if an id
        has two rows of the same time, or if a column is not numeric.

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
    features, panel = _read_long(frame, id, time, "frame")
    if columns is not None:
        features = features[_names(columns, among=list(features.columns))]
    rows = check_rows(features, input_name="frame", keys=("id", "time"))
    starts, lengths = _spans(panel)
    ids = np.empty(len(panel.groups), object)
    ids[:] = panel.groups
    if all(type(label) is int for label in panel.groups):
        numbers = np.array(panel.groups)  # uint64 or objects, if they are large
        ids = numbers if numbers.dtype.kind in "iu" else ids
    return Sequences(rows[panel.order], starts, lengths), ids


def to_long(X, ids, *, like, id, time, columns=None):
    """Turn sequences back into rows of a long table, the inverse of :func:`from_long`.

    Use it after the sequences were transformed, for example scaled: ``to_long`` puts each step back
    into the row that it came from. To split the rows in time, with targets h rows ahead, use
    ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    X : Sequences, list of arrays of shape (n_timesteps_i, n_features) or 3-D array
        One sequence for each id, with one step for each row of the id in ``like``.
    ids : array-like of shape (n_samples,)
        The id of each sequence.
    like : pandas or polars DataFrame
        The frame that was passed to ``from_long``.
    id, time : str
        As in ``from_long``.
    columns : list of str or None, default=None
        The names of the features of X; None takes the columns of ``like`` except ``id`` and
        ``time``.

    Returns
    -------
    DataFrame
        The rows of ``like`` with these ids, in the same order and with the same index: the ``id``
        and ``time`` columns and the features. It is a pandas DataFrame if ``like`` is one,
        otherwise a polars DataFrame.

    Raises
    ------
    ValueError
        If ``ids`` has an id twice or one that is not in ``like``, if a sequence has not as many
        steps as ``like`` has rows of its id, or if ``columns`` contains a name twice, ``id`` or
        ``time``.

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
    features, panel = _read_long(like, id, time, "like")
    names = list(features.columns) if columns is None else _names(columns)
    if not {*names}.isdisjoint([time, *([id] if isinstance(id, str) else id)]):
        raise ValueError(
            f"columns={names}; expected only features, without id={id!r} and time={time!r}."
        )
    if len(names) != sequences.shape[2]:
        raise ValueError(
            f"X has {sequences.shape[2]} features, but columns has {len(names)} names: {names}. "
            f"Expected one name for each feature."
        )
    starts, lengths = _spans(panel)
    codes = _codes(ids, panel.groups)
    wrong = sequences.lengths != lengths[codes]
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(
            f"X[{i}] has {sequences.lengths[i]} steps, but the id {panel.groups[codes[i]]!r} has "
            f"{lengths[codes[i]]} rows in the DataFrame like; expected one step for each row."
        )
    first = np.cumsum(sequences.lengths) - sequences.lengths
    step = np.arange(sequences.lengths.sum()) - np.repeat(first, sequences.lengths)
    row = panel.order[np.repeat(starts[codes], sequences.lengths) + step]
    step = step * sequences.segment + np.repeat(sequences.starts, sequences.lengths)
    in_order = np.argsort(row)
    values = sequences._steps_at(step[in_order])
    kept = safe_indexing(like, row[in_order])
    is_key = set(like.columns) - set(features.columns)
    new = dict(zip(names, values.T, strict=True))
    order = [name for name in like.columns if name in is_key or name in new]
    order += [name for name in names if name not in order]
    return frame_like(kept, {name: kept[name] if name in is_key else new[name] for name in order})


def _read_long(frame, id, time, input_name):
    """Features and panel of a frame, where ``id`` and ``time`` are required."""
    for name, key in (("id", id), ("time", time)):
        if key is None or len(key) == 0:
            raise ValueError(
                f"{name}={key!r}; expected the name of a column or index level of {input_name}."
            )
    return read_panel(frame, id, time, input_name=input_name)


def _names(columns, among=None):
    """Names of features as a list: all different, and each one of ``among`` if that is given."""
    if isinstance(columns, str):
        raise ValueError(f"columns={columns!r}; expected a list, such as [{columns!r}].")
    names = list(columns)
    if not names or len({*names}) < len(names):
        raise ValueError(f"columns={names}; expected at least one name, and every name once.")
    unknown = [] if among is None else [name for name in names if name not in among]
    if unknown:
        raise ValueError(f"columns={names}, but {unknown[0]!r} is not one of the features {among}.")
    return names


def _codes(ids, groups):
    """For each id its index in ``groups``."""
    index = {group: i for i, group in enumerate(groups)}
    codes = []
    for label in ids:
        if label not in index:
            raise ValueError(
                f"ids contains {label!r}, but the DataFrame like has no rows with this id."
            )
        codes.append(index[label])
    codes = np.array(codes)
    _, first, count = np.unique(codes, return_index=True, return_counts=True)
    if (count > 1).any():
        raise ValueError(
            f"ids contains {groups[codes[first[count.argmax()]]]!r} more than once; expected every "
            f"id once."
        )
    return codes


def _spans(panel):
    """For each series its first position in the order of a panel, and its length."""
    starts = np.flatnonzero(panel.begins())
    return starts, np.diff(starts, append=len(panel.order))
