"""Rows pushed through a fitted Pipeline as they come."""

from functools import partial

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn.sequences import FLOATS, Sequences, padded
from skrnn.validation import check_columns, check_rows
from skrnn.windows import LagColumnsToSequence, PerStep, SlidingWindow
from skrnn.windows._labels import Labels
from skrnn.windows._panel import read_panel
from skrnn.windows._spans import in_segments


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
            self._memory = _States(steps[-1], is_alone=len(steps) == 1)
        elif len(windows) == 1 and windows[0] < len(steps) - 1:
            i = windows[0]
            self._rowwise, self._keys = steps[:i], steps[i]
            self._memory = _Windows(steps[i], pipeline[i + 1 :])
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
            self._slots, self._free, self._n_slots, self._last = {}, [], 0, {}
            return
        ids = _as_ids(ids)
        unknown = [i for i in ids if i not in self._slots]
        if unknown:
            raise KeyError(f"There is no stream {unknown[0]!r}; there are {len(self)} streams.")
        self._release([self._slots.pop(i) for i in ids])

    def _release(self, slots):
        for slot in slots:
            self._last.pop(slot, None)
            self._free.append(slot)

    def _take(self):
        """A slot for a new stream."""
        if self._free:
            return self._free.pop()
        self._n_slots += 1
        return self._n_slots - 1

    def _push(self, X, ids, method):
        is_one = not hasattr(X, "columns") and np.ndim(X) == 1
        rows, ids, labels, _ = self._read(np.asarray(X)[np.newaxis] if is_one else X, ids)
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
                begins |= self._gaps(labels, index, slots)
            result = read(rows[index], slots, begins)
        except BaseException:
            self.reset(new)
            raise
        if labels is not None:
            self._last |= {slot: (labels, i) for slot, i in zip(slots, index, strict=True)}
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
        ids = range(n_rows) if ids is None else _as_ids(ids, n_rows)
        if len(ids) != n_rows:
            raise ValueError(f"ids has {len(ids)} entries, but X has {n_rows} rows.")
        gaps = getattr(self._keys, "_gaps", None)
        if gaps is None or not gaps.has_measure or labels is None or labels.kind != gaps.kind:
            labels = None
        return rows, list(ids), labels, order

    def _gaps(self, labels, index, slots):
        """Whether there is a gap in time before each of the rows ``index``."""
        last = [self._last.get(slot, (None, 0)) for slot in slots]
        gaps = np.zeros(len(slots), bool)
        for source in {id(source): source for source, _ in last if source is not None}.values():
            which = np.flatnonzero([source is other for other, _ in last])
            earlier, later = source[np.array([last[k][1] for k in which])], labels[index[which]]
            back = ~(later.values > earlier.values)
            if back.any():
                k = int(back.argmax())
                raise ValueError(
                    f"A row of the time {later.text(k)} was pushed after one of {earlier.text(k)}; "
                    f"expected a later one. If the index of X has no more than row numbers, pass "
                    f"X.to_numpy()."
                )
            gaps[which] = ~self._keys._gaps.are_short(earlier, later)
        return gaps


def _as_ids(ids, n_rows=1):
    """A list of ids; a single one is that of all rows."""
    if isinstance(ids, str | bytes | tuple) or not hasattr(ids, "__iter__"):
        return [ids] * n_rows
    return ids.tolist() if hasattr(ids, "tolist") else list(ids)


class _Windows:
    """The last rows of each stream in a ring, for what comes after SlidingWindow.

    ``begins`` says where a stream has no rows before.
    """

    def __init__(self, window, predictor):
        self.window, self.predictor = window, predictor
        self.reach = (window.window - 1) * window.step + 1
        self.ring = np.empty((0, self.reach, 0), np.float32)  # (n_slots, reach, n_features)
        self.n_read = np.zeros(0, np.int64)

    def predict(self, rows, slots, begins, method):
        """The predictions for the windows that end with the rows."""
        n_read = self._make_room(rows, slots, begins)
        n_steps, step = self.window.window, self.window.step
        lengths = np.minimum(n_read // step + 1, n_steps)
        places = (n_read[:, np.newaxis] - step * np.arange(n_steps)[::-1]) % self.reach
        windows = self.ring[slots[:, np.newaxis], places]  # (n, n_steps, n_features)
        windows[:, -1] = rows
        ends = np.arange(1, len(rows) + 1) * n_steps
        table = windows.reshape(-1, rows.shape[1])
        if self.window.flatten:
            windows = Sequences(table, ends - lengths, lengths)
            windows = padded(windows, n_steps, np.nan).reshape(len(rows), -1)
        else:
            windows = in_segments(table, ends - lengths, lengths, self.window.segment)
        prediction = getattr(self.predictor, method)(windows)
        self.read(rows, slots, begins)
        return prediction

    def read(self, rows, slots, begins):
        """Keep the rows."""
        n_read = self._make_room(rows, slots, begins)
        self.ring[slots, n_read % self.reach] = rows
        self.n_read[slots] = n_read + 1

    def _make_room(self, rows, slots, begins):
        """Room for the rows in their dtype; returns how many rows each stream has before."""
        n_slots, dtype = slots.max() + 1, np.result_type(self.ring, rows)
        if n_slots > len(self.ring):
            ring, n_read = self.ring, self.n_read
            shape = max(n_slots, 2 * len(ring)), self.reach, rows.shape[1]
            self.ring, self.n_read = np.zeros(shape, dtype), np.zeros(shape[0], np.int64)
            if len(ring):
                self.ring[: len(ring)], self.n_read[: len(ring)] = ring, n_read
        self.ring = self.ring.astype(dtype, copy=False)
        return np.where(begins, 0, self.n_read[slots])


class _States:
    """The state of each stream, for an estimator that predicts row by row."""

    reach = None  # all rows count

    def __init__(self, estimator, is_alone):
        if not hasattr(estimator, "predict_step"):
            raise TypeError(
                f"Stream needs a fitted Pipeline with SlidingWindow, or one whose last step is a "
                f"recurrent estimator; this is {type(estimator).__name__}. Of a search, pass "
                f"best_estimator_."
            )
        is_of_steps = hasattr(estimator, "group")
        if not is_of_steps and not is_alone and estimator._fitted_on_table:
            raise ValueError(
                f"{type(estimator).__name__} was fitted on a table whose rows are whole sequences, "
                f"so the steps before it do not take single time steps. Put SlidingWindow before "
                f"it, or use PerStep and sequences."
            )
        self.estimator = estimator
        self.first = estimator.init_state()
        self.state = self.first[:0]

    def predict(self, rows, slots, begins, method):
        """The predictions after the rows."""
        n_slots = slots.max() + 1
        if n_slots > len(self.state):
            before, self.state = self.state, self.estimator.init_state(2 * n_slots)
            self._keep(slice(len(before)), before)
        state = self.state[slots]
        state.values[begins], state.n_steps[begins] = self.first.values, self.first.n_steps
        prediction, state = getattr(self.estimator, f"{method}_step")(rows, state)
        self._keep(slots, state)
        return prediction

    def read(self, rows, slots, begins):
        """Read the rows."""
        self.predict(rows, slots, begins, "predict")

    def _keep(self, slots, state):
        self.state.values[slots], self.state.n_steps[slots] = state.values, state.n_steps
