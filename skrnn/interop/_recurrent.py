"""The recurrent parameters of an estimator, one direction of a layer after the other."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skrnn.cells import variant_of
from skrnn.network.bidirectional import BidirectionalLayer


class Direction(NamedTuple):
    """One direction of one layer."""

    name: str  # such as l0, or l0_reverse
    n_hidden: int


def directions(estimator):
    """The directions of all layers, from the first layer up."""
    found = []
    for layer in estimator._network.layers:
        names = [layer.name]
        if isinstance(layer, BidirectionalLayer):
            names.append(f"{layer.name}_reverse")
        found += [Direction(name, layer.n_hidden) for name in names]
    return found


def checked_cell(estimator, known, library):
    """The name of the cell, if a library has it."""
    check_is_fitted(estimator)
    cell = estimator._network.kind["cell"]
    if cell not in known:
        choice, parameters = variant_of(cell)
        found = ", ".join(
            f"{key}={value!r}" for key, value in ({"cell": choice} | parameters).items()
        )
        raise ValueError(
            f"{library} has no layer like the cell of this {type(estimator).__name__} ({found}). "
            f"Its weights are in named_parameters."
        )
    return cell


def require_names(found, expected, what):
    """Raise a ValueError unless both have the same names."""
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    if missing or unknown:
        raise ValueError(
            f"{what} has the names {list(found)}; expected {list(expected)}. Missing are "
            f"{missing}, and {unknown} are not known."
        )


def as_arrays(values, what, shapes):
    """Arrays of float64 that have these shapes, by name."""
    arrays = {}
    for name, shape in shapes.items():
        array = np.asarray(values[name], np.float64)
        if array.shape != shape:
            raise ValueError(f"{what}[{name!r}] has shape {array.shape}; expected {shape}.")
        arrays[name] = array
    return arrays
