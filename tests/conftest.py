"""The built book, served on loopback, and a browser to read it with."""

import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import get_browser
import pytest

try:  # `make check` has no hypothesis, and needs none
    from hypothesis import HealthCheck, settings

    usual = dict(deadline=None, suppress_health_check=list(HealthCheck))
    settings.register_profile("quick", max_examples=40, derandomize=True, **usual)
    many = int(os.environ.get("EXAMPLES") or 5000)
    settings.register_profile("slow", max_examples=many, print_blob=True, **usual)
    settings.load_profile("quick")  # `make fuzz` takes --hypothesis-profile=slow
except ImportError:
    pass

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"


def page_names(folder=HTML):
    "Every page of the book by its path, those in folders too; not the listings of source that the pages link to."
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*.html"))
    return [
        path.as_posix()
        for path in paths
        if not path.parts[0].startswith("_") and path.parts[0] != "reports"
    ]


def lacking(what):
    "Skip for want of `what`; under `make test`, which promises it, fail."
    (pytest.fail if os.environ.get("FIXNTK_BOOK") == "required" else pytest.skip)(what)


@pytest.fixture(scope="session")
def book():
    if not (HTML / "index.html").exists():
        lacking("the book is not built: run make book")
    return HTML


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site(book):
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(book))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = get_browser.find()
    if not chromium:
        lacking(get_browser.REMEDY)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield launched
        launched.close()


def answer_of(capsys, *arguments):
    "Exit code, output and errors of the command, in this process."
    from fixntk import cli

    try:
        code = cli.main(list(map(str, arguments)))
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def opened_at(browser, address, **how):
    "A page at an address, and what goes wrong on it."
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
    page, faults = context.new_page(), []
    page.on("console", lambda m: m.type == "error" and faults.append(m.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.goto(address, wait_until="load")
    return page, faults


def far_down(context):
    "Pages of this context have their pictures to explore far below the screen, however fast the rest of them loads."
    room = b'<div style="height: 5000px"></div>'

    def serve(route):
        answer = route.fetch()
        body = re.sub(rb'(?=<div class="fixntk-)', room, answer.body())
        route.fulfill(response=answer, body=body)

    context.route("**/*.html", serve)
