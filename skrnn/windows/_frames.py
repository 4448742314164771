"""DataFrames of the same library as a given one."""


def frame_like(frame, columns):
    """A DataFrame of the same library with these columns and, in pandas, the same index."""
    if not hasattr(frame, "iloc"):
        return type(frame)(columns)
    # Columns without an index, so that pandas does not align them to it.
    bare = {name: getattr(column, "array", column) for name, column in columns.items()}
    return type(frame)(bare, index=frame.index)
