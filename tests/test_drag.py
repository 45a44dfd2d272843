"""The picture to drag: its numbers against the package, and how it takes mouse, touch, keys."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import far_down, opened_at
from scipy.optimize import nnls

from fixntk.cones import solve_relu
from fixntk.data import add_bias, toy_line
from fixntk.design import MaskedDesign, masking_kernels
from fixntk.group_lasso import GroupLassoProblem
from fixntk.kernels import kernel_ridge, ntk
from fixntk.masks import enumerate_masks
from fixntk.newton import solve
from fixntk.reweighting import irls
from fixntk.weights import exact_weights, weighted_ridge

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "nbs" / "_assets"
CHAPTERS = (
    "02_kernels 05_weights 06_group_lasso 07_mkl 08_reweighting 09_newton "
    "12_cones 13_figures"
).split()
PAGES = ["index.html", *(f"{name}.html" for name in CHAPTERS)]
CLOSE = dict(rtol=1e-8, atol=1e-8)


def unseen():
    "Ten data sets that no page shows, with strengths and rounds."
    rng = np.random.default_rng(20)
    for _ in range(10):
        x, y = rng.standard_normal((2, 5))
        yield x, y, float(10 ** rng.uniform(-2, 0.5)), int(rng.integers(0, 12))


@pytest.fixture(scope="module")
def engine(browser):
    "An empty page with the mathematics of the pictures."
    page = browser.new_page()
    page.add_script_tag(path=str(ASSETS / "kit.js"))
    yield page
    page.close()


def answers_in_page(engine, x, y, lam, rounds):
    call = "([x, y, lam, k]) => window.fixntkKit.compute(x, y, lam, k)"
    found = engine.evaluate(call, [list(x), list(y), lam, rounds])
    found["problem"], found["masks_here"], found["shares_here"] = ours(x, y, lam)
    here = [tuple(mask) for mask in found["masks_here"].patterns.T]
    found["order"] = [
        [tuple(p) for p in found["patterns"]].index(mask) for mask in here
    ]
    return found


def ours(x, y, lam):
    rows = add_bias(x[:, None])
    masks, shares = exact_weights(rows)
    return GroupLassoProblem(MaskedDesign(rows, masks), y, lam), masks, shares


def grades(found, problem, fit):
    "The gap and objective of the page's coefficients, as the package judges them."
    W = np.array(fit["W"])[found["order"]]
    np.testing.assert_allclose(fit["gap"], problem.gap(W), atol=1e-8)
    np.testing.assert_allclose(fit["objective"], problem.objective(W), **CLOSE)
    np.testing.assert_allclose(fit["f"], problem.design.predict(W), **CLOSE)


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_masks_kernels_and_fits_are_the_packages(engine, case):
    x, y, lam, rounds = case
    found = answers_in_page(engine, *case)
    problem, order = found["problem"], found["order"]
    assert len(order) == enumerate_masks(problem.design.X).p == 10
    shares = np.array(found["shares"])[order]
    np.testing.assert_allclose(shares, found["shares_here"], **CLOSE)
    np.testing.assert_allclose(found["H"], ntk(problem.design.X), **CLOSE)
    W = weighted_ridge(problem.design, y, found["shares_here"], lam / 2)
    np.testing.assert_allclose(np.array(found["tangent"]["W"])[order], W, **CLOSE)
    partly = irls(problem, start=found["shares_here"], max_iter=rounds + 1, tol=0)
    np.testing.assert_allclose(np.array(found["partly"]["W"])[order], partly.W, **CLOSE)
    gaps = [fit["gap"] for fit in found["reweighting"][: rounds + 1]]
    np.testing.assert_allclose(gaps, partly.history["gap"], atol=1e-8)
    for fit in [found["fixed"], *found["reweighting"], *found["newton"]]:
        grades(found, problem, fit)


def is_unique(problem, best):
    "Whether the images D_i X X'D_i z of the masks at the limit are independent."
    z = problem.dual_point(best.W)
    slopes = problem.design.correlate(z)
    tight = np.linalg.norm(slopes, axis=1) > problem.lam * (1 - 1e-7)
    images = problem.design.images(slopes / problem.lam)[tight]
    sizes = np.linalg.svd(images, compute_uv=False)
    return len(images) <= 5 and sizes[-1] > 1e-7 * sizes[0]


def test_most_of_the_unseen_have_one_best_mixture():
    problems = [ours(x, y, lam)[0] for x, y, lam, _ in unseen()]
    unique = [is_unique(problem, solve(problem, tol=1e-14)) for problem in problems]
    assert 6 <= sum(unique) < 10


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_the_fixed_fit_is_the_optimum(engine, case):
    found = answers_in_page(engine, *case)
    problem, fixed = found["problem"], found["fixed"]
    best = solve(problem, tol=1e-14)
    assert fixed["gap"] < 1e-12
    np.testing.assert_allclose(fixed["objective"], best.objective, **CLOSE)
    np.testing.assert_allclose(fixed["f"], problem.design.predict(best.W), **CLOSE)
    weights = np.array(fixed["weights"])[found["order"]]
    np.testing.assert_allclose(weights.sum(), best.weights.sum(), **CLOSE)
    if is_unique(problem, best):  # several mixtures may be best; then both are
        np.testing.assert_allclose(weights, best.weights, atol=1e-8)
    objectives = [fit["objective"] for fit in found["reweighting"]]
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(objectives))


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_the_relu_optimum_is_the_packages(engine, case):
    found = answers_in_page(engine, *case)
    problem, relu = found["problem"], found["relu"]
    best = solve_relu(problem, tol=1e-10)
    np.testing.assert_allclose(relu["objective"], best.objective, rtol=1e-8)
    parts = [np.array(relu[k])[found["order"]] for k in ("positive", "negative")]
    signs = 2.0 * problem.design.masks.patterns.T - 1
    for part in parts:  # each line stays in the cone of its mask
        assert (signs * (part @ problem.design.X.T)).min() > -1e-12
    np.testing.assert_allclose(
        relu["f"], problem.design.predict(parts[0] - parts[1]), **CLOSE
    )
    assert relu["gap"] < 1e-11


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_newton_steps_go_to_the_minimum_of_the_model(engine, case):
    "At the weights of each step, by the derivatives and the quadratic program of ours."
    x, y, lam, _ = case
    found = answers_in_page(engine, *case)
    design, full = found["problem"].design, 0
    kernels, order = masking_kernels(design), found["order"]
    used = [np.array(fit["used"])[order] for fit in found["newton"]]
    np.testing.assert_allclose(used[0], found["shares_here"], **CLOSE)
    for now, new in pairwise(used):
        A = np.tensordot(now, kernels, 1) + lam / 2 * np.eye(5)
        alpha = np.linalg.solve(A, y)
        V = (kernels @ alpha).T
        Q, slope = 2 * V.T @ np.linalg.solve(A, V), 1 - alpha @ V
        damped = Q + 1e-11 * np.diag(Q).max() * np.eye(len(Q))
        model = lambda w: (slope + Q @ (w - now) / 2) @ (w - now)
        best = nnls_quadratic(damped, Q @ now - slope)
        scale = y @ alpha + now.sum()  # what rounding is a share of
        if abs(model(new) - model(best)) < 1e-8 * scale:
            full += 1
        else:  # a shorter step along the same line, or a round of reweighting
            assert value_at(kernels, y, lam, new) < scale * (1 + 1e-12)
    assert full >= 3


def value_at(kernels, y, lam, weights):
    A = np.tensordot(weights, kernels, 1) + lam / 2 * np.eye(5)
    return y @ np.linalg.solve(A, y) + weights.sum()


def nnls_quadratic(Q, b):
    "The minimum of t'Qt / 2 - b't over t >= 0, by SciPy."
    L = np.linalg.cholesky(Q)
    return nnls(L.T, np.linalg.solve(L, b), maxiter=1000)[0]


def test_curves_average_the_gates_of_each_mask(engine):
    x, y, lam, _ = next(unseen())
    found = answers_in_page(engine, x, y, lam, 3)
    rows = found["problem"].design.X
    alpha = kernel_ridge(ntk(rows), y, lam / 2)
    call = "([r, fit, v]) => window.fixntkKit.answer(r.masks, fit.W, v)"
    slim = {key: found[key] for key in ("masks", "tangent", "partly")}
    W = np.array(found["partly"]["W"])[found["order"]]
    for new in (-2.0, -0.3, 0.7, 3.0):
        at = np.array([[new, 1.0]])
        curve = engine.evaluate(call, [slim, slim["tangent"], new])
        np.testing.assert_allclose(curve, ntk(at, rows) @ alpha, **CLOSE)
        finer, shares = exact_weights(np.vstack([rows, at]))
        inside = finer.patterns[:5, :, None] == found["masks_here"].patterns[:, None]
        inside = inside.all(0) * shares[:, None]
        passed = (finer.patterns[5] @ inside) / inside.sum(0)
        curve = engine.evaluate(call, [slim, slim["partly"], new])
        np.testing.assert_allclose(curve, passed @ (W @ at[0]), **CLOSE)


def test_points_on_one_place_and_zero_targets_are_taken(engine):
    call = "([x, y]) => window.fixntkKit.compute(x, y, 0.1, 2)"
    twice = engine.evaluate(call, [[0, 0, 1, 2, 3], [1, -1, 0, 2, 1]])
    assert len(twice["patterns"]) == 8 and twice["fixed"]["gap"] < 1e-12
    nothing = engine.evaluate(call, [[0, 1, 2, 3, 4], [0] * 5])
    assert nothing["fixed"]["objective"] == 0 == nothing["relu"]["gap"]


def test_the_still_figure_shows_the_same_points():
    import draw_drag

    script = (ASSETS / "drag.js").read_text()
    for name, values in (("X", draw_drag.X[:, 0]), ("Y", draw_drag.Y)):
        found = re.search(rf"\b{name} = \[([^\]]+)\]", script)[1]
        np.testing.assert_array_equal([float(v) for v in found.split(",")], values)


# What the chapters say beside the picture, at its five points.


def at_lam(lam, height=None):
    x, y = toy_line(5, rng=np.random.default_rng(0))
    y[3] = y[3] if height is None else height
    problem, _, shares = ours(x[:, 0], y, lam)
    return x[:, 0], y, problem, shares


def test_the_chapters_show_their_five_points():
    x, y, *_ = at_lam(0.1)
    for name in CHAPTERS[1:]:
        text = (ROOT / "nbs" / f"{name}.ipynb").read_text()
        for key, values in (("x", x), ("y", y)):
            lists = re.findall(rf'data-{key}=\\"([-.\d ]+)\\"', text)
            (found,) = [numbers for numbers in lists if len(numbers.split()) == 5]
            np.testing.assert_allclose(
                np.array(found.split(), float), values, atol=6e-9
            )


def test_what_weights_and_group_lasso_say():
    x, y, problem, shares = at_lam(0.1)
    assert (
        abs(np.sort(shares)[-2:] - 1 / 3).max() < 0.003
        and 0.0032 < shares.min() < 0.0034
    )
    assert round(x[3] - x[2], 2) == 0.02 and round(y[2] - y[3], 2) == 1.65
    first = irls(problem, start=shares, max_iter=1, tol=0)
    np.testing.assert_allclose([first.objective, first.gap], [1.646, 0.88], atol=2e-3)
    np.testing.assert_allclose(first.objective * (1 - first.gap), 0.1955, atol=5e-5)
    used = [np.sum(solve(at_lam(lam)[2], tol=1e-12).weights > 0) for lam in (0.1, 1)]
    assert used == [4, 2] and round(problem.lam_max, 2) == 5.25
    assert round(solve(problem, tol=1e-12).objective, 3) == 0.282


def test_what_newton_says(engine):
    call = "([x, y, lam]) => { const r = window.fixntkKit.compute(x, y, lam, 0); return [r.newton, r.reweighting].map(run => run.map(fit => fit.gap)); }"
    for lam, steps in ((0.1, 12), (1.0, 8)):
        x, y, problem, shares = at_lam(lam)
        newton, turns = engine.evaluate(call, [list(x), list(y), lam])
        assert newton[steps] < 1e-12 < newton[steps - 1]
        again = irls(problem, start=shares, max_iter=41, tol=0).history["gap"]
        np.testing.assert_allclose(turns, again, atol=1e-8)
        assert turns[40] > 1e-4
        if lam == 0.1:
            assert all(a < b for a, b in zip(turns[1:8], newton[1:8]))
            assert newton[8] < turns[8]


def test_what_cones_says():
    for lam, height, ratio in ((0.1, None, 6.9), (0.1, 0.9, 2.6), (4.0, None, 1.03)):
        *_, problem, _ = at_lam(lam, height)
        gated, relu = solve(problem, tol=1e-10), solve_relu(problem, tol=1e-9)
        assert abs(relu.objective / gated.objective / ratio - 1) < 0.01
        if ratio == 6.9:
            off = problem.design.predict(relu.positive - relu.negative) - problem.y
            assert round(np.abs(off).max(), 1) == 0.9


def test_above_lam_max_all_is_zero(engine):
    x, y, *_ = at_lam(1.0)
    call = "([x, y]) => window.fixntkKit.compute(x, y, 5.3, 0)"
    found = engine.evaluate(call, [list(x), list(y)])
    assert not np.any(found["fixed"]["weights"]) and found["fixed"]["gap"] < 1e-12
    for fit in (found["fixed"], found["relu"]):
        np.testing.assert_allclose(fit["objective"], y @ y, rtol=1e-9)


# The picture on its pages.


SCROLL = "host => host.scrollIntoView({ behavior: 'instant' })"
RESTS = """() => {
  const now = document.querySelector(".fd-point").getBoundingClientRect().top;
  const rests = now === window.before;
  window.before = now;
  return rests;
}"""


def opened(browser, site, name="index.html", near=True, **how):
    "A page with its picture near, and what went wrong on it."
    page, faults = opened_at(browser, f"{site}/{name}", **how)
    if near:
        page.locator(".fixntk-drag").evaluate(SCROLL)
        page.wait_for_selector(".fixntk-drag .fd-point")
        page.evaluate("window.MathJax?.startup?.promise")  # formulas move what is below
        page.locator(".fixntk-drag").evaluate(SCROLL)
        page.wait_for_function(RESTS, polling=200)
    return page, faults


def state(page):
    return page.evaluate("document.querySelector('.fixntk-drag').fixntk.state")


@pytest.mark.parametrize("name", PAGES)
def test_it_stands_on_the_page_without_a_fault(browser, site, name):
    page, faults = opened(browser, site, name)
    assert page.locator(".fd-point").count() == 5
    assert page.locator(".fixntk-replaced").count() == 1
    assert not page.locator(".fixntk-replaced").is_visible()
    assert "gap" in page.locator(".fd-says").inner_text() and not faults
    page.context.close()


def test_from_a_file_too(browser, book):
    page, faults = opened(browser, book.as_uri())
    assert page.locator(".fd-point").count() == 5
    others = r"font|ERR_FAILED"  # the theme's icons
    assert not [fault for fault in faults if not re.search(others, fault)]
    page.context.close()


def test_nothing_loads_before_it_is_near(browser, site):
    asked = []
    context = browser.new_context(viewport={"width": 1280, "height": 600})
    far_down(context)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/08_reweighting.html", wait_until="networkidle")
    assert not [url for url in asked if re.search(r"(drag|kit)\.(js|css)", url)]
    page.locator(".fixntk-drag").evaluate("host => host.scrollIntoView()")
    page.wait_for_selector(".fd-point")
    assert len([url for url in asked if re.search(r"(drag|kit)\.(js|css)", url)]) == 3
    page.goto(f"{site}/03_masks.html")
    assert "kit.js" not in page.content()
    context.close()


def test_without_scripts_a_figure_stands(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/index.html")
    still = page.locator(".fixntk-drag + figure")
    assert still.is_visible() and "scripts" in still.locator("figcaption").inner_text()
    assert len(still.locator("img").get_attribute("alt")) > 80
    context.close()


def centre(page, index):
    box = page.locator(".fd-dot").nth(index).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_mouse(browser, site):
    page, faults = opened(browser, site)
    before, (x, y) = state(page), centre(page, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 40, steps=4)
    page.mouse.up()
    after = state(page)
    assert after["x"][1] > before["x"][1] and after["y"][1] < before["y"][1]
    np.testing.assert_allclose(centre(page, 1), (x + 30, y + 40), atol=1.5)
    page.mouse.move(x, y)
    assert state(page) == after and not faults
    page.context.close()


def test_touch(browser, site):
    page, faults = opened(
        browser, site, viewport={"width": 390, "height": 844}, has_touch=True
    )
    before, (x, y) = state(page), centre(page, 3)
    touch = page.context.new_cdp_session(page)
    for kind, by in (("Start", 0), ("Move", 10), ("Move", 40)):
        at = {"type": f"touch{kind}", "touchPoints": [{"x": x, "y": y - by}]}
        touch.send("Input.dispatchTouchEvent", at)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert state(page)["y"][3] > before["y"][3] + 0.3 and not faults
    page.context.close()


def test_keys(browser, site):
    page, faults = opened(browser, site)
    before = state(page)
    page.locator(".fd-point").nth(2).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    after = state(page)
    np.testing.assert_allclose(after["y"][2], before["y"][2] + 0.05)
    np.testing.assert_allclose(after["x"][2], before["x"][2] - 0.25)
    said = page.locator(".fd-point").nth(2).get_attribute("aria-valuetext")
    assert said == f"x {after['x'][2]:.2f}, y {after['y'][2]:.2f}"
    page.get_by_role("slider", name="lam").focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["lam"] > before["lam"]
    page.get_by_role("button", name="one step").press("Enter")
    page.get_by_role("combobox", name="method").select_option("newton")
    assert (state(page)["steps"], state(page)["way"]) == (4, "newton")
    assert "Newton" in page.locator(".fd-says").inner_text()
    page.get_by_role("button", name="reset").click()
    assert state(page) == before and not faults
    page.context.close()


CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (c) => parse(c).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const page = getComputedStyle(document.body).backgroundColor, found = {};
  for (const [name, what] of [["svg text", "fill"], [".fd-line.fd-tangent", "stroke"], [".fd-line.fd-partly", "stroke"],
    [".fd-line.fd-fixed", "stroke"], [".fd-line.fd-relu", "stroke"], [".fd-dot", "fill"], [".fd-says", "color"], [".fd-help", "color"]])
    found[name] = ratio(getComputedStyle(document.querySelector(".fixntk-drag " + name))[what], page);
  const button = getComputedStyle(document.querySelector(".fixntk-drag button"));
  found.button = ratio(button.color, button.backgroundColor);
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_readable_in_both_themes_and_sizes(browser, site, theme, width):
    size = {"width": width, "height": 844}
    page, faults = opened(browser, site, viewport=size, color_scheme=theme)
    assert page.locator("html").get_attribute("data-theme") == theme
    ratios = page.evaluate(CONTRAST)
    assert min(ratios.values()) > 4.5, ratios
    over = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(over) <= 0 and not faults
    inside = "host => host.scrollWidth - host.clientWidth"
    assert page.locator(".fixntk-drag").evaluate(inside) <= 0
    page.context.close()
