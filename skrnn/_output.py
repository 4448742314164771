"""Output that is never a DataFrame."""


class NoFrameMixin:
    """Mixin for transformers whose output is sequences, whatever ``set_output`` asks for.

    List it before TransformerMixin among the bases.
    """

    def __init_subclass__(cls, **kwargs):
        # TransformerMixin takes this; mypy sees only object above a mixin.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)  # type: ignore[call-arg]

    def set_output(self, *, transform=None):
        """Do nothing: the output is always sequences.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'} or None
            Ignored. It is accepted so that a Pipeline can pass it to all of its steps.

        Returns
        -------
        self : object
            The transformer.
        """
        return self
