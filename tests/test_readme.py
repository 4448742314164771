"""What the README and the pages of the site show is what the code prints.

The blocks of a page are run one after the other, as a reader would paste them.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNIPPET = re.compile(r"```python\n((?:(?!```).)*)```\s+```text\n(.*?)```", re.S)
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
WITH_SNIPPETS = [page for page in PAGES if SNIPPET.search(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: str(page.relative_to(ROOT)))
def test_snippets(page):
    names = {}
    for code, output in SNIPPET.findall(page.read_text("utf-8")):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, page.name, "exec"), names)
        assert printed.getvalue() == output


def test_the_readme_has_snippets():
    assert PAGES[0] in WITH_SNIPPETS
