"""The network as a table, for reading."""

from math import prod


def summary(network):
    """Each layer with its output and number of parameters, and its arrays; then the total."""
    lines = [("layer", "shape", "parameters")]
    for part, name, output in network.described():
        shapes = part.param_shapes()
        lines.append((name, output, f"{sum(map(prod, shapes.values())):,}"))
        lines += [
            (f"  {array}", " × ".join(map(str, shape)), "") for array, shape in shapes.items()
        ]
    lines.append(("total", "", f"{network.layout.size:,}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        f"{name:<{widths[0]}}  {shape:<{widths[1]}}  {number:>{widths[2]}}".rstrip()
        for name, shape, number in lines
    )
