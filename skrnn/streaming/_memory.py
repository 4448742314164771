"""What a stream remembers: the last rows of each stream, or its state, and its last time."""

import numpy as np

from skrnn.sequences import Sequences, padded
from skrnn.windows._gaps import Gaps
from skrnn.windows._spans import in_segments


def with_room(array, n, dtype):
    """The array with at least n rows, in a dtype that can also hold values of ``dtype``."""
    dtype = np.result_type(array, dtype)
    if n <= len(array):
        return array.astype(dtype, copy=False)
    grown = np.zeros((max(n, 2 * len(array)), *array.shape[1:]), dtype)
    grown[: len(array)] = array
    return grown


class Times:
    """The time of the last row of each stream.

    ``gaps`` is what fit has learned of the time between rows, or None.
    """

    def __init__(self, gaps: Gaps | None):
        self.gaps = gaps
        self.is_known = np.zeros(0, bool)  # (n_slots,)
        self.values = None  # (n_slots,), where known; their dtype is that of the first labels

    def can_read(self, labels):
        """Whether there can be a gap between such labels, or None."""
        gaps = self.gaps
        if gaps is None or labels is None:
            return False
        return gaps.has_measure and labels.kind == gaps.kind

    def gaps_before(self, labels, slots):
        """Whether there is a gap in time before each of the labels."""
        self.is_known = with_room(self.is_known, slots.max() + 1, bool)
        known = np.flatnonzero(self.is_known[slots])
        begins = np.zeros(len(slots), bool)
        if len(known) == 0:
            return begins
        later = labels[known]
        earlier = later.with_values(self.values[slots[known]])
        back = ~(later.values > earlier.values)
        if back.any():
            k = int(back.argmax())
            raise ValueError(
                f"A row of the time {later.text(k)} was pushed after one of {earlier.text(k)}; "
                f"expected a later one. If the index of X has no more than row numbers, pass "
                f"X.to_numpy()."
            )
        begins[known] = ~self.gaps.are_short(earlier, later)
        return begins

    def keep(self, labels, slots):
        """Keep the labels."""
        values = labels.values
        self.values = values[:0] if self.values is None else self.values
        self.values = with_room(self.values, len(self.is_known), values.dtype)
        self.values[slots], self.is_known[slots] = values, True

    def forget(self, slots):
        """Forget what was kept of streams that end."""
        self.is_known = with_room(self.is_known, max(slots, default=-1) + 1, bool)
        self.is_known[slots] = False


class Windows:
    """The last rows of each stream in a ring, for what comes after SlidingWindow.

    ``begins`` says where a stream has no rows before.
    """

    def __init__(self, window, predictor):
        self.window, self.predictor = window, predictor
        self.reach = (window.window - 1) * window.step + 1
        self.ring = None  # (n_slots, reach, n_features)
        self.n_read = np.zeros(0, np.int64)

    def __repr__(self):
        return f"windows of {self.window.window} rows for {type(self.predictor[-1]).__name__}"

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
        if self.ring is None:
            self.ring = np.empty((0, self.reach, rows.shape[1]), rows.dtype)
        self.ring = with_room(self.ring, slots.max() + 1, rows.dtype)
        self.n_read = with_room(self.n_read, len(self.ring), np.int64)
        return np.where(begins, 0, self.n_read[slots])


class States:
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

    def __repr__(self):
        return f"states of {type(self.estimator).__name__}"

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
