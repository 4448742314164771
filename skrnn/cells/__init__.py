"""The recurrent cells, each a compiled module of five names.

``GATES`` and ``STATES`` name its gates and states, ``param_shapes(n_features, n_hidden)`` its
parameters; ``forward`` and ``backward`` run all steps of a packed minibatch. A cell whose
equations come in variants takes the variant as a last argument of the three functions.
"""

from functools import partial

from skrnn.cells import gru, gru_reset_before, lstm, rnn


class Cell:
    """One cell of the registry: a module with the variant of its equations."""

    def __init__(self, module, **variant):
        self.gates = module.GATES
        self.states = module.STATES
        self.param_shapes = partial(module.param_shapes, **variant)
        self.forward = partial(module.forward, **variant)
        self.backward = partial(module.backward, **variant)


CELLS = {
    "rnn_tanh": Cell(rnn, activation="tanh"),
    "rnn_relu": Cell(rnn, activation="relu"),
    "gru": Cell(gru),
    "gru_reset_before": Cell(gru_reset_before),
    "lstm": Cell(lstm),
}
