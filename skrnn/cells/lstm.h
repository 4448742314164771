/* The equations of lstm.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "lstm.h"

enum { GATE_I, GATE_F, GATE_G, GATE_O, COLUMNS, KEPT = COLUMNS };
enum { X_FIRST = GATE_I, X_COLUMNS = 4, H_FIRST = GATE_I, H_COLUMNS = 4 };
enum { HIDDEN, CELL_STATE, STATES };

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC i = NAME(sigmoid)(a[GATE_I]);       /* (1) */
    const VEC f = NAME(sigmoid)(a[GATE_F]);       /* (2) */
    const VEC g = NAME(tanh)(a[GATE_G]);          /* (3) */
    const VEC o = NAME(sigmoid)(a[GATE_O]);       /* (4) */
    const VEC c = f * BEFORE(CELL_STATE) + i * g; /* (5) */
    SET(CELL_STATE, c);
    SET(HIDDEN, o * NAME(tanh)(c)); /* (6) */
    if (u.kept) {
        KEEP(GATE_I, i);
        KEEP(GATE_F, f);
        KEEP(GATE_G, g);
        KEEP(GATE_O, o);
    }
}

INLINE void NAME(step_back)(const recurrence_pass *p, VEC dh, units u)
{
    const VEC i = KEPT_OF(GATE_I), f = KEPT_OF(GATE_F);
    const VEC g = KEPT_OF(GATE_G), o = KEPT_OF(GATE_O);
    const VEC tanh_c = NAME(tanh)(AFTER(CELL_STATE));
    const VEC dc = D(CELL_STATE) + dh * o * (1 - tanh_c * tanh_c); /* (6) */
    KEEP(GATE_I, dc * g * i * (1 - i));                            /* (5), (1) */
    KEEP(GATE_F, dc * BEFORE(CELL_STATE) * f * (1 - f));           /* (5), (2) */
    KEEP(GATE_G, dc * i * (1 - g * g));                            /* (5), (3) */
    KEEP(GATE_O, dh * tanh_c * o * (1 - o));                       /* (6), (4) */
    SET_D(CELL_STATE, dc * f);                                     /* (5) */
    SET_D(HIDDEN, (VEC){0}); /* h_{t-1} acts through the gates only */
}

#endif
#include "recurrence.h"
