"""Rows pushed through a fitted Pipeline as they come."""

from functools import partial

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn.sequences import FLOATS
from skrnn.streaming._memory import States, Times, Windows
from skrnn.validation import check_columns, check_rows
from skrnn.windows import LagColumnsToSequence, PerStep, SlidingWindow
from skrnn.windows._labels import Labels
from skrnn.windows._panel import read_panel


class Stream:
    """Push rows through a fitted Pipeline as they come, and get a prediction for each.

    The pipeline is one of two kinds. With :class:`~skrnn.SlidingWindow`, the last rows of each
    stream are kept, and the steps after SlidingWindow get the window that ends with the new row.
    Without, the last step is a recurrent estimator with ``predict_step``, and its state is kept.
    The steps before are transformers that look at one row at a time, such as scalers;
    of :class:`~skrnn.PerStep` its transformer is taken. Predictions have the same bits as those of
    ``pipeline.predict`` for the whole table; transformers that multiply matrices may round
    differently.

    There can be many streams, known by their ids. A stream begins with the first row that is pushed
    for it, or with ``warm_start``. Where the pipeline has series identified by ``group``, these are
    the streams, and the columns of X say which. Nothing is taken from the rows of ``fit``, whatever
    ``history`` of SlidingWindow says: to go on after them, pass the last of them to ``warm_start``.

    If X is a DataFrame, and in ``fit`` the time labels had a frequency, a stream begins anew after
    a gap longer than ``max_gap`` of SlidingWindow. A row that is not later than the last one is an
    error.

    Parameters
    ----------
    pipeline : Pipeline or estimator
        Fitted. It is not changed, and must not be fitted again.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn import GRURegressor, PerStep, SlidingWindow, Stream
    >>> X = np.random.default_rng(0).uniform(size=(300, 2))
    >>> y = X.cumsum(axis=0)[:, 0] % 1
    >>> model = make_pipeline(
    ...     SlidingWindow(12),
    ...     PerStep(StandardScaler()),
    ...     GRURegressor(8, max_iter=5, random_state=0),
    ... ).fit(X, y)
    >>> stream = Stream(model)
    >>> stream.warm_start(X[:299])
    >>> bool(stream.push(X[299]) == model.predict(X)[299])
    True
    >>> stream.push(X[:3], ids=["a", "b", "c"]).shape  # three new streams
    (3,)
    >>> len(stream)
    4
    """

    def __init__(self, pipeline):
        check_is_fitted(pipeline)
        is_pipeline = isinstance(pipeline, Pipeline)
        steps = [step for _, step in pipeline.steps] if is_pipeline else [pipeline]
        windows = [i for i, step in enumerate(steps) if isinstance(step, SlidingWindow)]
        if not windows:
            self._rowwise, self._keys = steps[:-1], steps[-1]
            self._memory = States(steps[-1], is_alone=len(steps) == 1)
        elif len(windows) == 1 and windows[0] < len(steps) - 1:
            i = windows[0]
            self._rowwise, self._keys = steps[:i], steps[i]
            self._memory = Windows(steps[i], pipeline[i + 1 :])
        else:
            raise ValueError(
                f"Stream needs one SlidingWindow with an estimator after it; the pipeline has "
                f"{len(windows)}, and its last step is {type(steps[-1]).__name__}."
            )
        self._rowwise = [step for step in self._rowwise if step not in (None, "passthrough")]
        self._check_rowwise(bool(windows))
        self.reset()

    def _check_rowwise(self, has_windows):
        refused = (PerStep, LagColumnsToSequence) if has_windows else LagColumnsToSequence
        for step in self._rowwise:
            if isinstance(step, refused):
                raise ValueError(
                    f"{type(step).__name__} takes each row as a sequence, but the rows of a stream "
                    f"are time steps. Stream needs transformers of rows before "
                    f"{type(self._keys).__name__}."
                )

    def __len__(self):
        return len(self._slots)

    def __repr__(self):
        return f"<Stream: {len(self)} streams, {self._memory}>"

    def push(self, X, ids=None):
        """Push the next row of some streams, and predict.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features) or (n_features,)
            One row for each of these streams; 1-D for a single one.
        ids : array-like of shape (n_rows,), default=None
            The ids of the streams: numbers, text, or anything else that can be the key of a dict.
            None takes 0, 1, ..., or the columns of X that ``group`` names.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            What ``predict`` of the pipeline would return for the rows; without the first axis if X
            is 1-D.

        Raises
        ------
        ValueError
            If X is not as described, if it has two rows of one stream, or if a row is not later
            than the last one of its stream. Then nothing of X counts as pushed.
        """
        return self._push(X, ids, "predict")

    def push_proba(self, X, ids=None):
        """Push the next row of some streams, and predict the probability of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features) or (n_features,)
            One row for each of these streams; 1-D for a single one.
        ids : array-like of shape (n_rows,), default=None
            The ids of the streams, as of ``push``.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            What ``predict_proba`` of the pipeline would return for the rows; without the first axis
            if X is 1-D.

        Raises
        ------
        ValueError
            As of ``push``.
        """
        return self._push(X, ids, "predict_proba")

    def warm_start(self, X, ids=0):
        """Begin streams with rows of the past, without predictions.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The past of one or more streams, the oldest row first.
        ids : object, or array-like of shape (n_rows,), default=0
            The id of the stream, or one for each row. Where the pipeline has series identified by
            ``group``, the columns of X say which. Streams that there are begin anew.

        Raises
        ------
        ValueError
            If X is not as described. Then the streams stay as they were.
        """
        rows, ids, labels, order = self._read(X, ids)
        count, back = {}, np.empty(len(ids), np.intp)  # rows of the same stream after each row
        for i in order[::-1].tolist():
            back[i] = count.get(ids[i], 0)
            count[ids[i]] = back[i] + 1
        # One row of each stream at a time, and not those that no later window has.
        by_age = np.argsort(-back, kind="stable")
        rounds = np.split(by_age, np.cumsum(np.bincount(back)[::-1])[:-1])
        before = {i: self._slots.pop(i) for i in count if i in self._slots}
        try:
            for index in rounds[-self._memory.reach :] if self._memory.reach else rounds:
                self._step(rows, ids, labels, index, self._memory.read)
        except BaseException:
            self.reset([i for i in count if i in self._slots])
            self._slots |= before
            raise
        self._release(before.values())

    def reset(self, ids=None):
        """Forget streams. If more rows of them are pushed, they begin anew.

        Parameters
        ----------
        ids : object or array-like, default=None
            The ids of the streams; None is all.

        Raises
        ------
        KeyError
            If there is no such stream.
        """
        if ids is None:
            self._slots, self._free, self._n_slots = {}, [], 0
            self._times = Times(getattr(self._keys, "_gaps", None))
            return
        ids = dict.fromkeys(_as_ids(ids))
        unknown = [i for i in ids if i not in self._slots]
        if unknown:
            raise KeyError(f"There is no stream {unknown[0]!r}; there are {len(self)} streams.")
        self._release([self._slots.pop(i) for i in ids])

    def _release(self, slots):
        slots = list(slots)
        self._times.forget(slots)
        self._free += slots

    def _take(self):
        """A slot for a new stream."""
        if self._free:
            return self._free.pop()
        self._n_slots += 1
        return self._n_slots - 1

    def _push(self, X, ids, method):
        is_one = not hasattr(X, "columns") and np.ndim(X) == 1
        if is_one:  # a row of a frame keeps its names and its time
            is_of_frame = hasattr(X, "to_frame") and hasattr(X, "iloc")
            X = X.to_frame().T.infer_objects() if is_of_frame else np.asarray(X)[np.newaxis]
        group, has_ids = getattr(self._keys, "group", None), ids is not None
        if group is not None and has_ids:
            raise ValueError(
                f"ids are passed, but the columns group={group!r} say which stream a row belongs "
                f"to. Leave out ids."
            )
        rows, ids, labels, _ = self._read(X, ids)
        times = labels.values if labels is not None and group is None and not has_ids else rows[:0]
        if (times[1:] > times[:-1]).any():
            raise ValueError(
                f"X has {len(rows)} rows of different times, and no ids say whose they are. Push "
                f"the rows of one stream one by one, as X.iloc[[i]], or pass those of the past to "
                f"warm_start. For rows of several streams, pass ids."
            )
        if len(set(ids)) < len(ids):
            raise ValueError(
                "X has more than one row of the same stream; expected at most one. Push them one "
                "after the other, or pass those of the past to warm_start."
            )
        read = partial(self._memory.predict, method=method)
        prediction = self._step(rows, ids, labels, np.arange(len(ids)), read)
        return prediction[0] if is_one else prediction

    def _step(self, rows, ids, labels, index, read):
        """Read the rows ``index``, one of each stream; an error leaves all as it was before."""
        ids = [ids[i] for i in index.tolist()]
        new = [i for i in ids if i not in self._slots]
        self._slots |= {i: self._take() for i in new}
        slots = np.array([self._slots[i] for i in ids], np.intp)
        begins = np.isin(slots, [self._slots[i] for i in new]) if new else np.zeros(len(ids), bool)
        try:
            if labels is not None:
                labels = labels[index]
                begins |= self._times.gaps_before(labels, slots)
            result = read(rows[index], slots, begins)
        except BaseException:
            self.reset(new)
            raise
        if labels is not None:
            self._times.keep(labels, slots)
        return result

    def _read(self, X, ids):
        """Transformed rows, their ids and time labels, and their order in time."""
        n_rows, is_labeled = len(X), hasattr(X, "iloc")  # an array may become a frame
        for step in self._rowwise:
            if isinstance(step, PerStep):
                X, step = check_rows(X), step.transformer_
            X = step.transform(X)
        if getattr(X, "shape", (n_rows, 0))[0] != n_rows or len(np.shape(X)) != 2:
            raise ValueError(
                f"The steps before {type(self._keys).__name__} made {type(X).__name__} of shape "
                f"{np.shape(X)} from {n_rows} rows; expected one row for each."
            )
        group, time = getattr(self._keys, "group", None), getattr(self._keys, "time", None)
        labels, order = None, np.arange(n_rows)
        features = X
        if group is not None or time is not None:
            features, panel = read_panel(X, group, time)
            labels, order = panel.labels, panel.order
            if group is not None:
                ids = [panel.groups[code] for code in panel.codes]
        elif is_labeled and hasattr(X, "iloc") and X.index.nlevels == 1:
            labels = Labels(X.index)
        is_checked = type(features) is np.ndarray and features.dtype in FLOATS and n_rows > 0
        rows = features if is_checked else check_rows(features, keys=("group", "time"))
        if isinstance(self._keys, SlidingWindow):
            check_columns(self._keys, X, rows, reset=False)
        else:
            self._keys._check_names(features)
        ids = range(n_rows) if ids is None else _as_ids(ids, n_rows)
        if len(ids) != n_rows:
            raise ValueError(f"ids has {len(ids)} entries, but X has {n_rows} rows.")
        return rows, list(ids), labels if self._times.can_read(labels) else None, order


def _as_ids(ids, n_rows=1):
    """A list of ids; a single one is that of all rows."""
    if isinstance(ids, str | bytes | tuple) or not hasattr(ids, "__iter__"):
        ids = [ids] * n_rows
    ids = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    for i, name in enumerate(ids):
        if isinstance(name, float | np.floating) and name != name:
            raise ValueError(
                f"ids has NaN in row {i}; expected numbers, text, or anything else that can be "
                f"the key of a dict. Give the stream of this row a name."
            )
    return ids
