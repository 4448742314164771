"""The layout of theta: named views of one vector, one behind the other."""

import numpy as np

from skrnn.network.parameters import Layout

SHAPES = {"weight": (2, 3), "none": (0, 3), "bias": (4,), "number": ()}


def test_views():
    layout = Layout(SHAPES)
    assert layout.size == 6 + 0 + 4 + 1
    theta = np.arange(11.0)
    views = layout.views(theta)
    assert {name: view.shape for name, view in views.items()} == SHAPES
    np.testing.assert_array_equal(views["weight"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(views["bias"], [6, 7, 8, 9])
    assert views["number"] == 10
    views["bias"][1] = -1
    assert theta[7] == -1
    theta[0] = -2
    assert views["weight"][0, 0] == -2


def test_the_order_is_that_of_the_shapes():
    theta = np.arange(11.0)
    views = Layout(dict(reversed(SHAPES.items()))).views(theta)
    assert views["number"] == 0
    np.testing.assert_array_equal(views["weight"], [[5, 6, 7], [8, 9, 10]])
