"""The estimator that reads one sequence and writes another."""

from copy import copy
from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import fit_context
from skrnn.estimators._base import RecurrentEstimator, trains_by_minibatches
from skrnn.estimators._blas import single_threaded_blas
from skrnn.estimators._data import Given
from skrnn.estimators._decoder import EncoderDecoderParameters
from skrnn.estimators._embedding import auto_dim, check_codes, embedding_shapes
from skrnn.estimators._pairs import PairedSamples, as_written, given_by
from skrnn.network.encoder_decoder import EncoderDecoder
from skrnn.network.pairs import Pairs
from skrnn.network.writing import write_at_random, write_best, write_numbers, writers
from skrnn.sequences import Sequences
from skrnn.targets import (
    Strings,
    Symbols,
    are_strings,
    checked_strings,
    refuse_other_text,
    written_target,
)
from skrnn.validation import check_features, check_sequences, is_table, remember_features


def writes_strings(estimator):
    """Whether y of ``fit`` had strings."""
    check_is_fitted(estimator)
    if not isinstance(estimator._target, Strings):
        raise AttributeError("This method needs strings as y, but y of fit had numbers.")
    return True


def require_separator(symbols, separator, name):
    """Raise a ValueError if a parameter is another one than in ``fit``."""
    if separator != symbols.separator:
        raise ValueError(
            f"{name}={separator!r}, but it was {symbols.separator!r} in fit. Set it again, or fit "
            f"a new estimator."
        )


