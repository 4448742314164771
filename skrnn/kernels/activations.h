/* tanh and sigmoid of every lane of a vector, without branches or tables.

   Included once for each instruction set and precision, after defining

       REAL       float or double, literally
       VEC        a vector of REAL (vector_size attribute), or REAL itself
       IVEC       a vector of as many int32_t (int64_t for double), or that type itself
       NAME(f)    what the function f is to be called

   The compiler makes the machine code from the vector arithmetic, for the target in force where
   this is included; it must contract a * b + c (-ffp-contract=fast or on, the default of GCC and
   Clang) for the speed of FMA, and must not reassociate (no -ffast-math).

   Both functions come from one reduction. Write x = n ln2/2 + h with an integer n and
   |h| <= ln2/4. With s = 2^n and c = h coth(h),

       e^2x = s (c + h) / (c - h)
       tanh(x) = (e^2x - 1) / (e^2x + 1) = a / (a + 2 (c - h)),  a = (s - 1) c + (s + 1) h
       sigmoid(-2x) = 1 / (1 + e^2x) = (c - h) / (c - h + s (c + h))

   c is even and nearly 1: two coefficients make it exact enough for float, five for double, and
   the quotients share the one division. A polynomial for e^2x itself would need two to three times
   as many, and tanh from e^2x would lose the small x, where here s = 1 and a = 2h exactly. */

#ifndef SKRNN_ACTIVATIONS_H
#define SKRNN_ACTIVATIONS_H

#include <stdint.h>
#include <string.h>

/* Printed by tools/fit_activations.py: the coefficients of c - 1 in h^2, highest first; 2/ln2; and
   ln2/2 in two parts, the high one so short that n times it is exact. */
#define COTH_float -0.022133939f, 0.3333325f
#define TWO_LOG2E_float 2.88539f
#define HALF_LN2_HIGH_float 0.34657288f
#define HALF_LN2_LOW_float 7.143034e-07f
#define COTH_double \
    2.1187003301528693e-05, -0.00021163393172499864, 0.0021164020224981287, -0.022222222221609328, \
        0.33333333333333204
#define TWO_LOG2E_double 2.8853900817779268
#define HALF_LN2_HIGH_double 0.34657359027994517
#define HALF_LN2_LOW_double 2.7489615093541856e-14

/* Adding 1.5 * 2^FRACTION_BITS leaves an integer in the lowest bits of the fraction; with the
   exponent bias added too, shifting these up to the exponent's place gives 2^n. */
#define FRACTION_BITS_float 23
#define FRACTION_BITS_double 52
#define ROUNDER_float (0x1.8p23f + 127)
#define ROUNDER_double (0x1.8p52 + 1023)

/* From here on e^2x + 1 = e^2x - 1 = e^2x as rounded. */
#define SATURATED_float 10
#define SATURATED_double 20

/* Here s = 2^n becomes infinite and sigmoid(-2x) zero. */
#define OVERFLOWN_float 44.25f
#define OVERFLOWN_double 354.75

#define PASTE(name, real) name##_##real
#define OF_TYPE(name, real) PASTE(name, real)
#define CONSTANT(name) OF_TYPE(name, REAL)

#endif

static inline IVEC NAME(bits)(VEC x)
{
    IVEC i;
    memcpy(&i, &x, sizeof i);
    return i;
}

static inline VEC NAME(of_bits)(IVEC i)
{
    VEC x;
    memcpy(&x, &i, sizeof x);
    return x;
}

/* min(x, bound); a NaN stays one. */
static inline VEC NAME(at_most)(VEC x, REAL bound)
{
    VEC limit = (VEC){0} + bound;
    /* True is 1 for scalars and -1 in the lanes of vectors; made -1 for both. */
    IVEC above = -((IVEC)(limit < x) & 1);
    return NAME(of_bits)((NAME(bits)(limit) & above) | (NAME(bits)(x) & ~above));
}

/* Returns c and writes h and s, see above. */
static inline VEC NAME(reduce)(VEC x, VEC *h, VEC *s)
{
    static const REAL coth[] = {CONSTANT(COTH)};
    VEC rounded = x * CONSTANT(TWO_LOG2E) + CONSTANT(ROUNDER), n = rounded - CONSTANT(ROUNDER);
    *s = NAME(of_bits)(NAME(bits)(rounded) << CONSTANT(FRACTION_BITS));
    *h = x - n * CONSTANT(HALF_LN2_HIGH) - n * CONSTANT(HALF_LN2_LOW);
    VEC q = *h * *h, c = q * coth[0] + coth[1];
    for (int k = 2; k < (int)(sizeof coth / sizeof *coth); k++)
        c = c * q + coth[k];
    return c * q + 1;
}

/* Of |x|, so that it is odd, and as 2 (c - h) > 0 the quotient cannot round to more than 1. */
static inline VEC NAME(tanh)(VEC x)
{
    VEC h, s;
    IVEC sign = NAME(bits)(x) & NAME(bits)(-(VEC){0});
    VEC magnitude = NAME(of_bits)(NAME(bits)(x) ^ sign);
    VEC c = NAME(reduce)(NAME(at_most)(magnitude, CONSTANT(SATURATED)), &h, &s);
    VEC a = (s - 1) * c + (s + 1) * h;
    return NAME(of_bits)(NAME(bits)(a / (a + 2 * (c - h))) | sign);
}

/* Of full relative accuracy for negative x too. Denormal results reach down to a third of the
   smallest normal number, at x = -88.37 for float and -709.4 for double; below it is 0. */
static inline VEC NAME(sigmoid)(VEC x)
{
    VEC h, s;
    VEC y = NAME(at_most)(x, 2 * CONSTANT(SATURATED)) * (REAL)-0.5;
    VEC c = NAME(reduce)(NAME(at_most)(y, CONSTANT(OVERFLOWN)), &h, &s);
    return (c - h) / (s * (c + h) + (c - h));
}

/* max(x, 0); a NaN stays one. */
static inline VEC NAME(relu)(VEC x)
{
    IVEC below = -((IVEC)(x < 0) & 1);
    return NAME(of_bits)(NAME(bits)(x) & ~below);
}

/* The derivative of relu: 1 above 0, 0 elsewhere. */
static inline VEC NAME(is_positive)(VEC x)
{
    IVEC above = -((IVEC)(x > 0) & 1);
    return NAME(of_bits)(NAME(bits)((VEC){0} + 1) & above);
}
