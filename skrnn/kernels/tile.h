/* The register tile, and what goes in and out of it; see instantiate.h. No cell is known here.

   Columns come in vectors of LANES units. A block is a group of C vectors that a tile works on at
   once; a matrix packed for it lies as [block][k][C][LANES], so that a tile reads it from front to
   back. Rows are those of a minibatch. All rows have room for whole vectors; the lanes beyond the
   last unit are zero in weights and states. */

#ifndef SKRNN_TILE_H
#define SKRNN_TILE_H
#define TILE_COLUMNS 4
#define MOST_ROWS 6

/* Rows of a tile of C columns: where a tile of all columns has few, one of few columns has more, as
   it must keep as many sums going at once. */
#define ROWS_OF(C) ((C) <= TILE_COLUMNS / 2 ? MOST_ROWS : TILE_ROWS)

/* Rows i of A, as the left operand of a product: `n_panels` pieces of k, `panel` apart, each of
   length K; element (i, k) of piece p is a[p * panel + i * row + k]. The right operand w is a
   packed block with k running through all pieces. */
typedef struct {
    const void *a;
    ptrdiff_t row, panel;
    int n_panels, K;
    const void *w;
} operand;

#define NOTHING (operand){0}

/* The loops over a tile, which is in registers only if none of them is left. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 8")
#else
#define UNROLL
#endif

#define EACH(i, first, last) UNROLL for (int i = first; i < (last); i++)

/* For the pieces, as few as can be and nearly equal, into which n is cut so that none has more
   than `most`: from `start` on, `size` each. */
#define FOR_PIECES(start, size, n, most) \
    for (int piece_ = 0, pieces_ = ((n) + (most) - 1) / (most), start = 0, size; \
         size = (int)((ptrdiff_t)(n) * (piece_ + 1) / (pieces_ ? pieces_ : 1)) - start, \
             piece_ < pieces_; \
         start += size, piece_++)

/* Rows in tiles of C columns, and vectors of a transposed matrix in blocks. */
#define FOR_TILES(row, R, n_rows, C) FOR_PIECES(row, R, n_rows, ROWS_OF(C))
#define FOR_BLOCKS(v, C, n_vectors) FOR_PIECES(v, C, n_vectors, TILE_COLUMNS)

#define N_VECTORS(n_units) (((n_units) + LANES - 1) / LANES)

/* clang-format off */

/* Calls f(R, ...) with the number of rows, at most those of a tile of C columns, as a constant. */
#define WITH_ROWS(R, C, f, ...) \
    if (ROWS_OF(C) == MOST_ROWS) \
        switch (R) { \
        case 1: f(1, __VA_ARGS__); break; \
        case 2: f(2, __VA_ARGS__); break; \
        case 3: f(3, __VA_ARGS__); break; \
        case 4: f(4, __VA_ARGS__); break; \
        case 5: f(5, __VA_ARGS__); break; \
        default: f(MOST_ROWS, __VA_ARGS__); \
        } \
    else \
        switch (R) { \
        case 1: f(1, __VA_ARGS__); break; \
        case 2: f(2, __VA_ARGS__); break; \
        default: f(3, __VA_ARGS__); \
        }

/* out[r][c] = init[r][c] + a w for a block of C vectors of a transposed matrix. */
#define WITH_ROWS_AND_COLUMNS(R, C, out, init, stride, a) \
    switch (C) { \
    case 1: WITH_ROWS(R, TILE_COLUMNS, NAME(tile), 0, 1, 0, 1, 1, 0, 0, 0, out, init, stride, a, NOTHING) break; \
    case 2: WITH_ROWS(R, TILE_COLUMNS, NAME(tile), 0, 2, 0, 2, 2, 0, 0, 0, out, init, stride, a, NOTHING) break; \
    case 3: WITH_ROWS(R, TILE_COLUMNS, NAME(tile), 0, 3, 0, 3, 3, 0, 0, 0, out, init, stride, a, NOTHING) break; \
    default: WITH_ROWS(R, TILE_COLUMNS, NAME(tile), 0, 4, 0, 4, 4, 0, 0, 0, out, init, stride, a, NOTHING) break; \
    }

