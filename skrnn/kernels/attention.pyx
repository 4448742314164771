"""Attention over sequences of different lengths; attention.h has the loops.

The memory is the rows of all sequences, one sequence after the other; sequence b has rows
``begins[b]`` to ``begins[b + 1]``. Each query belongs to one of them.
"""

import numpy as np

from libc.string cimport memset
from numpy cimport NPY_DOUBLE, NPY_FLOAT, PyArray_DATA, PyArray_TYPE, import_array, ndarray

from skrnn.kernels.arena cimport Arena, row_length
from skrnn.kernels.isa cimport ISA
from skrnn.kernels.threads cimport run, task

cdef extern from "attention.h" nogil:
    ctypedef struct attention_pass:
        int D, E, T
        const void *queries
        const void *keys
        const void *values
        ptrdiff_t query_stride, key_stride, value_stride
        const void *score
        const ptrdiff_t *sequence_of_row
        const ptrdiff_t *begins
        const ptrdiff_t *weight_begins
        void *weights
        void *context
        ptrdiff_t context_stride
        const int *offsets
        void *dweights
        void *dqueries
        void *dkeys
        void *dvalues
        ptrdiff_t dquery_stride, dkey_stride, dvalue_stride
        void *dscore
        ptrdiff_t dscore_stride
    const task ATTEND[3][2]
    const task ATTEND_BACK[3][2]

cdef enum:
    QUERIES_PER_TASK = 32
    SEQUENCES_PER_TASK = 4

import_array()


def attend(
    ndarray queries,                           # (N, D)
    const Py_ssize_t[::1] sequence_of_row,     # (N,)
    ndarray keys,                              # (M, D)
    ndarray values,                            # (M, E)
    const Py_ssize_t[::1] begins,              # (n + 1,)
    score,                                     # (D,), or None for the dot product
    Arena arena,
):
    """For each query the weighted mean of its sequence's values (N, E), and the weights.

    The weights of all queries are one after the other; those of query i are
    ``weight_begins[i]`` to ``weight_begins[i + 1]``.

    Returns
    -------
    context : ndarray of shape (N, E)
    weights : ndarray of shape (n_weights,)
    weight_begins : ndarray of int of shape (N + 1,)
    """
    cdef attention_pass p
    cdef Py_ssize_t i, N = queries.shape[0], n = begins.shape[0] - 1
    check(queries, keys, values, begins, score)
    if sequence_of_row.shape[0] != N:
        raise ValueError(f"There are {N} queries, and sequences of {sequence_of_row.shape[0]}.")
    weight_begins = np.zeros(N + 1, np.intp)
    cdef Py_ssize_t[::1] ends = weight_begins
    for i in range(N):
        if not 0 <= sequence_of_row[i] < n:
            raise ValueError(f"Query {i} is of sequence {sequence_of_row[i]} of {n}.")
        ends[i + 1] = ends[i] + begins[sequence_of_row[i] + 1] - begins[sequence_of_row[i]]
    cdef ndarray weights = arena.take(1, ends[N], queries.itemsize)
    cdef ndarray context = arena.rows(N, values.shape[1], queries.itemsize)
    padded = None if score is None else whole_vectors(score, arena)
    fill(&p, queries, keys, values, begins, padded, ends, weights, context)
    p.sequence_of_row = <const ptrdiff_t *> &sequence_of_row[0] if N else NULL
    cdef task f = ATTEND[ISA][queries.itemsize == 8]
    cdef double flops = 2.0 * ends[N] * (p.D + p.E)
    with nogil:
        run(f, &p, <int> N, QUERIES_PER_TASK, flops)
    return context, weights[0], weight_begins


def attend_back(
    const int[::1] offsets,                    # (T + 1,), as of a packed minibatch
    ndarray queries,
    ndarray keys,
    ndarray values,
    const Py_ssize_t[::1] begins,
    score,
    weights,
    const Py_ssize_t[::1] weight_begins,
    ndarray dcontext,                          # (N, E)
    Arena arena,
):
    """The gradients of queries, keys, values and score, given that of the context.

    The queries of sequence b are those of position b in a packed minibatch.
    """
    cdef attention_pass p
    cdef int T = offsets.shape[0] - 1, n = begins.shape[0] - 1, item_size = queries.itemsize
    check(queries, keys, values, begins, score)
    if offsets[T] != queries.shape[0] or offsets[1] != n or dcontext.shape[0] != offsets[T] or (
        dcontext.shape[1] != values.shape[1] or dcontext.strides[1] != item_size
    ):
        raise ValueError(
            f"The minibatch has {offsets[1]} sequences and {offsets[T]} steps, the memory {n} "
            f"sequences; there are {queries.shape[0]} queries, and gradients of shape "
            f"({dcontext.shape[0]}, {dcontext.shape[1]})."
        )
    check_weights(offsets, begins, weights, weight_begins, queries)
    if dcontext.dtype != queries.dtype:
        raise ValueError(f"The gradients are of {dcontext.dtype}; expected {queries.dtype}.")
    cdef ndarray dweights = arena.take(1, len(weights), item_size), dscore = None
    cdef ndarray dqueries = arena.rows(queries.shape[0], queries.shape[1], item_size)
    cdef ndarray dkeys = zeros(keys.shape[0], keys.shape[1], item_size, arena)
    cdef ndarray dvalues = zeros(values.shape[0], values.shape[1], item_size, arena)
    padded = None
    if score is not None:
        padded = whole_vectors(score, arena)
        dscore = zeros(n, queries.shape[1], item_size, arena)
    fill(&p, queries, keys, values, begins, padded, weight_begins, weights, dcontext)
    p.offsets, p.T = &offsets[0], T
    p.dweights = PyArray_DATA(dweights)
    p.dqueries, p.dquery_stride = PyArray_DATA(dqueries), row_length(dqueries)
    p.dkeys, p.dkey_stride = PyArray_DATA(dkeys), row_length(dkeys)
    p.dvalues, p.dvalue_stride = PyArray_DATA(dvalues), row_length(dvalues)
    if score is not None:
        p.dscore, p.dscore_stride = PyArray_DATA(dscore), row_length(dscore)
    cdef task f = ATTEND_BACK[ISA][item_size == 8]
    cdef double flops = 4.0 * len(weights) * (p.D + p.E)
    with nogil:
        run(f, &p, n, SEQUENCES_PER_TASK, flops)
    return dqueries, dkeys, dvalues, None if score is None else dscore.sum(axis=0)


