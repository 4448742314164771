"""The symbols of strings, and their codes."""

import numpy as np

from skrnn.sequences import Sequences


class Symbols:
    """Characters, or words between separators, as integer codes.

    Code 0 is for unknown symbols, then come those of ``fit`` in alphabetical order, and last the
    end of a string.

    Parameters
    ----------
    separator : str or None
        What is between two symbols; None: each character is a symbol.
    handle_unknown : {'use_encoded_value', 'error'}
        What ``encode`` does with a symbol that is not in ``fit``.

    Attributes
    ----------
    codes : dict of str to int
    """

    def __init__(self, separator, handle_unknown="use_encoded_value"):
        self.separator = separator
        self.handle_unknown = handle_unknown

    def fit(self, strings):
        symbols = sorted({symbol for string in strings for symbol in self.split(string)})
        self.codes = {symbol: code for code, symbol in enumerate(symbols, start=1)}
        return self

    @property
    def end(self):
        """The code of the end."""
        return len(self.codes) + 1

    @property
    def n_codes(self):
        return len(self.codes) + 2

    def split(self, string):
        """The symbols of a string; an empty one has none."""
        if self.separator is None or not string:
            return list(string)
        return string.split(self.separator)

    def join(self, codes):
        """The string of known codes."""
        known = list(self.codes)
        return (self.separator or "").join(known[code - 1] for code in codes)

    def encode(self, strings, name, dtype, *, begin=False):
        """Codes with the end behind each string, and with ``begin`` also before it.

        ``name`` is that of the array of strings, for an error.
        """
        codes, lengths = [], np.empty(len(strings), np.intp)
        for i, string in enumerate(strings):
            symbols = self.split(string)
            known = [self.codes.get(symbol, 0) for symbol in symbols]
            if self.handle_unknown == "error" and 0 in known:
                raise ValueError(
                    f"{name}[{i}] is {string!r}, which has the symbol "
                    f"{symbols[known.index(0)]!r} that is not in fit. Fit on strings that have "
                    f"it, or set handle_unknown='use_encoded_value'."
                )
            known = [*([self.end] if begin else []), *known, self.end]
            lengths[i] = len(known)
            codes += known
        rows = np.array(codes, dtype)[:, np.newaxis]
        return Sequences(rows, np.cumsum(lengths) - lengths, lengths)


def are_strings(values):
    """Whether the values are in a list or 1-D array, and the first one of them is a string."""
    if isinstance(values, str | Sequences) or getattr(values, "ndim", 1) != 1:
        return False
    if not hasattr(values, "__len__") or not len(values):
        return False
    return isinstance(next(iter(values)), str)


def checked_strings(values, name):
    """Strings as an array of objects; raises a ValueError if another value is among them."""
    strings = np.empty(len(values), object)
    for i, value in enumerate(values):
        if not isinstance(value, str):
            raise ValueError(
                f"{name}[{i}] is {value!r}, but {name}[0] is a string; expected strings only. "
                f"Leave out samples without a string, or convert all values to strings."
            )
        strings[i] = str(value)
    return strings
