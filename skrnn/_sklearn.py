"""The one module that knows scikit-learn's private names, and how its versions differ.

Everything here has the same meaning as in scikit-learn, from 1.6 to the newest.
"""

from sklearn.base import _fit_context as fit_context
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support, check_pandas_support
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled
from sklearn.utils.parallel import _get_threadpool_controller as threadpool_controller
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as num_samples

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9 has no callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]  # of the import that failed
        """An estimator without callbacks."""

        def _init_callback_context(self, **kwargs):
            return Unwatched()


class Unwatched:
    """A task that nobody watches."""

    def subcontext(self, **kwargs):
        return self

    def call_on_fit_task_begin(self, **kwargs):
        return self

    def call_on_fit_task_end(self, **kwargs):
        return False


__all__ = [
    "CallbackSupportMixin",
    "GroupsConsumerMixin",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "Unwatched",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_pandas_support",
    "check_sample_weight",
    "fit_context",
    "num_samples",
    "routing_enabled",
    "safe_indexing",
    "threadpool_controller",
    "validate_params",
]
