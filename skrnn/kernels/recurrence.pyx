"""Passes through a layer, the same for every cell; recurrence.h has the loops."""

from libc.string cimport memset
from numpy cimport NPY_DOUBLE, NPY_FLOAT, PyArray_DATA, PyArray_TYPE, import_array, ndarray

from skrnn.kernels.arena cimport Arena, row_length
from skrnn.kernels.isa cimport ISA, lanes
from skrnn.kernels.pack cimport (
    n_vectors, pack_blocks, pack_transposed, room_for_blocks, unpack_blocks
)
from skrnn.kernels.product cimport input_gradient
from skrnn.kernels.threads cimport run, task

from skrnn.kernels.parameters import BIAS, INPUT, RECURRENT
from skrnn.kernels.repeated import Repeated

import_array()


cdef declare(
    doc, const recurrence_kernels *kernels, states, parameters, memory, int variant=0
):
    """A cell: its title, kernels, the names of its states, and its parameters by name.

    The title is the first line of ``doc``. The states are those that go on from step to step.
    ``parameters`` are of skrnn.kernels.parameters, at most one product of each kind. ``memory``
    names the gates that decide how long a state is kept, the forget gate first: 1 where an open
    gate keeps it, -1 where an open gate overwrites it. Each has a bias.
    """
    cdef Recurrence self = Recurrence.__new__(Recurrence)
    cdef int i, block, column
    kinds = {INPUT: X_PRODUCT, RECURRENT: H_PRODUCT}
    first = [kernels.x_first, kernels.h_first, 0]
    n_columns = [kernels.x_columns, kernels.h_columns, kernels.kept]
    filled = [[], [], []]
    memset(self.blocks, -1, sizeof(self.blocks))
    if not 1 <= len(states) <= kernels.states:
        raise ValueError(f"The kernels have {kernels.states} states, got {states}.")
    if len(parameters) > MAX_PARAMETERS:
        raise ValueError(f"A cell has at most {MAX_PARAMETERS} parameters, got {[*parameters]}.")
    for i, (name, parameter) in enumerate(parameters.items()):
        self.kinds[i] = kind = kinds.get(parameter.kind, UNITS)
        if kind != UNITS and filled[kind]:
            raise ValueError(f"A cell has one {parameter.kind}, {name} is another.")
        self.n_blocks[i] = len(parameter.columns)
        for block, column in enumerate(parameter.columns.values()):
            column -= first[kind]
            if not 0 <= column < n_columns[kind]:
                raise ValueError(f"The kernels have no column for block {block} of {name}.")
            self.blocks[i][column] = block
            filled[kind].append(column)
    if not filled[X_PRODUCT]:
        raise ValueError("A cell needs an input product.")
    with_bias = [name for p in parameters.values() if p.kind == BIAS for name in p.columns]
    if not {*memory} <= {*with_bias}:
        raise ValueError(f"The gates of memory are {[*memory]}; those with a bias {with_bias}.")
    for kind, columns in enumerate(filled):
        if len({*columns}) < len(columns) or (kind != UNITS and len(columns) < n_columns[kind]):
            raise ValueError(
                f"Of columns {first[kind]} to {first[kind] + n_columns[kind] - 1}, those with one "
                f"block of a parameter are {[first[kind] + column for column in columns]}; "
                f"expected each once ({['X_FIRST, X_COLUMNS', 'H_FIRST, H_COLUMNS', 'KEPT'][kind]} "
                f"in the header)."
            )
    self.title, self.kernels, self.variant = doc.partition("\n")[0], kernels, variant
    self.states, self.parameters, self.memory = tuple(states), dict(parameters), dict(memory)
    self.n_parameters = len(parameters)
    return self


