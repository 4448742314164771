"""Every public parameter and attribute is described, and nothing else is."""

import ast
import inspect
import re
import subprocess
import sys

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import Sequences
from tests._estimators import (
    ESTIMATORS,
    make,
    problem,
)

# The documentation.

PUBLIC_CLASSES = [name for name in skrnn.__all__ if inspect.isclass(getattr(skrnn, name))]


def described(cls, section):
    """Names and types in a numpydoc section of a class."""
    text = inspect.cleandoc(cls.__doc__)
    _, _, text = text.partition(f"{section}\n{'-' * len(section)}\n")
    text = re.split(r"\n\n[A-Z][A-Za-z ]+\n---", text)[0]
    assert text, f"{cls.__name__} has no section {section}"
    entries = {}
    for entry in re.split(r"\n(?=\S)", text):
        head, _, body = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        assert kind, f"{cls.__name__}: {head!r} has no type"
        assert len(body.split()) >= 2, f"{cls.__name__}: {head!r} is not described"
        entries |= dict.fromkeys(names.split(", "), kind)
    return entries


@pytest.mark.parametrize("name", PUBLIC_CLASSES)
def test_every_parameter_is_described(name):
    cls = getattr(skrnn, name)
    parameters = inspect.signature(cls).parameters
    kinds = described(cls, "Parameters")
    assert list(kinds) == list(parameters)
    for parameter, kind in kinds.items():
        _, _, default = kind.partition("default=")
        if parameters[parameter].default is inspect.Parameter.empty:
            assert not default
        else:
            assert ast.literal_eval(default) == parameters[parameter].default


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_fitted_attribute_is_described(name, early_stopping):
    pd = pytest.importorskip("pandas")
    X, y = problem(name)
    frame = pd.DataFrame(X[:, :, 0], columns=[*"abcde"])
    options = {"early_stopping": early_stopping, "validation_fraction": 0.3}
    model = make(name, **options).fit(frame, y)
    attributes = {a for a in vars(model) if a.endswith("_") and not a.startswith("_")}
    assert set(described(type(model), "Attributes")) == attributes


@pytest.mark.parametrize(
    "estimator",
    [
        skrnn.SlidingWindow(2),
        skrnn.PerStep(StandardScaler()),
        skrnn.LagColumnsToSequence(r"(?P<name>.)(?P<lag>\d)"),
        skrnn.WindowScaledRegressor(LinearRegression()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_attributes_of_the_others_are_described(estimator):
    pd = pytest.importorskip("pandas")
    estimator.fit(pd.DataFrame({"a1": [1.0, 2.0], "a0": [2.0, 4.0]}), [0.0, 1.0])
    attributes = {a for a in vars(estimator) if a.endswith("_")}
    assert set(described(type(estimator), "Attributes")) == attributes


def test_attributes_of_sequences_are_described():
    assert set(described(Sequences, "Attributes")) <= set(dir(Sequences))


def test_a_missing_description_is_found():
    class Undocumented:
        """Nothing.

        Parameters
        ----------
        there : int, default=3
            Something that is.

        Attributes
        ----------
        other : int
            Something else.
        """

    assert described(Undocumented, "Parameters") == {"there": "int, default=3"}
    assert described(Undocumented, "Attributes") == {"other": "int"}
    with pytest.raises(AssertionError, match="no section Returns"):
        described(Undocumented, "Returns")


def test_import_without_docstrings():
    subprocess.run([sys.executable, "-OO", "-c", "import skrnn"], check=True, timeout=60)


def test_public_names():
    names = {n for n in skrnn.__all__ if n.endswith(("Regressor", "Classifier"))}
    assert set(ESTIMATORS) == names - {"WindowScaledRegressor"}
    assert skrnn.__all__ == sorted(skrnn.__all__)
    assert set(skrnn.windows.__all__) <= set(skrnn.__all__)
