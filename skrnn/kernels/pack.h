/* Packing of parameters for the register tile, see tile.h; unpacking of their gradients.

   A parameter is a matrix (G * H, K), block above block, as PyTorch keeps it. Of C columns, column c
   is made of block `blocks[c]`, or of none if that is negative. */
#ifndef VEC

#define KERNEL "pack.h"
#include "instantiate.h"

typedef void (*pack_task)(void *, const void *, int, int, int, const int *);
typedef void (*unpack_task)(void *, const void *, ptrdiff_t, int, int, int, const int *);
typedef void (*dense_task)(void *, const void *, int, int, const void *);

static const pack_task PACK_BLOCKS[][2] = DISPATCH(pack_blocks);
static const pack_task PACK_TRANSPOSED[][2] = DISPATCH(pack_transposed);
static const unpack_task UNPACK_BLOCKS[][2] = DISPATCH(unpack_blocks);
static const dense_task PACK_DENSE[][2] = DISPATCH(pack_dense);

#else

/* [unit vector][k][C][LANES]; columns of no block stay as they are. */
static void NAME(pack_blocks)(void *packed, const void *matrix, int H, int K, int C,
                              const int *blocks)
{
    REAL *out = packed;
    for (int v = 0; v < N_VECTORS(H); v++, out += (ptrdiff_t)K * C * LANES)
        for (int c = 0; c < C; c++)
            for (int lane = 0; blocks[c] >= 0 && lane < LANES; lane++) {
                const int unit = v * LANES + lane;
                const REAL *row = (const REAL *)matrix + ((ptrdiff_t)blocks[c] * H + unit) * K;
                for (int k = 0; k < K; k++)
                    out[((ptrdiff_t)k * C + c) * LANES + lane] = unit < H ? row[k] : 0;
            }
}

/* Adds what is packed like that, `stride` from unit vector to unit vector, to the matrix. */
static void NAME(unpack_blocks)(void *matrix, const void *packed, ptrdiff_t stride, int H, int K,
                                int C, const int *blocks)
{
    for (int unit = 0; unit < H; unit++)
        for (int c = 0; c < C; c++) {
            if (blocks[c] < 0)
                continue;
            const REAL *in =
                (const REAL *)packed + unit / LANES * stride + c * LANES + unit % LANES;
            REAL *row = (REAL *)matrix + ((ptrdiff_t)blocks[c] * H + unit) * K;
            for (int k = 0; k < K; k++)
                row[k] += in[(ptrdiff_t)k * C * LANES];
        }
}

/* For products with gradients of columns, which are [unit vector][C][LANES]: these are the rows
   here, and the n columns of the matrix the columns, in blocks of vectors. */
static void NAME(pack_transposed)(void *packed, const void *matrix, int H, int n, int C,
                                  const int *blocks)
{
    REAL *out = packed;
    FOR_BLOCKS(v, size, N_VECTORS(n))
        for (int b = 0; b < N_VECTORS(H); b++)
            for (int c = 0; c < C; c++)
                for (int unit = b * LANES; unit < (b + 1) * LANES; unit++)
                    for (int j = v; j < v + size; j++, out += LANES) {
                        const REAL *row =
                            (const REAL *)matrix + ((ptrdiff_t)blocks[c] * H + unit) * n;
                        STORE(out, unit < H ? NAME(load_units)(row, j * LANES, n) : (VEC){0});
                    }
}

/* The columns of a dense layer (n, K) in blocks of vectors, as products with rows want them; then
   its bias (n,), zero if there is none. */
static void NAME(pack_dense)(void *packed, const void *weight, int n, int K, const void *bias)
{
    REAL *out = packed;
    FOR_BLOCKS(v, C, N_VECTORS(n))
        for (int k = 0; k < K; k++)
            for (int unit = v * LANES; unit < (v + C) * LANES; unit++)
                *out++ = unit < n ? ((const REAL *)weight)[(ptrdiff_t)unit * K + k] : 0;
    for (int unit = 0; unit < N_VECTORS(n) * LANES; unit++)
        *out++ = bias && unit < n ? ((const REAL *)bias)[unit] : 0;
}

#endif
