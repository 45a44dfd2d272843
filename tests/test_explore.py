"""The hull to turn and the strengths of the Wisconsin table: numbers, mouse, touch, keys."""

from pathlib import Path

import numpy as np
import pytest

from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.kernels import ntk
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
