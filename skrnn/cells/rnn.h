/* The equations of rnn.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "rnn.h"

enum { TANH, RELU };
enum { A, COLUMNS, KEPT = COLUMNS };
enum { X_FIRST = A, X_COLUMNS = 1, H_FIRST = A, H_COLUMNS = 1 };
enum { HIDDEN, STATES };

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    /* (2); a NaN stays one */
    SET(HIDDEN, p->variant == TANH ? NAME(tanh)(a[A]) : NAME(relu)(a[A]));
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, units u)
{
    const VEC h = AFTER(HIDDEN);
    KEEP(A, dh * (p->variant == TANH ? 1 - h * h : NAME(is_positive)(h))); /* (2) */
    SET_D(HIDDEN, (VEC){0}); /* h_{t-1} acts through a only */
}

#endif
#include "recurrence.h"
