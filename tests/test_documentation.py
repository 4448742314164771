"""Every public parameter and attribute is described, and the pages say what is there."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import Sequences
from skrnn.cells import CHOICES
from tests._estimators import (
    ESTIMATORS,
    STEP_ESTIMATORS,
    make,
    problem,
)

# The documentation.

PUBLIC_CLASSES = [name for name in skrnn.__all__ if inspect.isclass(getattr(skrnn, name))]


def described(cls, section):
    """Names and types in a numpydoc section of a class."""
    text = inspect.cleandoc(cls.__doc__)
    _, _, text = text.partition(f"{section}\n{'-' * len(section)}\n")
    text = re.split(r"\n\n[A-Z][A-Za-z ]+\n---", text)[0]
    assert text, f"{cls.__name__} has no section {section}"
    entries = {}
    for entry in re.split(r"\n(?=\S)", text):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        assert kind, f"{cls.__name__}: {head!r} has no type"
        assert len(body.split()) >= 2, f"{cls.__name__}: {head!r} is not described"
        entries |= dict.fromkeys(names.split(", "), kind)
    return entries


@pytest.mark.parametrize("name", PUBLIC_CLASSES)
def test_every_parameter_is_described(name):
    cls = getattr(skrnn, name)
    parameters = inspect.signature(cls).parameters
    kinds = described(cls, "Parameters")
    assert list(kinds) == list(parameters)
    for parameter, kind in kinds.items():
        _, _, default = kind.partition("default=")
        if parameters[parameter].default is inspect.Parameter.empty:
            assert not default
        else:
            assert ast.literal_eval(default) == parameters[parameter].default


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_fitted_attribute_is_described(name, early_stopping):
    pd = pytest.importorskip("pandas")
    X, y = problem(name)
    frame = pd.DataFrame(X[:, :, 0], columns=[*"abcde"])
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    model = make(name, **options).fit(frame, y)
    attributes = {a for a in vars(model) if a.endswith("_") and not a.startswith("_")}
    assert set(described(type(model), "Attributes")) == attributes


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", STEP_ESTIMATORS)
def test_every_attribute_of_steps_is_described(name, early_stopping):
    pd = pytest.importorskip("pandas")
    X, _ = problem(name)
    frame = pd.DataFrame(X[0], columns=[*"ab"])
    labels = np.arange(5) % 2
    given = {"X_val": frame, "y_val": labels} if early_stopping else {}
    model = make(name, early_stopping=early_stopping).fit(frame, labels, **given)
    attributes = {a for a in vars(model) if a.endswith("_") and not a.startswith("_")}
    assert set(described(type(model), "Attributes")) == attributes


@pytest.mark.parametrize(
    "estimator",
    [
        skrnn.SlidingWindow(2),
        skrnn.PerStep(StandardScaler()),
        skrnn.LagColumnsToSequence(r"(?P<name>.)(?P<lag>\d)"),
        skrnn.WindowScaledRegressor(LinearRegression()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_attributes_of_the_others_are_described(estimator):
    pd = pytest.importorskip("pandas")
    estimator.fit(pd.DataFrame({"a1": [1.0, 2.0], "a0": [2.0, 4.0]}), [0.0, 1.0])
    attributes = {a for a in vars(estimator) if a.endswith("_")}
    assert set(described(type(estimator), "Attributes")) == attributes


def test_attributes_of_the_token_encoder_are_described():
    encoder = skrnn.TokenEncoder().fit(["some text"])
    attributes = {a for a in vars(encoder) if a.endswith("_")}
    assert set(described(type(encoder), "Attributes")) == attributes


def test_attributes_of_sequences_are_described():
    assert set(described(Sequences, "Attributes")) <= set(dir(Sequences))


def test_a_missing_description_is_found():
    class Undocumented:
        """Nothing.

        Parameters
        ----------
        there : int, default=3
            Something that is.

        Attributes
        ----------
        other : int
            Something else.
        """

    assert described(Undocumented, "Parameters") == {"there": "int, default=3"}
    assert described(Undocumented, "Attributes") == {"other": "int"}
    with pytest.raises(AssertionError, match="no section Returns"):
        described(Undocumented, "Returns")


def test_import_without_docstrings():
    subprocess.run([sys.executable, "-OO", "-c", "import skrnn"], check=True, timeout=60)


def test_public_names():
    names = {n for n in skrnn.__all__ if n.endswith(("Regressor", "Classifier"))}
    assert set(ESTIMATORS + STEP_ESTIMATORS) == names - {
        "ColumnwiseRegressor",
        "WindowScaledRegressor",
    }
    assert skrnn.__all__ == sorted(skrnn.__all__)
    assert set(skrnn.windows.__all__) <= set(skrnn.__all__)


# The pages. A wheel is tested without them.

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/add_a_cell.md"]
MATHEMATICS = ["docs/mathematics/gradients.md", "docs/mathematics/heads.md"]
CELLS = ROOT / "skrnn/cells"
SOURCES = [*CELLS.glob("*.h"), *CELLS.glob("*.py"), *CELLS.glob("*.pyx"), ROOT / "tests/_oracle.py"]
with_pages = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="a wheel has no pages")


def named_files(text):
    """The paths in a page: of links, and those that begin at the root of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    paths = re.findall(r"`((?:skrnn|tests|docs|tools|examples)/[\w./]*|[\w./]+\.md)`", text)
    return links, paths


@with_pages
@pytest.mark.parametrize("page", PAGES)
def test_files_named_in_a_page_exist(page):
    links, paths = named_files((ROOT / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


@with_pages
@pytest.mark.parametrize("page", PAGES[2:] + MATHEMATICS)
def test_names_are_in_the_file_named_with_them(page):
    """As in: `dense` in `skrnn/kernels/product.pyx`; or with the file in parentheses."""
    text = (ROOT / page).read_text(encoding="utf-8")
    pairs = re.findall(r"`([\w.]+)`\s+(?:(?:is\s+|are\s+)?in\s+|\()`(skrnn/[\w./]+)`", text)
    assert pairs
    for name, path in pairs:
        assert name.rpartition(".")[2] in (ROOT / path).read_text(encoding="utf-8"), name


@with_pages
def test_every_module_is_in_a_room():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| (`skrnn/[^|]*`) \|", text, re.M)
    rooms = {room for row in rooms for room in re.findall(r"`skrnn/(.+?)/?`", row)}
    parts = {path.name for path in Path(skrnn.__file__).parent.iterdir()}
    parts = {name for name in parts if not name.startswith(("__pycache__", "_cyutility"))}
    assert rooms == parts - {"py.typed", "__init__.pxd"}


@with_pages
@pytest.mark.parametrize("language", ["c", "cython", "python"])
def test_code_of_cells_is_that_of_the_package(language):
    text = (ROOT / "docs/add_a_cell.md").read_text(encoding="utf-8")
    # What is followed by its output is no part of the package: test_readme.py runs it.
    shown = re.findall(rf"```{language}\n((?:(?!```).)*)```(?!\s+```text)", text, re.S)
    sources = [path.read_text(encoding="utf-8") for path in SOURCES]
    assert shown
    for code in shown:
        assert any(code in source for source in sources), code


def test_cells_named_in_the_readme_exist():
    row = re.search(r"^\| cell \| .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    named = re.findall(r'"(\w+)"', row[0])
    assert len(named) > 1
    assert set(named) <= set(CHOICES)
