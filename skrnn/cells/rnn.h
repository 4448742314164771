/* The equations of rnn.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "rnn.h"

enum { TANH, RELU };

#define GATES 1
#define X_FIRST 0
#define X_GATES 1
#define H_FIRST 0
#define H_GATES 1

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], place s)
{
    /* (2); a NaN stays one */
    STORE(s.h, p->variant == TANH ? NAME(tanh)(a[0]) : NAME(relu)(a[0]));
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, place s)
{
    const VEC h = LOAD(s.h);
    STORE(s.gates, dh * (p->variant == TANH ? 1 - h * h : NAME(is_positive)(h)));   /* (2) */
    STORE(s.dh, (VEC){0}); /* h_{t-1} acts through a only */
}

#endif
#include "recurrence.h"
