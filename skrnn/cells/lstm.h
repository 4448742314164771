/* The equations of lstm.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "lstm.h"

#define GATES 4 /* i f g o */
#define X_FIRST 0
#define X_GATES 4
#define H_FIRST 0
#define H_GATES 4

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], place s)
{
    const VEC i = NAME(sigmoid)(a[0]);                                              /* (1) */
    const VEC f = NAME(sigmoid)(a[1]);                                              /* (2) */
    const VEC g = NAME(tanh)(a[2]);                                                 /* (3) */
    const VEC o = NAME(sigmoid)(a[3]);                                              /* (4) */
    const VEC c = f * LOAD(s.c_before) + i * g;                                     /* (5) */
    STORE(s.c, c);
    STORE(s.h, o * NAME(tanh)(c));                                                  /* (6) */
    if (s.gates) {
        REAL *gates = s.gates;
        STORE(gates, i);
        STORE(gates + LANES, f);
        STORE(gates + 2 * LANES, g);
        STORE(gates + 3 * LANES, o);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, place s)
{
    REAL *gates = s.gates;
    const VEC i = LOAD(gates), f = LOAD(gates + LANES);
    const VEC g = LOAD(gates + 2 * LANES), o = LOAD(gates + 3 * LANES);
    const VEC tanh_c = NAME(tanh)(LOAD(s.c));
    const VEC dc = LOAD(s.dc) + dh * o * (1 - tanh_c * tanh_c);                     /* (6) */
    STORE(gates, dc * g * i * (1 - i));                                             /* (5), (1) */
    STORE(gates + LANES, dc * LOAD(s.c_before) * f * (1 - f));                      /* (5), (2) */
    STORE(gates + 2 * LANES, dc * i * (1 - g * g));                                 /* (5), (3) */
    STORE(gates + 3 * LANES, dh * tanh_c * o * (1 - o));                            /* (6), (4) */
    STORE(s.dc, dc * f);                                                            /* (5) */
    STORE(s.dh, (VEC){0}); /* h_{t-1} acts through the gates only */
}

#endif
#include "recurrence.h"
