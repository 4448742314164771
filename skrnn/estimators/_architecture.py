"""The parameters that say what the network is, and its initial weights."""

import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions
from skrnn.network.initialization import INITIALIZATIONS


@dataclass(eq=False, repr=False)
class Architecture:
    """The shape of the network and its initial weights.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100,)
        The number of units of each recurrent layer; the first layer reads the input.

    bidirectional : bool, default=False
        Whether each layer also reads the sequences backwards. Each direction has its own units, so
        the layer has twice as many in total.

    dropout : float, default=0.0
        The probability of setting an output of a layer to zero in training, between two layers
        and before the output layer.

    recurrent_dropout : float, default=0.0
        The probability of cutting the recurrent connections of a unit in training. The same
        units are cut at every step of a minibatch (Gal & Ghahramani 2016). A cell without recurrent
        weights, the minGRU, has none to cut.

    init : {'glorot', 'pytorch', 'uniform', 'normal', 'identity'}, default='glorot'
        The initial weights. The gates of a cell are drawn as one matrix, and biases are zero but
        for ``forget_bias``. "glorot": Glorot uniform, with orthogonal recurrent weights, as in
        Keras. "pytorch": uniform between ± 1 / √n_units, biases of layers too, as in PyTorch, where
        ``forget_bias`` would be 0. "uniform": uniform between ± 1 / √(fan in). "normal": normally
        distributed, with variance 1 / fan in. "identity": recurrent weights are the identity
        matrix, the others normal with standard deviation 0.001; with ``activation="relu"`` this is
        the IRNN (Le et al. 2015). Vectors of codes (``categorical_features``) are normal: with
        "pytorch" and "normal" of variance 1, which suits few and frequent codes such as characters;
        else of length one on average, which suits words, of which many are rare.

    dtype : {'float32', 'float64', 'auto'}, default='float32'
        The precision of the network; "auto" takes the dtype of X.
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    _: KW_ONLY
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    init: str = "glorot"
    dtype: str = "float32"

    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
        "init": [StrOptions(set(INITIALIZATIONS))],
        "dtype": [StrOptions({"float32", "float64", "auto"})],
    }


def layer_sizes(hidden_layer_sizes, name="hidden_layer_sizes"):
    """The parameter of that name as a list of int."""
    try:
        sizes = np.atleast_1d(hidden_layer_sizes)
    except ValueError:  # lists of different lengths
        sizes = np.empty(0)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or len(sizes) == 0 or sizes.min() < 1:
        raise ValueError(
            f"{name}={hidden_layer_sizes!r}; expected a positive int, or a sequence "
            f"of positive ints, one for each layer."
        )
    return sizes.tolist()


def initial_theta(network, rng, dtype, longest, *, init, forget_bias):
    """New weights, for sequences of at most ``longest`` steps."""
    found, remedy = f"hidden_layer_sizes={network.kind['hidden_layer_sizes']}", "fewer units"
    if network.kind["embeddings"]:
        found += f" with embeddings of shapes {list(network.kind['embeddings'].values())}"
        remedy += ", fewer codes or a smaller embedding_dim"
    too_large = MemoryError(
        f"{found} needs {network.layout.size} weights, which do not fit into memory. Use {remedy}."
    )
    # NumPy refuses such a size with a ValueError.
    if network.layout.size > sys.maxsize // np.dtype(dtype).itemsize:
        raise too_large
    try:
        return network.initialize(rng, dtype, init=init, forget_bias=forget_bias, longest=longest)
    except MemoryError as error:
        raise too_large from error


def require_same_network(network, earlier):
    """Raise a ValueError if weights of the earlier network mean something else in this one."""
    changed = [
        f"{name}={value!r} (was {earlier.kind[name]!r})"
        for name, value in network.kind.items()
        if value != earlier.kind[name]
    ]
    if changed:
        raise ValueError(
            f"warm_start and partial_fit need the same network, but now it has "
            f"{', '.join(changed)}. Set the earlier value again, or fit a new estimator."
        )
