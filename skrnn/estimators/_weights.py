"""Weights that are set by name."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted


class WeightsMixin:
    """The inverse of ``named_parameters``."""

    def set_parameters(self, parameters):
        """Replace fitted weights and biases.

        The network stays as it was fitted, and so do the scale of y and the classes. To run weights
        of a network that was trained elsewhere, first fit an estimator of the same form on a few
        sequences, with ``max_iter=1``. :mod:`skrnn.interop` reads those of PyTorch and Keras.

        Parameters
        ----------
        parameters : dict of str to array-like
            The new values, by the names and in the shapes of ``named_parameters``. Arrays that are
            not named stay.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If a name is not one of the network, or if an array has another shape, or values that
            are not finite in the ``dtype`` of the network. Then nothing is replaced.
        """
        check_is_fitted(self)
        shapes, theta = self._network.layout.shapes, self._theta.copy()
        views = self._network.layout.views(theta)
        for name, values in parameters.items():
            if name not in shapes:
                raise ValueError(
                    f"parameters has the name {name!r}; expected names of this network: "
                    f"{', '.join(shapes)}."
                )
            if np.shape(values) != shapes[name]:
                raise ValueError(
                    f"parameters[{name!r}] has shape {np.shape(values)}; expected {shapes[name]}."
                )
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
                views[name][...] = check_array(
                    values, dtype=theta.dtype, ensure_2d=False, allow_nd=True,
                    ensure_min_samples=0, input_name=f"parameters[{name!r}]",
                )  # fmt: skip
            if not np.isfinite(views[name]).all():
                raise ValueError(
                    f"parameters[{name!r}] has values that do not fit in {theta.dtype}. Fit with "
                    f'dtype="float64".'
                )
        self._theta = theta
        self._optimizer = None  # of partial_fit: it has learned about other weights
        return self
