"""Learned vectors in place of codes: the stage before the first layer."""

import numpy as np

from skrnn.kernels.embedding import add_at, look_up
from skrnn.kernels.repeated import Repeated
from skrnn.network.dropout import dropout_mask


class Embedding:
    """The columns of the input that hold codes become vectors, each in the place of its column.

    The other columns stay as they are. Parameters: ``weight_embedding_<name><column>``
    (n_codes, dim), one vector for each code.

    Parameters
    ----------
    n_features : int
        Width of the input.
    shapes : dict of int to tuple of int
        (n_codes, dim) of each column of codes. Without any, the input passes as it is.
    dropout : float
        Probability of setting a number of a vector to zero in training, anew at every step. To
        drop all of a code at once (Gal & Ghahramani 2016) is worse on words (SNIPS), and so is to
        drop the same numbers of a code in all of a minibatch (graphemes).
    name : str
        Tells the parameters from those of another embedding.
    """

    def __init__(self, n_features, shapes, dropout=0.0, name=""):
        self.shapes = shapes
        self.dropout = dropout
        self.name = name
        widths = [shapes[column][1] if column in shapes else 1 for column in range(n_features)]
        ends = np.cumsum(widths).tolist()
        self.n_outputs = ends[-1]
        self.numbers = [column for column in range(n_features) if column not in shapes]
        self.number_places = [ends[column] - 1 for column in self.numbers]
        # Of each column of codes, where its vectors are in the output.
        self.vector_places = {k: slice(ends[k] - widths[k], ends[k]) for k in shapes}

    def param_shapes(self):
        return {self._name(column): shape for column, shape in self.shapes.items()}

    def _name(self, column):
        return f"weight_embedding_{self.name}{column}"

    def initialize(self, params, draw, rng):
        """Draw vectors: ``draw`` is a function of the initialization.

        Vectors of length one are best on words (SNIPS), of which many are rare: with unit variance
        as in PyTorch 0.88 of the labels are right after six epochs, and not 0.915. Characters are
        few and frequent, and with unit variance they are learned faster (tinyshakespeare: 1.61
        and not 1.72 nats after eight epochs; 1.59 if all weights are drawn by ``init="normal"``).
        """
        for vectors in params.values():
            vectors[:] = draw(vectors.shape, None, rng)

    def prepare(self, params):
        """The parameters as ``forward`` reads them."""
        return list(params.values())

    def embed(self, prepared, x, arena):
        """Rows (N, n_features) with vectors in place of codes, (N, n_outputs)."""
        if not self.shapes:
            return x
        out = arena.take(len(x), self.n_outputs, x.itemsize)
        if self.numbers:
            out[:, self.number_places] = x[:, self.numbers]
        for (column, place), vectors in zip(self.vector_places.items(), prepared, strict=True):
            look_up(x[:, column], vectors, out[:, place])
        return out

    def forward(self, prepared, minibatch, dropout_rng, by_row=False):
        """The input of the first layer (N, n_outputs), and its dropout mask or None.

        If it has nothing but the vectors of one column, it is Repeated, unless ``by_row`` or with
        dropout.
        """
        drops = bool(self.shapes) and dropout_rng is not None and self.dropout > 0
        if not (by_row or drops or self.numbers) and len(self.shapes) == 1:
            codes, index = minibatch.distinct
            return Repeated(prepared[0][codes], index), None
        x = self.embed(prepared, minibatch.x, minibatch.arena)
        if not drops:
            return x, None
        mask = dropout_mask(x.shape, self.dropout, x.dtype, dropout_rng)
        mask[:, self.number_places] = 1
        x *= mask
        return x, mask

    def backward(self, minibatch, x, dx, dparams):
        """Add the parameters' gradients to ``dparams``, given that of the output x."""
        if isinstance(x, Repeated):
            codes, _ = minibatch.distinct
            dparams[self._name(0)][codes] += dx
            return
        for column, place in self.vector_places.items():
            dvectors = dparams[self._name(column)]
            add_at(minibatch.x[:, column], dvectors, dx[:, place])
