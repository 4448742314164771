"""The input contract: X in every accepted form becomes Sequences, or an error says why not."""

import re
from datetime import date

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skrnn._warnings import warn
from skrnn.sequences import FLOATS, Sequences

# Rows that are checked at a time.
CHECKED_ROWS = 2**16
# What check_array leaves to us.
ANY_SHAPE = {
    "allow_nd": True, "ensure_2d": False, "ensure_all_finite": False,
    "ensure_min_samples": 0, "ensure_min_features": 0,
}  # fmt: skip

# For estimators and transformers of sequences.


def check_sequences(estimator, X, *, dtype=None, allow_nan=False):
    """Sequences without padding, from any accepted form of X.

    Parameters
    ----------
    estimator : estimator
        Named in errors.
    X : 2-D array-like or DataFrame, or any form that :func:`as_spans` takes
        Each row of a 2-D table is one univariate sequence, without padding.
    dtype : numpy.dtype or None
        Of the result; None keeps that of X, float32 or float64.
    allow_nan : bool
        Whether to keep missing and infinite values inside sequences.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If X is empty or has another form; and without ``allow_nan``, if a value is missing,
        infinite or too large for the dtype.
    """
    if is_table(X):
        X = _check_table(estimator, X, allow_nan)[:, :, np.newaxis]
        if allow_nan:  # a row of a table that begins or ends with NaN keeps its length
            return _from_dense(X)
    return without_padding(X) if allow_nan else as_sequences(X, dtype)


def remember_features(estimator, X, sequences):
    """Set ``n_features_in_`` and ``feature_names_in_`` from valid X."""
    if is_table(X):
        _warn_of_dates(estimator, X)
        validate_data(estimator, X, skip_check_array=True)
    else:  # this forgets the column names of an earlier fit
        validate_data(estimator, X, skip_check_array=True, ensure_2d=False)
        estimator.n_features_in_ = sequences.shape[2]
        names = _names_of_frames(X)
        if names is not None:
            estimator.feature_names_in_ = np.array(names, object)
    estimator._fitted_on_table = is_table(X)


def check_features(estimator, X, sequences):
    """Raise a ValueError if the features are not those that ``remember_features`` was given."""
    name = type(estimator).__name__
    n_features = sequences.shape[2]
    expected = 1 if estimator._fitted_on_table else estimator.n_features_in_
    if n_features != expected:
        message = (
            f"X has {n_features} features per step, but {name} was fitted with {expected} features "
            f"per step; expected X of shape (n_samples, n_timesteps, {expected})."
        )
        if is_table(X):
            message += (
                f" Each row of a 2-D X is one sequence with 1 feature per step. Pass a single "
                f"sequence of shape (n_timesteps, {expected}) as np.asarray(X)[np.newaxis]."
            )
        raise ValueError(message)
    if not is_table(X):
        check_names(estimator, X)
        return
    n_timesteps = sequences.shape[1]
    if not estimator._fitted_on_table and n_timesteps > 1:
        raise ValueError(
            f"X is 2-D with {n_timesteps} columns, but {name} was fitted on sequences of shape "
            f"(n_samples, n_timesteps, 1). If each row of X is one sequence of {n_timesteps} time "
            f"steps, pass np.asarray(X)[:, :, np.newaxis]."
        )
    validate_data(estimator, X, reset=False, skip_check_array=True)


def check_names(estimator, X):
    """Raise a ValueError if the frames of X have other columns than those of ``fit``."""
    names, known = _names_of_frames(X), getattr(estimator, "feature_names_in_", None)
    if names is not None and known is not None and names != list(known):
        raise ValueError(
            f"The DataFrames in X have the columns {names}, but {type(estimator).__name__} was "
            f"fitted with {list(known)}; expected the same columns in the same order."
        )


def _names_of_frames(X):
    """The columns of a list of frames, if they are text, else None."""
    columns = getattr(X[0], "columns", None) if is_ragged(X) else None
    if columns is None or not all(isinstance(column, str) for column in columns):
        return None
    return list(columns)


