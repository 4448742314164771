"""Which cell an estimator has, and the parameters that belong to it."""

from dataclasses import KW_ONLY, dataclass, field

from sklearn.utils._param_validation import StrOptions


class LSTMCell:
    """Long short-term memory: nothing to choose."""

    def _cell_name(self):
        return "lstm"


@dataclass(eq=False, repr=False)
class GRUCell:
    """The gated recurrent unit.

    Parameters
    ----------
    reset_after : bool, default=True
        Whether the reset gate acts after the recurrent product, as in cuDNN, PyTorch and Keras,
        or before it, as in Cho et al. (2014).
    """

    _: KW_ONLY
    reset_after: bool = True

    _parameter_constraints = {"reset_after": ["boolean"]}

    def _cell_name(self):
        return "gru" if self.reset_after else "gru_reset_before"


@dataclass(eq=False, repr=False)
class AnyCell(GRUCell):
    """Any cell, by name.

    Parameters
    ----------
    activation : {'tanh', 'relu'}, default='tanh'
        The activation of the plain RNN cell. Only used when ``cell="rnn"``.

    cell : {'rnn', 'gru', 'lstm'}, default='rnn'
        The recurrent cell: plain (Elman), gated recurrent unit, or long short-term memory.
    """

    activation: str = field(default="tanh", kw_only=False)
    _: KW_ONLY
    cell: str = "rnn"

    _parameter_constraints = {
        "activation": [StrOptions({"tanh", "relu"})],
        "cell": [StrOptions({"rnn", "gru", "lstm"})],
    }

    def _cell_name(self):
        if self.cell == "rnn":
            return f"rnn_{self.activation}"
        return super()._cell_name() if self.cell == "gru" else self.cell
