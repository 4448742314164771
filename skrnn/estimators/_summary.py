"""The network as a table, for reading."""

from math import prod


def summary(network):
    """Each layer with its output and number of parameters, and its arrays; then the total."""
    directions = ", both directions" if network.kind["bidirectional"] else ""
    parts = []
    if network.embedding.shapes:
        parts.append((network.embedding, "embedding", f"T × {network.embedding.n_outputs}"))
    parts += [
        (layer, f"{network.kind['cell']} layer{directions}", f"T × {layer.n_outputs}")
        for layer in network.layers
    ]
    if network.kind["pooling"] is None:
        parts.append((network.readout, "head", f"T × {network.n_outputs}"))
    else:
        parts += [
            (network.pooling, f"{network.kind['pooling']} pooling", str(network.width)),
            (network.readout, "head", str(network.n_outputs)),
        ]
    if network.linear.n_steps:
        parts.append(
            (network.linear, f"linear path from {network.linear.n_steps} steps", "the same")
        )
    lines = [("layer", "shape", "parameters")]
    for part, name, output in parts:
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
