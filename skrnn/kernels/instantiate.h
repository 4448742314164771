/* Includes the file named by KERNEL once for each instruction set and precision.

   A kernel is written once, with vector extensions, and finds defined

       REAL            float or double
       VEC, IVEC       vectors of REAL and of integers of its size; LANES of them
       LOAD, STORE     unaligned access to a VEC
       TILE_ROWS       rows of a register tile, see tile.h
       NAME(f)         f with the instruction set and the precision in its name

   and what activations.h and tile.h define. DISPATCH(f) is the table of the instances of f, by
   instruction set (isa.pyx chooses at import) and precision. Where the compiler has no vector
   extensions, a vector has one lane and there is one instance for each precision. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PASTE_3(a, b, c) a##_##b##_##c
#define NAME_3(a, b, c) PASTE_3(a, b, c)
#define NAME(f) NAME_3(f, ISA, REAL)

#if defined(__clang__)
#define PRAGMA(text) _Pragma(#text)
#define BEGIN_TARGET(isa) \
    PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define END_TARGET PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define PRAGMA(text) _Pragma(#text)
#define BEGIN_TARGET(isa) PRAGMA(GCC push_options) PRAGMA(GCC target(isa))
#define END_TARGET PRAGMA(GCC pop_options)
#endif

#if defined(__GNUC__) && defined(__x86_64__)

/* clang-format off */
#define DISPATCH(f) \
    {{f##_baseline_float, f##_baseline_double}, \
     {f##_avx2_float, f##_avx2_double}, \
     {f##_avx512_float, f##_avx512_double}}
/* clang-format on */

BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#define ISA avx512
#define VECTOR_BYTES 64
#define TILE_ROWS 6
#include "instance.h"
END_TARGET

BEGIN_TARGET("avx2,fma")
#define ISA avx2
#define VECTOR_BYTES 32
#define TILE_ROWS 3
#include "instance.h"
END_TARGET

#else
/* clang-format off */
#define DISPATCH(f) {{f##_baseline_float, f##_baseline_double}}
/* clang-format on */
#endif

#define ISA baseline
#define VECTOR_BYTES 16
#ifdef __aarch64__
#define TILE_ROWS 6
#else
#define TILE_ROWS 3
#endif
#include "instance.h"
