"""Imports and includes point down only: kernels, cells, network, estimators; see the rules."""

import ast
import posixpath
import re
import sys
from pathlib import Path

import pytest

import skrnn

PACKAGE = Path(skrnn.__file__).parent

# What each part of skrnn imports of skrnn, itself aside: no more is allowed, and no less is listed.
ALLOWED = {
    "_onnx": {"interop"},
    "_output": set(),
    "_plain": set(),
    "_saving": {"_plain"},
    "_sklearn": set(),
    "_warnings": set(),
    "distributed": set(),
    "kernels": set(),
    "cells": {"kernels"},
    "network": {"cells", "kernels"},
    "targets": {"_warnings", "network", "sequences"},
    "training": {"kernels"},
    "sequences": set(),
    "validation": {"_warnings", "sequences"},
    "forecasting": {"windows"},
    "generation": {"_sklearn", "tokens"},
    "metrics": {"_sklearn"},
    "tokens": {"_output", "_saving", "_sklearn", "sequences", "validation"},
    "windows": {
        "_onnx",
        "_output",
        "_saving",
        "_sklearn",
        "_warnings",
        "sequences",
        "validation",
    },
    "model_selection": {"_sklearn", "windows"},
    "estimators": {
        "_onnx",
        "_saving",
        "_sklearn",
        "_warnings",
        "cells",
        "distributed",
        "network",
        "sequences",
        "targets",
        "training",
        "validation",
        "windows",
    },
    "interop": {"__init__", "cells", "estimators", "network", "targets", "windows"},
    "streaming": {"sequences", "validation", "windows"},
    "datasets": {"_sklearn"},
    "inspection": {"_sklearn", "sequences", "validation"},
    "plotting": {"_sklearn", "inspection"},
    "__init__": {
        "estimators",
        "forecasting",
        "generation",
        "model_selection",
        "sequences",
        "streaming",
        "tokens",
        "windows",
    },
}
# The one import that points up: objects are asked how they become a graph of ONNX, and look for the
# answer only then.
LOOKED_UP = {"_onnx": {"interop"}}
# The same of other packages, the standard library aside, for parts that are used on their own.
ALLOWED_OUTSIDE = {
    "tokens": {"numpy", "sklearn"},
    "windows": {"numpy", "sklearn"},
    "validation": {"numpy", "sklearn"},
    "sequences": {"numpy", "sklearn"},
}
CYTHON_IMPORT = re.compile(
    r"""^[ \t]*(?:
        from[ \t]+(?P<source>[.\w]+)[ \t]+c?import[ \t]+
        (?P<names>\([^)]*\)|[^\n]*)
      | c?import[ \t]+(?P<modules>[^\n]*)
    )""",
    re.MULTILINE | re.VERBOSE,
)


# Quoted includes, of C in headers and of Cython; those in angle brackets are never ours.
C_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"(?P<header>[^"]+)"', re.MULTILINE)
CYTHON_INCLUDE = re.compile(r"""\bcdef[ \t]+extern[ \t]+from[ \t]+["'](?P<header>[^"'<]+)["']""")
HEADERS = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.h")}


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


def included(path, text):
    """Dotted names of the headers of the package that a header or a Cython file includes."""
    if Path(path).suffix == ".h":
        text = re.sub(r"(?s)/\*.*?\*/|//[^\n]*", "", text)
        found = C_INCLUDE.finditer(text)
    else:
        text = re.sub(r'(?s)""".*?"""|#[^\n]*', "", text)
        found = CYTHON_INCLUDE.finditer(text)
    for match in found:
        name = match["header"]
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        elsewhere = [header for header in sorted(HEADERS) if header.endswith(f"/{name}")]
        if "/" in name or beside in HEADERS or elsewhere:
            header = beside if "/" in name or beside in HEADERS else elsewhere[0]
            yield f"skrnn.{header.replace('/', '.')}"


