"""One battery over every design, every loss and every solver, against the dense matrix."""

import numpy as np
import pytest

import fixntk
from fixntk.columns import solve_all_masks
from fixntk.conv import PatchDesign, extract_patches, patch_masks
from fixntk.deep import product_masks, second_layer_masks
from fixntk.design import (
    CentredDesign,
    Design,
    JoinedDesign,
    KernelList,
    MaskedDesign,
    adjoint_mismatch,
    masking_kernels,
)
from fixntk.group_lasso import GroupLassoProblem, group_norms, solve_cvxpy
from fixntk.losses import (
    FreeIntercept,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    SquaredLoss,
    WeightedLoss,
    solve_loss,
)
from fixntk.masks import enumerate_masks, sample_masks
from fixntk.newton import solve
from fixntk.reweighting import irls, weighted_ridge
from fixntk.row_design import RowDesign

N, NEW = 14, 5


class Bare:
    "An object of a reader's own: the products of a design, and nothing else."

    def __init__(self, design):
        for name in ("n", "p", "d", "predict", "correlate", "correlation_norms"):
            setattr(self, name, getattr(design, name))
        self.kernel, self.block, self.at = design.kernel, design.block, design.at


def masked(rng):
    X = rng.standard_normal((N, 3))
    X[3], X[5] = X[2], 0  # a row twice, and a row of zeros
    new = rng.standard_normal((NEW, 3))
    return MaskedDesign(X, sample_masks(X, 9, rng=rng)), new


def every_mask(rng):
    X = np.column_stack([rng.standard_normal(N), np.ones(N)])
    return MaskedDesign(X, enumerate_masks(X)), np.column_stack(
        [np.arange(5), 0 * X[:5, 1] + 1]
    )


def deep(rng):
    X, new = rng.standard_normal((N, 3)), rng.standard_normal((NEW, 3))
    return MaskedDesign(X, second_layer_masks(X, 8, width=4, rng=rng)), new


def products(rng):
    X, new = rng.standard_normal((N, 3)), rng.standard_normal((NEW, 3))
    first, second = (sample_masks(X, 3, rng=rng) for _ in range(2))
    return MaskedDesign(X, product_masks(first, second)), new


def patches(rng):
    images = rng.standard_normal((N + NEW, 3, 3))
    rows = extract_patches(images, 2)
    return PatchDesign(rows[:N], patch_masks(rows[:N], 8, rng=rng)), rows[N:]


def kernels(rng):
    features = rng.standard_normal((6, N + NEW, 3))
    K = features @ features.transpose(0, 2, 1)
    return KernelList(K[:, :N, :N]), K[:, N:, :N]


def scaled(rng):
    design, new = masked(rng)
    return design.scaled(rng.uniform(0, 2, N)), new


def scaled_kernels(rng):
    design, new = kernels(rng)
    return design.scaled(rng.uniform(0, 2, N)), new


def centred(rng):
    design, new = masked(rng)
    return CentredDesign(design, rng.uniform(0.5, 2, N)), new


def centred_patches(rng):
    design, new = patches(rng)
    return CentredDesign(design.scaled(rng.uniform(0.5, 2, N)), np.ones(N)), new


def joined(rng):
    (design, new), (others, far) = masked(rng), kernels(rng)
    return JoinedDesign([design[:4], others, design[4:]]), (new, far, new)


def foreign(rng):
    design, new = masked(rng)
    y = np.ones(N)
    return GroupLassoProblem(Bare(design), y, 1.0).design, new


def rows(rng):
    X, new = rng.standard_normal((N, 3)), rng.standard_normal((NEW, 3))
    X[3], X[5] = X[2], 0
    return RowDesign(X, rng.standard_normal((9, 3))), new


def scaled_rows(rng):
    design, new = rows(rng)
    return design.scaled(rng.uniform(-2, 2, N)), new


def centred_rows(rng):
    design, new = scaled_rows(rng)
    return CentredDesign(design, rng.uniform(0.5, 2, N)), new


DESIGNS = [masked, every_mask, deep, products, patches, kernels, scaled]
DESIGNS += [scaled_kernels, centred, centred_patches, joined, foreign]
DESIGNS += [rows, scaled_rows, centred_rows]
SQUARES = [SquaredLoss(), WeightedLoss(SquaredLoss(), np.arange(N) % 3)]
LOSSES = [*SQUARES, LogisticLoss(), SquaredHingeLoss(), HuberLoss(0.5)]
LOSSES += [FreeIntercept(loss) for loss in LOSSES]
every_design = pytest.mark.parametrize("make", DESIGNS, ids=lambda f: f.__name__)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


