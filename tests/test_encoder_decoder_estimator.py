"""RNNEncoderDecoder as users see it: strings, numbers and tables in, strings and numbers out."""

import pickle
from collections import Counter

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import RNNEncoderDecoder, Sequences

rng = np.random.default_rng(0)
TEXTS = np.array(["".join(rng.choice(list("abc"), rng.integers(0, 5))) for _ in range(300)], object)
REVERSED = np.array([text[::-1] for text in TEXTS], object)
WORDS = np.array([" ".join(text) for text in TEXTS], object)


def make(**parameters):
    fast = {"max_iter": 3, "learning_rate": "constant", "random_state": 0}
    return RNNEncoderDecoder(6, **(fast | parameters))


@pytest.fixture(scope="module")
def model():
    """One that has learned to write texts backwards."""
    return RNNEncoderDecoder(32, max_iter=30, random_state=0).fit(TEXTS, REVERSED)


# Strings.


def test_strings(model):
    predicted = model.predict(TEXTS)
    assert predicted.dtype == object
    assert predicted.shape == TEXTS.shape
    share = np.mean(predicted == REVERSED)
    assert share > 0.95
    assert model.score(TEXTS, REVERSED) == pytest.approx(share)
    assert model.input_symbols_.tolist() == model.output_symbols_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("form", [list, np.array, np.asarray])
def test_forms_of_strings(form):
    expected = make().fit(TEXTS, REVERSED)
    found = make().fit(form(TEXTS.tolist()), form(REVERSED.tolist()))
    np.testing.assert_array_equal(found.predict(TEXTS[:9].tolist()), expected.predict(TEXTS[:9]))
    np.testing.assert_array_equal(found._theta, expected._theta)


def test_pandas_strings():
    pd = pytest.importorskip("pandas")
    expected = make().fit(TEXTS, REVERSED)
    found = make().fit(pd.Series(TEXTS), pd.Series(REVERSED))
    np.testing.assert_array_equal(found._theta, expected._theta)


def test_words(model):
    """Symbols between separators are as characters are."""
    options = {"input_separator": " ", "output_separator": " "}
    backwards = [" ".join(text) for text in REVERSED]
    words = make(**options).fit(WORDS, backwards)
    letters = make().fit(TEXTS, REVERSED)
    np.testing.assert_array_equal(words._theta, letters._theta)
    assert words.predict(WORDS).tolist() == [" ".join(t) for t in letters.predict(TEXTS)]


def test_unknown_symbols(model):
    """They have a place of their own; or they are refused, as one asks for."""
    one, other = model.predict_log_proba(["axb", "ayb"])
    assert one == other != model.predict_log_proba(["ab"])[0]
    strict = make(handle_unknown="error").fit(TEXTS, REVERSED)
    with pytest.raises(ValueError, match=r"X\[1\] is 'axb', which has the symbol 'x'"):
        strict.predict(["ab", "axb"])


def test_empty_strings(model):
    assert model.predict([""]).tolist() == [""]
    assert model.predict(["", "a"]).tolist() == ["", "a"]


@pytest.mark.parametrize("beam_size", [1, 3, 50])  # more than there are symbols
def test_the_same_alone_and_among_others(model, beam_size):
    searcher = clone(model)
    vars(searcher).update(vars(model) | {"beam_size": beam_size})
    X = TEXTS[:40]
    together, log_probas = searcher.predict(X), searcher.predict_log_proba(X)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(searcher.predict(X[order]), together[order])
    np.testing.assert_array_equal(searcher.predict_log_proba(X[order]), log_probas[order])
    for k in range(8):
        assert searcher.predict(X[k : k + 1])[0] == together[k]
        assert searcher.predict_log_proba(X[k : k + 1])[0] == log_probas[k]


def test_many_groups():
    """More samples than prediction reads at a time."""
    short = make().fit(TEXTS, REVERSED)
    X = np.tile(TEXTS, 2)
    np.testing.assert_array_equal(short.predict(X), np.tile(short.predict(TEXTS), 2))


def test_max_length(model):
    shorter = clone(model)
    vars(shorter).update(vars(model) | {"max_length": 2})
    assert max(map(len, shorter.predict(TEXTS))) == 2
    assert max(map(len, shorter.sample(TEXTS, temperature=5.0, random_state=0))) == 2


