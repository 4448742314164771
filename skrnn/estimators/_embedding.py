"""The parameters of embeddings, and the checks of columns that hold codes."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions
from skrnn._warnings import warn
from skrnn.windows._panel import group_names

# Greater integers are not all exact in float32.
MAX_CODES = 2**24


@dataclass(eq=False, repr=False)
class Embeddings:
    """Columns that hold codes, and the vectors that are learned for them.

    Parameters
    ----------
    categorical_features : array-like of {bool, int, str} of shape (n_features,) or \
            (n_categorical_features,), default=None
        Which features hold integer codes 0, 1, 2, ... of words (see :class:`~skrnn.TokenEncoder`),
        stations or other categories: a mask, numbers of features, or names of columns (if X has
        DataFrames). For each code, the network learns a vector, an embedding, which the first layer
        reads in place of the code. The other features stay as they are. Where each row of a table
        is a sequence, the one feature is number 0. None: there are none.

    n_codes : int, dict or None, default=None
        The number of codes of the categorical features, which are then 0 to ``n_codes - 1``; a
        dict gives it by feature, each by its number or name. None, and for features that the dict
        does not have: one more than the largest code in ``fit``. A greater code in ``predict`` or
        in a later ``partial_fit`` is an error.

    embedding_dim : int, dict or 'auto', default='auto'
        The length of the vectors; a dict gives it by feature, each by its number or name. "auto",
        and for features that the dict does not have: half the number of codes, but at most 50.

    embedding_dropout : float, default=0.0
        The probability of setting a number of a vector to zero in training, anew at every step.
        The features beside the categorical ones stay.
    """

    _: KW_ONLY
    categorical_features: Sequence | np.ndarray | None = None
    n_codes: int | dict | None = None
    embedding_dim: int | str | dict = "auto"
    embedding_dropout: float = 0.0

    _parameter_constraints = {
        "categorical_features": ["array-like", None],
        "n_codes": [Interval(Integral, 1, MAX_CODES, closed="both"), dict, None],
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), dict, StrOptions({"auto"})],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left")],
    }


def embedding_shapes(estimator, sequences, earlier=None):
    """The number of codes and the length of the vectors of each categorical feature.

    Parameters
    ----------
    estimator : estimator instance
        One that remembers the features of its X.
    sequences : Sequences
        Valid ones, to count codes in.
    earlier : dict or None
        The same of the fit that this one goes on from, for its numbers of codes.

    Returns
    -------
    dict of int to tuple of int

    Raises
    ------
    ValueError
        If a parameter does not fit the features, or if one of them has other values than codes.
    """
    if estimator.categorical_features is None and earlier is None:
        _warn_of_no_effect(estimator)
    n_features, names = sequences.rows.shape[1], _names(estimator, sequences)
    columns = _categorical_columns(estimator.categorical_features, n_features, names)
    if columns and sequences.segment > 1:
        raise ValueError(
            f"categorical_features is not supported with steps of {sequences.segment} rows, in "
            f"which each feature comes {sequences.segment} times. Set segment=1."
        )
    counts = _by_column(estimator, "n_codes", columns, n_features, names)
    dims = _by_column(estimator, "embedding_dim", columns, n_features, names)
    shapes = {}
    for column in columns:
        n_codes = counts[column]
        if n_codes is None and column in (earlier or {}):
            n_codes = earlier[column][0]
        _check_column(estimator, sequences, column, n_codes or MAX_CODES)
        if n_codes is None:
            n_codes = int(sequences.rows[sequences._used_rows(), column].max()) + 1
        shapes[column] = (n_codes, auto_dim(dims[column], n_codes))
    return shapes


def auto_dim(dim, n_codes):
    """The length of vectors, given that or "auto" and the number of codes."""
    return min(50, (n_codes + 1) // 2) if dim == "auto" else int(dim)


def check_codes(estimator, sequences):
    """Raise a ValueError if a categorical feature has values that are none of its codes."""
    for column, (n_codes, _) in estimator._embedding_shapes.items():
        _check_column(estimator, sequences, column, n_codes)


def _warn_of_no_effect(estimator):
    """Warn if there are parameters of embeddings and no features for them."""
    for name in ("n_codes", "embedding_dim", "embedding_dropout"):
        value = getattr(estimator, name)
        if value != getattr(Embeddings, name):
            warn(
                f"{name}={value!r} has no effect with categorical_features=None, so codes in X are "
                f"read as numbers. Set categorical_features to the features that hold codes, e.g. "
                f"[0]."
            )


def _names(estimator, sequences):
    """The names of the features, or None."""
    keys = {getattr(estimator, "time", None), *group_names(getattr(estimator, "group", None))}
    names = [name for name in getattr(estimator, "feature_names_in_", ()) if name not in keys]
    # Where each row of a table is a sequence, its names are those of steps.
    return names if len(names) == sequences.rows.shape[1] else None


def _categorical_columns(given, n_features, names):
    """The numbers of the categorical features, in order."""
    given = np.asarray([] if given is None else given)
    if given.ndim != 1:
        raise ValueError(
            f"categorical_features has shape {given.shape}; expected a 1-D array-like of bool, int "
            f"or str."
        )
    if given.dtype.kind == "b":
        if len(given) != n_features:
            raise ValueError(
                f"categorical_features is a mask of {len(given)} values, but X has {n_features} "
                f"features per step; expected one value for each."
            )
        return np.flatnonzero(given).tolist()
    found = {_column("categorical_features", key, n_features, names) for key in given.tolist()}
    return sorted(found)


def _column(parameter, key, n_features, names):
    """The number of a feature that is given by its number or its name."""
    if isinstance(key, str):
        if names is None:
            raise ValueError(
                f"{parameter} has the name {key!r}, but the features of X have no names. Give the "
                f"number of the feature, or use DataFrames."
            )
        if key not in names:
            raise ValueError(f"{parameter} has the name {key!r}; expected one of {names}.")
        return names.index(key)
    if isinstance(key, bool) or not isinstance(key, Integral) or not 0 <= key < n_features:
        hint = ""
        if n_features == 1:
            hint = " If X is a table, each row is a sequence with one feature per step, number 0."
        raise ValueError(
            f"{parameter} has {key!r}; expected numbers of features, from 0 to {n_features - 1}, "
            f"or their names.{hint}"
        )
    return int(key)


def _by_column(estimator, parameter, columns, n_features, names):
    """The value of a parameter for each categorical feature."""
    value, default = getattr(estimator, parameter), getattr(Embeddings, parameter)
    if not isinstance(value, dict):
        return dict.fromkeys(columns, value)
    values = dict.fromkeys(columns, default)
    for key, each in value.items():
        column = _column(parameter, key, n_features, names)
        if column not in values:
            raise ValueError(
                f"{parameter} has feature {key!r}, which is not one of categorical_features."
            )
        is_int = isinstance(each, Integral) and not isinstance(each, bool)
        if each != default and not (is_int and 1 <= each <= MAX_CODES):
            raise ValueError(
                f"{parameter} has {key!r}: {each!r}; expected an int from 1 to {MAX_CODES}."
            )
        values[column] = each
    return values


def _check_column(estimator, sequences, column, n_codes):
    """Raise a ValueError if a feature has other values than 0 to ``n_codes - 1``."""
    values = sequences.rows[:, column]
    wrong = ~((values >= 0) & (values < n_codes) & (values == np.floor(values)))
    if wrong.any():
        wrong &= sequences._used_rows()
    if not wrong.any():
        return
    row = int(wrong.argmax())
    value = values[row]
    i = int(((sequences.starts <= row) & (row < sequences.starts + sequences.lengths)).argmax())
    names = _names(estimator, sequences)
    feature = f"feature {column}" if names is None else f"feature {names[column]!r}"
    where = f"X has {value:.8g} in sequence {i}, step {row - sequences.starts[i]}, {feature}"
    if value < 0 or value != np.floor(value):
        raise ValueError(
            f"{where}, which is one of categorical_features; expected integer codes 0, 1, 2, ... "
            f"Encode the feature first, e.g. with TokenEncoder or OrdinalEncoder, or leave it out "
            f"of categorical_features."
        )
    if n_codes == MAX_CODES:
        raise ValueError(
            f"{where}, which is one of categorical_features; expected codes less than "
            f"{MAX_CODES}. Number the categories as 0, 1, 2, ..."
        )
    raise ValueError(
        f"{where}, which has {n_codes} codes; expected 0 to {n_codes - 1}. Give all categories "
        f"that are not in the training data one code of their own, as TokenEncoder does, or fit "
        f"with n_codes={int(value) + 1} or more."
    )