def made(make):
    rng = np.random.default_rng(DESIGNS.index(make))
    return *make(rng), rng


def problem_of(design, loss=SquaredLoss(), share=0.2, seed=0):
    y = np.where(np.random.default_rng(seed).random(N) < 0.5, -1.0, 1.0)
    top = GroupLassoProblem(design, y, 1.0, loss=loss).lam_max
    return GroupLassoProblem(design, y, share * top, loss=loss)


@every_design
def test_products_are_those_of_the_dense_matrix(make):
    design, _, rng = made(make)
    assert isinstance(design, Design) and design.n == N
    n, p, d = design.n, design.p, design.d
    dense = np.hstack([design.block(i) for i in range(p)])
    W, z, weights = rng.standard_normal((p, d)), rng.standard_normal(n), rng.random(p)
    weights[0] = 0
    close = lambda a, b: np.testing.assert_allclose(
        a, b, atol=1e-12 * np.abs(dense).sum()
    )
    close(design.to_dense(), dense)
    close(design.predict(W), dense @ W.ravel())
    close(design.correlate(z), (dense.T @ z).reshape(p, d))
    close(design.correlation_norms(z), group_norms((dense.T @ z).reshape(p, d)))
    close(design.kernel(weights), (dense * np.repeat(weights, d)) @ dense.T)
    close(design.images(W), [design.block(i) @ W[i] for i in range(p)])
    close(np.tensordot(weights, masking_kernels(design), 1), design.kernel(weights))
    operator = design.as_linear_operator()
    close(operator @ W.ravel(), dense @ W.ravel())
    close(operator.T @ z, dense.T @ z)
    norms = np.linalg.norm(dense.reshape(n, p, d), axis=(0, 2))
    assert np.all(design.block_norms() >= norms * (1 - 1e-12))
    assert adjoint_mismatch(design, rng=rng) < 1e-13


@every_design
@pytest.mark.parametrize("indices", [[0], [2, 0, 2], slice(1, 4), 1, -1], ids=str)
def test_slices_hold_the_chosen_blocks(make, indices):
    design, new, _ = made(make)
    chosen = np.atleast_1d(np.arange(design.p)[indices])
    part = design[indices]
    assert (part.n, part.p, part.d) == (design.n, len(chosen), design.d)
    for i, number in enumerate(chosen):
        np.testing.assert_allclose(part.block(i), design.block(number), atol=1e-14)
        there, here = design.at(new).block(number), part.at(new).block(i)
        np.testing.assert_allclose(here, there, atol=1e-12)
    with pytest.raises(ValueError, match="at least one"):
        design[[]]


@every_design
def test_scaling_multiplies_rows(make):
    design, new, rng = made(make)
    factors = rng.uniform(0, 2, N)
    scaled = design.scaled(factors)
    np.testing.assert_allclose(scaled.to_dense(), factors[:, None] * design.to_dense())
    np.testing.assert_allclose(  # new rows have no factors
        scaled.at(new).to_dense(), design.at(new).to_dense(), atol=1e-12
    )
    for wrong in (np.ones(N + 1), np.full(N, np.nan)):
        with pytest.raises(ValueError, match="factors"):
            design.scaled(wrong)


@every_design
def test_several_targets_are_targets_one_by_one(make):
    design, _, rng = made(make)
    W, z = rng.standard_normal((design.p, design.d, 3)), rng.standard_normal((N, 3))
    if make is foreign:
        pytest.skip("its products are the reader's own")
    for t in range(3):
        np.testing.assert_allclose(design.predict(W)[:, t], design.predict(W[:, :, t]))
        one = design.correlate(z[:, t])
        np.testing.assert_allclose(design.correlate(z)[:, :, t], one, atol=1e-12)
        image = design.images(W[:, :, t])
        np.testing.assert_allclose(design.images(W)[:, :, t], image, atol=1e-12)
    lengths = group_norms(design.correlate(z))
    np.testing.assert_allclose(design.correlation_norms(z), lengths)


@every_design
@pytest.mark.parametrize("method", ["kernel", "lsqr", "lsmr"])
def test_ridge_is_that_of_the_dense_matrix(make, method):
    design, _, rng = made(make)
    y, weights = rng.standard_normal(N), rng.uniform(0.1, 1, design.p)
    dense, each = design.to_dense(), np.repeat(0.7 / weights, design.d)
    best = np.linalg.solve(dense.T @ dense + np.diag(each), dense.T @ y)
    W = weighted_ridge(design, y, weights, 0.7, method=method)
    np.testing.assert_allclose(W.ravel(), best, atol=1e-7 * np.abs(best).max())