def test_sample(model):
    drawn = model.sample(TEXTS, random_state=0)
    np.testing.assert_array_equal(drawn, model.sample(TEXTS, random_state=0))
    assert (drawn != model.sample(TEXTS, random_state=1)).any()
    np.testing.assert_array_equal(model.sample(TEXTS, temperature=1e-9), model.predict(TEXTS))
    with pytest.raises(ValueError, match=r"temperature=0; expected a number greater than 0"):
        model.sample(TEXTS, temperature=0)


def test_attention_weights(model):
    """They sum to one, over the symbols that are read and the end."""
    predicted = model.predict(TEXTS)
    for text, written, weights in zip(
        TEXTS, predicted, model.attention_weights(TEXTS), strict=True
    ):
        assert weights.shape == (len(written) + 1, len(text) + 1)
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    given = model.attention_weights(["abc"], ["c"])[0]
    assert given.shape == (2, 4)
    with pytest.raises(ValueError, match="has no attention"):
        make(attention=None).fit(TEXTS, REVERSED).attention_weights(TEXTS)


# Training.


def test_early_stopping_by_exact_match():
    stopped = make(max_iter=12, early_stopping=True, scoring="accuracy").fit(TEXTS, REVERSED)
    assert len(stopped.validation_scores_) == 12
    assert stopped.best_validation_score_ == max(stopped.validation_scores_)
    held_out = {"X_val": TEXTS[:50], "y_val": REVERSED[:50]}
    given = make(max_iter=6, early_stopping=True, scoring=None).fit(TEXTS, REVERSED, **held_out)
    assert given.best_validation_score_ == given.score(TEXTS[:50], REVERSED[:50])


def test_early_stopping_by_loss():
    stopped = make(early_stopping=True).fit(TEXTS, REVERSED)
    assert len(stopped.validation_loss_curve_) == 3
    assert np.isfinite(stopped.validation_loss_curve_).all()


def test_weights_of_samples():
    """A weight of 0 leaves a sample out, symbols included; one of 2 is the sample twice."""
    X, y = TEXTS[:20], REVERSED[:20]
    options = {"shuffle": False, "batch_size": 99, "dtype": "float64", "alpha": 0.0}
    weight = np.r_[np.full(5, 2.0), np.ones(14), 0.0]
    with pytest.warns(UserWarning, match="batch_size=99"):
        weighted = make(**options).fit([*X[:19], "a"], [*y[:19], "z"], sample_weight=weight)
    with pytest.warns(UserWarning, match="batch_size=99"):
        twice = make(**options).fit([*X[:5], *X[:19]], [*y[:5], *y[:19]])
    assert weighted.output_symbols_.tolist() == ["a", "b", "c"]
    assert weighted.loss_curve_ == pytest.approx(twice.loss_curve_, rel=1e-9)


def test_warm_start_and_partial_fit():
    warm = make(warm_start=True).fit(TEXTS, REVERSED)
    first = list(warm.loss_curve_)
    warm.fit(TEXTS, REVERSED)
    assert warm.loss_curve_[:3] == first
    assert warm.n_iter_ == 6
    part = make().partial_fit(TEXTS, REVERSED).partial_fit(TEXTS[:9], REVERSED[:9])
    assert part.n_iter_ == 2
    with pytest.raises(ValueError, match=r"y\[0\] is 'xyz', which has the symbol 'x'"):
        part.partial_fit(["abc"], ["xyz"])
    assert part.n_iter_ == 2


@pytest.mark.parametrize("parameter", [{"cell": "lstm"}, {"attention": None}, {"embedding_dim": 9}])
def test_another_network(parameter):
    warm = make(warm_start=True).fit(TEXTS, REVERSED)
    with pytest.raises(ValueError, match="need the same network"):
        warm.set_params(**parameter).fit(TEXTS, REVERSED)


@pytest.mark.parametrize(
    "options",
    [
        {"teacher_forcing": (1.0, 0.5)},
        {"dropout": 0.3, "embedding_dropout": 0.2, "recurrent_dropout": 0.1},
        {"label_smoothing": 0.1},
        {"solver": "lbfgs", "max_iter": 5},
        {"solver": "adamw", "decoder_layer_sizes": (5, 7)},
    ],
)
@pytest.mark.filterwarnings("ignore:Training reached")
def test_options_train(options):
    fitted = make(**options).fit(TEXTS, REVERSED)
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    again = make(**options).fit(TEXTS, REVERSED)
    np.testing.assert_array_equal(again._theta, fitted._theta)


