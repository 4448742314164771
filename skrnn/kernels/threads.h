/* The OpenMP thread count, 1 where the compiler has no OpenMP. */
#ifndef SKRNN_THREADS_H
#define SKRNN_THREADS_H
#ifdef _OPENMP
#include <omp.h>
static inline int max_threads(void) { return omp_get_max_threads(); }
#else
static inline int max_threads(void) { return 1; }
#endif
#endif
