"""The token error rate: edits, tokens, weights, and what is no text."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_val_score

from skrnn.metrics import token_error_rate, token_error_scorer


def n_edits(a, b):
    """The distance of Levenshtein, cell by cell."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, row = row, [i]
        for j, y in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
    return row[-1]


@pytest.mark.parametrize(
    ("true", "written", "edits"),
    [
        ("abc", "abc", 0), ("abc", "", 3), ("abc", "abxc", 1), ("abc", "ac", 1), ("abc", "axc", 1),
        ("kitten", "sitting", 3), ("ab", "ba", 2), ("a", "bcd", 3), ("aaa", "a", 2),
    ],
)  # fmt: skip
def test_edits(true, written, edits):
    assert token_error_rate([true], [written]) == edits / len(true)


@pytest.mark.parametrize("longest", [5, 40, 200])
def test_edits_are_those_of_the_table(longest):
    """Also where a text has more tokens than a machine word has bits."""
    rng = np.random.default_rng(longest)
    for _ in range(30):
        a, b = ("".join(rng.choice([*"abc"], rng.integers(1, longest))) for _ in range(2))
        for x, y in ((a, b), (a, a[::2] + "d"), (a, a[3:] + a[:3])):
            assert token_error_rate([x], [y]) == n_edits(x, y) / len(x)


def test_edits_and_tokens_are_summed_over_the_samples():
    y_true, y_pred = ["abcd", "", "xy"], ["abc", "z", "xy"]
    assert token_error_rate(y_true, y_pred) == 2 / 6
    assert token_error_rate(y_true, y_pred, sample_weight=[2, 0, 1]) == 2 / 10
    assert token_error_rate(np.array(y_true), pd.Series(y_pred, index=[5, 6, 7])) == 2 / 6


def test_tokens_between_separators():
    y_true, y_pred = ["one two", "tʃ iː z"], ["one too", "ʃ iː z s"]
    assert token_error_rate(y_true, y_pred, separator=" ") == 3 / 5
    assert token_error_rate(["a b"], [""], separator=" ") == 1  # no word, not an empty one
    assert token_error_rate(["a, b"], ["a, c"], separator=", ") == 1 / 2


class Echo(BaseEstimator):
    """Writes what it reads."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X


def test_scorer():
    X, y = np.array(["abcd", "ef", "ghi jk", "l m"]), np.array(["abcx", "ef", "ghi jk", "l x"])
    model = Echo().fit(X, y)
    assert token_error_scorer(model, X, y) == -2 / 15
    words = make_scorer(token_error_rate, greater_is_better=False, separator=" ")
    assert words(model, X, y) == -2 / 6
    of_folds = cross_val_score(model, X, y, cv=2, scoring=token_error_scorer)
    assert of_folds.tolist() == [-1 / 6, -1 / 9]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "options", "message"),
    [
        (["a", None], ["a", "b"], {}, r"y_true\[1\] is None \(NoneType\); expected a string"),
        (["a", "b"], ["a", 3], {}, r"y_pred\[1\] is 3 \(int\); expected a string"),
        ([["a", "b"]], ["a"], {}, r"y_true\[0\] is \['a', 'b'\] \(list\); expected a string"),
        (["a", "b"], ["a"], {}, "inconsistent numbers of samples"),
        (["a"], ["a"], {"sample_weight": [1, 2]}, "inconsistent numbers of samples"),
        ([], [], {}, "y_true has 0 samples"),
        (["", ""], ["a", "b"], {}, "y_true has no tokens that count"),
        (["a"], ["b"], {"sample_weight": [0]}, "no tokens that count|at least one non-zero"),
        (["a"], ["b"], {"separator": ""}, "separator=''; expected what stands between"),
        (["a"], ["b"], {"separator": 1}, "'separator' parameter .* must be an instance of 'str'"),
        ("abc", "abc", {}, "'y_true' parameter .* must be an array-like"),
    ],
)  # fmt: skip
def test_what_is_no_text(y_true, y_pred, options, message):
    with pytest.raises(ValueError, match=message):
        token_error_rate(y_true, y_pred, **options)
