/* Gate gradients times weights, for all rows at once: the gradient of a layer's input. */
#ifndef VEC

typedef struct {
    const void *da;        /* [unit vector][row][G][LANES], `vector` apart */
    ptrdiff_t vector;
    int n_vectors, G, used; /* `used` of the G gates, from da on */
    const void *weight_t;  /* packed transposed */
    void *out;             /* (N, n), rows out_row apart */
    ptrdiff_t out_row;
    int n;
} product_pass;

#include "task.h"

#define KERNEL "product.h"
#include "instantiate.h"

static const task PRODUCT[][2] = DISPATCH(product);

#else

/* Rows first to last. */
static void NAME(product)(const void *pass, int first, int last)
{
    static const REAL zero[TILE_COLUMNS * LANES];
    const product_pass *p = pass;
    const int K = p->used * LANES, row = p->G * LANES;
    FOR_BLOCKS(v, C, N_VECTORS(p->n)) {
        const REAL *w = (const REAL *)p->weight_t + (ptrdiff_t)v * p->n_vectors * K * LANES;
        FOR_TILES(i, R, last - first) {
            VEC out[TILE_ROWS][TILE_COLUMNS];
            const operand da = {(const REAL *)p->da + (ptrdiff_t)(first + i) * row, row, p->vector,
                                p->n_vectors, K, w};
            WITH_ROWS_AND_COLUMNS(R, C, out, zero, 0, da)
            for (int r = 0; r < R; r++)
                for (int c = 0; c < C; c++)
                    STORE((REAL *)p->out + (first + i + r) * p->out_row + (v + c) * LANES,
                          out[r][c]);
        }
    }
}

#endif
