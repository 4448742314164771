/* A product of rows with a packed matrix, plus a bias: out = a w + b; see tile.h.

   Every element of `out` is summed in the order of k, whatever the other rows are and whichever
   thread has it, so that a row's result has the same bits in any company. */
#ifndef VEC

typedef struct {
    const void *a; /* rows in n_panels pieces of K, `panel` apart; rows are a_row apart */
    ptrdiff_t a_row, panel;
    int n_panels, K;
    const void *w;    /* in blocks of vectors, see pack.h */
    const void *bias; /* (n,) in whole vectors, or NULL */
    void *out;        /* (N, n), rows out_row apart */
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
    FOR_BLOCKS(v, C, N_VECTORS(p->n)) {
        const REAL *w = (const REAL *)p->w + (ptrdiff_t)v * p->n_panels * p->K * LANES;
        const REAL *bias = p->bias ? (const REAL *)p->bias + v * LANES : zero;
        FOR_TILES(i, R, last - first, TILE_COLUMNS) {
            VEC out[TILE_ROWS][TILE_COLUMNS];
            const operand a = {(const REAL *)p->a + (first + i) * p->a_row,
                               p->a_row,
                               p->panel,
                               p->n_panels,
                               p->K,
                               w};
            WITH_ROWS_AND_COLUMNS(R, C, out, bias, 0, a)
            for (int r = 0; r < R; r++)
                for (int c = 0; c < C; c++)
                    STORE((REAL *)p->out + (first + i + r) * p->out_row + (v + c) * LANES,
                          out[r][c]);
        }
    }
}

#endif
