"""Texts and lists of tokens to codes, and back."""

import pickle
import re
from collections import Counter

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skrnn import GRUClassifier, RNNStepClassifier, Sequences, TokenEncoder

TEXTS = ["Play some jazz", "play it again, Sam", "play jazz", "\u00fcber \U0001f600"]
LISTS = [["x y", "z"], ["z"], ["", "x y", "q"]]


def codes_of(encoded):
    return [x[:, 0].tolist() for x in encoded]


def shouts(text):
    return text.upper().split()


# Codes.


def test_codes_by_hand():
    encoder = TokenEncoder("char")
    encoded = encoder.fit_transform(["hello", "oh"])
    assert isinstance(encoded, Sequences)
    assert (encoded.shape, encoded.dtype) == ((2, 5, 1), np.float32)
    assert encoder.vocabulary_ == {"e": 1, "h": 2, "l": 3, "o": 4}
    assert list(encoder.tokens_) == ["\ufffd", "e", "h", "l", "o"]
    assert encoder.n_codes_ == 5
    assert codes_of(encoded) == [[2, 1, 3, 3, 4], [4, 2]]
    assert codes_of(encoder.transform(["hat"])) == [[2, 0, 0]]


@pytest.mark.parametrize("analyzer", ["char", "word", shouts, re.compile(r"\w").findall])
def test_against_a_loop(analyzer):
    split = {"char": list, "word": str.split}.get(analyzer, analyzer)
    vocabulary = sorted({token for text in TEXTS for token in split(text)})
    encoder = TokenEncoder(analyzer).fit(TEXTS)
    assert list(encoder.vocabulary_.items()) == [(t, i + 1) for i, t in enumerate(vocabulary)]
    new = [*TEXTS, "never seen"]
    expected = [
        [vocabulary.index(t) + 1 if t in vocabulary else 0 for t in split(text)] for text in new
    ]
    assert codes_of(encoder.transform(new)) == expected


def test_the_order_of_codes_is_that_of_count_vectorizer():
    counter = CountVectorizer(lowercase=False, token_pattern=r"\S+").fit(TEXTS)
    found = TokenEncoder().fit(TEXTS).vocabulary_
    assert found == {token: index + 1 for token, index in counter.vocabulary_.items()}


@pytest.mark.parametrize(
    ("parameters", "known"),
    [
        ({"min_count": 2}, "abcd"),
        ({"min_count": 3}, "cd"),
        ({"max_vocabulary": 1}, "d"),
        ({"max_vocabulary": 3}, "acd"),  # a and b are equally frequent
        ({"max_vocabulary": 4, "min_count": 3}, "cd"),
        ({"max_vocabulary": 100}, "abcdef"),
    ],
)
def test_rare_tokens_are_unknown(parameters, known):
    encoder = TokenEncoder("char", **parameters)
    text = "ffbaebaccddcdd"[1:]  # d 4, c 3, b 2, a 2, e 1, f 1
    codes = codes_of(encoder.fit_transform([text]))[0]
    assert "".join(encoder.vocabulary_) == known
    assert [code == 0 for code in codes] == [token not in known for token in text]


def test_fit_does_not_depend_on_the_order_of_texts():
    for parameters in ({}, {"max_vocabulary": 4}, {"min_count": 2}):
        encoder = TokenEncoder("char", **parameters)
        assert encoder.fit(TEXTS).vocabulary_ == clone(encoder).fit(TEXTS[::-1]).vocabulary_


def test_unknown_tokens_can_be_an_error():
    encoder = TokenEncoder(handle_unknown="error").fit(["a b c"])
    assert codes_of(encoder.transform(["c a"])) == [[3, 1]]
    with pytest.raises(ValueError, match=r"X\[1\] has the token 'd', which is not in vocabulary_"):
        encoder.transform(["c a", "d a", "e"])
    with pytest.raises(ValueError, match=r"X\[0\] has the token 'a'"):
        TokenEncoder("char", min_count=2, handle_unknown="error").fit_transform(["abb"])


# Forms of X.


def test_forms_of_texts():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = codes_of(TokenEncoder("char").fit_transform(TEXTS))
    for form in (
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        pd.Series(TEXTS, index=[7, 5, 3, 1]),
        pd.Series(TEXTS, dtype="string"),
        pl.Series(TEXTS),
    ):
        encoder = TokenEncoder("char")
        assert codes_of(encoder.fit_transform(form)) == expected
        assert codes_of(encoder.transform(form)) == expected
        assert {type(token) for token in encoder.vocabulary_} == {str}


def test_forms_of_tokens():
    pd = pytest.importorskip("pandas")
    expected = codes_of(TokenEncoder().fit_transform(LISTS))
    assert expected == [[3, 4], [4], [1, 3, 2]]
    of_lists = np.empty(3, object)
    of_lists[:] = LISTS
    for form in (
        tuple(map(tuple, LISTS)),
        [np.array(tokens) for tokens in LISTS],
        of_lists,
        pd.Series(LISTS),
        [pd.Series(tokens) for tokens in LISTS],
    ):
        encoder = TokenEncoder("char")  # the analyzer is for texts
        assert codes_of(encoder.fit_transform(form)) == expected
        assert {type(token) for token in encoder.vocabulary_} == {str}


