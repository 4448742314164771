"""The kinds of parameters that a cell may have."""

from typing import NamedTuple

INPUT, RECURRENT, BIAS, VECTOR = "input product", "recurrent product", "bias", "per-unit vector"


class Parameter(NamedTuple):
    """Blocks of H rows, one above the other, each of which goes into one column.

    A column is what an equation of the cell sums up; its number is that of the cell's header.
    """

    kind: str
    columns: dict[str, int]  # of each block, by the block's name

    def shape(self, n_features, n_hidden):
        """(G·H, F), (G·H, H) or (G·H,) for G blocks."""
        width = {INPUT: (n_features,), RECURRENT: (n_hidden,)}.get(self.kind, ())
        return len(self.columns) * n_hidden, *width


def input_product(**columns):
    """Weights of the input x_t."""
    return Parameter(INPUT, columns)


def recurrent_product(**columns):
    """Weights of the hidden state h_{t-1}, or of what a second stage reads in its place."""
    return Parameter(RECURRENT, columns)


def bias(**columns):
    """What is added to a column."""
    return Parameter(BIAS, columns)


def vector(**columns):
    """One number for each unit that the equations use as they like, such as a peephole."""
    return Parameter(VECTOR, columns)
