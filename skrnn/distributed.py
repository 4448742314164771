"""One fit by several processes, each with a part of the sequences, over MPI."""

import sys
import traceback
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

__all__ = ["data_parallel"]


class Alone:
    """The only process of a fit; what several of them do together has the same methods."""

    rank, size = 0, 1

    def gather(self, value):
        """The values of all ranks, in their order."""
        return [value]

    def add(self, array):
        """Replace an array by the sum of those of all ranks."""

    def join(self, *arrays):
        """The rows of all ranks, of each of the arrays."""
        parts = self.gather(arrays)
        return [np.concatenate(of_ranks) for of_ranks in zip(*parts, strict=True)]


class Ranks(Alone):
    """The processes of an MPI communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
    """

    def __init__(self, comm):
        from mpi4py import MPI

        self.comm = comm
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        # One that does not commute is applied in the order of the ranks.
        self.sums = {
            np.dtype(dtype): MPI.Op.Create(_adding(dtype), commute=False)
            for dtype in (np.float32, np.float64)
        }
        self.in_place = MPI.IN_PLACE

    def gather(self, value):
        return self.comm.allgather(value)

    def add(self, array):
        self.comm.Allreduce(self.in_place, array, op=self.sums[array.dtype])

    def free(self):
        """Give the operations back to MPI."""
        for operation in self.sums.values():
            operation.Free()


def _adding(dtype):
    """The sum of two buffers in the second one."""

    def add(earlier, later, _):
        total = np.frombuffer(later, dtype)
        np.add(np.frombuffer(earlier, dtype), total, out=total)

    return add


ALONE = Alone()
_ranks: ContextVar[Alone] = ContextVar("ranks", default=ALONE)
_open: list[Alone] = []  # of all blocks in this process; a thread has a context of its own


def current():
    """Those that take part in a fit that begins now."""
    ranks = _ranks.get()
    if ranks is ALONE and any(others.size > 1 for others in _open):
        raise RuntimeError(
            "fit in another thread is not supported in data_parallel. Set n_jobs=None."
        )
    return ranks


@contextmanager
def data_parallel(comm=None):
    """Let the processes of an MPI communicator fit one model together.

    Start a script with ``mpiexec -n 2 python script.py``. Each process loads a part of the
    sequences of its own, and inside of the ``with`` block ``fit`` and ``partial_fit`` train one
    network on all parts: for each minibatch each process computes the gradient on its share, and
    one ``Allreduce`` sums them in the order of the ranks. Afterwards all processes hold the same
    model. What depends on all data is found together: first weights, the scale of y, the classes,
    the loss of early stopping. Parameters mean what they mean in one process: ``batch_size`` counts
    the sequences of all parts.

    All processes must construct the same estimator, and call ``fit`` equally often. Give each of
    them one thread (``OMP_NUM_THREADS=1``) where there are as many processes as processors, and use
    machines of one kind.

    Only the estimators of skrnn are fitted together. Another step of a Pipeline would be fitted to
    the part of its process alone, and the processes would then hold different models. So fit
    scalers and encoders to all data before the block, and pass transformed sequences to ``fit``.

    Fit in the thread that has opened the block, with ``n_jobs=None``: a fit in another thread
    raises a RuntimeError, and one in another process, such as a worker of joblib, trains alone.

    Not supported are ``ar_steps``, ``scoring`` other than "loss", ``class_weight="balanced"``,
    ``tbptt_steps`` of estimators of steps, and ``RNNEncoderDecoder``: these raise a ValueError.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, default=None
        The processes that take part; None is all, ``MPI.COMM_WORLD``.

    Yields
    ------
    comm : mpi4py.MPI.Comm
        The same communicator.

    Raises
    ------
    ImportError
        If mpi4py is not installed: ``pip install "skrnn[mpi]"``.

    Notes
    -----
    An error in one process would leave the others waiting for it. So if an error leaves the block,
    its traceback is printed, and all processes of the communicator are ended, also by ``sys.exit``
    and Ctrl-C. With one process errors are raised as always.

    Examples
    --------
    >>> from skrnn.distributed import data_parallel
    >>> def train(model, X, y):  # doctest: +SKIP
    ...     with data_parallel() as comm:
    ...         part = slice(comm.rank, None, comm.size)
    ...         return model.fit(X[part], y[part])
    """
    if comm is None:
        comm = _world()
    ranks = Ranks(comm)
    token = _ranks.set(ranks)
    _open.append(ranks)
    try:
        yield comm
    except BaseException:  # also sys.exit()
        if ranks.size > 1:
            traceback.print_exc()
            sys.stderr.flush()
            comm.Abort(1)
        raise
    finally:
        _open.remove(ranks)
        _ranks.reset(token)
        ranks.free()


def _world():
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            f"data_parallel needs mpi4py and an MPI library, and Python says: {error}. Install "
            f'them, e.g. with pip install "skrnn[mpi]".'
        ) from error
    return MPI.COMM_WORLD
