"""Matrix products of row-major arrays."""

from cython cimport floating
from scipy.linalg.cython_blas cimport dgemm, sgemm


cdef inline void gemm(
    char trans_a, char trans_b, int m, int n, int k,
    floating *a, int lda, floating *b, int ldb,
    bint accumulate, floating *c, int ldc,
) noexcept nogil:
    """C (m, n) = op(A) op(B), plus C if accumulate, where op transposes on ``b"t"``."""
    cdef floating one = 1, beta = accumulate
    # BLAS is column-major: it is given C' = op(B)' op(A)'.
    if floating is float:
        sgemm(&trans_b, &trans_a, &n, &m, &k, &one, b, &ldb,
              a, &lda, &beta, c, &ldc)
    else:
        dgemm(&trans_b, &trans_a, &n, &m, &k, &one, b, &ldb,
              a, &lda, &beta, c, &ldc)
