"""The symbols of strings, and their codes."""

from collections.abc import Mapping, Set

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

    Attributes
    ----------
    codes : dict of str to int
    """

    def __init__(self, separator):
        self.separator = separator

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

    def encode(self, strings, name, dtype, *, handle_unknown, begin=False):
        """Codes with the end behind each string, and with ``begin`` also before it.

        ``name`` is that of the array of strings, for an error. With ``handle_unknown="error"`` a
        symbol that is not in ``fit`` is one; else it has the code 0.
        """
        codes, lengths = [], np.empty(len(strings), np.intp)
        for i, string in enumerate(strings):
            symbols = self.split(string)
            known = [self.codes.get(symbol, 0) for symbol in symbols]
            if handle_unknown == "error" and 0 in known:
                remedy = "leave out such strings"
                if name == "X":
                    remedy = "set handle_unknown='use_encoded_value'"
                raise ValueError(
                    f"{name}[{i}] is {string!r}, which has the symbol "
                    f"{symbols[known.index(0)]!r} that is not in {name} of fit. Fit on strings "
                    f"that have it, or {remedy}."
                )
            known = [*([self.end] if begin else []), *known, self.end]
            lengths[i] = len(known)
            codes += known
        rows = np.array(codes, dtype)[:, np.newaxis]
        return Sequences(rows, np.cumsum(lengths) - lengths, lengths)


def are_strings(values):
    """Whether the values are in a list or 1-D array, and the first one of them is a string."""
    if isinstance(values, str | Sequences | Mapping | Set) or getattr(values, "ndim", 1) != 1:
        return False
    if not hasattr(values, "__len__") or not len(values):
        return False
    return isinstance(next(iter(values)), str)


def refuse_other_text(values, name):
    """Raise a ValueError for text in another form than a list or 1-D array of strings."""
    expected = "expected a list or 1-D array of strings"
    if isinstance(values, str | bytes):
        raise ValueError(f"{name} is one string; {expected}. Pass [{name}] for one sample.")
    if isinstance(values, Mapping | Set) and not hasattr(values, "shape"):
        raise ValueError(
            f"{name} is of type {type(values).__name__}, which has no order of samples; {expected}."
        )
    if hasattr(values, "columns"):
        for column in values.columns:
            if len(values) and isinstance(next(iter(values[column])), str):
                raise ValueError(
                    f"{name} is a table with text; {expected}. Pass one column: {name}[{column!r}]."
                )
        return
    if isinstance(values, Sequences) or not (
        isinstance(values, list | tuple) or hasattr(values, "dtype")
    ):
        return
    if getattr(values, "ndim", 1) != 1:
        is_text = isinstance(values, np.ndarray) and (
            values.dtype.kind in "US" or (values.size > 0 and isinstance(values.flat[0], str))
        )
        if is_text:
            raise ValueError(
                f"{name} has text and the shape {values.shape}; {expected}. Pass {name}.ravel() if "
                f"it has one column."
            )
        return
    if are_strings(values):
        return
    for i, value in enumerate(values):
        is_split = isinstance(value, list | tuple) and value and isinstance(value[0], str)
        if is_split:
            raise ValueError(
                f"{name}[{i}] is a list of strings; {expected}. Join the symbols of each sample, "
                f"e.g. ' '.join(symbols), and set the separator."
            )
        if isinstance(value, str | bytes):
            i, found = (i, value) if isinstance(value, bytes) else (0, next(iter(values)))
            raise ValueError(
                f"{name} has text, but {name}[{i}] is {found!r}; {expected}. Leave out samples "
                f"without a string, and decode bytes."
            )


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
