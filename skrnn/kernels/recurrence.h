/* The loops over time, the same for every cell; see instantiate.h and tile.h.

   A cell's header ends by including this file: once by itself, which declares the pass and makes
   KERNELS of the instances, and then from every instance, where the three tasks are made of its
   equations. A column is what an equation sums up before it is nonlinear; there is one for each unit,
   and they come in vectors of units. The header defines before, as an enum,

       COLUMNS               how many columns there are, at most those of a tile
       X_FIRST, X_COLUMNS    those of them that have a product with x
       H_FIRST, H_COLUMNS    those of them that have a product with h
       KEPT                  COLUMNS and, above them, a number for each per-unit vector
       HIDDEN, ..., STATES   arrays of states; the hidden state comes first

   and in every instance, in the words of pass.h,

       NAME(step)            the equations of one row and vector of units, forward
       NAME(step_back)       and backward, given the gradient of h: columns become their gradients

   Where a second product needs the first, as with a gate on h before it is multiplied, the header
   defines SECOND, the first column of the second stage, and SECOND_READS, the state that `step`
   leaves for all units and that takes the place of h there. Then NAME(step_2) and NAME(step_2_back)
   are the second stage, and `step_back` is given the gradient of that state.

   Where rows of x repeat, as vectors of codes do, x has each of them once, and an index says which
   one a step has. Then `project` takes the product with x once for each row, `forward` begins with
   it, and `collect` adds up the gradients of the steps of a row, for its own and those of W.

   The tasks take sequences (forward, backward), rows of x (project), unit vectors (collect) or parts
   of the weights first to last. */
#ifndef VEC

#include "pass.h"

#ifdef SECOND
#define STAGES 2
#else
#define STAGES 1
#define SECOND COLUMNS
#define SECOND_READS HIDDEN
#endif

/* Of n columns from `first` on, how many are in the first stage. (- 0 makes plain integers of the
   enumerators: compilers warn when those of two enums are compared.) */
#define IN_FIRST_STAGE(first, n) \
    (SECOND - 0 <= first - 0 ? 0 : first + n <= SECOND - 0 ? n - 0 : SECOND - first)

/* The columns of the first stage, and those of each that have a product with x, and with h. */
enum {
    COLUMNS_1 = SECOND,
    X_1 = IN_FIRST_STAGE(X_FIRST, X_COLUMNS),
    X_2 = X_COLUMNS - X_1,
    H_1 = IN_FIRST_STAGE(H_FIRST, H_COLUMNS),
    H_2 = H_COLUMNS - H_1,
};

#include "instantiate.h"

_Static_assert(X_FIRST + X_COLUMNS <= COLUMNS + 0, "every column with a product of x is one");
_Static_assert(H_FIRST + H_COLUMNS <= COLUMNS + 0, "every column with a product of h is one");
_Static_assert(0 < COLUMNS_1 && COLUMNS_1 <= (int)COLUMNS, "the second stage begins among them");
_Static_assert(COLUMNS <= TILE_COLUMNS, "a tile has no more columns");
_Static_assert(KEPT - COLUMNS <= TILE_COLUMNS, "gradients of vectors are summed by one tile");
_Static_assert(KEPT <= MAX_COLUMNS && STATES <= MAX_STATES, "there is no room for more");

static const recurrence_kernels KERNELS = {
    .forward = DISPATCH(forward),
    .backward = DISPATCH(backward),
    .weights = DISPATCH(weights),
    .project = DISPATCH(project),
    .collect = DISPATCH(collect),
    .columns = COLUMNS,
    .kept = KEPT,
    .x_first = X_FIRST,
    .x_columns = X_COLUMNS,
    .h_first = H_FIRST,
    .h_columns = H_COLUMNS,
    .h_columns_1 = H_1,
    .states = STATES,
};

#else

/* Of a sequence at step t and a vector of units. */
INLINE units NAME(units_at)(const recurrence_pass *p, int t, int sequence, int v)
{
    const ptrdiff_t row = p->offsets[t] + sequence, unit = v * LANES;
    return (units){
        (state_before(p->offsets, t) + sequence) * p->state_stride + unit,
        (p->offsets[1] + row) * p->state_stride + unit,
        sequence * p->dstate_stride + unit,
        p->kept ? (REAL *)p->kept + v * p->kept_stride + row * KEPT * LANES : NULL,
        (const REAL *)p->vectors + (ptrdiff_t)v * KEPT * LANES,
    };
}

