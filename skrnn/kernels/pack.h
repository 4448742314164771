/* Packing of weights for the register tile, see tile.h; unpacking of their gradients.

   A matrix of gates is (G * H, K), gate above gate, as PyTorch keeps it, its rows `ld` apart. */
#ifndef VEC

#define KERNEL "pack.h"
#include "instantiate.h"

typedef void (*pack_task)(void *, const void *, ptrdiff_t, int, int, int, const int *);
typedef void (*unpack_task)(void *, ptrdiff_t, const void *, ptrdiff_t, int, int, int, const int *);
typedef void (*dense_task)(void *, const void *, int, int, const void *);

static const pack_task PACK_GATES[][2] = DISPATCH(pack_gates);
static const pack_task PACK_TRANSPOSED[][2] = DISPATCH(pack_transposed);
static const unpack_task UNPACK_GATES[][2] = DISPATCH(unpack_gates);
static const dense_task PACK_DENSE[][2] = DISPATCH(pack_dense);

#else

/* [unit vector][k][C][LANES]: column c is gate `gates[c]` of the same units. */
static void NAME(pack_gates)(
    void *packed, const void *matrix, ptrdiff_t ld, int H, int K, int C, const int *gates)
{
    REAL *out = packed;
    for (int v = 0; v < N_VECTORS(H); v++, out += (ptrdiff_t)K * C * LANES)
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++) {
                const int unit = v * LANES + lane;
                const REAL *row = (const REAL *)matrix + ((ptrdiff_t)gates[c] * H + unit) * ld;
                for (int k = 0; k < K; k++)
                    out[((ptrdiff_t)k * C + c) * LANES + lane] = unit < H ? row[k] : 0;
            }
}

/* Adds what is packed like that, with `vector` from unit vector to unit vector, to the matrix. */
static void NAME(unpack_gates)(
    void *matrix, ptrdiff_t ld, const void *packed, ptrdiff_t vector, int H, int K, int C,
    const int *gates)
{
    for (int unit = 0; unit < H; unit++)
        for (int c = 0; c < C; c++) {
            const REAL *in = (const REAL *)packed + unit / LANES * vector + c * LANES + unit % LANES;
            REAL *row = (REAL *)matrix + ((ptrdiff_t)gates[c] * H + unit) * ld;
            for (int k = 0; k < K; k++)
                row[k] += in[(ptrdiff_t)k * C * LANES];
        }
}

/* For products with gate gradients, whose columns are [unit vector][G][LANES]: these are the rows
   here, and the n columns of the matrix the columns, in blocks of vectors. */
static void NAME(pack_transposed)(
    void *packed, const void *matrix, ptrdiff_t ld, int H, int n, int G, const int *gates)
{
    REAL *out = packed;
    FOR_BLOCKS(v, C, N_VECTORS(n))
        for (int b = 0; b < N_VECTORS(H); b++)
            for (int g = 0; g < G; g++)
                for (int unit = b * LANES; unit < (b + 1) * LANES; unit++)
                    for (int c = v; c < v + C; c++) {
                        const REAL *row = (const REAL *)matrix
                            + ((ptrdiff_t)gates[g] * H + unit) * ld;
                        STORE(out, unit < H ? NAME(load_units)(row, c * LANES, n) : (VEC){0});
                        out += LANES;
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
