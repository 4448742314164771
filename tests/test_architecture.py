"""Imports point down only: kernels, cells, network, estimators; see each rule below."""

import ast
import re
import sys
from pathlib import Path

import pytest

import skrnn

PACKAGE = Path(skrnn.__file__).parent

# What each part of skrnn may import of skrnn, itself aside.
ALLOWED = {
    "_sklearn": set(),
    "_warnings": set(),
    "kernels": set(),
    "cells": {"kernels"},
    "network": {"cells", "kernels"},
    "targets": {"_warnings", "network"},
    "training": set(),
    "sequences": set(),
    "windows": {"_sklearn", "_warnings", "sequences"},
    "estimators": {
        "_sklearn",
        "_warnings",
        "cells",
        "kernels",
        "network",
        "sequences",
        "targets",
        "training",
        "windows",
    },
    "datasets": {"_sklearn"},
    "plotting": {"_sklearn"},
    "__init__": {"estimators", "sequences", "training", "windows"},
}
# What parts that are used on their own may import of others, the standard library aside.
ALLOWED_OUTSIDE = {
    "windows": {"numpy", "scipy", "sklearn"},
    "sequences": {"numpy", "scipy", "sklearn"},
}
CYTHON_IMPORT = re.compile(
    r"""^[ \t]*(?:
        from[ \t]+(?P<source>[.\w]+)[ \t]+c?import[ \t]+
        (?P<names>\([^)]*\)|[^\n]*)
      | c?import[ \t]+(?P<modules>[^\n]*)
    )""",
    re.MULTILINE | re.VERBOSE,
)


def part_of(module):
    """The part of skrnn that a dotted name belongs to; None for other packages."""
    package, _, rest = module.partition(".")
    if package != "skrnn":
        return None
    return rest.partition(".")[0] or "__init__"


