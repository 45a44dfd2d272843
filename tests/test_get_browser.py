"""Each way to a browser, with stand-ins on the path: no network, nothing installed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import get_browser
import pytest

SCRIPT = Path(get_browser.__file__)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    "A machine without a browser, apt or Playwright; `stand_in` adds a program to its path."
    (tmp_path / "bin").mkdir()
    (tmp_path / "python").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "python"))
    monkeypatch.delenv("CHROME", raising=False)
    (tmp_path / "python" / "playwright.py").write_text("raise ImportError")
    (tmp_path / "bin" / "env").symlink_to("/usr/bin/env")
    return tmp_path


def stand_in(folder, name, body):
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def stand_in_for_playwright(folder, install):
    "A package whose browser lies in `own`, and whose `install` runs the lines given."
    (folder / "python" / "playwright.py").unlink(missing_ok=True)
    package = folder / "python" / "playwright"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        f"import os, pathlib, sys, time\nown = {str(folder / 'own')!r}\n{install}\n"
    )
    (package / "sync_api.py").write_text(
        "from contextlib import contextmanager\nfrom types import SimpleNamespace as Some\n\n@contextmanager\n"
        f"def sync_playwright():\n    yield Some(chromium=Some(executable_path={str(folder / 'own')!r}))\n"
    )
    return str(folder / "own")


WRITES = "pathlib.Path(own).write_text('#!/bin/sh\\nexit 0')\nos.chmod(own, 0o755)"


def asked():
    "What the script prints and how it ends, as `make test` runs it."
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.stdout.strip(), done.returncode, done.stderr


@pytest.mark.parametrize("name", get_browser.NAMES)
def test_one_on_the_path_is_taken(bare, name):
    path = stand_in(bare, name, "exit 0")
    assert asked() == (path, 0, "")


def test_the_one_that_chrome_names_comes_first(bare, monkeypatch):
    stand_in(bare, "chromium", "exit 0")
    monkeypatch.setenv("CHROME", stand_in(bare, "brave", "exit 0"))
    assert asked() == (os.environ["CHROME"], 0, "")
    monkeypatch.setenv("CHROME", "/no/such/browser")
    said, code, error = asked()
    assert (
        code == 1
        and not said
        and "CHROME must name a browser that runs; got '/no/such/browser'" in error
    )


def test_a_stub_on_the_path_does_not_count(bare):
    stand_in(bare, "chromium-browser", "echo requires the snap >&2; exit 1")
    path = stand_in(bare, "google-chrome", "exit 0")
    assert asked() == (path, 0, "")


def test_playwrights_own_is_taken_if_it_is_there_and_downloaded_if_not(bare):
    own = stand_in_for_playwright(bare, WRITES)
    said, code, error = asked()
    assert (said, code) == (own, 0) and "asking Playwright" in error
    assert asked() == (own, 0, "")


def test_a_failed_download_goes_on_to_apt(bare):
    stand_in_for_playwright(bare, "sys.exit('no network')")
    chromium = bare / "bin" / "chromium"
    stand_in(bare, "sudo", 'shift; exec "$@"')
    stand_in(bare, "true", "exit 0")
    stand_in(
        bare,
        "apt-get",
        f"case \"$*\" in *install*) printf '#!/bin/sh\\nexit 0' > {chromium}; /bin/chmod +x {chromium};; esac",
    )
    said, code, error = asked()
    assert (
        (said, code) == (str(chromium), 0)
        and "no network" in error
        and "asking apt" in error
    )


def test_a_download_that_lacks_libraries_goes_on_to_apt(bare, monkeypatch):
    stand_in_for_playwright(bare, WRITES.replace("exit 0", "exit 127"))
    ways = []
    monkeypatch.setattr(get_browser, "install", lambda: ways.append("apt"))
    assert get_browser.main() == 1 and ways == ["apt"]


def test_a_download_that_hangs_is_given_up_with_all_it_started(
    bare, monkeypatch, capfd
):
    mark = bare / "late"
    slow = f"import time; time.sleep(3); open({str(mark)!r}, 'w')"
    stand_in_for_playwright(
        bare, f"import subprocess\nsubprocess.run([sys.executable, '-c', {slow!r}])"
    )
    monkeypatch.setattr(get_browser.run, "__kwdefaults__", {"seconds": 1})
    start = time.monotonic()
    assert not get_browser.download() and time.monotonic() - start < 3
    assert "gave up after 1 s" in capfd.readouterr().err
    time.sleep(3.5)
    assert not mark.exists()


def test_without_rights_apt_is_not_asked_and_one_line_says_what_to_type(
    bare, monkeypatch, capfd
):
    monkeypatch.setattr(get_browser.os, "geteuid", lambda: 1000)
    stand_in(bare, "apt-get", f"touch {bare}/touched")
    stand_in(bare, "sudo", "echo a password is required >&2; exit 1")
    assert get_browser.main() == 1
    said = capfd.readouterr()
    assert (
        not said.out
        and said.err.splitlines()[-1] == get_browser.REMEDY
        and "password" not in said.err
    )
    assert not (bare / "touched").exists()


def test_passwordless_sudo_is_used(bare, monkeypatch, capfd):
    monkeypatch.setattr(get_browser.os, "geteuid", lambda: 1000)
    stand_in(bare, "true", "exit 0")
    stand_in(bare, "sudo", f'echo "$*" >> {bare}/calls; shift; exec "$@"')
    stand_in(bare, "apt-get", "exit 100")
    assert get_browser.main() == 1
    assert [line.split()[-1] for line in (bare / "calls").read_text().splitlines()] == [
        "true",
        "update",
        "chromium",
    ]


def test_nothing_at_all_is_one_line(bare):
    said, code, error = asked()
    assert code == 1 and not said
    assert error.splitlines()[-1].startswith(
        "no browser for the tests: type 'sudo apt install chromium', or"
    )


def test_make_asks_for_the_browser_before_any_long_work():
    makefile = (SCRIPT.parents[1] / "Makefile").read_text()
    steps = makefile.split("\ntest: $(READY)\n")[1].split("\n\n")[0].splitlines()
    assert "get_browser.py" in steps[0] and any(
        "nbdev_test" in step for step in steps[1:]
    )