def test_teacher_forcing_has_an_effect():
    thetas = [make(teacher_forcing=share).fit(TEXTS, REVERSED)._theta for share in (1.0, 0.0)]
    assert np.abs(thetas[0] - thetas[1]).max() > 1e-3
    with pytest.raises(ValueError, match="it does not know when training ends"):
        make(teacher_forcing=(1.0, 0.0)).partial_fit(TEXTS, REVERSED)


def test_longer_targets_in_a_later_fit():
    """What prediction may write grows with them."""
    part = make().partial_fit(["ab", "b"], ["a", "b"])
    assert part._max_length() == 2
    part.partial_fit(["ab"], ["ab" * 10])
    assert part._max_length() == 40
    with pytest.raises(ValueError, match="max_length=3, but the longest string of y has 20"):
        make(warm_start=True, max_length=3).fit(["a"], ["ab"]).fit(["a"], ["ab" * 10])
    numbers = make(warm_start=True).fit(["a", "b"], np.eye(2)[:, :2])
    numbers.fit(["a", "b"], np.ones((2, 5)) * [[1.0], [2.0]])
    with pytest.raises(ValueError, match="had from 2 to 5 steps"):
        numbers.predict(["a"])


def test_early_stopping_of_numbers():
    X, y = waves()
    fitted = make(early_stopping=True, scoring="r2").fit(X[:, :, np.newaxis], y)
    assert len(fitted.validation_scores_) == 3
    with pytest.raises(ValueError, match="expected equal numbers of steps"):
        make(early_stopping=True, scoring=None).fit(
            X[:, :, np.newaxis], [row[: 2 + k % 3] for k, row in enumerate(y)]
        )


def test_min_length_counts_symbols():
    left = make(min_length=2, shuffle=False).fit(["a", "bb", "c", "ab"], ["x", "y", "x", "y"])
    assert left.t_ == 3 * 2


def test_attributes_of_an_earlier_fit_are_gone():
    pd = pytest.importorskip("pandas")
    table, y = pd.DataFrame(waves()[0], columns=["a", "b"]), waves()[1]
    fitted = make().fit(table, y)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    fitted.fit(TEXTS, REVERSED)
    assert not hasattr(fitted, "feature_names_in_")
    fitted.fit(table, y)
    assert not hasattr(fitted, "input_symbols_")
    assert not hasattr(fitted, "output_symbols_")


def test_frames_of_numbers_as_y():
    """A frame has its rows as samples."""
    pl, pd = pytest.importorskip("polars"), pytest.importorskip("pandas")
    X, y = TEXTS[:6], waves(6)[1]
    expected = make().fit(X, y)._theta
    for frame in (pl.DataFrame(y), pd.DataFrame(y)):
        np.testing.assert_array_equal(make().fit(X, frame)._theta, expected)


def test_summary(model):
    assert "bridge to the decoder's states" in model.summary()
    assert "weight_combine" in model.named_parameters()


# At home in scikit-learn.


def test_grid_search():
    grid = {"cell": ["rnn", "lstm"], "hidden_layer_sizes": [4, 5], "attention": ["dot", None]}
    search = GridSearchCV(make(), grid, scoring="accuracy", cv=3).fit(TEXTS, REVERSED)
    assert len(search.cv_results_["params"]) == 8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_cross_validation_and_pipelines():
    fitted = make_pipeline(FunctionTransformer(np.char.lower), make())
    texts = TEXTS.astype(str)
    predicted = cross_val_predict(fitted, texts, REVERSED, cv=3)
    assert all(isinstance(text, str) for text in predicted)
    _, train, test = learning_curve(make(), TEXTS, REVERSED, cv=3, train_sizes=[50, 100])
    assert train.shape == test.shape == (2, 3)


def test_it_is_no_classifier(model):
    assert not is_classifier(model)
    assert not is_regressor(model)
    assert not hasattr(model, "predict_proba")


def test_a_vote_of_seeds():
    seeds = [make(random_state=seed, max_iter=6).fit(TEXTS, REVERSED) for seed in range(3)]
    votes = zip(*(seed.predict(TEXTS) for seed in seeds), strict=True)
    vote = [Counter(of_text).most_common(1)[0][0] for of_text in votes]
    assert len(vote) == len(TEXTS)