cdef class Recurrence:
    """A cell, see skrnn/cells/__init__.py."""

    def prepare(self, list params, Arena arena):
        """The parameters as ``forward`` reads them."""
        cdef ndarray param = params[0], W = None, U = None, vectors
        cdef int i, H = n_hidden(self, params), F = 0, item_size = param.itemsize
        if PyArray_TYPE(param) != NPY_FLOAT and PyArray_TYPE(param) != NPY_DOUBLE:
            raise TypeError(f"The weights have dtype {param.dtype}; expected float32 or float64.")
        vectors = room_for_blocks(arena, 1, self.kernels.kept, H, item_size)
        for i in range(self.n_parameters):
            param = params[i]
            if self.kinds[i] == X_PRODUCT:
                F = param.shape[1]
                W = room_for_blocks(arena, F, self.kernels.x_columns, H, item_size)
                pack_blocks(W, param, self.blocks[i], self.kernels.x_columns, H)
            elif self.kinds[i] == H_PRODUCT:
                U = room_for_blocks(arena, H, self.kernels.h_columns, H, item_size)
                pack_blocks(U, param, self.blocks[i], self.kernels.h_columns, H)
            else:
                pack_blocks(vectors, param, self.blocks[i], self.kernels.kept, H)
        return W, U, vectors, F, H

    def forward(
        self, const int[::1] offsets, rows, prepared, list initial, bint keep, Arena arena
    ):
        """The states (B + N, H), initial ones first, and a cache for backward, or None.

        ``rows`` are packed rows (N, F), or Repeated.
        """
        cdef ndarray x = rows.rows if isinstance(rows, Repeated) else rows
        cdef int B = offsets[1], F = x.shape[1], H = prepared[4], L = lanes(x.itemsize)
        cdef int V = n_vectors(H, L), M = x.shape[0]
        cdef size_t N = len(rows)
        cdef ndarray vectors = prepared[2], kept = None, table
        cdef recurrence_pass p
        if PyArray_TYPE(x) != PyArray_TYPE(vectors) or F != prepared[3]:
            raise ValueError(
                f"x has {F} features of {x.dtype}; expected {prepared[3]} features of "
                f"{vectors.dtype}, as the weights have."
            )
        states = [arena.given_rows(B + N, H, x.itemsize, given, B) for given in initial]
        inner = []
        while len(states) + len(inner) < self.kernels.states:
            inner.append(arena.rows(B + N, H, x.itemsize))
        fill(&p, offsets, rows, H, states + inner, vectors, self.variant)
        p.weight_ih, p.weight_hh = data(prepared[0]), data(prepared[1])
        cdef double of_rows = 2.0 * H * M * F * self.kernels.x_columns
        cdef task project = self.kernels.project[ISA][x.itemsize == 8]
        if p.index != NULL:
            table = arena.take(V, <size_t> M * self.kernels.columns * L, x.itemsize)
            p.table, p.table_stride = PyArray_DATA(table), row_length(table)
            with nogil:
                run(project, &p, M, ROWS_PER_TASK, of_rows)
        if keep:
            kept = arena.take(V, N * self.kernels.kept * L, x.itemsize)
            p.kept, p.kept_stride = PyArray_DATA(kept), row_length(kept)
        cdef task f = self.kernels.forward[ISA][x.itemsize == 8]
        cdef double flops = 2.0 * H * N * (F * self.kernels.x_columns + H * self.kernels.h_columns)
        with nogil:
            run(f, &p, B, SHARD, flops)
        return states, (kept, inner) if keep else None

    def backward(
        self, const int[::1] offsets, rows, list params, list states, cache, ndarray dout,
        list dfinal, list dparams, bint need_dx, Arena arena,
    ):
        """The gradients of x, or None, and of the initial states; dparams are added to.

        That of ``rows`` which are Repeated is of each of them once.
        """
        cdef ndarray x = rows.rows if isinstance(rows, Repeated) else rows
        cdef ndarray kept = cache[0], dcolumns = kept, dh
        cdef int i, B = offsets[1], F = x.shape[1], H = n_hidden(self, params)
        cdef int L = lanes(x.itemsize), V = n_vectors(H, L)
        # The columns of h of the two stages.
        cdef int H_1 = self.kernels.h_columns_1, H_2 = self.kernels.h_columns - H_1
        cdef size_t N = len(rows), M = x.shape[0], U_1 = <size_t> F * self.kernels.x_columns
        cdef size_t U_2 = U_1 + <size_t> H * H_1, b = U_2 + <size_t> H * H_2
        cdef recurrence_pass p
        vectors = room_for_blocks(arena, 1, self.kernels.kept, H, x.itemsize)
        fill(&p, offsets, rows, H, states + cache[1], vectors, self.variant)
        p.kept, p.kept_stride = PyArray_DATA(kept), row_length(kept)
        dinitial = [arena.given_rows(B, H, x.itemsize, given, B) for given in dfinal]
        for i, dh in enumerate(dinitial):
            p.dstates[i], p.dstate_stride = PyArray_DATA(dh), row_length(dh)
        if dout is not None:
            p.dout, p.dout_stride = PyArray_DATA(dout), row_length(dout)
        for i in range(self.n_parameters):
            if self.kinds[i] == H_PRODUCT:
                U_1_t = pack_transposed(arena, params[i], self.blocks[i], H_1, H)
                p.weight_hh_t[0] = data(U_1_t)
                if H_2 > 0:
                    U_2_t = pack_transposed(arena, params[i], self.blocks[i] + H_1, H_2, H)
                    p.weight_hh_t[1] = data(U_2_t)
            elif self.kinds[i] == UNITS:
                pack_blocks(vectors, params[i], self.blocks[i], self.kernels.kept, H)
        cdef ndarray dweight = arena.take(V, (b + self.kernels.kept) * L, x.itemsize)
        p.dweight = PyArray_DATA(dweight)
        cdef task back = self.kernels.backward[ISA][x.itemsize == 8]
        cdef task weights = self.kernels.weights[ISA][x.itemsize == 8]
        cdef task collect = self.kernels.collect[ISA][x.itemsize == 8]
        if p.index != NULL:
            dcolumns = arena.take(V, M * self.kernels.kept * L, x.itemsize)
            p.dtable, p.dtable_stride = PyArray_DATA(dcolumns), row_length(dcolumns)
        with nogil:
            run(back, &p, B, SHARD, 2.0 * H * N * H * self.kernels.h_columns)
            if p.index != NULL:
                run(collect, &p, V, 1, 1.0 * H * N * self.kernels.x_columns)
            run(weights, &p, 2 * V, 1, 2.0 * H * N * b)
        dx = None
        cdef const int *blocks
        for i in range(self.n_parameters):
            blocks = self.blocks[i]
            if self.kinds[i] == X_PRODUCT:
                unpack_blocks(dparams[i], blocks, self.kernels.x_columns, H, dweight, 0)
                if need_dx:
                    W_t = pack_transposed(arena, params[i], blocks, self.kernels.x_columns, H)
                    dx = input_gradient(
                        arena, dcolumns, self.kernels.kept, self.kernels.x_first,
                        self.kernels.x_columns, W_t, F,
                    )
            elif self.kinds[i] == H_PRODUCT:
                unpack_blocks(dparams[i], blocks, H_1, H, dweight, U_1)
                unpack_blocks(dparams[i], blocks + H_1, H_2, H, dweight, U_2)
            else:
                unpack_blocks(dparams[i], blocks, self.kernels.kept, H, dweight, b)
        return dx, dinitial


