/* The equations of gru_reset_before.pyx for one row and vector of units, in two stages. */
#ifndef VEC
#define KERNEL "gru_reset_before.h"

enum { R, Z, N, COLUMNS, KEPT = COLUMNS };
enum { X_FIRST = R, X_COLUMNS = 3, H_FIRST = R, H_COLUMNS = 3 };
enum { HIDDEN, GATED, STATES };
#define SECOND N
#define SECOND_READS GATED

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC r = NAME(sigmoid)(a[R]); /* (1) */
    const VEC z = NAME(sigmoid)(a[Z]); /* (2) */
    SET(GATED, r * BEFORE(HIDDEN));    /* (3) */
    SET(HIDDEN, z);                    /* until the second stage */
    if (u.kept) {
        KEEP(R, r);
        KEEP(Z, z);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dq, units u)
{
    const VEC r = KEPT_OF(R);
    KEEP(R, dq * BEFORE(HIDDEN) * r * (1 - r)); /* (3), (1) */
    SET_D(HIDDEN, D(HIDDEN) + dq * r);          /* (3) */
}

INLINE void NAME(step_2)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC z = AFTER(HIDDEN);
    const VEC n = NAME(tanh)(a[N]);                /* (4) */
    SET(HIDDEN, (1 - z) * n + z * BEFORE(HIDDEN)); /* (5) */
    if (u.kept)
        KEEP(N, n);
}

INLINE void NAME(step_2_back)(const recurrence_pass *p, VEC dh, units u)
{
    const VEC z = KEPT_OF(Z), n = KEPT_OF(N);
    KEEP(Z, dh * (BEFORE(HIDDEN) - n) * z * (1 - z)); /* (5), (2) */
    KEEP(N, dh * (1 - z) * (1 - n * n));              /* (5), (4) */
    SET_D(HIDDEN, dh * z);                            /* (5) */
}

#endif
#include "recurrence.h"
