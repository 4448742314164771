"""The public estimators: each is a cell and a target."""

from dataclasses import dataclass

from skrnn.estimators._cells import AnyCell, GRUCell, LSTMCell
from skrnn.estimators._classification import RecurrentClassifier
from skrnn.estimators._docstrings import with_parameters
from skrnn.estimators._encoder_decoder import EncoderDecoderEstimator
from skrnn.estimators._regression import RecurrentRegressor
from skrnn.estimators._step_estimators import StepClassifier, StepRegressor

__all__ = [
    "GRUClassifier",
    "GRURegressor",
    "LSTMClassifier",
    "LSTMRegressor",
    "RNNClassifier",
    "RNNEncoderDecoder",
    "RNNRegressor",
    "RNNStepClassifier",
    "RNNStepRegressor",
]


@with_parameters
@dataclass(eq=False, repr=False)
class LSTMRegressor(LSTMCell, RecurrentRegressor):
    """Long short-term memory network from a sequence to numbers.

    One or more LSTM layers (Hochreiter & Schmidhuber 1997) read the sequence. A dense layer
    turns the pooled hidden state into the prediction. Training minimises ``loss``.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    quantiles_ : ndarray of shape (n_quantiles,) or None
        The quantiles of ``predict_quantiles``, sorted; None unless ``loss="quantile"``.

    {attributes}

    See Also
    --------
    GRURegressor : The same with a GRU cell, which is smaller and often as good.
    LSTMClassifier : The same network for classes.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LSTMRegressor
    >>> X = np.random.default_rng(0).uniform(size=(500, 12))  # 500 sequences of 12 steps
    >>> y = X.mean(axis=1)
    >>> model = LSTMRegressor(16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class GRURegressor(GRUCell, RecurrentRegressor):
    """Gated recurrent unit network from a sequence to numbers.

    One or more GRU layers (Cho et al. 2014) read the sequence; a dense layer turns the pooled
    hidden state into the prediction. Training minimises ``loss``.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    quantiles_ : ndarray of shape (n_quantiles,) or None
        The quantiles of ``predict_quantiles``, sorted; None unless ``loss="quantile"``.

    {attributes}

    See Also
    --------
    LSTMRegressor : The same with an LSTM cell, which has a separate memory.
    GRUClassifier : The same network for classes.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", EMNLP 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> X = np.random.default_rng(0).uniform(size=(500, 12))  # 500 sequences of 12 steps
    >>> y = X.mean(axis=1)
    >>> model = GRURegressor(16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class RNNRegressor(AnyCell, RecurrentRegressor):
    """Recurrent network from a sequence to numbers, with the cell as a parameter.

    One or more recurrent layers read the sequence; a dense layer turns the pooled hidden state into
    the prediction. Training minimises ``loss``. The default is the plain cell of Elman (1990). The
    parameter ``cell`` selects another cell, such as a GRU or an LSTM, so a grid search can compare
    cells.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    quantiles_ : ndarray of shape (n_quantiles,) or None
        The quantiles of ``predict_quantiles``, sorted; None unless ``loss="quantile"``.

    {attributes}

    See Also
    --------
    GRURegressor : The same with a GRU.
    LSTMRegressor : The same with an LSTM.

    References
    ----------
    J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> X = np.random.default_rng(0).uniform(size=(500, 12))  # 500 sequences of 12 steps
    >>> y = X.mean(axis=1)
    >>> model = RNNRegressor(16, cell="gru", random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class LSTMClassifier(LSTMCell, RecurrentClassifier):
    """Long short-term memory network from a sequence to a class.

    One or more LSTM layers (Hochreiter & Schmidhuber 1997) read the sequence; a dense layer
    turns the pooled hidden state into class probabilities. Training minimises the log loss.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for an indicator matrix ``range(n_labels)``.

    {attributes}

    See Also
    --------
    GRUClassifier : The same with a GRU cell, which is smaller and often as good.
    LSTMRegressor : The same network for numbers.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997.

    Examples
    --------
    >>> from skrnn import LSTMClassifier
    >>> from skrnn.datasets import load_japanese_vowels
    >>> X, y = load_japanese_vowels(subset="train", return_X_y=True)
    >>> model = LSTMClassifier(16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class GRUClassifier(GRUCell, RecurrentClassifier):
    """Gated recurrent unit network from a sequence to a class.

    One or more GRU layers (Cho et al. 2014) read the sequence; a dense layer turns the pooled
    hidden state into class probabilities. Training minimises the log loss.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for an indicator matrix ``range(n_labels)``.

    {attributes}

    See Also
    --------
    LSTMClassifier : The same with an LSTM cell, which has a separate memory.
    GRURegressor : The same network for numbers.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", EMNLP 2014.

    Examples
    --------
    >>> from skrnn import GRUClassifier
    >>> from skrnn.datasets import load_japanese_vowels
    >>> X, y = load_japanese_vowels(subset="train", return_X_y=True)
    >>> model = GRUClassifier(16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True

    Codes of words, or of other categories, become vectors that are learned with the rest:

    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(10, size=(200, 6, 1))  # six of ten words
    >>> y = (X == 7).any(axis=(1, 2))
    >>> model = GRUClassifier(16, categorical_features=[0], random_state=0).fit(X, y)
    >>> model.score(X, y)
    1.0
    >>> model.named_parameters()["weight_embedding_0"].shape
    (10, 5)
    """


@with_parameters
@dataclass(eq=False, repr=False)
class RNNClassifier(AnyCell, RecurrentClassifier):
    """Recurrent network from a sequence to a class, with the cell as a parameter.

    One or more recurrent layers read the sequence; a dense layer turns the pooled hidden state into
    class probabilities. Training minimises the log loss. The default is the plain cell of Elman
    (1990). The parameter ``cell`` selects another cell, such as a GRU or an LSTM, so a grid search
    can compare cells.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for an indicator matrix ``range(n_labels)``.

    {attributes}

    See Also
    --------
    GRUClassifier : The same with a GRU.
    LSTMClassifier : The same with an LSTM.

    References
    ----------
    J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990.

    Examples
    --------
    >>> from skrnn import RNNClassifier
    >>> from skrnn.datasets import load_japanese_vowels
    >>> X, y = load_japanese_vowels(subset="train", return_X_y=True)
    >>> model = RNNClassifier(16, cell="gru", random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class RNNStepRegressor(AnyCell, StepRegressor):
    """Recurrent network from every step of a sequence to numbers.

    One or more recurrent layers read the sequence; a dense layer turns the hidden state after each
    step into a prediction. So the prediction for a step depends on that step and on those before
    it; with ``bidirectional`` also on those after it. Training minimises ``loss``.

    X may be a table with a row for each step, and y a column beside it: then ``predict`` returns a
    value for each row, and every tool of scikit-learn for tables works. To leave out whole
    sequences in cross-validation, use ``GroupKFold``.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    quantiles_ : ndarray of shape (n_quantiles,) or None
        The quantiles of ``predict_quantiles``, sorted; None unless ``loss="quantile"``.

    {attributes}

    See Also
    --------
    RNNStepClassifier : The same for classes.
    RNNRegressor : One target for each sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNStepRegressor
    >>> X = np.random.default_rng(0).standard_normal((300, 20, 1))  # 300 sequences of 20 steps
    >>> y = X.cumsum(axis=1)[:, :, 0] / 5  # a running total
    >>> model = RNNStepRegressor(16, cell="gru", random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (300, 20)
    >>> model.score(X, y) > 0.95
    True
    """


@with_parameters
@dataclass(eq=False, repr=False)
class RNNStepClassifier(AnyCell, StepClassifier):
    """Recurrent network from every step of a sequence to a class.

    One or more recurrent layers read the sequence; a dense layer turns the hidden state after each
    step into class probabilities. So the prediction for a step depends on that step and on those
    before it; with ``bidirectional`` also on those after it. Training minimises the log loss.

    X may be a table with a row for each step, and y a column beside it: then ``predict`` returns a
    class for each row, and every tool of scikit-learn for tables works. To leave out whole
    sequences in cross-validation, use ``GroupKFold``.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for indicators ``range(n_labels)``.

    {attributes}

    See Also
    --------
    RNNStepRegressor : The same for numbers.
    RNNClassifier : One class for each sequence.

    Examples
    --------
    The word "hello", letter by letter: after each letter, the next one.

    >>> import numpy as np
    >>> from skrnn import RNNStepClassifier
    >>> letters = np.array(list("helo"))
    >>> X = (np.array(list("hell"))[:, np.newaxis] == letters).astype(float)  # one-hot rows
    >>> y = list("ello")
    >>> model = RNNStepClassifier(8, random_state=0).fit(X, y)
    >>> "".join(model.predict(X))
    'ello'
    """


@with_parameters
@dataclass(eq=False, repr=False)
class RNNEncoderDecoder(EncoderDecoderEstimator):
    """Recurrent networks from one sequence to another: strings in, strings or numbers out.

    An encoder reads a sequence; a decoder then writes another one, of a length of its own, one step
    after the other (Sutskever et al. 2014, Cho et al. 2014). With attention, the decoder looks at
    all hidden states of the encoder at every step. For strings, the decoder writes symbols until it
    writes the end, and training minimises the log loss of the next symbol, given those before it in
    y. For numbers over several steps, it reads its own outputs, and training minimises ``loss``.

    It is not a classifier: strings are no classes, so folds are not stratified by them.
    ``scoring="accuracy"`` is the share of strings that are exactly right.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    input_symbols_ : ndarray of str objects
        The symbols in X, in the order of their codes, which begin with 1; if X has strings. Code 0
        is for unknown symbols, and the last one is for the end.

    output_symbols_ : ndarray of str objects
        The symbols in y, if y has strings.

    {attributes}

    See Also
    --------
    RNNStepClassifier : One label for each step, where both sequences have the same steps.
    sample : Goes on with a text.

    References
    ----------
    I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to sequence learning with neural networks",
    NeurIPS 2014.

    D. Bahdanau, K. Cho and Y. Bengio, "Neural machine translation by jointly learning to align and
    translate", ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNEncoderDecoder
    >>> rng = np.random.default_rng(0)
    >>> X = ["".join(rng.choice(list("abc"), size=rng.integers(1, 5))) for _ in range(400)]
    >>> y = [x[::-1] for x in X]  # read backwards
    >>> model = RNNEncoderDecoder(32, max_iter=30, random_state=0).fit(X, y)
    >>> model.predict(["abc", "cab"])
    array(['cba', 'bac'], dtype=object)
    """
