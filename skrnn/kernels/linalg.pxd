"""Matrix products of row-major arrays."""

from cython cimport floating
from scipy.linalg.cython_blas cimport dgemm, sgemm


cdef inline void gemm(
    char trans_a, char trans_b, int m, int n, int k,
    const floating *a, int lda, const floating *b, int ldb,
    bint accumulate, floating *c, int ldc,
) noexcept nogil:
    """C (m, n) = op(A) op(B), plus C if accumulate, where op transposes on ``b"t"``."""
    cdef floating one = 1, beta = accumulate
    # BLAS is column-major: it is given C' = op(B)' op(A)'.
    if floating is float:
        sgemm(&trans_b, &trans_a, &n, &m, &k, &one, <float *> b, &ldb,
              <float *> a, &lda, &beta, c, &ldc)
    else:
        dgemm(&trans_b, &trans_a, &n, &m, &k, &one, <double *> b, &ldb,
              <double *> a, &lda, &beta, c, &ldc)


cdef inline void fill_rows(const floating *row, int m, int n, floating *out, int ld) noexcept nogil:
    """Write the same row of n values to each of m rows."""
    cdef int i, j
    for i in range(m):
        for j in range(n):
            out[i * ld + j] = row[j]


cdef inline void add_column_sums(
    const floating *a, Py_ssize_t m, int n, int ld, floating *out
) noexcept nogil:
    """Add the column sums of A (m, n) to out (n,), rows in order."""
    cdef Py_ssize_t i
    cdef int j
    for i in range(m):
        for j in range(n):
            out[j] += a[i * ld + j]
