/* The equations of mingru.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "mingru.h"

enum { Z, N, COLUMNS, KEPT = COLUMNS };
enum { X_FIRST = Z, X_COLUMNS = 2, H_FIRST = COLUMNS, H_COLUMNS = 0 };
enum { HIDDEN, STATES };

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC z = NAME(sigmoid)(a[Z]);             /* (1) */
    const VEC n = a[N];                            /* (2) */
    SET(HIDDEN, (1 - z) * BEFORE(HIDDEN) + z * n); /* (3) */
    if (u.kept) {
        KEEP(Z, z);
        KEEP(N, n);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, units u)
{
    const VEC z = KEPT_OF(Z), n = KEPT_OF(N);
    KEEP(Z, dh * (n - BEFORE(HIDDEN)) * z * (1 - z)); /* (3), (1) */
    KEEP(N, dh * z);                                  /* (3), (2) */
    SET_D(HIDDEN, dh * (1 - z));                      /* (3) */
}

#endif
#include "recurrence.h"
