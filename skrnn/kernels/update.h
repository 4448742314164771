/* The step of an optimizer, in one pass over its vectors. */
#ifndef VEC

#include <math.h>

#define KERNEL "update.h"
#include "instantiate.h"

typedef void (*adam_task)(void *, const void *, void *, void *, ptrdiff_t, double, double, double,
                          double);

static const adam_task ADAM[][2] = DISPATCH(adam);

#else

/* Plain loops: the compiler makes vectors of them. */
static void NAME(adam)(void *theta_, const void *gradient_, void *mean_, void *square_, ptrdiff_t n,
                       double beta_1, double beta_2, double size_, double epsilon_)
{
    REAL *restrict theta = theta_, *restrict mean = mean_, *restrict square = square_;
    const REAL *restrict gradient = gradient_;
    const REAL rate_1 = (REAL)(1 - beta_1), rate_2 = (REAL)(1 - beta_2);
    const REAL size = (REAL)size_, epsilon = (REAL)epsilon_;
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL g = gradient[i];
        const REAL m = mean[i] + rate_1 * (g - mean[i]);
        const REAL s = square[i] + rate_2 * (g * g - square[i]);
        const REAL root = sizeof(REAL) == sizeof(float) ? (REAL)sqrtf((float)s) : (REAL)sqrt(s);
        mean[i] = m;
        square[i] = s;
        theta[i] -= size * m / (root + epsilon);
    }
}

#endif
