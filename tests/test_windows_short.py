"""New rows whose windows are shorter than those of fit, as nothing precedes them: a warning."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GRURegressor, SlidingWindow
from tests._windows import series

pd = pytest.importorskip("pandas")

HOURS = pd.date_range("2020", periods=60, freq="h")
SHORT = r"^The windows of X have at most {} of the 5 steps that they had in fit: X has too few rows"


def table(start, stop):
    return pd.DataFrame(series(60), columns=["a", "b"], index=HOURS).iloc[start:stop]


def array(start, stop):
    return series(60)[start:stop]


def lengths(transformer, X):
    return transformer.transform(X).lengths.tolist()


@pytest.mark.parametrize("rows", [table, array])
@pytest.mark.parametrize("n_rows", [1, 4])
def test_too_few_new_rows(rows, n_rows):
    transformer = SlidingWindow(5).fit(rows(0, 40))
    remedy = (
        r"Put the 4 rows that come before .* skrnn\.Stream\. .*history='tail'.*history='none'\."
    )
    with pytest.warns(UserWarning, match=SHORT.format(n_rows) + ".*" + remedy) as caught:
        found = lengths(transformer, rows(41, 41 + n_rows))
    assert found == [*range(1, n_rows + 1)]
    assert [warning.filename for warning in caught] == [__file__]


def test_rows_are_pushed_one_by_one():
    """Only the first continues the rows of fit."""
    transformer = SlidingWindow(5).fit(table(0, 40))
    assert lengths(transformer, table(40, 41)) == [5]
    with pytest.warns(UserWarning, match=SHORT.format(1)):
        assert lengths(transformer, table(41, 42)) == [1]


def test_predict_of_the_newest_row():
    y = np.arange(40.0)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, SlidingWindow(5), GRURegressor(2, max_iter=2, random_state=0))
    model.fit(table(0, 40), y)
    model.predict(table(40, 41))
    with pytest.warns(UserWarning, match=SHORT.format(1)) as caught:
        model.predict(table(50, 51))
    assert [warning.filename for warning in caught] == [__file__]
    whole = model.predict(table(0, 51))
    assert model.predict(table(46, 51))[-1] == whole[-1]  # the remedy


@pytest.mark.parametrize("parameters", [{"flatten": True}, {"step": 3}], ids=str)
def test_lags_and_steps_between_rows(parameters):
    transformer = SlidingWindow(5, **parameters).fit(table(0, 20))
    step = parameters.get("step", 1)
    with pytest.warns(UserWarning, match=rf"{SHORT.format(4)}.* Put the {4 * step} rows"):
        transformer.transform(table(41, 41 + 4 * step))
    transformer.transform(table(41, 42 + 4 * step))


@pytest.mark.parametrize("rows", [table, array])
@pytest.mark.parametrize("history", ["tail", "none"])
def test_history_can_be_said(rows, history):
    transformer = SlidingWindow(5, history=history).fit(rows(0, 40))
    assert lengths(transformer, rows(50, 51)) == [5 if history == "tail" else 1]


@pytest.mark.parametrize("rows", [table, array])
@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 40), (0, 5), (40, 60), (50, 60), (36, 41), (55, 60)],
    ids=["of fit", "first of fit", "after fit", "after a gap", "newest", "newest, after a gap"],
)
def test_enough_rows(rows, start, stop):
    """The last windows are full; the first ones may be there as their history."""
    transformer = SlidingWindow(5).fit(rows(0, 40))
    assert lengths(transformer, rows(start, stop))[-1] == 5


@pytest.mark.filterwarnings("ignore:A window of .* is longer than every series in X")
def test_fit_had_short_windows_too():
    transformer = SlidingWindow(5).fit(table(0, 3))
    assert lengths(transformer, table(0, 3)) == [1, 2, 3]
    assert lengths(transformer, table(10, 13)) == [1, 2, 3]
    with pytest.warns(UserWarning, match="at most 2 of the 3 steps that they had in fit"):
        transformer.transform(table(10, 12))


def cross_validated(X, **parameters):
    model = make_pipeline(SlidingWindow(5, flatten=True, **parameters), _Filled())
    return lambda **sizes: cross_validate(
        model,
        X,
        series(60)[:, 0],
        cv=TimeSeriesSplit(4, **sizes),
        return_train_score=True,
        error_score="raise",
    )


def test_cross_validation_in_time_does_not_warn():
    for X in (table(0, 60), array(0, 60)):
        assert len(cross_validated(X)()["test_score"]) == 4
    cross_validated(table(0, 60), history="none")(gap=3)


def test_a_gap_before_the_test_fold():
    """The first windows need rows that are in neither fold."""
    remedy = (
        r"X = SlidingWindow\(\.\.\.\)\.fit_transform\(X\)\. Else begin X 4 rows earlier, .*'none'"
    )
    message = "^The first windows of X are shorter than those of fit: X begins at 2020.*"
    with pytest.warns(UserWarning, match=message + remedy) as caught:
        cross_validated(table(0, 60))(gap=3)
    assert "begins at 2020-01-01 12:00:00, but fit ended at 2020-01-01 08" in str(caught[0].message)
    assert len(caught) == 4
    assert {warning.filename for warning in caught} == {__file__}
    cross_validated(array(0, 60))(gap=3)  # without labels nobody knows
    cross_validated(table(0, 60))(gap=4)  # a full window has none of the rows of fit


def test_a_gap_before_one_series_of_many():
    transformer = SlidingWindow(5, group="unit", time="hour").fit(units(a=20, b=25))
    new = units(a=40, b=40).query("hour >= @HOURS[23]")
    with pytest.warns(UserWarning, match="The first windows of X of series 'a' are shorter"):
        transformer.transform(new)


class _Filled(Ridge):
    """Ridge with 0 for lags that are not there."""

    def fit(self, X, y):
        return super().fit(np.nan_to_num(X), y)

    def predict(self, X):
        return super().predict(np.nan_to_num(X))


def units(**n_rows):
    """Hours of several series."""
    return pd.concat(
        [table(0, n).assign(unit=unit).reset_index(names="hour") for unit, n in n_rows.items()]
    )


def test_series_that_fit_knows():
    transformer = SlidingWindow(5, group="unit", time="hour").fit(units(long=20, short=3))
    transformer.transform(units(long=20, short=3))
    transformer.transform(units(short=3, new=1))  # a series that begins
    later = units(long=31, short=31).query("hour >= @HOURS[30]")
    message = r"The windows of X of series 'long' have at most 1 of the 5 .* So it is with 1 more"
    with pytest.warns(UserWarning, match=message) as caught:
        transformer.transform(later)
    assert len(caught) == 1
    message = "The windows of X of series 'short' have at most 1 of the 3 steps"
    with pytest.warns(UserWarning, match=message):
        transformer.transform(later[later["unit"] == "short"])


def test_cross_validation_by_series_does_not_warn():
    frame = units(a=9, b=2, c=7, d=1)
    model = make_pipeline(SlidingWindow(5, group="unit", time="hour", flatten=True), _Filled())
    y = frame["a"].to_numpy()
    found = cross_validate(
        model, frame, y, groups=frame["unit"], cv=GroupKFold(2), error_score="raise"
    )
    assert len(found["test_score"]) == 2
