"""Bounds on the prediction error: what is not prose in chapter 11."""

import numpy as np
import pytest

from fixntk.bounds import bound_coverage, effective_noise, lam_mean_for, noise_quantile, prediction_bound
from fixntk.data import gaussian_design
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem, group_norms
from fixntk.masks import Masks, sample_masks
from fixntk.newton import solve


@pytest.fixture(scope="module")
def design():
    rng = np.random.default_rng(0)
    X = gaussian_design(30, 3, rng=rng)
    return MaskedDesign(X, sample_masks(X, 60, rng=rng))


def test_effective_noise_is_the_worst_mask(design):
    eps = np.random.default_rng(1).standard_normal((3, design.n))
    direct = [2 / design.n * max(np.linalg.norm(design.block(i).T @ row) for i in range(design.p)) for row in eps]
    np.testing.assert_allclose(effective_noise(design, eps), direct)
    lam_max = GroupLassoProblem(design, eps[0], 1.0).lam_max
    np.testing.assert_allclose(effective_noise(design, eps[0]), lam_max / design.n)


def test_printed_theorem_fails_on_nearly_collinear_rows():
    n, t, rng = 100, 5.0, np.random.default_rng(2)
    base = rng.standard_normal(n)
    X = base / np.linalg.norm(base) + 1e-3 * rng.standard_normal((n, n))
    for _ in range(20):
        eps = rng.standard_normal(n)
        witness = np.linalg.solve(X, eps)
        pair = MaskedDesign(X, Masks.from_gates(X, [witness, -witness]))
        assert effective_noise(pair, eps) > t * np.linalg.norm(X) / n


@pytest.mark.parametrize("width", [0, 2])
def test_every_proved_strength_covers(design, width):
    rng, W, level, draws = np.random.default_rng(3), np.zeros((design.p, design.d)), 0.8, 400
    W[:width] = rng.standard_normal((width, design.d))
    strengths = [lam_mean_for(design, noise=0.5, level=level, method=m) for m in ("union", "concentration")]
    strengths.append(noise_quantile(design, noise=0.5, level=level, n_draws=draws, rng=rng))
    for lam_mean in strengths:
        found = bound_coverage(design, W, lam_mean, noise=0.5, n_draws=draws, n_fits=10, sharp=True, rng=rng)
        assert found.covered >= level - 3 * np.sqrt(2 * level * (1 - level) / draws)
        assert found.covered >= found.event and (width or found.covered == found.event)


def test_coverage_reports_a_strength_that_is_too_small(design):
    rng, W = np.random.default_rng(4), np.zeros((design.p, design.d))
    found = bound_coverage(design, W, 1e-3, noise=1.0, n_draws=20, rng=rng)
    assert found.covered == found.event == 0 and found.bound == 0


def test_bound_holds_above_the_effective_noise(design):
    rng = np.random.default_rng(5)
    W = np.zeros((design.p, design.d))
    W[:3] = rng.standard_normal((3, design.d))
    for _ in range(10):
        eps = rng.standard_normal(design.n)
        lam_mean = effective_noise(design, eps)
        fit = solve(GroupLassoProblem(design, design.predict(W) + eps, design.n * lam_mean), tol=1e-9)
        assert np.mean(design.predict(fit.W - W) ** 2) <= prediction_bound(lam_mean, W, sharp=True)
    np.testing.assert_allclose(prediction_bound(0.5, W), group_norms(W).sum())


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda d: noise_quantile(d, noise=-1, rng=np.random.default_rng(0)), "noise must be a positive number"),
        (lambda d: noise_quantile(d, noise=1, level=1.0, rng=np.random.default_rng(0)), "level must be below 1"),
        (
            lambda d: noise_quantile(d, noise=1, level=0.99, n_draws=50, rng=np.random.default_rng(0)),
            "n_draws must be at",
        ),
        (lambda d: lam_mean_for(d, noise=1, level=0.9, method="best"), "method must be one of"),
        (
            lambda d: bound_coverage(d, np.zeros((2, 2)), 1.0, noise=1, rng=np.random.default_rng(0)),
            "W must have shape",
        ),
        (lambda d: effective_noise(d, np.full(d.n, np.nan)), "eps must be finite"),
    ],
)
def test_bad_input_is_refused(design, call, words):
    with pytest.raises(ValueError, match=words):
        call(design)


def test_rng_must_be_a_generator(design):
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        noise_quantile(design, noise=1, rng=0)