@dataclass(eq=False, repr=False)
class EncoderDecoderEstimator(EncoderDecoderParameters, RecurrentEstimator):
    """An encoder that reads, and a decoder that writes."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Ctrl-C stops training with a warning. The model of the last complete epoch is kept, or of
        the best one with ``early_stopping`` or a number as ``n_iter_no_change``.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read: strings; or sequences in any form that other estimators take, see
            :class:`~skrnn.RNNRegressor`. Without an encoder (``hidden_layer_sizes=()``) a table
            (n_samples, n_features).
        y : array-like of str of shape (n_samples,), or of numbers
            What is to be written: strings, which may be empty; or numbers over several steps, an
            array (n_samples, n_steps) or (n_samples, n_steps, n_outputs), or a list of arrays
            (n_steps_i,) or (n_steps_i, n_outputs).
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the samples, at least 0, for all steps of y; None is 1 for all.
        X_val : array-like or sequences, default=None
            What to read for validation, in a form that X may have. Only with
            ``early_stopping=True``; then nothing is held out of X.
        y_val : array-like, default=None
            What is to be written for X_val, in a form that y may have. Strings have symbols of y
            only.
        sample_weight_val : array-like of shape (n_val,), default=None
            The weights of the validation samples, at least 0; None is 1 for all.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, or if training diverges. After an error,
            the estimator stays as it was before.
        """
        return self._fit(X, y, sample_weight, Given(X_val, y_val, sample_weight_val))

    @available_if(trains_by_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on more samples, continuing from the previous call.

        The first call learns the symbols, or the scale of the numbers. ``teacher_forcing`` is one
        number here, as a pair needs to know when training ends.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.
        y : array-like
            What is to be written, in a form that ``fit`` takes.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the samples; None is 1 for all.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data is not as described, if y has a symbol that the first call
            did not have, or if training diverges. After an error, the estimator stays as it was.
        """
        if np.ndim(self.teacher_forcing) > 0:
            raise ValueError(
                f"partial_fit is not supported with teacher_forcing={self.teacher_forcing!r}: it "
                f"does not know when training ends. Set one number."
            )
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X):
        """Write a sequence for each one that is read.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.

        Returns
        -------
        ndarray
            Strings, an array of objects of shape (n_samples,); or numbers in the units of y,
            (n_samples, n_steps) or (n_samples, n_steps, n_outputs).

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        if self._writes_strings():
            return self._target.decode(self._written(X)[0])
        n_steps, lengths = self.n_steps, self._target.lengths
        self._validate_params()
        if n_steps is None and len(lengths) > 1:
            raise ValueError(
                f"y of fit had from {lengths[0]} to {lengths[-1]} steps, so predict does not know "
                f"how many to write. Set n_steps, e.g. with set_params(n_steps={lengths[-1]})."
            )
        n_steps = int(lengths[0]) if n_steps is None else n_steps
        return self._target.decode(
            np.concatenate([write_numbers(writer, n_steps) for writer, _ in self._writers(X)])
        )

    @available_if(writes_strings)
    def predict_log_proba(self, X):
        """Compute the logarithm of the probability of each predicted string.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            That of all symbols and the end together, for the strings that ``predict`` gives.

        Raises
        ------
        ValueError
            If X is not as described, or so large that a prediction overflows.
        """
        return self._written(X)[1]

    @available_if(writes_strings)
    def sample(self, X, *, temperature=1.0, random_state=None):
        """Write strings at random, each with the probability that the network gives it.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.
        temperature : float, default=1.0
            By what the logarithms of the probabilities are divided. Below 1 likely symbols become
            more likely; above 1 all become more alike.
        random_state : int, RandomState instance or None, default=None
            Draws the symbols.

        Returns
        -------
        ndarray of str objects of shape (n_samples,)
            One string for each sample, of at most ``max_length`` symbols.

        Raises
        ------
        ValueError
            If X is not as described, or if the temperature is not greater than 0.
        """
        if not isinstance(temperature, Real) or not 0 < temperature < np.inf:
            raise ValueError(f"temperature={temperature!r}; expected a number greater than 0.")
        self._validate_params()
        rng, codes = check_random_state(random_state), []
        for writer, n in self._writers(X):
            uniform = rng.uniform(size=(n, self._max_length()))
            codes += write_at_random(writer, self._target.symbols.end, uniform, temperature)
        return self._target.decode(codes)

    def attention_weights(self, X, y=None):
        """Compute what the decoder looks at when it writes.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.
        y : array-like, default=None
            What is written, in a form that ``fit`` takes; None is what ``predict`` gives.

        Returns
        -------
        list of ndarray of shape (n_written, n_read)
            For each sample and each step that is written, how the weight of 1 is spread over the
            steps that are read. Of strings, the end of each is one more step.

        Raises
        ------
        ValueError
            If there is no attention, or if X or y is not as described.
        """
        check_is_fitted(self)
        if self._network.attention is None:
            raise ValueError(
                "The network has no attention. Fit with attention='dot' or attention='additive', "
                "and with an encoder."
            )
        y = self.predict(X) if y is None else y
        sequences = self._read_X(X, reset=False)
        samples = self._samples(sequences, y)
        target = self._make_target(samples.y)
        values = target.validate(samples.y)
        target.go_on_from(self._target, values)
        pairs = Pairs(sequences, given_by(target.encode(values, self._theta.dtype)))
        result = []
        with single_threaded_blas():
            for minibatch, trace in self._network.read(self._theta, pairs):
                given, source = minibatch.given, minibatch.source
                n_read = source.lengths[minibatch.partners]
                found = [None] * given.n_sequences
                for k in range(given.n_sequences):
                    rows = given.offsets[: given.lengths[k]] + k
                    begins = trace.attention.weight_begins[rows]
                    weights = trace.attention.weights[begins[:, np.newaxis] + np.arange(n_read[k])]
                    found[given.positions[k]] = weights
                result += found
        return result

    def score(self, X, y, sample_weight=None):
        """Compute the share of strings that are exactly right, or R² of numbers.

        Parameters
        ----------
        X : array-like of str of shape (n_samples,), or sequences
            What is read, in a form that ``fit`` takes.
        y : array-like
            What should be written, in a form that ``fit`` takes. Numbers have as many steps as
            ``predict`` writes.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the samples; None is 1 for all.

        Returns
        -------
        float
            The share, from 0 to 1; or R², the mean over all steps and outputs.
        """
        predicted = self.predict(X)
        y = as_written(copy(self._target).validate(y))
        if self._writes_strings():
            return float(accuracy_score(y, predicted, sample_weight=sample_weight))
        if y.shape[1:] != predicted.shape[1:]:
            raise ValueError(
                f"y has shape {y.shape}, but predict writes {predicted.shape}; expected the same. "
                f"Set n_steps to the number of steps of y."
            )
        y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
        return r2_score(y, predicted, sample_weight=sample_weight)

    def _writes_strings(self):
        check_is_fitted(self)
        return isinstance(self._target, Strings)

    def _writers(self, X):
        """For the samples in groups, who writes, and for how many."""
        check_is_fitted(self)
        sequences = self._read_X(X, reset=False)
        if self._writes_strings():
            require_separator(self._target.symbols, self.output_separator, "output_separator")
        with single_threaded_blas():
            yield from writers(self._network, self._theta, sequences)

    def _written(self, X):
        """The codes of the predicted strings, and the logarithms of their probabilities."""
        self._validate_params()  # those of prediction may be set after fit
        codes, log_probas = [], []
        for writer, _ in self._writers(X):
            found = write_best(writer, self._target.symbols.end, self._max_length(), self.beam_size)
            codes += found[0]
            log_probas.append(found[1])
        log_probas = np.concatenate(log_probas)
        if not np.isfinite(log_probas).all():
            raise ValueError(
                f"The prediction of sample {int(np.isfinite(log_probas).argmin())} is not finite: "
                f"it overflows. Check that X is scaled as in fit."
            )
        return codes, log_probas

    def _max_length(self):
        return 2 * max(1, self._target.longest) if self.max_length is None else self.max_length

    def _read_X(self, X, *, reset, dtype=None):
        dtype = dtype or self._dtype(reset=reset)
        if reset:  # what an earlier fit to other data has left
            for name in ("feature_names_in_", "input_symbols_", "output_symbols_"):
                vars(self).pop(name, None)
        refuse_other_text(X, "X")
        if are_strings(X):
            return self._read_strings(checked_strings(X, "X"), reset, dtype or np.dtype(np.float32))
        is_encoded = isinstance(X, Sequences) and self._input_symbols(reset) is not None
        if not reset and self._input_symbols(reset) is not None and not is_encoded:
            found = "is empty" if hasattr(X, "__len__") and len(X) == 0 else "has no strings"
            raise ValueError(
                f"X {found}; expected a list or 1-D array of strings, as X of fit was."
            )
        sequences = check_sequences(self, X, dtype=dtype)
        if reset:
            self._symbols = None
            remember_features(self, X, sequences)
        else:
            check_features(self, X, sequences)
        sequences = self._as_rows(X, sequences)
        if not reset:
            check_codes(self, sequences)
        return sequences

    def _read_strings(self, strings, reset, dtype):
        if not self._encoder_sizes():
            raise ValueError(
                "X has strings, but without an encoder (hidden_layer_sizes=()) each sample may "
                "have one step only. Pass a table (n_samples, n_features), or set "
                "hidden_layer_sizes."
            )
        if reset:
            self._symbols = Symbols(self.input_separator).fit(strings)
            self.input_symbols_ = np.array(list(self._symbols.codes), object)
            self.n_features_in_, self._fitted_on_table = 1, False
        if self._symbols is None:
            raise ValueError("X has strings, but X of fit had numbers. Pass numbers.")
        require_separator(self._symbols, self.input_separator, "input_separator")
        return self._symbols.encode(strings, "X", dtype, handle_unknown=self.handle_unknown)

    def _input_symbols(self, reset):
        return None if reset else self._symbols

    def _as_rows(self, X, sequences):
        """Without an encoder, each row of a table as one step."""
        if len(self._encoder_sizes()):
            return sequences
        if is_table(X):
            index = np.arange(len(sequences))
            return Sequences(sequences.rows.reshape(len(sequences), -1), index, np.ones_like(index))
        if sequences.shape[1] > 1:
            raise ValueError(
                f"X has sequences of up to {sequences.shape[1]} steps, but without an encoder "
                f"(hidden_layer_sizes=()) each may have one step only. Pass a table (n_samples, "
                f"n_features), or set hidden_layer_sizes."
            )
        return sequences

    def _samples(self, sequences, y):
        return PairedSamples(sequences, y, n_hidden=int(self._symbols is not None))

    def _make_target(self, y):
        return written_target(
            y, self.output_separator, self.label_smoothing, self.loss, self.normalize_y
        )

    def _embeddings(self, samples, earlier):
        if self._symbols is None:
            # The parameters of embeddings have an effect on the decoder too.
            earlier = {} if earlier is None and are_strings(samples.y) else earlier
            return embedding_shapes(self, samples.sequences, earlier)
        return {0: (self._symbols.n_codes, auto_dim(self.embedding_dim, self._symbols.n_codes))}

    def _make_network(self, data, target, resume):
        sizes, decoder_embeddings = self._encoder_sizes(), None
        if isinstance(target, Strings):
            self._check_length(target)
            dim = auto_dim(self.embedding_dim, target.n_outputs)
            decoder_embeddings = {0: (target.n_outputs, dim)}
        return EncoderDecoder(
            self._cell_name(),
            data.sequences.shape[2],
            sizes,
            target.n_outputs,
            n_given=target.n_given,
            decoder_layer_sizes=self._decoder_sizes(),
            bidirectional=self.bidirectional,
            attention=self.attention if sizes else None,
            dropout=self.dropout,
            embeddings=self._embedding_shapes,
            decoder_embeddings=decoder_embeddings,
            embedding_dropout=self.embedding_dropout,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.target_tags.required = True
        tags.target_tags.one_d_labels, tags.target_tags.two_d_labels = False, True
        return tags