/* The first summand of the columns from `begin` on, n of them, for R rows: the bias, or with an
   index what `project` has made, one row after the other in `room`. The stride is set. */
INLINE const REAL *NAME(begin_columns)(const recurrence_pass *p, ptrdiff_t row, int R, int v,
                                       const int begin, const int n, REAL *room, ptrdiff_t *stride)
{
    if (!p->index) {
        *stride = 0;
        return (const REAL *)p->vectors + ((ptrdiff_t)v * KEPT + begin) * LANES;
    }
    const REAL *table = (const REAL *)p->table + v * p->table_stride + begin * LANES;
    for (int r = 0; r < R; r++)
        memcpy(room + r * n * LANES, table + (ptrdiff_t)p->index[row + r] * COLUMNS * LANES,
               n * LANES * sizeof(REAL));
    *stride = n * LANES;
    return room;
}

/* One stage of step t for m sequences from `first` on, of which h are the rows to multiply. */
INLINE void NAME(forward_stage)(const recurrence_pass *p, int t, int first, int m, const REAL *h,
                                const int stage)
{
    const int F = p->F, H = p->H, begin = stage ? COLUMNS_1 : 0;
    const int n = (stage ? COLUMNS : COLUMNS_1) - begin;
    const int x_columns = stage ? X_2 : X_1, x_first = stage ? X_FIRST + X_1 : X_FIRST;
    const int h_columns = stage ? H_2 : H_1, h_first = stage ? H_FIRST + H_1 : H_FIRST;
    const int K_x = x_columns && !p->index ? F : 0;
    const ptrdiff_t x_row = p->offsets[t] + first;
    const REAL *x = p->index ? (const REAL *)p->x : (const REAL *)p->x + x_row * p->x_stride;
    for (int v = 0; v < N_VECTORS(H); v++) {
        const REAL *W =
            (const REAL *)p->weight_ih + ((ptrdiff_t)v * F * X_COLUMNS + x_first - X_FIRST) * LANES;
        const ptrdiff_t U_first = ((ptrdiff_t)v * H * H_COLUMNS + h_first - H_FIRST) * LANES;
        const REAL *U = h_columns ? (const REAL *)p->weight_hh + U_first : NULL;
        FOR_TILES(i, R, m, n) {
            VEC a[MOST_ROWS][TILE_COLUMNS];
            REAL room[MOST_ROWS * TILE_COLUMNS * LANES];
            ptrdiff_t stride;
            const REAL *init = NAME(begin_columns)(p, x_row + i, R, v, begin, n, room, &stride);
            const operand Wx = {x + (K_x ? i * p->x_stride : 0), p->x_stride, 0, 1, K_x, W};
            const operand Uh = {
                h + i * p->state_stride, p->state_stride, 0, 1, h_columns ? H : 0, U};
            WITH_ROWS(R, n, NAME(tile), begin, n, x_first, x_columns, X_COLUMNS, h_first, h_columns,
                      H_COLUMNS, a, init, stride, Wx, Uh)
            for (int r = 0; r < R; r++) {
                const units u = NAME(units_at)(p, t, first + i + r, v);
#if STAGES > 1
                if (stage) {
                    NAME(step_2)(p, a[r], u);
                    continue;
                }
#endif
                NAME(step)(p, a[r], u);
            }
        }
    }
}

static void NAME(forward)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    for (int t = 0; t < p->T; t++) {
        const int m = n_active_of(p->offsets, p->T, t, first, last);
        const ptrdiff_t before = state_before(p->offsets, t) + first;
        NAME(forward_stage)(p, t, first, m,
                            (const REAL *)p->states[HIDDEN] + before * p->state_stride, 0);
        if (STAGES > 1) {
            const ptrdiff_t after = p->offsets[1] + p->offsets[t] + first;
            NAME(forward_stage)(p, t, first, m,
                                (const REAL *)p->states[SECOND_READS] + after * p->state_stride, 1);
        }
    }
}

