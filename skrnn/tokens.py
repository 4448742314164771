"""Texts and lists of tokens as sequences of integer codes, and back."""

from collections import Counter
from collections.abc import Mapping, Set
from itertools import chain, repeat
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skrnn._output import NoFrameMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import Interval, StrOptions, fit_context, num_samples
from skrnn.sequences import Sequences
from skrnn.validation import as_sequences

UNKNOWN = "\N{REPLACEMENT CHARACTER}"

SPLIT = {"char": iter, "word": str.split}
JOIN = {"char": "".join, "word": " ".join}


class TokenEncoder(NoFrameMixin, TransformerMixin, SavedMixin, BaseEstimator):
    """Turn texts, or lists of tokens, into sequences of integer codes.

    Each text becomes a sequence with one step for each token, and one feature: the code of the
    token. ``fit`` gives the codes 1, 2, ... to its tokens in alphabetical order. Code 0 is for
    unknown tokens: those that are not in ``fit``, or too rare there.

    Parameters
    ----------
    analyzer : {'word', 'char'} or callable, default='word'
        How to split a text into tokens. "word": at white space, so punctuation stays, and upper
        and lower case differ. "char": every character is a token. A callable takes a text and
        returns its tokens, for instance a compiled pattern's ``findall``. It is not used for lists
        of tokens, which are split already.

    min_count : int, default=1
        Tokens that occur less often in ``fit`` are unknown.

    max_vocabulary : int or None, default=None
        The most tokens to know, without the one for unknown tokens: those that occur most often in
        ``fit``, and of equally frequent ones the first in alphabetical order. None knows all.

    handle_unknown : {'use_encoded_value', 'error'}, default='use_encoded_value'
        What ``transform`` does with an unknown token: use code 0, or raise an error. The error is
        also for tokens that were too rare in ``fit``.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The code of each token, in alphabetical order.

    tokens_ : ndarray of str objects of shape (n_codes_,)
        The token of each code. The first one is U+FFFD, the replacement character, which
        ``inverse_transform`` writes for unknown tokens.

    n_codes_ : int
        The number of codes: the tokens in ``vocabulary_``, and one for unknown tokens.

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Counts tokens and forgets their order.

    Notes
    -----
    To train on one long text as a character model does, cut its codes into parallel streams. Each
    step has the next token as its target::

        codes = TokenEncoder("char").fit_transform([text])[0]  # (n_tokens, 1)
        n = (len(codes) - 1) // n_streams  # steps of a stream
        X = codes[: n * n_streams].reshape(n_streams, n, 1)
        y = codes[1 : n * n_streams + 1].reshape(n_streams, n)

    Examples
    --------
    >>> from skrnn import TokenEncoder
    >>> encoder = TokenEncoder(min_count=2)
    >>> X = encoder.fit_transform(["play some jazz", "play some old blues"])
    >>> encoder.vocabulary_
    {'play': 1, 'some': 2}
    >>> for codes in X:
    ...     print(codes.ravel())
    [1. 2. 0.]
    [1. 2. 0. 0.]
    >>> encoder = TokenEncoder("char").fit(["hello"])
    >>> encoder.inverse_transform(encoder.transform(["hole", "help"]))
    ['hole', 'hel\ufffd']
    """

    _parameter_constraints = {
        "analyzer": [StrOptions({"word", "char"}), callable],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "max_vocabulary": [Interval(Integral, 1, None, closed="left"), None],
        "handle_unknown": [StrOptions({"use_encoded_value", "error"})],
    }

    def __init__(
        self,
        analyzer="word",
        *,
        min_count=1,
        max_vocabulary=None,
        handle_unknown="use_encoded_value",
    ):
        self.analyzer = analyzer
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        self.handle_unknown = handle_unknown

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or list of lists of str
            The texts; or, if they are split already, the tokens of each.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If X is not as described, if a text has no tokens, or if all tokens are too rare.
        """
        self._learn(*self._split(X))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Learn the vocabulary and encode the same texts.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or list of lists of str
            The texts; or, if they are split already, the tokens of each.
        y : None
            Ignored.

        Returns
        -------
        Sequences of shape (n_samples, longest, 1)
            The codes, as float32.

        Raises
        ------
        ValueError
            If X is not as described, if a text has no tokens, or if all tokens are too rare.
        """
        tokens, lengths, is_split = self._split(X)
        self._learn(tokens, lengths, is_split)
        return self._encode(tokens, lengths)

    def transform(self, X):
        """Encode texts.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or list of lists of str
            The texts; or, if they are split already, the tokens of each.

        Returns
        -------
        Sequences of shape (n_samples, longest, 1)
            The codes, as float32.

        Raises
        ------
        ValueError
            If X is not as described, if a text has no tokens, or with ``handle_unknown="error"``
            if a token is unknown.
        """
        check_is_fitted(self)
        tokens, lengths, _ = self._split(X)
        return self._encode(tokens, lengths)

    def inverse_transform(self, X):
        """Turn codes back into texts.

        Parameters
        ----------
        X : Sequences, list of arrays, or array
            The codes of each text: :class:`~skrnn.Sequences`; a list of arrays of shape
            (n_timesteps_i,) or (n_timesteps_i, 1); or an array of shape (n_samples, n_timesteps)
            or (n_samples, n_timesteps, 1). Leading and trailing NaN are padding; so are -1, which
            predictions of integers have there, but not in Sequences.

        Returns
        -------
        list of str, or list of lists of str
            Texts, with a space between the tokens for ``analyzer="word"``. After a fit on lists of
            tokens, or with a callable as analyzer, the tokens of each text. Unknown tokens are
            U+FFFD, the replacement character.

        Raises
        ------
        ValueError
            If X is not as described, or has a number that is not a code.
        """
        check_is_fitted(self)
        if not isinstance(X, Sequences):
            if not np.iterable(X) or any(np.ndim(x) == 0 for x in X):
                raise ValueError("X has no sequences of codes. Pass [X] for the codes of one text.")
            X = [_as_rows(x) for x in X]
        sequences = as_sequences(X)
        if sequences.shape[2] != 1:
            raise ValueError(
                f"X has {sequences.shape[2]} features per step; expected 1, the code of a token."
            )
        tokens = [self.tokens_[self._codes(i, x[:, 0])] for i, x in enumerate(sequences)]
        return [*map(JOIN.get(self._joined_by, list), tokens)]

    def _split(self, X):
        """All tokens, the number of tokens of each text, and whether X has lists of tokens."""
        if isinstance(X, str):
            raise ValueError("X is one string; expected a list of texts. Pass [X] for one text.")
        if isinstance(X, Mapping | Set):
            raise ValueError(
                f"X is of type {type(X).__name__}; expected a list of texts, or a list of lists of "
                f"tokens. Pass list(X.values()) for the values of a dict."
            )
        shape = getattr(X, "shape", (1,))
        if len(shape) != 1:
            raise ValueError(
                f"X has shape {shape}; expected a list, a 1-D array or a Series of texts, or a "
                f"list of lists of tokens. Of a table pass one column: X['text']. If each row of "
                f"an array has the tokens of a text, pass list(X)."
            )
        if num_samples(X) == 0:
            raise ValueError("X has 0 samples; expected at least one text.")
        X = list(X)
        is_split = not isinstance(X[0], str)
        for i, x in enumerate(X):
            is_wrong = isinstance(x, bytes | Mapping | Set) or not np.iterable(x)
            if isinstance(x, str) == is_split or is_wrong:
                expected = "a string" if not is_split else "a string, or a list of tokens"
                if i:
                    expected = f"{'a list of tokens' if is_split else 'a string'}, as X[0] is"
                raise ValueError(f"X[{i}] is {_shown(x)}; expected {expected}.")
        split = iter if is_split else SPLIT.get(self.analyzer, self.analyzer)
        texts = [list(split(x)) for x in X]
        lengths = np.array([len(text) for text in texts])
        if not lengths.all():
            i = int(lengths.argmin())
            raise ValueError(
                f"X[{i}] is {_shown(X[i])}, which has no tokens; expected at least one. Leave out "
                f"empty texts."
            )
        tokens = list(chain.from_iterable(texts))
        if not all(issubclass(kind, str) for kind in set(map(type, tokens))):
            for i, text in enumerate(texts):
                for j, token in enumerate(text):
                    if not isinstance(token, str):
                        raise ValueError(
                            f"Token {j} of X[{i}] is {_shown(token)}; expected a string."
                        )
        return tokens, lengths, is_split

    def _learn(self, tokens, lengths, is_split):
        counts = Counter(tokens)
        kept = [token for token, count in counts.items() if count >= self.min_count]
        if not kept:
            raise ValueError(
                f"No token occurs {self.min_count} times in X; the most frequent one, "
                f"{max(counts, key=counts.get)!r}, occurs {max(counts.values())} times. Lower "
                f"min_count."
            )
        kept = sorted(kept, key=lambda token: (-counts[token], token))[: self.max_vocabulary]
        kept = sorted(map(str, kept))
        self.vocabulary_ = {token: code for code, token in enumerate(kept, start=1)}
        self.tokens_ = np.array([UNKNOWN, *kept], object)
        self.n_codes_ = len(self.tokens_)
        is_joined = not is_split and self.analyzer in JOIN
        self._joined_by = self.analyzer if is_joined else None

    def _encode(self, tokens, lengths):
        # Integers up to 2**24 are exact in float32.
        codes = np.fromiter(map(self.vocabulary_.get, tokens, repeat(0)), np.float32, len(tokens))
        ends = np.cumsum(lengths)
        if self.handle_unknown == "error" and not codes.all():
            first = int(codes.argmin())
            raise ValueError(
                f"X[{np.searchsorted(ends, first, side='right')}] has the token "
                f"{tokens[first]!r}, which is not in vocabulary_. Fit on texts that have it, "
                f"or set handle_unknown='use_encoded_value' to encode it as 0."
            )
        return Sequences(codes[:, np.newaxis], ends - lengths, lengths)

    def _codes(self, i, values):
        """The codes of text i, as indices."""
        is_code = (values >= 0) & (values < self.n_codes_) & (values == np.floor(values))
        if not is_code.all():
            step = int(is_code.argmin())
            raise ValueError(
                f"X contains {values[step]:g} in sequence {i}, step {step}; expected a code: an "
                f"integer from 0 to {self.n_codes_ - 1}. Only at both ends -1 is padding."
            )
        return values.astype(np.intp)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _as_rows(codes):
    """The codes of a text, (n_timesteps, 1), without -1 at both ends."""
    codes = np.asarray(codes)
    codes = codes.reshape(-1, 1) if codes.ndim == 1 else codes
    if codes.ndim != 2 or codes.dtype.kind not in "if":
        return codes  # as_sequences says what is wrong with it
    places = np.flatnonzero((codes != -1).any(axis=1))
    return codes[places[0] : places[-1] + 1] if len(places) else codes


def _shown(value):
    """A value for a message, with its type."""
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
