"""What to say when training leaves the finite numbers."""


def divergence(what, remedies):
    """The error to raise, which says what to try beside scaling the features."""
    remedies = ["Scale the features to about one", *remedies]
    return ValueError(f"{what} {', '.join(remedies[:-1])}, or {remedies[-1]}.")
