"""A transformer of rows, applied to the steps of sequences."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrnn._onnx import OnnxMixin
from skrnn._output import NoFrameMixin
from skrnn._saving import SavedMixin
from skrnn._sklearn import HasMethods, fit_context
from skrnn.sequences import Sequences
from skrnn.validation import check_features, check_sequences, remember_features


def _inner_has(method):
    """Whether the transformer, fitted or not yet, has a method."""
    return available_if(
        lambda self: hasattr(getattr(self, "transformer_", self.transformer), method)
    )


class PerStep(
    OnnxMixin, NoFrameMixin, MetaEstimatorMixin, TransformerMixin, SavedMixin, BaseEstimator
):
    """Apply a transformer of tables to the steps of sequences.

    The transformer gets a table with one row for each step. It can be a scaler, an imputer, PCA, or
    a ColumnTransformer that selects its columns by position. It is fitted on the steps of all
    sequences, without padding. A step that overlapping windows share counts once. So scaling the
    windows of a series gives the same values as scaling the series, and memory grows with the
    number of rows of the series.

    Parameters
    ----------
    transformer : transformer
        A transformer of tables (n_steps, n_features), which is cloned. It is fitted without y,
        because y has one value for each sequence, not for each step. It must return one row for
        each row that it gets.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.

    n_features_in_ : int
        The number of features of a step; for a 2-D X the number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        The column names of X. Defined only if X is a table whose column names are all strings.

    Notes
    -----
    In cross-validation the transformer is fitted on the training fold alone. Windows made before a
    split in time do not leak, as those of the training fold end before the test fold begins; for
    targets h steps ahead use ``TimeSeriesSplit(gap=h)``. A split that shuffles windows does leak,
    as training and test windows then share rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn import PerStep
    >>> X = [np.array([[1.0], [3.0]]), np.array([[2.0]])]
    >>> scaler = PerStep(StandardScaler(with_std=False)).fit(X)
    >>> for x in scaler.transform(X):
    ...     print(x.ravel())
    [-1.  1.]
    [0.]
    """

    _parameter_constraints = {"transformer": [HasMethods(["fit", "transform"])]}

    def __init__(self, transformer):
        self.transformer = transformer

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the transformer on all steps.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences: (n_samples, n_timesteps, n_features); a list of
            (n_timesteps_i, n_features) arrays; :class:`~skrnn.Sequences`; or a table
            (n_samples, n_timesteps), one univariate sequence per row. In 3-D and ragged input
            leading and trailing steps that are all NaN are padding.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        sequences = check_sequences(self, X, allow_nan=True)
        transformer = clone(self.transformer).fit(sequences.rows[sequences._used_rows()])
        remember_features(self, X, sequences)
        self.transformer_ = transformer
        return self

    def transform(self, X):
        """Transform all steps.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        Returns
        -------
        Sequences
            The transformed steps, in sequences of the same lengths, without padding.
        """
        check_is_fitted(self)
        sequences = check_sequences(self, X, allow_nan=True)
        check_features(self, X, sequences)
        return _mapped(self.transformer_.transform, sequences)

    @_inner_has("inverse_transform")
    def inverse_transform(self, X):
        """Transform all steps back, if the transformer has ``inverse_transform``.

        Parameters
        ----------
        X : array-like, list of arrays or Sequences
            Transformed sequences.

        Returns
        -------
        Sequences
            The original steps, in sequences of the same lengths, without padding.
        """
        check_is_fitted(self)
        sequences = check_sequences(self, X, allow_nan=True)
        return _mapped(self.transformer_.inverse_transform, sequences)

    @_inner_has("get_feature_names_out")
    def get_feature_names_out(self, input_features=None):
        """Name the features of a transformed step, as the transformer does.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The names of the features of a step.

        Returns
        -------
        ndarray of str objects
            One name for each feature.
        """
        check_is_fitted(self)
        return self.transformer_.get_feature_names_out(input_features)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = get_tags(self.transformer).input_tags.allow_nan
        return tags


def _mapped(function, sequences):
    """Sequences of the same lengths, with a function applied to the rows that they use."""
    used = sequences._used_rows()
    rows = function(sequences.rows[used])
    if rows.shape[0] != used.sum():
        raise ValueError(
            f"The transformer returned {rows.shape[0]} rows for {used.sum()} steps; expected one "
            f"row for each step."
        )
    starts = (np.cumsum(used) - 1)[sequences.starts]
    return Sequences(rows, starts, sequences.lengths, sequences.segment)
