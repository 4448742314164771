"""Parameters: one flat vector with named views into it."""

from math import prod


class Layout:
    """Where each named array lies in a flat vector.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        The arrays in the order in which they lie in the vector.
    """

    def __init__(self, shapes):
        self.shapes = dict(shapes)
        self.size = sum(map(prod, self.shapes.values()))

    def views(self, vector):
        """The named arrays of a vector, without copying."""
        views, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + prod(shape)
            views[name] = vector[start:stop].reshape(shape)
            start = stop
        return views
