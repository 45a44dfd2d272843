"""Patches: what is not prose in chapter 18."""

import numpy as np
import pytest

from fixntk.conv import (
    PatchDesign,
    count_patch_cells,
    extract_patches,
    patch_masks,
    patch_ntk,
    pooled_predict,
)
from fixntk.data import gaussian_design
from fixntk.deep import product_masks, second_layer_masks
from fixntk.design import MaskedDesign, adjoint_mismatch
from fixntk.group_lasso import GroupLassoProblem, solve_cvxpy
from fixntk.kernels import ntk
from fixntk.masks import count_cells, enumerate_masks, sample_masks
from fixntk.newton import lam_path, solve
from fixntk.reweighting import irls, weighted_ridge
from fixntk.weights import exact_weights


def small(seed, shape=(4, 5), window=2, n=12, p=30, **options):
    rng = np.random.default_rng(seed)
    patches = extract_patches(rng.standard_normal((n, *shape)), window, **options)
    return PatchDesign(patches, patch_masks(patches, p, rng=rng)), rng


def problem_of(design, rng, ratio):
    y = rng.standard_normal(design.n)
    return GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize(
    "size, stride, padding",
    [(1, 1, 0), (3, 2, 1), ((2, 4), (3, 1), (0, 2)), ((5, 6), 1, 0), (7, 1, 3)],
)
def test_patches_by_loops(channels, size, stride, padding):
    images = np.random.default_rng(0).standard_normal((3, 5, 6, *channels))
    (h, w), (s, t), (a, b) = (
        v if isinstance(v, tuple) else (v, v) for v in (size, stride, padding)
    )
    padded = np.zeros((3, 5 + 2 * a, 6 + 2 * b, *channels))
    padded[:, a : a + 5, b : b + 6] = images
    looped = [
        [
            image[i : i + h, j : j + w].ravel()
            for i in range(0, padded.shape[1] - h + 1, s)
            for j in range(0, padded.shape[2] - w + 1, t)
        ]
        for image in padded
    ]
    np.testing.assert_array_equal(
        extract_patches(images, size, stride=stride, padding=padding), looped
    )


@pytest.mark.parametrize(
    "shape, window, n",
    [((4, 5), 2, 12), ((3, 3, 2), (2, 3), 5), ((1, 1), 1, 1), ((2, 2), 2, 7)],
)
def test_every_method_against_the_dense_matrix(shape, window, n):
    design, rng = small(1, shape, window, n)
    dense = np.hstack(
        [
            sum((X @ u >= 0)[:, None] * X for X in design.patches.transpose(1, 0, 2))
            for u in design.masks.gates
        ]
    )
    W, z, weights = (
        rng.standard_normal((design.p, design.d)),
        rng.standard_normal(n),
        rng.random(design.p),
    )
    weights[::3] = 0
    np.testing.assert_allclose(design.to_dense(), dense, atol=1e-12)
    np.testing.assert_allclose(design.predict(W), dense @ W.ravel(), atol=1e-11)
    np.testing.assert_allclose(design.correlate(z).ravel(), dense.T @ z, atol=1e-11)
    np.testing.assert_allclose(
        design.correlation_norms(z),
        np.linalg.norm((dense.T @ z).reshape(W.shape), axis=1),
        atol=1e-11,
    )
    np.testing.assert_allclose(
        design.kernel(weights),
        dense * np.repeat(weights, design.d) @ dense.T,
        atol=1e-10,
    )
    np.testing.assert_allclose(
        design.as_linear_operator() @ W.ravel(), dense @ W.ravel(), atol=1e-11
    )
    np.testing.assert_allclose(
        np.hstack([design.block(i) for i in range(design.p)]), dense, atol=1e-12
    )
    if design.p > 2:
        np.testing.assert_allclose(
            design[[2, 0]].predict(W[[2, 0]]),
            design[[2, 0]].to_dense() @ W[[2, 0]].ravel(),
            atol=1e-11,
        )
    assert adjoint_mismatch(design, rng=rng) < 1e-13


def test_kernel_in_several_blocks(monkeypatch):
    design, rng = small(2)
    weights = rng.random(design.p)
    whole = design.kernel(weights)
    monkeypatch.setattr("fixntk.patches._BLOCK", 500)
    np.testing.assert_allclose(design.kernel(weights), whole, atol=1e-12)
    np.testing.assert_array_equal(design.kernel(np.zeros(design.p)), 0)


