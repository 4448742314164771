/* Both precisions of one instruction set; see instantiate.h. */

#define REAL float
#define INTEGER int32_t
#include "precision.h"
#undef REAL
#undef INTEGER

#define REAL double
#define INTEGER int64_t
#include "precision.h"
#undef REAL
#undef INTEGER

#undef ISA
#undef VECTOR_BYTES
#undef TILE_ROWS