def python_imports(text):
    """(level, module, names) of every import statement, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, []
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]


def cython_imports(text):
    """The same of a .pyx or .pxd file, import and cimport."""
    text = re.sub(r'(?s)""".*?"""|#[^\n]*', "", text)
    for match in CYTHON_IMPORT.finditer(text):
        if match["modules"]:
            for module in match["modules"].split(","):
                yield 0, module.split()[0], []
        else:
            module = match["source"].lstrip(".")
            names = [
                name.split()[0] for name in match["names"].strip("()").split(",") if name.strip()
            ]
            yield len(match["source"]) - len(module), module, names


def imported(path, text):
    """Dotted names of the modules that a file of the package imports; ``path`` is in skrnn."""
    folder = ["skrnn", *Path(path).parent.parts]
    read = cython_imports if Path(path).suffix in {".pyx", ".pxd"} else python_imports
    for level, module, names in read(text):
        if level:
            module = ".".join(folder[: len(folder) - level + 1] + ([module] if module else []))
        if module == "skrnn":  # from skrnn import network
            yield from (f"skrnn.{name}" if name in ALLOWED else "skrnn" for name in names or [""])
        else:
            yield module


def violations(path, text):
    """What a file imports against the rules."""
    part = Path(path).parts[0].removesuffix(".py").removesuffix(".pxd")
    if part not in ALLOWED:
        return [f"{path}: no rule for skrnn.{part}"]
    wrong = []
    for module in imported(path, text):
        target = part_of(module)
        if target is None:
            package = module.partition(".")[0]
            outside = ALLOWED_OUTSIDE.get(part)
            if outside is not None and package not in outside | sys.stdlib_module_names:
                wrong.append(f"{path}: {part} imports {module}")
        elif target != part and target not in ALLOWED[part]:
            wrong.append(f"{path}: {part} imports {module}")
    return wrong


SOURCES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*")
    if path.suffix in {".py", ".pyx", ".pxd"}
)


@pytest.mark.parametrize("path", SOURCES)
def test_imports_point_down(path):
    assert violations(path, (PACKAGE / path).read_text(encoding="utf-8")) == []


def test_every_part_is_read():
    parts = {Path(path).parts[0].removesuffix(".py") for path in SOURCES}
    assert set(ALLOWED) <= parts
    assert "estimators/_base.py" in SOURCES


def test_the_parts_are_seen_to_meet():
    """The imports that are there are found, so that those that are not are not overlooked."""

    def targets(path):
        text = (PACKAGE / path).read_text(encoding="utf-8")
        return {part_of(module) for module in imported(path, text)} - {None}

    assert targets("estimators/_base.py") >= {"network", "sequences"}
    assert targets("estimators/_fitting.py") >= {"network", "training"}
    assert targets("targets/classes.py") == {"_warnings", "network", "targets"}
    assert targets("network/layer.py") == {"cells", "network"}
    assert targets("windows/_sliding.py") == {"_sklearn", "sequences", "windows"}
    assert targets("training/loop.py") == {"training"}
    if "cells/lstm.pyx" in SOURCES:  # a wheel has no Cython sources
        assert targets("cells/lstm.pyx") == {"kernels"}


@pytest.mark.parametrize(
    ("path", "text", "module"),
    [
        ("kernels/gather.pyx", "from skrnn.cells.lstm cimport forward", "skrnn.cells.lstm"),
        ("kernels/shards.pxd", "cimport skrnn.cells.lstm", "skrnn.cells.lstm"),
        ("kernels/shards.pxd", "cimport cython, skrnn.network as n", "skrnn.network"),
        ("kernels/gather.pyx", "def f():\n    from skrnn import network", "skrnn.network"),
        (
            "kernels/gather.pyx",
            "from ..cells.lstm cimport (\n    a,\n    b,\n)",
            "skrnn.cells.lstm",
        ),
        ("kernels/gather.pyx", "from .. import cells", "skrnn.cells"),
        ("cells/lstm.pyx", "import skrnn.network.layer", "skrnn.network.layer"),
        ("cells/__init__.py", "from skrnn.estimators import GRURegressor", "skrnn.estimators"),
        ("network/stack.py", "from skrnn.training import Adam", "skrnn.training"),
        ("network/stack.py", "from skrnn.estimators._base import x", "skrnn.estimators._base"),
        ("network/stack.py", "from skrnn import GRURegressor", "skrnn"),
        ("network/stack.py", "import skrnn", "skrnn"),
        ("training/loop.py", "from skrnn.cells import CELLS", "skrnn.cells"),
        ("targets/classes.py", "from skrnn.estimators import x", "skrnn.estimators"),
        (
            "training/loop.py",
            "def f():\n    import skrnn.network.stack as s",
            "skrnn.network.stack",
        ),
        ("training/loop.py", "from ..network.stack import Network", "skrnn.network.stack"),
        ("training/loop.py", "from .. import network", "skrnn.network"),
        ("training/loop.py", "from skrnn.sequences import Sequences", "skrnn.sequences"),
        ("windows/_sliding.py", "import pandas as pd", "pandas"),
        ("windows/_sliding.py", "if True:\n    from joblib import Parallel", "joblib"),
        ("windows/_sliding.py", "from skrnn.network.stack import Network", "skrnn.network.stack"),
        ("windows/_sliding.py", "from ..kernels import gather", "skrnn.kernels"),
        ("sequences.py", "from skrnn.kernels.gather import gather", "skrnn.kernels.gather"),
        ("sequences.py", "from .windows import SlidingWindow", "skrnn.windows"),
        ("datasets/_loaders.py", "from skrnn.estimators import x", "skrnn.estimators"),
        ("__init__.py", "from skrnn.cells import CELLS", "skrnn.cells"),
        ("__init__.py", "from .network import stack", "skrnn.network"),
    ],
)
def test_a_violation_is_found(path, text, module):
    part = Path(path).parts[0].removesuffix(".py")
    assert violations(path, text) == [f"{path}: {part} imports {module}"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("cells/lstm.pyx", "from skrnn.kernels.linalg cimport gemm\nfrom . import gru"),
        ("cells/lstm.pyx", '"""\nfrom skrnn.network import x\n"""\n# import skrnn.network'),
        ("network/stack.py", "from skrnn.cells import CELLS\nfrom .layer import RecurrentLayer"),
        ("network/stack.py", "text = 'import skrnn.training'"),
        ("estimators/_base.py", "from skrnn.training import SGD\nfrom ..network import stack"),
        (
            "windows/_sliding.py",
            "import numbers\nfrom sklearn.base import clone\nimport scipy.stats",
        ),
        ("windows/_sliding.py", "from skrnn.sequences import Sequences\nfrom ._other import x"),
        ("sequences.py", "import numpy as np"),
    ],
)
def test_what_is_allowed_is_not_reported(path, text):
    assert violations(path, text) == []


def test_a_new_part_needs_a_rule():
    assert violations("interop/__init__.py", "") == [
        "interop/__init__.py: no rule for skrnn.interop"
    ]


def test_the_parts_below_know_nothing_of_those_above():
    """The rules themselves: no circle, and training is for the estimators alone."""
    remaining = {part: set(below) for part, below in ALLOWED.items()}
    while remaining:
        lowest = [part for part, below in remaining.items() if not below]
        assert lowest, f"a circle of imports among {sorted(remaining)}"
        remaining = {
            part: below - set(lowest) for part, below in remaining.items() if part not in lowest
        }
    assert {part for part, below in ALLOWED.items() if "training" in below} == {
        "__init__",
        "estimators",
    }