def _check_table(estimator, X, allow_nan):
    """A table as a 2-D array of floats."""
    try:
        table = _as_floats(
            X, "X", ensure_2d=False, estimator=estimator,
            ensure_all_finite="allow-nan" if allow_nan else True,
        )  # fmt: skip
    except (TypeError, ValueError):
        _check_numbers(X, "X")  # names the column, if it is one
        raise
    if table.ndim == 1:
        n = len(table)
        raise ValueError(
            f"X is 1-D with shape ({n},); expected 2-D, 3-D or a list of arrays. Reshape your "
            f"data: X.reshape(1, -1) is one sequence of {n} time steps, X.reshape(-1, 1) is {n} "
            f"sequences of 1 time step. To predict at each step of one series, use "
            f"SlidingWindow(...).fit_transform(X.reshape(-1, 1))."
        )
    return table


def _warn_of_dates(estimator, X):
    """Warn if the rows of a table look like time steps, and its columns like features.

    That is, if the index has dates, and the names of the columns differ in more than a number, as
    those of lags or of hours of the day do not.
    """
    index = getattr(X, "index", None)
    levels = getattr(index, "levels", [index])
    kinds = {getattr(level, "inferred_type", None) for level in levels}
    if kinds.isdisjoint({"datetime64", "period"}):
        return
    columns = list(X.columns)
    if not all(isinstance(column, str) for column in columns):
        return
    if len(columns) > 1 and len({re.sub(r"[\W\d_]", "", column) for column in columns}) == 1:
        return
    name = type(estimator).__name__
    warn(
        f"X is a DataFrame with dates in its index, and {name} takes each row as one sequence and "
        f"each column as one time step; the first column is {columns[0]!r}. If the rows are the "
        f"time steps and the columns are features, make windows first: "
        f"make_pipeline(SlidingWindow(window=...), {name}(...)). If each row is a sequence, pass "
        f"X.to_numpy() to avoid this warning."
    )


# For transformers of rows.


def check_rows(table, *, input_name="X", keys=(), estimator=None):
    """The rows of a table as numbers, which may be NaN: (n_rows, n_features).

    ``keys`` are the names of parameters that name columns that are no features, for errors.
    """
    _check_numbers(table, input_name, keys)
    return _as_floats(table, input_name, ensure_all_finite="allow-nan", estimator=estimator)


def check_columns(estimator, X, rows, *, reset):
    """Set or check ``n_features_in_`` and ``feature_names_in_`` of a table with valid rows."""
    named = X if hasattr(X, "columns") else rows
    validate_data(estimator, named, reset=reset, skip_check_array=True)


def _check_numbers(table, input_name, keys=()):
    """Raise a ValueError for the first column of a frame with a value that is not a number."""
    for name, column in _named_columns(table):
        for value in column.head(10).to_list():
            if not _is_number(value):
                remedy = "Encode the column as numbers, or drop it."
                if keys:
                    remedy += (
                        f" If it identifies the series or the time of a row, pass its name as "
                        f"{' or '.join(keys)}."
                    )
                raise ValueError(
                    f"Column {name!r} of {input_name} contains the non-numeric value {value!r}. "
                    f"{remedy}"
                )


def _named_columns(table):
    """Names and columns of a pandas or polars DataFrame; none for other tables."""
    if hasattr(table, "get_columns"):
        return [(column.name, column) for column in table.get_columns()]
    return table.items() if hasattr(table, "columns") and hasattr(table, "iloc") else []


