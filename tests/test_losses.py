"""Other losses and their solver: what is not prose in chapter 14."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.design import MaskedDesign, masking_kernels
from fixntk.group_lasso import GroupLassoProblem, SquaredLoss, solve_cvxpy
from fixntk.losses import (
    FreeIntercept,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    WeightedLoss,
    kernel_machine,
    scale_rows,
    solve_loss,
    squared_form,
)
from fixntk.masks import Masks, enumerate_masks, sample_masks
from fixntk.newton import KernelList, solve

LOSSES = [
    LogisticLoss(),
    SquaredHingeLoss(),
    HuberLoss(0.5),
    HuberLoss(1e-2),
    HuberLoss(1e3),
]


def problem_of(loss, seed=0, n=30, d=3, p=40, ratio=0.05, X=None, masks=None):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng) if X is None else X
    design = MaskedDesign(X, sample_masks(X, p, rng=rng) if masks is None else masks)
    y = rng.standard_normal(len(X)) * (1 + 20 * (rng.random(len(X)) < 0.1))
    y = y if isinstance(loss, (HuberLoss, SquaredLoss)) else np.where(y > 0, 1.0, -1.0)
    return GroupLassoProblem(
        design,
        y,
        ratio * GroupLassoProblem(design, y, 1.0, loss=loss).lam_max,
        loss=loss,
    )


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
        assert lower <= best.objective * (1 + 1e-9) and best.objective <= upper * (
            1 + 1e-9
        )
        assert np.isfinite(lower) and np.isfinite(
            problem.dual_objective(problem.dual_point(W))
        )
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
        at = GroupLassoProblem(
            problem.design, problem.y, factor * problem.lam_max, loss=loss
        )
        found = solve_loss(at)
        assert found.converged and found.W.any() != zero and (found.n_iter == 0) == zero


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
@pytest.mark.parametrize(
    "case", ["one sample", "one feature", "constant", "copies", "line"]
)
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
    np.testing.assert_allclose(
        solve_loss(problem, tol=1e-10).objective,
        solve(square, tol=1e-10).objective,
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        solve_loss(square, tol=1e-10).objective,
        solve(square, tol=1e-10).objective,
        rtol=1e-9,
    )


def test_deterministic_warm_and_on_other_designs():
    problem = problem_of(LogisticLoss())
    cold = solve_loss(problem, tol=1e-9)
    np.testing.assert_array_equal(cold.W, solve_loss(problem, tol=1e-9).W)
    warm = solve_loss(problem, tol=1e-9, weights=cold.weights)
    np.testing.assert_allclose(warm.objective, cold.objective, rtol=1e-8)
    kernels = KernelList(masking_kernels(problem.design))
    other = solve_loss(
        GroupLassoProblem(kernels, problem.y, problem.lam, loss=problem.loss), tol=1e-9
    )
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
    np.testing.assert_allclose(
        scaled.correlate(z), design.correlate(factors * z), atol=1e-12
    )
    np.testing.assert_allclose(
        scaled.correlation_norms(z), design.correlation_norms(factors * z), atol=1e-12
    )
    np.testing.assert_allclose(
        scaled.kernel(weights),
        np.outer(factors, factors) * design.kernel(weights),
        atol=1e-12,
    )
    np.testing.assert_allclose(scaled.block(2), factors[:, None] * design.block(2))
    np.testing.assert_allclose(scaled[[1, 3]].block(1), scaled.block(3))


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_kernel_machine_at_the_solution_weights_and_its_optimality(loss):
    problem = problem_of(loss)
    best = solve_loss(problem, tol=1e-10)
    W = kernel_machine(problem, best.weights)
    price = (
        loss.value(problem.design.predict(W), problem.y)
        + problem.lam * best.weights.sum() / 2
    )
    on = best.weights > 0
    price += problem.lam / 2 * np.sum((W[on] ** 2).sum(1) / best.weights[on])
    np.testing.assert_allclose(price, best.objective, rtol=1e-8)
    assert not W[~on].any()
    slopes = problem.design.correlate(
        loss.gradient(problem.design.predict(W), problem.y)
    )
    np.testing.assert_allclose(
        problem.lam * W, -best.weights[:, None] * slopes, atol=1e-4 * problem.lam
    )
    assert not kernel_machine(problem, np.zeros(problem.design.p)).any()


def test_inputs_are_left_alone_and_may_be_single_precision():
    rng = np.random.default_rng(5)
    X = np.asfortranarray(gaussian_design(20, 3, rng=rng).astype(np.float32))
    y = teacher_data(X, 3, noise=0.1, kind="relu", rng=rng)
    y = np.where(y > np.median(y), 1, -1).astype(np.float32)
    X.flags.writeable = y.flags.writeable = False
    masks = sample_masks(X, 20, rng=rng)
    found = solve_loss(
        GroupLassoProblem(MaskedDesign(X, masks), y, 0.5, loss=LogisticLoss())
    )
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
            ConvergenceWarning,
            match=f"relative gap of .* above tol=1e-09: {few} of max_iter={few} models",
        ):
            W = kernel_machine(problem, weights, max_iter=few)
        assert W.any() == (few > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernel_machine(problem, weights)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda p: solve_loss(p, tol=-1),
            ValueError,
            "tol must be a number of at least zero",
        ),
        (
            lambda p: solve_loss(p, tol=np.nan),
            ValueError,
            "tol must be a number of at least zero",
        ),
        (lambda p: solve_loss(p, max_iter=-1), ValueError, "max_iter must be"),
        (
            lambda p: solve_loss(p, weights=np.ones(3)),
            ValueError,
            "weights must have one entry",
        ),
        (
            lambda p: solve_loss(p, weights=-np.ones(p.design.p)),
            ValueError,
            "weights must be at least zero",
        ),
        (
            lambda p: solve_loss(GroupLassoProblem(p.design, p.y, 1.0, loss=object())),
            TypeError,
            "a problem must have",
        ),
        (
            lambda p: solve_loss(
                GroupLassoProblem(p.design, 0 * p.y, 1.0, loss=p.loss)
            ),
            ValueError,
            "labels -1 and",
        ),
        (
            lambda p: solve_loss(
                GroupLassoProblem(p.design, p.y * np.nan, 1.0, loss=p.loss)
            ),
            ValueError,
            "y must be finite",
        ),
        (
            lambda p: solve_loss(GroupLassoProblem(p.design, p.y, 0.0, loss=p.loss)),
            ValueError,
            "lam must be a positive",
        ),
        (
            lambda p: kernel_machine(p, np.ones(2)),
            ValueError,
            "weights must have one entry",
        ),
        (
            lambda p: kernel_machine(p, np.ones(p.design.p), tol=-1),
            ValueError,
            "tol must be a positive",
        ),
        (
            lambda p: kernel_machine(p, np.ones(p.design.p), max_iter=-1),
            ValueError,
            "max_iter must be",
        ),
        (
            lambda p: kernel_machine(p, np.ones(p.design.p), max_iter=2.5),
            ValueError,
            "max_iter must be",
        ),
        (
            lambda p: kernel_machine(
                GroupLassoProblem(p.design, p.y, 1.0, loss=object()),
                np.ones(p.design.p),
            ),
            TypeError,
            "a problem must have",
        ),
        (
            lambda p: scale_rows(p.design, np.ones(2)),
            ValueError,
            "factors must have one entry",
        ),
        (
            lambda p: scale_rows(p.design, np.full(p.design.n, np.inf)),
            ValueError,
            "factors must be finite",
        ),
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
    found = solve_loss(
        GroupLassoProblem(design, y, 1.5, loss=LogisticLoss()), tol=1e-12
    )
    judge = LogisticRegression(
        C=found.weights[0] / 1.5, fit_intercept=False, tol=1e-12, max_iter=10_000
    ).fit(X, y)
    np.testing.assert_allclose(found.W, judge.coef_, rtol=1e-5)


def test_kernel_machine_is_kernel_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    problem = problem_of(LogisticLoss(), seed=7)
    weights = np.random.default_rng(7).uniform(size=problem.design.p)
    values, vectors = np.linalg.eigh(problem.design.kernel(weights))
    features = vectors * np.sqrt(np.maximum(values, 0))
    judge = LogisticRegression(
        C=1 / problem.lam, fit_intercept=False, tol=1e-12, max_iter=10_000
    )
    expected = (
        judge.set_params(solver="newton-cholesky")
        .fit(features, problem.y)
        .decision_function(features)
    )
    W = kernel_machine(problem, weights, tol=1e-12)
    np.testing.assert_allclose(problem.design.predict(W), expected, atol=1e-5)


EVERY = [SquaredLoss(), LogisticLoss(), SquaredHingeLoss(), HuberLoss(0.5)]
every_loss = pytest.mark.parametrize("loss", EVERY, ids=repr)


def table(loss, seed=0, n=40, d=3, p=25):
    "A design, targets of both signs or labels, and weights of which some are zero."
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng)
    y = X[:, 0] + 0.7 + rng.standard_normal(n)
    weights = rng.integers(0, 4, n).astype(float)
    return (
        MaskedDesign(X, sample_masks(X, p, rng=rng)),
        y if loss.moves_with_y else np.where(y > 0.4, 1.0, -1.0),
        weights,
    )


def at(design, y, lam, loss):
    return GroupLassoProblem(design, y, lam, loss=loss)


def rows_of(design, rows):
    return MaskedDesign(
        design.X[rows], Masks(design.masks.patterns[rows], design.masks.gates)
    )


@every_loss
@pytest.mark.parametrize("ratio", [1.0, 0.3, 0.03, 0.003])
def test_weights_and_intercept_agree_with_an_explicit_intercept(loss, ratio):
    import cvxpy as cp

    design, y, weights = table(loss)
    ours = FreeIntercept(WeightedLoss(loss, weights))
    problem = at(design, y, ratio * at(design, y, 1.0, ours).lam_max, ours)
    found = solve_loss(problem, tol=1e-9)
    W, b = cp.Variable((design.p, design.d)), cp.Variable()
    f = design.to_dense() @ cp.vec(W, order="C") + b
    price = cp.sum(cp.multiply(weights, loss.expressions(f, y))) + problem.lam * cp.sum(
        cp.norm(W, 2, axis=1)
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # "may be inaccurate": more digits are asked than there are
        cp.Problem(cp.Minimize(price)).solve(
            solver="CLARABEL", tol_gap_abs=1e-12, tol_gap_rel=1e-12
        )
    assert found.converged and found.gap == problem.gap(found.W)
    np.testing.assert_allclose(found.objective, price.value, rtol=2e-9)  # both gaps
    np.testing.assert_allclose(
        found.intercept, b.value, atol=2e-6
    )  # the root of Clarabel's gap
    np.testing.assert_allclose(
        solve_cvxpy(problem).objective, found.objective, rtol=1e-8
    )
    assert found.W.any() == (ratio < 1)
    if ratio == 1:  # the constant alone: for the logistic loss the classes' shares
        constant = {
            "SquaredLoss": np.average(y, weights=weights) if weights.any() else 0
        }
        share = weights @ (y > 0) / weights.sum()
        constant |= {
            "LogisticLoss": np.log(share / (1 - share)),
            "SquaredHingeLoss": 2 * share - 1,
        }
        if type(loss).__name__ in constant:
            np.testing.assert_allclose(
                found.intercept, constant[type(loss).__name__], atol=1e-12
            )


@every_loss
@pytest.mark.parametrize("free", [False, True], ids=["no intercept", "intercept"])
def test_whole_weights_are_repeated_rows_and_scale_is_lam(loss, free):
    design, y, weights = table(loss, seed=1)
    wrap = FreeIntercept if free else (lambda loss: loss)
    again = np.repeat(np.arange(len(y)), weights.astype(int))
    copies, lam = (
        rows_of(design, again),
        0.05 * at(design, y, 1.0, wrap(WeightedLoss(loss, weights))).lam_max,
    )
    plain = solve_loss(at(copies, y[again], lam, wrap(loss)), tol=1e-11)
    assert plain.converged and plain.W.any()
    for loss_, lam_ in (
        (WeightedLoss(loss, weights), lam),
        (WeightedLoss(loss, 3 * weights), 3 * lam),
    ):
        problem = at(design, y, lam_, wrap(loss_))
        np.testing.assert_allclose(
            problem.lam_max * lam / lam_,
            at(copies, y[again], lam, wrap(loss)).lam_max,
            rtol=1e-9,
        )
        found = solve_loss(problem, tol=1e-11)
        np.testing.assert_allclose(
            found.objective * lam / lam_, plain.objective, rtol=1e-9
        )
        np.testing.assert_allclose(
            found.intercept, plain.intercept, atol=1e-6
        )  # 1e-5 is the root of tol
        np.testing.assert_allclose(
            problem.gap(plain.W), plain.gap, atol=1e-12
        )  # one answer is graded alike by both
        np.testing.assert_allclose(
            problem.kkt_residual(plain.W),
            copies_residual(copies, y[again], lam, wrap(loss), plain),
            atol=1e-9,
        )


def copies_residual(design, y, lam, loss, found):
    return at(design, y, lam, loss).kkt_residual(found.W)


@pytest.mark.parametrize("loss", [SquaredLoss(), HuberLoss(0.5)], ids=repr)
@pytest.mark.parametrize("shift", [2000.0, -1e9])
def test_a_constant_in_y_is_the_intercept_and_nothing_else(loss, shift):
    design, y, weights = table(loss, seed=2)
    y = (
        np.round(y, 3) if abs(shift) < 1e6 else np.round(y)
    )  # so that y + shift is exact enough to compare
    ours = FreeIntercept(WeightedLoss(loss, weights))
    lam = 0.05 * at(design, y, 1.0, ours).lam_max
    plain, moved = (
        solve_loss(at(design, target, lam, ours), tol=1e-10)
        for target in (y, y + shift)
    )
    assert moved.converged
    np.testing.assert_allclose(
        moved.W, plain.W, atol=1e-8 if abs(shift) < 1e6 else 1e-9
    )
    np.testing.assert_allclose(
        moved.intercept - shift, plain.intercept, atol=1e-9 * max(1, abs(shift) / 1e3)
    )
    np.testing.assert_allclose(moved.objective, plain.objective, rtol=1e-9)
    assert (
        at(design, 0 * y + shift, 1.0, ours).lam_max == 0
    )  # a constant is explained, all of it


@pytest.mark.parametrize("loss", [LogisticLoss(), SquaredHingeLoss()], ids=repr)
def test_turning_the_labels_turns_the_answer(loss):
    design, y, weights = table(loss, seed=3)
    ours = FreeIntercept(WeightedLoss(loss, weights))
    lam = 0.05 * at(design, y, 1.0, ours).lam_max
    here, there = (
        solve_loss(at(design, labels, lam, ours), tol=1e-10) for labels in (y, -y)
    )
    np.testing.assert_allclose(here.W, -there.W, atol=1e-9)
    np.testing.assert_allclose(here.intercept, -there.intercept, atol=1e-9)


@every_loss
def test_free_intercept_methods_against_their_meaning(loss):
    design, y, weights = table(loss, seed=4)
    rng = np.random.default_rng(5)
    inner = WeightedLoss(loss, weights)
    ours = FreeIntercept(inner)
    f, on = 2 * rng.standard_normal(len(y)), weights > 0
    b = ours.intercept(f, y)
    grid = b + np.r_[-np.logspace(-6, 2, 60), 0, np.logspace(-6, 2, 60)]
    lowest = min(inner.value(f + shift, y) for shift in grid)
    np.testing.assert_allclose(ours.value(f, y), lowest, rtol=1e-12)
    z, step = ours.gradient(f, y), 1e-5
    assert abs(z.sum()) <= 64 * np.finfo(float).eps * np.abs(z).sum()
    slopes = [
        (ours.value(f + e, y) - ours.value(f - e, y)) / (2 * step)
        for e in step * np.eye(len(y))
    ]
    np.testing.assert_allclose(
        z, slopes, atol=1e-4
    )  # the step's error at kinks of the slope
    assert np.all(ours.curvature(f, y)[on] <= ours.majorant(f, y)[on] * (1 + 1e-12))
    assert ours.majorant(f, y).max() <= ours.smoothness
    np.testing.assert_allclose(
        ours.value(f, y) + ours.conjugate(z, y), f @ z, atol=1e-9
    )
    for _ in range(20):  # a line under a convex function
        g = 3 * rng.standard_normal(len(y))
        assert ours.value(g, y) + ours.conjugate(z, y) >= g @ z - 1e-9
    assert ours.conjugate(z + 1e-9, y) == np.inf and inner.conjugate(
        z + on, y
    ) != ours.conjugate(z, y)
    assert (
        inner.conjugate(np.where(on, z, 1.0), y) == np.inf
    )  # a sample of weight zero has no slope


def test_the_best_constant_of_hard_cases():
    far = FreeIntercept(HuberLoss(1.0))
    assert far.intercept([0, 0], [-100, 100]) == 0 and far.intercept(
        [0, 0], [0, 200]
    ) == pytest.approx(100, abs=1e-9)
    assert far.gradient([0, 0], [-100, 100]).tolist() == [2, -2]
    steep = FreeIntercept(LogisticLoss())
    assert (
        abs(steep.intercept([1000, -1000], [-1, 1])) < 1e-6
    )  # no curvature in double precision
    np.testing.assert_allclose(steep.intercept([50.0, 50], [-1, 1]), -50)
    np.testing.assert_allclose(
        steep.intercept(np.zeros(1000), np.r_[1, -np.ones(999)]), -np.log(999)
    )
    hinge = FreeIntercept(SquaredHingeLoss())
    np.testing.assert_allclose(
        hinge.intercept([5, -5], [1, -1]), 0, atol=1e-9
    )  # anything from -4 to 4 costs nothing
    assert (
        hinge.value([5, -5], [1, -1]) == 0
        and not hinge.gradient([5, -5], [1, -1]).any()
    )
    uneven = FreeIntercept(WeightedLoss(LogisticLoss(), [1.0, 1e-300]))
    np.testing.assert_allclose(
        uneven.intercept([0, 0], [1, -1]), 300 * np.log(10), rtol=1e-9
    )
    np.testing.assert_allclose(
        FreeIntercept(SquaredLoss()).intercept([0, 0, 0], [1e15, 1e15, 1e15 + 3]),
        1e15 + 1,
    )


@pytest.mark.parametrize("loss", [LogisticLoss(), SquaredHingeLoss()], ids=repr)
def test_one_class_alone_is_refused_in_words(loss):
    design, y, _ = table(loss)
    with pytest.raises(ValueError, match=r"y must hold both labels .* got only \+1"):
        at(design, np.ones(len(y)), 1.0, FreeIntercept(loss))
    with pytest.raises(
        ValueError, match="both labels in samples of positive weight; got only -1"
    ):
        at(design, y, 1.0, FreeIntercept(WeightedLoss(loss, y < 0)))
    assert solve_loss(
        at(design, np.ones(len(y)), 1.0, loss)
    ).converged  # without an intercept there is an answer


@every_loss
def test_a_kernel_machine_with_weights_and_intercept(loss):
    design, y, weights = table(loss, seed=6)
    ours = FreeIntercept(WeightedLoss(loss, weights))
    problem = at(design, y, 0.1 * at(design, y, 1.0, ours).lam_max, ours)
    best = solve_loss(problem, tol=1e-11)
    W = kernel_machine(problem, best.weights, tol=1e-11)
    price = ours.value(design.predict(W), y) + problem.lam / 2 * (
        np.sum(np.sum(W**2, 1)[best.weights > 0] / best.weights[best.weights > 0])
    )
    np.testing.assert_allclose(
        price + problem.lam / 2 * best.weights.sum(), best.objective, rtol=1e-9
    )


def test_screening_with_weights_and_intercept():
    for loss in EVERY:
        design, y, weights = table(loss, seed=7, p=60)
        ours = FreeIntercept(WeightedLoss(loss, weights))
        problem = at(design, y, 0.5 * at(design, y, 1.0, ours).lam_max, ours)
        best = solve_loss(problem, tol=1e-11)
        named = problem.provably_zero(best.W)
        assert named.any() and not (named & (best.weights > 0)).any()


def test_squared_form_is_the_same_program_for_every_solver():
    design, y, weights = table(SquaredLoss(), seed=8)
    kernels = KernelList(masking_kernels(design))
    for inner in (design, kernels):
        problem = at(inner, y, 3.0, FreeIntercept(WeightedLoss(SquaredLoss(), weights)))
        square, rng = squared_form(problem), np.random.default_rng(0)
        W = rng.standard_normal((inner.p, inner.d))
        np.testing.assert_allclose(square.objective(W), problem.objective(W))
        np.testing.assert_allclose(square.lam_max, problem.lam_max)
        assert abs(square.gap(W) - problem.gap(W)) < 1e-12
    assert squared_form(at(design, y, 1.0, HuberLoss())) is None


def test_lam_max_of_rounding_is_zero_for_every_loss():
    rng = np.random.default_rng(9)
    X = np.outer(
        np.ones(40), [0.1, -0.7, 1e-3]
    )  # constant columns: with an intercept nothing is left to fit
    gates = np.vstack([np.zeros(3), rng.standard_normal((9, 3))])
    design = MaskedDesign(X, Masks.from_gates(X, gates))
    for loss in EVERY:
        for labels in (
            np.resize([1.0, -1.0], 40),
            np.where(rng.random(40) < 0.3, 1.0, -1.0),
        ):
            ours = FreeIntercept(WeightedLoss(loss, rng.uniform(0.5, 2, 40)))
            assert at(design, labels, 1.0, ours).lam_max == 0
            found = solve_loss(at(design, labels, 1e-12, ours))
            assert found.converged and not found.W.any() and found.n_iter == 0
        assert (
            at(design, np.resize([1.0, -1.0], 40), 1.0, loss).lam_max == 0
        )  # balanced
    y = rng.standard_normal(40)
    y -= y.mean()
    assert (
        at(design, y, 1.0, SquaredLoss()).lam_max
        == 0
        < at(design, y + 1e-9, 1.0, SquaredLoss()).lam_max
    )


@every_loss
def test_one_weight_for_all_and_weights_of_another_length(loss):
    design, y, _ = table(loss, seed=10)
    one, many = (
        FreeIntercept(WeightedLoss(loss, w)) for w in (2.5, np.full(len(y), 2.5))
    )
    lam = 0.1 * at(design, y, 1.0, many).lam_max
    np.testing.assert_array_equal(
        solve_loss(at(design, y, lam, one)).W, solve_loss(at(design, y, lam, many)).W
    )
    for short in (
        WeightedLoss(loss, np.ones(3)),
        FreeIntercept(WeightedLoss(loss, np.ones(3))),
    ):
        for method in ("value", "gradient", "curvature", "conjugate", "majorant"):
            with pytest.raises(
                ValueError,
                match="weights must have one entry for each of the 40 samples; got 3",
            ):
                getattr(short, method)(0 * y, y)
        with pytest.raises(ValueError, match="weights must have one entry"):
            at(design, y, 1.0, short)
    for bad, words in (
        (-1, "at least zero"),
        (0.0, "must not all be zero"),
        (np.zeros(4), "must not all be zero"),
        ([1, np.nan], "finite"),
    ):
        with pytest.raises(ValueError, match=f"weights.*{words}"):
            WeightedLoss(loss, bad)
    with pytest.raises(TypeError, match="Weights go inside"):
        WeightedLoss(FreeIntercept(loss), np.ones(40))


def test_conjugates_are_infinite_outside_their_domain():
    for loss, z in ((LOSSES[0], -1.01), (LOSSES[1], 0.01), (HuberLoss(0.7), 1.41)):
        assert loss.conjugate(np.array([z]), np.ones(1)) == np.inf


def test_solver_refuses_what_is_no_problem_for_it():
    problem = problem_of(LogisticLoss())
    design, y = problem.design, problem.y
    with pytest.raises(ValueError, match="delta must be a positive number"):
        HuberLoss(0)
    with pytest.raises(TypeError, match="object without value, gradient"):
        solve_loss(GroupLassoProblem(design, y, 1.0, loss=object()))
    with pytest.raises(ValueError, match="labels -1 and \\+1"):
        solve_loss(GroupLassoProblem(design, 2 * y, 1.0, loss=LogisticLoss()))
    with pytest.raises(ValueError, match="tol must be a number of at least zero"):
        solve_loss(problem, tol=-1)
    short = solve_loss(problem, max_iter=1)
    assert not short.converged and "max_iter" in short.reason
