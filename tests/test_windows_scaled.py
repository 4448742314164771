"""WindowScaledRegressor: each window and its target at the window's own level."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skrnn.windows._scaled
from skrnn import GRURegressor, Sequences, SlidingWindow, WindowScaledRegressor
from tests._problems import ragged
from tests._windows import assert_same, series

OPTIONS = [(level, operation) for level in ("mean", "last") for operation in ("divide", "subtract")]


def windows(n_features=1, dtype=np.float64):
    """Overlapping windows, some of which have no level."""
    X = ragged([40], n_features, dtype)
    X.rows[10:20] = 0
    return SlidingWindow(6).fit_transform(X.rows)


def scaled(x, level, operation):
    """One window and its level, by the definition."""
    x = [float(value) for value in x]
    if operation == "divide":
        of_steps = [abs(value) for value in x]
        level = (sum(of_steps) / len(x) if level == "mean" else of_steps[-1]) or 1
        return [value / level for value in x], level
    level = sum(x) / len(x) if level == "mean" else x[-1]
    return [value - level for value in x], level


class Remember(RegressorMixin, BaseEstimator):
    """What it is given; it predicts the first targets again."""

    def fit(self, X, y, **fit_params):
        self.X_, self.y_, self.fit_params_ = X, y, fit_params
        return self

    def predict(self, X):
        self.predicted_ = X
        return self.y_[: len(X)]


@pytest.mark.parametrize(("level", "operation"), OPTIONS)
@pytest.mark.parametrize("n_outputs", [None, 1, 48])
@pytest.mark.parametrize("feature", [None, 0, 2])
@pytest.mark.parametrize("n_windows", [1, 7, 4096])
def test_against_a_loop(level, operation, n_outputs, feature, n_windows, monkeypatch):
    monkeypatch.setattr(skrnn.windows._scaled, "N_WINDOWS", n_windows)
    X = windows(1 if feature is None else 3)
    y = series(40, n_outputs or 1)
    y = y[:, 0] if n_outputs is None else y
    model = WindowScaledRegressor(Remember(), level=level, operation=operation, feature=feature)
    model.fit(X, y)
    expected_X, expected_y = [], []
    for x, target in zip(X, y, strict=True):
        x = x.copy()
        x[:, feature or 0], number = scaled(x[:, feature or 0], level, operation)
        expected_X.append(x)
        expected_y.append(target / number if operation == "divide" else target - number)
    inner = model.regressor_
    assert isinstance(inner.X_, Sequences)
    for found, expected in zip(inner.X_, expected_X, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(inner.y_, expected_y, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-14, atol=1e-14)
    assert_same(inner.predicted_, list(inner.X_))


@pytest.mark.parametrize(("level", "operation"), OPTIONS)
def test_forms(level, operation):
    """Windows of one length as a table, 3-D, a list and spans."""
    X = series(20, 5)
    y = X.sum(axis=1)
    inner = []
    for form in (X[:, :, np.newaxis], list(X[:, :, np.newaxis]), X):
        model = WindowScaledRegressor(Remember(), level=level, operation=operation).fit(form, y)
        inner.append(model.regressor_)
        assert model.n_features_in_ == (5 if form is X else 1)
        np.testing.assert_allclose(model.predict(form), y, rtol=1e-14)
    assert isinstance(inner[-1].X_, np.ndarray)
    for found in inner:
        np.testing.assert_array_equal(np.asarray(inner[0].X_).ravel(), np.ravel(found.X_))
        np.testing.assert_array_equal(inner[0].y_, found.y_)


def test_padding_is_no_level():
    padded = np.array([[[np.nan], [1], [3]], [[2], [4], [np.nan]]])
    model = WindowScaledRegressor(Remember()).fit(padded, [4.0, 9.0])
    assert_same(model.regressor_.X_, [[[0.5], [1.5]], [[2 / 3], [4 / 3]]])
    assert model.regressor_.y_.tolist() == [2, 3]


def test_a_window_is_scaled_the_same_wherever_it_is():
    X = windows()
    model = WindowScaledRegressor(Remember()).fit(X, np.ones(40))
    whole = list(model.regressor_.X_)
    for i in (0, 7, 39):
        model.predict(X[i : i + 1])
        np.testing.assert_array_equal(model.regressor_.predicted_[0], whole[i])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_copy_in_the_dtype_of_the_rows(dtype):
    X = windows(dtype=dtype)
    before = X.rows.copy()
    model = WindowScaledRegressor(Remember()).fit(X, np.ones(40))
    assert model.regressor_.X_.dtype == dtype
    assert len(model.regressor_.X_.rows) == X.lengths.sum()
    np.testing.assert_array_equal(X.rows, before)


def test_one_model_for_any_level():
    """Series that differ by a factor get predictions that differ by it."""
    X = np.abs(windows().rows) + 1
    short = SlidingWindow(6).fit_transform(X)
    y = np.append(X[1:, 0], 1)
    inner = GRURegressor(4, max_iter=5, n_iter_no_change=np.inf, random_state=0, dtype="float64")
    model = WindowScaledRegressor(inner).fit(short, y)
    thousands = SlidingWindow(6).fit_transform(1024 * X)
    np.testing.assert_array_equal(model.predict(thousands), 1024 * model.predict(short))


def test_relative_changes():
    """Logarithms outside, the level taken out inside: any growth from any level goes on."""
    rng = np.random.default_rng(0)
    level, growth = np.exp(rng.uniform([[-9], [-0.2]], [[9], [0.2]], (2, 30)))[:, :, np.newaxis]
    X, y = (level * growth**steps for steps in (np.arange(8), np.arange(8, 10)))
    inner = WindowScaledRegressor(LinearRegression(), operation="subtract", level="last")
    model = TransformedTargetRegressor(
        make_pipeline(FunctionTransformer(np.log), inner), func=np.log, inverse_func=np.exp
    )
    np.testing.assert_allclose(model.fit(X[:20], y[:20]).predict(X), y, rtol=1e-10)


def test_fit_parameters_reach_the_regressor():
    X, y = series(20, 5), series(20, 1)[:, 0]
    weight = np.arange(20.0)
    model = WindowScaledRegressor(Ridge(), operation="subtract").fit(X, y, sample_weight=weight)
    mean = X.mean(axis=1)
    oracle = Ridge().fit(X - mean[:, None], y - mean, sample_weight=weight)
    found = model.predict(X)
    np.testing.assert_allclose(found, oracle.predict(X - mean[:, None]) + mean, rtol=1e-12)
    squares = (found - y) ** 2, (y - np.average(y, weights=weight)) ** 2
    score = 1 - np.average(squares[0], weights=weight) / np.average(squares[1], weights=weight)
    np.testing.assert_allclose(model.score(X, y, sample_weight=weight), score, rtol=1e-12)


def test_routing():
    X, y = series(20, 5), series(20, 1)[:, 0]
    with config_context(enable_metadata_routing=True):
        model = WindowScaledRegressor(Ridge().set_fit_request(sample_weight=True))
        model.fit(X, y, sample_weight=np.arange(20.0))
        with pytest.raises(TypeError, match="unexpected argument"):
            model.fit(X, y, other=1)
    expected = WindowScaledRegressor(Ridge()).fit(X, y, sample_weight=np.arange(20.0))
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


def test_grid_search():
    X, y = windows(), series(40, 2)
    grid = {"regressor__alpha": [0.1, 10.0], "level": ["mean", "last"]}
    model = WindowScaledRegressor(Ridge(), operation="subtract")
    dense = np.asarray(X)[6:, :, 0]
    search = GridSearchCV(model, grid, cv=KFold(3)).fit(dense, y[6:])
    i = search.cv_results_["params"].index({"regressor__alpha": 10.0, "level": "last"})
    for k, (train, test) in enumerate(KFold(3).split(dense)):
        last = dense[:, -1:]
        ridge = Ridge(10.0).fit((dense - last)[train], (y[6:] - last)[train])
        residual = ridge.predict((dense - last)[test]) + last[test] - y[6:][test]
        total = y[6:][test] - y[6:][test].mean(axis=0)
        score = (1 - (residual**2).sum(axis=0) / (total**2).sum(axis=0)).mean()
        found = search.cv_results_[f"split{k}_test_score"][i]
        np.testing.assert_allclose(found, score, rtol=1e-10)


def test_clone_and_pickle():
    model = WindowScaledRegressor(Ridge(), level="last").set_params(regressor__alpha=3)
    model.fit(series(20, 5), series(20, 1)[:, 0])
    assert clone(model).get_params()["regressor__alpha"] == 3
    assert not hasattr(model.regressor, "coef_")
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(series(9, 5)), model.predict(series(9, 5)))


@pytest.mark.parametrize(
    ("parameters", "X", "y", "message"),
    [
        ({}, windows(2), np.ones(40), "X has 2 features. Set feature= to the index of"),
        ({"feature": 2}, windows(2), np.ones(40), "feature=2, but X has 2 features"),
        ({"feature": 1}, series(40), np.ones(40), "feature=1, but X has 1 features"),
        ({"feature": -1}, windows(), np.ones(40), "'feature' parameter"),
        ({"level": "median"}, windows(), np.ones(40), "'level' parameter"),
        ({"operation": "log"}, windows(), np.ones(40), "'operation' parameter"),
        ({"regressor": 3}, windows(), np.ones(40), "'regressor' parameter"),
        ({}, windows(), np.ones(39), "inconsistent numbers of samples"),
        ({}, windows(), np.full(40, np.nan), "Input y contains NaN"),
        ({}, windows(), None, "requires y to be passed"),
        ({}, np.array([[[1.0], [np.nan], [2.0]]]), [1.0], "contains nan in sequence 0, step 1"),
    ],
)
def test_wrong_input(parameters, X, y, message):
    model = WindowScaledRegressor(**{"regressor": Remember()} | parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "n_features_in_")


def test_a_table_is_of_one_feature():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(series(20, 4), columns=["load_t-1", "heat_t-1", "load_t", "heat_t"])
    model = WindowScaledRegressor(LinearRegression())
    with pytest.raises(ValueError, match=r"X has lag columns of \['heat', 'load'\]; .*LagCol"):
        model.fit(X, np.ones(20))
    with pytest.raises(ValueError, match=r"X has lag columns of \['hour', 'load'\]"):
        model.fit(X[["load_t-1", "load_t"]].assign(hour=1.0), np.ones(20))
    assert not hasattr(model, "n_features_in_")
    model.fit(X[["load_t-1", "load_t"]], np.ones(20))


def test_another_number_of_features_than_in_fit():
    model = WindowScaledRegressor(Remember(), feature=0).fit(windows(3), np.ones(40))
    with pytest.raises(ValueError, match="X has 2 features per step, but WindowScaledRegressor"):
        model.predict(windows(2))


@pytest.mark.parametrize("n_windows", [1, 4096])
def test_levels_too_small_to_divide_by(n_windows, monkeypatch):
    monkeypatch.setattr(skrnn.windows._scaled, "N_WINDOWS", n_windows)
    X, y = np.ones((3, 2)), np.full((3, 2), 1e10)
    X[1, 1] = 1e-308
    model = WindowScaledRegressor(Remember(), level="last").fit(np.ones((3, 2)), y)
    X[1, 0] = 1e10
    for call in (lambda: model.fit(X, y), lambda: model.predict(X)):
        with pytest.raises(ValueError, match="X scaled by the level 1e-308 of window 1 is too"):
            call()
    X[1, 0] = 0
    with pytest.raises(ValueError, match="y scaled by the level 1e-308 of window 1 is too large"):
        model.fit(X, y)


def test_predictions_that_overflow():
    X = np.full((4, 3), 1e300)
    model = WindowScaledRegressor(LinearRegression(fit_intercept=False))
    model.fit(np.ones((4, 3)), np.full(4, 1e10))
    with pytest.raises(ValueError, match=r"The prediction scaled by the level 1e\+300 of window 0"):
        model.predict(X)
