# Every target sets up what it needs in .venv; nothing is done twice.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml setup.py $(shell find skrnn -name '*.pyx' -o -name '*.pxd' -o -name '*.h')

.PHONY: demo test lint

demo: .venv/installed
	$(BIN)/python examples/forecast.py

test: .venv/installed
	$(BIN)/python -m pytest

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cython-lint skrnn
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/python tools/lint_docstrings.py

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/installed: .venv/pip $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.venv/lint: .venv/installed
	$(BIN)/python -m pip install --quiet --editable ".[lint]"
	touch $@
