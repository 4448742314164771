"""Run the tests as other processors run them.

OpenBLAS has kernels for each kind of processor and skrnn has some for each instruction set. Both
follow the processor, or a variable of the environment, so one machine can stand for older ones.

    python tools/test_machines.py         every kind of processor with its instruction set
    python tools/test_machines.py isas    every narrower instruction set, with BLAS as it is
    python tools/test_machines.py kernels [option ...]
                                          the tests of the kernels, as this machine runs them
"""

import os
import platform
import subprocess
import sys
import time

from skrnn.kernels.isa import available

# Kinds of processor that OpenBLAS knows, and what a machine must run to stand for one.
CORETYPES = {
    "Prescott": "baseline",
    "Nehalem": "baseline",
    "Sandybridge": "avx2",  # it has the first AVX only, which skrnn does not ask for
    "Haswell": "avx2",
    "Zen": "avx2",
    "SkylakeX": "avx512",
}
# These run the whole suite, unless the machine is of that kind itself, as `make test` runs it so.
# The others run the tests of the kernels: what is only Python above them need not be repeated. Nor
# need the gradients of whole networks, which take most of the time: those of every cell, alone, are
# there.
WHOLE = {"Nehalem", "Haswell", "SkylakeX"}
KERNELS = [
    "tests/test_activations.py",
    "tests/test_batch_invariance.py",
    "tests/test_gradients.py",
    "tests/test_hidden_states.py",
    "tests/test_padding.py",
    "tests/test_reference.py",
    "tests/test_state.py",
    "tests/test_streaming.py",
    "tests/test_threads.py",
    *("-k", "not objective and not every_kind"),
]
ARCHITECTURES = """
import numpy, scipy.linalg, threadpoolctl
print(*sorted({pool.get("architecture", "") for pool in threadpoolctl.threadpool_info()}))
"""


def architectures(coretype=None):
    """What the OpenBLAS of NumPy and that of SciPy run as."""
    environment = os.environ | ({} if coretype is None else {"OPENBLAS_CORETYPE": coretype})
    command = [sys.executable, "-c", ARCHITECTURES]
    return subprocess.check_output(command, env=environment, text=True).strip()


def pytest(*arguments, environment=None):
    """Run tests on all processors; returns whether any failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--numprocesses=auto", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode != 0


def run(coretype, isa):
    """Run the tests of one pair; returns a line about it and whether they passed."""
    is_itself = isa == available()[-1] and architectures(coretype) == architectures()
    whole = coretype in WHOLE and not is_itself
    environment = os.environ | {"SKRNN_ISA": isa, "OMP_NUM_THREADS": "1"}
    if coretype is not None:
        environment["OPENBLAS_CORETYPE"] = coretype
    tests = [] if whole else KERNELS
    name = f"{coretype or 'BLAS as it is'}, {isa}: {'whole suite' if whole else 'kernels'}"
    print(f"\n{name}", flush=True)
    start = time.monotonic()
    passed = not pytest(*tests, environment=environment)
    return f"{'passed' if passed else 'FAILED'} {time.monotonic() - start:4.0f} s  {name}", passed


def pairs(isas):
    """The kinds of processor that this machine can stand for, each with its instruction set."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        print(f"Skipped: {', '.join(CORETYPES)} are x86-64, this is {platform.machine()}.")
        return []
    found = {}
    for coretype, needed in CORETYPES.items():
        if needed in isas:
            runs_as = architectures(coretype)
            if runs_as in found.values():
                print(f"{coretype}: skipped, OpenBLAS runs as {runs_as}, which is there already.")
                continue
            found[coretype] = runs_as
            print(f"{coretype}: OpenBLAS runs as {runs_as}.")
        else:
            print(f"{coretype}: skipped, it needs {needed} and this machine runs {isas}.")
    if len(found) == 1:
        print("Skipped: BLAS does not follow OPENBLAS_CORETYPE.")
        return []
    return [(coretype, CORETYPES[coretype]) for coretype in found]


def main(only=None, *options):
    if only == "kernels":
        return pytest(*KERNELS, *options)
    if only not in (None, "isas") or options:
        raise SystemExit(__doc__)
    isas = available()
    chosen = [(None, isa) for isa in isas[:-1]] if only == "isas" else pairs(isas)
    results = [run(*pair) for pair in chosen]
    print("", *(line for line, _ in results), sep="\n")
    return not all(passed for _, passed in results)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
