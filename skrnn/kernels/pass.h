/* What the loops of recurrence.h work on, and the words in which a cell's equations are written. */
#ifndef SKRNN_PASS_H
#define SKRNN_PASS_H

#include "packed.h"
#include "task.h"

/* The most arrays of states, stages, and columns with per-unit vectors that a cell may have. */
#define MAX_STATES 3
#define MAX_STAGES 2
#define MAX_COLUMNS 8

/* Every stride is from row to row, in elements; that of `kept` from unit vector to unit vector. */
typedef struct {
    const int *offsets; /* (T + 1,), see packed.h */
    int T, F, H;
    int variant;      /* of the equations */
    const void *x;    /* (N, F), or (M, F) with an index */
    const int *index; /* (N,), which row of x each step has; or NULL: the same one */
    int M;
    void *table;  /* [unit vector][row of x][columns][LANES]: bias + W x, of rows with an index */
    void *dtable; /* [unit vector][row of x][KEPT][LANES]: the gradient of that */
    void *states[MAX_STATES]; /* (B + N, H) each */
    void *kept;               /* [unit vector][row][KEPT][LANES]; forward: or NULL */
    ptrdiff_t x_stride, state_stride, kept_stride, table_stride, dtable_stride;
    const void *weight_ih, *weight_hh, *vectors; /* packed for the forward pass */
    const void *weight_hh_t[MAX_STAGES];         /* packed transposed, for the backward pass */
    const void *dout;                            /* (N, H) or NULL */
    void *dstates[MAX_STATES]; /* (B, H) each: of the final state, then of the initial one */
    ptrdiff_t dout_stride, dstate_stride;
    void *dweight; /* [unit vector][W, U of each stage, vectors][LANES], see weights_size */
} recurrence_pass;

/* One vector of units of one sequence at one step: where in the arrays of a pass it is. */
typedef struct {
    ptrdiff_t before, after; /* in the states */
    ptrdiff_t d;             /* in their gradients */
    void *kept;
    const void *vectors;
} units;

/* For equations of a pass p and units u: states before and after the step and their gradients; what
   is kept of each column for the backward pass, which overwrites it with the column's gradient; and
   the bias or per-unit vector of a column. */
#define BEFORE(state) LOAD((const REAL *)p->states[state] + u.before)
#define AFTER(state) LOAD((const REAL *)p->states[state] + u.after)
#define SET(state, value) STORE((REAL *)p->states[state] + u.after, value)
#define D(state) LOAD((const REAL *)p->dstates[state] + u.d)
#define SET_D(state, value) STORE((REAL *)p->dstates[state] + u.d, value)
#define KEPT_OF(column) LOAD((const REAL *)u.kept + (column) * LANES)
#define KEEP(column, value) STORE((REAL *)u.kept + (column) * LANES, value)
#define VECTOR(column) LOAD((const REAL *)u.vectors + (column) * LANES)

/* The kernels of a cell by instruction set and precision, and its numbers, see recurrence.h. */
typedef struct {
    task forward[3][2], backward[3][2], weights[3][2], project[3][2], collect[3][2];
    int columns, kept, x_first, x_columns, h_first, h_columns, h_columns_1, states;
} recurrence_kernels;

#endif
