"""Long tables: to sequences and back."""

import re
from functools import partial

import numpy as np
import pytest

from skrnn import Sequences, from_long, to_long
from tests._windows import as_container, assert_same

hypothesis = pytest.importorskip("hypothesis")
pd = pytest.importorskip("pandas")
from hypothesis import strategies as st  # noqa: E402

CONTAINERS = ["pandas", "polars"]


def long_frame():
    return pd.DataFrame(
        {
            "x": [0.1, 1.1, 0.2, 2.1, 1.3, 0.3],
            "unit": ["b", "a", "b", "c", "a", "b"],
            "z": [1, 2, 3, 4, 5, 6],
            "hour": [3, 1, 2, 9, 5, 1],
        },
        index=[7, 3, 3, 1, 0, 2],
    )


EXPECTED = [[[0.3, 6], [0.2, 3], [0.1, 1]], [[1.1, 2], [1.3, 5]], [[2.1, 4]]]


@pytest.mark.parametrize("container", CONTAINERS)
def test_from_long(container):
    X, ids = from_long(as_container(long_frame(), container), id="unit", time="hour")
    assert isinstance(X, Sequences)
    assert_same(X, EXPECTED)
    assert ids.tolist() == ["b", "a", "c"]


def test_forms_of_keys():
    frame = long_frame()
    for X in (frame.set_index(["unit", "hour"]), frame.set_index("unit"), frame.set_index("hour")):
        sequences, ids = from_long(X, id="unit", time="hour")
        assert_same(sequences, EXPECTED)
        assert ids.tolist() == ["b", "a", "c"]
    sequences, ids = from_long(frame.assign(half=frame["hour"] > 2), id=["unit", "half"], time="z")
    assert ids.tolist() == [("b", True), ("a", False), ("b", False), ("c", True), ("a", True)]
    assert sequences[2].tolist() == [[0.2, 2], [0.3, 1]]


def test_columns_and_dtypes():
    frame = long_frame()
    X, _ = from_long(frame, id="unit", time="hour", columns=["z"])
    assert_same(X, [np.array(x)[:, 1:] for x in EXPECTED])
    X, _ = from_long(frame.astype({"x": "float32"}).drop(columns="z"), id="unit", time="hour")
    assert X.dtype == np.float32
    frame.loc[7, "x"] = np.nan
    assert np.isnan(from_long(frame, id="unit", time="hour")[0][0][2, 0])
    _, ids = from_long(frame.assign(unit=[7, 5, 7, 1, 5, 7]), id="unit", time="hour")
    assert ids.dtype == np.int64
    assert ids.tolist() == [7, 5, 1]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([True, False], object),
        (np.array([2**64 - 1, 2**63], "uint64"), np.uint64),
        ([5, -(2**63)], np.int64),
        ([0.5, 2.0], object),
    ],
)
def test_ids_keep_their_values(labels, dtype, container):
    frame = as_container(pd.DataFrame({"unit": labels, "hour": [1, 2], "x": [3.0, 4.0]}), container)
    _, ids = from_long(frame, id="unit", time="hour")
    assert ids.dtype == dtype
    assert [(type(label), label) for label in ids.tolist()] == [
        (type(label), label) for label in np.array(labels).tolist()
    ]


def test_targets_by_id():
    targets = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0})
    _, ids = from_long(long_frame(), id="unit", time="hour")
    assert targets.loc[ids].tolist() == [2, 1, 3]


def read_long(container, frame, **parameters):
    keys = {"id": "unit", "time": "hour"}
    return from_long(as_container(frame, container), **keys | parameters)


@pytest.mark.parametrize("container", CONTAINERS)
def test_wrong_long_frames(container):
    read = partial(read_long, container)
    frame = long_frame()
    with pytest.raises(ValueError, match="the first is 5 in 'a', in rows 1 and 4"):
        read(frame.assign(hour=[3, 5, 2, 9, 5, 1]))
    with pytest.raises(ValueError, match="'unit' has a missing value in row 1"):
        read(frame.replace({"unit": {"a": None}}))
    with pytest.raises(ValueError, match="frame has no column or index level 'day'"):
        read(frame, time="day")
    with pytest.raises(
        ValueError,
        match=r"Column .w. of frame contains the non-numeric value .text.*name as id or time",
    ):
        read(frame.assign(w="text"))
    for key in (None, "", []):
        with pytest.raises(ValueError, match=f"^id={re.escape(repr(key))}; expected the name of"):
            read(frame, id=key)
    with pytest.raises(ValueError, match=r"^time=None; expected the name of a column"):
        read(frame, time=None)
    with pytest.raises(ValueError, match=r"series and time are \['unit', 'unit'\]; expected every"):
        read(frame, time="unit")
    with pytest.raises(ValueError, match=r"columns='x'; expected a list, such as \['x'\]"):
        read(frame, columns="x")
    for names in (["x", "w"], ["unit"]):
        with pytest.raises(ValueError, match=r"not one of the features \['x', 'z'\]"):
            read(frame, columns=names)
    for names in ([], ["x", "x"]):
        with pytest.raises(ValueError, match="expected at least one name, and every name once"):
            read(frame, columns=names)


