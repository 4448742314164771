"""PerStep: what a transformer of tables makes of the steps of sequences."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import get_tags

from skrnn import GRURegressor, PerStep, Sequences, SlidingWindow
from tests._problems import ragged
from tests._windows import assert_same, naive, series

LENGTHS = [3, 1, 4, 2]


def forms():
    """The same sequences in every form that holds them, and as a list."""
    X = ragged(LENGTHS, 2)
    arrays = list(X)
    pre, post = np.full((2, 4, 6, 2), np.nan)
    for i, x in enumerate(arrays):
        pre[i, 6 - len(x) :] = x
        post[i, : len(x)] = x
    return {"list": arrays, "Sequences": X, "padded before": pre, "padded after": post}


@pytest.mark.parametrize("form", forms())
def test_fitted_on_all_steps(form):
    X, arrays = forms()[form], forms()["list"]
    rows = np.concatenate(arrays)
    scaler = PerStep(StandardScaler()).fit(X)
    np.testing.assert_array_equal(scaler.transformer_.mean_, rows.mean(axis=0))
    np.testing.assert_array_equal(scaler.transformer_.n_samples_seen_, len(rows))
    oracle = StandardScaler().fit(rows)
    for found in (scaler.transform(X), PerStep(StandardScaler()).fit_transform(X)):
        assert_same(found, [oracle.transform(x) for x in arrays])
    back = scaler.inverse_transform(scaler.transform(X))
    assert_same(back, [oracle.inverse_transform(oracle.transform(x)) for x in arrays])
    assert scaler.n_features_in_ == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_rows_of_windows_count_once(dtype):
    X = series(50, dtype=dtype)
    windows = SlidingWindow(7).fit_transform(X)
    scaler = PerStep(StandardScaler()).fit(windows)
    oracle = StandardScaler().fit(X)
    np.testing.assert_array_equal(scaler.transformer_.mean_, oracle.mean_)
    found = scaler.transform(windows)
    assert found.rows.shape == X.shape
    assert found.dtype == dtype
    assert_same(found, naive(oracle.transform(X), 7))


def test_only_rows_that_belong_to_a_sequence():
    rows = np.arange(20.0).reshape(10, 2)
    rows[[0, 5]] = 1e9, np.inf
    X = Sequences(rows, [6, 1, 2], [3, 2, 3])
    assert_same(PerStep(StandardScaler(with_std=False)).fit_transform(X), [
        x - rows[[1, 2, 3, 4, 6, 7, 8]].mean(axis=0) for x in X
    ])  # fmt: skip


def test_another_number_of_features():
    X = ragged(LENGTHS, 3)
    pca = PerStep(PCA(2)).fit(X)
    oracle = PCA(2).fit(X.rows)
    # Sums, which BLAS takes in another order when the rows come all at once.
    for found, x in zip(pca.transform(X), X, strict=True):
        np.testing.assert_allclose(found, oracle.transform(x), rtol=1e-12, atol=1e-14)
    assert pca.get_feature_names_out().tolist() == ["pca0", "pca1"]
    with pytest.raises(ValueError, match="X has 2 features per step, but PerStep was"):
        pca.transform(ragged(LENGTHS, 2))


class Same(TransformerMixin, BaseEstimator):
    """Rows as they are, of any number of features."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


def test_another_number_of_features_than_in_fit():
    same = PerStep(Same()).fit(ragged(LENGTHS, 3))
    message = "X has {} features per step, but PerStep was fitted with 3"
    for X in (ragged(LENGTHS, 2), list(ragged(LENGTHS, 2)), np.ones((2, 4, 2))):
        with pytest.raises(ValueError, match=message.format(2)):
            same.transform(X)
    with pytest.raises(ValueError, match=message.format(1)):
        same.transform(np.ones((2, 3)))
    univariate = PerStep(Same()).fit(np.ones((2, 3)))
    assert_same(univariate.transform(np.zeros((1, 5, 1))), [np.zeros((5, 1))])


def test_an_imputer_sees_what_is_missing_inside():
    X = np.arange(24.0).reshape(2, 6, 2)
    X[0, :2] = np.nan  # padding
    X[0, 3, 1] = X[1, 2, 0] = np.nan
    X[1, 4] = np.nan  # a whole step, but inside
    imputer = PerStep(SimpleImputer())
    found = imputer.fit_transform(X)
    valid = [X[0, 2:], X[1]]
    means = np.nanmean(np.concatenate(valid), axis=0)
    assert_same(found, [np.where(np.isnan(x), means, x) for x in valid])
    assert get_tags(imputer).input_tags.allow_nan
    assert not get_tags(PerStep(PCA())).input_tags.allow_nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        PerStep(PCA()).fit(X)


