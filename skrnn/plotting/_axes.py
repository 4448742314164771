"""What every display draws on."""

from sklearn.utils._optional_dependencies import check_matplotlib_support


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

    return plt.subplots()[1] if ax is None else ax
