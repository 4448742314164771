"""Rows that repeat: each of them once, and which one every step has."""


class Repeated:
    """Packed rows (N, F) of which many are the same, as vectors of codes are.

    Products with them are taken once for each.

    Parameters
    ----------
    rows : ndarray of shape (M, F)
    index : ndarray of int32 of shape (N,)
        Which row each packed row is.
    """

    def __init__(self, rows, index):
        self.rows = rows
        self.index = index

    def __len__(self):
        return len(self.index)

    @property
    def itemsize(self):
        return self.rows.itemsize

    @property
    def dtype(self):
        return self.rows.dtype

    def take(self, order):
        """The packed rows in another order."""
        return Repeated(self.rows, self.index[order])