/* clang-format on */

#endif

/* acc[r][c] += sum_k a(r, k) w[k][c], for C of the columns from `first` on; w has `of` for each k. */
INLINE void NAME(accumulate)(const int R, const int first, const int C, const int of,
                             VEC (*acc)[TILE_COLUMNS], operand o)
{
    const REAL *w = o.w;
    for (int p = 0; p < o.n_panels; p++) {
        const REAL *a = (const REAL *)o.a + p * o.panel;
        for (int k = 0; k < o.K; k++) {
            VEC b[TILE_COLUMNS];
            EACH(c, 0, C)
                b[c] = LOAD(w + c * LANES);
            EACH(r, 0, R)
                EACH(c, 0, C)
                    acc[r][first + c] += a[r * o.row + k] * b[c];
            w += of * LANES;
        }
    }
}

/* out[r][c] = init[r][c] + x w + h u for C columns from `first` on, init being that of the first;
   the products have some of them each. */
INLINE void NAME(tile)(const int R, const int first, const int C, const int x_first,
                       const int x_columns, const int x_of, const int h_first, const int h_columns,
                       const int h_of, VEC (*out)[TILE_COLUMNS], const REAL *init,
                       ptrdiff_t init_stride, operand x, operand h)
{
    VEC acc[MOST_ROWS][TILE_COLUMNS];
    EACH(r, 0, R)
        EACH(c, 0, C)
            acc[r][first + c] = LOAD(init + r * init_stride + c * LANES);
    NAME(accumulate)(R, x_first, x_columns, x_of, acc, x);
    NAME(accumulate)(R, h_first, h_columns, h_of, acc, h);
    EACH(r, 0, R)
        EACH(c, first, first + C)
            out[r][c] = acc[r][c];
}

/* dw[k][c] += sum_i a(i, k) d(i, c) over rows i, for K <= ROWS_OF(C) of the k and C columns. */
INLINE void NAME(outer_of)(const int K, const int C, REAL *dw, const REAL *a, ptrdiff_t a_row,
                           const REAL *d, ptrdiff_t d_row, int n_rows)
{
    VEC acc[MOST_ROWS][TILE_COLUMNS];
    EACH(k, 0, K)
        EACH(c, 0, C)
            acc[k][c] = LOAD(dw + (k * C + c) * LANES);
    for (int i = 0; i < n_rows; i++) {
        VEC b[TILE_COLUMNS];
        EACH(c, 0, C)
            b[c] = LOAD(d + c * LANES);
        EACH(k, 0, K)
            EACH(c, 0, C)
                acc[k][c] += a[k] * b[c];
        a += a_row;
        d += d_row;
    }
    EACH(k, 0, K)
        EACH(c, 0, C)
            STORE(dw + (k * C + c) * LANES, acc[k][c]);
}

/* The same for K of any size, by tiles. */
INLINE void NAME(outer)(const int C, REAL *dw, const REAL *a, ptrdiff_t a_row, int K, const REAL *d,
                        ptrdiff_t d_row, int n_rows)
{
    FOR_TILES(k, height, K, C) {
        WITH_ROWS(height, C, NAME(outer_of), C, dw + (ptrdiff_t)k * C * LANES, a + k, a_row, d,
                  d_row, n_rows)
    }
}

/* The vector of a row of n units that begins at unit `first`; zero beyond the last unit. */
INLINE VEC NAME(load_units)(const REAL *row, int first, int n)
{
    if (first + LANES <= n)
        return LOAD(row + first);
    VEC v = {0};
    memcpy(&v, row + first, (n - first) * sizeof(REAL));
    return v;
}