def test_one_patch_is_the_masked_design():
    rng = np.random.default_rng(3)
    X = gaussian_design(20, 4, rng=rng)
    masks = sample_masks(X, 30, rng=rng)
    plain, patch = MaskedDesign(X, masks), PatchDesign(X[:, None], masks)
    y, lam = rng.standard_normal(20), 1.0
    np.testing.assert_allclose(
        solve(GroupLassoProblem(patch, y, lam)).objective,
        solve(GroupLassoProblem(plain, y, lam)).objective,
        rtol=1e-6,
    )
    np.testing.assert_allclose(patch_ntk(X[:, None]), ntk(X), atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_solver_agrees_with_the_conic_solver(seed):
    design, rng = small(
        seed,
        ((4, 5), (1, 6), (3, 3, 2), (2, 2), (5, 3))[seed],
        (2, (1, 2), 2, 1, (3, 2))[seed],
    )
    problem = problem_of(design, rng, (0.5, 0.2, 0.1, 0.05, 0.01)[seed])
    found = solve(problem, tol=1e-9)
    assert found.converged
    np.testing.assert_allclose(
        found.objective, solve_cvxpy(problem).objective, rtol=1e-6
    )
    answers = found.predict(design.patches)
    np.testing.assert_allclose(answers, design.predict(found.W), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_conic_solver_agrees_with_margins_and_channels(seed):
    shape, window, padding = (
        ((5, 5), 2, 0),
        ((4, 6), (1, 3), 0),
        ((3, 3, 2), 2, 1),
        ((6, 6), 3, 0),
        ((1, 8), (1, 2), 0),
    )[seed]
    design, rng = small(seed, shape, window, n=15, p=25, padding=padding)
    problem = problem_of(design, rng, (0.5, 0.2, 0.1, 0.05, 0.02)[seed])
    ours, reference = solve(problem, tol=1e-9), solve_cvxpy(problem)
    assert ours.converged
    np.testing.assert_allclose(ours.objective, reference.objective, rtol=1e-6)


def test_new_images_and_the_old_name():
    design, rng = small(14)
    found = solve(problem_of(design, rng, 0.1))
    images = rng.standard_normal((5, 7, 4))  # another size, another number of patches
    patches = extract_patches(images, 2)
    by_patch = found.network().predict(patches.reshape(-1, 4)).reshape(5, -1)
    np.testing.assert_allclose(found.predict(patches), by_patch.sum(1), atol=1e-12)
    with pytest.warns(DeprecationWarning, match="solution.predict"):
        old = pooled_predict(found.network(), patches)
    np.testing.assert_allclose(old, found.predict(patches), atol=1e-12)
    with pytest.raises(ValueError, match="X must have 4 columns"):
        design.at(patches[:, :, :3])
    with pytest.raises(ValueError, match="inputs must have shape"):
        design.at(images[0])


def test_several_targets_are_targets_one_by_one():
    design, rng = small(15, n=6)
    W, Z = rng.standard_normal((design.p, 4, 3)), rng.standard_normal((6, 3))
    for k in range(3):
        one = design.predict(W[:, :, k])
        np.testing.assert_allclose(design.predict(W)[:, k], one, atol=1e-12)
        one = design.correlate(Z[:, k])
        np.testing.assert_allclose(design.correlate(Z)[:, :, k], one, atol=1e-12)
    lengths = np.linalg.norm(design.correlate(Z), axis=(1, 2))
    np.testing.assert_allclose(design.correlation_norms(Z), lengths, atol=1e-12)


def test_other_solvers_take_the_design():
    design, rng = small(6, n=15)
    problem = problem_of(design, rng, 0.2)
    best = solve(problem, tol=1e-9).objective
    np.testing.assert_allclose(irls(problem, tol=1e-6).objective, best, rtol=1e-5)
    path = lam_path(design, problem.y, n_lams=4)
    assert all(step.converged for step in path)
    weights = np.ones(design.p)
    direct = weighted_ridge(design, problem.y, weights, 0.5)
    np.testing.assert_allclose(
        weighted_ridge(design, problem.y, weights, 0.5, method="lsqr"),
        direct,
        atol=1e-7,
    )
    assert not (
        problem.provably_zero(path[-1].W) & (solve(problem, tol=1e-9).weights > 1e-6)
    ).any()


def test_products_over_patches():
    design, rng = small(7)
    rows = design.patches.reshape(-1, design.d)
    masks = product_masks(
        sample_masks(rows, 6, rng=rng), second_layer_masks(rows, 6, width=5, rng=rng)
    )
    deep = PatchDesign(design.patches, masks)
    found = solve(problem_of(deep, rng, 0.1), tol=1e-8)
    assert found.converged
    opened = masks.is_open(rows) * (rows @ found.W.T)
    answers = opened.sum(axis=1).reshape(design.n, -1).sum(axis=1)
    np.testing.assert_allclose(answers, deep.predict(found.W), atol=1e-9)
    answers = found.predict(design.patches)
    np.testing.assert_allclose(answers, deep.predict(found.W), atol=1e-9)


@pytest.mark.parametrize(
    "shape, window", [((3, 3), 1), ((2, 4), (1, 2)), ((4, 3), (3, 1))]
)
def test_theorem_for_patches(shape, window):
    rng = np.random.default_rng(8)
    images = rng.standard_normal((6, *shape))
    images[1], images[2] = images[0], 0  # a repeated image and an empty one
    patches = extract_patches(images, window, padding=1)
    masks, weights = exact_weights(patches.reshape(-1, patches.shape[2]))
    H = patch_ntk(patches)
    np.testing.assert_allclose(
        PatchDesign(patches, masks).kernel(weights), H, atol=1e-11
    )
    np.testing.assert_allclose(patch_ntk(patches[:2], patches), H[:2], atol=1e-12)
    assert np.linalg.eigvalsh(H).min() > -1e-11 and not H[2].any()
    brute = [[ntk(a, b).sum() for b in patches] for a in patches]
    np.testing.assert_allclose(H, brute, atol=1e-11)


def test_counts():
    rng = np.random.default_rng(9)
    patches = extract_patches(rng.standard_normal((4, 3, 3)), 2)
    assert (
        enumerate_masks(patches.reshape(-1, 4)).p
        == count_patch_cells(4, 4, 4)
        == count_cells(16, 4)
    )
    halves = np.zeros((5, 2, 6))
    halves[:, 0, :3], halves[:, 1, 3:] = rng.standard_normal((2, 5, 3))
    assert (
        enumerate_masks(halves.reshape(-1, 6)).p
        == count_cells(5, 3) ** 2
        > count_patch_cells(5, 1, 3)
    )


def test_repeatable_and_indifferent_to_the_kind_of_array():
    images = np.random.default_rng(10).standard_normal((4, 5, 5)).astype(np.float32)
    frozen = images.astype(np.float64)
    frozen.flags.writeable = False
    wanted = extract_patches(images, 2)
    for other in (
        frozen,
        np.asfortranarray(frozen),
        np.repeat(frozen, 2, axis=2)[:, :, ::2],
    ):
        np.testing.assert_array_equal(extract_patches(other, 2), wanted)
    gates = np.random.default_rng(11).standard_normal((9, 4))
    assert patch_masks(wanted, gates) == patch_masks(np.asfortranarray(wanted), gates)
    assert patch_masks(wanted, 9, rng=np.random.default_rng(11)) == patch_masks(
        wanted, gates
    )


IMAGES = np.random.default_rng(12).standard_normal((3, 4, 5))
PATCHES = extract_patches(IMAGES, 2)
MASKS = patch_masks(PATCHES, 6, rng=np.random.default_rng(13))
DESIGN = PatchDesign(PATCHES, MASKS)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: extract_patches(IMAGES[0], 2), ValueError, "images must have shape"),
        (
            lambda: extract_patches(IMAGES[:0], 2),
            ValueError,
            "images must have at least one row",
        ),
        (
            lambda: extract_patches(np.full((2, 3, 3), np.nan), 2),
            ValueError,
            "images must be finite",
        ),
        (lambda: extract_patches([[["a"]]], 1), TypeError, "images must hold numbers"),
        (
            lambda: extract_patches(np.ma.masked_less(IMAGES, 0), 2),
            TypeError,
            "images must be a plain array",
        ),
        (
            lambda: extract_patches([[[1, 2], [3]]], 1),
            ValueError,
            "images must have rows of equal length",
        ),
        (
            lambda: extract_patches(IMAGES, [[1], [1, 2]]),
            ValueError,
            "size must be a whole number of at least 1",
        ),
        (
            lambda: extract_patches(IMAGES, None),
            ValueError,
            "size must be a whole number of at least 1",
        ),
        (
            lambda: patch_masks(
                np.ma.masked_less(PATCHES, 0), 3, rng=np.random.default_rng(0)
            ),
            TypeError,
            "plain array",
        ),
        (
            lambda: patch_masks(PATCHES, None),
            ValueError,
            "gates must be a whole number",
        ),
        (lambda: patch_masks(PATCHES, "x"), ValueError, "gates must be a whole number"),
        (
            lambda: PatchDesign(PATCHES, MASKS.patterns),
            TypeError,
            "masks must be a Masks; got ndarray",
        ),
        (
            lambda: pooled_predict(None, PATCHES),
            TypeError,
            "network must have a method predict",
        ),
        (
            lambda: extract_patches(IMAGES, 6),
            ValueError,
            "size must fit into the padded images, 4 x 5",
        ),
        (
            lambda: extract_patches(IMAGES, 0),
            ValueError,
            "size must be a whole number of at least 1",
        ),
        (
            lambda: extract_patches(IMAGES, (1, 2, 3)),
            ValueError,
            "size must be a whole number",
        ),
        (
            lambda: extract_patches(IMAGES, 2, stride=0),
            ValueError,
            "stride must be a whole number of at least 1",
        ),
        (
            lambda: extract_patches(IMAGES, 2, padding=-1),
            ValueError,
            "padding must be a whole number of at least 0",
        ),
        (
            lambda: extract_patches(IMAGES, 2, padding=0.5),
            ValueError,
            "padding must be a whole number of at least 0",
        ),
        (
            lambda: patch_masks(PATCHES, 6),
            TypeError,
            "rng must be a numpy.random.Generator",
        ),
        (
            lambda: patch_masks(PATCHES, 0, rng=np.random.default_rng(0)),
            ValueError,
            "gates must be a whole number",
        ),
        (
            lambda: patch_masks(PATCHES, np.ones((2, 3))),
            ValueError,
            "gates must have one column for each",
        ),
        (
            lambda: patch_masks(PATCHES[0], 2, rng=np.random.default_rng(0)),
            ValueError,
            "patches must have shape",
        ),
        (
            lambda: patch_masks(PATCHES[:, :0], 2, rng=np.random.default_rng(0)),
            ValueError,
            "patches must have at least",
        ),
        (
            lambda: PatchDesign(PATCHES, MASKS[[0]][:0]),
            (ValueError, IndexError),
            "gates must have at least",
        ),
        (
            lambda: PatchDesign(PATCHES[:2], MASKS),
            ValueError,
            "masks must be made for X",
        ),
        (
            lambda: PatchDesign(np.full_like(PATCHES, np.inf), MASKS),
            ValueError,
            "patches must be finite",
        ),
        (lambda: DESIGN.predict(np.ones((2, 4))), ValueError, "W must have shape"),
        (
            lambda: DESIGN.correlate(np.ones(5)),
            ValueError,
            "z must have one entry for each of the 3 rows",
        ),
        (
            lambda: DESIGN.kernel(-np.ones(DESIGN.p)),
            ValueError,
            "weights must be at least zero",
        ),
        (lambda: count_patch_cells(0, 1, 1), ValueError, "n must be a whole number"),
        (
            lambda: count_patch_cells(1, 1.5, 1),
            ValueError,
            "n_patches must be a whole number",
        ),
        (lambda: count_patch_cells(1, 1, 0), ValueError, "r must be a whole number"),
        (
            lambda: patch_ntk(PATCHES, np.ones((2, 3, 5))),
            ValueError,
            "other must have patches of 4 numbers",
        ),
        (
            lambda: pooled_predict(None, PATCHES[0]),
            ValueError,
            "patches must have shape",
        ),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_wrong_masks_name_what_they_are_for():
    images = IMAGES.reshape(3, -1)
    with pytest.raises(ValueError, match="shape \\(36, 4\\)"):
        PatchDesign(PATCHES, sample_masks(images, 4, rng=np.random.default_rng(0)))


def test_slices_share_the_patches_and_form_no_large_gram():
    part = DESIGN[[2, 0]]
    assert part.patches.base is DESIGN.patches.base and "gram" not in vars(
        part._inner
    ) | vars(DESIGN._inner)
    np.testing.assert_array_equal(part.block(0), DESIGN.block(2))
    np.testing.assert_allclose(
        DESIGN.block_norms(), [np.linalg.norm(DESIGN.block(i)) for i in range(DESIGN.p)]
    )
    mine = PATCHES.copy()
    design = PatchDesign(mine, MASKS)
    mine *= 3
    np.testing.assert_array_equal(design.block(0), DESIGN.block(0))
    with pytest.raises(ValueError):
        design.patches[0] = 0
