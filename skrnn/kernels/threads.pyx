"""Running the parts of a task on several threads."""

from cython.parallel cimport prange

cdef extern from "threads.h" nogil:
    int max_threads()


cdef void run(task f, const void *context, int n, int grain) noexcept nogil:
    """Call f for 0 to n in parts of ``grain``, whatever the number of threads."""
    cdef int i, n_parts = (n + grain - 1) // grain
    for i in prange(n_parts, schedule="dynamic", chunksize=1,
                    num_threads=max(1, min(n_parts, max_threads()))):
        f(context, i * grain, min(n, (i + 1) * grain))
