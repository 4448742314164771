"""What every display needs: an estimator that has what it draws, and axes."""

from skrnn._sklearn import check_matplotlib_support


def axes_of(display, ax):
    """The axes given, or new ones.

    Parameters
    ----------
    display : display instance
        Named in the error where matplotlib is missing.
    ax : matplotlib Axes or None

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    from matplotlib import pyplot as plt

    ax = plt.subplots()[1] if ax is None else ax
    ax.xaxis.get_major_locator().set_params(integer=True)  # epochs and steps
    return ax


def expect(estimator, attribute):
    """Raise a TypeError if an estimator has no such attribute."""
    if not hasattr(estimator, attribute):
        raise TypeError(
            f"{type(estimator).__name__} has no {attribute}; expected a recurrent estimator. Of a "
            f"Pipeline pass the last step, pipeline[-1], and X as pipeline[:-1] makes it; "
            f"of a search the best_estimator_."
        )
