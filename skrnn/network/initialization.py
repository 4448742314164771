"""Initial weights, by name.

A weight matrix is drawn as one, with the gates of a cell as its rows, one block below the other.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


def glorot_uniform(shape, n_hidden, rng):
    """Uniform, of variance 2 / (fan in + fan out) (Glorot & Bengio 2010)."""
    bound = np.sqrt(6 / sum(shape))
    return rng.uniform(-bound, bound, shape)


def fan_in_normal(shape, n_hidden, rng):
    """Normal, of variance 1 / fan in (LeCun et al. 1998)."""
    return rng.standard_normal(shape) / np.sqrt(shape[-1])


def fan_in_uniform(shape, n_hidden, rng):
    """Uniform between ± 1 / √(fan in) (Goodfellow et al. 2016, section 8.4)."""
    bound = 1 / np.sqrt(shape[-1])
    return rng.uniform(-bound, bound, shape)


def units_uniform(shape, n_hidden, rng):
    """Uniform between ± 1 / √(units of the layer), as PyTorch has it."""
    bound = 1 / np.sqrt(n_hidden)
    return rng.uniform(-bound, bound, shape)


def unit_normal(shape, n_hidden, rng):
    """Normal, of variance 1: 1 / fan in, as of all codes a vector has one at a time."""
    return rng.standard_normal(shape)


def small_normal(shape, n_hidden, rng):
    """Normal, of standard deviation 0.001, as Le et al. (2015) have it beside an identity."""
    return 0.001 * rng.standard_normal(shape)


def orthogonal(shape, n_hidden, rng):
    """Orthonormal columns, uniformly distributed (Saxe et al. 2014, Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal(shape))
    return q * np.sign(np.diag(r))


def identity(shape, n_hidden, rng):
    """The identity for each gate: what was is kept (Le, Jaitly & Hinton 2015)."""
    return np.tile(np.eye(n_hidden), (shape[0] // n_hidden, 1))


def zeros(shape, n_hidden, rng):
    return np.zeros(shape)


class Initialization(NamedTuple):
    """How each kind of parameter is drawn: functions of its shape, the layer's units and an rng."""

    dense: Callable  # of products with what comes from below, and of the head
    recurrent: Callable  # (G·H, H)
    bias: Callable = zeros
    embedding: Callable = fan_in_normal  # (n_codes, dim): vectors of length one on average


INITIALIZATIONS = {
    "glorot": Initialization(glorot_uniform, orthogonal),
    "pytorch": Initialization(units_uniform, units_uniform, units_uniform, unit_normal),
    "uniform": Initialization(fan_in_uniform, fan_in_uniform),
    "normal": Initialization(fan_in_normal, fan_in_normal, embedding=unit_normal),
    "identity": Initialization(small_normal, identity),
}


def add_forget_bias(forget_bias, bias, memory, longest, rng):
    """Add to the biases of the gates that decide how long a unit remembers, in place.

    Chrono initialisation (Tallec & Ollivier 2018) spreads the units' memories over one to
    ``longest`` steps, by b = log u with u uniform in [1, longest - 1].

    Parameters
    ----------
    forget_bias : float or 'chrono'
        A number is added to the first gate only.
    bias : dict of str to ndarray of shape (n_hidden,)
        Of each gate.
    memory : dict of str to int
        The gates, with 1 where a gate that is open keeps the state, and -1 where it overwrites it.
    longest : int
    rng : numpy.random.Generator
    """
    if not memory:
        return
    if forget_bias == "chrono":
        n_hidden = len(bias[next(iter(memory))])
        drawn = np.log(rng.uniform(1, max(longest - 1, 1), n_hidden))
        for gate, sign in memory.items():
            bias[gate] += sign * drawn
    else:
        gate, sign = next(iter(memory.items()))
        bias[gate] += sign * forget_bias
