"""Builds the extensions; all metadata is in pyproject.toml."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

WINDOWS = sys.platform == "win32"
OPENMP = ["/openmp"] if WINDOWS else ["-fopenmp"]
# Without errno, square roots come in vectors.
OPTIMISE = ["/O2"] if WINDOWS else ["-O3", "-g0", "-Wall", "-fno-math-errno"]
STRIP = ["-Wl,-s"] if sys.platform == "linux" else []
# "address,undefined", for instance: what the compiler should watch for; see `make test-debug`.
SANITIZE = os.environ.get("SKRNN_SANITIZE")
if SANITIZE:
    STRIP = [f"-fsanitize={SANITIZE}"]
    OPTIMISE = ["-O0", "-g", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all", *STRIP]


def has_openmp():
    """Whether the C compiler builds and links an OpenMP program."""
    if os.environ.get("SKRNN_OPENMP") == "0":
        return False
    default = "cl" if WINDOWS else sysconfig.get_config_var("CC") or "cc"
    compiler = os.environ.get("CC", default).split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <omp.h>\nint main(void) { return !omp_get_max_threads(); }\n")
        try:
            command = [*compiler, *OPENMP, str(source)]
            return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
        except OSError:
            return False


openmp = OPENMP if has_openmp() else []
extensions = [
    Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        include_dirs=[np.get_include(), "skrnn/kernels"],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        depends=[str(header) for header in Path("skrnn").rglob("*.h")],
        extra_compile_args=OPTIMISE + openmp,
        extra_link_args=openmp + STRIP,
    )
    for source in sorted(Path("skrnn").rglob("*.pyx"))
]
# What every extension would otherwise carry a copy of (memoryviews) is built once.
UTILITY = "skrnn._cyutility"
extensions.append(
    Extension(UTILITY, ["skrnn/_cyutility.c"], extra_compile_args=OPTIMISE, extra_link_args=STRIP)
)
setup(
    ext_modules=cythonize(
        extensions,
        shared_utility_qualified_name=UTILITY,
        compiler_directives={
            "language_level": 3,
            "boundscheck": bool(SANITIZE),
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": bool(SANITIZE),
            "freethreading_compatible": True,
        },
    )
)
