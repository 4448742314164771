"""The norm of the gradient at each time step, counted back from the last."""

from sklearn.utils.validation import check_is_fitted

from skrnn.plotting._axes import axes_of, expect


class GradientFlowDisplay:
    """Plot of how far back in time the gradient reaches.

    If the line falls steeply, the gradient vanishes: the network cannot learn from early time
    steps. Try an LSTM or GRU, ``forget_bias`` or ``init="identity"``. If the line rises, the
    gradient explodes: try a smaller ``max_grad_norm``. See Pascanu, Mikolov & Bengio (2013).

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    gradient_flow : ndarray of shape (n_layers, n_timesteps)
        The norm of the gradient with respect to the input of each layer. Column k is k steps
        before the last step.

    estimator_name : str or None, default=None
        The name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    lines_ : list of matplotlib Line2D
        One line for each layer.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GRURegressor
    >>> from skrnn.plotting import GradientFlowDisplay
    >>> X = np.random.default_rng(0).uniform(size=(200, 12))
    >>> y = X.mean(axis=1)
    >>> model = GRURegressor(8, max_iter=5).fit(X, y)
    >>> display = GradientFlowDisplay.from_estimator(model, X, y)
    >>> display.gradient_flow.shape
    (1, 12)
    """

    def __init__(self, *, gradient_flow, estimator_name=None):
        self.gradient_flow = gradient_flow
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None, name=None, **kwargs):
        """Plot the gradient of a fitted estimator's loss on given data.

        Parameters
        ----------
        estimator : estimator instance
            A fitted estimator of this package.

        X : array-like, list of arrays or Sequences
            The sequences, in any form that ``fit`` takes.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        name : str, default=None
            The name in the legend; None takes the name of the class.

        **kwargs : dict
            Passed to ``plot`` of matplotlib.

        Returns
        -------
        GradientFlowDisplay
            The display, with the axes, figure and lines as attributes.
        """
        check_is_fitted(estimator)
        expect(estimator, "gradient_flow")
        display = cls(
            gradient_flow=estimator.gradient_flow(X, y),
            estimator_name=name or type(estimator).__name__,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax=None, **kwargs):
        """Plot the norms on a logarithmic scale.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        **kwargs : dict
            Passed to ``plot`` of matplotlib.

        Returns
        -------
        GradientFlowDisplay
            The display itself.
        """
        self.ax_ = axes_of(self, ax)
        self.figure_, self.lines_ = self.ax_.figure, []
        prefix = f"{self.estimator_name}, " if self.estimator_name else ""
        for k, norms in enumerate(self.gradient_flow):
            options = {"label": f"{prefix}layer {k}"} | kwargs
            self.lines_ += self.ax_.plot(range(len(norms)), norms, **options)
        self.ax_.set(xlabel="Steps before the last", ylabel="Norm of the gradient", yscale="log")
        self.ax_.legend()
        return self
