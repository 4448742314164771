"""What estimators share whose network is layers and a head: hidden states, and rows one by one."""

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skrnn.estimators._architecture import layer_sizes
from skrnn.estimators._base import RecurrentEstimator
from skrnn.estimators._state import StateMixin
from skrnn.network.stack import Network


class HiddenStateEstimator(
    StateMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, RecurrentEstimator
):
    """Layers and a head, which subclasses describe (``_head``, ``_outputs``)."""

    def _make_network(self, data, target, resume):
        return Network(
            self._cell_name(),
            data.sequences.shape[2],
            layer_sizes(self.hidden_layer_sizes),
            target.n_outputs,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            embeddings=self._embedding_shapes,
            embedding_dropout=self.embedding_dropout,
            **self._head(data, target, resume),
        )

    @property
    def _n_features_out(self):
        return self._network.width

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
