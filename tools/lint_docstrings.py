"""numpydoc's validation of every public docstring; run by ``make lint``."""

import importlib
import inspect
import sys

from numpydoc.validate import validate

MODULES = [
    "skrnn",
    "skrnn.datasets",
    "skrnn.distributed",
    "skrnn.inspection",
    "skrnn.interop.keras",
    "skrnn.interop.onnx",
    "skrnn.interop.safetensors",
    "skrnn.interop.torch",
    "skrnn.metrics",
    "skrnn.plotting",
]
IGNORED = {
    "ES01",  # an extended summary is written where it says something
    "EX01",  # methods are shown in the example of their class
    "RT02",  # scikit-learn names return values
    "SA01",  # so are see-also sections
    "SA04",
    "YD01",
}
REQUIRED_OF_CLASSES = {"EX01"}


def public_names():
    """Dotted names of the public functions and classes, and of the methods defined here."""
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue  # a constant, described where it stands
            yield f"{module_name}.{name}", REQUIRED_OF_CLASSES
            if inspect.isclass(thing):
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_") and function.__module__.startswith("skrnn."):
                        yield f"{module_name}.{name}.{method}", set()


def main():
    """Print what is wrong and return whether anything is."""
    failed = False
    for name, required in public_names():
        for code, message in validate(name)["errors"]:
            if code not in IGNORED - required:
                failed = True
                print(f"{name}: {code} {message}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
