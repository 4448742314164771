/* One precision of one instruction set; see instantiate.h. */

#ifdef __GNUC__
typedef REAL NAME(vec) __attribute__((vector_size(VECTOR_BYTES)));
typedef INTEGER NAME(ivec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(unaligned_vec)
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
#define INLINE static inline __attribute__((always_inline))
#else
typedef REAL NAME(vec);
typedef INTEGER NAME(ivec);
typedef REAL NAME(unaligned_vec);
#define INLINE static inline
#endif
#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define LANES ((int)(sizeof(VEC) / sizeof(REAL)))
#define LOAD(p) (*(const NAME(unaligned_vec) *)(p))
#define STORE(p, v) (*(NAME(unaligned_vec) *)(p) = (v))

#include "activations.h"
#include "tile.h"
#include KERNEL

#undef INLINE
#undef VEC
#undef IVEC
#undef LANES
#undef LOAD
#undef STORE
