"""The parameters that say what the network is, and the network they make."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions
from skrnn.network.initialization import DENSE
from skrnn.network.pooling import POOLINGS
from skrnn.network.stack import Network


@dataclass(eq=False, repr=False)
class Architecture:
    """The shape of the network and its initial weights.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        The number of units of each recurrent layer, from the input up.

    bidirectional : bool, default=False
        Whether each layer reads the sequences from their ends as well, with as many units again.

    pooling : {'last', 'mean', 'max', 'attention'}, default='last'
        How the hidden states of all steps become one vector: the last one (of both directions,
        each after its own last step), the mean, the maximum, or additive attention with a
        learned query (Bahdanau et al. 2015).

    dropout : float, default=0.0
        The probability of dropping an output between two layers and before the head, in training.

    recurrent_dropout : float, default=0.0
        The probability of cutting a unit's recurrent connections in training, at every step of a
        minibatch alike (Gal & Ghahramani 2016).

    init : {'glorot', 'normal', 'identity'}, default='glorot'
        The initial weights. "glorot": Glorot uniform, recurrent ones orthogonal. "normal":
        normal of variance one over fan in. "identity": recurrent ones the identity, others
        normal of standard deviation 0.001, with ``activation="relu"`` the IRNN (Le et al. 2015).

    dtype : {'float32', 'float64', 'auto'}, default='float32'
        The precision of the network; "auto" is that of X.
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    _: KW_ONLY
    bidirectional: bool = False
    pooling: str = "last"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    init: str = "glorot"
    dtype: str = "float32"

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "pooling": [StrOptions(set(POOLINGS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
        "init": [StrOptions(set(DENSE))],
        "dtype": [StrOptions({"float32", "float64", "auto"})],
    }

    def _n_ar_steps(self):
        """Steps of input with a linear path to the output."""
        return 0

    def _make_network(self, n_features, n_outputs):
        return Network(
            self._cell_name(),
            n_features,
            self._layer_sizes(),
            n_outputs,
            bidirectional=self.bidirectional,
            pooling=self.pooling,
            ar_steps=self._n_ar_steps(),
            dropout=self.dropout,
        )

    def _initial_theta(self, network, longest, dtype, rng):
        try:
            return network.initialize(
                rng, dtype, init=self.init, forget_bias=self._forget_bias(), longest=longest
            )
        except (MemoryError, ValueError) as error:  # ValueError: more than an array may have
            raise MemoryError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} needs {network.layout.size} "
                f"weights, for which there is no memory. Use fewer units."
            ) from error

    def _layer_sizes(self):
        try:
            sizes = np.atleast_1d(self.hidden_layer_sizes)
        except ValueError:  # lists of different lengths
            sizes = np.empty(0)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or len(sizes) == 0 or sizes.min() < 1:
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r}; expected a positive int or a "
                f"sequence of them, one for each layer."
            )
        return sizes.tolist()