def test_windows_over_missing_values():
    X = series(20)
    X[[4, 9], [0, 1]] = np.nan
    found = PerStep(SimpleImputer()).fit_transform(SlidingWindow(5).fit_transform(X))
    assert_same(found, naive(SimpleImputer().fit_transform(X), 5))


def test_a_table_is_univariate_and_has_no_padding():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame([[np.nan, 1.0, 2.0], [3.0, np.nan, 5.0]], columns=[*"abc"])
    imputer = PerStep(SimpleImputer(strategy="constant", fill_value=7)).fit(table)
    assert_same(imputer.transform(table), [[[7], [1], [2]], [[3], [7], [5]]])
    assert imputer.n_features_in_ == 3
    assert imputer.feature_names_in_.tolist() == [*"abc"]
    with pytest.raises(ValueError, match="X has 2 features, but PerStep is expecting 3"):
        imputer.fit(table.to_numpy()).transform(table.to_numpy()[:, :2])
    assert not hasattr(imputer.fit(table.to_numpy()[:, :, np.newaxis]), "feature_names_in_")


def test_column_transformer_by_position():
    X = ragged(LENGTHS, 3)
    X.rows[:, 2] = np.arange(10) % 3
    columns = ColumnTransformer(
        [("scale", StandardScaler(), [0, 1]), ("code", OneHotEncoder(sparse_output=False), [2])]
    )
    found = PerStep(columns).fit(X)
    assert_same(found.transform(X), [clone(columns).fit(X.rows).transform(x) for x in X])
    names = ["scale__x0", "scale__x1", "code__x2_0.0", "code__x2_1.0", "code__x2_2.0"]
    assert found.get_feature_names_out().tolist() == names


def test_inner_methods_are_there_if_the_transformer_has_them():
    assert hasattr(PerStep(StandardScaler()), "inverse_transform")
    assert not hasattr(PerStep(OnlyRows()), "inverse_transform")
    assert not hasattr(PerStep(OnlyRows()), "get_feature_names_out")


class OnlyRows(TransformerMixin, BaseEstimator):
    """Every other row."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[::2]


def test_a_row_for_each_row():
    with pytest.raises(ValueError, match="transformer returned 5 rows for 10 steps; expected one"):
        PerStep(OnlyRows()).fit_transform(ragged(LENGTHS, 1))


def test_sparse_output_is_refused():
    with pytest.raises(TypeError, match="Sparse data was passed for rows"):
        PerStep(OneHotEncoder()).fit_transform(ragged(LENGTHS, 1))


def test_frames_of_the_transformer_are_welcome():
    pytest.importorskip("pandas")
    X = ragged(LENGTHS, 2)
    inner = StandardScaler().set_output(transform="pandas")
    assert_same(PerStep(inner).fit_transform(X), list(PerStep(StandardScaler()).fit_transform(X)))


def test_parameters_and_clone():
    inner = StandardScaler()
    scaler = PerStep(inner).set_params(transformer__with_mean=False)
    assert scaler.get_params()["transformer__with_mean"] is False
    fitted = scaler.fit(ragged(LENGTHS, 2))
    assert fitted.transformer_ is not inner
    assert not hasattr(inner, "scale_")
    copied = clone(fitted)
    assert copied.transformer is not inner
    assert copied.transformer.with_mean is False
    with pytest.raises(NotFittedError, match="This PerStep instance is not fitted"):
        copied.transform(ragged(LENGTHS, 2))
    again = pickle.loads(pickle.dumps(fitted))
    assert_same(again.transform(ragged(LENGTHS, 2)), list(fitted.transform(ragged(LENGTHS, 2))))


def test_failing_fit_changes_nothing():
    scaler = PerStep(PCA(2)).fit(ragged(LENGTHS, 3))
    before = dict(vars(scaler))
    with pytest.raises(ValueError, match="n_components=2"):
        scaler.fit(ragged(LENGTHS, 1))
    assert vars(scaler) == before


def test_tuned_in_a_pipeline():
    X = ragged(np.arange(24) % 5 + 1, 2)
    y = np.array([x.sum() for x in X])
    model = GRURegressor(2, max_iter=3, n_iter_no_change=np.inf, random_state=0)
    pipeline = make_pipeline(PerStep(StandardScaler()), model).set_output(transform="default")
    grid = {"perstep__transformer": [StandardScaler(), StandardScaler(with_std=False)]}
    search = GridSearchCV(pipeline, grid, cv=KFold(3)).fit(X, y)
    for i, scaler in enumerate(grid["perstep__transformer"]):
        for k, (train, test) in enumerate(KFold(3).split(X)):
            fitted = clone(scaler).fit(np.concatenate(list(X[train])))
            train_X, test_X = ([fitted.transform(x) for x in X[part]] for part in (train, test))
            score = clone(model).fit(train_X, y[train]).score(test_X, y[test])
            assert search.cv_results_[f"split{k}_test_score"][i] == score