def test_texts_and_lists_of_the_same_tokens():
    encoder = TokenEncoder().fit(TEXTS)
    split = [text.split() for text in TEXTS]
    assert codes_of(encoder.transform(split)) == codes_of(encoder.transform(TEXTS))


# And back.


@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_round_trip(analyzer):
    encoder = TokenEncoder(analyzer)
    assert encoder.inverse_transform(encoder.fit_transform(TEXTS)) == TEXTS


def test_round_trip_of_tokens():
    encoder = TokenEncoder()
    assert encoder.inverse_transform(encoder.fit_transform(LISTS)) == LISTS
    encoder = TokenEncoder(shouts)
    assert encoder.inverse_transform(encoder.fit_transform(["a b", "c"])) == [["A", "B"], ["C"]]


@pytest.mark.parametrize("fitted", ["char", "word", shouts])
@pytest.mark.parametrize("later", ["char", "word", shouts])
def test_texts_are_joined_as_they_were_split_in_fit(fitted, later):
    encoder = TokenEncoder(fitted)
    codes = encoder.fit_transform(TEXTS)
    expected = encoder.inverse_transform(codes)
    assert encoder.set_params(analyzer=later).inverse_transform(codes) == expected


def test_padding_of_predictions():
    """A classifier of codes gives -1 to the steps of the padding."""
    encoder = TokenEncoder("char")
    X = np.asarray(encoder.fit_transform(["hello", "oh"]))
    y = np.where(np.isnan(X[:, :, 0]), -1, X[:, :, 0]).astype(int)
    predicted = RNNStepClassifier(4, max_iter=1, random_state=0).fit(X, y).predict(X)
    assert predicted[1, :3].tolist() == [-1] * 3
    expected = encoder.inverse_transform([predicted[0], predicted[1, 3:]])
    assert encoder.inverse_transform(predicted[:, ::-1]) == [text[::-1] for text in expected]
    for form in (predicted, predicted[:, :, np.newaxis], predicted.tolist(), list(predicted)):
        assert encoder.inverse_transform(form) == expected


def test_unknown_tokens_have_a_mark():
    encoder = TokenEncoder().fit(["a b"])
    assert encoder.inverse_transform(encoder.transform(["a x b"])) == ["a \ufffd b"]
    encoder.fit([["a", "b"]])
    assert encoder.inverse_transform(encoder.transform([["x", "b"]])) == [["\ufffd", "b"]]


def test_forms_of_codes():
    encoder = TokenEncoder("char")
    encoded = encoder.fit_transform(["hello", "oh"])
    for form in (
        np.asarray(encoded),
        np.asarray(encoded)[:, :, 0],
        list(encoded),
        [x[:, 0] for x in encoded],
        [x[:, 0].astype(int).tolist() for x in encoded],
        [x[:, 0].astype(np.int64) for x in encoded],
    ):
        assert encoder.inverse_transform(form) == ["hello", "oh"]
    assert encoder.inverse_transform(encoded[1:]) == ["oh"]
    assert encoder.inverse_transform(encoded[[1, 0, 1]]) == ["oh", "hello", "oh"]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[1, 2], [1, 9]], r"X contains 9 in sequence 1, step 1; .* integer from 0 to 4"),
        ([[-2]], r"X contains -2 in sequence 0"),
        ([[-1]], r"X contains -1 in sequence 0"),
        ([[1.5]], r"X contains 1.5 in sequence 0"),
        ([[1, np.nan, 2]], "X contains nan in sequence 0, step 1"),
        ([[1, -1, 2]], "X contains -1 in sequence 0, step 1; expected a code"),
        ({"a": [1]}, r"Pass \[X\] for the codes of one text"),
        ([1, 2], r"Pass \[X\] for the codes of one text"),
        (3, r"Pass \[X\] for the codes of one text"),
        (np.zeros((1, 3, 2)), "X has 2 features per step; expected 1"),
    ],
)
def test_wrong_codes(codes, message):
    encoder = TokenEncoder("char").fit(["hello"])
    with pytest.raises(ValueError, match=message):
        encoder.inverse_transform(codes)


