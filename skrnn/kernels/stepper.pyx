"""One step of many streams in one call: layers one above the other, and a dense layer on top.

The kernels are those of whole sequences, and so are the bits; what is saved is the work around
them. Parameters are packed once, and memory for a block of streams is taken once.
"""

from cython cimport floating
from libc.math cimport isfinite
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from numpy cimport (
    NPY_DOUBLE, NPY_FLOAT, NPY_INT64, PyArray_DATA, PyArray_EMPTY, PyArray_ISCONTIGUOUS,
    PyArray_TYPE, import_array, ndarray, npy_intp
)

from skrnn.kernels.arena cimport Arena, row_length
from skrnn.kernels.isa cimport ISA
from skrnn.kernels.product cimport dense_rows
from skrnn.kernels.recurrence cimport SHARD, Recurrence, data, recurrence_pass
from skrnn.kernels.threads cimport run, task

ctypedef fused real:
    float
    double

cdef enum:
    # Streams that go through all layers before the next ones do: their states stay in the cache.
    BLOCK = 512

cdef struct Layer:
    task forward
    recurrence_pass p
    int n_states       # those that go on from step to step come first
    double flops       # of one stream

import_array()


cdef class Stepper:
    """Layers of one direction, and a dense layer on the hidden state of the last.

    Parameters
    ----------
    layers : list of tuple of (Recurrence, prepared parameters)
        From the first layer up; all of one precision.
    head : prepared dense layer
    scale, shift : ndarray of float64 of shape (n_outputs,) or None
        By what the output is multiplied, and what is then added to it.
    """

    cdef Layer *layers
    cdef Arena arena
    cdef list kept
    cdef tuple head
    cdef ndarray out, scale, shift
    cdef int[2] offsets
    cdef int n_layers, n_values, n_features, n_outputs, item_size, room

    def __cinit__(self, list layers, tuple head, ndarray scale, ndarray shift):
        cdef Recurrence cell
        cdef Layer *layer
        cdef ndarray vectors
        cdef int F
        self.arena, self.kept, self.head = Arena(), [layers], head
        self.n_outputs, self.scale, self.shift = head[1], scale, shift
        self.layers = <Layer *> calloc(len(layers), sizeof(Layer))
        if self.layers == NULL:
            raise MemoryError()
        self.n_layers = len(layers)
        for k, (cell, prepared) in enumerate(layers):
            layer = &self.layers[<int> k]
            vectors, F = prepared[2], prepared[3]
            if k == 0:
                self.n_features, self.item_size = F, vectors.itemsize
            layer.forward = cell.kernels.forward[ISA][self.item_size == 8]
            layer.n_states = len(cell.states)
            layer.p.offsets, layer.p.T, layer.p.variant = self.offsets, 1, cell.variant
            layer.p.F, layer.p.H = F, prepared[4]
            layer.p.weight_ih, layer.p.weight_hh = data(prepared[0]), data(prepared[1])
            layer.p.vectors = PyArray_DATA(vectors)
            layer.flops = 2.0 * layer.p.H * (
                F * cell.kernels.x_columns + layer.p.H * cell.kernels.h_columns
            )
            self.n_values += layer.n_states * layer.p.H

    def __dealloc__(self):
        free(self.layers)

    cdef make_room(self, int n, list layers):
        """Memory for blocks of n streams: for each layer its states before the step and after."""
        cdef Recurrence cell
        cdef ndarray rows
        cdef int i
        self.room = 0  # until all of it is there
        self.arena = Arena()
        self.kept = [layers]
        for k, (cell, _) in enumerate(layers):
            layer = &self.layers[<int> k]
            for i in range(cell.kernels.states):
                rows = self.arena.rows(2 * n, layer.p.H, self.item_size)
                memset(PyArray_DATA(rows), 0, 2 * n * rows.strides[0])
                layer.p.states[i], layer.p.state_stride = PyArray_DATA(rows), row_length(rows)
                self.kept.append(rows)
            if k > 0:  # it reads what the layer below has after the step
                layer.p.x_stride = self.layers[<int> k - 1].p.state_stride
        self.out = self.arena.rows(n, self.n_outputs, self.item_size)
        self.room = n

    def step(self, ndarray x, ndarray values, ndarray n_steps):
        """Read one row of each of n streams.

        Parameters
        ----------
        x : ndarray of shape (n, F)
            What ``as_rows`` returns.
        values : ndarray of shape (n, n_values)
            The states of all layers side by side, from the first layer up.
        n_steps : ndarray of int64 of shape (n,)

        Returns
        -------
        y : ndarray of float64 of shape (n, n_outputs)
        values, n_steps : ndarray
            Those after the step, in arrays of their own.
        wrong : int
            The first stream whose y is not finite, or -1.
        """
        cdef npy_intp n = x.shape[0], first
        cdef npy_intp[2] shape = [n, self.n_values]
        cdef int width = self.n_outputs, size
        cdef ndarray y, after, after_n_steps
        if (
            x.ndim != 2 or values.ndim != 2 or n_steps.ndim != 1 or values.shape[0] != n
            or n_steps.shape[0] != n or x.shape[1] != self.n_features
            or values.shape[1] != self.n_values or x.itemsize != self.item_size
            or PyArray_TYPE(values) != PyArray_TYPE(x) or PyArray_TYPE(n_steps) != NPY_INT64
            or PyArray_TYPE(x) != <int> (NPY_DOUBLE if self.item_size == 8 else NPY_FLOAT)
            or not PyArray_ISCONTIGUOUS(x)
        ):
            raise ValueError("x, values and n_steps do not have the form that step expects.")
        if not PyArray_ISCONTIGUOUS(values):
            values = values.copy()
        if not PyArray_ISCONTIGUOUS(n_steps):
            n_steps = n_steps.copy()
        if self.room < min(n, BLOCK):
            self.make_room(min(n, BLOCK), self.kept[0])
        after = PyArray_EMPTY(2, shape, PyArray_TYPE(x), 0)
        after_n_steps = PyArray_EMPTY(1, shape, NPY_INT64, 0)
        shape[1] = width
        y = PyArray_EMPTY(2, shape, NPY_DOUBLE, 0)
        first = 0
        while first < n:
            size = min(n - first, BLOCK)
            self.step_block(
                size,
                <char *> PyArray_DATA(x) + first * x.strides[0],
                <char *> PyArray_DATA(values) + first * values.strides[0],
                <char *> PyArray_DATA(after) + first * after.strides[0],
                <double *> PyArray_DATA(y) + first * width,
            )
            first += size
        count(<int64_t *> PyArray_DATA(n_steps), <int64_t *> PyArray_DATA(after_n_steps), n)
        wrong = decode(
            <double *> PyArray_DATA(y), n, width, <const double *> data(self.scale),
            <const double *> data(self.shift),
        )
        return y, after, after_n_steps, wrong

    cdef step_block(self, int n, const char *x, const char *values, char *after, double *y):
        """The same for few streams."""
        cdef Layer *layer
        cdef int k, i, H
        cdef ptrdiff_t row = self.n_values * self.item_size
        self.offsets = [0, n]
        with nogil:
            for k in range(self.n_layers):
                layer = &self.layers[k]
                H = layer.p.H * self.item_size
                if k == 0:
                    layer.p.x, layer.p.x_stride = x, self.n_features
                else:
                    layer.p.x = last_state(&self.layers[k - 1].p, n, self.item_size)
                for i in range(layer.n_states):
                    copy_rows(
                        <char *> layer.p.states[i], layer.p.state_stride * self.item_size,
                        values, row, n, H,
                    )
                    values += H
                run(layer.forward, &layer.p, n, SHARD, n * layer.flops)
                for i in range(layer.n_states):
                    copy_rows(
                        after, row, <char *> layer.p.states[i]
                        + n * layer.p.state_stride * self.item_size,
                        layer.p.state_stride * self.item_size, n, H,
                    )
                    after += H
        layer = &self.layers[self.n_layers - 1]
        dense_rows(
            last_state(&layer.p, n, self.item_size), layer.p.state_stride, n, self.head, self.out
        )
        if self.item_size == 8:
            widen(<double *> PyArray_DATA(self.out), row_length(self.out), y, n, self.n_outputs)
        else:
            widen(<float *> PyArray_DATA(self.out), row_length(self.out), y, n, self.n_outputs)