cdef int n_hidden(Recurrence cell, list params):
    return len(params[0]) // cell.n_blocks[0]


cdef const void *data(ndarray array):
    """Where an array lies, if there is one."""
    return NULL if array is None else PyArray_DATA(array)


cdef int fill(
    recurrence_pass *p, const int[::1] offsets, rows, int H, states, ndarray vectors, int variant,
) except -1:
    """What both passes need; nothing else points anywhere."""
    cdef int i
    cdef ndarray state, x = rows.rows if isinstance(rows, Repeated) else rows
    cdef const int[::1] index
    memset(p, 0, sizeof(recurrence_pass))
    if isinstance(rows, Repeated):
        index, p.M = rows.index, x.shape[0]
        if index.shape[0] != offsets[offsets.shape[0] - 1]:
            raise ValueError(
                f"The index has {index.shape[0]} rows, but the minibatch has "
                f"{offsets[offsets.shape[0] - 1]} steps."
            )
        for i in range(index.shape[0]):
            if not 0 <= index[i] < p.M:
                raise ValueError(f"Row {i} is row {index[i]} of {p.M} rows.")
        p.index = &index[0]
    p.offsets, p.T, p.F, p.H = &offsets[0], offsets.shape[0] - 1, x.shape[1], H
    p.variant = variant
    p.x, p.x_stride = PyArray_DATA(x), row_length(x)
    p.vectors = PyArray_DATA(vectors)
    for i, state in enumerate(states):
        p.states[i], p.state_stride = PyArray_DATA(state), row_length(state)
    return 0
