"""The instruction set that the kernels run with, chosen at import.

``SKRNN_ISA`` in the environment names another one, for tests.
"""

import os

cdef extern from "isa.h" nogil:
    const char **ISA_NAMES
    int best_isa()
    int n_lanes(int isa, int item_size)


def available():
    """The names of the instruction sets that run here, the widest last."""
    return [ISA_NAMES[i].decode() for i in range(best_isa() + 1)]


def _chosen():
    names = available()
    name = os.environ.get("SKRNN_ISA", names[best_isa()])
    if name not in names:
        raise ImportError(
            f"SKRNN_ISA={name!r} does not work on this processor; expected one of {names}."
        )
    return names.index(name)


ISA = _chosen()
name = available()[ISA]


cdef int lanes(int item_size) noexcept nogil:
    return n_lanes(ISA, item_size)
