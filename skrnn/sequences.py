"""Sequences of different lengths as spans over one array of rows: an array-like."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array, check_consistent_length, check_scalar

# In scikit-learn's validation: these are kept, anything else becomes the first.
FLOATS = [np.float64, np.float32]

# Steps that are padded at a time, so that their indices take little memory.
PADDED_STEPS = 2**13


class Sequences:
    """Sequences of different lengths, stored as spans of one array of rows.

    Sequence i is ``rows[starts[i]:starts[i] + lengths[i]]``. Spans may overlap, like the windows of
    a series. Indexing does not copy rows: the result shares them. A step may also be a segment: as
    many consecutive rows as ``segment`` says, side by side.

    Parameters
    ----------
    rows : array-like of shape (n_rows, n_features)
        The steps of all sequences. Float32 and float64 are kept, anything else becomes float64.
    starts : array-like of int of shape (n_samples,)
        The first row of each sequence.
    lengths : array-like of int of shape (n_samples,)
        The number of steps of each sequence, at least 1. Starts and lengths are copied.
    segment : int, default=1
        The number of rows of each step.

    Attributes
    ----------
    shape : tuple of int
        ``(n_samples, longest, segment * n_features)``, where longest is the greatest length.
    dtype : numpy.dtype
        The dtype of the rows.

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
    >>> Sequences(X.rows, starts=[0, 1], lengths=[2, 2], segment=2)[1]
    array([[1., 2.], [3., 4.]])
    """

    ndim = 3

    def __init__(self, rows, starts, lengths, segment=1):
        rows = check_array(
            rows, dtype=FLOATS, order="C", ensure_all_finite=False, input_name="rows"
        )
        starts, lengths = _as_index(starts, "starts"), _as_index(lengths, "lengths")
        check_consistent_length(starts, lengths)
        segment = check_scalar(segment, "segment", Integral, min_val=1)
        wrong = (starts < 0) | (lengths < 1) | (lengths > (len(rows) - starts) // segment)
        if wrong.any():
            i = int(wrong.argmax())
            raise ValueError(
                f"Sequence {i} has starts={starts[i]} and lengths={lengths[i]}; expected at least "
                f"one step, and all steps within the {len(rows)} rows (segment={segment})."
            )
        self.rows = rows
        self.starts = starts
        self.lengths = lengths
        self.segment = int(segment)

    def _respan(self, starts, lengths):
        """Sequences over the same rows with other spans, which must be valid."""
        other = object.__new__(Sequences)
        other.rows, other.starts, other.lengths = self.rows, _frozen(starts), _frozen(lengths)
        other.segment = self.segment
        return other

    @property
    def ends(self):
        """The row after the last one of each sequence."""
        return self.starts + self.lengths * self.segment

    def _used_rows(self):
        """Which rows are in a sequence, (n_rows,); the others may have any values."""
        n = len(self.rows) + 1
        begin, end = (np.bincount(at, minlength=n) for at in (self.starts, self.ends))
        return np.cumsum(begin - end)[:-1] > 0

    def _steps_at(self, first_rows):
        """The steps that begin at these rows, (..., segment * n_features)."""
        if self.segment == 1:
            return self.rows[first_rows]
        rows = self.rows[first_rows[..., np.newaxis] + np.arange(self.segment)]
        return rows.reshape(*first_rows.shape, -1)

    def astype(self, dtype):
        """Convert the rows to another dtype.

        Parameters
        ----------
        dtype : numpy.dtype or str
            The dtype of the rows of the result.

        Returns
        -------
        Sequences
            A copy with rows of this dtype; or this object itself if it already has the dtype.
        """
        if self.dtype == dtype:
            return self
        other = self._respan(self.starts, self.lengths)
        other.rows = self.rows.astype(dtype)
        return other

    @property
    def shape(self):
        return len(self), int(self.lengths.max(initial=0)), self.segment * self.rows.shape[1]

    @property
    def dtype(self):
        return self.rows.dtype

    def __len__(self):
        return len(self.starts)

    def __sizeof__(self):
        """With the rows: what Dask asks for, to send large objects only once."""
        return sum(a.nbytes for a in (self.rows, self.starts, self.lengths))

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        if isinstance(key, tuple):  # scikit-learn's splitters write X[key, ...]
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(
                    f"Sequences can be indexed by sample only, got X[{key}]. Step t of sample i is "
                    f"X[i][t]."
                )
            key = key[0]
        starts, lengths = self.starts[key], self.lengths[key]
        if starts.ndim == 0:
            return self.rows[starts : starts + lengths * self.segment].reshape(lengths, -1)
        if starts.ndim > 1:
            raise IndexError(
                f"Sequences can be indexed by an integer, a slice, or a 1-D array of indices or "
                f"booleans, got X[{key}]."
            )
        return self._respan(starts, lengths)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError(
                "Converting Sequences to an array needs a copy, got copy=False. Leave copy out."
            )
        return padded(self.astype(dtype or self.dtype), self.shape[1], np.nan)

    def __repr__(self):
        n_samples, longest, n_features = self.shape
        return (
            f"<Sequences: {n_samples} of up to {longest} steps, {n_features} features, "
            f"{self.dtype}>"
        )


def padded(sequences, maxlen, value, *, padding="pre", truncating="pre"):
    """Sequences as a 3-D array with ``maxlen`` steps for each; see ``pad_sequences``."""
    lengths = np.minimum(sequences.lengths, maxlen)
    starts = sequences.starts
    if truncating == "pre":
        starts = starts + (sequences.lengths - lengths) * sequences.segment
    result = np.full((len(sequences), maxlen, sequences.shape[2]), value, sequences.dtype)
    size = max(1, PADDED_STEPS // max(1, maxlen))
    for i in range(0, len(sequences), size):
        block = slice(i, i + size)
        n_steps = lengths[block, np.newaxis]
        step = np.arange(maxlen) - (maxlen - n_steps if padding == "pre" else 0)
        taken = (step >= 0) & (step < n_steps)
        first_rows = starts[block, np.newaxis] + step * sequences.segment
        result[block][taken] = sequences._steps_at(first_rows[taken])
    return result


def _as_index(values, name):
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; expected one integer per sequence.")
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {values.dtype}; expected integers.")
    return _frozen(values)


def _frozen(index):
    """A contiguous read-only copy, as the kernels rely on spans that were checked."""
    index = np.array(index, np.intp, order="C")
    index.flags.writeable = False
    return index