def imported(path, text):
    """Dotted names of what a file of the package imports or includes; ``path`` is in skrnn."""
    folder = ["skrnn", *Path(path).parent.parts]
    suffix = Path(path).suffix
    if suffix != ".py":
        yield from included(path, text)
    if suffix == ".h":
        return
    for level, module, names in (python_imports if suffix == ".py" else cython_imports)(text):
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
    if path.suffix in {".py", ".pyx", ".pxd", ".h"}
)
HAS_CYTHON = "cells/lstm.pyx" in SOURCES  # a wheel has no Cython sources


@pytest.mark.parametrize("path", SOURCES)
def test_imports_point_down(path):
    assert violations(path, (PACKAGE / path).read_text(encoding="utf-8")) == []


def sources_of(part):
    for path in SOURCES:
        if Path(path).parts[0].removesuffix(".py").removesuffix(".pxd") == part:
            yield path, (PACKAGE / path).read_text(encoding="utf-8")


@pytest.mark.skipif(not HAS_CYTHON, reason="the sources are not complete")
@pytest.mark.parametrize("part", ALLOWED)
def test_what_is_allowed_is_used(part):
    used = {part_of(module) for source in sources_of(part) for module in imported(*source)}
    assert used - {None, part} == ALLOWED[part]


@pytest.mark.parametrize("part", ALLOWED_OUTSIDE)
def test_what_is_allowed_outside_is_used(part):
    used = {module.partition(".")[0] for source in sources_of(part) for module in imported(*source)}
    assert used - {"skrnn"} - sys.stdlib_module_names == ALLOWED_OUTSIDE[part]


def test_every_part_is_read():
    parts = {Path(path).parts[0].removesuffix(".py") for path in SOURCES}
    assert set(ALLOWED) <= parts
    assert "estimators/_base.py" in SOURCES


def test_the_parts_are_seen_to_meet():
    """The imports that are there are found, so that those that are not are not overlooked."""

    def targets(path):
        text = (PACKAGE / path).read_text(encoding="utf-8")
        return {part_of(module) for module in imported(path, text)} - {None}

    assert targets("estimators/_hidden.py") >= {"network", "estimators"}
    assert targets("estimators/_sequence_to_one.py") >= {"network", "validation"}
    assert targets("estimators/_fitting.py") >= {"network", "training"}
    assert targets("targets/classes.py") == {"_warnings", "network", "targets"}
    assert targets("network/layer.py") == {"cells", "kernels", "network"}
    assert targets("windows/_sliding.py") >= {"_sklearn", "sequences", "validation", "windows"}
    assert targets("training/optimizers.py") == {"kernels"}
    if HAS_CYTHON:
        assert targets("cells/lstm.pyx") == {"cells", "kernels"}
        assert targets("cells/lstm.h") == {"kernels"}


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
        ("kernels/pack.h", '#include "../cells/gru.h"', "skrnn.cells.gru.h"),
        ("kernels/pack.h", '  # include "../network/x.h"', "skrnn.network.x.h"),
        ("kernels/pack.pyx", 'cdef extern from "../cells/gru.h" nogil:', "skrnn.cells.gru.h"),
        ("kernels/pack.pxd", "cdef extern from '../cells/gru.h':", "skrnn.cells.gru.h"),
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
        ("tokens.py", "from skrnn.windows import SlidingWindow", "skrnn.windows"),
        ("sequences.py", "from skrnn.kernels.gather import gather", "skrnn.kernels.gather"),
        ("sequences.py", "from .windows import SlidingWindow", "skrnn.windows"),
        ("sequences.py", "from skrnn.validation import is_table", "skrnn.validation"),
        ("validation.py", "from skrnn.windows import SlidingWindow", "skrnn.windows"),
        ("validation.py", "import pandas", "pandas"),
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
            "import numbers\nfrom sklearn.base import clone\nimport numpy.linalg",
        ),
        ("cells/lstm.h", '#include <math.h>\n#include "../kernels/recurrence.h"'),
        ("kernels/pack.h", '/* #include "../cells/gru.h" */\n// #include "../cells/gru.h"'),
        ("kernels/pack.pyx", 'cdef extern from "<math.h>":\n# cdef extern from "../cells/gru.h"'),
        ("kernels/pack.pyx", 'cdef extern from "numpy/arrayobject.h":\n    pass'),
        ("windows/_sliding.py", "from skrnn.sequences import Sequences\nfrom ._other import x"),
        ("sequences.py", "import numpy as np"),
    ],
)
def test_what_is_allowed_is_not_reported(path, text):
    assert violations(path, text) == []


