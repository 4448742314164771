"""The instruction set of the kernels: the widest that runs, or the one that is asked for."""

import os
import re

import pytest

from skrnn.kernels import isa


@pytest.mark.parametrize("name", isa.available())
def test_the_one_that_is_asked_for(name, monkeypatch):
    monkeypatch.setenv("SKRNN_ISA", name)
    assert isa.available()[isa._chosen()] == name


def test_the_widest_by_default(monkeypatch):
    assert isa.available()[0] == "baseline"
    assert isa.name == os.environ.get("SKRNN_ISA", isa.available()[-1])
    monkeypatch.delenv("SKRNN_ISA", raising=False)
    assert isa.available()[isa._chosen()] == isa.available()[-1]


def test_one_that_does_not_run(monkeypatch):
    monkeypatch.setenv("SKRNN_ISA", "mmx")
    expected = (
        f"SKRNN_ISA='mmx' does not work on this processor; expected one of {isa.available()}."
    )
    with pytest.raises(ImportError, match=re.escape(expected)):
        isa._chosen()
