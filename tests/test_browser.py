"""The book as a reader meets it: in a real browser, wide and narrow, light and dark."""

import re
from urllib.parse import urlsplit

import pytest
from conftest import page_names

PAGES = [
    name for name in page_names() if name not in ("genindex.html", "py-modindex.html")
]
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@pytest.fixture(params=SIZES, scope="module")
def context(request, browser):
    width, height = SIZES[request.param]
    made = browser.new_context(viewport={"width": width, "height": height})
    yield made
    made.close()


def open_page(context, site, name):
    "The loaded page, after its mathematics is set, and what went wrong on the way."
    page, faults = context.new_page(), []
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on(
        "request",
        lambda request: (
            urlsplit(request.url).hostname not in ("127.0.0.1", None)
            and faults.append(request.url)
        ),
    )
    page.on(
        "response",
        lambda response: (
            response.status >= 400
            and faults.append(f"{response.status}: {response.url}")
        ),
    )
    page.goto(f"{site}/{name}", wait_until="load")
    page.wait_for_function(
        "!document.querySelector('.math') || (window.MathJax && MathJax.startup && MathJax.startup.promise)"
    )
    page.evaluate("window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
    return page, faults


def test_there_is_a_book(book):
    assert {"index.html", "engine/checks.html", "engine/machine.html"} <= {*PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_and_fits(context, site, name):
    page, faults = open_page(context, site, name)
    assert not faults
    formulas = page.locator(".math").count()
    assert page.locator(".math mjx-container").count() == formulas
    assert page.locator("mjx-merror, [data-mml-node='merror']").count() == 0
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{name} is {overflow} px too wide"
    page.close()


def test_theorem_and_equation_numbers_link_across_pages(browser, site, book):
    page, found = browser.new_page(), {"math": 0, "proof": 0}
    for name in PAGES:
        for target, text in re.findall(
            r'<a class="reference internal" href="(?:\.\./)?(\d\d_\w+\.html#[\w-]+)"[^>]*>(.*?)</a>',
            (book / name).read_text(),
        ):
            if target.split("#")[0] == name or not re.search(r"\d+\.\d+", text):
                continue
            kind = "math" if "equation" in target else "proof"
            if found[kind] < 3:
                page.goto(f"{site}/{target}")
                anchor = target.split("#")[1]
                number = re.search(r"\d+\.\d+", text)[0]
                assert number in page.locator(f"[id='{anchor}']").first.inner_text(), (
                    name,
                    target,
                    text,
                )
                found[kind] += 1
    assert min(found.values()) > 0, found
    page.close()


def test_search_finds_tangent(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/search.html?q=tangent")
    page.wait_for_selector("#search-results li")
    assert "02_kernels" in page.locator("#search-results").inner_html()
    page.close()


def test_the_dark_page_is_dark(browser, site):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{site}/02_kernels.html")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", background)[:3])) < 150, background
    context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "search.html"])
def test_ids_differ(book, name):
    text = re.sub(r"<script.*?</script>", "", (book / name).read_text(), flags=re.S)
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), {one for one in ids if ids.count(one) > 1}
