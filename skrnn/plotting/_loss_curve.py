"""The loss and the validation score in each epoch."""

from sklearn.utils.validation import check_is_fitted

from skrnn.plotting._axes import axes_of, expect


class LossCurveDisplay:
    """Loss and validation score of a fit in each epoch.

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    loss_curve : list of float
        The mean loss of each epoch.

    validation_scores : list of float or None, default=None
        The score on the validation data after each epoch, if there were validation data.

    estimator_name : str or None, default=None
        The name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the loss.

    score_ax_ : matplotlib Axes or None
        The axes of the validation score, on the right; None without validation scores.

    figure_ : matplotlib Figure
        The figure.

    lines_ : list of matplotlib Line2D
        The loss, and the validation score if there is one.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.plotting import LossCurveDisplay
    >>> X = np.random.default_rng(0).uniform(size=(200, 12))
    >>> model = GRURegressor(8, max_iter=5, n_iter_no_change=None, early_stopping=True)
    >>> display = LossCurveDisplay.from_estimator(model.fit(X, X.mean(axis=1)))
    >>> display.ax_.get_xlabel()
    'Epoch'
    """

    def __init__(self, *, loss_curve, validation_scores=None, estimator_name=None):
        self.loss_curve = loss_curve
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
            Passed to ``plot`` of matplotlib for the loss.

        Returns
        -------
        LossCurveDisplay
            The display, with the axes, figure and lines as attributes.
        """
        check_is_fitted(estimator)
        expect(estimator, "loss_curve_")
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_scores=getattr(estimator, "validation_scores_", None),
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
            Passed to ``plot`` of matplotlib for the loss.

        Returns
        -------
        LossCurveDisplay
            The display itself.
        """
        self.ax_ = axes_of(self, ax)
        self.figure_, self.score_ax_ = self.ax_.figure, None
        epochs = range(1, len(self.loss_curve) + 1)
        label = "Training loss" + (f" of {self.estimator_name}" if self.estimator_name else "")
        self.lines_ = self.ax_.plot(epochs, self.loss_curve, **({"label": label} | kwargs))
        self.ax_.set(xlabel="Epoch", ylabel="Training loss")
        if self.validation_scores:
            self.score_ax_ = self.ax_.twinx()
            # After a warm start, only the last epochs may have a validation score.
            self.lines_ += self.score_ax_.plot(
                epochs[-len(self.validation_scores) :], self.validation_scores,
                color=self.lines_[0].get_color(), linestyle="--", label="Validation score",
            )  # fmt: skip
            self.score_ax_.set_ylabel("Validation score")
        self.ax_.legend(handles=self.lines_)
        return self