@pytest.mark.parametrize("container", CONTAINERS)
def test_to_long_of_some_ids_and_new_columns(container):
    like = as_container(long_frame(), container)
    X, ids = from_long(like, id="unit", time="hour", columns=["z"])
    chosen = [2, 0]
    found = to_long(
        Sequences(X.rows * 10, X.starts, X.lengths)[chosen], ids[chosen], like=like, id="unit",
        time="hour", columns=["ten"],
    )  # fmt: skip
    assert type(found) is type(like)
    assert found["unit"].to_list() == ["b", "b", "c", "b"]
    assert found["hour"].to_list() == [3, 2, 9, 1]
    assert found["ten"].to_list() == [10, 30, 40, 60]
    assert list(found.columns) == ["unit", "hour", "ten"]
    if container == "pandas":
        assert found.index.tolist() == [7, 3, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, ids: (X, ["b", "a", "d"]), "ids contains 'd', but the DataFrame like has no"),
        (lambda X, ids: (X[[0, 2]], ["b", "a"]), "X\\[1\\] has 1 steps, but the id 'a' has 2 rows"),
        (lambda X, ids: (X[[0, 0]], ["b", "b"]), "ids contains 'b' more than once"),
        (lambda X, ids: (X, ids[:2]), "inconsistent numbers of samples"),
        (
            lambda X, ids: ([x[:, :1] for x in X], ids),
            r"X has 1 features, but columns has 2 names: \['x'",
        ),
        (lambda X, ids: (np.asarray(X), ids), r"X\[1\] has 3 steps, but the id 'a' has 2 rows"),
    ],
)
def test_wrong_sequences(change, message):
    frame = long_frame()
    X, ids = change(*from_long(frame, id="unit", time="hour"))
    with pytest.raises(ValueError, match=message):
        to_long(X, ids, like=frame, id="unit", time="hour")


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["p", "p"], "every name once"),
        (["p", "unit"], "expected only features"),
        (["hour", "p"], "expected only features"),
        ("xz", "expected a list"),
    ],
)
def test_columns_of_to_long_are_new_and_different(columns, message, container):
    frame = as_container(long_frame(), container)
    X, ids = from_long(frame, id="unit", time="hour")
    with pytest.raises(ValueError, match=message):
        to_long(X, ids, like=frame, id="unit", time="hour", columns=columns)


@st.composite
def long_frames(draw):
    keys = draw(
        st.lists(
            st.tuples(st.integers(-3, 3), st.integers(-20, 20)), min_size=1, max_size=20,
            unique=True,
        )
    )  # fmt: skip
    numbers = st.floats(-1e6, 1e6)
    rows = [(draw(numbers), unit, draw(st.none() | numbers), time) for unit, time in keys]
    frame = pd.DataFrame(rows, columns=["x", "unit", "z", "time"])
    return frame.astype({"z": float}).set_index(pd.Index(draw(st.permutations(range(len(keys))))))


@hypothesis.settings(derandomize=True, deadline=None, max_examples=100)
@hypothesis.given(long_frames(), st.sampled_from(CONTAINERS), st.booleans(), st.randoms())
def test_to_long_of_from_long_is_the_identity(frame, container, in_index, random):
    if container == "pandas" and in_index:
        frame = frame.set_index(["unit", "time"])
    else:
        frame = as_container(frame, container)
    X, ids = from_long(frame, id="unit", time="time")
    order = random.sample(range(len(ids)), len(ids))  # of the sequences does not matter
    found = to_long(X[order], ids[order], like=frame, id="unit", time="time")
    if container == "pandas":
        pd.testing.assert_frame_equal(found, frame)
    else:
        assert found.columns == frame.columns
        for name in frame.columns:
            np.testing.assert_array_equal(found[name].to_numpy(), frame[name].to_numpy())
