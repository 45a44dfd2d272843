"""Bounds on the prediction error: what is not prose in chapter 11."""

import numpy as np
import pytest

from fixntk.bounds import (
    bound_coverage,
    effective_noise,
    lam_mean_for,
    noise_quantile,
    prediction_bound,
)
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
    direct = [
        2
        / design.n
        * max(np.linalg.norm(design.block(i).T @ row) for i in range(design.p))
        for row in eps
    ]
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
    rng, W, level, draws = (
        np.random.default_rng(3),
        np.zeros((design.p, design.d)),
        0.8,
        400,
    )
    W[:width] = rng.standard_normal((width, design.d))
    strengths = [
        lam_mean_for(design, noise=0.5, level=level, method=m)
        for m in ("union", "concentration")
    ]
    strengths.append(
        noise_quantile(design, noise=0.5, level=level, n_draws=draws, rng=rng)
    )
    for lam_mean in strengths:
        found = bound_coverage(
            design,
            W,
            lam_mean,
            noise=0.5,
            n_draws=draws,
            n_fits=10,
            sharp=True,
            rng=rng,
        )
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
        fit = solve(
            GroupLassoProblem(design, design.predict(W) + eps, design.n * lam_mean),
            tol=1e-9,
        )
        assert np.mean(design.predict(fit.W - W) ** 2) <= prediction_bound(
            lam_mean, W, sharp=True
        )
    np.testing.assert_allclose(prediction_bound(0.5, W), group_norms(W).sum())


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda d: noise_quantile(d, noise=-1, rng=np.random.default_rng(0)),
            "noise must be a positive number",
        ),
        (
            lambda d: noise_quantile(
                d, noise=1, level=1.0, rng=np.random.default_rng(0)
            ),
            "level must be below 1",
        ),
        (
            lambda d: noise_quantile(
                d, noise=1, level=0.99, n_draws=50, rng=np.random.default_rng(0)
            ),
            "n_draws must be at",
        ),
        (
            lambda d: lam_mean_for(d, noise=1, level=0.9, method="best"),
            "method must be one of",
        ),
        (
            lambda d: bound_coverage(
                d, np.zeros((2, 2)), 1.0, noise=1, rng=np.random.default_rng(0)
            ),
            "W must have shape",
        ),
        (lambda d: effective_noise(d, np.full(d.n, np.nan)), "eps must be finite"),
    ],
)
def test_bad_input_is_refused(design, call, words):
    with pytest.raises(ValueError, match=words):
        call(design)


def test_eps_is_converted_like_every_input(design):
    rows = np.random.default_rng(6).integers(-3, 4, size=(2, design.n))
    np.testing.assert_allclose(
        effective_noise(design, rows.astype(np.int8)),
        effective_noise(design, rows.astype(float)),
    )
    np.testing.assert_allclose(
        effective_noise(design, rows[0].tolist()),
        effective_noise(design, rows.astype(float))[0],
    )
    hidden = np.ma.masked_array(np.ones(design.n), np.arange(design.n) == 3)
    dates = np.full(design.n, "2020-01-01", dtype="M8[D]")
    for wrong in (
        hidden,
        dates,
        np.full(design.n, "1_0"),
        np.ones(design.n) * 1j,
        None,
    ):
        with pytest.raises(TypeError, match="eps must"):
            effective_noise(design, wrong)
    for wrong in (
        np.ones((2, design.n + 1)),
        np.ones((0, design.n)),
        np.ones((1, 1, design.n)),
        [[1.0, 2.0], [3.0]],
    ):
        with pytest.raises(ValueError, match="eps must"):
            effective_noise(design, wrong)


@pytest.mark.parametrize(
    "wrong", [None, 3, "a", [1.0, 2.0], np.ones(3), MaskedDesign, object()]
)
def test_a_design_that_is_none_is_named(wrong):
    rng = np.random.default_rng(0)
    for call in (
        lambda: effective_noise(wrong, np.ones(3)),
        lambda: lam_mean_for(wrong, noise=1, level=0.9),
        lambda: lam_mean_for(wrong, noise=1, level=0.9, method="concentration"),
        lambda: noise_quantile(wrong, noise=1, rng=rng),
        lambda: bound_coverage(wrong, np.ones((2, 2)), 1.0, noise=1, rng=rng),
    ):
        with pytest.raises(TypeError, match="design must be a MaskedDesign"):
            call()


def test_kinds_and_sizes(design):
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="sharp must be True or False"):
        prediction_bound(1.0, np.ones((2, 2)), sharp="no")
    for draws in (10**11, 10**40):
        with pytest.raises(ValueError, match="n_draws"):
            noise_quantile(design, noise=1, n_draws=draws, rng=rng)
        with pytest.raises(ValueError, match="n_draws"):
            bound_coverage(
                design,
                np.zeros((design.p, design.d)),
                1.0,
                noise=1,
                n_draws=draws,
                rng=rng,
            )


def test_the_bound_is_attained_at_the_effective_noise_and_broken_below_it():
    rng = np.random.default_rng(7)
    X = np.sqrt(40) * np.linalg.qr(rng.standard_normal((40, 3)))[0]
    design = MaskedDesign(
        X,
        Masks(np.ones((40, 1), bool), np.zeros((1, 3))) | sample_masks(X, 80, rng=rng),
    )
    W = np.zeros((design.p, 3))
    W[0] = [0.0, 0.5, 0.0]
    eps = -design.predict(W) / 2
    np.testing.assert_allclose(effective_noise(design, eps), 0.5)
    for share in (1.0, 0.95, 0.5):
        fit = solve(
            GroupLassoProblem(design, design.predict(W) + eps, 40 * share * 0.5),
            tol=1e-12,
        )
        error, bound = (
            np.mean(design.predict(fit.W - W) ** 2),
            prediction_bound(share * 0.5, W, sharp=True),
        )
        np.testing.assert_allclose(
            error / bound, (1 + share) ** 2 / (4 * share), rtol=1e-6
        )


def test_rng_must_be_a_generator(design):
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        noise_quantile(design, noise=1, rng=0)