cdef ndarray whole_vectors(ndarray score, Arena arena):
    return arena.given_rows(1, score.shape[0], score.itemsize, score[np.newaxis], 1)


cdef ndarray zeros(size_t n_rows, size_t n_columns, int item_size, Arena arena):
    return arena.given_rows(n_rows, n_columns, item_size, None, n_rows)


cdef int check(
    ndarray queries, ndarray keys, ndarray values, const Py_ssize_t[::1] begins, score,
) except -1:
    """Raise a ValueError if the arrays do not fit together, or a span is empty or too long."""
    cdef Py_ssize_t i, D = queries.shape[1]
    arrays = [queries, keys, values]
    kind = PyArray_TYPE(queries)
    if kind != NPY_FLOAT and kind != NPY_DOUBLE:
        raise ValueError(f"The queries are of {queries.dtype}; expected float32 or float64.")
    for array in arrays:
        if PyArray_TYPE(array) != kind or array.strides[1] != array.itemsize:
            raise ValueError("Queries, keys and values have different dtypes, or gaps in rows.")
    if keys.shape[1] != D or keys.shape[0] != values.shape[0] or (
        score is not None and (score.shape != (D,) or score.dtype != queries.dtype)
    ):
        raise ValueError(
            f"Queries have {D} columns, keys {keys.shape[1]} in {keys.shape[0]} rows, and there "
            f"are {values.shape[0]} values."
        )
    for i in range(begins.shape[0] - 1):
        if begins[i + 1] <= begins[i]:
            raise ValueError(f"Sequence {i} has no rows.")
    if begins[0] < 0 or begins[begins.shape[0] - 1] > keys.shape[0]:
        raise ValueError("The sequences reach beyond the rows.")
    return 0


cdef int check_weights(
    const int[::1] offsets, const Py_ssize_t[::1] begins, ndarray weights,
    const Py_ssize_t[::1] weight_begins, ndarray queries,
) except -1:
    """Raise a ValueError if these are not the weights of such queries."""
    cdef Py_ssize_t row, b, N = queries.shape[0], n = begins.shape[0] - 1
    cdef int t
    cdef bint fits = (
        weight_begins.shape[0] == N + 1 and weight_begins[0] == 0
        and weights.ndim == 1 and weights.shape[0] == weight_begins[N]
        and weights.dtype == queries.dtype and weights.flags.c_contiguous and offsets[0] == 0
    )
    if fits:
        for t in range(offsets.shape[0] - 1):
            fits = fits and 0 <= offsets[t + 1] - offsets[t] <= n and offsets[t + 1] <= N
            for b in range(offsets[t + 1] - offsets[t] if fits else 0):
                row = offsets[t] + b
                fits = fits and (
                    weight_begins[row + 1] - weight_begins[row] == begins[b + 1] - begins[b]
                )
    if not fits:
        raise ValueError("The weights are not those of such queries.")
    return 0


cdef void fill(
    attention_pass *p, ndarray queries, ndarray keys, ndarray values,
    const Py_ssize_t[::1] begins, ndarray score, const Py_ssize_t[::1] weight_begins,
    ndarray weights, ndarray context,
):
    """What both passes need; nothing else points anywhere."""
    memset(p, 0, sizeof(attention_pass))
    p.D, p.E = queries.shape[1], values.shape[1]
    p.queries, p.query_stride = PyArray_DATA(queries), row_length(queries)
    p.keys, p.key_stride = PyArray_DATA(keys), row_length(keys)
    p.values, p.value_stride = PyArray_DATA(values), row_length(values)
    p.score = NULL if score is None else PyArray_DATA(score)
    p.begins = <const ptrdiff_t *> &begins[0]
    p.weight_begins = <const ptrdiff_t *> &weight_begins[0]
    p.weights = PyArray_DATA(weights)
    p.context, p.context_stride = PyArray_DATA(context), row_length(context)
