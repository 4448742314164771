"""scikit-learn's callbacks: one task per epoch."""


class EpochTasks:
    """Announces the epochs of a fit to the estimator's callbacks.

    Parameters
    ----------
    estimator : estimator instance
    context : sklearn.callback.CallbackContext
        The context of the fit.
    X, y : array-like
        The training data.
    fitted_attributes : callable
        The attributes that would make the estimator a fitted one now.
    n_epochs : int
        There are at most so many; the context has been made before this was known.
    """

    def __init__(self, estimator, context, X, y, fitted_attributes, n_epochs):
        self.context = context
        self.context.max_subtasks = n_epochs
        self.what = {"estimator": estimator, "X": X, "y": y}
        self.fitted_attributes = fitted_attributes
        self.context.call_on_fit_task_begin(**self.what)

    def begin(self):
        self.task = self.context.subcontext(task_name="epoch")
        self.task.call_on_fit_task_begin(**self.what)

    def end(self):
        """Whether a callback asks to stop."""
        return self.task.call_on_fit_task_end(
            **self.what, reconstruction_attributes=self.fitted_attributes
        )

    def finish(self):
        self.context.call_on_fit_task_end(
            **self.what, reconstruction_attributes=self.fitted_attributes
        )


class NoTasks:
    """Nobody is told of the epochs."""

    def begin(self):
        pass

    def end(self):
        return False
