"""The error when training diverges."""


def divergence(what, remedies):
    """The error to raise; ``remedies`` are what to try besides scaling X."""
    remedies = ["Scale X to about unit variance", *remedies]
    return ValueError(f"{what} {', '.join(remedies[:-1])}, or {remedies[-1]}.")
