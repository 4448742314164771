/* How a packed minibatch is laid out.

   B sequences, longest first, are packed time-major without padding: the rows of step t, one for
   each sequence still running, are offsets[t] to offsets[t + 1]. State arrays have B rows more: the
   first B are the initial state, so that the state before step t always has a row of its own. */
#ifndef SKRNN_PACKED_H
#define SKRNN_PACKED_H

#include <stddef.h>

/* How many sequences run at step t. */
static inline int n_active(const int *offsets, int t) { return offsets[t + 1] - offsets[t]; }

/* How many of the sequences first to last run at step t; none before and after the steps. */
static inline int n_active_of(const int *offsets, int T, int t, int first, int last)
{
    const int n = t < 0 || t >= T ? 0 : n_active(offsets, t);
    return n <= first ? 0 : (n < last ? n : last) - first;
}

/* The first row, in a state array, of the states before step t. */
static inline ptrdiff_t state_before(const int *offsets, int t)
{
    return t == 0 ? 0 : offsets[1] + offsets[t - 1];
}

/* Few enough rows that the gradients of one vector of gates stay in the nearest cache. */
#define SEGMENT 96

/* The number of rows from `row` on, at most SEGMENT, whose states before them also follow each
   other, from `state` on; t is a step at or before that of the row and follows it. */
static inline int next_segment(const int *offsets, int T, int row, int *t, ptrdiff_t *state)
{
    while (offsets[*t + 1] <= row)
        ++*t;
    const ptrdiff_t shift = state_before(offsets, *t) - offsets[*t];
    int after = *t + 1;
    while (after < T && offsets[after] - row < SEGMENT
           && state_before(offsets, after) - offsets[after] == shift)
        after++;
    *state = row + shift;
    return offsets[after] - row < SEGMENT ? offsets[after] - row : SEGMENT;
}

#endif
