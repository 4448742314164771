"""BLAS on one thread, while anyone fits or predicts."""

import os
from contextlib import contextmanager
from threading import Lock

from skrnn._sklearn import threadpool_controller

_lock = Lock()
_n_inside = 0
_limit = None

if hasattr(os, "register_at_fork"):  # else a child could find the lock taken for ever
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


@contextmanager
def single_threaded_blas():
    """BLAS cuts its work by the number of threads, which would change the last bits.

    That number belongs to the process: the first Python thread to come in sets it, and the last
    to go out puts it back.
    """
    global _n_inside, _limit
    with _lock:
        if _n_inside == 0:
            _limit = threadpool_controller().limit(limits=1, user_api="blas")
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if _n_inside == 0:
                _limit.restore_original_limits()
