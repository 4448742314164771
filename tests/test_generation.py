"""Tokens that a classifier of next tokens writes after a prompt."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from skrnn import PerStep, RNNStepClassifier, TokenEncoder, sample

TEXT = "abacabad" * 12  # after an a, the next letter depends on what was before it


def make_model(analyzer="char", **parameters):
    options = {"cell": "gru", "max_iter": 30, "random_state": 0}
    return make_pipeline(TokenEncoder(analyzer), RNNStepClassifier(8, **options | parameters))


@pytest.fixture(scope="module")
def model():
    """Undecided: it has seen each of few letters follow another."""
    return make_model().fit([TEXT[:-1]], [list(TEXT[1:])])


def next_proba(model, text):
    return model.predict_proba([text])[0][-1]


def test_the_most_likely(model):
    """As from the whole text so far, each time."""
    text = "ab"
    for _ in range(20):
        text += model.classes_[next_proba(model, text).argmax()]
    assert sample(model, "ab", 20, temperature=0) == text[2:]
    assert sample(model, "ab", 20, top_k=1, random_state=3) == text[2:]


@pytest.mark.parametrize(("temperature", "top_k"), [(1, None), (0.5, None), (3, None), (2, 2)])
def test_frequencies(model, temperature, top_k):
    expected = next_proba(model, "ab") ** (1 / temperature)
    expected[np.argsort(expected)[: -top_k if top_k else 0]] = 0
    expected /= expected.sum()
    rng = np.random.RandomState(0)
    drawn = [
        sample(model, "ab", 1, temperature=temperature, top_k=top_k, random_state=rng)
        for _ in range(500)
    ]
    found = np.mean(np.array(drawn)[:, np.newaxis] == model.classes_, axis=0)
    assert (found[expected == 0] == 0).all()
    # Five standard deviations.
    np.testing.assert_array_less(
        abs(found - expected), 5 * np.sqrt(expected * (1 - expected) / 500) + 1e-12
    )


def test_a_temperature_near_zero(model):
    """The most likely tokens, and of equally likely ones any."""
    written = sample(model, "ab", 20, temperature=1e-310, random_state=0)
    assert written == sample(model, "ab", 20, temperature=0)

    class Torn(RNNStepClassifier):
        def predict_proba_step(self, x, state):
            _, state = super().predict_proba_step(x, state)
            return np.array([0.2, 0.4, 0.4]), state

    torn = Torn(8, max_iter=1).fit([[[1.0], [2], [3]]], [["a", "b", "c"]])
    torn = make_pipeline(TokenEncoder("char").fit(["abc"]), torn)
    assert set(sample(torn, "a", 50, temperature=1e-310, random_state=0)) == {"b", "c"}


def test_two_classes():
    """One token for each step, with one logistic output."""
    binary = make_model().fit(["ab" * 20], [[*"ba" * 20]])
    text = "a"
    for _ in range(5):
        text += binary.classes_[next_proba(binary, text).argmax()]
    assert sample(binary, "a", 5, temperature=0) == text[1:]


def test_every_step_is_read(model):
    """Drawn tokens go on into the state: each is drawn from what all before it say."""
    rng = np.random.RandomState(1)
    written = sample(model, "ab", 6, random_state=1)
    text = "ab"
    for _ in range(6):
        proba = np.sort(next_proba(model, text))[::-1]
        rank = np.searchsorted(np.cumsum(proba), rng.uniform() * proba.sum())
        text += model.classes_[np.argsort(-next_proba(model, text), kind="stable")[rank]]
    assert text[2:] == written


def test_random_state(model):
    first = sample(model, "ab", 30, temperature=2, random_state=0)
    assert sample(model, "ab", 30, temperature=2, random_state=0) == first
    assert sample(model, "ab", 30, temperature=2, random_state=1) != first
    assert sample(model, "ab", 10, temperature=2, random_state=0) == first[:10]


def test_a_probability_of_zero_is_never_drawn():
    class Certain(RNNStepClassifier):
        def predict_proba_step(self, x, state):
            proba, state = super().predict_proba_step(x, state)
            return np.eye(len(proba))[2], state

    certain = Certain(8, max_iter=1).fit([[[1.0], [2], [3]]], [["a", "b", "c"]])
    model = make_pipeline(TokenEncoder("char").fit(["abc"]), certain)
    assert sample(model, "a", 20, temperature=5, random_state=0) == "c" * 20


# Forms.


def test_words():
    text = ["to be or not"] * 3
    model = make_model("word").fit(text, [["be", "or", "not", "to"]] * 3)
    written = sample(model, "to", 3, random_state=0)
    assert len(written.split(" ")) == 3
    tokens = [line.split() for line in text]
    model = make_model("word").fit(tokens, [["be", "or", "not", "to"]] * 3)
    assert sample(model, ["to"], 3, random_state=0) == written.split(" ")
    model = make_model(str.split).fit(text, [["be", "or", "not", "to"]] * 3)
    assert sample(model, "to", 3, random_state=0) == written.split(" ")


def test_codes(model):
    """A classifier whose classes are the codes, with the encoder and without."""
    encoder = TokenEncoder("char").fit([TEXT])
    codes = encoder.transform([TEXT])[0]
    classifier = make_model()[-1].fit(codes[:-1], codes[1:, 0].astype(int))
    written = sample(make_pipeline(encoder, classifier), "aba", 20, random_state=0)
    assert written == sample(model, "aba", 20, random_state=0)
    found = sample(classifier, encoder.transform(["aba"])[0][:, 0], 20, random_state=0)
    assert found.dtype == classifier.classes_.dtype
    assert encoder.inverse_transform([found]) == [written]


# Wrong input.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": ""}, "prompt=''; expected at least one token to begin with"),
        ({"n_steps": 0}, "'n_steps' parameter of sample must be an int"),
        ({"temperature": -1}, "'temperature' parameter of sample must be a float"),
        ({"top_k": 0}, "'top_k' parameter of sample must be an int"),
        ({"prompt": 3}, "'prompt' parameter of sample must be an instance of 'str' or an array"),
    ],
)
def test_wrong_parameters(model, changes, message):
    with pytest.raises((ValueError, InvalidParameterError), match=message):
        sample(model, **{"prompt": "ab", "n_steps": 3} | changes)


def test_wrong_estimators(model):
    with pytest.raises(ValueError, match=r"The classes are .*, and there is nothing that makes"):
        sample(model[-1], [1, 2], 3)
    scaled = make_pipeline(PerStep(StandardScaler()), model[-1])
    with pytest.raises(ValueError, match="The classifier reads what PerStep returns; expected"):
        sample(scaled, [1, 2], 3)
    both = make_model(bidirectional=True).fit([TEXT[:-1]], [list(TEXT[1:])])
    with pytest.raises(ValueError, match="bidirectional"):
        sample(both, "ab", 3)
    codes = model[0].transform(["abacabad"])[0]
    several = RNNStepClassifier(4, max_iter=1).fit(codes, codes == [[1, 2]])
    several._theta = 0 * several._theta  # so the probabilities are 0.5 and 0.5
    with pytest.raises(ValueError, match="The 2 classes are labels of which a step may have sever"):
        sample(several, [1, 2], 3)
    numbers = RNNStepClassifier(4, max_iter=1).fit(codes, codes[:, 0].astype(int) + 3)
    with pytest.raises(ValueError, match=r"The classes are \[4, 5, 6, 7\]; expected tokens, or"):
        sample(make_pipeline(model[0], numbers), "ab", 3)
    with pytest.raises(ValueError, match="'estimator' parameter of sample must be an object"):
        sample(make_pipeline(TokenEncoder("char")).fit(["ab"]), "ab", 3)
