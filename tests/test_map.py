"""tests/README.md names every module of the package and every test, and nothing else."""

import pkgutil
import re
from fnmatch import fnmatchcase
from pathlib import Path

import skrnn

TESTS = Path(__file__).parent
MAP = (TESTS / "README.md").read_text(encoding="utf-8")


def modules():
    """The modules of the package as the map writes them, without the packages that hold them."""
    for module in pkgutil.walk_packages(skrnn.__path__, "skrnn."):
        if not module.ispkg and module.name != "skrnn._cyutility":  # Cython's own
            yield module.name.removeprefix("skrnn.").replace(".", "/")


def test_every_module_has_its_place():
    rows = re.findall(r"^\| (`[^|]*`) \| [^|]* \| [^|]*`[^|]* \|$", MAP, re.M)
    named = [name for row in rows for name in re.findall(r"`(.+?)`", row)]
    places = {module: [n for n in named if fnmatchcase(module, n)] for module in modules()}
    assert [module for module, found in places.items() if len(found) != 1] == []
    assert set(named) == {name for found in places.values() for name in found}


def test_every_test_has_its_place():
    paths = {path for path in TESTS.rglob("*.py") if path.name != "__init__.py"}
    files = {path.relative_to(TESTS).as_posix() for path in paths}
    assert set(re.findall(r"`([\w/]+\.py)`", MAP)) == files
