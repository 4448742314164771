cdef extern from "task.h" nogil:
    ctypedef void (*task)(const void *context, int first, int last) noexcept nogil

cdef void run(task f, const void *context, int n, int grain, double flops) noexcept nogil
