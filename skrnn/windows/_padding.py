"""Sequences as one array, padded to one length."""

from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions, validate_params
from skrnn.sequences import padded
from skrnn.validation import without_padding


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

    The parameters mean the same as in Keras [1]_. The estimators of this package do not need
    padding. They ignore padding with NaN, the default value. Padding does not leak the future; for
    targets h samples ahead use ``TimeSeriesSplit(gap=h)``.

    Parameters
    ----------
    X : list of arrays of shape (n_timesteps_i, n_features), Sequences or 3-D array
        The sequences. Leading and trailing steps that are all NaN are removed first.
    maxlen : int or None, default=None
        The number of steps of the result; None takes that of the longest sequence.
    padding : {'pre', 'post'}, default='pre'
        Whether to pad shorter sequences before their first step or after their last.
    truncating : {'pre', 'post'}, default='pre'
        Whether to cut the first or the last steps off longer sequences.
    value : float, default=nan
        The value of padded steps.

    Returns
    -------
    ndarray of shape (n_samples, maxlen, n_features)
        A copy with the dtype of X: float32 or float64.

    Raises
    ------
    ValueError
        If X is empty or has another form, if a sequence contains only NaN, or if ``value`` is too
        large for the dtype.

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
        raise ValueError(
            f"value={value} is too large for {sequences.dtype}, the dtype of X. Use a smaller "
            f"value, or convert X to float64."
        )
    return padded(
        sequences,
        sequences.shape[1] if maxlen is None else maxlen,
        value,
        padding=padding,
        truncating=truncating,
    )
