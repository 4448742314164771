"""Metrics of written sequences that scikit-learn does not have."""

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.utils.validation import check_consistent_length

from skrnn._sklearn import check_sample_weight, num_samples, validate_params

__all__ = ["token_error_rate", "token_error_scorer"]


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "separator": [str, None],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def token_error_rate(y_true, y_pred, *, separator=None, sample_weight=None):
    """Compute the edits from what was written to what is right, per token of the latter.

    An edit puts a token in, takes one out, or replaces one (the distance of Levenshtein). The rate
    is the number of edits in all samples divided by the number of tokens in ``y_true``. It is known
    as the character, word or phoneme error rate, by what the tokens are. Lower is better: 0 is all
    right, 1 is as bad as writing nothing, and texts that are too long can be worse than that.

    Parameters
    ----------
    y_true : array-like of str of shape (n_samples,)
        What is right.
    y_pred : array-like of str of shape (n_samples,)
        What was written.
    separator : str or None, default=None
        What stands between two tokens, such as ``" "`` between words. None: every character is a
        token.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples, by which their edits and their tokens count. None: all count once.

    Returns
    -------
    float
        Edits per token of ``y_true``.

    Raises
    ------
    ValueError
        If something else than strings is passed, if the lengths differ, or if there are no tokens
        in ``y_true``.

    See Also
    --------
    sklearn.metrics.accuracy_score : The share of sequences that are exactly right.

    References
    ----------
    H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", Nordic
    Journal of Computing 10, 2003.

    Examples
    --------
    >>> from skrnn.metrics import token_error_rate
    >>> token_error_rate(["kitten", "saturday"], ["sitting", "saturday"])  # 3 edits, 14 letters
    0.214...
    >>> token_error_rate(["play some jazz"], ["play jazz"], separator=" ")
    0.333...

    As what a search or early stopping goes by there is ``token_error_scorer``. For words:

    >>> from sklearn.metrics import make_scorer
    >>> scorer = make_scorer(token_error_rate, greater_is_better=False, separator=" ")
    """
    if separator == "":
        raise ValueError("separator=''; expected what stands between two tokens, or None.")
    check_consistent_length(y_true, y_pred, sample_weight)
    y_true, y_pred = _split(y_true, "y_true", separator), _split(y_pred, "y_pred", separator)
    weight = check_sample_weight(sample_weight, y_true, dtype=np.float64)
    n_tokens = weight @ [len(tokens) for tokens in y_true]
    if n_tokens == 0:
        raise ValueError("y_true has no tokens that count, so there is no rate of errors.")
    return float(weight @ list(map(_n_edits, y_true, y_pred)) / n_tokens)


token_error_scorer = make_scorer(token_error_rate, greater_is_better=False)


def _split(y, name, separator):
    """The tokens of each text."""
    if num_samples(y) == 0:
        raise ValueError(f"{name} has 0 samples; expected at least one text.")
    for i, text in enumerate(y):
        if not isinstance(text, str):
            raise ValueError(
                f"{name}[{i}] is {text!r:.60} ({type(text).__name__}); expected a string."
            )
    # An empty text has no tokens, but split finds an empty one in it.
    return [list(text) if separator is None or not text else text.split(separator) for text in y]


def _n_edits(a, b):
    """The distance of Levenshtein between two lists of tokens.

    Bit i of an integer is row i of a column of the table of distances: whether token i of ``a`` is
    the one that is read of ``b``, or whether the distance is one more or one less than in the cell
    above, or than in the cell before.
    """
    if not a:
        return len(b)
    places = {}
    for i, token in enumerate(a):
        places[token] = places.get(token, 0) | 1 << i
    every, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    more, less, distance = every, 0, len(a)  # down the column
    for token in b:
        same = places.get(token, 0)
        diagonal = (((same & more) + more) ^ more) | same | less
        right_more, right_less = less | ~(diagonal | more), diagonal & more
        distance += bool(right_more & last) - bool(right_less & last)
        right_more, right_less = right_more << 1 | 1, right_less << 1
        more, less = (right_less | ~(diagonal | right_more)) & every, right_more & diagonal & every
    return distance
