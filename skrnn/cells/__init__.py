"""The recurrent cells: each a declaration of its equations, parameters and states.

A cell is a header, with its equations forward and backward, and a short module that declares by
name its parameters (see skrnn/kernels/parameters.py) and the states that go on from step to step.
docs/add_a_cell.md shows how to add one. Of every cell there are

``title``, ``parameters``, ``states``
    As declared.
``prepare(params, arena)``
    The parameters packed once, reusable until they change.
``forward(offsets, x, prepared, initial, keep, arena)``
    All steps of a packed minibatch (see kernels/packed.h): x is (N, F), ``initial`` has each state
    before the first step (B, H) or None. Returns the states (B + N, H), initial ones first, and,
    if asked to keep it, a cache for backward.
``backward(offsets, x, params, states, cache, dout, dfinal, dparams, need_dx, arena)``
    Given the gradients ``dout`` of every step's h (N, H) or None, and ``dfinal`` of the final
    states (B, H) or None each, adds those of the parameters to ``dparams`` and returns that of x,
    or None, and those of the initial states. The cache is overwritten.

Arrays that are returned belong to the arena.
"""

from skrnn.cells import gru, gru_reset_before, lstm, mingru, peephole_lstm, rnn

CELLS = {
    "rnn_tanh": rnn.WITH_TANH,
    "rnn_relu": rnn.WITH_RELU,
    "gru": gru.CELL,
    "gru_reset_before": gru_reset_before.CELL,
    "lstm": lstm.CELL,
    "peephole_lstm": peephole_lstm.CELL,
    "mingru": mingru.CELL,
}

# Cells that are one to users, who choose among them with a parameter of the estimator.
VARIANTS = {
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