# Errors.


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("hello", r"X is one string; .* Pass \[X\]"),
        ([], "X has 0 samples"),
        ([None, "a"], r"X\[0\] is None \(NoneType\); expected a string, or a list of tokens"),
        (["a", None], r"X\[1\] is None \(NoneType\); expected a string, as X\[0\] is"),
        (["a", np.nan], r"X\[1\] is nan \(float\)"),
        (["a", 3], r"X\[1\] is 3 \(int\)"),
        ([3, 4], r"X\[0\] is 3 \(int\)"),
        ([b"a"], r"X\[0\] is b'a' \(bytes\)"),
        (["a", ["b"]], r"X\[1\] is \['b'\] \(list\); expected a string, as X\[0\] is"),
        ([["b"], "a"], r"X\[1\] is 'a' \(str\); expected a list of tokens, as X\[0\] is"),
        (["a", ""], r"X\[1\] is '' \(str\), which has no tokens; expected at least one"),
        (["a", "\n "], r"X\[1\] is '\\n ' \(str\), which has no tokens"),
        ([["a"], []], r"X\[1\] is \[\] \(list\), which has no tokens"),
        ([["a"], ["b", None]], r"Token 1 of X\[1\] is None \(NoneType\); expected a string"),
        ([["a"], ["b", np.nan]], r"Token 1 of X\[1\] is nan"),
        ([[["a"]]], r"Token 0 of X\[0\] is \['a'\] \(list\)"),
        (np.array([["a", "b"]]), r"X has shape \(1, 2\); .*list\(X\)"),
        ({"text": ["a b", "c"]}, r"X is of type dict; expected .* list\(X.values\(\)\)"),
        ({"a b", "c"}, "X is of type set; expected a list of texts"),
        ([{"a": 1}], r"X\[0\] is {'a': 1} \(dict\); expected a string, or a list of tokens"),
    ],
)
def test_wrong_texts(X, message):
    encoder = TokenEncoder()
    with pytest.raises(ValueError, match=message):
        encoder.fit(X)
    assert not hasattr(encoder, "vocabulary_")
    encoder.fit(["a b"])
    with pytest.raises(ValueError, match=message):
        encoder.transform(X)


def test_a_frame_is_refused():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"text": TEXTS})
    with pytest.raises(ValueError, match=r"X has shape \(4, 1\); .* X\['text'\]"):
        TokenEncoder().fit(frame)
    with pytest.raises(ValueError, match=r"X\[1\] is <NA>"):
        TokenEncoder().fit(pd.Series(["a", None], dtype="string"))


def test_an_analyzer_that_gives_no_strings():
    with pytest.raises(ValueError, match=r"Token 0 of X\[0\] is 97 \(int\)"):
        TokenEncoder(str.encode).fit(["a"])


def test_all_tokens_are_too_rare():
    with pytest.raises(ValueError, match=r"No token occurs 5 times in X; .* 'b', occurs 3 times"):
        TokenEncoder(min_count=5).fit(["a b b b c"])


def test_not_fitted():
    with pytest.raises(NotFittedError):
        TokenEncoder().transform(TEXTS)
    with pytest.raises(NotFittedError):
        TokenEncoder().inverse_transform([[1]])


# In scikit-learn.


def test_clone_and_pickle():
    encoder = TokenEncoder(shouts, min_count=2, max_vocabulary=3).fit(TEXTS)
    copied = pickle.loads(pickle.dumps(encoder))
    assert codes_of(copied.transform(TEXTS)) == codes_of(encoder.transform(TEXTS))
    assert copied.inverse_transform([[1]]) == encoder.inverse_transform([[1]])
    assert clone(encoder).get_params() == encoder.get_params()


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_changes_nothing(container):
    encoder = TokenEncoder().set_output(transform=container)
    assert isinstance(encoder.fit_transform(TEXTS), Sequences)
    with config_context(transform_output=container):
        assert isinstance(encoder.transform(TEXTS), Sequences)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_in_a_pipeline():
    """Which of two letters comes first, from the letters."""
    rng = np.random.default_rng(0)
    texts = np.array(["".join(rng.permutation([*"abc"])) for _ in range(60)])
    y = np.array(["a" if text.find("a") < text.find("b") else "b" for text in texts])
    train, test, y_train, y_test = train_test_split(texts, y, random_state=0)
    model = make_pipeline(TokenEncoder("char"), GRUClassifier(8, random_state=0))
    assert model.set_output(transform="pandas").fit(train, y_train).score(test, y_test) == 1


def test_parallel_streams_of_one_text():
    """As the docstring says."""
    text, n_streams = "abcdefghijk", 3
    encoder = TokenEncoder("char")
    codes = encoder.fit_transform([text])[0]
    n = (len(codes) - 1) // n_streams
    X = codes[: n * n_streams].reshape(n_streams, n, 1)
    y = codes[1 : n * n_streams + 1].reshape(n_streams, n)
    assert encoder.inverse_transform(X) == ["abc", "def", "ghi"]
    assert encoder.inverse_transform(y) == ["bcd", "efg", "hij"]


def test_a_long_text_is_counted_once():
    rng = np.random.default_rng(0)
    text = "".join(rng.choice([*"abcdefg \n"], 200_000))
    encoder = TokenEncoder("char", max_vocabulary=4)
    encoded = encoder.fit_transform([text])
    assert set(encoder.vocabulary_) == {token for token, _ in Counter(text).most_common(4)}
    found = encoder.inverse_transform(encoded)[0]
    kept = [*encoder.vocabulary_]
    assert found == "".join(token if token in kept else "\ufffd" for token in text)
