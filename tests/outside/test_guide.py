"""Every example of the guide runs, also those that need other packages."""

import re
import warnings
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs/guide").glob("saving*.md"))
EXAMPLES = [
    pytest.param(code, id=f"{page.stem}-{k}")
    for page in PAGES
    for k, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_example(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        if "mlflow" in code:  # it warns of its own type hints
            warnings.simplefilter("ignore")
        exec(compile(code, "guide", "exec"), {})
