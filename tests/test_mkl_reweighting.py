"""Kernel weights: the chain from (7) to (13), and Algorithm 1 printed and repaired."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem, SquaredLoss, group_norms, solve_cvxpy
from fixntk.kernels import ntk
from fixntk.losses import FreeIntercept, HuberLoss
from fixntk.masks import sample_masks
from fixntk.mkl import lam_hat_for, mkl_objective, optimal_weights, split_coefs
from fixntk.reweighting import irls, reweight, weighted_ridge
from fixntk.weights import exact_weights


def toy(seed, lam=0.1):
    line, heights = toy_line(5, rng=np.random.default_rng(seed))
    masks, chances = exact_weights(add_bias(line))
    design = MaskedDesign(add_bias(line), masks)
    np.testing.assert_allclose(design.kernel(chances), ntk(design.X), atol=1e-13)
    return GroupLassoProblem(design, heights, lam), chances


def cloud(n=25, d=3, gates=60, ratio=0.1):
    rng = np.random.default_rng(0)
    X = gaussian_design(n, d, rng=rng)
    y = teacher_data(X, 10, noise=0.2, kind="gated", rng=rng)
    design = MaskedDesign(X, sample_masks(X, gates, rng=rng))
    return GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )


@pytest.mark.parametrize("seed", range(6))
def test_repaired_reweighting_reaches_the_optimum_from_the_tangent_kernel(seed):
    problem, chances = toy(seed)
    optimum = solve_cvxpy(problem).objective
    solution = irls(problem, weights=chances, max_iter=5000, tol=1e-6)
    assert solution.converged and solution.objective <= optimum * (1 + 1e-6)
    assert np.all(
        np.diff(solution.history["objective"])
        <= 1e-12 * solution.history["objective"][0]
    )


@pytest.mark.parametrize("seed", range(6))
def test_printed_reweighting_rests_elsewhere(seed):
    problem, chances = toy(seed)
    optimum = solve_cvxpy(problem).objective
    solution = irls(
        problem, weights=chances, update="printed", floor=1e-8, max_iter=1000, tol=1e-6
    )
    assert not solution.converged and solution.objective > 1.01 * optimum
    assert (
        np.ptp(solution.history["objective"][-100:]) < 1e-9 * optimum
    )  # it has come to rest
    lengths, residual = solution.weights, problem.y - problem.design.predict(solution.W)
    pull = 2 * problem.design.correlation_norms(residual)
    np.testing.assert_allclose(
        pull, 2 * problem.lam * np.sqrt(lengths), rtol=1e-4, atol=1e-6
    )  # not lam


@pytest.mark.parametrize("seed", range(3))
def test_text_version_solves_twice_the_penalty(seed):
    problem, chances = toy(seed)
    text = irls(problem, weights=chances, update="text", max_iter=3000, tol=0)
    assert (
        GroupLassoProblem(problem.design, problem.y, 2 * problem.lam).gap(text.W) < 1e-9
    )
    assert text.gap > 1e-3


def test_a_teacher_in_more_dimensions():
    problem = cloud()
    solution = irls(problem, max_iter=20_000, tol=1e-6)
    assert (
        solution.converged
        and abs(solution.objective / solve_cvxpy(problem).objective - 1) < 1e-6
    )


def test_zero_rounds_are_graded():
    problem = cloud()
    solution = irls(problem, max_iter=0)
    assert (
        solution.n_iter == 0
        and not solution.converged
        and solution.gap == problem.gap(solution.W)
        and solution.reason
    )
    assert irls(
        GroupLassoProblem(problem.design, problem.y, 2 * problem.lam_max), max_iter=0
    ).converged  # zero is the solution


class Interrupting:
    """The same design, whose kernel raises KeyboardInterrupt on its fourth use."""

    def __init__(self, design):
        self.inner, self.calls = design, 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def kernel(self, weights):
        self.calls += 1
        if self.calls == 4:
            raise KeyboardInterrupt
        return self.inner.kernel(weights)


def test_interruption_leaves_nothing_broken():
    problem = cloud()
    fragile = GroupLassoProblem(Interrupting(problem.design), problem.y, problem.lam)
    weights = np.full(problem.design.p, 0.1)
    with pytest.raises(KeyboardInterrupt):
        irls(fragile, weights=weights, max_iter=50)
    np.testing.assert_array_equal(weights, 0.1)
    again, clean = (irls(o, weights=weights, max_iter=50) for o in (fragile, problem))
    np.testing.assert_array_equal(again.W, clean.W)
    np.testing.assert_array_equal(weights, 0.1)


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 1e3])
def test_three_ridge_solvers_agree(ridge):
    design, y = (problem := cloud()).design, problem.y
    weights = np.random.default_rng(1).exponential(size=design.p) * (
        np.arange(design.p) % 3 > 0
    )
    kernel = weighted_ridge(design, y, weights, ridge)
    for method in ("lsqr", "lsmr"):
        np.testing.assert_allclose(
            weighted_ridge(design, y, weights, ridge, method=method),
            kernel,
            atol=1e-7 * np.abs(kernel).max(),
        )
    gradient = (
        -2 * weights[:, None] * design.correlate(y - design.predict(kernel))
        + 2 * ridge * kernel
    )
    np.testing.assert_allclose(
        gradient, 0, atol=1e-9 * ridge * max(1, np.abs(kernel).max()) + 1e-9
    )


def test_an_unfinished_iterative_solve_warns(monkeypatch):
    import fixntk.weights as module

    real = module.lsqr
    monkeypatch.setattr(
        module,
        "lsqr",
        short := lambda *args, iter_lim, **kw: real(*args, iter_lim=2, **kw),
    )
    short.__name__ = "lsqr"
    problem = cloud()
    with pytest.warns(ConvergenceWarning, match="method='kernel'"):
        weighted_ridge(
            problem.design, problem.y, np.ones(problem.design.p), 1e-6, method="lsqr"
        )


@pytest.mark.parametrize("method", ["lsqr", "lsmr"])
def test_reweighting_matrix_free(method):
    problem, chances = toy(0)
    solution = irls(problem, weights=chances, method=method, max_iter=2000, tol=1e-6)
    assert solution.converged


def test_duplicate_rows_and_few_samples():
    rng = np.random.default_rng(2)
    for X in (
        np.repeat(gaussian_design(6, 3, rng=rng), 2, axis=0),
        gaussian_design(4, 10, rng=rng),
        np.r_[np.zeros((1, 3)), np.ones((3, 3))],
    ):
        y = rng.standard_normal(len(X))
        design = MaskedDesign(X, sample_masks(X, 30, rng=rng))
        problem = GroupLassoProblem(
            design, y, 0.2 * GroupLassoProblem(design, y, 1.0).lam_max
        )
        solution = irls(problem, max_iter=20_000, tol=1e-5)
        assert solution.converged, solution


def test_mkl_chain_of_constants():
    problem = cloud()
    solution, y = solve_cvxpy(problem), problem.y
    lam_hat, weights = lam_hat_for(problem.lam, solution.W), optimal_weights(solution.W)
    V = split_coefs(solution.W, weights)
    total = solution.weights.sum()
    residual = np.sum((problem.design.predict(np.sqrt(weights)[:, None] * V) - y) ** 2)
    twelve, fourteen = residual + lam_hat * np.sum(V**2), residual + lam_hat * total**2
    np.testing.assert_allclose(
        [twelve, lam_hat * mkl_objective(problem.design, y, weights, lam_hat)],
        fourteen,
        rtol=1e-7,
    )
    chances = np.full(problem.design.p, 1 / problem.design.p)
    assert mkl_objective(problem.design, y, chances, lam_hat) > mkl_objective(
        problem.design, y, weights, lam_hat
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda p: mkl_objective(p.design, p.y[1:], np.ones(p.design.p), 1.0),
        lambda p: mkl_objective(p.design, p.y, np.ones(3), 1.0),
        lambda p: mkl_objective(p.design, p.y, np.full(p.design.p, np.nan), 1.0),
        lambda p: mkl_objective(p.design, p.y, np.ones(p.design.p), -1.0),
        lambda p: lam_hat_for(0, np.ones((2, 2))),
        lambda p: lam_hat_for(1.0, np.zeros((2, 2))),
        lambda p: split_coefs(np.ones((2, 2)), [1.0, 0.0]),
        lambda p: optimal_weights(np.ones(3)),
        lambda p: reweight(np.ones(3)),
        lambda p: reweight(np.ones((3, 1)), power=0),
        lambda p: weighted_ridge(p.design, p.y, np.ones(p.design.p), -1),
        lambda p: weighted_ridge(p.design, p.y, -np.ones(p.design.p), 1),
        lambda p: weighted_ridge(p.design, p.y * np.nan, np.ones(p.design.p), 1),
        lambda p: irls(p, update="none"),
        lambda p: irls(p, floor=-1),
        lambda p: irls(p, tol=-1),
        lambda p: irls(p, max_iter=1.5),
        lambda p: irls(p, weights=np.ones(2)),
        lambda p: irls(p, method="cg"),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError) as caught:
        call(cloud())
    assert (
        "must" in str(caught.value)
        and "got" in str(caught.value)
        or "must not be zero" in str(caught.value)
        or "must be positive wherever" in str(caught.value)
    )


def test_other_losses_are_refused_by_reweighting():
    problem = cloud()
    for loss in (HuberLoss(), FreeIntercept(SquaredLoss())):
        with pytest.raises(TypeError, match="must have SquaredLoss.*squared_form"):
            irls(GroupLassoProblem(problem.design, problem.y, 1.0, loss=loss))


def test_floor_wakes_masks_and_costs_little():
    problem = cloud()
    off = np.zeros(problem.design.p)
    off[0] = 1
    asleep, awake = (
        irls(problem, weights=off, max_iter=100),
        irls(problem, weights=off, floor=1e-9, max_iter=20_000, tol=1e-5),
    )
    assert np.count_nonzero(asleep.weights) == 1 and "weight zero" in asleep.reason
    assert awake.converged and group_norms(awake.W)[1:].any()