def test_pickle(model):
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(TEXTS), model.predict(TEXTS))
    np.testing.assert_array_equal(copied.predict_log_proba(TEXTS), model.predict_log_proba(TEXTS))


# Numbers.


def waves(n=80, n_steps=6):
    """A phase and a speed, and the wave that they make."""
    features = np.random.default_rng(0).uniform(size=(n, 2))
    return features, np.sin(3 * features[:, :1] + 2 * features[:, 1:] * np.arange(n_steps))


def test_from_a_table_to_numbers():
    X, y = waves()
    fitted = RNNEncoderDecoder((), decoder_layer_sizes=16, random_state=0).fit(X, y)
    assert fitted.predict(X).shape == y.shape
    assert fitted.score(X, y) > 0.9
    assert fitted.n_features_in_ == 2
    with pytest.raises(ValueError, match="X has 3 features"):
        fitted.predict(np.ones((4, 3)))


def test_from_sequences_to_numbers():
    """Units of y do not matter, and neither does the form of X."""
    _, y = waves()
    X = y[:, :4, np.newaxis]
    fitted = make(max_iter=20).fit(X, y[:, 4:])
    large = make(max_iter=20).fit(list(X), 1000 * y[:, 4:] + 50)
    np.testing.assert_allclose(large.predict(X), 1000 * fitted.predict(X) + 50, rtol=1e-3)
    both = make().fit(X, np.dstack([y, -y]))
    assert both.predict(X).shape == (80, 6, 2)


def test_as_many_steps_as_asked_for():
    X, y = waves()
    fitted = make().fit(X[:, :, np.newaxis], y)
    longer = fitted.set_params(n_steps=9).predict(X[:, :, np.newaxis])
    assert longer.shape == (80, 9)
    np.testing.assert_array_equal(
        fitted.set_params(n_steps=None).predict(X[:, :, np.newaxis]), longer[:, :6]
    )
    ragged = make().fit(X[:, :, np.newaxis], [row[: 2 + k % 3] for k, row in enumerate(y)])
    with pytest.raises(ValueError, match="had from 2 to 4 steps"):
        ragged.predict(X[:, :, np.newaxis])
    assert ragged.set_params(n_steps=3).predict(X[:, :, np.newaxis]).shape == (80, 3)


def test_from_a_table_to_strings():
    X = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(float)
    y = ["".join("AB"[int(v)] for v in row if v or row[0]) for row in X]
    fitted = RNNEncoderDecoder(
        (), decoder_layer_sizes=24, embedding_dim=6, max_iter=40, random_state=0
    ).fit(X, y)
    assert fitted.score(X, y) > 0.95
    assert fitted.named_parameters()["weight_embedding_decoder_0"].shape == (4, 6)


# What is refused.


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["ab", None], ["a", "b"], r"X\[1\] is None, but X\[0\] is a string"),
        (["ab", "b"], ["a", None], r"y\[1\] is None, but y\[0\] is a string"),
        (["ab", "b"], ["a", 3], r"y\[1\] is 3, but y\[0\] is a string"),
        (["ab", "b"], [3, "a"], r"y has text, but y\[0\] is 3"),
        (["ab", "b"], ["a"], "inconsistent numbers of samples"),
        (["ab", "b"], ["", ""], "All strings of y are empty"),
        (["ab", "b"], [1.0, 2.0], r"y\[0\] has shape \(\); expected a string, or numbers"),
        (["ab", "b"], [[1.0], []], r"y\[1\] has shape \(0,\)"),
        (["ab", "b"], [[1.0], [np.nan]], r"Input y\[1\] contains NaN"),
        (["ab", "b"], [[1.0], [[1.0]]], r"y\[1\] has shape \(1, 1\), and so outputs"),
        (["ab", "b"], None, "requires y to be passed"),
        ([None, "ab"], ["a", "b"], r"X has text, but X\[0\] is None"),
        (["ab", "b"], [None, "a"], r"y has text, but y\[0\] is None"),
        ([b"ab", b"c"], ["a", "b"], r"X has text, but X\[0\] is b'ab'"),
        ([["a", "b"], ["c"]], ["a", "b"], r"X\[0\] is a list of strings"),
        (np.array([["ab"], ["c"]]), ["a", "b"], r"X has text and the shape \(2, 1\)"),
        ("abc", ["a", "b", "c"], "X is one string"),
        ({"ab": 1, "c": 2}, ["a", "b"], "X is of type dict, which has no order"),
    ],
)
def test_bad_data(X, y, message):
    estimator = make()
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)
    with pytest.raises(NotFittedError):
        estimator.predict(["a"])