def as_rows(ndarray x, int item_size):
    """Rows of floats in the precision of a network, and the first item that it cannot read.

    Parameters
    ----------
    x : ndarray of float32 or float64 of shape (n, F)
    item_size : int
        That of the result: 4 or 8.

    Returns
    -------
    rows : ndarray of shape (n, F)
        A copy.
    wrong : int
        The first item that is not finite in that precision, or -1.
    """
    cdef npy_intp[2] shape = [x.shape[0], x.shape[1]]
    cdef ndarray rows = PyArray_EMPTY(2, shape, NPY_DOUBLE if item_size == 8 else NPY_FLOAT, 0)
    cdef Py_ssize_t n = shape[0] * shape[1]
    if not PyArray_ISCONTIGUOUS(x):
        x = x.copy()
    if PyArray_TYPE(x) == NPY_DOUBLE:
        return rows, convert_from(<const double *> PyArray_DATA(x), rows, n)
    return rows, convert_from(<const float *> PyArray_DATA(x), rows, n)


cdef Py_ssize_t convert_from(const real *x, ndarray rows, Py_ssize_t n):
    if rows.itemsize == 8:
        return convert(x, <double *> PyArray_DATA(rows), n)
    return convert(x, <float *> PyArray_DATA(rows), n)


cdef Py_ssize_t convert(const real *x, floating *out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = <floating> x[i]
    return first_not_finite(out, n)


cdef Py_ssize_t first_not_finite(const floating *values, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if not isfinite(values[i]):
            return i
    return -1


cdef const void *last_state(const recurrence_pass *p, int n, int item_size) noexcept nogil:
    """Where the hidden states after the step begin."""
    return <const char *> p.states[0] + n * p.state_stride * item_size


cdef void copy_rows(
    char *out, ptrdiff_t out_stride, const char *rows, ptrdiff_t stride, int n, size_t size
) noexcept nogil:
    cdef int i
    for i in range(n):
        memcpy(out + i * out_stride, rows + i * stride, size)


cdef void count(const int64_t *before, int64_t *after, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        after[i] = before[i] + 1


cdef void widen(
    const floating *rows, ptrdiff_t stride, double *out, int n, int width
) noexcept nogil:
    cdef int i, j
    for i in range(n):
        for j in range(width):
            out[i * width + j] = rows[i * stride + j]


cdef Py_ssize_t decode(
    double *y, Py_ssize_t n, int width, const double *scale, const double *shift
) noexcept nogil:
    """y times the scale plus the shift, each rounded as NumPy does, in loops of their own."""
    cdef Py_ssize_t i
    cdef int j
    if scale != NULL:
        for i in range(n):
            for j in range(width):
                y[i * width + j] *= scale[j]
    if shift != NULL:
        for i in range(n):
            for j in range(width):
                y[i * width + j] += shift[j]
    cdef Py_ssize_t wrong = first_not_finite(y, n * width)
    return wrong // width if wrong >= 0 else -1
