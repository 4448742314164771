"""Ctrl-C at any place: what is shared or fitted stays whole."""

import dis
import multiprocessing
import sys
from itertools import count
from threading import Event, Thread

import numpy as np
import pytest

from skrnn.estimators import _base, _blas
from skrnn.estimators._blas import single_threaded_blas
from skrnn.training import Trainer, Validation, loop
from tests._estimators import make, problem
from tests.test_fitting import assert_unchanged, copy_of

# After these Python looks whether Ctrl-C was pressed, and at the start of a function.
CALLS = {code for name, code in dis.opmap.items() if name.startswith("CALL")}


class CtrlC:
    """A KeyboardInterrupt at the n-th place where Python looks for one in the given modules."""

    def __init__(self, n, *modules):
        self.n_left, self.files, self.last = n, {m.__file__ for m in modules}, {}
        self.came = False

    def __enter__(self):
        self.earlier = sys.gettrace()
        sys.settrace(self.trace)

    def __exit__(self, *exception):
        sys.settrace(self.earlier)
        self.last.clear()

    def trace(self, frame, event, arg):
        if frame.f_code.co_filename not in self.files:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        is_place = event == "call" and frame not in self.last  # nor where a generator goes on
        if event == "opcode":
            is_place = self.last.get(frame) in CALLS
            self.last[frame] = frame.f_code.co_code[frame.f_lasti]
        if is_place:
            self.n_left -= 1
            if self.n_left == 0:
                self.came = True
                raise KeyboardInterrupt
        return self.trace


def every_place(*modules):
    """A CtrlC for each place, as long as the one before came."""
    for n in count(1):
        interrupt = CtrlC(n, *modules)
        yield interrupt
        if not interrupt.came:
            assert n > 5
            return


class Library:
    """A BLAS library as threadpoolctl shows it, and all that there is of them."""

    def __init__(self):
        self.n_threads, self.lib_controllers = 3, [self]

    def select(self, *, user_api):
        assert user_api == "blas"
        return self

    def get_num_threads(self):
        return self.n_threads

    def set_num_threads(self, n_threads):
        self.n_threads = n_threads


@pytest.fixture
def library(monkeypatch):
    library = Library()
    monkeypatch.setattr(_blas, "threadpool_controller", lambda: library)
    return library


@pytest.mark.parametrize("fails", [False, True])
def test_blas_is_put_back(library, fails):
    for interrupt in every_place(_blas):
        try:
            with interrupt, single_threaded_blas():
                assert library.n_threads == 1
                if fails:
                    raise ZeroDivisionError
        except (KeyboardInterrupt, ZeroDivisionError):
            pass
        assert _blas._inside == {}
        assert library.n_threads == 3


def report(library, connection):
    connection.send((len(_blas._inside), library.n_threads))
    with single_threaded_blas():
        connection.send((len(_blas._inside), library.n_threads))
    connection.send((len(_blas._inside), library.n_threads))


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Using fork.* can cause Polars:RuntimeWarning")  # where loaded
def test_a_fork_while_another_thread_predicts(library):
    """In the child that thread does not go on, so it is not waited for."""
    begun, done = Event(), Event()

    def stay_inside():
        with single_threaded_blas():
            begun.set()
            done.wait(60)

    thread = Thread(target=stay_inside)
    thread.start()
    try:
        assert begun.wait(60)
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(target=report, args=(library, theirs))
        process.start()
        for n_inside, n_threads in [(0, 3), (1, 1), (0, 3)]:
            assert ours.poll(60)
            assert ours.recv() == (n_inside, n_threads)
        process.join(60)
        assert (len(_blas._inside), library.n_threads) == (1, 1)
    finally:
        done.set()
        thread.join()
    assert (len(_blas._inside), library.n_threads) == (0, 3)


class FakeSolver:
    """Epoch k leaves theta = k."""

    converged, remedies, limit = False, (), ""

    def run(self, theta, begin_epoch, end_epoch):
        for k in range(1, 5):
            theta[:] = k
            if end_epoch(theta, 1 / k, 10.0 * k):
                return

    def slow_down(self):
        return False


class Monitor:
    def begin(self):
        pass

    def end(self):
        return False


@pytest.mark.parametrize("validate", [None, lambda theta: Validation(-float(theta[0]))])
def test_the_curves_are_those_of_the_epochs(validate):
    """As long as each other, and of the theta that is kept."""
    for interrupt in every_place(loop):
        theta = np.zeros(1)
        trainer = Trainer(FakeSolver(), tol=0, n_iter_no_change=9, verbose=False, validate=validate)
        try:
            with interrupt:
                trainer.run(theta, Monitor())
        except KeyboardInterrupt:
            pass
        else:
            assert theta == trainer.n_iter
        n = trainer.n_iter
        assert trainer.loss_curve == [1 / k for k in range(1, n + 1)]
        assert trainer.gradient_norms == [10.0 * k for k in range(1, n + 1)]
        n_validations = 0 if validate is None else n
        assert [v.merit for v in trainer.validations] == list(range(1, n_validations + 1))
        assert trainer.interrupted <= (n < 5)


@pytest.mark.parametrize("parameters", [{}, {"learning_rate_init": 1e30, "max_iter": 2}])
def test_fit_is_whole_or_nothing(parameters):
    """Also where Ctrl-C follows an error, while the attributes are put back."""
    X, y = problem(n_samples=4)
    model = make("GRURegressor", (1,), max_iter=1).fit(X, y)
    expected = make("GRURegressor", (1,), max_iter=1).fit(-X, y)
    model.set_params(**parameters)
    n_interrupted = 0
    for interrupt in every_place(_base):
        before, theta = copy_of(model), model._theta
        try:
            with interrupt:
                model.fit(-X, y)
        except (KeyboardInterrupt, ValueError) as error:
            n_interrupted += isinstance(error, KeyboardInterrupt)
        if model._theta is theta or "learning_rate_init" in parameters:
            assert_unchanged(model, before)
        else:
            assert vars(model).keys() == before.keys()
            np.testing.assert_array_equal(model._theta, expected._theta)
            assert model.loss_curve_ == expected.loss_curve_
    assert n_interrupted > 20
