/* The equations of gru.pyx, reset after the product, for one row and vector of units. */
#ifndef VEC
#define KERNEL "gru.h"

#define GATES 4 /* n r z q */
#define X_FIRST 0
#define X_GATES 3
#define H_FIRST 1
#define H_GATES 3

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], place s)
{
    const VEC r = NAME(sigmoid)(a[1]);                                              /* (1) */
    const VEC z = NAME(sigmoid)(a[2]);                                              /* (2) */
    const VEC q = a[3];                                                             /* (3) */
    const VEC n = NAME(tanh)(a[0] + r * q);                                         /* (4) */
    STORE(s.h, (1 - z) * n + z * LOAD(s.h_before));                                 /* (5) */
    if (s.gates) {
        REAL *gates = s.gates;
        STORE(gates, n);
        STORE(gates + LANES, r);
        STORE(gates + 2 * LANES, z);
        STORE(gates + 3 * LANES, q);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, place s)
{
    REAL *gates = s.gates;
    const VEC n = LOAD(gates), r = LOAD(gates + LANES);
    const VEC z = LOAD(gates + 2 * LANES), q = LOAD(gates + 3 * LANES);
    const VEC dn = dh * (1 - z) * (1 - n * n);                                      /* (5), (4) */
    STORE(gates, dn);
    STORE(gates + LANES, dn * q * r * (1 - r));                                     /* (4), (1) */
    STORE(gates + 2 * LANES, dh * (LOAD(s.h_before) - n) * z * (1 - z));            /* (5), (2) */
    STORE(gates + 3 * LANES, dn * r);                                               /* (4) */
    STORE(s.dh, dh * z);                                                            /* (5) */
}

#endif
#include "recurrence.h"
