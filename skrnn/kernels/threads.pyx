"""Running the parts of a task on several threads; see threads.h."""

cdef extern from "threads.h" nogil:
    void run_task(task f, const void *context, int n, int grain, double flops)


cdef void run(task f, const void *context, int n, int grain, double flops) noexcept nogil:
    run_task(f, context, n, grain, flops)
