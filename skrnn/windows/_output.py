"""Output that fits no frame."""


class NoFrameMixin:
    """Transformers whose output is sequences, whatever ``set_output`` asks for.

    To be named before TransformerMixin.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)  # type: ignore[call-arg]

    def set_output(self, *, transform=None):
        """Do nothing: the output is always sequences.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None
            Ignored, so that the other steps of a Pipeline can be configured.

        Returns
        -------
        self : object
            The transformer.
        """
        return self
