"""How a packed minibatch is laid out and cut into shards.

A minibatch of B sequences, longest first, is packed time-major without padding: the rows of
step t, one for each of the ``n_active`` sequences still running, are ``offsets[t]`` to
``offsets[t + 1]``. State arrays have B rows more: the first B are the initial state, so that
the state before step t always has a row of its own.

A shard is a run of sequences that one thread takes through all steps. Its size is fixed, so the
cut, and with it every rounding error, depends on the batch and never on the threads.
"""

cdef extern from "threads.h" nogil:
    int max_threads()

cdef enum:
    SHARD_SIZE = 32


cdef inline int n_shards(int n_sequences) noexcept nogil:
    return (n_sequences + SHARD_SIZE - 1) // SHARD_SIZE


cdef inline int n_threads(int n_sequences) noexcept nogil:
    return min(max_threads(), n_shards(n_sequences))


cdef inline int shard_rows(const int *offsets, int t, int first) noexcept nogil:
    """How many sequences of the shard that starts at ``first`` are running at step t."""
    return max(0, min(first + SHARD_SIZE, offsets[t + 1] - offsets[t]) - first)


cdef inline Py_ssize_t state_before(const int *offsets, int t) noexcept nogil:
    """The first row, in a state array, of the states before step t."""
    return 0 if t == 0 else offsets[1] + offsets[t - 1]


cdef inline Py_ssize_t state_after(const int *offsets, int t) noexcept nogil:
    """The first row, in a state array, of the states after step t."""
    return offsets[1] + offsets[t]
