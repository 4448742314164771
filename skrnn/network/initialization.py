"""Initial weights, by name: how dense and how recurrent ones are drawn."""

import numpy as np


def glorot_uniform(shape, rng):
    """Uniform, of variance 2 / (fan in + fan out) (Glorot & Bengio 2010)."""
    bound = np.sqrt(6 / sum(shape))
    return rng.uniform(-bound, bound, shape)


def fan_in_normal(shape, rng):
    """Normal, of variance 1 / fan in (LeCun et al. 1998)."""
    return rng.standard_normal(shape) / np.sqrt(shape[-1])


def small_normal(shape, rng):
    """Normal, of standard deviation 0.001, as Le et al. (2015) have it beside an identity."""
    return 0.001 * rng.standard_normal(shape)


def orthogonal(shape, rng):
    """Orthogonal and square, uniformly distributed (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal(shape))
    return q * np.sign(np.diag(r))


def identity(shape, rng):
    """The identity: what was is kept (Le, Jaitly & Hinton 2015)."""
    return np.eye(*shape)


DENSE = {"glorot": glorot_uniform, "normal": fan_in_normal, "identity": small_normal}
RECURRENT = {"glorot": orthogonal, "normal": fan_in_normal, "identity": identity}


def draw_forget_bias(forget_bias, bias, longest, rng):
    """Set the bias of a forget gate, in place: to a number, or as "chrono" draws it.

    Chrono initialisation (Tallec & Ollivier 2018) spreads the units' memories over one to
    ``longest`` steps: b_f = log u with u uniform in [1, longest - 1], and b_i = -b_f if there is
    an input gate.

    Parameters
    ----------
    forget_bias : float, 'chrono' or None
    bias : dict of str to ndarray of shape (n_hidden,)
        Of each gate; nothing happens where none is "f".
    longest : int
    rng : numpy.random.Generator
    """
    if "f" not in bias:
        return
    if forget_bias == "chrono":
        bias["f"][:] = np.log(rng.uniform(1, max(longest - 1, 1), len(bias["f"])))
        if "i" in bias:
            bias["i"][:] = -bias["f"]
    else:
        bias["f"][:] = forget_bias