@pytest.mark.parametrize(
    ("name", "message"),
    [("X", "Sparse data was passed for X"), ("y", "y is a sparse matrix; expected dense numbers")],
)
def test_a_sparse_matrix(name, message):
    given = {"X": ["ab", "b"], "y": ["a", "b"]} | {name: csr_matrix(np.eye(2))}
    with pytest.raises(TypeError, match=message):
        make().fit(**given)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_length": 3}, "max_length=3, but the longest string of y has 4 symbols"),
        ({"beam_size": 0}, "beam_size"),
        ({"attention": "none"}, "attention"),
        ({"teacher_forcing": 1.5}, "teacher_forcing"),
        ({"teacher_forcing": (1.0, 0.5, 0.1)}, "expected a number from 0 to 1, or a pair"),
        ({"teacher_forcing": 0.5, "solver": "lbfgs"}, "not supported with solver='lbfgs'"),
        ({"tbptt_steps": 3}, "reads and writes whole sequences"),
        ({"output_separator": ""}, "expected None to split into characters"),
        ({"decoder_layer_sizes": [0]}, r"decoder_layer_sizes=\[0\]"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters).fit(TEXTS, REVERSED)


def test_a_column_of_text_in_a_frame():
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=r"X is a table with text.*Pass one column: X\['t'\]"):
        make().fit(pd.DataFrame({"t": ["ab", "c"]}), ["a", "b"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"beam_size": 0}, "beam_size"),
        ({"beam_size": 2.5}, "beam_size"),
        ({"max_length": -3}, "max_length"),
        ({"max_length": 0}, "max_length"),
        ({"output_separator": " "}, "output_separator=' ', but it was None in fit"),
        ({"input_separator": " "}, "input_separator=' ', but it was None in fit"),
    ],
)
def test_parameters_changed_after_fit(parameters, message):
    fitted = make().fit(TEXTS, REVERSED).set_params(**parameters)
    for method in (fitted.predict, fitted.predict_log_proba, fitted.sample):
        with pytest.raises(ValueError, match=message):
            method(TEXTS[:2])


def test_handle_unknown_may_change_after_fit():
    fitted = make().fit(TEXTS, REVERSED).set_params(handle_unknown="error")
    with pytest.raises(ValueError, match=r"X\[0\] is 'xyz'.*or set handle_unknown"):
        fitted.predict(["xyz"])


def test_symbols_of_y_val():
    with pytest.raises(ValueError, match=r"y_val: y\[1\] is 'az'.*or leave out such strings"):
        make(early_stopping=True).fit(TEXTS, REVERSED, X_val=["a", "b"], y_val=["a", "az"])


def test_score_of_other_targets(model):
    numbers = make().fit(*waves())
    with pytest.raises(ValueError, match=r"y has shape \(80, 5\), but predict writes \(80, 6\)"):
        numbers.score(waves()[0], waves()[1][:, :5])
    with pytest.raises(ValueError, match="does not begin with a string"):
        model.score(TEXTS[:2], [1.0, 2.0])


def test_strings_without_an_encoder():
    with pytest.raises(ValueError, match="X has strings, but without an encoder"):
        RNNEncoderDecoder(()).fit(TEXTS, REVERSED)


def test_other_data_than_in_fit(model):
    with pytest.raises(ValueError, match="X has no strings; expected a list"):
        model.predict(np.ones((3, 4)))
    with pytest.raises(ValueError, match="X is empty; expected a list"):
        model.predict([])
    numbers = make().fit(*waves())
    with pytest.raises(ValueError, match="X has strings, but X of fit had numbers"):
        numbers.predict(["abc"])
    assert not hasattr(numbers, "predict_log_proba")
    with pytest.raises(ValueError, match="but the first fit had strings"):
        model.attention_weights(["ab"], [[1.0, 2.0]])


def test_sequences_without_an_encoder():
    X, y = waves()
    with pytest.raises(ValueError, match="each may have one step only"):
        RNNEncoderDecoder(()).fit(X[:, :, np.newaxis], y)
    one_step = Sequences(X, np.arange(80), np.ones(80, int))
    fitted = RNNEncoderDecoder((), max_iter=3, random_state=0).fit(one_step, y)
    assert fitted.predict(one_step).shape == y.shape