def _is_number(value):
    """Whether a value of a column is a number, or text that can be read as one."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
    return not isinstance(value, date)


def _as_floats(X, input_name, *, order="C", **options):
    """An array of floats; NumPy would make numbers of dates, too."""
    if getattr(getattr(X, "dtype", None), "kind", "") in {"m", "M"}:
        raise ValueError(
            f"{input_name} has dtype {X.dtype}; expected numbers. Make numbers of times first, "
            f"such as the hours since the first one."
        )
    try:
        return check_array(X, dtype=FLOATS, order=order, input_name=input_name, **options)
    except OverflowError as error:
        raise ValueError(f"{input_name} has an integer that is too large for float64.") from error
    except (TypeError, ValueError) as error:
        if not str(error).startswith(("could not convert", "float() argument")):
            raise
        raise type(error)(f"{input_name} has something that is no number: {error}.") from error


# Any form, without an estimator.


def as_sequences(X, dtype=None):
    """Sequences without padding, from any accepted form of X except a 2-D table.

    Parameters
    ----------
    X : Sequences, 3-D array-like, or list or object array of (T_i, n_features) array-likes
    dtype : numpy.dtype or None
        Of the result; None keeps that of X, float32 or float64.

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If X is empty or has another form, or if a value is missing, infinite or too large for the
        dtype.
    """
    given = as_spans(X)
    with np.errstate(over="ignore"):  # too large values become infinite, which raises below
        sequences = given.astype(dtype or given.dtype)
    if all(np.isfinite(block).all() for block in _blocks(sequences.rows)):
        return sequences
    sequences = _without_padding(sequences)
    _check_finite(sequences, given)
    return sequences


def without_padding(X):
    """Like :func:`as_sequences`, but values inside a sequence may be missing or infinite.

    Parameters
    ----------
    X : Sequences, 3-D array-like, or list or object array of (T_i, n_features) array-likes

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If X is empty or has another form, or if a sequence is nothing but padding.
    """
    return _without_padding(as_spans(X))


def as_spans(X):
    """Sequences from any accepted form except a 2-D table, with padding, over the rows they use."""
    if is_ragged(X):
        X = _from_ragged(X)
    elif isinstance(X, Sequences):
        # Checked again, as attributes can be set.
        X = Sequences(X.rows, X.starts, X.lengths, X.segment)
    else:
        X = _as_floats(X, "X", **ANY_SHAPE)
    if X.ndim != 3:
        raise ValueError(
            f"X has {X.ndim} dimensions; expected 3: (n_samples, n_timesteps, n_features)."
        )
    if 0 in X.shape:
        raise ValueError(
            f"X has shape {X.shape}; expected at least one sample, one time step and one feature."
        )
    if not isinstance(X, Sequences):
        X = _from_dense(X)
    return _trimmed(X)


def _from_dense(X):
    """Sequences from a validated (n_samples, n_timesteps, n_features) array."""
    n_samples, n_timesteps, n_features = X.shape
    starts = np.arange(n_samples, dtype=np.intp) * n_timesteps
    lengths = np.full(n_samples, n_timesteps, np.intp)
    return Sequences(X.reshape(-1, n_features), starts, lengths)


def _trimmed(sequences):
    """The same sequences, without the rows before the first span and after the last."""
    first, end = sequences.starts.min(), sequences.ends.max()
    other = sequences._respan(sequences.starts - first, sequences.lengths)
    other.rows = sequences.rows[first:end]
    return other


def is_table(X):
    """Whether X is neither 3-D nor ragged nor Sequences, so that scikit-learn can validate it."""
    if isinstance(X, Sequences) or is_ragged(X):
        return False
    return getattr(X, "ndim", 2) < 3


def is_ragged(X):
    """Whether X is a list or an object array of one array, frame or nested list per sequence."""
    if isinstance(X, np.ndarray):
        return X.dtype == object and X.ndim == 1 and len(X) > 0 and np.ndim(X[0]) > 0
    if not isinstance(X, (list, tuple)) or len(X) == 0:
        return False
    if any(getattr(x, "shape", ()) for x in X):
        return True
    lengths = {len(x) for x in X if isinstance(x, (list, tuple))}
    return len(lengths) > 1 or np.ndim(X[0]) == 2


def _from_ragged(X):
    elements = []
    first_columns = getattr(X[0], "columns", None)
    for i, element in enumerate(X):
        columns = getattr(element, "columns", first_columns)
        if columns is not None and first_columns is not None and [*columns] != [*first_columns]:
            raise ValueError(
                f"X[{i}] has the columns {list(columns)}, but X[0] has {list(first_columns)}; "
                f"expected the same columns in the same order in every sequence."
            )
        element = _as_floats(element, f"X[{i}]", order=None, **ANY_SHAPE)
        if element.ndim != 2:
            raise ValueError(
                f"X[{i}] has {element.ndim} dimensions; expected 2: (n_timesteps, n_features). "
                f"Pass a univariate sequence x as x.reshape(-1, 1)."
            )
        if 0 in element.shape:
            raise ValueError(
                f"X[{i}] has shape {element.shape}; expected at least one step and one feature."
            )
        elements.append(element)
        if element.shape[1] != elements[0].shape[1]:
            raise ValueError(
                f"X[{i}] has {element.shape[1]} features, but X[0] has {elements[0].shape[1]}; "
                f"expected the same number of features in every sequence."
            )
    lengths = np.array([len(element) for element in elements], np.intp)
    return Sequences(np.concatenate(elements), np.cumsum(lengths) - lengths, lengths)


def all_nan(rows):
    """Whether all values of each row are NaN, (n_rows,)."""
    return np.concatenate([np.isnan(block).all(axis=1) for block in _blocks(rows)])


def _blocks(rows):
    """Consecutive parts of rows, so that checks of a memory-mapped file take little memory."""
    return (rows[i : i + CHECKED_ROWS] for i in range(0, max(1, len(rows)), CHECKED_ROWS))


def _without_padding(sequences):
    """Shorten every span by its leading and trailing steps that are all NaN."""
    rows, starts, ends = sequences.rows, sequences.starts, sequences.ends
    is_padding = all_nan(rows)
    if not is_padding.any():
        return sequences
    n_rows = len(rows)
    position = np.arange(n_rows)
    next_step = np.where(is_padding, n_rows, position)  # the step at or after each row
    next_step = np.minimum.accumulate(next_step[::-1])[::-1]
    last_step = np.maximum.accumulate(np.where(is_padding, -1, position))  # at or before it
    segment = sequences.segment  # of which the padding has whole ones
    n_leading = (next_step[starts] - starts) // segment
    n_trailing = (ends - 1 - last_step[ends - 1]) // segment
    lengths = sequences.lengths - n_leading - n_trailing
    empty = lengths < 1
    if empty.any():
        raise ValueError(
            f"X[{int(empty.argmax())}] contains only padding (NaN); expected at least one time "
            f"step that is not all NaN."
        )
    return sequences._respan(starts + n_leading * segment, lengths)


def _check_finite(sequences, given):
    """Raise a ValueError that says where a value is not finite.

    ``given`` are the same sequences before their padding and their dtype were changed.
    """
    rows, starts, ends = sequences.rows, sequences.starts, sequences.ends
    finite = np.isfinite(rows)
    n_bad = np.concatenate([[0], np.cumsum(~finite.all(axis=1))])
    bad = n_bad[ends] > n_bad[starts]
    if bad.any():
        i = int(bad.argmax())
        row, column = np.argwhere(~finite[starts[i] : ends[i]])[0]
        value = given.rows[starts[i] + row, column]
        step, row = divmod(row + starts[i] - given.starts[i], sequences.segment)
        feature = row * rows.shape[1] + column
        if np.isfinite(value):
            expected = f'values that fit in {rows.dtype}. Scale X, or set dtype="float64".'
        else:
            expected = (
                "finite values. Only leading and trailing steps that are all NaN count as padding. "
                "Impute or remove such values first."
            )
        raise ValueError(
            f"Input X contains {value} in sequence {i}, step {step}, feature {feature}; expected "
            f"{expected}"
        )
