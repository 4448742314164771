"""What every display needs: axes, and an estimator with the values to draw."""

from skrnn._sklearn import check_matplotlib_support


def axes_of(display, ax):
    """The given axes, or those of a new figure whose layout leaves room for all labels.

    Parameters
    ----------
    display : display instance
        Named in the error if matplotlib is not installed.
    ax : matplotlib Axes or None

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    from matplotlib import pyplot as plt

    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    ax.xaxis.get_major_locator().set_params(integer=True)  # epochs and steps
    return ax


def expect(estimator, attribute):
    """Raise a TypeError if an estimator does not have an attribute."""
    if not hasattr(estimator, attribute):
        raise TypeError(
            f"{type(estimator).__name__} has no {attribute}; expected a recurrent estimator. For a "
            f"Pipeline, pass its last step, pipeline[-1], and transform X with "
            f"pipeline[:-1].transform(X). For a search, pass its best_estimator_."
        )
