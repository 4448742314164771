/* Attention over packed sequences: scores, their softmax and the weighted sum, and back.

   A query reads the rows of one sequence of the memory. Its products are summed in an order that
   depends on nothing else, so its result has the same bits in any company. With a vector `score`,
   s_j = score . tanh(k_j + q), else s_j = k_j . q. */
#ifndef VEC

typedef struct {
    int D, E;                            /* widths of queries and keys, and of values */
    const void *queries, *keys, *values; /* (N, D), (M, D), (M, E) */
    ptrdiff_t query_stride, key_stride, value_stride;
    const void *score;                /* (D,) in whole vectors, or NULL */
    const ptrdiff_t *sequence_of_row; /* (N,) */
    const ptrdiff_t *begins;          /* (n + 1,) of the sequences in the memory */
    const ptrdiff_t *weight_begins;   /* (N + 1,) of the weights of each query */
    void *weights;                    /* forward: written */
    void *context;                    /* (N, E) written by forward; its gradient in backward */
    ptrdiff_t context_stride;
    /* Of the backward pass. */
    const int *offsets; /* (T + 1,): the queries of sequence b are rows offsets[t] + b */
    int T;
    void *dweights;                   /* as many as there are weights; scratch */
    void *dqueries, *dkeys, *dvalues; /* written; added to; added to */
    ptrdiff_t dquery_stride, dkey_stride, dvalue_stride;
    void *dscore; /* (n, D) added to, one row for each sequence, or NULL */
    ptrdiff_t dscore_stride;
} attention_pass;

#include <math.h>

#include "packed.h"
#include "task.h"

#define KERNEL "attention.h"
#include "instantiate.h"

static const task ATTEND[][2] = DISPATCH(attend);
static const task ATTEND_BACK[][2] = DISPATCH(attend_back);

#else

/* The sum over the lanes, one after the other. */
INLINE REAL NAME(total)(VEC v)
{
    REAL lanes[LANES], sum = 0;
    memcpy(lanes, &v, sizeof v);
    for (int i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

/* a . b */
INLINE REAL NAME(dot)(const REAL *a, const REAL *b, int n)
{
    VEC sum = {0};
    for (int k = 0; k < n; k += LANES)
        sum += NAME(load_units)(a, k, n) * NAME(load_units)(b, k, n);
    return NAME(total)(sum);
}

/* score . tanh(k + q) */
INLINE REAL NAME(additive)(const REAL *score, const REAL *key, const REAL *query, int n)
{
    VEC sum = {0};
    for (int k = 0; k < n; k += LANES)
        sum += LOAD(score + k)
               * NAME(tanh)(NAME(load_units)(key, k, n) + NAME(load_units)(query, k, n));
    return NAME(total)(sum);
}

/* row += scale * x, for a row with room for whole vectors. */
INLINE void NAME(add_scaled)(REAL *row, REAL scale, const REAL *x, int n)
{
    for (int k = 0; k < n; k += LANES)
        STORE(row + k, LOAD(row + k) + scale * NAME(load_units)(x, k, n));
}

/* Queries first to last. */
static void NAME(attend)(const void *pass, int first, int last)
{
    const attention_pass *p = pass;
    for (int row = first; row < last; row++) {
        const ptrdiff_t begin = p->begins[p->sequence_of_row[row]];
        const int S = (int)(p->begins[p->sequence_of_row[row] + 1] - begin);
        const REAL *query = (const REAL *)p->queries + row * p->query_stride;
        REAL *w = (REAL *)p->weights + p->weight_begins[row];
        REAL *context = (REAL *)p->context + row * p->context_stride;
        REAL largest = -INFINITY, sum = 0;
        for (int j = 0; j < S; j++) {
            const REAL *key = (const REAL *)p->keys + (begin + j) * p->key_stride;
            w[j] =
                p->score ? NAME(additive)(p->score, key, query, p->D) : NAME(dot)(key, query, p->D);
            largest = w[j] > largest ? w[j] : largest;
        }
        for (int j = 0; j < S; j++)
            sum += w[j] = (REAL)exp((double)(w[j] - largest));
        for (int k = 0; k < p->E; k += LANES)
            STORE(context + k, (VEC){0});
        for (int j = 0; j < S; j++) {
            w[j] /= sum;
            NAME(add_scaled)(context, w[j], (const REAL *)p->values + (begin + j) * p->value_stride,
                             p->E);
        }
    }
}

/* Sequences first to last, with all of their queries. */
static void NAME(attend_back)(const void *pass, int first, int last)
{
    const attention_pass *p = pass;
    for (int b = first; b < last; b++) {
        const ptrdiff_t begin = p->begins[b];
        const int S = (int)(p->begins[b + 1] - begin);
        for (int t = 0; t < p->T && b < n_active(p->offsets, t); t++) {
            const ptrdiff_t row = p->offsets[t] + b;
            const REAL *query = (const REAL *)p->queries + row * p->query_stride;
            const REAL *w = (const REAL *)p->weights + p->weight_begins[row];
            const REAL *dcontext = (const REAL *)p->context + row * p->context_stride;
            REAL *dw = (REAL *)p->dweights + p->weight_begins[row], mean = 0;
            REAL *dquery = (REAL *)p->dqueries + row * p->dquery_stride;
            for (int j = 0; j < S; j++) {
                dw[j] = NAME(dot)((const REAL *)p->values + (begin + j) * p->value_stride, dcontext,
                                  p->E);
                mean += w[j] * dw[j];
                NAME(add_scaled)((REAL *)p->dvalues + (begin + j) * p->dvalue_stride, w[j],
                                 dcontext, p->E);
            }
            for (int k = 0; k < p->D; k += LANES)
                STORE(dquery + k, (VEC){0});
            for (int j = 0; j < S; j++) {
                const REAL ds = w[j] * (dw[j] - mean);
                const REAL *key = (const REAL *)p->keys + (begin + j) * p->key_stride;
                REAL *dkey = (REAL *)p->dkeys + (begin + j) * p->dkey_stride;
                if (p->score == NULL) {
                    NAME(add_scaled)(dquery, ds, key, p->D);
                    NAME(add_scaled)(dkey, ds, query, p->D);
                    continue;
                }
                REAL *dscore = (REAL *)p->dscore + b * p->dscore_stride;
                for (int k = 0; k < p->D; k += LANES) {
                    const VEC u = NAME(tanh)(NAME(load_units)(key, k, p->D)
                                             + NAME(load_units)(query, k, p->D));
                    const VEC da = ds * LOAD((const REAL *)p->score + k) * (1 - u * u);
                    STORE(dscore + k, LOAD(dscore + k) + ds * u);
                    STORE(dquery + k, LOAD(dquery + k) + da);
                    STORE(dkey + k, LOAD(dkey + k) + da);
                }
            }
        }
    }
}

#endif
