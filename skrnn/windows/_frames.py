"""New frames of the kind that was given."""


def frame_like(frame, columns):
    """A frame of the same library, with these columns and, in pandas, the same index."""
    if not hasattr(frame, "iloc"):
        return type(frame)(columns)
    # Without an index of their own, so that columns are not aligned to it.
    bare = {name: getattr(column, "array", column) for name, column in columns.items()}
    return type(frame)(bare, index=frame.index)
