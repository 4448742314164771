/* The loops over time, the same for every cell; see instantiate.h and tile.h.

   A cell's header ends by including this file: once by itself, which declares the pass and makes
   KERNELS of the instances, and then from every instance, where the three tasks are made of its
   equations. It defines before

       GATES                 vectors that are computed and kept for each vector of units
       X_FIRST, X_GATES      those of them that have a product with x
       H_FIRST, H_GATES      those of them that have a product with h

   and in every instance

       NAME(step)            the equations of one row and vector of units, forward
       NAME(step_back)       and backward: the gates are overwritten with their gradients

   The tasks take sequences (forward, backward) or parts of the weights first to last. */
#ifndef VEC

#include "pass.h"
#include "instantiate.h"

static const recurrence_kernels KERNELS = {
    DISPATCH(forward), DISPATCH(backward), DISPATCH(weights), GATES, X_FIRST, X_GATES, H_GATES,
};

#else

/* Of a sequence at step t and a vector of units. */
INLINE place NAME(place_of)(const recurrence_pass *p, int t, int sequence, int v)
{
    const ptrdiff_t row = p->offsets[t] + sequence, unit = v * LANES;
    const ptrdiff_t before = (state_before(p->offsets, t) + sequence) * p->state_row + unit;
    const ptrdiff_t after = (p->offsets[1] + row) * p->state_row + unit;
    const ptrdiff_t d = sequence * p->dstate_row + unit;
    REAL *h = p->h, *c = p->c, *gates = p->gates;
    return (place){
        h + before, c ? c + before : NULL, h + after, c ? c + after : NULL,
        gates ? gates + v * p->vector + row * GATES * LANES : NULL,
        (REAL *)p->dh + d, c ? (REAL *)p->dc + d : NULL,
    };
}

static void NAME(forward)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int F = p->F, H = p->H;
    for (int t = 0; t < p->T; t++) {
        const int m = n_active_of(p->offsets, p->T, t, first, last);
        const REAL *x = (const REAL *)p->x + (p->offsets[t] + first) * p->x_row;
        const REAL *h = (const REAL *)p->h + (state_before(p->offsets, t) + first) * p->state_row;
        for (int v = 0; v < N_VECTORS(H); v++) {
            const REAL *W = (const REAL *)p->weight_ih + (ptrdiff_t)v * F * X_GATES * LANES;
            const REAL *U = (const REAL *)p->weight_hh + (ptrdiff_t)v * H * H_GATES * LANES;
            const REAL *bias = (const REAL *)p->bias + v * GATES * LANES;
            FOR_TILES(i, R, m) {
                VEC a[TILE_ROWS][TILE_COLUMNS];
                const operand Wx = {x + i * p->x_row, p->x_row, 0, 1, F, W};
                const operand Uh = {h + i * p->state_row, p->state_row, 0, 1, H, U};
                WITH_ROWS(R, NAME(tile), GATES, X_FIRST, X_GATES, H_FIRST, H_GATES, a, bias, 0,
                          Wx, Uh)
                for (int r = 0; r < R; r++)
                    NAME(step)(p, a[r], NAME(place_of)(p, t, first + i + r, v));
            }
        }
    }
}

/* From the last step back to t = -1, which is the initial state. */
static void NAME(backward)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int H = p->H, K = H_GATES * N_VECTORS(H) * LANES;
    for (int t = p->T - 1; t >= -1; t--) {
        const int m = n_active_of(p->offsets, p->T, t, first, last);
        const int m_next = n_active_of(p->offsets, p->T, t + 1, first, last);
        const REAL *da = (const REAL *)p->gates + H_FIRST * LANES
            + (m_next ? (ptrdiff_t)p->offsets[t + 1] + first : 0) * GATES * LANES;
        FOR_BLOCKS(v, C, N_VECTORS(H)) {
            const REAL *U = (const REAL *)p->weight_hh_t + (ptrdiff_t)v * K * LANES;
            REAL *dh = (REAL *)p->dh + first * p->dstate_row + v * LANES;
            /* Sequences that go on: what reaches dh directly is there, and U' da is added. */
            FOR_TILES(i, R, m_next) {
                VEC out[TILE_ROWS][TILE_COLUMNS];
                const operand Uda = {da + (ptrdiff_t)i * GATES * LANES, GATES * LANES, p->vector,
                                     N_VECTORS(H), H_GATES * LANES, U};
                WITH_ROWS_AND_COLUMNS(R, C, out, dh + i * p->dstate_row, p->dstate_row, Uda)
                for (int r = 0; r < R; r++)
                    for (int c = 0; c < C; c++)
                        STORE(dh + (i + r) * p->dstate_row + c * LANES, out[r][c]);
            }
            /* For the others dh is that of the final state. */
            for (int i = 0; i < m; i++)
                for (int c = 0; c < C; c++) {
                    VEC dh_ = LOAD(dh + i * p->dstate_row + c * LANES);
                    if (p->dout)
                        dh_ += NAME(load_units)(
                            (const REAL *)p->dout + (p->offsets[t] + first + i) * p->dout_row,
                            (v + c) * LANES, H);
                    NAME(step_back)(p, dh_, NAME(place_of)(p, t, first + i, v + c));
                }
        }
    }
}

/* A part is a half of the rows of U of one vector of units; the first has W and b as well. */
static void NAME(weights)(const void *pass, int first, int last)
{
    const recurrence_pass *p = pass;
    const int F = p->F, H = p->H, N = p->offsets[p->T], size = F * X_GATES + H * H_GATES + GATES;
    const REAL one = 1;
    for (int part = first; part < last; part++) {
        const int v = part / 2, k = part % 2 ? H / 2 : 0, K = part % 2 ? H - H / 2 : H / 2;
        const REAL *da = (const REAL *)p->gates + v * p->vector;
        REAL *dW = (REAL *)p->dweight + (ptrdiff_t)v * size * LANES;
        REAL *db = dW + (ptrdiff_t)(size - GATES) * LANES;
        REAL *dU = dW + ((ptrdiff_t)F * X_GATES + (ptrdiff_t)k * H_GATES) * LANES;
        memset(dU, 0, (size_t)K * H_GATES * LANES * sizeof(REAL));
        if (part % 2 == 0) {
            memset(dW, 0, (size_t)F * X_GATES * LANES * sizeof(REAL));
            memset(db, 0, GATES * LANES * sizeof(REAL));
            NAME(outer)(GATES, db, &one, 0, 1, da, GATES * LANES, N);
        }
        ptrdiff_t state = 0;
        for (int t = 0, n, row = 0; row < N; row += n) {
            n = next_segment(p->offsets, p->T, row, &t, &state);
            const REAL *d = da + (ptrdiff_t)row * GATES * LANES;
            const REAL *h = (const REAL *)p->h + state * p->state_row + k;
            if (part % 2 == 0)
                NAME(outer)(X_GATES, dW, (const REAL *)p->x + row * p->x_row, p->x_row, F,
                            d + X_FIRST * LANES, GATES * LANES, n);
            NAME(outer)(H_GATES, dU, h, p->state_row, K, d + H_FIRST * LANES, GATES * LANES, n);
        }
    }
}

#endif
