"""Dropout: of values, and of the recurrent connections of whole units."""

import numpy as np


def dropout_mask(shape, rate, dtype, rng):
    """Zero with probability ``rate``, else what keeps the mean (Srivastava et al. 2014)."""
    kept = rng.random(shape, dtype=np.float32) >= rate
    return kept * dtype.type(1 / (1 - rate))


def drop(values, rate, rng):
    """The values with dropout and its mask; without an rng as they are, and None."""
    if rng is None or rate == 0:
        return values, None
    mask = dropout_mask(values.shape, rate, values.dtype, rng)
    return values * mask, mask


def drop_recurrent(layers, params, rate, rng):
    """The parameters of a network with the recurrent connections of some of its units cut.

    A unit is dropped at every step alike, as a column of ``weight_hh`` is a weight that all
    steps share; Gal & Ghahramani (2016) sample the weights of a network so.

    Returns
    -------
    params : Params
    masks : list of dict of str to ndarray
        By what the gradients of the parameters of each layer must be multiplied.
    """
    masks = [
        {
            name: dropout_mask(weights[name].shape[1], rate, weights[name].dtype, rng)
            for name in layer.recurrent_weights()
        }
        for layer, weights in zip(layers, params.layers, strict=True)
    ]
    dropped = [
        layer | {name: layer[name] * mask for name, mask in layer_masks.items()}
        for layer, layer_masks in zip(params.layers, masks, strict=True)
    ]
    return params._replace(layers=dropped), masks
