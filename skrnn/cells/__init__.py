"""The recurrent cells, each a compiled module of six names.

``GATES``, ``STATES``
    Names of its gates and states.
``param_shapes(n_features, n_hidden)``
    Names and shapes of its parameters.
``prepare(params, arena)``
    The parameters in the form that ``forward`` reads, for as many calls as they stay the same.
``forward(offsets, x, prepared, initial, keep, arena)``
    All steps of a packed minibatch (see kernels/packed.h): x is (N, F), ``initial`` has each state
    before the first step (B, H) or None. Returns the states (B + N, H), initial ones first, and,
    if asked to keep it, a cache for backward.
``backward(offsets, x, params, states, cache, dout, dfinal, dparams, need_dx, arena)``
    Given the gradients ``dout`` of every step's h (N, H) or None, and ``dfinal`` of the final
    states (B, H) or None each, adds those of the parameters to ``dparams`` and returns that of x,
    or None, and those of the initial states. The cache is overwritten.

Arrays that are returned belong to the arena. A cell whose equations come in variants takes the
variant as a keyword of every function.
"""

from functools import partial

from skrnn.cells import gru, gru_reset_before, lstm, rnn


class Cell:
    """One cell of the registry: a module with the variant of its equations."""

    def __init__(self, module, **variant):
        self.gates = module.GATES
        self.states = module.STATES
        self.param_shapes = partial(module.param_shapes, **variant)
        self.prepare = partial(module.prepare, **variant)
        self.forward = partial(module.forward, **variant)
        self.backward = partial(module.backward, **variant)


CELLS = {
    "rnn_tanh": Cell(rnn, activation="tanh"),
    "rnn_relu": Cell(rnn, activation="relu"),
    "gru": Cell(gru),
    "gru_reset_before": Cell(gru_reset_before),
    "lstm": Cell(lstm),
}
