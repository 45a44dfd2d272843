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
from fixntk.conv import PatchDesign, patch_masks
from fixntk.data import gaussian_design
from fixntk.deep import second_layer_masks
from fixntk.design import CentredDesign, JoinedDesign, KernelList, MaskedDesign
from fixntk.designs import ScaledDesign
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
        with pytest.raises(
            TypeError, match="design must be a design, such as MaskedDesign"
        ):
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


def designs():
    "One of every kind, over twelve rows."
    rng = np.random.default_rng(0)
    X = gaussian_design(12, 4, rng=rng)
    masked = MaskedDesign(X, sample_masks(X, 6, rng=rng))
    patches = np.stack([X[:, :2], X[:, 2:]], axis=1)
    return [
        masked,
        masked.scaled(rng.uniform(0.5, 2, 12)),
        KernelList([np.eye(12), X @ X.T]),
        ScaledDesign(masked, rng.uniform(0.5, 2, 12)),
        CentredDesign(masked, np.ones(12)),
        JoinedDesign([masked, masked]),
        PatchDesign(patches, patch_masks(patches, 5, rng=rng)),
        MaskedDesign(X, second_layer_masks(X, 5, width=3, rng=rng)),
    ]


@pytest.mark.parametrize("design", designs(), ids=repr)
def test_every_design_has_its_strengths(design):
    rng, blocks = np.random.default_rng(1), [design.block(i) for i in range(design.p)]
    eps = rng.standard_normal((400, design.n))
    lengths = [np.linalg.norm(eps @ block, axis=1) for block in blocks]
    Z = effective_noise(design, eps)
    np.testing.assert_allclose(Z, 2 / design.n * np.max(lengths, axis=0))
    target = dict(noise=1.0, level=0.8)
    quantile = noise_quantile(design, n_draws=400, rng=rng, **target)
    strengths = [quantile]
    for method in ("union", "concentration"):
        strengths.append(lam_mean_for(design, method=method, **target))
        assert np.mean(Z <= strengths[-1]) >= 0.95
    assert lam_mean_for(design, method="printed", **target) < strengths[1]
    W = rng.standard_normal((design.p, design.d)) / design.p
    for lam_mean in strengths:
        draws = dict(n_draws=100, n_fits=5, sharp=True, rng=rng)
        found = bound_coverage(design, W, lam_mean, noise=1.0, **draws)
        assert found.covered >= 0.8 - 3 * np.sqrt(2 * 0.16 / 100)


def test_a_union_needs_the_largest_block():
    "Designs without one table of rows: the strength is that of their largest block."
    design = KernelList([4 * np.eye(5), np.eye(5)])
    found = lam_mean_for(design, noise=1.0, level=0.9)
    t = np.sqrt(8 * np.log(2 * 2 / 0.1))
    np.testing.assert_allclose(found, t * np.sqrt(20) / 5)


def test_an_object_without_blocks_is_told_so(design):
    class Products:
        n, p, d = design.n, design.p, design.d
        predict, correlate = design.predict, design.correlate
        correlation_norms = design.correlation_norms

    noise = np.ones(design.n)
    same = effective_noise(Products(), noise), effective_noise(design, noise)
    np.testing.assert_allclose(*same)
    with pytest.raises(TypeError, match=r"must have block\(i\).*noise_quantile"):
        lam_mean_for(Products(), noise=1, level=0.9)


def test_a_draw_in_full_is_not_zero_where_the_printed_bound_says_so():
    t, rng = 5.0, np.random.default_rng(1)
    base = rng.standard_normal(100)
    X = base / np.linalg.norm(base) + 1e-3 * rng.standard_normal((100, 100))
    eps = rng.standard_normal(100)
    witness = np.linalg.solve(X, eps)
    pair = MaskedDesign(X, Masks.from_gates(X, [witness, -witness]))
    np.testing.assert_array_equal(pair.masks.patterns[:, 0], eps >= 0)
    fit = solve(GroupLassoProblem(pair, eps, t * np.linalg.norm(X)), tol=1e-9)
    assert np.mean(pair.predict(fit.W) ** 2) > 0.01


@pytest.mark.parametrize(
    "spectrum",
    [[1.0], [1.0, 1.0], np.ones(5), [1, 0.1, 0.01], 0.9 ** np.arange(50)],
    ids=["one", "two", "five", "uneven", "fifty"],
)
def test_lemma_on_the_length_of_a_gaussian_vector(spectrum):
    "At most 30% of the bound where it is below one: no allowance for chance is needed."
    rng, radii = np.random.default_rng(2), np.linspace(0.2, 4, 39)
    squares = rng.standard_normal((200_000, len(spectrum))) ** 2
    lengths = np.sqrt(squares @ (np.array(spectrum) / np.sum(spectrum)))
    tail = np.array([(lengths > r).mean() for r in radii])
    bound = 2 * np.exp(-(radii**2) / 2)
    assert np.all(tail <= np.where(bound < 1, 0.3 * bound, 1))


def test_strengths_from_an_estimated_noise(design):
    rng = np.random.default_rng(8)
    W = np.zeros((design.p, design.d))
    W[:3] = rng.standard_normal((3, design.d))
    y = design.predict(W) + rng.standard_normal(design.n)
    right, safe = (
        noise_quantile(design, noise=s, n_draws=500, rng=np.random.default_rng(8))
        for s in (1, np.std(y))
    )
    np.testing.assert_allclose(safe / right, np.std(y))
    Z = effective_noise(design, rng.standard_normal((1000, design.n)))
    assert np.mean(Z <= safe) >= np.mean(Z <= right) > 0.85 and np.std(y) > 1
    with pytest.raises(ValueError, match="lam_mean must be a number of at least zero"):
        prediction_bound(-1, W)
    with pytest.raises(ValueError, match="eps must have one entry for each of the 30"):
        effective_noise(design, np.ones(3))
