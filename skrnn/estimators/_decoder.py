"""The parameters of an encoder and a decoder, and what follows from them."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np

from skrnn._sklearn import Interval, StrOptions
from skrnn.estimators._architecture import layer_sizes
from skrnn.estimators._cells import AnyCell, describe_cells


@dataclass(eq=False, repr=False)
class EncoderDecoderParameters(AnyCell):
    """How an encoder reads, and how a decoder is trained and writes.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        The number of units of each layer of the encoder, from the input up. Without layers, ``()``,
        there is no encoder: each row of a 2-D X, or the one step of each sequence, goes through a
        dense layer into the decoder, as from features to a text.

    decoder_layer_sizes : int, sequence of int or None, default=None
        The number of units of each layer of the decoder. None: those of the encoder, twice as many
        if it reads in both directions; 100 units without an encoder.

    bidirectional : bool, default=True
        Whether each layer of the encoder also reads the sequences backwards. Each direction has its
        own units, so the layer has twice as many in total.

    cell : {choices}, default='gru'
        The recurrent cell, of encoder and decoder. {cells}

    attention : {'dot', 'additive'} or None, default='dot'
        How the decoder looks at the encoder's hidden states before it writes a step. "dot": by the
        product of its own hidden state with theirs (Luong et al. 2015), which go through a dense
        layer first if their number of units differs. "additive": by a small network of both
        (Bahdanau et al. 2015). None: not at all, so the last hidden state
        of the encoder is all that the decoder knows. Without an encoder it has no effect.

    input_separator : str or None, default=None
        What separates the symbols in strings of X. None: each character is a symbol; " ": words.

    output_separator : str or None, default=None
        What separates the symbols in strings of y.

    handle_unknown : {'use_encoded_value', 'error'}, default='use_encoded_value'
        What to do with a symbol in X that ``fit`` has not seen: read it as the unknown symbol,
        which has a place of its own, or raise an error.

    teacher_forcing : float or pair of float, default=1.0
        The share of the steps at which the decoder is given the step before from y in training. At
        the others it is given what it has written itself (scheduled sampling, Bengio et al. 2015).
        A pair is the share at the start and at the end of training; between, it changes linearly.

    label_smoothing : float, default=0.0
        For strings: the share of each target that is spread over all symbols in training (Szegedy
        et al. 2016), so that the network is never too sure.

    beam_size : int, default=1
        For strings: the number of hypotheses that prediction goes on with. 1 is greedy search: the
        most likely symbol at every step. Of several that have ended, the one with the highest mean
        log-probability of its symbols is predicted.

    max_length : int or None, default=None
        For strings: the most symbols that prediction writes. None: twice as many as the longest y
        of ``fit`` has.

    n_steps : int or None, default=None
        For numbers: how many steps prediction writes. None: as many as y of ``fit`` has.

    loss : {'squared_error', 'absolute_error', 'huber'}, default='squared_error'
        For numbers: the loss that training minimises. For strings it is always the log loss.

    normalize_y : bool, default=True
        For numbers: whether to standardise the targets for training. Predictions are always in the
        units of y.
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    _: KW_ONLY
    decoder_layer_sizes: int | Sequence[int] | None = None
    bidirectional: bool = True
    cell: str = "gru"
    attention: str | None = "dot"
    input_separator: str | None = None
    output_separator: str | None = None
    handle_unknown: str = "use_encoded_value"
    teacher_forcing: float | Sequence[float] = 1.0
    label_smoothing: float = 0.0
    beam_size: int = 1
    max_length: int | None = None
    n_steps: int | None = None
    loss: str = "squared_error"
    normalize_y: bool = True

    _parameter_constraints = {
        "decoder_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "attention": [StrOptions({"dot", "additive"}), None],
        "input_separator": [str, None],
        "output_separator": [str, None],
        "handle_unknown": [StrOptions({"use_encoded_value", "error"})],
        "teacher_forcing": ["array-like", Interval(Real, 0, 1, closed="both")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "beam_size": [Interval(Integral, 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "n_steps": [Interval(Integral, 1, None, closed="left"), None],
        "loss": [StrOptions({"squared_error", "absolute_error", "huber"})],
        "normalize_y": ["boolean"],
    }

    def _encoder_sizes(self):
        sizes = self.hidden_layer_sizes
        return [] if np.size(sizes) == 0 else layer_sizes(sizes)

    def _decoder_sizes(self):
        if self.decoder_layer_sizes is not None:
            return layer_sizes(self.decoder_layer_sizes, "decoder_layer_sizes")
        n_directions = 2 if self.bidirectional else 1
        return [n_directions * size for size in self._encoder_sizes()] or [100]

    def _check_length(self, target):
        if self.max_length is not None and target.longest > self.max_length:
            raise ValueError(
                f"max_length={self.max_length}, but the longest string of y has {target.longest} "
                f"symbols, which prediction could not write. Set max_length to {target.longest} "
                f"or more, or to None."
            )

    def _forcing(self):
        return tuple(np.broadcast_to(self.teacher_forcing, 2).tolist())

    def _check_combinations(self):
        if self.tbptt_steps is not None:
            raise ValueError(
                f"tbptt_steps={self.tbptt_steps} is not supported by {type(self).__name__}, which "
                f"reads and writes whole sequences. Set tbptt_steps=None."
            )
        super()._check_combinations()
        shares = np.asarray(self.teacher_forcing, np.float64)
        if shares.shape not in ((), (2,)) or not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError(
                f"teacher_forcing={self.teacher_forcing!r}; expected a number from 0 to 1, or a "
                f"pair of them: the share at the start and at the end of training."
            )
        if self.solver == "lbfgs" and (shares < 1).any():
            raise ValueError(
                f"teacher_forcing={self.teacher_forcing!r} is not supported with solver='lbfgs': "
                f"it needs a loss without randomness. Set teacher_forcing=1.0."
            )
        for name in ("input_separator", "output_separator"):
            if getattr(self, name) == "":
                raise ValueError(f"{name}=''; expected None to split into characters, or ' '.")


if EncoderDecoderParameters.__doc__:  # python -OO leaves no docstrings
    EncoderDecoderParameters.__doc__ = describe_cells(EncoderDecoderParameters.__doc__)
