/* The equations of peephole_lstm.pyx for one row and vector of units. */
#ifndef VEC
#define KERNEL "peephole_lstm.h"

enum { GATE_I, GATE_F, GATE_G, GATE_O, COLUMNS, PEEP_I = COLUMNS, PEEP_F, PEEP_O, KEPT };
enum { X_FIRST = GATE_I, X_COLUMNS = 4, H_FIRST = GATE_I, H_COLUMNS = 4 };
enum { HIDDEN, CELL_STATE, STATES };

#else

INLINE void NAME(step)(const recurrence_pass *p, const VEC a[], units u)
{
    const VEC c_before = BEFORE(CELL_STATE);
    const VEC i = NAME(sigmoid)(a[GATE_I] + VECTOR(PEEP_I) * c_before); /* (1) */
    const VEC f = NAME(sigmoid)(a[GATE_F] + VECTOR(PEEP_F) * c_before); /* (2) */
    const VEC g = NAME(tanh)(a[GATE_G]);                                /* (3) */
    const VEC c = f * c_before + i * g;                                 /* (4) */
    const VEC o = NAME(sigmoid)(a[GATE_O] + VECTOR(PEEP_O) * c);        /* (5) */
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
    const VEC c_before = BEFORE(CELL_STATE), c = AFTER(CELL_STATE), tanh_c = NAME(tanh)(c);
    const VEC do_ = dh * tanh_c * o * (1 - o); /* (6), (5) */
    const VEC dc = D(CELL_STATE) + dh * o * (1 - tanh_c * tanh_c) + do_ * VECTOR(PEEP_O);
    const VEC di = dc * g * i * (1 - i);        /* (4), (1) */
    const VEC df = dc * c_before * f * (1 - f); /* (4), (2) */
    KEEP(GATE_I, di);
    KEEP(GATE_F, df);
    KEEP(GATE_G, dc * i * (1 - g * g)); /* (4), (3) */
    KEEP(GATE_O, do_);
    KEEP(PEEP_I, di * c_before);                                           /* (1) */
    KEEP(PEEP_F, df * c_before);                                           /* (2) */
    KEEP(PEEP_O, do_ * c);                                                 /* (5) */
    SET_D(CELL_STATE, dc * f + di * VECTOR(PEEP_I) + df * VECTOR(PEEP_F)); /* (4) to (1) */
    SET_D(HIDDEN, (VEC){0}); /* h_{t-1} acts through the gates only */
}

#endif
#include "recurrence.h"
