"""What the README shows is what the code prints."""

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_example():
    found = re.findall(r"```python\n(.*?)```\s+```text\n(.*?)```", README.read_text(), re.S)
    assert found
    for code, output in found:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, README.name, "exec"), {})
        assert printed.getvalue() == output
