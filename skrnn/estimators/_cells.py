"""Which cell an estimator has, and the parameters that belong to it."""

import textwrap
from dataclasses import KW_ONLY, dataclass, field
from numbers import Real

from skrnn._sklearn import Interval, StrOptions
from skrnn._warnings import warn
from skrnn.cells import CELLS, CHOICES, VARIANTS, cell_name


@dataclass(eq=False, repr=False)
class GatedCell:
    """A cell with a gate that decides how long a unit remembers.

    Parameters
    ----------
    forget_bias : float or 'chrono', default=1.0
        What is added to the initial bias of the gate that keeps the state: the forget gate of an
        LSTM, the update gate of a GRU. With a greater bias, the network remembers longer at the
        start of training. 1 is the value of Jozefowicz et al. (2015). "chrono" spreads the memories
        of the units over the length of the longest training sequence, for long dependencies
        (Tallec & Ollivier 2018). A plain RNN has no such gate; there any other value than 1 warns
        that it has no effect.
    """

    _: KW_ONLY
    forget_bias: float | str = 1.0

    _parameter_constraints = {
        "forget_bias": [Interval(Real, None, None, closed="neither"), StrOptions({"chrono"})]
    }


@dataclass(eq=False, repr=False)
class LSTMCell(GatedCell):
    """Long short-term memory."""

    def _cell_name(self):
        return "lstm"


@dataclass(eq=False, repr=False)
class GRUCell(GatedCell):
    """The gated recurrent unit.

    Parameters
    ----------
    reset_after : bool, default=True
        Whether the GRU's reset gate acts after the recurrent product, as in cuDNN, PyTorch and
        Keras, or before it, as in Cho et al. (2014).
    """

    _: KW_ONLY
    reset_after: bool = True

    _parameter_constraints = {"reset_after": ["boolean"]}

    def _cell_name(self):
        return cell_name("gru", self)


@dataclass(eq=False, repr=False)
class AnyCell(LSTMCell, GRUCell):
    """Any cell, by name.

    Parameters
    ----------
    activation : {'tanh', 'relu'}, default='tanh'
        The activation of the plain RNN cell. Only used when ``cell="rnn"``.

    cell : {choices}, default='rnn'
        The recurrent cell. {cells}
    """

    activation: str = field(default="tanh", kw_only=False)
    _: KW_ONLY
    cell: str = "rnn"

    _parameter_constraints = {
        "activation": [StrOptions(set(VARIANTS["rnn"][1]))],
        "cell": [StrOptions(set(CHOICES))],
    }

    def _cell_name(self):
        return cell_name(self.cell, self)

    def _check_combinations(self):
        super()._check_combinations()
        has_effect = CELLS[self._cell_name()].memory
        if self.forget_bias != AnyCell.forget_bias and not has_effect:
            warn(
                f"forget_bias={self.forget_bias!r} has no effect with cell={self.cell!r}, which "
                f"has no gate that keeps the state. Leave out forget_bias, or choose another cell, "
                f"such as cell='gru' or cell='lstm'."
            )


def describe_cells(doc):
    """Fill in the cells that there are."""
    cells = " ".join(f'"{name}": {title}' for name, title in CHOICES.items())
    lines = textwrap.wrap(cells, 88, initial_indent=" " * len("The recurrent cell. "))
    doc = doc.replace("{choices}", f"{{{', '.join(map(repr, CHOICES))}}}")
    return doc.replace("{cells}", f"\n{' ' * 8}".join(lines).lstrip())


if AnyCell.__doc__:  # python -OO leaves no docstrings
    AnyCell.__doc__ = describe_cells(AnyCell.__doc__)
