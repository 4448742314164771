/* The equations of gru.pyx, reset after the product, for one row and vector of units. */
#ifndef VEC
#define KERNEL "gru.h"

enum { N, R, Z, Q, COLUMNS, KEPT = COLUMNS };
enum { X_FIRST = N, X_COLUMNS = 3, H_FIRST = R, H_COLUMNS = 3 };
enum { HIDDEN, STATES };

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC r = NAME(sigmoid)(a[R]);             /* (1) */
    const VEC z = NAME(sigmoid)(a[Z]);             /* (2) */
    const VEC q = a[Q];                            /* (3) */
    const VEC n = NAME(tanh)(a[N] + r * q);        /* (4) */
    SET(HIDDEN, (1 - z) * n + z * BEFORE(HIDDEN)); /* (5) */
    if (u.kept) {
        KEEP(N, n);
        KEEP(R, r);
        KEEP(Z, z);
        KEEP(Q, q);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, units u)
{
    const VEC n = KEPT_OF(N), r = KEPT_OF(R), z = KEPT_OF(Z), q = KEPT_OF(Q);
    const VEC dn = dh * (1 - z) * (1 - n * n); /* (5), (4) */
    KEEP(N, dn);
    KEEP(R, dn * q * r * (1 - r));                    /* (4), (1) */
    KEEP(Z, dh * (BEFORE(HIDDEN) - n) * z * (1 - z)); /* (5), (2) */
    KEEP(Q, dn * r);                                  /* (4) */
    SET_D(HIDDEN, dh * z);                            /* (5) */
}

#endif
#include "recurrence.h"
