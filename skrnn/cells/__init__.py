"""The recurrent cells: each a declaration of its equations, parameters and states.

A cell is a header, with its equations forward and backward, and a short module that declares by
name its parameters (see skrnn/kernels/parameters.py) and the states that go on from step to step.
docs/add_a_cell.md shows how to add one.
"""

from typing import Any, Protocol

import numpy as np

from skrnn.cells import gru, gru_reset_before, lstm, mingru, peephole_lstm, rnn
from skrnn.kernels.arena import Arena
from skrnn.kernels.parameters import Parameter


class Cell(Protocol):
    """What is declared of a cell, and its passes through a packed minibatch.

    A minibatch of N steps of B sequences (see kernels/packed.h) has ``offsets`` (T + 1,). Arrays
    that are returned belong to the arena.
    """

    title: str
    states: tuple[str, ...]
    parameters: dict[str, Parameter]
    memory: dict[str, int]  # gates that keep (1) or overwrite (-1) the state, the forget gate first

    def prepare(self, params: list[np.ndarray], arena: Arena) -> Any:
        """The parameters packed once, reusable until they change."""
        ...

    def forward(
        self,
        offsets: np.ndarray,
        x: np.ndarray,
        prepared: Any,
        initial: list[np.ndarray | None],
        keep: bool,
        arena: Arena,
    ) -> tuple[list[np.ndarray], Any]:
        """All steps of x (N, F), from each state before the first step (B, H) or None for zero.

        Returns the states (B + N, H), initial ones first, and, if asked to keep it, a cache for
        ``backward``, else None.
        """
        ...

    def backward(
        self,
        offsets: np.ndarray,
        x: np.ndarray,
        params: list[np.ndarray],
        states: list[np.ndarray],
        cache: Any,
        dout: np.ndarray | None,
        dfinal: list[np.ndarray | None],
        dparams: list[np.ndarray],
        need_dx: bool,
        arena: Arena,
    ) -> tuple[np.ndarray | None, list[np.ndarray]]:
        """The gradient of x, or None, and those of the initial states.

        Given are the gradients ``dout`` of every step's h (N, H) and ``dfinal`` of the final states
        (B, H), None for zero. Those of the parameters are added to ``dparams``. The cache is
        overwritten.
        """
        ...


CELLS: dict[str, Cell] = {
    "rnn_tanh": rnn.WITH_TANH,
    "rnn_relu": rnn.WITH_RELU,
    "gru": gru.CELL,
    "gru_reset_before": gru_reset_before.CELL,
    "lstm": lstm.CELL,
    "peephole_lstm": peephole_lstm.CELL,
    "mingru": mingru.CELL,
}

# Cells that are one to users, who choose among them with a parameter of the estimator.
VARIANTS: dict[str, tuple[str, dict[Any, str]]] = {
    "rnn": ("activation", {"tanh": "rnn_tanh", "relu": "rnn_relu"}),
    "gru": ("reset_after", {True: "gru", False: "gru_reset_before"}),
}


def variant_of(name):
    """What users call a cell, and the parameter that chooses it among others of that name."""
    for choice, (parameter, names) in VARIANTS.items():
        for value, variant in names.items():
            if variant == name:
                return choice, {parameter: value}
    return name, {}


def cell_name(choice, parameters):
    """The name in ``CELLS`` for a choice of users, given an object with their parameters."""
    if choice not in VARIANTS:
        return choice
    parameter, names = VARIANTS[choice]
    return names[getattr(parameters, parameter)]


# What users may choose from, with titles.
CHOICES: dict[str, str] = {}
for _name, _cell in CELLS.items():
    CHOICES.setdefault(variant_of(_name)[0], _cell.title)
