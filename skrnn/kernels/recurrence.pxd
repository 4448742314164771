from numpy cimport ndarray

from skrnn.kernels.threads cimport task


cdef extern from "pass.h" nogil:
    enum:
        MAX_STATES, MAX_COLUMNS

    ctypedef struct recurrence_pass:
        const int *offsets
        int T, F, H, M, variant
        const void *x
        const int *index
        void *table
        void *dtable
        void *states[MAX_STATES]
        void *kept
        ptrdiff_t x_stride, state_stride, kept_stride, table_stride, dtable_stride
        const void *weight_ih
        const void *weight_hh
        const void *vectors
        const void *weight_hh_t[2]
        const void *dout
        void *dstates[MAX_STATES]
        ptrdiff_t dout_stride, dstate_stride
        void *dweight

    ctypedef struct recurrence_kernels:
        task forward[3][2]
        task backward[3][2]
        task weights[3][2]
        task project[3][2]
        task collect[3][2]
        int columns, kept, x_first, x_columns, h_first, h_columns, h_columns_1, states


cdef enum:
    MAX_PARAMETERS = 4
    # Sequences that one thread takes through all steps: the cut depends on the batch alone.
    SHARD = 16
    ROWS_PER_TASK = 96

# The kinds of parameters: two products, and vectors that are added or used by the equations.
cdef enum:
    X_PRODUCT, H_PRODUCT, UNITS

cdef declare(
    doc, const recurrence_kernels *kernels, states, parameters, memory, int variant=*
)

cdef class Recurrence:
    cdef readonly str title
    cdef readonly tuple states
    cdef readonly dict parameters, memory
    cdef const recurrence_kernels *kernels
    cdef int variant
    cdef int n_parameters
    cdef int[MAX_PARAMETERS] kinds, n_blocks
    cdef int[MAX_PARAMETERS][MAX_COLUMNS] blocks


cdef const void *data(ndarray array)
