"""What pandas and polars do in different ways."""

import numpy as np

from skrnn.windows._labels import Labels


def frame_like(frame, columns):
    """A DataFrame of the same library with these columns and, in pandas, the same index."""
    if not hasattr(frame, "iloc"):
        return type(frame)(columns)
    # Columns without an index, so that pandas does not align them to it.
    bare = {name: getattr(column, "array", column) for name, column in columns.items()}
    return type(frame)(bare, index=frame.index)


def missing(column):
    """Whether each value of a column, an array or a Series, is missing."""
    if hasattr(column, "iloc"):
        return column.isna().to_numpy()
    return np.asarray(Labels(column).missing)