def test_a_new_part_needs_a_rule():
    assert violations("zoo/__init__.py", "") == ["zoo/__init__.py: no rule for skrnn.zoo"]


def test_the_parts_below_know_nothing_of_those_above():
    """The rules themselves: no circle, and training is for the estimators alone."""
    remaining = {part: below - LOOKED_UP.get(part, set()) for part, below in ALLOWED.items()}
    while remaining:
        lowest = [part for part, below in remaining.items() if not below]
        assert lowest, f"a circle of imports among {sorted(remaining)}"
        remaining = {
            part: below - set(lowest) for part, below in remaining.items() if part not in lowest
        }
    assert {part for part, below in ALLOWED.items() if "training" in below} == {"estimators"}


@pytest.mark.skipif(not HAS_CYTHON, reason="the sources are not complete")
def test_headers_are_found_by_their_name():
    """As the compiler finds them: beside the file, or in the folder of the kernels."""
    assert list(included("kernels/pack.h", '#include "lstm.h"')) == ["skrnn.cells.lstm.h"]
    assert list(included("cells/lstm.h", '#include "recurrence.h"')) == [
        "skrnn.kernels.recurrence.h"
    ]


def test_types_ship():
    assert (PACKAGE / "py.typed").is_file()


# scikit-learn's private names.


def private_names(text):
    """The private names of scikit-learn in a module, and branches on its version."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute):
            names = [ast.unparse(node)]
        else:
            names = []
        yield from (name for name in names if re.match(r"sklearn\b.*\._", name))
        if isinstance(node, ast.Try) and any(
            isinstance(child, ast.Import | ast.ImportFrom) and "sklearn" in ast.unparse(child)
            for child in node.body
        ):
            yield "try: import sklearn"
        if isinstance(node, ast.Call) and ast.unparse(node).endswith("version('scikit-learn')"):
            yield "version('scikit-learn')"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.endswith(".py")])
def test_one_module_knows_private_names(path):
    found = list(private_names((PACKAGE / path).read_text(encoding="utf-8")))
    assert bool(found) == (path == "_sklearn.py"), found


@pytest.mark.parametrize(
    "text",
    [
        "from sklearn.base import _fit_context",
        "from sklearn.base import clone, _fit_context as fit_context",
        "from sklearn.utils._param_validation import Interval",
        "def f():\n    from sklearn.utils._tags import Tags",
        "import sklearn.utils._param_validation as p",
        "import sklearn\nsklearn.utils._safe_indexing(1)",
        "from sklearn import __version__",
        "import sklearn\nif sklearn.__version__ < '1.7':\n    pass",
        "try:\n    from sklearn.callback import x\nexcept ImportError:\n    x = None",
        "from importlib.metadata import version\nold = version('scikit-learn') < '1.7'",
        "import importlib.metadata as m\nold = m.version('scikit-learn') < '1.7'",
    ],
)
def test_a_private_name_is_found(text):
    assert len(list(private_names(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from sklearn.base import clone",
        "from skrnn._sklearn import fit_context",
        "from . import _sklearn",
        "self._validate_X(X)",
        "try:\n    import joblib\nexcept ImportError:\n    pass",
    ],
)
def test_a_public_name_is_not_reported(text):
    assert list(private_names(text)) == []
