"""The book as a reader meets it: in a real browser, wide and narrow, light and dark."""

import os
import re
from urllib.parse import urlsplit

import pytest
from conftest import page_names

PAGES = [
    name for name in page_names() if name not in ("genindex.html", "py-modindex.html")
]
HEAVIEST = 2_000_000  # bytes
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
# Pages of the engine room, most of the book, are loaded wide and then made narrow; all others are loaded both ways.
LOADS = [(name, "wide") for name in PAGES]
LOADS += [(name, "narrow") for name in PAGES if not name.startswith("engine/")]

# Unfold everything; the code and the outputs of which something is off the right edge, and all that
# scroll nowhere though they are cut.
CUT = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll(".toggle-hidden")) one.classList.remove("toggle-hidden");
  return [...document.querySelectorAll("pre")].filter(one => one.scrollWidth > one.clientWidth)
    .map(one => one.textContent.slice(0, 200));
}"""


@pytest.fixture(scope="module")
def contexts(browser):
    made = {}
    for size, (width, height) in SIZES.items():
        made[size] = browser.new_context(viewport={"width": width, "height": height})
    yield made
    for context in made.values():
        context.close()


def open_page(context, site, name):
    "The loaded page, after its mathematics is set, what went wrong on the way, and what came."
    page, faults, came = context.new_page(), [], []
    page.on("response", lambda response: came.append(response))
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
    return page, faults, came


def test_there_is_a_book(book):
    assert {"index.html", "engine/checks.html", "engine/machine.html"} <= {*PAGES}


def check_width(page, what):
    "Whether nothing of the page is off the right edge, now that it is drawn."
    page.evaluate("new Promise(requestAnimationFrame)")
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{what} is {overflow} px too wide"


@pytest.mark.parametrize("name, size", LOADS)
def test_page_loads_and_fits(contexts, site, name, size):
    page, faults, came = open_page(contexts[size], site, name)
    assert not faults
    weight = sum(len(response.body()) for response in came)
    assert weight <= HEAVIEST, f"{name} brings {weight} bytes before it is touched"
    formulas = page.locator(".math").count()
    assert page.locator(".math mjx-container").count() == formulas
    assert page.locator("mjx-merror, [data-mml-node='merror']").count() == 0
    check_width(page, name)
    cut = page.evaluate(CUT)
    assert not cut or size == "narrow", cut
    check_width(page, f"{name}, unfolded,")
    if size == "wide":
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["narrow"])))
        check_width(page, f"{name}, unfolded and made narrow,")
    page.close()


def test_code_scrolls_in_its_box_and_by_keys(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(120_000)  # others may be at work
    page.goto(f"{site}/09_newton.html")
    box = page.locator("pre").filter(has_text="def ").first
    page.wait_for_function("box => box.tabIndex === 0", arg=box.element_handle())
    assert box.evaluate("box => getComputedStyle(box).overflowX") == "auto"
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    context.close()


def test_the_first_page_is_ready_soon(browser, site):
    "Two seconds from a server beside it, with nothing in the cache; the best of some, others may be at work."
    if os.getloadavg()[0] > 2 * os.cpu_count():
        pytest.skip("the machine is busy: a time measured now would say nothing")
    took = []
    while len(took) < 6 and min(took, default=2000) >= 2000:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(f"{site}/index.html", wait_until="load")
        took.append(
            page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        )
        context.close()
    assert min(took) < 2000, took


def test_a_figure_to_turn_comes_once_it_is_in_view(browser, site):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{site}/03_masks.html", wait_until="load")
    assert page.evaluate("typeof Plotly") == "undefined"
    page.locator("#masks-sphere").scroll_into_view_if_needed()
    page.wait_for_selector("#masks-sphere .main-svg", state="attached")
    page.close()


@pytest.mark.parametrize("name", ["index.html", "03_masks.html", "engine/checks.html"])
def test_icons_show_from_a_folder_too(browser, book, name):
    "Each has a shape of its own in the font that the style sheet carries; a missing one would be an empty box."
    page = browser.new_page()
    page.goto((book / name).as_uri(), wait_until="load")
    page.evaluate("document.fonts.ready")
    loaded = "[...document.fonts].filter(one => one.status === 'loaded').map(one => one.family)"
    assert any("Awesome" in one for one in page.evaluate(loaded))
    icons = """[...document.querySelectorAll("i.fas, i.fa-solid")].filter(one => /fa-(?!solid|lg)/.test(one.className))
      .filter(one => !/^"[\ue000-\uf8ff]"$/.test(getComputedStyle(one, "::before").content)).map(one => one.className)"""
    assert page.locator("i.fas, i.fa-solid").count() > 5
    assert page.evaluate(icons) == []
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


@pytest.mark.parametrize("name", page_names())
def test_ids_differ(book, name):
    text = re.sub(r"<script.*?</script>", "", (book / name).read_text(), flags=re.S)
    ids = re.findall(r'<[^>]*\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), {one for one in ids if ids.count(one) > 1}
