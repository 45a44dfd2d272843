"""A browser for the tests: print the path of one that runs, and get one first if there is none.

    python tests/get_browser.py

The first of these that runs is taken: the one that CHROME names, one on the path, Playwright's own.
If none does, Playwright downloads its own; failing that, apt installs one, where that needs no password.
"""

import os
import shutil
import signal
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD = (sys.executable, "-m", "playwright", "install", "chromium")
SECONDS = (
    300  # for one step; a download of 170 MB, or a network that swallows everything
)
REMEDY = (
    "no browser for the tests: type 'sudo apt install chromium', or "
    f"'{sys.executable} -m playwright install --with-deps chromium', or set CHROME to the path of a Chromium or Chrome"
)


def run(*command, seconds=SECONDS, **how):
    "Whether the command ends well in time; if not, nothing that it started is left."
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, **how
        )
    except OSError:
        return False
    try:
        return child.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        print(f"gave up after {seconds} s: {' '.join(command)}", file=sys.stderr)
        return False
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def works(path):
    "A name on the path is not enough: some are stubs, and a download may lack the system's libraries."
    silent = subprocess.DEVNULL
    return bool(path) and run(
        path, "--version", seconds=60, stdout=silent, stderr=silent
    )


def playwrights_own():
    "Where Playwright keeps its browser, whether that is there or not; None without Playwright."
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or None


def find():
    "The path of a browser that runs, or None."
    named = os.environ.get("CHROME")
    if named:
        path = shutil.which(named)
        return (
            path
            if works(path)
            else sys.exit(f"CHROME must name a browser that runs; got {named!r}")
        )
    paths = map(shutil.which, NAMES)
    return next((path for path in paths if works(path)), None) or next(
        filter(works, [playwrights_own()]), None
    )


def download():
    "Playwright's own browser; an address that does not answer is given up after ten seconds."
    print("no browser is here: asking Playwright for its own", file=sys.stderr)
    wait = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000"}
    return playwrights_own() and run(
        *DOWNLOAD, stdout=sys.stderr, env=wait | os.environ
    )


def install():
    "Chromium from the system's packages, for root or where sudo asks no password."
    if not shutil.which("apt-get"):
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and not run(*sudo, "true", seconds=10, stderr=subprocess.DEVNULL):
        return False
    print("no browser yet: asking apt for chromium", file=sys.stderr)
    apt = (*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q")
    run(*apt, "update", stdout=sys.stderr)  # old lists may do
    return run(
        *apt, "install", "-y", "--no-install-recommends", "chromium", stdout=sys.stderr
    )


def main():
    for way in (lambda: True, download, install):
        if way() and (path := find()):
            print(path)
            return 0
    print(REMEDY, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
