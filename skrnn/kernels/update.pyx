"""The step of an optimizer, in one pass over its vectors."""

from cython cimport floating

from skrnn.kernels.isa cimport ISA

cdef extern from "update.h" nogil:
    ctypedef void (*adam_task)(
        void *, const void *, void *, void *, ptrdiff_t, double, double, double, double
    )
    const adam_task ADAM[3][2]


def adam(
    floating[::1] theta,           # (n,) changed, as mean and square are
    const floating[::1] gradient,
    floating[::1] mean,
    floating[::1] square,
    double beta_1,
    double beta_2,
    double size,
    double epsilon,
):
    """mean and square move toward the gradient and its square; theta -= size mean / (√square + ε).

    ``size`` is the learning rate with the correction of the bias of both.
    """
    cdef Py_ssize_t n = theta.shape[0]
    if gradient.shape[0] != n or mean.shape[0] != n or square.shape[0] != n:
        raise ValueError(
            f"The vectors have {n}, {gradient.shape[0]}, {mean.shape[0]} and {square.shape[0]} "
            f"items; expected equal numbers."
        )
    if n == 0:
        return
    with nogil:
        ADAM[ISA][sizeof(floating) == 8](
            &theta[0], &gradient[0], &mean[0], &square[0], n, beta_1, beta_2, size, epsilon
        )
