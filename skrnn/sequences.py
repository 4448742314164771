"""The input contract: every form of sequences becomes rows and spans."""

import numpy as np
from sklearn.utils import check_array, check_consistent_length

# In scikit-learn's validation: these are kept, anything else becomes the first.
FLOATS = [np.float64, np.float32]

# Steps that are padded at a time, so that their indices take little memory.
PADDED_STEPS = 2**13


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
        The number of steps of each sequence, at least 1. Like the starts these are copied.

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
            rows, dtype=FLOATS, order="C", ensure_all_finite=False, input_name="rows"
        )
        starts, lengths = _as_index(starts, "starts"), _as_index(lengths, "lengths")
        check_consistent_length(starts, lengths)
        wrong = (starts < 0) | (lengths < 1) | (lengths > len(rows) - starts)
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
        other.rows, other.starts, other.lengths = self.rows, _frozen(starts), _frozen(lengths)
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
        starts, lengths = self.starts[key], self.lengths[key]
        if starts.ndim == 0:
            return self.rows[starts : starts + lengths]
        if starts.ndim > 1:
            raise IndexError(
                f"Sequences are indexed by an integer, a slice, or a mask or index array of one "
                f"dimension, got X[{key}]."
            )
        return self._respan(starts, lengths)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("Sequences become an array only by copying, got copy=False.")
        return padded(self.astype(dtype or self.dtype), self.shape[1], np.nan)

    def __repr__(self):
        n_samples, longest, n_features = self.shape
        return (
            f"<Sequences: {n_samples} of up to {longest} steps, {n_features} features, "
            f"{self.dtype}>"
        )


def padded(sequences, maxlen, value, *, padding="pre", truncating="pre"):
    """Sequences as one array, of ``maxlen`` steps each; see ``pad_sequences``."""
    lengths = np.minimum(sequences.lengths, maxlen)
    starts = sequences.starts
    if truncating == "pre":
        starts = starts + sequences.lengths - lengths
    result = np.full((len(sequences), maxlen, sequences.rows.shape[1]), value, sequences.dtype)
    size = max(1, PADDED_STEPS // max(1, maxlen))
    for i in range(0, len(sequences), size):
        block = slice(i, i + size)
        n_steps = lengths[block, np.newaxis]
        step = np.arange(maxlen) - (maxlen - n_steps if padding == "pre" else 0)
        taken = (step >= 0) & (step < n_steps)
        result[block][taken] = sequences.rows[(starts[block, np.newaxis] + step)[taken]]
    return result


def as_sequences(X, dtype=None):
    """Sequences from any accepted form of X but a table, with padding taken off.

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
        If X is empty or of another form, or if a step is missing, infinite or too large for the
        dtype.
    """
    given = as_spans(X)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
        sequences = given.astype(dtype or given.dtype)
    if np.isfinite(sequences.rows).all():
        return sequences
    return _refuse_missing(_without_padding(sequences), given)


def without_padding(X):
    """Sequences as of :func:`as_sequences`, but with what is missing or infinite inside.

    Parameters
    ----------
    X : Sequences, 3-D array-like, or list or object array of (T_i, n_features) array-likes

    Returns
    -------
    Sequences

    Raises
    ------
    ValueError
        If X is empty or of another form, or if a sequence is padding only.
    """
    return _without_padding(as_spans(X))


def as_spans(X):
    """Sequences from any accepted form, padding included, over no more rows than they need."""
    if is_ragged(X):
        X = _from_ragged(X)
    elif isinstance(X, Sequences):
        X = Sequences(X.rows, X.starts, X.lengths)  # checked again, as attributes can be set
    else:
        X = check_array(
            X, dtype=FLOATS, order="C", allow_nd=True, ensure_2d=False, ensure_all_finite=False,
            ensure_min_samples=0, ensure_min_features=0, input_name="X",
        )  # fmt: skip
    if X.ndim != 3:
        raise ValueError(
            f"X has {X.ndim} dimensions; expected (n_samples, n_timesteps, n_features)."
        )
    if 0 in X.shape:
        raise ValueError(f"X has shape {X.shape}; expected at least one sample, step and feature.")
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
    """The same over no more rows than lie between the first and the last of the spans."""
    first, end = sequences.starts.min(), (sequences.starts + sequences.lengths).max()
    other = sequences._respan(sequences.starts - first, sequences.lengths)
    other.rows = sequences.rows[first:end]
    return other


def is_table(X):
    """Whether X is for scikit-learn's validation: neither 3-D nor ragged nor Sequences."""
    if isinstance(X, Sequences) or is_ragged(X):
        return False
    return getattr(X, "ndim", 2) < 3


def is_ragged(X):
    """Whether X is a list or an object array of arrays of its own, or of nested lists."""
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
    for i, element in enumerate(X):
        element = check_array(
            element, dtype=FLOATS, allow_nd=True, ensure_2d=False, ensure_all_finite=False,
            ensure_min_samples=0, ensure_min_features=0, input_name=f"X[{i}]",
        )  # fmt: skip
        if element.ndim != 2:
            raise ValueError(
                f"X[{i}] has {element.ndim} dimensions; expected (n_timesteps, n_features). A "
                f"univariate sequence is x.reshape(-1, 1)."
            )
        if 0 in element.shape:
            raise ValueError(
                f"X[{i}] has {element.shape[0]} steps of {element.shape[1]} features; expected at "
                f"least one of each."
            )
        elements.append(element)
        if element.shape[1] != elements[0].shape[1]:
            raise ValueError(
                f"X[{i}] has {element.shape[1]} features, X[0] has {elements[0].shape[1]}; "
                f"expected the same number in every sequence."
            )
    lengths = np.array([len(element) for element in elements], np.intp)
    return Sequences(np.concatenate(elements), np.cumsum(lengths) - lengths, lengths)


def _without_padding(sequences):
    """Take leading and trailing all-NaN steps off every span."""
    rows, starts, ends = sequences.rows, sequences.starts, sequences.starts + sequences.lengths
    is_padding = np.isnan(rows).all(axis=1)
    if not is_padding.any():
        return sequences
    n_rows = len(rows)
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
    return sequences._respan(starts, ends - starts)


def _refuse_missing(sequences, given):
    """Refuse NaN and inf.

    ``given`` are the same before padding was taken off and before the rows got their dtype.
    """
    rows, starts, ends = sequences.rows, sequences.starts, sequences.starts + sequences.lengths
    finite = np.isfinite(rows)
    n_bad = np.concatenate([[0], np.cumsum(~finite.all(axis=1))])
    bad = n_bad[ends] > n_bad[starts]
    if bad.any():
        i = int(bad.argmax())
        step, feature = np.argwhere(~finite[starts[i] : ends[i]])[0]
        value = given.rows[starts[i] + step, feature]
        if np.isfinite(value):
            expected = f'values within {rows.dtype}. Scale X, or fit with dtype="float64".'
        else:
            expected = (
                "finite values (only leading and trailing steps that are all NaN are padding). "
                "Impute it first."
            )
        raise ValueError(
            f"Input X contains {value} in sequence {i}, step "
            f"{step + starts[i] - given.starts[i]}, feature {feature}; expected {expected}"
        )
    return sequences


def _as_index(values, name):
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; expected one integer per sequence.")
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {values.dtype}; expected integers.")
    return _frozen(values)


def _frozen(index):
    """A contiguous copy that cannot be written to, as the kernels rely on checked spans."""
    index = np.array(index, np.intp, order="C")
    index.flags.writeable = False
    return index
