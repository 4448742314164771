"""The recurrent cells: each a declaration of its equations, parameters and states.

A cell is a header, with its equations forward and backward, and a short module that declares by
name its parameters (see skrnn/kernels/parameters.py) and the states that go on from step to step.
docs/add_a_cell.md shows how to add one. Of every cell there are

``parameters``, ``states``
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

from skrnn.cells import gru, gru_reset_before, lstm, rnn

CELLS = {
    "rnn_tanh": rnn.WITH_TANH,
    "rnn_relu": rnn.WITH_RELU,
    "gru": gru.CELL,
    "gru_reset_before": gru_reset_before.CELL,
    "lstm": lstm.CELL,
}
