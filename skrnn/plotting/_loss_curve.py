"""The losses and the scores in each epoch."""

from sklearn.utils.validation import check_is_fitted

from skrnn.plotting._axes import axes_of, expect


class LossCurveDisplay:
    """Losses and scores of a fit in each epoch, in training and in validation.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    loss_curve : list of float
        The mean loss of each epoch.

    validation_loss_curve : list of float or None, default=None
        The loss on the validation data after each epoch, if there were validation data.

    train_scores : list of float or None, default=None
        The score on the training data after each epoch, if there was a scorer.

    validation_scores : list of float or None, default=None
        The score on the validation data after each epoch, if there was a scorer.

    estimator_name : str or None, default=None
        The name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the losses.

    score_ax_ : matplotlib Axes or None
        The axes of the scores, on the right; None without scores.

    figure_ : matplotlib Figure
        The figure.

    lines_ : list of matplotlib Line2D
        The training loss; then, where there are such, the validation loss, the training score and
        the validation score.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.plotting import LossCurveDisplay
    >>> X = np.random.default_rng(0).uniform(size=(200, 12))
    >>> model = GRURegressor(8, max_iter=5, early_stopping=True)
    >>> display = LossCurveDisplay.from_estimator(model.fit(X, X.mean(axis=1)))
    >>> display.ax_.get_xlabel()
    'Epoch'
    """

    def __init__(
        self, *, loss_curve, validation_loss_curve=None, train_scores=None, validation_scores=None,
        estimator_name=None,
    ):  # fmt: skip
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.train_scores = train_scores
        self.validation_scores = validation_scores
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, name=None, **kwargs):
        """Plot the training of a fitted estimator.

        Parameters
        ----------
        estimator : estimator instance
            A fitted estimator with ``loss_curve_``, of this package or scikit-learn's MLP.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        name : str, default=None
            The name in the legend; None takes the name of the class.

        **kwargs : dict
            Passed to ``plot`` of matplotlib for the training loss.

        Returns
        -------
        LossCurveDisplay
            The display, with the axes, figure and lines as attributes.
        """
        check_is_fitted(estimator)
        expect(estimator, "loss_curve_")
        losses = getattr(estimator, "validation_loss_curve_", None)
        train_scores = getattr(estimator, "train_scores_", None)
        scores = getattr(estimator, "validation_scores_", None)
        if losses and not train_scores:
            scores = None  # they are the negative losses
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_loss_curve=losses,
            train_scores=train_scores,
            validation_scores=scores,
            estimator_name=name or type(estimator).__name__,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax=None, **kwargs):
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        **kwargs : dict
            Passed to ``plot`` of matplotlib for the training loss.

        Returns
        -------
        LossCurveDisplay
            The display itself.
        """
        self.ax_ = axes_of(self, ax)
        self.figure_, self.score_ax_ = self.ax_.figure, None
        self.lines_ = []
        label = "Training loss" + (f" of {self.estimator_name}" if self.estimator_name else "")
        self._add(self.ax_, self.loss_curve, **({"label": label} | kwargs))
        same = {"color": self.lines_[0].get_color()}
        self._add(
            self.ax_, self.validation_loss_curve, linestyle="--", label="Validation loss", **same
        )
        self.ax_.set(xlabel="Epoch", ylabel="Loss" if len(self.lines_) > 1 else "Training loss")
        if self.train_scores or self.validation_scores:
            self.score_ax_ = ax = self.ax_.twinx()
            self._add(ax, self.train_scores, linestyle=":", label="Training score", **same)
            self._add(ax, self.validation_scores, linestyle="-.", label="Validation score", **same)
            ax.set_ylabel("Score")
        # Between losses that fall and scores that rise; "best" would not see the other axes.
        loc = "best" if self.score_ax_ is None else "center right"
        self.ax_.legend(handles=self.lines_, loc=loc)
        return self

    def _add(self, ax, values, **kwargs):
        """Draw values, if there are any; after a warm start only the last epochs may have some."""
        if values:
            n_epochs = len(self.loss_curve)
            epochs = range(n_epochs - len(values) + 1, n_epochs + 1)
            self.lines_ += ax.plot(epochs, values, **kwargs)
