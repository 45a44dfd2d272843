"""Files that stay whole: on a full disk, behind links, and under many writers."""

import multiprocessing
import os
import signal
import stat

import pytest

from fixntk.files import check_out, only_writer, write_atomically

fork = multiprocessing.get_context("fork")


def write_on_a_full_disk(path, results):
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        write_atomically(path, "x" * 5000)
    except OSError as error:
        results.put(error.errno)


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path, results = tmp_path / "table.csv", fork.Queue()
    path.write_text("old")
    process = fork.Process(target=write_on_a_full_disk, args=(path, results))
    process.start()
    assert results.get(timeout=30)
    process.join()
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_the_old_file_or_the_usual_ones(tmp_path):
    old, new, usual = tmp_path / "old", tmp_path / "new", tmp_path / "usual"
    old.write_text("a")
    old.chmod(0o640)
    usual.write_text("a")
    write_atomically(old, "b")
    write_atomically(new, "b")
    mode = lambda path: stat.S_IMODE(path.stat().st_mode)
    assert (mode(old), mode(new)) == (0o640, mode(usual))


def test_links(tmp_path):
    victim, out = tmp_path / "victim", tmp_path / "table.csv"
    victim.write_text("mine")
    (tmp_path / "table.csv.part").symlink_to(
        victim
    )  # the name that an earlier version wrote to
    (tmp_path / ".table.csv.lock").symlink_to(victim)
    write_atomically(out, "text")
    with pytest.raises(OSError, match="Remove it if it is a link"), only_writer(out):
        pass
    assert victim.read_text() == "mine" and out.read_text() == "text"


def count_up(path, turns):
    for _ in range(turns):
        while True:
            try:
                with only_writer(path) as target:
                    write_atomically(target, str(int(target.read_text()) + 1))
                break
            except BlockingIOError:
                continue


def test_no_turn_is_lost_among_many_writers(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    processes = [fork.Process(target=count_up, args=(path, 25)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert path.read_text() == "100" and list(tmp_path.iterdir()) == [path]


def test_the_lock_ends_with_an_exception(tmp_path):
    with pytest.raises(KeyboardInterrupt), only_writer(tmp_path / "table.csv"):
        raise KeyboardInterrupt
    with only_writer(str(tmp_path / "table.csv")):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", [5, None, b"name", ["a"]], ids=str)
def test_kinds(path):
    with pytest.raises(TypeError, match="out must be the path of a file"):
        check_out(path)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="no devices here")
def test_a_device_is_not_replaced():
    with pytest.raises(ValueError, match="be a file; got '/dev/null'"):
        write_atomically("/dev/null", "text")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
