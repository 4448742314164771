from numpy cimport ndarray

cdef input_gradient(ndarray da, int n_features, int first, int used, ndarray weight_t)
