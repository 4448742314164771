"""How much a score falls without each feature, or without each lag."""

from skrnn.inspection import permutation_importance
from skrnn.plotting._axes import axes_of


class PermutationImportanceDisplay:
    """Permutation importance of features as bars, or of lags as a line.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    importances : ndarray of shape (n_features, n_repeats) or (n_lags, n_repeats)
        As :func:`skrnn.inspection.permutation_importance` returns them.

    by : {'feature', 'lag'}, default='feature'
        What they are importances of.

    feature_names : sequence of str or None, default=None
        The names of the features; None numbers them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    container_ : matplotlib BarContainer or ErrorbarContainer
        The means, with the standard deviations over the repeats as error bars.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.plotting import PermutationImportanceDisplay
    >>> X = np.random.default_rng(0).normal(size=(200, 12, 2))
    >>> y = X[:, -3:, 0].mean(axis=1)
    >>> model = GRURegressor(8, max_iter=5).fit(X, y)
    >>> display = PermutationImportanceDisplay.from_estimator(model, X, y, by="lag")
    >>> display.importances.shape
    (12, 5)
    """

    def __init__(self, *, importances, by="feature", feature_names=None):
        self.importances = importances
        self.by = by
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, by="feature", scoring=None, n_repeats=5, n_jobs=None,
        random_state=None, sample_weight=None, max_samples=1.0, feature_names=None, ax=None,
        **kwargs,
    ):  # fmt: skip
        """Plot what :func:`skrnn.inspection.permutation_importance` finds.

        Parameters
        ----------
        estimator : object
            A fitted estimator, or a fitted Pipeline, that takes sequences.

        X : 3-D array-like, list of arrays or Sequences
            The sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs), or None
            Their targets.

        by : {'feature', 'lag'}, default='feature'
            What is exchanged: one feature at all steps, or all features at one lag.

        scoring : str or callable, default=None
            The scorer; None is ``estimator.score``.

        n_repeats : int, default=5
            How often each is exchanged.

        n_jobs : int or None, default=None
            The number of jobs.

        random_state : int, RandomState instance or None, default=None
            Draws with which other sequence values are exchanged.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights that are passed to the scorer.

        max_samples : int or float, default=1.0
            How many sequences are drawn for each feature or lag.

        feature_names : sequence of str or None, default=None
            The names of the features; None takes those that the estimator was fitted with, if it
            has one for each feature.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        **kwargs : dict
            Passed to ``bar`` of matplotlib, or to ``errorbar`` for lags.

        Returns
        -------
        PermutationImportanceDisplay
            The display, with the axes and figure as attributes.
        """
        found = permutation_importance(
            estimator, X, y, by=by, scoring=scoring, n_repeats=n_repeats, n_jobs=n_jobs,
            random_state=random_state, sample_weight=sample_weight, max_samples=max_samples,
        )  # fmt: skip
        if feature_names is None:
            known = getattr(estimator, "feature_names_in_", ())
            feature_names = known if len(known) == len(found.importances) else None
        display = cls(importances=found.importances, by=by, feature_names=feature_names)
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax=None, **kwargs):
        """Plot the means, with the standard deviations over the repeats.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        **kwargs : dict
            Passed to ``bar`` of matplotlib, or to ``errorbar`` for lags.

        Returns
        -------
        PermutationImportanceDisplay
            The display itself.
        """
        self.ax_ = axes_of(self, ax)
        self.figure_ = self.ax_.figure
        mean, std = self.importances.mean(axis=1), self.importances.std(axis=1)
        places = range(len(mean))
        if self.by == "lag":
            self.container_ = self.ax_.errorbar(places, mean, yerr=std, **kwargs)
            self.ax_.set_xlabel("Steps before the last")
        else:
            self.container_ = self.ax_.bar(places, mean, yerr=std, **kwargs)
            self.ax_.set_xlabel("Feature")
            if self.feature_names is not None:
                self.ax_.set_xticks(places, labels=list(self.feature_names))
        self.ax_.set_ylabel("Decrease of the score")
        return self
