"""The gallery: the order of the examples, and each one's figure above its code."""

import re
import shutil
from pathlib import Path

from sphinx_gallery.scrapers import figure_rst

ORDER = [
    "hello", "forecast", "fan_chart", "shops", "stacked_lstm", "prices",
    "utterances", "panel", "activities", "sensors", "features", "characters",
    "dates", "addition", "captions", "vanishing_gradients", "adding_problem", "temporal_order",
]  # fmt: skip


def place(filename):
    """Where an example stands: those that are not listed come last, by name."""
    name = Path(filename).stem
    return ORDER.index(name) if name in ORDER else len(ORDER), name


def scrape(block, block_vars, gallery_conf):
    """The PNG that the script has saved beside itself."""
    png = Path(block_vars["src_file"]).with_suffix(".png")
    if not png.exists():
        return ""
    image = next(iter(block_vars["image_path_iterator"]))
    shutil.move(png, image)
    return figure_rst([image], gallery_conf["src_dir"])


def tell_where(gallery_conf, script_vars):
    """Let a script know its place, as if it were run by itself; forget its earlier figure."""
    Path(script_vars["src_file"]).with_suffix(".png").unlink(missing_ok=True)
    script_vars["example_globals"]["__file__"] = script_vars["src_file"]
    return []


def raise_figure(app, docname, source):
    """Move the figure of an example to where its code begins; it is no file to the reader."""
    if not docname.startswith("gallery/"):
        return
    source[0] = re.sub(r"\n *The figure is in .*", "", source[0])
    code = re.search(
        r"^\.\. GENERATED FROM PYTHON SOURCE LINES .*\n\n\.\. code-block::", source[0], re.M
    )
    figure = re.search(r"^\.\. image-sg::.*\n(?:[ \t].*\n)+", source[0], re.M)
    if code and figure and code.start() < figure.start():
        rest = source[0][: figure.start()] + source[0][figure.end() :]
        source[0] = f"{rest[: code.start()]}{figure[0]}\n\n{rest[code.start() :]}"


def setup(app):
    app.connect("source-read", raise_figure)
    return {"parallel_read_safe": True}
