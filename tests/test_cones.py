"""The ReLU program and the decomposition: what is not prose in chapter 12."""

import numpy as np
import pytest

from fixntk.cones import cone_interior, cone_rows, decompose, project_onto_cone, relu_from_gated, solve_relu
from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem, group_norms
from fixntk.masks import Masks, sample_masks
from fixntk.networks import weight_decay_objective
from fixntk.newton import solve


def small(seed, n=14, d=3, p=20, ratio=0.1):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng)
    design = MaskedDesign(X, sample_masks(X, p, rng=rng))
    y = teacher_data(X, 4, noise=0.2, kind="relu", rng=rng)
    return GroupLassoProblem(design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max)


@pytest.mark.parametrize("seed, ratio", [(0, 0.5), (1, 0.1), (2, 0.01), (3, 0.001)])
def test_solver_agrees_with_the_conic_solver(seed, ratio):
    problem = small(seed, ratio=ratio)
    ours, reference = solve_relu(problem, tol=1e-7), solve_relu(problem, method="cvxpy")
    assert ours.converged and ours.violation <= 1e-8
    np.testing.assert_allclose(ours.objective, reference.objective, rtol=1e-6)
    assert solve(problem).objective <= ours.objective * (1 + 1e-6)


def test_network_of_the_solution_has_its_answers_and_its_price():
    problem = small(4)
    found = solve_relu(problem)
    network, X = found.network(), problem.design.X
    np.testing.assert_allclose(network.predict(X), problem.design.predict(found.positive - found.negative), atol=1e-8)
    price = weight_decay_objective(network, X, problem.y, problem.lam / 2)
    np.testing.assert_allclose(price, found.objective, rtol=1e-8)


def test_projection_is_optimal():
    rng = np.random.default_rng(5)
    for _ in range(20):
        X, gate, c = gaussian_design(30, 4, rng=rng), *rng.standard_normal((2, 4))
        A = cone_rows(X, X @ gate >= 0)
        w = project_onto_cone(A, c)
        assert (A @ w).min() >= -1e-12
        assert abs(w @ (c - w)) <= 1e-10  # Moreau: the rest is orthogonal, and in the polar cone
        assert (c - w) @ gate <= 1e-12


@pytest.mark.parametrize("method", ["fast", "socp"])
def test_decomposition_keeps_answers_and_cones(method):
    problem = small(6, ratio=0.02)
    design, W = problem.design, solve(problem).W
    pair = decompose(design, W, method=method)
    np.testing.assert_allclose(design.predict(pair.positive - pair.negative), design.predict(W), atol=1e-6)
    for i in np.flatnonzero(group_norms(W)):
        A = cone_rows(design.X, design.masks.patterns[:, i])
        assert min((A @ pair.positive[i]).min(), (A @ pair.negative[i]).min()) >= -1e-8
        assert pair.growth[i] >= 1 - 1e-9
    network = relu_from_gated(design, W, method=method)
    np.testing.assert_allclose(network.predict(design.X), design.predict(W), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(network.W, axis=1), np.abs(network.output), rtol=1e-9)


def test_flat_cones_are_named():
    X = np.array([[1.0, 2.0], [-1.0, -2.0], [0.0, 1.0]])
    design = MaskedDesign(X, Masks.from_gates(X, [[1.0, 0.0], [0.0, 0.0]]))
    pair = decompose(design, np.array([[1.0, 0.5], [1.0, 2.0]]))
    assert pair.flat.tolist() == [1] and pair.failed.tolist() == [1] and np.isinf(pair.growth[1])
    with pytest.raises(ValueError, match=r"masks \[1\]"):
        relu_from_gated(design, np.array([[1.0, 0.5], [1.0, 2.0]]))
    problem = GroupLassoProblem(design, np.array([1.0, -0.5, 0.3]), 0.1)
    np.testing.assert_allclose(solve_relu(problem).objective, solve_relu(problem, method="cvxpy").objective, rtol=1e-5)


def test_gate_on_the_boundary_of_a_cone_with_interior():
    point, strict = cone_interior(np.eye(3), np.array([1.0, 0.0, 0.0]))
    assert strict.all() and np.all(point > 0)


def test_zero_network_and_zero_solution():
    problem = small(7)
    network = relu_from_gated(problem.design, np.zeros((problem.design.p, 3)))
    np.testing.assert_array_equal(network.predict(problem.design.X), 0)
    nothing = solve_relu(GroupLassoProblem(problem.design, problem.y, 2 * problem.lam_max))
    assert nothing.converged and nothing.n_iter == 0 and not nothing.positive.any()
    silent = solve_relu(GroupLassoProblem(problem.design, np.zeros(problem.design.n), 1.0))
    assert silent.converged and silent.objective == 0


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p: solve_relu(p, method="best"), ValueError, "method must be one of"),
        (lambda p: solve_relu(p, tol=-1), ValueError, "tol must be a positive number"),
        (lambda p: decompose(p.design, np.zeros((2, 3))), ValueError, "W must have shape"),
        (lambda p: decompose(p.design, np.full((p.design.p, 3), np.nan)), ValueError, "W must be finite"),
        (
            lambda p: solve_relu(GroupLassoProblem(p.design, p.y, 1.0, loss=object())),
            TypeError,
            "must have SquaredLoss",
        ),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(small(8))
