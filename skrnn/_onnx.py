"""What skl2onnx asks of an object that it is to export."""


class OnnxMixin:
    """The three methods by which skl2onnx finds out how to export an object, without registration.

    Its functions are imported when they are asked for: ONNX is an extra.
    """

    def onnx_parser(self):
        """Get the function by which skl2onnx declares the outputs.

        Returns
        -------
        callable
            A function of ``scope`` and ``inputs`` of skl2onnx.
        """
        from skrnn.interop.onnx._convert import parser

        return parser(self)

    def onnx_shape_calculator(self):
        """Get the function by which skl2onnx sets the shapes of the outputs.

        Returns
        -------
        callable
            A function of an ``operator`` of skl2onnx.
        """
        from skrnn.interop.onnx._convert import shape_calculator

        return shape_calculator(self)

    def onnx_converter(self):
        """Get the function by which skl2onnx adds the nodes to a graph.

        Returns
        -------
        callable
            A function of ``scope``, ``operator`` and ``container`` of skl2onnx.
        """
        from skrnn.interop.onnx._convert import converter

        return converter(self)
