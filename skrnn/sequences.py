"""The input contract: every form of sequences becomes rows and spans."""

import numbers

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import column_or_1d


class Sequences:
    """Sequences of different lengths as spans over one array of rows.

    Sequence i is ``rows[starts[i]:starts[i] + lengths[i]]``. Spans may overlap, as the windows
    over a series do; indexing gives spans over the same rows and copies none.

    Parameters
    ----------
    rows : array-like of shape (n_rows, n_features)
        The steps of all sequences. Float32 and float64 are kept, anything else becomes float64.
    starts : array-like of int of shape (n_samples,)
        The first row of each sequence.
    lengths : array-like of int of shape (n_samples,)
        The number of steps of each sequence, at least 1.

    Attributes
    ----------
    shape : tuple of int
        ``(n_samples, longest, n_features)``.
    dtype : numpy.dtype
        That of the rows.

    Raises
    ------
    ValueError
        If a span is empty or reaches beyond the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import Sequences
    >>> X = Sequences(np.arange(5.0).reshape(-1, 1), starts=[0, 3], lengths=[3, 2])
    >>> X.shape
    (2, 3, 1)
    >>> X[1]
    array([[3.], [4.]])
    >>> np.asarray(X)[:, :, 0]
    array([[ 0.,  1.,  2.], [nan,  3.,  4.]])
    """

    ndim = 3

    def __init__(self, rows, starts, lengths):
        rows = check_array(
            rows, dtype=[np.float64, np.float32], order="C", ensure_all_finite=False,
            input_name="rows",
        )  # fmt: skip
        starts, lengths = _as_index(starts, "starts"), _as_index(lengths, "lengths")
        check_consistent_length(starts, lengths)
        wrong = (starts < 0) | (lengths < 1) | (starts + lengths > len(rows))
        if wrong.any():
            i = int(wrong.argmax())
            raise ValueError(
                f"Sequence {i} has starts={starts[i]} and lengths={lengths[i]}; expected at least "
                f"one step within the {len(rows)} rows."
            )
        self.rows = rows
        self.starts = starts
        self.lengths = lengths

    def _respan(self, starts, lengths):
        """Other spans, known to be valid, over the same rows."""
        other = object.__new__(Sequences)
        other.rows, other.starts, other.lengths = self.rows, starts, lengths
        return other

    def astype(self, dtype):
        """Convert the rows to another dtype.

        Parameters
        ----------
        dtype : numpy.dtype or str
            The dtype of the rows of the result.

        Returns
        -------
        Sequences
            These sequences themselves, if they have that dtype.
        """
        if self.dtype == dtype:
            return self
        other = self._respan(self.starts, self.lengths)
        other.rows = self.rows.astype(dtype)
        return other

    @property
    def shape(self):
        return len(self), int(self.lengths.max(initial=0)), self.rows.shape[1]

    @property
    def dtype(self):
        return self.rows.dtype

    def __len__(self):
        return len(self.starts)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        if isinstance(key, tuple):  # scikit-learn's splitters write X[key, ...]
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(f"Sequences are indexed by sample only, got X[{key}].")
            key = key[0]
        if isinstance(key, numbers.Integral):
            start = self.starts[key]
            return self.rows[start : start + self.lengths[key]]
        return self._respan(self.starts[key], self.lengths[key])

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("Sequences become an array only by copying, got copy=False.")
        padded = np.full(self.shape, np.nan, dtype or self.dtype)
        for i in range(len(self)):
            padded[i, self.shape[1] - self.lengths[i] :] = self[i]
        return padded

    def __repr__(self):
        n_samples, longest, n_features = self.shape
        return (
            f"<Sequences: {n_samples} of up to {longest} steps, {n_features} features, "
            f"{self.dtype}>"
        )


