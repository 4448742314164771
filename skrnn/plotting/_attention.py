"""What a decoder looked at in its source, for each symbol that it wrote."""

from sklearn.utils.validation import check_is_fitted

from skrnn.plotting._axes import axes_of, expect

END = "■"  # of a text, which is a symbol too


class AttentionDisplay:
    """Plot of the attention of an encoder-decoder: what it wrote against what it read.

    A row is a symbol that was written, a column a symbol or step that was read. The darker a cell,
    the more the decoder looked there when it wrote; a row sums to 1. See Bahdanau, Cho & Bengio
    (2015).

    It is recommended to use :meth:`from_estimator`.

    Parameters
    ----------
    attention : ndarray of shape (n_written, n_read)
        The weights of the attention.

    source_labels : list of str or None, default=None
        What was read, for the columns; None numbers them.

    target_labels : list of str or None, default=None
        What was written, for the rows; None numbers them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    im_ : matplotlib AxesImage
        The picture of the weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.plotting import AttentionDisplay
    >>> attention = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> display = AttentionDisplay(
    ...     attention=attention, source_labels=["le", "chat"], target_labels=["the", "cat"]
    ... ).plot()
    >>> [label.get_text() for label in display.ax_.get_xticklabels()]
    ['le', 'chat']
    """

    def __init__(self, *, attention, source_labels=None, target_labels=None):
        self.attention = attention
        self.source_labels = source_labels
        self.target_labels = target_labels

    @classmethod
    def from_estimator(
        cls, estimator, source, *, ax=None, colorbar=True, xticks_rotation="horizontal", **kwargs
    ):
        """Plot what a fitted estimator looks at while it writes what it predicts.

        Parameters
        ----------
        estimator : RNNEncoderDecoder
            Fitted, with attention.

        source : str or array-like of shape (n_timesteps, n_features)
            One sequence to read, as in the X of ``fit``.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        colorbar : bool, default=True
            Whether to add a bar that says what the colours mean.

        xticks_rotation : {'horizontal', 'vertical'} or float, default='horizontal'
            The rotation of the source labels in degrees. "vertical" suits words.

        **kwargs : dict
            Passed to ``imshow`` of matplotlib.

        Returns
        -------
        AttentionDisplay
            The display, with the axes, figure and picture as attributes.

        Notes
        -----
        The end of a text is a symbol too, ■.
        """
        check_is_fitted(estimator)
        expect(estimator, "attention_weights")
        if not isinstance(source, str) and any(isinstance(each, str) for each in source):
            raise ValueError(
                f"source is {source!r}; expected one sequence to read. Pass one of the strings."
            )
        (attention,) = estimator.attention_weights([source])
        (target,) = estimator.predict([source])
        display = cls(
            attention=attention,
            source_labels=_labels(source, estimator.input_separator, attention.shape[1]),
            target_labels=_labels(target, estimator.output_separator, attention.shape[0]),
        )
        return display.plot(ax=ax, colorbar=colorbar, xticks_rotation=xticks_rotation, **kwargs)

    def plot(self, *, ax=None, colorbar=True, xticks_rotation="horizontal", **kwargs):
        """Plot the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a new figure.

        colorbar : bool, default=True
            Whether to add a bar that says what the colours mean.

        xticks_rotation : {'horizontal', 'vertical'} or float, default='horizontal'
            The rotation of the source labels in degrees. "vertical" suits words.

        **kwargs : dict
            Passed to ``imshow`` of matplotlib.

        Returns
        -------
        AttentionDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there are not as many labels as symbols.
        """
        labels = {"target_labels": self.target_labels, "source_labels": self.source_labels}
        for (name, given), n in zip(labels.items(), self.attention.shape, strict=True):
            if given is not None and len(given) != n:
                raise ValueError(
                    f"{name} has {len(given)} labels; expected {n}, as attention has the shape "
                    f"{self.attention.shape}."
                )
        self.ax_ = axes_of(self, ax)
        self.ax_.yaxis.get_major_locator().set_params(integer=True)
        self.figure_ = self.ax_.figure
        options = {"cmap": "Blues", "vmin": 0, "vmax": 1, "aspect": "auto"}
        self.im_ = self.ax_.imshow(self.attention, **options | kwargs)
        if self.source_labels is not None:
            self.ax_.set_xticks(
                range(len(self.source_labels)), self.source_labels, rotation=xticks_rotation
            )
        if self.target_labels is not None:
            self.ax_.set_yticks(range(len(self.target_labels)), self.target_labels)
        self.ax_.set(xlabel="Read", ylabel="Written")
        if colorbar:
            self.figure_.colorbar(self.im_, ax=self.ax_, label="Attention")
        return self


def _labels(text, separator, n):
    """Of n symbols of a text, the last of which may be the end; None of numbers."""
    if not isinstance(text, str):
        return None
    symbols = list(text) if separator is None or not text else text.split(separator)
    return symbols + [END] * (n - len(symbols))
