"""Targets that are sequences of their own: strings, or numbers over several steps.

They have what other targets have (``Target``), and what a decoder needs: its inputs and outputs are
rows of the encoded targets, ``n_given`` and ``embedding`` say what is in a row, and ``feedback``
makes such rows of raw predictions.
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from skrnn.network.losses import MultinomialLogLoss
from skrnn.sequences import Sequences
from skrnn.targets.numeric import Numbers
from skrnn.targets.symbols import Symbols, are_strings, checked_strings, refuse_other_text


class Strings:
    """A string for each sample, of symbols that are written one after the other.

    Parameters
    ----------
    separator : str or None
        What is between two symbols; None: each character is a symbol.
    label_smoothing : float
        The share of a target that is spread over all symbols.

    Attributes
    ----------
    symbols : Symbols
    longest : int
        The number of symbols in the longest string of ``fit``.
    """

    n_given = 1  # the code of a symbol

    def __init__(self, separator, label_smoothing):
        self.separator = separator
        self.loss = MultinomialLogLoss(label_smoothing)

    def validate(self, y):
        refuse_other_text(y, "y")
        if not are_strings(y):
            raise ValueError(
                f"y is of type {type(y).__name__} and does not begin with a string; expected "
                f"strings, a 1-D array-like, as in the first fit."
            )
        return checked_strings(y, "y")

    def reweight(self, y, weight):
        return weight

    def fit(self, y, weight):
        self.symbols = Symbols(self.separator).fit(y[weight > 0])
        if not self.symbols.codes:
            raise ValueError("All strings of y are empty; expected at least one symbol.")
        self.longest = max(len(self.symbols.split(string)) for string in y[weight > 0])
        return self

    def go_on_from(self, earlier, y):
        if not isinstance(earlier, Strings) or earlier.separator != self.separator:
            raise ValueError(
                "y has strings, but the first fit had other targets, or another output_separator. "
                "Pass a y of that kind, or fit a new estimator."
            )
        self.symbols = earlier.symbols
        self.longest = max(earlier.longest, *(len(self.symbols.split(string)) for string in y))
        return self

    @property
    def n_outputs(self):
        return self.symbols.n_codes

    def encode(self, y, dtype):
        """Codes with the end before and behind each string, as Sequences."""
        return self.symbols.encode(y, "y", dtype, begin=True, handle_unknown="error")

    def decode(self, raw):
        """The strings of codes."""
        strings = np.empty(len(raw), object)
        strings[:] = [self.symbols.join(codes) for codes in raw]
        return strings

    def feedback(self, raw):
        """The most likely code at each step, (N, 1)."""
        return raw.argmax(axis=1)[:, np.newaxis].astype(raw.dtype)

    def strata(self, encoded):
        return None

    def attributes(self):
        return {"output_symbols_": np.array(list(self.symbols.codes), object)}


class Series:
    """Numbers over several steps for each sample, standardised for training.

    Parameters
    ----------
    loss : str
        A name in ``skrnn.targets.numeric.LOSSES``.
    normalize_y : bool
    """

    def __init__(self, loss, normalize_y):
        self.numbers = Numbers(loss, normalize_y=normalize_y)
        self.loss = self.numbers.loss

    def validate(self, y):
        """The steps of each sample, (n_steps,) or (n_steps, n_outputs) each."""
        refuse_other_text(y, "y")
        if issparse(y):
            raise TypeError("y is a sparse matrix; expected dense numbers. Use y.toarray().")
        y = y.to_numpy() if hasattr(y, "columns") else y  # a frame has its columns in a row
        steps = np.empty(len(y), object)
        for i, values in enumerate(y):
            values = check_array(
                values, dtype=np.float64, ensure_2d=False, allow_nd=True, ensure_min_samples=0,
                input_name=f"y[{i}]",
            )  # fmt: skip
            if values.ndim not in (1, 2) or 0 in values.shape:
                raise ValueError(
                    f"y[{i}] has shape {values.shape}; expected a string, or numbers over one or "
                    f"more steps: (n_steps,) or (n_steps, n_outputs). For one number or class "
                    f"for each sample, take RNNRegressor or RNNClassifier."
                )
            if i == 0:
                self.shape = values.shape[1:]
            if values.shape[1:] != self.shape:
                raise ValueError(
                    f"y[{i}] has shape {values.shape}, and so outputs of shape {values.shape[1:]} "
                    f"at each step, but y[0] has {self.shape}; expected the same for all."
                )
            steps[i] = values
        return steps

    def reweight(self, y, weight):
        return weight

    def fit(self, y, weight):
        used = y[weight > 0]
        self.numbers.fit(_rows(used), np.repeat(weight[weight > 0], _lengths(used)))
        self.lengths = np.unique(_lengths(used))
        return self

    def go_on_from(self, earlier, y):
        if not isinstance(earlier, Series):
            raise ValueError(
                "y has numbers, but the first fit had strings. Pass strings, or fit a new "
                "estimator."
            )
        self.numbers.go_on_from(earlier.numbers, _rows(y))
        self.shape = earlier.shape
        self.lengths = np.union1d(earlier.lengths, _lengths(y))
        return self

    @property
    def n_outputs(self):
        return self.numbers.n_outputs

    @property
    def n_given(self):
        return self.n_outputs

    def encode(self, y, dtype):
        """Standardised steps with a row of zeros before each sample, as Sequences."""
        lengths = _lengths(y) + 1
        rows = np.zeros((lengths.sum(), self.n_outputs), dtype)
        starts = np.cumsum(lengths) - lengths
        is_step = np.ones(len(rows), bool)
        is_step[starts] = False
        rows[is_step] = self.numbers.encode(_rows(y), dtype)
        return Sequences(rows, starts, lengths)

    def decode(self, raw):
        """(n, n_steps), or (n, n_steps, n_outputs), of raw predictions of the latter shape."""
        decoded = self.numbers.decode(raw.reshape(-1, raw.shape[2])).reshape(raw.shape)
        return decoded.reshape(*raw.shape[:2], *self.shape)

    def feedback(self, raw):
        """What is written is what is given."""
        return raw

    def strata(self, encoded):
        return None

    def attributes(self):
        return {}


def written_target(y, separator, label_smoothing, loss, normalize_y):
    """The target for y: strings, or numbers over several steps."""
    if are_strings(y):
        return Strings(separator, label_smoothing)
    return Series(loss, normalize_y)


def _lengths(y):
    return np.array([len(steps) for steps in y])


def _rows(y):
    """The steps of all samples, (n_rows, n_outputs)."""
    return np.concatenate([steps.reshape(len(steps), -1) for steps in y])
