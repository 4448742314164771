"""What a fitted estimator of sequences relies on: its features, and how far back it looks."""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from skrnn._sklearn import HasMethods, Interval, Options, StrOptions, safe_indexing, validate_params
from skrnn.sequences import Sequences
from skrnn.validation import is_table, without_padding

__all__ = ["permutation_importance"]


@validate_params(
    {
        "estimator": [HasMethods(["fit"])],
        "X": ["array-like", Sequences],
        "y": ["array-like", None],
        "by": [StrOptions({"feature", "lag"})],
        "scoring": [StrOptions(set(get_scorer_names())), callable, list, tuple, dict, None],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "sample_weight": ["array-like", None],
        "max_samples": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
            Options(Real, {1.0}),
        ],
    },
    prefer_skip_nested_validation=True,
)
def permutation_importance(
    estimator, X, y, *, by="feature", scoring=None, n_repeats=5, n_jobs=None, random_state=None,
    sample_weight=None, max_samples=1.0,
):  # fmt: skip
    """Permutation importance of the features, or of the lags, of sequences.

    Like :func:`sklearn.inspection.permutation_importance`, for sequences, of different lengths
    too: how much worse the score is if a feature, or a lag, of each sequence is that of another
    one.

    Lags are counted from the end of each sequence: lag 0 is the last step. Values stay at their
    lag: a feature is exchanged step by step with the same other sequence, as far as it reaches; a
    lag that few sequences have is exchanged among these.

    Parameters
    ----------
    estimator : object
        A fitted estimator, or a fitted Pipeline, that takes sequences.

    X : 3-D array-like, list of arrays or Sequences
        The sequences. Windows are copied: they take as much memory as an array of them.

    y : array-like of shape (n_samples,) or (n_samples, n_outputs), or None
        The targets, in the form that ``estimator.score`` takes.

    by : {'feature', 'lag'}, default='feature'
        What is exchanged: one feature at all steps, or all features at one lag.

    scoring : str, callable, list, tuple or dict, default=None
        The scorer, or several, as in scikit-learn; None is ``estimator.score``.

    n_repeats : int, default=5
        How often each is exchanged.

    n_jobs : int or None, default=None
        The number of jobs, each of which takes a feature or a lag at a time.

    random_state : int, RandomState instance or None, default=None
        Draws with which other sequence values are exchanged. Pass an int for the same result in
        each call.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights that are passed to the scorer.

    max_samples : int or float, default=1.0
        How many sequences are drawn, without replacement, for each feature or lag: a number, or a
        share of all of them.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch` or dict of such instances
        With several scores a dict by their names. It has the attributes

        importances_mean : ndarray of shape (n_features,) or (n_lags,)
            Means over the repeats. Entry k is feature k, or the lag of k steps before the last.
        importances_std : ndarray of shape (n_features,) or (n_lags,)
            Standard deviations over the repeats.
        importances : ndarray of shape (n_features, n_repeats) or (n_lags, n_repeats)
            By how much each score is below that of the sequences as they are.

    Raises
    ------
    ValueError
        If X is a 2-D table or is not valid, or if ``max_samples`` is greater than the number of
        sequences.

    References
    ----------
    L. Breiman, "Random Forests", Machine Learning, 45(1), 5-32, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.inspection import permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(200, 4, 2))
    >>> y = X[:, -1, 0]  # the last step of the first feature
    >>> model = GRURegressor(8, random_state=0).fit(X, y)
    >>> permutation_importance(model, X, y, random_state=0).importances_mean.argmax()
    np.int64(0)
    >>> permutation_importance(model, X, y, by="lag", random_state=0).importances_mean.round()
    array([2., 0., 0., 0.])
    """
    if is_table(X):
        raise ValueError(
            "X is 2-D; expected sequences: a 3-D array, a list of arrays or Sequences. If each row "
            "of X is a sequence, its columns are the lags: use "
            "sklearn.inspection.permutation_importance."
        )
    packed = Packed(without_padding(X))
    check_consistent_length(packed.sequences, y, sample_weight)
    n_samples = len(packed.sequences)
    if not isinstance(max_samples, Integral):
        max_samples = max(1, int(max_samples * n_samples))
    elif max_samples > n_samples:
        raise ValueError(
            f"max_samples={max_samples} is greater than the number of sequences, {n_samples}."
        )
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    score = _Score(check_scoring(estimator, scoring=scoring), estimator, y, sample_weight)
    baseline = score(packed.sequences, np.arange(n_samples))
    n_parts = packed.sequences.shape[2 if by == "feature" else 1]
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_permuted_scores)(packed, score, by, part, n_repeats, max_samples, seed)
        for part in range(n_parts)
    )
    if not isinstance(baseline, dict):
        return _bunch(baseline, scores)
    return {
        name: _bunch(value, [[s[name] for s in of_part] for of_part in scores])
        for name, value in baseline.items()
    }


def _bunch(baseline, scores):
    importances = baseline - np.array(scores)  # (n_parts, n_repeats)
    return Bunch(
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        importances=importances,
    )


class _Score:
    """The score of an estimator on some of the samples, of which only X is passed."""

    def __init__(self, scorer, estimator, y, sample_weight):
        self.scorer = scorer
        self.estimator = estimator
        self.y = y
        self.sample_weight = sample_weight

    def __call__(self, sequences, index):
        y = None if self.y is None else safe_indexing(self.y, index)
        if self.sample_weight is None:
            return self.scorer(self.estimator, sequences, y)
        weight = safe_indexing(self.sample_weight, index)
        return self.scorer(self.estimator, sequences, y, sample_weight=weight)


def _permuted_scores(packed, score, by, part, n_repeats, max_samples, seed):
    """The scores with one feature or lag exchanged; the exchanges are those of all others too."""
    rng = check_random_state(seed)
    n_samples = len(packed.sequences)
    index = np.arange(n_samples)
    if max_samples < n_samples:
        index = rng.choice(n_samples, max_samples, replace=False)
        packed = Packed(packed.sequences[index])
    exchange = packed.exchange_feature if by == "feature" else packed.exchange_lag
    return [score(exchange(part, rng.permutation(len(index))), index) for _ in range(n_repeats)]


class Packed:
    """Sequences that share no rows, so that each has its own values at each lag.

    Parameters
    ----------
    sequences : Sequences
        Their steps are copied.
    """

    def __init__(self, sequences):
        lengths = sequences.lengths
        starts = np.cumsum(lengths) - lengths
        self.sample = np.repeat(np.arange(len(lengths)), lengths)  # of each step, (n_steps,)
        step = np.arange(len(self.sample)) - starts[self.sample]
        first_rows = sequences.starts[self.sample] + step * sequences.segment
        self.sequences = Sequences(sequences._steps_at(first_rows), starts, lengths)
        self.lag = lengths[self.sample] - 1 - step

    def exchange_feature(self, feature, order):
        """One feature, at all lags; ``order`` is a permutation of the samples."""
        return self._exchange(np.arange(len(self.lag)), order, feature)

    def exchange_lag(self, lag, order):
        """All features, at one lag."""
        return self._exchange(np.flatnonzero(self.lag == lag), order, slice(None))

    def _exchange(self, steps, order, columns):
        """Give steps the values of others at the same lag, in the order of their samples."""
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        sample, lag = self.sample[steps], self.lag[steps]
        to, source = steps[np.lexsort((sample, lag))], steps[np.lexsort((place[sample], lag))]
        rows = self.sequences.rows.copy()
        rows[to, columns] = rows[source, columns]
        return Sequences(rows, self.sequences.starts, self.sequences.lengths)
