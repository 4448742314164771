"""The network as a table, for reading."""

from math import prod


def summary(network):
    """One line for each array of parameters, and the total."""
    lines = [("parameters", "shape", "number")]
    lines += [
        (name, " × ".join(map(str, shape)), f"{prod(shape):,}")
        for name, shape in network.layout.shapes.items()
    ]
    lines.append(("total", "", f"{network.layout.size:,}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{name:<{widths[0]}}  {shape:>{widths[1]}}  {number:>{widths[2]}}"
        for name, shape, number in lines
    )
