"""Sequences as one array, padded to one length."""

from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions, validate_params
from skrnn.sequences import padded, without_padding


@validate_params(
    {
        "X": [object],
        "maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "padding": [StrOptions({"pre", "post"})],
        "truncating": [StrOptions({"pre", "post"})],
        "value": [Real],
    },
    prefer_skip_nested_validation=True,
)
def pad_sequences(X, maxlen=None, padding="pre", truncating="pre", value=np.nan):
    """Put sequences of different lengths into one array.

    The parameters have the meaning they have in Keras [1]_. With the default value the result is
    input for every estimator here, which take such padding off again; they need none of it.
    Padding leaks nothing; for targets h samples ahead use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    X : list of arrays of shape (n_timesteps_i, n_features), Sequences or 3-D array
        The sequences. Their own padding, leading and trailing steps that are all NaN, is taken
        off first.
    maxlen : int or None, default=None
        The length of all; None takes that of the longest.
    padding : {'pre', 'post'}, default='pre'
        Whether shorter sequences are padded before their first step or after their last.
    truncating : {'pre', 'post'}, default='pre'
        Whether longer sequences lose their first steps or their last.
    value : float, default=nan
        What the padding is made of.

    Returns
    -------
    ndarray of shape (n_samples, maxlen, n_features)
        A copy, in the dtype of X: float32 or float64.

    Raises
    ------
    ValueError
        If X is empty, not of one of these forms, or has a sequence of nothing but padding; or if
        the value is too large for its dtype.

    References
    ----------
    .. [1] `keras.utils.pad_sequences
       <https://www.tensorflow.org/api_docs/python/tf/keras/utils/pad_sequences>`_

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import pad_sequences
    >>> X = [np.array([[1.0], [2.0], [3.0]]), np.array([[4.0]])]
    >>> pad_sequences(X, maxlen=2)[:, :, 0]
    array([[ 2.,  3.],
           [nan,  4.]])
    """
    sequences = without_padding(X)
    if float(np.finfo(sequences.dtype).max) < abs(float(value)) < np.inf:
        raise ValueError(f"value={value} is too large for {sequences.dtype}, the dtype of X.")
    return padded(
        sequences,
        sequences.shape[1] if maxlen is None else maxlen,
        value,
        padding=padding,
        truncating=truncating,
    )
