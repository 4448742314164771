"""How Sphinx builds the site; ``make docs`` runs it."""

import os
import re
import sys
from pathlib import Path

import matplotlib as mpl

import skrnn

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(DOCS / "_ext"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "skrnn"
author = "the skrnn developers"
release = version = skrnn.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "examples",
    "mathml",
]
exclude_patterns = ["_build", "_templates", "figures", "images"]
templates_path = ["_templates"]
nitpicky = True
# numpydoc makes a cross-reference of every word of a type, such as "array-like".
nitpick_ignore_regex = [("py:.*", r"(?!skrnn).*")]
suppress_warnings = ["config.cache"]

# Markdown

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

# The reference

autosummary_generate = True
autodoc_default_options = {"members": True, "undoc-members": False}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
toc_object_entries_show_parents = "hide"

# The gallery

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": "examples.place",
    "image_scrapers": ("examples.scrape",),
    "reset_argv": "examples.tell_where",
    "reset_modules": (),
    "abort_on_example_error": True,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "parallel": 2,
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("skrnn",),
}

# Figures of pages

plot_basedir = "figures"
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 130)]
plot_rcparams = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "legend.frameon": False,
}
plot_apply_rcparams = True
mpl.rcParams.update(plot_rcparams)  # of the gallery too

# The pages

html_theme = "pydata_sphinx_theme"
html_title = "skrnn"
html_static_path = ["_static"]
html_css_files = ["skrnn.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "skrnn"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": [], "start": [], "choose": [], "comparison": [], "glossary": []}
copyright = "the skrnn developers, BSD 3-Clause"
copybutton_exclude = ".linenos, .gp, .go"

# Files of the repository that are pages of the site too, and where their links lead there.

OUTSIDE = {
    "contributing": "CONTRIBUTING.md",
    "tests": "tests/README.md",
    "changelog": "CHANGELOG.md",
}
PAGES_OF_FILES = {
    "docs/architecture.md": "architecture.md",
    "docs/add_a_cell.md": "add_a_cell.md",
    "../tests/README.md": "tests.md",
    "tests/README.md": "tests.md",
    "CONTRIBUTING.md": "contributing.md",
    "../CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


# The pages of the guide, in the order of reading; those that are not named come last.
GUIDE = [
    "sequences",
    "windows",
    "forecasting",
    "training",
    "step_labels",
    "text",
    "sequence_to_sequence",
    "streams",
    "pipelines_and_searches",
    "saving_and_exporting",
    "past_one_machine",
    "reproducibility",
    "reliability",
]


def read_page(app, docname, source):
    """Put in place what stands elsewhere: files of the repository, the pages of the guide."""
    if docname in OUTSIDE:
        path = ROOT / OUTSIDE[docname]
        app.env.note_dependency(str(path))
        source[0] = path.read_text(encoding="utf-8")
    for path, page in PAGES_OF_FILES.items():
        source[0] = re.sub(rf"\]\({re.escape(path)}(#[^)]*)?\)", rf"]({page}\1)", source[0])
    if docname == "guide/index":
        there = sorted({path.stem for path in DOCS.glob("guide/*.md")} - {"index"})
        there.sort(key=lambda name: GUIDE.index(name) if name in GUIDE else len(GUIDE))
        source[0] = source[0].replace("{pages}", "\n".join(there))


def escape_underscores(app, what, name, thing, options, lines):
    """A name such as n_features_in_ in a type is no link of reStructuredText."""
    lines[:] = [
        re.sub(r"(?<=\w)_(?=[,)])", r"\\_", line) if re.match(r"\w+ : ", line) else line
        for line in lines
    ]


def skip_inherited(app, what, name, thing, skip, options):
    """Leave out what a class has from scikit-learn or Python, and the defaults of parameters."""
    if what == "class" and isinstance(thing, int | float | str | tuple | dict | None):
        return True
    module = getattr(thing, "__module__", None) or "skrnn"
    return skip or not module.startswith("skrnn")


def setup(app):
    app.connect("source-read", read_page)
    app.connect("autodoc-process-docstring", escape_underscores, priority=100)  # before numpydoc
    app.connect("autodoc-skip-member", skip_inherited)