/* Bias and product with x of rows first to last, of all columns. */
static void NAME(project)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    for (int v = 0; v < N_VECTORS(p->H); v++) {
        const REAL *W = (const REAL *)p->weight_ih + (ptrdiff_t)v * p->F * X_COLUMNS * LANES;
        const REAL *bias = (const REAL *)p->vectors + (ptrdiff_t)v * KEPT * LANES;
        REAL *table = (REAL *)p->table + v * p->table_stride;
        FOR_TILES(i, R, last - first, COLUMNS) {
            VEC a[MOST_ROWS][TILE_COLUMNS] = {{{0}}};
            const operand Wx = {
                (const REAL *)p->x + (first + i) * p->x_stride, p->x_stride, 0, 1, p->F, W};
            WITH_ROWS(R, COLUMNS, NAME(tile), 0, COLUMNS, X_FIRST, X_COLUMNS, X_COLUMNS, 0, 0, 0, a,
                      bias, 0, Wx, NOTHING)
            for (int r = 0; r < R; r++)
                for (int c = 0; c < COLUMNS; c++)
                    STORE(table + ((ptrdiff_t)(first + i + r) * COLUMNS + c) * LANES, a[r][c]);
        }
    }
}

/* The gradients of the columns with a product of x, summed over the steps of each row of x in their
   order, for unit vectors first to last. */
static void NAME(collect)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int N = p->offsets[p->T], row = KEPT * LANES;
    for (int v = first; v < last; v++) {
        const REAL *da = (const REAL *)p->kept + v * p->kept_stride + X_FIRST * LANES;
        REAL *dtable = (REAL *)p->dtable + v * p->dtable_stride;
        memset(dtable, 0, (size_t)p->M * row * sizeof(REAL));
        dtable += X_FIRST * LANES;
        for (int i = 0; i < N; i++) {
            REAL *sum = dtable + (ptrdiff_t)p->index[i] * row;
            for (int c = 0; c < X_COLUMNS; c++)
                STORE(sum + c * LANES,
                      LOAD(sum + c * LANES) + LOAD(da + (ptrdiff_t)i * row + c * LANES));
        }
    }
}

/* From the last step back to t = -1, which is the initial state. */
static void NAME(backward)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int n_vectors = N_VECTORS(p->H), row = KEPT * LANES;
    for (int t = p->T - 1; t >= -1; t--) {
        const int m = n_active_of(p->offsets, p->T, t, first, last);
        const int m_next = n_active_of(p->offsets, p->T, t + 1, first, last);
        const REAL *da_next = (const REAL *)p->kept + H_FIRST * LANES
                              + (m_next ? (ptrdiff_t)p->offsets[t + 1] + first : 0) * row;
        FOR_BLOCKS(v, C, n_vectors) {
            const ptrdiff_t U_first = (ptrdiff_t)v * n_vectors * H_1 * LANES * LANES;
            const REAL *U = H_1 ? (const REAL *)p->weight_hh_t[0] + U_first : NULL;
            REAL *dh = (REAL *)p->dstates[HIDDEN] + first * p->dstate_stride + v * LANES;
            /* Sequences that go on: what reaches dh directly is there, and U' da is added. */
            FOR_TILES(i, R, H_1 ? m_next : 0, TILE_COLUMNS) {
                VEC out[TILE_ROWS][TILE_COLUMNS];
                const operand Uda = {
                    da_next + (ptrdiff_t)i * row, row, p->kept_stride, n_vectors, H_1 * LANES, U};
                WITH_ROWS_AND_COLUMNS(R, C, out, dh + i * p->dstate_stride, p->dstate_stride, Uda)
                for (int r = 0; r < R; r++)
                    for (int c = 0; c < C; c++)
                        STORE(dh + (i + r) * p->dstate_stride + c * LANES, out[r][c]);
            }
            /* For the others dh is that of the final state. */
            for (int i = 0; i < m; i++)
                for (int c = 0; c < C; c++) {
                    VEC dh_ = LOAD(dh + i * p->dstate_stride + c * LANES);
                    if (p->dout)
                        dh_ += NAME(load_units)((const REAL *)p->dout
                                                    + (p->offsets[t] + first + i) * p->dout_stride,
                                                (v + c) * LANES, p->H);
                    const units u = NAME(units_at)(p, t, first + i, v + c);
#if STAGES > 1
                    NAME(step_2_back)(p, dh_, u);
#else
                    NAME(step_back)(p, dh_, u);
#endif
                }
        }
#if STAGES > 1
        static const REAL zero[TILE_COLUMNS * LANES];
        const REAL *da = (const REAL *)p->kept + (H_FIRST + H_1) * LANES
                         + (m ? (ptrdiff_t)p->offsets[t] + first : 0) * row;
        FOR_BLOCKS(v, C, n_vectors) {
            const REAL *U =
                (const REAL *)p->weight_hh_t[1] + (ptrdiff_t)v * n_vectors * H_2 * LANES * LANES;
            FOR_TILES(i, R, m, TILE_COLUMNS) {
                VEC out[TILE_ROWS][TILE_COLUMNS];
                const operand Uda = {
                    da + (ptrdiff_t)i * row, row, p->kept_stride, n_vectors, H_2 * LANES, U};
                WITH_ROWS_AND_COLUMNS(R, C, out, zero, 0, Uda)
                for (int r = 0; r < R; r++)
                    for (int c = 0; c < C; c++)
                        NAME(step_back)(p, out[r][c], NAME(units_at)(p, t, first + i + r, v + c));
            }
        }
#endif
    }
}

