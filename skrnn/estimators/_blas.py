"""BLAS on one thread, while anyone fits or predicts."""

import os
from contextlib import contextmanager
from threading import Lock, get_ident

from skrnn._sklearn import threadpool_controller

_lock = Lock()
_inside: dict[object, int] = {}  # for everyone who fits or predicts the thread
_limit = None


@contextmanager
def single_threaded_blas():
    """BLAS cuts its work by the number of threads, which would change the last bits.

    That number belongs to the process: the first Python thread to come in sets it, and the last
    to go out puts it back. A KeyboardInterrupt may come after any call.
    """
    key = object()
    try:
        _inside[key] = get_ident()
        _settle()
        yield
    finally:
        try:
            _leave(key)
        except KeyboardInterrupt:
            _leave(key)
            raise


def _leave(key):
    _inside.pop(key, None)
    _settle()


def _settle():
    """Limit BLAS if anyone is inside, else put it back; may be repeated at any time."""
    global _limit
    with _lock:
        if _inside and _limit is None:
            _limit = _Limit()
        if _limit is not None:
            _limit.set(1 if _inside else None)
            if not _inside:
                _limit = None


class _Limit:
    """The numbers of threads that BLAS libraries had, taken down before any is changed."""

    def __init__(self):
        libraries = threadpool_controller().select(user_api="blas").lib_controllers
        self.before = [(library, library.get_num_threads()) for library in libraries]

    def set(self, n_threads):
        """Of all libraries to a number, or to that before with None."""
        for library, before in self.before:
            library.set_num_threads(n_threads or before)


def _after_fork_in_child():
    """Of all threads only this one is there."""
    _lock.release()
    for key, thread in list(_inside.items()):
        if thread != get_ident():
            del _inside[key]
    _settle()


if hasattr(os, "register_at_fork"):  # else a child could find the lock taken for ever
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_after_fork_in_child
    )