SOLVERS = {
    "newton": lambda problem, **by: solve(problem, **by),
    "one door": lambda problem, **by: fixntk.solve(problem, **by),
    "reweighting": lambda problem, **by: irls(problem, **{"max_iter": 20_000, **by}),
}


@every_design
@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers_find_the_optimum_of_squares(make, solver):
    design, new, _ = made(make)
    problem, tol = problem_of(design), 1e-5 if solver == "reweighting" else 1e-9
    found, best = SOLVERS[solver](problem, tol=tol), solve_cvxpy(problem)
    assert found.converged and found.gap == problem.gap(found.W)
    np.testing.assert_allclose(found.objective, best.objective, rtol=2 * tol + 1e-8)
    check_solution(found, problem, new)


@every_design
@every_loss
def test_one_door_takes_every_loss(make, loss):
    design, new, _ = made(make)
    problem = problem_of(design, loss)
    found, best = solve_loss(problem, tol=1e-8), solve_cvxpy(problem)
    assert found.converged and found.gap == problem.gap(found.W)
    if best.converged:  # Clarabel gives up on one of them; the gap is proof enough
        np.testing.assert_allclose(found.objective, best.objective, rtol=1e-7)
    check_solution(found, problem, new)


def check_solution(found, problem, new):
    "What every solver promises of what it returns."
    assert found.design is problem.design and found.lam == problem.lam
    assert found.proven_over == "the given masks" and found.masks is found.design.masks
    assert list(found.history) == ["objective", "gap", "masks", "steps"]
    assert len({len(values) for values in found.history.values()}) == 1
    assert found.history["steps"] == sorted(found.history["steps"])
    np.testing.assert_allclose(
        found.history["objective"][-1], found.objective, rtol=1e-6
    )
    np.testing.assert_array_equal(found.weights, group_norms(found.W))
    for array in (found.W, found.weights, problem.y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    there = found.design.at(new)
    answers = there.to_dense() @ found.W.ravel() + found.intercept
    assert there.n == len(answers) == NEW
    np.testing.assert_allclose(found.predict(new), answers, atol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers_share_their_arguments(solver):
    design, _, _ = made(masked)
    problem, said = problem_of(design), []
    run = SOLVERS[solver]
    first = run(problem, tol=1e-4, progress=said.append)
    assert len(said) == len(first.history["gap"]) and "gap" in said[-1]
    again = run(problem, tol=1e-4, start=first)
    assert again.converged and again.n_iter <= first.n_iter
    by_weights = run(problem, tol=1e-4, start=first.weights)
    np.testing.assert_array_equal(by_weights.W, again.W)
    older = run(problem, tol=1e-4, weights=first.weights)
    np.testing.assert_array_equal(older.W, again.W)
    nothing = run(problem, max_iter=0)
    assert nothing.n_iter == 0 and nothing.gap == problem.gap(nothing.W)
    with pytest.raises(TypeError, match="start and weights"):
        run(problem, start=first, weights=first.weights)
    with pytest.raises(ValueError, match="weights must have one entry"):
        run(problem, start=np.ones(design.p + 1))
    with pytest.raises(TypeError, match="progress must be a function"):
        run(problem, progress=3)
    with pytest.raises(TypeError, match="problem must be a GroupLassoProblem"):
        run(design)


@every_design
def test_several_targets_together(make):
    if make is foreign:
        pytest.skip("its products are the reader's own")
    design, new, rng = made(make)
    y = rng.standard_normal((N, 3))
    top = GroupLassoProblem(design, y, 1.0).lam_max
    problem = GroupLassoProblem(design, y, 0.2 * top)
    found, best = fixntk.solve(problem, tol=1e-9), solve_cvxpy(problem)
    assert found.converged and found.W.shape == (design.p, design.d, 3)
    np.testing.assert_allclose(found.objective, best.objective, rtol=1e-7)
    assert found.predict(new).shape == (NEW, 3)


def test_all_masks_promise_the_same():
    X = np.column_stack([np.random.default_rng(0).standard_normal(N), np.ones(N)])
    y, said = np.sin(3 * X[:, 0]), []
    by = dict(rng=np.random.default_rng(1), progress=said.append)
    found = solve_all_masks(X, y, 0.3, **by)
    listed = solve(GroupLassoProblem(MaskedDesign(X, enumerate_masks(X)), y, 0.3))
    np.testing.assert_allclose(found.objective, listed.objective, rtol=2e-4)
    assert found.proven_over == "all masks of open cells" and said
    assert list(found.history) == ["objective", "gap", "masks", "steps"]
    np.testing.assert_allclose(found.predict(X), found.design.predict(found.W))
