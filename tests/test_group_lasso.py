"""The judge is judged: its numbers against the dense matrix in extended precision, on awkward designs."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.optimize import minimize

from fixntk import losses
from fixntk.data import add_bias, gaussian_design, toy_line
from fixntk.design import MaskedDesign
from fixntk.group_lasso import (
    GroupLassoProblem,
    Solution,
    SquaredLoss,
    group_norms,
    group_soft_threshold,
    solve_cvxpy,
)
from fixntk.masks import Masks, sample_masks


def designs():
    rng = np.random.default_rng(0)
    plain = gaussian_design(20, 3, rng=rng)
    tables = {
        "gaussian": plain,
        "repeated rows": np.r_[plain[:10], plain[:10]],
        "opposite and zero rows": np.r_[plain[:9], -plain[:9], np.zeros((2, 3))],
        "repeated column": np.c_[plain, plain[:, :1]],
        "nearly collinear": plain[:, :1] + 1e-4 * rng.standard_normal((20, 4)),
        "more features than rows": gaussian_design(5, 12, rng=rng),
        "line": add_bias(toy_line(8, rng=rng)[0]),
        "one row": gaussian_design(1, 2, rng=rng),
    }
    for name, X in tables.items():
        yield pytest.param(
            MaskedDesign(X, sample_masks(X, 40, rng=rng)),
            rng.standard_normal(len(X)),
            id=name,
        )


every_design = pytest.mark.parametrize("design, y", list(designs()))


def problem_at(design, y, ratio):
    return GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )


def extended(*arrays):
    return (np.asarray(a, dtype=np.longdouble) for a in arrays)


def dense_bounds(problem, W):
    """P and the best D on the ray of the residual, from the dense matrix in extended precision."""
    A, y, w = extended(problem.design.to_dense(), problem.y, W)
    r, half = y - A @ w.ravel(), np.longdouble(problem.lam) / 2
    upper = r @ r + 2 * half * np.sqrt((w**2).sum(1)).sum()
    longest = np.sqrt(((A.T @ r).reshape(w.shape) ** 2).sum(1)).max()
    s = max(min(half / longest, (y @ r) / (r @ r)), 0)
    return upper, 2 * s * (y @ r) - s**2 * (r @ r)


@every_design
@pytest.mark.parametrize("ratio", [0.5, 1e-2, 1e-5])
def test_gap_is_that_of_the_dense_matrix(design, y, ratio):
    problem = problem_at(design, y, ratio)
    rng = np.random.default_rng(1)
    for W in (
        np.zeros((design.p, design.d)),
        rng.standard_normal((design.p, design.d)),
        solve_cvxpy(problem).W,
    ):
        upper, lower = dense_bounds(problem, W)
        # a nearly interpolating residual has lost up to |y| / |r| in relative accuracy: another ray, another floor
        np.testing.assert_allclose(
            problem.bounds(W),
            (float(upper), float(lower)),
            rtol=1e-12,
            atol=1e-9 * float(upper),
        )
        assert abs(problem.gap(W) - float((upper - lower) / upper)) < 1e-9


@every_design
@pytest.mark.parametrize("ratio", [0.5, 1e-2, 1e-5])
def test_the_floor_holds_to_twelve_digits(design, y, ratio):
    """Whatever rounding did to the dual point: it is a floor if it is admissible, and so it is in extended precision."""
    problem = problem_at(design, y, ratio)
    for W in (
        np.random.default_rng(1).standard_normal((design.p, design.d)),
        solve_cvxpy(problem).W,
    ):
        z = problem.dual_point(W)
        A, y_long, z_long = extended(design.to_dense(), y, z)
        excess = (
            np.sqrt(((A.T @ z_long).reshape(W.shape) ** 2).sum(1)).max() / problem.lam
            - 1
        )
        upper, lower = problem.bounds(W)
        assert (
            excess * problem.lam * group_norms(W).sum() < 1e-12 * upper
        )  # what an excess can add to the floor
        assert (
            abs(lower - float(-(z_long @ y_long) - z_long @ z_long / 4)) < 1e-12 * upper
        )
        assert abs(upper - float(dense_bounds(problem, W)[0])) < 1e-12 * upper
        assert problem.dual_objective(z) == pytest.approx(lower, rel=1e-12)


@every_design
def test_reference_is_certified_and_zero_from_lam_max(design, y):
    for ratio in (0.999, 0.3, 1e-2, 1e-4):
        solution = solve_cvxpy(problem_at(design, y, ratio))
        assert solution.converged and solution.gap < 1e-8 and solution.weights.any()
    for ratio in (1.0, 1.5):
        solution = solve_cvxpy(problem_at(design, y, ratio))
        assert not solution.W.any() and solution.gap < 1e-14 and solution.converged


LOSSES = {
    "squared": lambda height: losses.SquaredLoss(),
    "Huber": lambda height: losses.HuberLoss(0.5 * height),
    "weighted": lambda height: losses.WeightedLoss(
        losses.HuberLoss(height), np.arange(30.0)
    ),
    "free constant": lambda height: losses.FreeIntercept(losses.SquaredLoss()),
    "labels": lambda height: losses.LogisticLoss(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_reference_in_any_unit(loss):
    rng = np.random.default_rng(5)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    masks, best = sample_masks(X, 20, rng=rng), []
    for size, height in ((1, 1), (1e-9, 1), (1e9, 1e-9), (1e-6, 1e-9), (1, 1e8)):
        targets = np.sign(y) if loss == "labels" else height * y
        given = dict(loss=LOSSES[loss](height))
        design = MaskedDesign(size * X, masks)
        top = GroupLassoProblem(design, targets, 1.0, **given).lam_max
        problem = GroupLassoProblem(design, targets, 0.1 * top, **given)
        found = solve_cvxpy(problem, tol=1e-7)
        assert found.converged, (size, height, found.reason)
        best.append(found.objective / (1 if loss == "labels" else height**2))
    np.testing.assert_allclose(best, best[:1] * len(best), rtol=2e-7)  # two gaps


@every_design
def test_named_masks_are_zero_in_the_reference(design, y):
    problem = problem_at(design, y, 0.2)
    reference = solve_cvxpy(problem)
    used = reference.weights > 1e-4 * reference.weights.max()
    for shrink in (1.0, 0.999, 0.9, 0.0):  # candidates of falling quality
        assert not np.any(problem.provably_zero(shrink * reference.W) & used)


@every_design
def test_a_dual_point_is_never_above_the_optimum(design, y):
    problem = problem_at(design, y, 0.1)
    optimum, rng = solve_cvxpy(problem).objective, np.random.default_rng(2)
    for size in 10.0 ** np.arange(-3, 3):
        upper, lower = problem.bounds(size * rng.standard_normal((design.p, design.d)))
        assert lower <= optimum * (1 + 1e-8) and upper >= optimum * (1 - 1e-8)


def test_all_zero_targets_are_solved_by_zero():
    design = next(designs()).values[0]
    problem = GroupLassoProblem(design, np.zeros(design.n), 1.0)
    zero = np.zeros((design.p, design.d))
    assert (
        problem.lam_max == 0
        and problem.gap(zero) == 0
        and problem.kkt_residual(zero) == 0
    )
    assert solve_cvxpy(problem).objective == 0


class Tables:
    """A design that has nothing to do with masks: a list of feature tables of equal width."""

    def __init__(self, tables):
        self.tables = np.asarray(tables)
        self.p, self.n, self.d = self.tables.shape

    def predict(self, W):
        return np.einsum("pnd,pd->n", self.tables, W)

    def correlate(self, z):
        return np.einsum("pnd,n->pd", self.tables, z)

    def correlation_norms(self, z):
        return group_norms(self.correlate(z))

    def block(self, i):
        return self.tables[i]

    def to_dense(self):
        return np.hstack(list(self.tables))


def test_any_design_with_the_methods_will_do():
    rng = np.random.default_rng(3)
    design, y = Tables(rng.standard_normal((6, 15, 2))), rng.standard_normal(15)
    problem = problem_at(design, y, 0.8)
    solution = solve_cvxpy(problem)
    assert (
        solution.gap < 1e-9
        and solution.masks is None
        and problem.provably_zero(solution.W).any()
    )


class HuberLoss:
    """Quadratic within one of the target, linear outside: a loss given by the four methods and nothing else."""

    def value(self, f, y):
        a = np.abs(f - y)
        return np.sum(np.where(a <= 1, a**2, 2 * a - 1))

    def gradient(self, f, y):
        return 2 * np.clip(f - y, -1, 1)

    def curvature(self, f, y):
        return 2.0 * (np.abs(f - y) <= 1)

    def conjugate(self, z, y):
        return z @ y + z @ z / 4 if np.abs(z).max() <= 2 * (1 + 1e-12) else np.inf


def test_another_loss_is_certified_by_its_four_methods():
    rng = np.random.default_rng(4)
    X, y = gaussian_design(30, 3, rng=rng), 3 * rng.standard_normal(30)
    design = MaskedDesign(X, sample_masks(X, 15, rng=rng))
    squared = problem_at(design, y, 0.3)
    problem = GroupLassoProblem(design, y, squared.lam, loss=HuberLoss())
    assert problem.lam_max < squared.lam_max  # outliers pull less
    step, W = 0.5 / np.linalg.norm(design.to_dense(), 2) ** 2, np.zeros((design.p, 3))
    for _ in range(20_000):
        W = group_soft_threshold(
            W - step * design.correlate(problem.loss.gradient(design.predict(W), y)),
            step * problem.lam,
        )
    assert problem.gap(W) < 1e-6 < problem.gap(0 * W) and problem.kkt_residual(W) < 1e-2


def test_problem_and_solution_are_frozen():
    design, y = next(designs()).values
    problem = problem_at(design, y, 0.5)
    before = problem.y.copy()
    y += 1
    np.testing.assert_array_equal(problem.y, before)
    y -= 1
    with pytest.raises(ValueError):
        problem.y[0] = 0
    with pytest.raises(FrozenInstanceError):
        problem.lam = 2
    solution = Solution.judge(
        problem, np.zeros((design.p, design.d)), n_iter=0, tol=1e-6
    )
    with pytest.raises(FrozenInstanceError):
        solution.gap = 0


@pytest.mark.parametrize(
    "y, lam, words",
    [
        (np.ones(3), 1.0, "y must have one entry"),
        (np.full(20, np.nan), 1.0, "y must be finite"),
        (np.ones((20, 1)), 1.0, "y.ravel()"),
        (np.ones(20), 0.0, "lam must be a positive number"),
        (np.ones(20), -1.0, "lam must be"),
        (np.ones(20), np.inf, "lam must be"),
        (np.ones(20), "1", "lam must be"),
        (np.ones(20), True, "lam must be"),
    ],
)
def test_bad_problems_are_refused(y, lam, words):
    design = next(designs()).values[0]
    with pytest.raises(
        ValueError, match="(?s).*" + words.replace("(", r"\(").replace(")", r"\)")
    ):
        GroupLassoProblem(design, y, lam)


@pytest.mark.parametrize(
    "method",
    ["objective", "gap", "bounds", "dual_point", "kkt_residual", "provably_zero"],
)
def test_bad_coefficients_are_refused(method):
    design, y = next(designs()).values
    problem = problem_at(design, y, 0.5)
    for W in (
        np.zeros(design.p * design.d),
        np.zeros((design.d, design.p)),
        np.full((design.p, design.d), np.nan),
        np.zeros((0, 3)),
    ):
        with pytest.raises(ValueError, match="W must"):
            getattr(problem, method)(W)


def test_solution_predicts_through_its_gates_on_new_inputs():
    design, y = next(designs()).values
    solution = solve_cvxpy(problem_at(design, y, 0.1))
    new = gaussian_design(50, 3, rng=np.random.default_rng(5))
    by_hand = sum(
        (new @ g >= 0) * (new @ w) for g, w in zip(design.masks.gates, solution.W)
    )
    np.testing.assert_allclose(solution.network().predict(new), by_hand, atol=1e-12)
    zero = Solution.judge(problem_at(design, y, 2.0), 0 * solution.W, n_iter=0, tol=0)
    assert not zero.network().predict(new).any()


def test_squared_loss_agrees_with_24():
    rng = np.random.default_rng(6)
    X = gaussian_design(4, 2, rng=rng)
    design, y = (
        MaskedDesign(X, Masks.from_gates(X, rng.standard_normal((30, 2)))),
        rng.standard_normal(4),
    )
    problem, loss = problem_at(design, y, 0.3), SquaredLoss()
    import cvxpy as cp

    z = cp.Variable(4)
    dual = cp.Problem(
        cp.Maximize(-(z @ y + cp.sum_squares(z) / 4)),
        [cp.norm(design.block(i).T @ z) <= problem.lam for i in range(design.p)],
    )
    dual.solve(solver="CLARABEL")
    solution = solve_cvxpy(problem)
    np.testing.assert_allclose(
        [dual.value, problem.dual_objective(z.value * (1 - 1e-9))],
        solution.objective,
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        z.value, loss.gradient(design.predict(solution.W), y), atol=1e-4
    )


def test_squared_loss_against_its_definition():
    loss, rng = SquaredLoss(), np.random.default_rng(1)
    f, target, z = rng.standard_normal((3, 4))
    h, e = 1e-3, np.eye(4)
    above, below = ([loss.value(f + s * h * row, target) for row in e] for s in (1, -1))
    # a difference of a quadratic has no error but rounding over the step
    slopes = (np.array(above) - below) / (2 * h)
    np.testing.assert_allclose(loss.gradient(f, target), slopes, atol=1e-10)
    bends = (loss.gradient(f + h, target) - loss.gradient(f, target)) / h
    np.testing.assert_allclose(loss.curvature(f, target), bends, atol=1e-10)
    peak = minimize(lambda v: loss.value(v, target) - v @ z, np.zeros(4))
    # to the minimiser's own tolerance
    np.testing.assert_allclose(loss.conjugate(z, target), -peak.fun, atol=1e-9)


def test_the_floor_by_the_nearest_multiple_of_the_residual():
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    design = MaskedDesign(X, sample_masks(X, 60, rng=rng))
    problem, A = GroupLassoProblem(design, y, 6.0), design.to_dense()
    guess = 0.1 * rng.standard_normal((design.p, 3))
    residual = y - A @ guess.ravel()
    longest = np.linalg.norm((A.T @ residual).reshape(-1, 3), axis=1).max()
    r = min(3.0 / longest, y @ residual / (residual @ residual)) * residual
    np.testing.assert_allclose(problem.dual_point(guess), -2 * r)
    np.testing.assert_allclose(problem.bounds(guess)[1], y @ y - (y - r) @ (y - r))
    assert problem.dual_objective(10 * y) == -np.inf  # not admissible: no floor
    for wrong in (np.zeros(design.p * 3), np.zeros((3, design.p))):
        with pytest.raises(ValueError, match="one row a mask"):
            problem.gap(wrong)
    with pytest.raises(ValueError, match="lam must be"):
        GroupLassoProblem(design, y, 0)
