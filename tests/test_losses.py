"""Other losses and their solver: what is not prose in chapter 16."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.design import MaskedDesign, masking_kernels
from fixntk.group_lasso import GroupLassoProblem, SquaredLoss, solve_cvxpy
from fixntk.losses import HuberLoss, LogisticLoss, SquaredHingeLoss, kernel_machine, scale_rows, solve_loss
from fixntk.masks import Masks, enumerate_masks, sample_masks
from fixntk.newton import KernelList, solve

LOSSES = [LogisticLoss(), SquaredHingeLoss(), HuberLoss(0.5), HuberLoss(1e-2), HuberLoss(1e3)]


def problem_of(loss, seed=0, n=30, d=3, p=40, ratio=0.05, X=None, masks=None):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng) if X is None else X
    design = MaskedDesign(X, sample_masks(X, p, rng=rng) if masks is None else masks)
    y = rng.standard_normal(len(X)) * (1 + 20 * (rng.random(len(X)) < 0.1))
    y = y if isinstance(loss, (HuberLoss, SquaredLoss)) else np.where(y > 0, 1.0, -1.0)
    return GroupLassoProblem(design, y, ratio * GroupLassoProblem(design, y, 1.0, loss=loss).lam_max, loss=loss)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("ratio", [0.5, 0.1, 0.01, 0.001])
def test_solver_agrees_with_the_conic_solver(loss, ratio):
    problem = problem_of(loss, seed=int(1000 * ratio), ratio=ratio)
    ours = solve_loss(problem)
    assert ours.converged and ours.gap == problem.gap(ours.W) and ours.gap <= 1e-6
    assert ours.objective <= solve_cvxpy(problem).objective * (1 + 1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_floor_lies_below_every_candidate(loss):
    problem, rng = problem_of(loss), np.random.default_rng(1)
    shape, best = (problem.design.p, problem.design.d), solve_loss(problem, tol=1e-9)
    for scale in (0, 0.01, 1, 100):
        W = scale * rng.standard_normal(shape)
        upper, lower = problem.bounds(W)
        assert lower <= best.objective * (1 + 1e-9) and best.objective <= upper * (1 + 1e-9)
        assert np.isfinite(lower) and np.isfinite(problem.dual_objective(problem.dual_point(W)))
    screened = problem.provably_zero(best.W)
    assert not best.weights[screened].any() and screened.any()


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_conjugate_is_the_largest_distance(loss):
    problem, rng = problem_of(loss), np.random.default_rng(2)
    for _ in range(50):
        f, g = 3 * rng.standard_normal((2, problem.design.n))
        z = loss.gradient(g, problem.y)
        assert loss.value(f, problem.y) + loss.conjugate(z, problem.y) >= f @ z - 1e-9
        assert np.isfinite(loss.conjugate(rng.uniform() * z, problem.y))


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_at_lam_max_nothing_is_fitted(loss):
    problem = problem_of(loss)
    for factor, zero in ((1.0001, True), (0.99, False)):
        at = GroupLassoProblem(problem.design, problem.y, factor * problem.lam_max, loss=loss)
        found = solve_loss(at)
        assert found.converged and found.W.any() != zero and (found.n_iter == 0) == zero


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
@pytest.mark.parametrize("case", ["one sample", "one feature", "constant", "copies", "line"])
def test_degenerate_data(loss, case):
    rng = np.random.default_rng(3)
    X = {
        "one sample": np.ones((1, 2)),
        "one feature": rng.standard_normal((20, 1)),
        "constant": np.c_[rng.standard_normal((20, 2)), np.ones(20)],
        "copies": np.repeat(rng.standard_normal((5, 2)), 4, axis=0),
        "line": add_bias(toy_line(15, rng=rng)[0]),
    }[case]
    problem = problem_of(loss, X=X, masks=enumerate_masks(X), ratio=0.02)
    assert solve_loss(problem).converged


def test_huge_delta_is_the_squared_loss():
    problem = problem_of(HuberLoss(1e6))
    square = GroupLassoProblem(problem.design, problem.y, problem.lam)
    np.testing.assert_allclose(solve_loss(problem, tol=1e-10).objective, solve(square, tol=1e-10).objective, rtol=1e-9)
    np.testing.assert_allclose(solve_loss(square, tol=1e-10).objective, solve(square, tol=1e-10).objective, rtol=1e-9)


def test_deterministic_warm_and_on_other_designs():
    problem = problem_of(LogisticLoss())
    cold = solve_loss(problem, tol=1e-9)
    np.testing.assert_array_equal(cold.W, solve_loss(problem, tol=1e-9).W)
    warm = solve_loss(problem, tol=1e-9, weights=cold.weights)
    np.testing.assert_allclose(warm.objective, cold.objective, rtol=1e-8)
    kernels = KernelList(masking_kernels(problem.design))
    other = solve_loss(GroupLassoProblem(kernels, problem.y, problem.lam, loss=problem.loss), tol=1e-9)
    np.testing.assert_allclose(other.objective, cold.objective, rtol=1e-8)


@pytest.mark.parametrize("kind", ["masks", "kernels"])
def test_scaled_rows(kind):
    rng = np.random.default_rng(4)
    design = problem_of(LogisticLoss()).design
    design = design if kind == "masks" else KernelList(masking_kernels(design))
    factors, z = rng.uniform(0, 2, design.n), rng.standard_normal(design.n)
    W, weights = rng.standard_normal((design.p, design.d)), rng.uniform(size=design.p)
    scaled = scale_rows(design, factors)
    np.testing.assert_allclose(scaled.predict(W), factors * design.predict(W))
    np.testing.assert_allclose(scaled.correlate(z), design.correlate(factors * z), atol=1e-12)
    np.testing.assert_allclose(scaled.correlation_norms(z), design.correlation_norms(factors * z), atol=1e-12)
    np.testing.assert_allclose(scaled.kernel(weights), np.outer(factors, factors) * design.kernel(weights), atol=1e-12)
    np.testing.assert_allclose(scaled.block(2), factors[:, None] * design.block(2))
    np.testing.assert_allclose(scaled[[1, 3]].block(1), scaled.block(3))


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_kernel_machine_at_the_solution_weights_and_its_optimality(loss):
    problem = problem_of(loss)
    best = solve_loss(problem, tol=1e-10)
    W = kernel_machine(problem, best.weights)
    price = loss.value(problem.design.predict(W), problem.y) + problem.lam * best.weights.sum() / 2
    on = best.weights > 0
    price += problem.lam / 2 * np.sum((W[on] ** 2).sum(1) / best.weights[on])
    np.testing.assert_allclose(price, best.objective, rtol=1e-8)
    assert not W[~on].any()
    slopes = problem.design.correlate(loss.gradient(problem.design.predict(W), problem.y))
    np.testing.assert_allclose(problem.lam * W, -best.weights[:, None] * slopes, atol=1e-4 * problem.lam)
    assert not kernel_machine(problem, np.zeros(problem.design.p)).any()


def test_inputs_are_left_alone_and_may_be_single_precision():
    rng = np.random.default_rng(5)
    X = np.asfortranarray(gaussian_design(20, 3, rng=rng).astype(np.float32))
    y = teacher_data(X, 3, noise=0.1, kind="relu", rng=rng)
    y = np.where(y > np.median(y), 1, -1).astype(np.float32)
    X.flags.writeable = y.flags.writeable = False
    masks = sample_masks(X, 20, rng=rng)
    found = solve_loss(GroupLassoProblem(MaskedDesign(X, masks), y, 0.5, loss=LogisticLoss()))
    assert found.converged and found.W.dtype == np.float64


def test_too_few_models_are_reported():
    found = solve_loss(problem_of(LogisticLoss(), ratio=0.001), max_iter=2)
    assert not found.converged and found.n_iter == 2 and "max_iter=2" in found.reason
    nothing = solve_loss(problem_of(LogisticLoss()), max_iter=0)
    assert not nothing.converged and not nothing.W.any()


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_kernel_machine_warns_unless_it_converges(loss):
    problem = problem_of(loss, ratio=0.01)
    weights = np.ones(problem.design.p)
    for few in (0, 2):
        with pytest.warns(
            ConvergenceWarning, match=f"relative gap of .* above tol=1e-09: {few} of max_iter={few} models"
        ):
            W = kernel_machine(problem, weights, max_iter=few)
        assert W.any() == (few > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernel_machine(problem, weights)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p: solve_loss(p, tol=-1), ValueError, "tol must be a number of at least zero"),
        (lambda p: solve_loss(p, tol=np.nan), ValueError, "tol must be a number of at least zero"),
        (lambda p: solve_loss(p, max_iter=-1), ValueError, "max_iter must be"),
        (lambda p: solve_loss(p, weights=np.ones(3)), ValueError, "weights must have one entry"),
        (lambda p: solve_loss(p, weights=-np.ones(p.design.p)), ValueError, "weights must be at least zero"),
        (
            lambda p: solve_loss(GroupLassoProblem(p.design, p.y, 1.0, loss=object())),
            TypeError,
            "problem.loss must have",
        ),
        (lambda p: solve_loss(GroupLassoProblem(p.design, 0 * p.y, 1.0, loss=p.loss)), ValueError, "labels -1 and"),
        (
            lambda p: solve_loss(GroupLassoProblem(p.design, p.y * np.nan, 1.0, loss=p.loss)),
            ValueError,
            "y must be finite",
        ),
        (
            lambda p: solve_loss(GroupLassoProblem(p.design, p.y, 0.0, loss=p.loss)),
            ValueError,
            "lam must be a positive",
        ),
        (lambda p: kernel_machine(p, np.ones(2)), ValueError, "weights must have one entry"),
        (lambda p: kernel_machine(p, np.ones(p.design.p), tol=-1), ValueError, "tol must be a positive"),
        (lambda p: kernel_machine(p, np.ones(p.design.p), max_iter=-1), ValueError, "max_iter must be"),
        (lambda p: kernel_machine(p, np.ones(p.design.p), max_iter=2.5), ValueError, "max_iter must be"),
        (
            lambda p: kernel_machine(GroupLassoProblem(p.design, p.y, 1.0, loss=object()), np.ones(p.design.p)),
            TypeError,
            "problem.loss must have",
        ),
        (lambda p: scale_rows(p.design, np.ones(2)), ValueError, "factors must have one entry"),
        (lambda p: scale_rows(p.design, np.full(p.design.n, np.inf)), ValueError, "factors must be finite"),
        (lambda p: HuberLoss(-1), ValueError, "delta must be a positive number"),
        (lambda p: SquaredHingeLoss().value(p.y, p.y + 1), ValueError, "labels -1 and"),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(problem_of(LogisticLoss()))


def test_all_ones_mask_is_linear_classification():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(6)
    X = gaussian_design(40, 3, rng=rng)
    y = np.where(X[:, 0] + rng.standard_normal(40) > 0, 1.0, -1.0)
    design = MaskedDesign(X, Masks.from_gates(X, np.zeros((1, 3))))
    found = solve_loss(GroupLassoProblem(design, y, 1.5, loss=LogisticLoss()), tol=1e-12)
    judge = LogisticRegression(C=found.weights[0] / 1.5, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(found.W, judge.coef_, rtol=1e-5)


def test_kernel_machine_is_kernel_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    problem = problem_of(LogisticLoss(), seed=7)
    weights = np.random.default_rng(7).uniform(size=problem.design.p)
    values, vectors = np.linalg.eigh(problem.design.kernel(weights))
    features = vectors * np.sqrt(np.maximum(values, 0))
    judge = LogisticRegression(C=1 / problem.lam, fit_intercept=False, tol=1e-12, max_iter=10_000)
    expected = judge.set_params(solver="newton-cholesky").fit(features, problem.y).decision_function(features)
    W = kernel_machine(problem, weights, tol=1e-12)
    np.testing.assert_allclose(problem.design.predict(W), expected, atol=1e-5)
