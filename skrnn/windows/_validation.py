"""Checks that transformers and meta-estimators share."""

from datetime import date

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skrnn.sequences import FLOATS, Sequences, as_sequences, is_table, without_padding


def check_names(estimator, X, rows, *, reset):
    """Set or check the number of columns, and their names where X has them."""
    named = X if hasattr(X, "columns") else rows
    validate_data(estimator, named, reset=reset, skip_check_array=True)


def check_rows(table, *, input_name, estimator=None):
    """The rows of a table as numbers; NaN is left to others."""
    for name in getattr(table, "columns", []):
        for value in table[name].head(10).to_list():
            if _is_no_number(value):
                raise ValueError(
                    f"Column {name!r} of {input_name} holds {value!r}, no number. If it tells "
                    f"series or times apart, name it as a key (group=, time=); else encode or drop "
                    f"it."
                )
    return check_array(
        table, dtype=FLOATS, order="C", ensure_all_finite="allow-nan", estimator=estimator,
        input_name=input_name,
    )  # fmt: skip


def _is_no_number(value):
    """Whether a value is a time, or text that is no number either."""
    try:
        return isinstance(value, date) or (isinstance(value, str) and float(value) is None)
    except ValueError:
        return True


def check_steps(estimator, X, *, allow_nan):
    """Sequences from any accepted form of X, without padding.

    A table is one univariate sequence per row, and has no padding.
    """
    if not is_table(X):
        return without_padding(X) if allow_nan else as_sequences(X)
    table = check_array(
        X, dtype=FLOATS, order="C", ensure_all_finite="allow-nan" if allow_nan else True,
        estimator=estimator, input_name="X",
    )  # fmt: skip
    n_samples, n_timesteps = table.shape
    starts = np.arange(n_samples) * n_timesteps
    return Sequences(table.reshape(-1, 1), starts, np.full(n_samples, n_timesteps))


def remember_features(estimator, X, sequences):
    """Set ``n_features_in_`` and ``feature_names_in_``, once everything else went well."""
    n_features = sequences.rows.shape[1]
    if is_table(X):
        validate_data(estimator, X, skip_check_array=True)
    else:  # this forgets the column names of an earlier fit
        validate_data(estimator, X, skip_check_array=True, ensure_2d=False)
        estimator.n_features_in_ = n_features
    estimator._n_features_of_step = n_features


def check_features(estimator, X, sequences):
    """Refuse other features than those that ``remember_features`` was given."""
    n_features = sequences.rows.shape[1]
    if n_features != estimator._n_features_of_step:
        raise ValueError(
            f"X has {n_features} features per step, but {type(estimator).__name__} was fitted "
            f"with {estimator._n_features_of_step}. X is (n_samples, n_timesteps, n_features); a "
            f"2-D X is one univariate sequence per row."
        )
    if is_table(X):
        validate_data(estimator, X, reset=False, skip_check_array=True)
