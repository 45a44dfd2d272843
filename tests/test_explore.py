"""The hull to turn and the strengths of the Wisconsin table: numbers, mouse, touch, keys."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import far_down, opened_at
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from fixntk.data import add_bias, wisconsin
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.kernels import kernel_ridge, ntk
from fixntk.masks import sample_masks
from fixntk.mkl import optimal_weights
from fixntk.newton import solve
from fixntk.reweighting import irls
from fixntk.weights import exact_weights

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "nbs" / "_assets"
CLOSE = dict(rtol=1e-8, atol=1e-8)
ORDER = [(True, True), (True, False), (False, True), (False, False)]


@pytest.fixture(scope="module")
def engine(browser):
    "An empty page with the scripts of the pictures."
    page = browser.new_page()
    for name in ("kit", "hull", "strength"):
        page.add_script_tag(path=str(ASSETS / f"{name}.js"))
    yield page
    page.close()


def two_samples(angle, y, lam):
    "The problem, its masks in the order of the page, and their weights."
    turn = np.deg2rad(angle)
    X = np.array([[1.0, 0.0], [np.cos(turn), np.sin(turn)]])
    masks, shares = exact_weights(X)
    here = [tuple(p) for p in masks.patterns.T]
    order = [here.index(pattern) for pattern in ORDER]
    return GroupLassoProblem(MaskedDesign(X, masks), y, lam), order, shares


def unseen():
    "Ten pairs of samples that no page shows."
    rng = np.random.default_rng(53)
    for _ in range(10):
        y, angle = rng.uniform(-4, 4, 2), rng.uniform(15, 165)
        yield float(angle), y, float(10 ** rng.uniform(-2, 0.4))


def entries(K):
    return [K[0, 0], K[1, 1], K[0, 1]]


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_the_hull_is_the_packages(engine, case):
    angle, y, lam = case
    call = "([angle, y, lam]) => window.fixntkKit.hull(angle, y, lam)"
    found = engine.evaluate(call, [angle, list(y), lam])
    problem, order, shares = two_samples(*case)
    design = problem.design
    np.testing.assert_allclose(found["shares"], shares[order], **CLOSE)
    np.testing.assert_allclose(found["tangent"], entries(ntk(design.X)), **CLOSE)
    for i, corner in zip(order, found["corners"]):
        one = design.kernel(np.eye(4)[i])
        np.testing.assert_allclose(corner, entries(one), **CLOSE)
    run = irls(problem, start=shares, max_iter=61, tol=0, keep_weights=True)
    weights = np.array(run.details["weights"])
    for k, old in enumerate(weights):
        part = old / old.sum()
        np.testing.assert_allclose(found["way"][k], part[order], **CLOSE)
        kernel = entries(design.kernel(part))
        np.testing.assert_allclose(found["kernels"][k], kernel, **CLOSE)
        turn = found["turns"][k]
        objective, gap = run.history["objective"][k], run.history["gap"][k]
        np.testing.assert_allclose(turn["objective"], objective, **CLOSE)
        np.testing.assert_allclose(turn["gap"], gap, atol=1e-8)


@pytest.mark.parametrize("case", list(unseen()), ids=range(10))
def test_the_best_mixture_is_the_packages(engine, case):
    angle, y, lam = case
    call = "([angle, y, lam]) => window.fixntkKit.hull(angle, y, lam)"
    found = engine.evaluate(call, [angle, list(y), lam])
    problem, order, _ = two_samples(*case)
    best = solve(problem, tol=1e-14)
    assert found["fixed"]["gap"] < 1e-12
    np.testing.assert_allclose(found["fixed"]["objective"], best.objective, **CLOSE)
    shares = optimal_weights(best.W)
    np.testing.assert_allclose(found["best"], shares[order], atol=1e-8)
    kernel = entries(problem.design.kernel(shares))
    np.testing.assert_allclose(found["goal"], kernel, atol=1e-8)


def test_above_lam_max_there_is_no_mixture(engine):
    problem, *_ = two_samples(60, [4.0, 1.0], 1.0)
    call = "lam => window.fixntkKit.hull(60, [4, 1], lam).best"
    assert engine.evaluate(call, 1.001 * problem.lam_max) is None
    assert engine.evaluate(call, 0.99 * problem.lam_max) is not None


# The strengths of the Wisconsin table.


def columns():
    table = ROOT / "nbs" / "results" / "wisconsin_lam.csv"
    return np.genfromtxt(table, delimiter=",", names=True)


def test_one_strength_of_the_table_is_found_again():
    "On one fold, by the steps that the engine room names."
    X, y = wisconsin()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    kept, place = columns(), 7
    for k, (train, test) in enumerate(folds.split(X, y)):
        if k not in (1, 4):
            continue
        scale = StandardScaler().fit(X[train])
        A, B = (add_bias(scale.transform(X[rows])) for rows in (train, test))
        masks = sample_masks(A, 1000, rng=np.random.default_rng(k))
        design = MaskedDesign(A, masks)
        lam_max = GroupLassoProblem(design, y[train], 1.0).lam_max
        lam = kept["lam_ratio"][place] * lam_max
        found = solve(GroupLassoProblem(design, y[train], lam), tol=1e-8)
        tangent = ntk(B, A) @ kernel_ridge(ntk(A), y[train], lam / 2)
        seen = [np.mean(np.sign(f) == y[test]) for f in (found.predict(B), tangent)]
        seen.append(np.count_nonzero(found.weights))
        for name, value in zip(("fixed", "tangent", "masks"), seen):
            slack = 1 if name == "masks" else 1 / 113  # a mask, a sample
            low, high = (kept[f"{name}_{end}"][place] for end in ("low", "high"))
            assert low - slack <= value <= high + slack
        assert found.gap <= 1e-8 and kept["gap"].max() <= 1e-8


# Both pictures on their pages.


SCROLL = "host => host.scrollIntoView({ behavior: 'instant' })"
PICTURES = {"hull": "07_mkl.html", "strength": "15_estimators.html"}
FIGURES = {"hull": "fig-weights-hull", "strength": "fig-estimators-lam"}


def opened(browser, site, kind, **how):
    "A page with its picture in sight, and what went wrong on it."
    page, faults = opened_at(browser, f"{site}/{PICTURES[kind]}", **how)
    host = page.locator(f".fixntk-{kind}")
    host.evaluate(SCROLL)
    page.wait_for_selector(f".fixntk-{kind} .fd-says")
    page.evaluate("window.MathJax?.startup?.promise")  # formulas move what is below
    page.wait_for_timeout(300)
    host.evaluate(SCROLL)
    return page, host, faults


def now(host):
    return host.evaluate("host => host.fixntk.state")


@pytest.mark.parametrize("kind", PICTURES)
def test_it_takes_the_place_of_its_figure(browser, site, kind):
    page, host, faults = opened(browser, site, kind)
    assert not page.locator(f"#{FIGURES[kind]}").is_visible() and not faults
    assert host.locator("svg").first.is_visible()
    page.context.close()


@pytest.mark.parametrize("kind", PICTURES)
def test_without_scripts_its_figure_stands(browser, site, kind):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{PICTURES[kind]}")
    still = page.locator(f"#{FIGURES[kind]}")
    assert still.is_visible() and len(still.locator("figcaption").inner_text()) > 100
    assert len(still.locator("img").get_attribute("alt")) > 60
    context.close()


@pytest.mark.parametrize("kind", PICTURES)
def test_nothing_of_it_loads_before_it_is_near(browser, site, kind):
    context, asked = browser.new_context(viewport={"width": 1280, "height": 600}), []
    far_down(context)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url.split("/")[-1]))
    page.goto(f"{site}/{PICTURES[kind]}", wait_until="networkidle")
    assert f"{kind}.js" not in asked and "kit.js" not in asked
    page.locator(f".fixntk-{kind}").evaluate(SCROLL)
    page.wait_for_selector(f".fixntk-{kind} .fd-says")
    assert asked.count(f"{kind}.js") == asked.count("kit.js") == 1
    context.close()


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_hull_turns_by_mouse_and_keys(browser, site):
    page, host, faults = opened(browser, site, "hull")
    view, before = host.locator(".fh-view"), now(host)
    x, y = middle(view)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    turned = now(host)
    np.testing.assert_allclose(turned["turn"], before["turn"] + 30)
    np.testing.assert_allclose(turned["tilt"], before["tilt"] + 10)
    page.mouse.move(x, y)
    assert now(host) == turned
    view.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    np.testing.assert_allclose(now(host)["turn"], turned["turn"] - 5)
    np.testing.assert_allclose(now(host)["tilt"], turned["tilt"] - 15)
    words = f"turned {turned['turn'] - 5:.0f} degrees, tilted {turned['tilt'] - 15:.0f}"
    assert view.get_attribute("aria-valuetext").startswith(words)
    host.get_by_role("button", name="reset").click()
    assert now(host) == before and not faults
    page.context.close()


def test_the_hull_turns_by_touch(browser, site):
    size = dict(viewport={"width": 390, "height": 844}, has_touch=True)
    page, host, faults = opened(browser, site, "hull", **size)
    before, (x, y) = now(host), middle(host.locator(".fh-view"))
    touch = page.context.new_cdp_session(page)
    for kind, by in (("Start", 0), ("Move", 15), ("Move", 40), ("Move", 80)):
        at = {"type": f"touch{kind}", "touchPoints": [{"x": x + by, "y": y}]}
        touch.send("Input.dispatchTouchEvent", at)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert now(host)["turn"] > before["turn"] + 20 and not faults
    page.context.close()


def test_what_the_page_says_about_the_hull(browser, site):
    page, host, faults = opened(browser, site, "hull")
    best = "host => host.fixntk.result.best"
    np.testing.assert_allclose(host.evaluate(best), [2 / 3, 1 / 3, 0, 0], atol=1e-9)
    first, second = (
        host.get_by_role("slider", name=re.compile(name))
        for name in ("first target", "second target")
    )
    angle = host.get_by_role("slider", name=re.compile("angle"))
    both, apart = [1, 0, 0, 0], [0, 0.5, 0.5, 0]
    for y, at, shares in ((2, 60, both), (-2, 50, apart), (-2, 70, both)):
        first.fill("2")
        second.fill(str(y))
        angle.fill(str(at))
        np.testing.assert_allclose(host.evaluate(best), shares, atol=1e-9)
    tangent = "host => host.fixntk.result.tangent"
    before = host.evaluate(tangent)
    host.get_by_role("button", name="one step").press("Enter")
    assert now(host)["steps"] == 2 and "Step 2" in host.locator(".fd-says").inner_text()
    assert host.evaluate(tangent) == before
    angle.fill("90")
    assert host.evaluate(tangent) != before and not faults
    page.context.close()


def test_the_page_has_the_numbers_of_the_table(browser, site):
    page, host, faults = opened(browser, site, "strength")
    kept, shown = columns(), host.evaluate("host => host.fixntk.table")
    assert set(shown) == set(kept.dtype.names)
    for name in shown:
        np.testing.assert_array_equal(shown[name], kept[name][::-1])
    for button, column in (("fixed", "fixed"), ("tangent", "tangent")):
        host.get_by_role("button", name=re.compile(button)).click()
        at = len(kept) - 1 - now(host)["at"]
        assert kept[column][at] == kept[column].max()
        said = host.locator(".fd-says").inner_text()
        for value in (kept["fixed"][at], kept["tangent_low"][at]):
            assert f"{value:.3f}" in said
        assert f"{kept['masks'][at]:.0f} masks" in said and "gap" in said
    assert not faults
    page.context.close()


def test_strengths_by_mouse_keys_and_touch(browser, site):
    page, host, faults = opened(browser, site, "strength", has_touch=True)
    slider, plot = host.get_by_role("slider"), host.locator(".fs-plot").first
    at = now(host)["at"]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert now(host)["at"] == at - 1
    assert slider.get_attribute("aria-valuetext").startswith("lam is ")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 100, steps=3)
    page.mouse.up()
    assert now(host)["at"] == len(columns()) - 1
    page.touchscreen.tap(box["x"] + 46, box["y"] + 100)
    assert now(host)["at"] == 0 and not faults
    page.context.close()


CONTRAST = """([kind, names]) => {
  const light = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$|transparent/.test(color)) return color;
    }
  };
  const found = {};
  for (const [name, what] of names) {
    const element = document.querySelector(`.fixntk-${kind} ${name}`);
    found[name] = ratio(getComputedStyle(element)[what], behind(element));
  }
  return found;
}"""
DRAWN = {
    "hull": [[".fh-edge", "stroke"], [".fh-hidden", "stroke"], [".fh-now", "stroke"]],
    "strength": [[".fd-line.fd-tangent", "stroke"], [".fd-line.fd-fixed", "stroke"]],
}
WORDS = [["svg text", "fill"], [".fd-says", "color"], [".fd-help", "color"]]
WORDS += [["label", "color"], ["button", "color"]]


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_readable_in_both_themes_and_sizes(browser, site, kind, theme, width):
    size = dict(viewport={"width": width, "height": 844}, color_scheme=theme)
    page, host, faults = opened(browser, site, kind, **size)
    assert page.locator("html").get_attribute("data-theme") == theme
    ratios = page.evaluate(CONTRAST, [kind, WORDS + DRAWN[kind]])
    assert min(ratios.values()) > 4.5, ratios
    over = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(over) <= 0 and not faults
    assert host.evaluate("host => host.scrollWidth - host.clientWidth") <= 0
    page.context.close()
