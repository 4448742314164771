/* The widest instruction set that the machine runs and the kernels are built for. */
#ifndef SKRNN_ISA_H
#define SKRNN_ISA_H

#if defined(__GNUC__) && defined(__x86_64__)
static const char *const ISA_NAMES[] = {"baseline", "avx2", "avx512"};
static inline int best_isa(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static inline int vector_bytes(int isa) { return 16 << isa; }
#else
static const char *const ISA_NAMES[] = {"baseline"};
static inline int best_isa(void) { return 0; }
#ifdef __GNUC__
static inline int vector_bytes(int isa) { return 16; }
#else
static inline int vector_bytes(int isa) { return 0; } /* one lane */
#endif
#endif

static inline int n_lanes(int isa, int item_size)
{
    return vector_bytes(isa) ? vector_bytes(isa) / item_size : 1;
}

#endif
