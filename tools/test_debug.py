"""The tests under the watch of sanitizers: ``python tools/test_debug.py``, see ``make test-debug``.

``build/debug`` gets a copy of the sources and a build of its own, so the extensions in place stay
as they are. AddressSanitizer and UndefinedBehaviorSanitizer watch the tests of all that is
compiled, with Cython's checks of bounds, for each instruction set that the machine runs.
ThreadSanitizer watches the helper threads, driven from C (tools/thread_driver.c), as the rest of
the interpreter does not know it. Anything found ends the process, and so the tests.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEBUG = ROOT / "build" / "debug"
COMPILER = os.environ.get("CC", "gcc")
COPIED = ["skrnn", "tests", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"]
OF_ISAS = {"test_reference", "test_gradients", "test_activations", "test_state", "test_fuzz"}

# The tests that reach no compiled code, or that look at memory as only the usual build lays it out.
NOT_WATCHED = {
    "test_architecture", "test_arena", "test_documentation", "test_examples", "test_map",
    "test_readme", "test_stories",
}  # fmt: skip


def build():
    """Copy the sources, and compile them there."""
    for name in COPIED:
        source, target = ROOT / name, DEBUG / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("*.so", "*.c", "__pycache__")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=ignore)
        else:
            DEBUG.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    command = [sys.executable, "setup.py", "build_ext", "--inplace", f"-j{os.cpu_count()}"]
    environment = os.environ | {"SKRNN_SANITIZE": "address,undefined"}
    subprocess.run(command, cwd=DEBUG, env=environment, check=True, stdout=subprocess.DEVNULL)


def library(name):
    """The path of a library of the compiler."""
    command = [COMPILER, f"-print-file-name={name}"]
    return subprocess.check_output(command, text=True).strip()


def watched(isa):
    """The environment of a watched process. The interpreter leaks on purpose."""
    runtimes = ["libasan.so", "libubsan.so", "libstdc++.so"]
    return os.environ | {
        "LD_PRELOAD": " ".join(map(library, runtimes)),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "OMP_NUM_THREADS": "2",
        "SKRNN_ISA": isa,
    }


def test_kernels(names):
    """The tests under AddressSanitizer and UndefinedBehaviorSanitizer."""
    command = [sys.executable, "-c", "from skrnn.kernels.isa import available; print(*available())"]
    isas = subprocess.check_output(command, cwd=ROOT, text=True).split()
    files = [path for path in sorted((DEBUG / "tests").glob("test_*.py"))
             if (path.stem in names if names else path.stem not in NOT_WATCHED)]  # fmt: skip
    for isa in isas[::-1]:
        # All with the widest vectors; with the others what depends on their width.
        chosen = [path for path in files if isa == isas[-1] or path.stem in OF_ISAS]
        pytest = [sys.executable, "-X", "faulthandler", "-m", "pytest", "-v", "-p",
                  "no:cacheprovider", "-o", "addopts=", *map(str, chosen)]  # fmt: skip
        print(f"{isa}: {len(chosen)} files", flush=True)
        if subprocess.run(pytest, cwd=DEBUG, env=watched(isa)).returncode:
            yield isa


def test_threads():
    """The helper threads under ThreadSanitizer."""
    program = DEBUG / "thread_driver"
    DEBUG.mkdir(parents=True, exist_ok=True)
    flags = ["-O1", "-g", "-Wall", "-fopenmp", "-fsanitize=thread", "-Iskrnn/kernels"]
    source = "tools/thread_driver.c"
    subprocess.run([COMPILER, *flags, source, "-o", str(program)], cwd=ROOT, check=True)
    options = "halt_on_error=1:die_after_fork=0"
    environment = os.environ | {"OMP_NUM_THREADS": "4", "TSAN_OPTIONS": options}
    done = subprocess.run([program], env=environment, timeout=600)
    if done.returncode:
        yield "thread_driver"


def main(names):
    build()
    failures = [*test_threads(), *test_kernels(names)]
    print("found something in:" if failures else "nothing found", *failures)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
