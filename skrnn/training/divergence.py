"""What to say when training leaves the finite numbers."""


def divergence(what, *, can_clip=False):
    """The error to raise, which says what to try."""
    remedies = ["Scale the features to about one", "lower learning_rate_init"]
    if can_clip:
        remedies.append("set max_grad_norm (e.g. 1.0)")
    return ValueError(f"{what} {', '.join(remedies[:-1])}, or {remedies[-1]}.")
