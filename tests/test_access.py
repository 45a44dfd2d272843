"""Every page of the book, light and dark, as axe-core judges it: nothing serious in the way of any reader."""

from pathlib import Path

import pytest
from conftest import page_names

# Two elements of one structure, with the same names and the same colours in both themes, need one check; a whole
# page would take axe half a minute. Everything folded is unfolded first; formulas are checked on three pages.
KEEP_NEW = r"""
seen => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll(".toggle-hidden")) one.classList.remove("toggle-hidden");
  const known = new Set(seen), fresh = [], drop = [], looks = new Map();
  const skip = /^(SCRIPT|STYLE|svg)$/, named = "a, button, summary, label, th, caption, figcaption, h1, h2, h3";
  function look(element, ground) {
    if (skip.test(element.tagName)) return;
    const style = getComputedStyle(element), own = style.backgroundColor;
    if (!/, 0\)$/.test(own)) ground = own;
    let text = style.display + style.visibility;
    if ([...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
      text += [style.color, ground, style.fontSize, style.fontWeight, style.textDecorationLine, style.opacity];
    if (/auto|scroll/.test(style.overflowX + style.overflowY) &&
        (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight)) text += "scrolls";
    looks.set(element, (looks.get(element) || "") + text);
    for (const child of element.children) look(child, ground);
  }
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = theme;
    look(document.body, "none");
  }
  const names = new Map();  // long signature -> short one, on this page
  function sign(element) {
    if (skip.test(element.tagName)) return element.tagName;
    const parts = [element.tagName, looks.get(element)];
    for (const {name, value} of element.attributes) {
      if (/^(aria-|role$|tabindex$|type$|scope$|lang$)/.test(name)) parts.push(name + "=" + value);
      else if (/^(href|src|alt|title|for|name)$/.test(name)) parts.push(name + !!value);
      if (name === "aria-label") parts.push(element.textContent.trim().slice(0, 60));
    }
    parts.push("[" + [...new Set([...element.children].map(sign))].sort().join() + "]");
    const whole = parts.join();
    if (!names.has(whole)) {
      let one = 5381, two = 52711;
      for (let i = 0; i < whole.length; i++) {
        one = Math.imul(one, 33) ^ whole.charCodeAt(i); two = Math.imul(two, 31) + whole.charCodeAt(i) | 0;
      }
      names.set(whole, (one >>> 0).toString(36) + (two >>> 0).toString(36));
    }
    const name = names.get(whole);
    if (known.has(name)) drop.push(element);
    else { known.add(name); fresh.push(name); }
    return name;
  }
  sign(document.body);
  for (const element of drop) if (!element.matches("body, main, h1, dt, dd, tr:first-child") && !element.parentElement?.closest(named)) element.remove();
  return fresh;
}
"""
AXE = """
([theme, only]) => {
  document.documentElement.dataset.theme = theme;
  return axe.run(document, {resultTypes: ["violations"], elementRef: false, runOnly: only}).then(found => found.violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .flatMap(one => one.nodes.map(node =>
      theme + " " + one.id + ": " + node.html.slice(0, 200) + " " + node.failureSummary.slice(0, 300))));
}
"""
RULES = "wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice experimental".split()
STILL = "document.head.insertAdjacentHTML('beforeend', '<style>* { transition: none !important; animation: none !important }</style>')"
FORMULAS = ("02_kernels.html", "13_figures.html", "12_cones.html")


@pytest.fixture(scope="module")
def axe():
    folder = Path(pytest.importorskip("axe_playwright_python").__file__).parent
    return (folder / "axe.min.js").read_text()


def test_no_page_stands_in_a_readers_way(browser, site, book, axe):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)  # others may be at work
    page, seen, faults = context.new_page(), [], []
    for name in page_names(book):
        page.unroute_all()
        if name not in FORMULAS:
            page.route("**/mathjax/**", lambda route: route.abort())
        page.goto(f"{site}/{name}", wait_until="load")
        if name in FORMULAS:
            page.wait_for_function("window.MathJax?.startup?.promise")
            page.evaluate("MathJax.startup.promise")
        page.evaluate(STILL)
        seen += page.evaluate(KEEP_NEW, seen)
        page.evaluate(axe)
        for theme, rules in ("dark", RULES), ("light", ["color-contrast"]):
            found = page.evaluate(AXE, [theme, rules])
            faults += [f"{name}: {fault}" for fault in found]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", ["index.html", "07_mkl.html"])
def test_the_picture_to_drag_is_for_every_reader(browser, site, axe, name):
    "It comes only near the screen, and is judged there, as it stands."
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(f"{site}/{name}", wait_until="load")
    page.locator(".fixntk-drag").first.scroll_into_view_if_needed()
    page.wait_for_selector(".fixntk-drag .fd-panel svg")
    page.evaluate(STILL)
    page.evaluate(axe)
    part = AXE.replace("axe.run(document", "axe.run('.fixntk-drag'")
    faults = [
        one
        for theme in ("light", "dark")
        for one in page.evaluate(part, [theme, RULES])
    ]
    page.close()
    assert not faults, "\n".join(faults)
