/* What the loops of recurrence.h work on. */
#ifndef SKRNN_PASS_H
#define SKRNN_PASS_H

#include "packed.h"
#include "task.h"

typedef struct {
    const int *offsets; /* (T + 1,), see packed.h */
    int T, F, H;
    int variant;        /* of the equations */
    const void *x;      /* (N, F), rows x_row apart */
    void *h, *c;        /* (B + N, H), rows state_row apart; c only where the cell has one */
    void *gates;        /* [unit vector][row][GATES][LANES], `vector` apart; forward: or NULL */
    ptrdiff_t x_row, state_row, vector;
    const void *weight_ih, *weight_hh, *bias; /* packed for the forward pass */
    const void *weight_hh_t;                  /* packed transposed, for the backward pass */
    const void *dout;   /* (N, H), rows dout_row apart, or NULL */
    void *dh, *dc;      /* (B, H), rows dstate_row apart: of the final state, then of the initial */
    ptrdiff_t dout_row, dstate_row;
    void *dweight;      /* [unit vector][W (F, X_GATES), U (H, H_GATES), b (GATES)][LANES] */
} recurrence_pass;

/* A row and vector of units: where its states and gradients are. */
typedef struct {
    const void *h_before, *c_before;
    void *h, *c;
    void *gates;
    void *dh, *dc;
} place;

/* The kernels of a cell by instruction set and precision, and how its vectors are made up. */
typedef struct {
    task forward[3][2], backward[3][2], weights[3][2];
    int gates, x_first, x_gates, h_gates;
} recurrence_kernels;

#endif
