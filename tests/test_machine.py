"""One BLAS thread for small work, back again afterwards; memory is looked at before large work."""

import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from fixntk import machine
from fixntk.kernels import kernel_ridge, ntk
from fixntk.machine import (
    available_memory,
    blas_threads,
    check_memory,
    one_thread,
    single_threaded,
)

ONE = [1] * len(blas_threads())
X = np.random.default_rng(0).standard_normal((40, 3))


@pytest.fixture(autouse=True)
def two_threads():
    "Every test starts with two threads a library, also on a machine with one core, and must end with them."
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != [2] * len(ONE):
            pytest.skip("these libraries have one thread")
    threadpool_limits(2, user_api="blas")
    with threadpool_limits(2, user_api="blas"):
        pass  # leaves the block, and with it the right to set the number
    yield
    assert blas_threads() == [2] * len(ONE)
    assert not machine._guards[0].scope.inside


def inside(go_in, go_out, seen):
    "Enter when told, leave when told, and note the numbers in between."
    go_in.wait()
    with one_thread():
        seen.append(blas_threads())
        go_out.wait()


def test_nesting():
    with one_thread():
        with one_thread(), one_thread(rows=10**6):
            assert blas_threads() == ONE
        assert blas_threads() == ONE
    assert blas_threads() == [2] * len(ONE)


def test_large_work_keeps_its_threads():
    with one_thread(rows=3000):
        assert blas_threads() == [2] * len(ONE)


@pytest.mark.parametrize(
    "order", [(0, 1), (1, 0)], ids=["first in, first out", "first in, last out"]
)
def test_two_threads_overlap(order):
    events = [threading.Event() for _ in range(4)]
    seen = [[], []]
    threads = [
        threading.Thread(target=inside, args=(events[k], events[2 + k], seen[k]))
        for k in (0, 1)
    ]
    for thread, event, one in zip(threads, events, seen):
        thread.start()
        event.set()
        while not one:
            pass
    for k in order:
        assert blas_threads() == ONE
        events[2 + k].set()
        threads[k].join()
    assert seen == [[ONE], [ONE]]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_exceptions(error):
    @single_threaded
    def fails():
        assert blas_threads() == ONE
        raise error

    with pytest.raises(error):
        fails()


def test_a_user_who_holds_the_number_in_the_same_thread():
    for number in (1, 2):
        with threadpool_limits(number, user_api="blas"):
            kernel_ridge(ntk(X), X[:, 0], 1.0)
            with one_thread():
                assert blas_threads() == ONE
            assert blas_threads() == [number] * len(ONE)


def test_a_user_who_lowers_the_number_for_good():
    threadpool_limits(1, user_api="blas")
    kernel_ridge(ntk(X), X[:, 0], 1.0)
    assert blas_threads() == ONE
    threadpool_limits(2, user_api="blas")


def test_a_user_who_changes_the_number_meanwhile():
    with one_thread():
        threadpool_limits(3, user_api="blas")
    changed = blas_threads()
    threadpool_limits(2, user_api="blas")
    assert changed == [3] * len(ONE) or os.cpu_count() < 3


@pytest.mark.parametrize("number", [1, 2])
def test_a_user_who_holds_the_number_in_another_thread(number):
    held, left, done = threading.Event(), threading.Event(), threading.Event()

    def user():
        with threadpool_limits(number, user_api="blas"):
            held.set()
            left.wait()
        done.set()

    other = threading.Thread(target=user)
    other.start()
    held.wait()
    with one_thread():  # before the user leaves, and after
        left.set()
        done.wait()
    other.join()


def test_concurrent_fits_leave_the_threads_as_they_were():
    def fit(seed):
        y = np.random.default_rng(seed).standard_normal(len(X))
        return [kernel_ridge(ntk(X), y, 1.0) for _ in range(20)][-1]

    with ThreadPoolExecutor(8) as pool:
        fits = list(pool.map(fit, range(40)))
    np.testing.assert_allclose(fits[3], fit(3), rtol=1e-9)
    assert blas_threads() == [2] * len(ONE)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*")
@pytest.mark.parametrize("me_too", [False, True])
def test_a_fork_while_others_are_inside(me_too):
    go_in, go_out, seen = threading.Event(), threading.Event(), []
    other = threading.Thread(target=inside, args=(go_in, go_out, seen))
    other.start()
    go_in.set()
    while not seen:
        pass
    with one_thread(0 if me_too else 10**6):
        child = os.fork()
        if not child:
            right = blas_threads() == (ONE if me_too else [2] * len(ONE))
            with one_thread():
                right &= blas_threads() == ONE
            os._exit(
                0 if right and len(machine._guards[0].scope.inside) == me_too else 1
            )
        assert os.waitpid(child, 0)[1] == 0
        go_out.set()
        other.join()


def threads_within(_):
    kernel_ridge(ntk(X), X[:, 0], 1.0)
    with one_thread():
        return blas_threads()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers(backend):
    before, tasks = blas_threads(), [delayed(threads_within)(k) for k in range(4)]
    for within in Parallel(n_jobs=2, backend=backend)(tasks):
        assert within == ONE
    assert blas_threads() == before  # once the last of them has ended
    with one_thread():  # started from inside
        assert all(within == ONE for within in Parallel(2, backend=backend)(tasks))


def test_the_name_and_words_of_a_guarded_function_stay():
    @single_threaded
    def solve(a, *, b=1):
        "Words."
        return a + b

    assert (
        solve.__name__ == "solve" and solve.__doc__ == "Words." and solve(1, b=2) == 3
    )
    assert pickle.loads(pickle.dumps(blas_threads)) is blas_threads


def test_memory():
    there = available_memory()
    check_memory(10, "X: this", "")
    if there is None:
        pytest.skip("this system does not say")
    check_memory(0.1 * there / 8, "X: this", "")
    for entries in (there, 10**30, 10**400):
        with pytest.raises(
            ValueError,
            match=r"^X: this needs about .* of memory, and .* are free. Do less.$",
        ):
            check_memory(entries, "X: this", "Do less.")


def test_memory_of_a_container(tmp_path, monkeypatch):
    (tmp_path / "memory.current").write_text("3000\n")
    (tmp_path / "memory.max").write_text("5000\n")
    assert machine._container_memory(tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert machine._container_memory(tmp_path) is None
    assert machine._container_memory(tmp_path / "none") is None
    for source in ("_system_memory", "_container_memory", "_address_space"):
        monkeypatch.setattr(machine, source, lambda: None)
    check_memory(10**15, "X", "")  # nobody knows, so nothing is refused


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space")
def test_memory_of_a_limited_process():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + 10**9, hard))
    try:
        assert available_memory() < 1.1 * 10**9
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_optional_packages_come_or_say_how(monkeypatch):
    assert machine.needs("os.path", "uci") is os.path
    with pytest.raises(ImportError, match=r"'no_such'.*pip install 'fixntk\[cli\]'"):
        machine.needs("no_such.part", "cli")
    monkeypatch.setitem(sys.modules, "pooch", None)  # as if it were not installed
    with pytest.raises(ImportError, match=r"^pooch must.*'fixntk\[uci\]'") as caught:
        machine.needs("pooch", "uci")
    assert isinstance(caught.value.__cause__, ImportError)
    assert caught.value.name == "pooch"
