"""The examples on shorter sequences: their data, what they show, and their figures."""

import numpy as np
import pandas as pd

from examples import adding_problem, temporal_order

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_adding_problem_data():
    X, y = adding_problem.make_sequences(200, 11, np.random.default_rng(0))
    assert X.shape == (200, 11, 2)
    seen = set()
    for sequence, target in zip(X, y, strict=True):
        marked = [t for t, (_, marker) in enumerate(sequence) if marker == 1]
        assert sequence[:, 1].sum() == len(marked) == 2
        assert target == sequence[marked[0], 0] + sequence[marked[1], 0]
        seen |= {("first", marked[0]), ("second", marked[1])}
    assert X.min() >= 0
    assert X.max() <= 1
    # One in each half, anywhere in it; the middle step belongs to the second.
    halves = {"first": range(5), "second": range(5, 11)}
    assert seen == {(half, t) for half, steps in halves.items() for t in steps}


def test_adding_problem(tmp_path):
    models = adding_problem.make_models(0)
    curves = adding_problem.learning_curves(models, 20, 8, 0)
    assert curves.index.tolist() == [2048 * n for n in range(1, 9)]
    final = curves.iloc[-1]
    assert final[["GRU", "LSTM"]].max() < adding_problem.SOLVED
    assert final["RNN"] > 0.8 * adding_problem.BASELINE

    flows = adding_problem.gradient_flows(models, 20, 0)
    assert flows["LSTM"].iloc[-1] > 0.1 * flows["LSTM"].iloc[0]  # reaches the first step

    curves, flows = (pd.concat({0: frame}, axis=1) for frame in (curves, flows))
    adding_problem.draw(curves, flows, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(PNG_SIGNATURE)


def test_adding_problem_until_solved():
    curves = pd.DataFrame({"a": [0.2, 0.009, 0.02], "b": [0.2, 0.1, 0.01]}, index=[10, 20, 30])
    assert adding_problem.n_until_solved(curves).to_dict() == {"a": 20, "b": "-"}


def test_temporal_order_data():
    X, y = temporal_order.make_sequences(500, 20, np.random.default_rng(0))
    alphabet = ["a", "b", "c", "d", "X", "Y", "start", "end"]
    seen = set()
    for sequence, label in zip(X, y, strict=True):
        assert (sequence.sum(axis=1) == 1).all()
        symbols = [alphabet[row.tolist().index(1)] for row in sequence]
        assert (symbols.index("start"), symbols.index("end")) == (0, len(symbols) - 1)
        early, late = (t for t, symbol in enumerate(symbols) if symbol in "XY")
        assert label == symbols[early] + symbols[late]
        seen |= {("length", len(symbols)), ("early", early), ("late", late), ("class", label)}
    assert seen == {
        *(("length", n) for n in (20, 21, 22)), *(("early", t) for t in (2, 3, 4)),
        *(("late", t) for t in (10, 11, 12)), *(("class", c) for c in ("XX", "XY", "YX", "YY")),
    }  # fmt: skip


def test_temporal_order(tmp_path):
    curves = {("chrono", 0): temporal_order.learning_curve("chrono", 20, 20_000, 0)}
    curves[1, 0] = temporal_order.learning_curve(1, 20, 2000, 0)
    solved, unsolved = curves.values()
    assert solved.iloc[-1] == 1
    assert (solved[:-1] < 1).all()  # stops there
    assert solved.index.tolist() == [2000 * n for n in range(1, len(solved) + 1)]

    table = temporal_order.tabulate(curves)
    assert table.to_numpy().tolist() == [
        ["chrono", 0, 2000 * len(solved), 1.0], [1, 0, 2000, unsolved[2000]]
    ]  # fmt: skip
    temporal_order.draw(curves, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(PNG_SIGNATURE)