def as_sequences(X, dtype):
    """Sequences from any accepted form of X but a table, with padding taken off.

    Parameters
    ----------
    X : Sequences, 3-D array-like, or list or object array of (T_i, n_features) arrays
    dtype : numpy.dtype, list of numpy.dtype
        As in :func:`sklearn.utils.check_array`.

    Returns
    -------
    Sequences
    """
    if isinstance(X, Sequences):
        rows = check_array(X.rows, dtype=dtype, ensure_all_finite=False)
        return _without_padding(X.astype(rows.dtype))
    if is_ragged(X):
        return _without_padding(_from_ragged(X, dtype))
    X = check_array(
        X, dtype=dtype, order="C", allow_nd=True, ensure_2d=False, ensure_all_finite=False,
        ensure_min_features=0, input_name="X",
    )  # fmt: skip
    return from_dense(X)


def from_dense(X):
    """Sequences from a validated (n_samples, n_timesteps, n_features) array."""
    n_samples, n_timesteps, n_features = X.shape
    if 0 in X.shape:
        raise ValueError(f"X has shape {X.shape}; expected at least one sample, step and feature.")
    starts = np.arange(n_samples, dtype=np.intp) * n_timesteps
    lengths = np.full(n_samples, n_timesteps, np.intp)
    return _without_padding(Sequences(X.reshape(-1, n_features), starts, lengths))


def is_table(X):
    """Whether X is for scikit-learn's validation: neither 3-D nor ragged nor Sequences."""
    if isinstance(X, Sequences) or is_ragged(X):
        return False
    if isinstance(X, (list, tuple)):
        return len(X) == 0 or np.ndim(X[0]) < 2
    return getattr(X, "ndim", None) != 3


def is_ragged(X):
    """Whether X is a list or an object array of arrays of its own."""
    if isinstance(X, np.ndarray):
        return X.dtype == object and X.ndim == 1 and len(X) > 0 and np.ndim(X[0]) > 0
    return isinstance(X, (list, tuple)) and any(getattr(x, "ndim", 0) > 0 for x in X)


def _from_ragged(X, dtype):
    elements = []
    for i, element in enumerate(X):
        if np.ndim(element) != 2:
            raise ValueError(
                f"X[{i}] has {np.ndim(element)} dimensions; expected (n_timesteps, n_features). A "
                f"univariate sequence is x.reshape(-1, 1)."
            )
        if element.shape[1] != X[0].shape[1]:
            raise ValueError(
                f"X[{i}] has {element.shape[1]} features, X[0] has {X[0].shape[1]}; expected the "
                f"same number in every sequence."
            )
        elements.append(
            check_array(element, dtype=dtype, ensure_all_finite=False, input_name=f"X[{i}]")
        )
    lengths = np.array([len(element) for element in elements], np.intp)
    return Sequences(np.concatenate(elements), np.cumsum(lengths) - lengths, lengths)


def _without_padding(sequences):
    """Take leading and trailing all-NaN steps off every span, and refuse other NaNs and inf."""
    rows, starts, ends = sequences.rows, sequences.starts, sequences.starts + sequences.lengths
    finite = np.isfinite(rows)
    if finite.all():
        return sequences
    n_rows = len(rows)
    is_padding = np.isnan(rows).all(axis=1)
    position = np.arange(n_rows)
    next_step = np.where(is_padding, n_rows, position)  # the step at or after each row
    next_step = np.minimum.accumulate(next_step[::-1])[::-1]
    last_step = np.maximum.accumulate(np.where(is_padding, -1, position))  # at or before it
    starts, ends = next_step[starts], last_step[ends - 1] + 1
    empty = starts >= ends
    if empty.any():
        raise ValueError(
            f"X[{int(empty.argmax())}] is padding only (all NaN); expected at least one step."
        )
    n_bad = np.concatenate([[0], np.cumsum(~finite.all(axis=1))])
    bad = n_bad[ends] > n_bad[starts]
    if bad.any():
        i = int(bad.argmax())
        step, feature = np.argwhere(~finite[starts[i] : ends[i]])[0]
        raise ValueError(
            f"Input X contains {rows[starts[i] + step, feature]} in sequence {i}, step "
            f"{step + starts[i] - sequences.starts[i]}, feature {feature}; expected finite values "
            f"(only leading and trailing steps that are all NaN are padding). Impute it first."
        )
    return sequences._respan(starts, ends - starts)


def _as_index(values, name):
    values = column_or_1d(values)
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {values.dtype}; expected integers.")
    return values.astype(np.intp, copy=False)