/* A part is a half of the rows of U of one vector of units; the first has W and vectors as well. */
static void NAME(weights)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int F = p->F, H = p->H, N = p->offsets[p->T];
    const ptrdiff_t U_first = (ptrdiff_t)F * X_COLUMNS,
                    b_first = U_first + (ptrdiff_t)H * H_COLUMNS;
    const REAL one = 1;
    for (int part = first; part < last; part++) {
        const int v = part / 2, k = part % 2 ? H / 2 : 0, K = part % 2 ? H - H / 2 : H / 2;
        const REAL *da = (const REAL *)p->kept + v * p->kept_stride;
        REAL *dW = (REAL *)p->dweight + v * (b_first + KEPT) * LANES;
        REAL *dU_1 = dW + (U_first + (ptrdiff_t)k * H_1) * LANES;
        REAL *dU_2 = dW + (U_first + (ptrdiff_t)H * H_1 + (ptrdiff_t)k * H_2) * LANES;
        REAL *db = dW + b_first * LANES;
        memset(dU_1, 0, (size_t)K * H_1 * LANES * sizeof(REAL));
        memset(dU_2, 0, (size_t)K * H_2 * LANES * sizeof(REAL));
        if (part % 2 == 0) {
            memset(dW, 0, (size_t)U_first * LANES * sizeof(REAL));
            memset(db, 0, KEPT * LANES * sizeof(REAL));
            NAME(outer)(COLUMNS, db, &one, 0, 1, da, KEPT * LANES, N);
            if (KEPT > COLUMNS)
                NAME(outer)(KEPT - COLUMNS, db + COLUMNS * LANES, &one, 0, 1, da + COLUMNS * LANES,
                            KEPT * LANES, N);
            if (p->index)
                NAME(outer)(X_COLUMNS, dW, p->x, p->x_stride, F,
                            (const REAL *)p->dtable + v * p->dtable_stride + X_FIRST * LANES,
                            KEPT * LANES, p->M);
        }
        ptrdiff_t state = 0;
        for (int t = 0, n, row = 0; row < N; row += n) {
            n = next_segment(p->offsets, p->T, row, &t, &state);
            const REAL *d = da + (ptrdiff_t)row * KEPT * LANES;
            const REAL *h = (const REAL *)p->states[HIDDEN] + state * p->state_stride + k;
            if (part % 2 == 0 && !p->index)
                NAME(outer)(X_COLUMNS, dW, (const REAL *)p->x + row * p->x_stride, p->x_stride, F,
                            d + X_FIRST * LANES, KEPT * LANES, n);
            if (H_1)
                NAME(outer)(H_1, dU_1, h, p->state_stride, K, d + H_FIRST * LANES, KEPT * LANES, n);
            if (H_2) {
                const ptrdiff_t after = p->offsets[1] + row;
                const REAL *q = (const REAL *)p->states[SECOND_READS] + after * p->state_stride + k;
                NAME(outer)(H_2, dU_2, q, p->state_stride, K, d + (H_FIRST + H_1) * LANES,
                            KEPT * LANES, n);
            }
        }
    }
}

#endif
