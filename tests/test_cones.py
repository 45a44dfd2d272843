"""The ReLU program and the decomposition: what is not prose in chapter 12."""

from itertools import combinations

import numpy as np
import pytest

from fixntk import projections
from fixntk.cones import (
    ReLUSolution,
    cone_interior,
    cone_rows,
    decompose,
    project_onto_cone,
    relu_from_gated,
    solve_relu,
)
from fixntk.conv import PatchDesign, patch_masks
from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.deep import second_layer_masks
from fixntk.design import CentredDesign, JoinedDesign, KernelList, MaskedDesign
from fixntk.designs import ScaledDesign
from fixntk.group_lasso import GroupLassoProblem, group_norms
from fixntk.masks import Masks, enumerate_masks, sample_masks
from fixntk.networks import weight_decay_objective
from fixntk.newton import solve


def small(seed, n=14, d=3, p=20, ratio=0.1):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng)
    design = MaskedDesign(X, sample_masks(X, p, rng=rng))
    y = teacher_data(X, 4, noise=0.2, kind="relu", rng=rng)
    return GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )


@pytest.mark.parametrize("seed, ratio", [(0, 0.5), (1, 0.1), (2, 0.01), (3, 0.001)])
def test_solver_agrees_with_the_conic_solver(seed, ratio):
    problem = small(seed, ratio=ratio)
    ours, reference = solve_relu(problem, tol=1e-7), solve_relu(problem, method="cvxpy")
    assert ours.converged and ours.violation <= 1e-8
    np.testing.assert_allclose(ours.objective, reference.objective, rtol=1e-6)
    assert solve(problem).objective <= ours.objective * (1 + 1e-6)


@pytest.mark.parametrize("size, height", [(1e-9, 1), (1e9, 1e-9), (1, 1e-12), (1, 1e9)])
def test_both_solvers_in_any_unit(size, height):
    plain, sizes = small(6), []
    design = MaskedDesign(size * plain.design.X, plain.design.masks)
    scaled = GroupLassoProblem(design, height * plain.y, size * height * plain.lam)
    for method in ("interior", "cvxpy"):
        ours, other = (solve_relu(each, method=method) for each in (plain, scaled))
        assert ours.converged and other.converged, other.reason
        sizes += [ours.objective, other.objective / height**2]
    np.testing.assert_allclose(sizes, sizes[:1] * 4, rtol=2e-6)  # two gaps of 1e-6


def test_a_line_outside_its_cone_is_seen_however_short():
    design = MaskedDesign([[1.0]], Masks.from_gates([[1.0]], [[1.0]]))
    for height in (1.0, 1e-12):
        problem = GroupLassoProblem(design, [-3.0 * height], height)
        wrong = ReLUSolution.judge(problem, [[-2.5 * height]], [[0]], n_iter=0, tol=1.0)
        right = ReLUSolution.judge(problem, [[0]], [[2.5 * height]], n_iter=0, tol=1.0)
        assert right.converged and not wrong.converged
        assert wrong.violation == 2.5 * height and right.violation == 0


def test_network_of_the_solution_has_its_answers_and_its_price():
    problem = small(4)
    found = solve_relu(problem)
    network, X = found.network(), problem.design.X
    np.testing.assert_allclose(
        network.predict(X),
        problem.design.predict(found.positive - found.negative),
        atol=1e-8,
    )
    price = weight_decay_objective(network, X, problem.y, problem.lam / 2)
    np.testing.assert_allclose(price, found.objective, rtol=1e-8)


def test_projection_is_optimal():
    rng = np.random.default_rng(5)
    for _ in range(20):
        X, gate, c = gaussian_design(30, 4, rng=rng), *rng.standard_normal((2, 4))
        A = cone_rows(X, X @ gate >= 0)
        w = project_onto_cone(A, c)
        assert (A @ w).min() >= -1e-12
        assert (
            abs(w @ (c - w)) <= 1e-10
        )  # Moreau: the rest is orthogonal, and in the polar cone
        assert (c - w) @ gate <= 1e-12


@pytest.mark.parametrize("method", ["fast", "socp"])
def test_decomposition_keeps_answers_and_cones(method):
    problem = small(6, ratio=0.02)
    design, W = problem.design, solve(problem).W
    pair = decompose(design, W, method=method)
    np.testing.assert_allclose(
        design.predict(pair.positive - pair.negative), design.predict(W), atol=1e-6
    )
    for i in np.flatnonzero(group_norms(W)):
        A = cone_rows(design.X, design.masks.patterns[:, i])
        assert min((A @ pair.positive[i]).min(), (A @ pair.negative[i]).min()) >= -1e-8
        assert pair.growth[i] >= 1 - 1e-9
    network = relu_from_gated(design, W, method=method)
    np.testing.assert_allclose(network.predict(design.X), design.predict(W), atol=1e-6)
    np.testing.assert_allclose(
        np.linalg.norm(network.W, axis=1), np.abs(network.output), rtol=1e-9
    )


def test_flat_cones_are_named():
    X = np.array([[1.0, 2.0], [-1.0, -2.0], [0.0, 1.0]])
    design = MaskedDesign(X, Masks.from_gates(X, [[1.0, 0.0], [0.0, 0.0]]))
    pair = decompose(design, np.array([[1.0, 0.5], [1.0, 2.0]]))
    assert (
        pair.flat.tolist() == [1]
        and pair.failed.tolist() == [1]
        and np.isinf(pair.growth[1])
    )
    with pytest.raises(ValueError, match=r"masks \[1\]"):
        relu_from_gated(design, np.array([[1.0, 0.5], [1.0, 2.0]]))
    problem = GroupLassoProblem(design, np.array([1.0, -0.5, 0.3]), 0.1)
    np.testing.assert_allclose(
        solve_relu(problem).objective,
        solve_relu(problem, method="cvxpy").objective,
        rtol=1e-5,
    )


def test_gate_on_the_boundary_of_a_cone_with_interior():
    point, strict = cone_interior(np.eye(3), np.array([1.0, 0.0, 0.0]))
    assert strict.all() and np.all(point > 0)


def test_zero_network_and_zero_solution():
    problem = small(7)
    network = relu_from_gated(problem.design, np.zeros((problem.design.p, 3)))
    np.testing.assert_array_equal(network.predict(problem.design.X), 0)
    nothing = solve_relu(
        GroupLassoProblem(problem.design, problem.y, 2 * problem.lam_max)
    )
    assert nothing.converged and nothing.n_iter == 0 and not nothing.positive.any()
    silent = solve_relu(
        GroupLassoProblem(problem.design, np.zeros(problem.design.n), 1.0)
    )
    assert silent.converged and silent.objective == 0


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p: solve_relu(p, method="best"), ValueError, "method must be one of"),
        (lambda p: solve_relu(p, tol=-1), ValueError, "tol must be a positive number"),
        (
            lambda p: decompose(p.design, np.zeros((2, 3))),
            ValueError,
            "W must have shape",
        ),
        (
            lambda p: decompose(p.design, np.full((p.design.p, 3), np.nan)),
            ValueError,
            "W must be finite",
        ),
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


@pytest.mark.parametrize("seed, lam, tol", [(11, 0.1, 1e-8), (2, 0.001, 1e-6)])
def test_rounding_through_a_wall_ends_honestly(seed, lam, tol):
    X, y = toy_line(5, rng=np.random.default_rng(seed))
    problem = GroupLassoProblem(
        MaskedDesign(add_bias(X), enumerate_masks(add_bias(X))), y, lam
    )
    found = solve_relu(problem, tol=tol)
    assert found.gap <= 1e-6 and found.converged == (found.gap <= tol)


WIDE_TABLES = [1.0, 1e3, 1e6, 1e8, 1e12]


def scaled_table(seed, ratio):
    "Columns of very different size, masks from gates of the right size, and lines."
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(5, 20)), int(rng.integers(2, 5))
    X, gates, sizes = (
        rng.standard_normal((n, d)),
        rng.standard_normal((5, d)),
        rng.permutation(ratio ** np.linspace(0, 1, d)),
    )
    return (
        MaskedDesign(X * sizes, Masks(X @ gates.T >= 0, gates / sizes)),
        rng.standard_normal((5, d)),
        sizes,
    )


@pytest.mark.parametrize("ratio", WIDE_TABLES)
@pytest.mark.parametrize("lines", ["of the columns' size", "not of their size"])
def test_columns_of_any_size_decompose(ratio, lines):
    for seed in range(300 if ratio == 1e8 and lines == "of the columns' size" else 40):
        design, W, sizes = scaled_table(seed, ratio)
        W = W / sizes if lines == "of the columns' size" else W
        pair, answers = decompose(design, W), design.predict(W)
        assert not len(pair.failed) and not len(pair.flat), (seed, ratio)
        network = relu_from_gated(design, W)
        assert (
            np.abs(network.predict(design.X) - answers).max()
            <= 1e-6 * np.abs(answers).max()
        ), (seed, ratio)
        for i in range(5):
            A = cone_rows(design.X, design.masks.patterns[:, i])
            for w in (pair.positive[i], pair.negative[i]):
                assert (A @ w).min() >= -1e-12 * np.linalg.norm(w)


@pytest.mark.parametrize("method", ["fast", "socp"])
def test_raw_columns_become_a_relu_network(method):
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer()
    X, y = table.data[:120] * np.geomspace(1, 1e3, 30), 2.0 * table.target[:120] - 1
    assert np.ptp(np.log10(np.abs(X).max(0))) > 6
    design = MaskedDesign(X, sample_masks(X, 60, rng=np.random.default_rng(0)))
    for ratio in (0.1, 0.01):
        W = solve(
            GroupLassoProblem(
                design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
            )
        ).W
        np.testing.assert_allclose(
            relu_from_gated(design, W, method=method).predict(X),
            design.predict(W),
            atol=1e-6,
        )


@pytest.mark.parametrize("distance", [1e-6, 1e-8, 1e-10, 1e-12])
def test_rows_that_are_nearly_equal(distance):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 2))
    X[1] = X[0] + distance * rng.standard_normal(2)
    design = MaskedDesign(X, enumerate_masks(X))
    W = rng.standard_normal((design.p, 2))
    if distance >= 1e-10:
        np.testing.assert_allclose(
            relu_from_gated(design, W).predict(X), design.predict(W), atol=1e-6
        )
    else:
        with pytest.raises(
            ValueError, match="too narrow for double precision.*merge these samples"
        ):
            relu_from_gated(design, W)


def test_a_conic_solver_that_gives_up_costs_nothing(monkeypatch):
    from fixntk import pairs, relu_solvers

    problem = small(6, ratio=0.02)
    W = solve(problem).W
    fast = decompose(problem.design, W)
    for module in (pairs, relu_solvers):
        monkeypatch.setattr(module, "run_clarabel", lambda program: False)
    given_up = decompose(problem.design, W, method="socp")
    np.testing.assert_allclose(
        problem.design.predict(given_up.positive - given_up.negative),
        problem.design.predict(W),
        atol=1e-8,
    )
    assert np.nanmax(given_up.growth / fast.growth) <= 1 + 1e-9
    with pytest.raises(ValueError, match="gave up"):
        solve_relu(problem, method="cvxpy")


def test_clarabel_giving_up_is_caught():
    import cvxpy as cp

    from fixntk.relu_solvers import run_clarabel

    x = cp.Variable()
    assert not run_clarabel(
        cp.Problem(cp.Minimize(x), [x >= 1, x <= 0])
    )  # no solution, no value

    class Broken:
        status = "never"

        def get_problem_data(self, solver):
            pass

        def solve(self, **options):
            raise cp.SolverError

        def variables(self):
            return [cp.Variable()]

    assert not run_clarabel(Broken())


def test_rows_have_length_one_whatever_their_size():
    for dtype, size in (
        (np.float16, 300),
        (np.float32, 1e20),
        (np.int8, 100),
        (float, 1e200),
        (float, 1e-200),
        (float, 1e-310),
    ):
        X = np.array([[size, size], [-size, 0]], dtype=dtype)
        A = cone_rows(X, [True, False])
        np.testing.assert_allclose(
            A,
            [[np.sqrt(0.5), np.sqrt(0.5)], [1, 0]],
            rtol=1e-9,
            err_msg=f"{dtype} {size}",
        )
    np.testing.assert_allclose(
        project_onto_cone(1e200 * np.eye(2), [1e200, -1e200]), [1e200, 0]
    )
    np.testing.assert_allclose(
        project_onto_cone(1e-200 * np.eye(2), [1e-200, -1e-200]), [1e-200, 0]
    )
    point, strict = cone_interior(1e200 * np.eye(2), [1e-3, 1e-3])
    assert strict.all() and np.all(point > 0)


def test_lists_are_tables():
    assert project_onto_cone([[1, 0], [0, 1]], [1, -2]).tolist() == [1, 0]
    point, strict = cone_interior([[1, 0], [0, 1]], [1, 1])
    assert point.tolist() == [1, 1] and strict.tolist() == [True, True]
    assert cone_rows([[2, 0]], [False]).tolist() == [[-1, 0]]


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: project_onto_cone(np.eye(2), [1.0, 2.0, 3.0]),
            ValueError,
            "c must have one entry for each of the 2",
        ),
        (
            lambda: project_onto_cone(np.eye(2), np.eye(2)),
            ValueError,
            "c must be one-dimensional",
        ),
        (
            lambda: project_onto_cone([1.0, 2.0], [1.0, 2.0]),
            ValueError,
            "A must be a table",
        ),
        (
            lambda: project_onto_cone(np.ones((0, 2)), [1.0, 2.0]),
            ValueError,
            "A must have at least one row",
        ),
        (
            lambda: project_onto_cone(np.eye(2), [1.0, np.nan]),
            ValueError,
            "c must be finite",
        ),
        (lambda: project_onto_cone("cone", [1.0]), TypeError, "A must hold numbers"),
        (
            lambda: cone_interior(np.eye(2), [1.0]),
            ValueError,
            "gate must have one entry for each of the 2",
        ),
        (
            lambda: cone_interior(np.full((2, 2), np.inf), [1.0, 1.0]),
            ValueError,
            "A must be finite",
        ),
        (
            lambda: cone_rows(np.eye(2), [True]),
            ValueError,
            "pattern must have one entry for each of the 2 rows",
        ),
        (
            lambda: cone_rows(np.eye(2), [0.5, 1]),
            ValueError,
            "pattern must hold True and False",
        ),
        (
            lambda: decompose(np.eye(2), np.eye(2)),
            TypeError,
            "design must be a MaskedDesign; got ndarray",
        ),
        (
            lambda: relu_from_gated("solution", np.eye(2)),
            TypeError,
            "design must be a MaskedDesign; got str",
        ),
        (
            lambda: relu_from_gated(solve(small(8)), small(8).design.X),
            TypeError,
            "design must be a MaskedDesign; got Solution",
        ),
        (
            lambda: relu_from_gated(small(8).design, solve(small(8))),
            TypeError,
            "W must be an array",
        ),
        (
            lambda: solve_relu([1, 2]),
            TypeError,
            "problem must be a GroupLassoProblem; got list",
        ),
        (
            lambda: solve_relu(GroupLassoProblem),
            TypeError,
            "got the class GroupLassoProblem itself",
        ),
        (
            lambda: solve_relu(small(8), max_passes=0),
            ValueError,
            "max_passes must be a whole number of at least 1",
        ),
        (
            lambda: solve_relu(small(8), block=0),
            ValueError,
            "block must be a whole number of at least 1",
        ),
        (
            lambda: solve_relu(small(8), method="cvxpy", max_passes=1.5),
            ValueError,
            "max_passes must be a whole number",
        ),
    ],
)
def test_wrong_kinds_are_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_kernels_have_no_cones():
    design = KernelList([np.eye(3)])
    with pytest.raises(TypeError, match="must be a MaskedDesign; got KernelList"):
        solve_relu(GroupLassoProblem(design, np.ones(3), 0.1))
    with pytest.raises(TypeError, match="must be a MaskedDesign; got KernelList"):
        relu_from_gated(design, np.eye(1, 3))


def test_one_pass_is_graded():
    short = solve_relu(small(1), tol=1e-10, max_passes=1)
    assert not short.converged and short.gap > 0


def test_the_fast_pair_is_not_always_the_shortest():
    "In nearly a half plane (W, 0) has length sqrt 2; least squares prefers more."
    X = np.array([[1.0, 0.0], [1.0, 1e-3]])
    design, W = (
        MaskedDesign(X, Masks.from_gates(X, [[1.0, 1.0]])),
        np.array([[1.0, 1.0]]),
    )
    assert (cone_rows(X, [True, True]) @ W[0]).min() > 0
    fast, exact = (
        decompose(design, W).growth[0],
        decompose(design, W, method="socp").growth[0],
    )
    np.testing.assert_allclose(exact, 1, atol=1e-6)  # Clarabel's accuracy
    np.testing.assert_allclose(
        fast, (1 + np.sqrt(5)) / np.sqrt(8), atol=1e-3
    )  # 1.144 for the half plane


def test_a_solution_offers_what_every_solution_does():
    problem, said = small(9), []
    found = solve_relu(problem, tol=1e-7, progress=said.append)
    history = found.history
    assert list(history) == ["objective", "gap", "masks", "steps"]
    assert {len(values) for values in history.values()} == {len(said)}
    assert len(found.details["blocks"]) == len(said) > 1
    assert history["gap"][-1] <= 1e-7 and history["steps"][-1] == found.n_iter
    assert np.all(np.diff(history["steps"]) >= 0) and history["masks"][0] == 0
    assert found.lam == problem.lam and found.design is problem.design
    assert found.masks is problem.design.masks and found.intercept == 0
    assert found.proven_over == "the given masks" and "within tol" in found.reason
    np.testing.assert_array_equal(found.W, found.positive - found.negative)
    penalty = found.objective - np.sum(
        (problem.design.predict(found.W) - problem.y) ** 2
    )
    np.testing.assert_allclose(found.weights.sum() * problem.lam, penalty)
    for array in (found.positive, found.negative, found.W, found.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    X_new = np.random.default_rng(0).standard_normal((50, 3))
    network = found.network()
    np.testing.assert_allclose(found.predict(X_new), network.predict(X_new))
    answers = problem.design.predict(found.W)
    np.testing.assert_allclose(found.predict(problem.design.X), answers, atol=1e-8)


def test_starts_are_taken_up():
    problem = small(10)
    found = solve_relu(problem, tol=1e-7)
    again = solve_relu(problem, tol=1e-7, start=found)
    assert again.n_iter == 0 and again.converged and len(again.history["gap"]) == 1
    for start in (found.weights, solve(problem), np.zeros(problem.design.p)):
        other = solve_relu(problem, tol=1e-7, start=start)
        assert other.converged
        np.testing.assert_allclose(other.objective, found.objective, rtol=2e-7)
    near = GroupLassoProblem(problem.design, problem.y, 0.9 * problem.lam)
    warm, cold = solve_relu(near, start=found), solve_relu(near)
    np.testing.assert_allclose(warm.objective, cold.objective, rtol=2e-6)
    assert warm.history["gap"][0] < 0.1 < cold.history["gap"][0]
    with pytest.raises(ValueError, match="weights must"):
        solve_relu(problem, start=-found.weights)
    with pytest.raises(TypeError, match="progress must be a function"):
        solve_relu(problem, progress=3)


def test_the_older_name_of_max_iter_works():
    problem = small(1)
    old, new = solve_relu(problem, max_passes=2), solve_relu(problem, max_iter=2)
    assert old.n_iter == new.n_iter and old.objective == new.objective
    assert not new.converged and "max_iter=2" in new.reason
    with pytest.raises(ValueError, match="max_iter must be a whole number"):
        solve_relu(problem, max_iter=0)


def designs_without_cones():
    rng = np.random.default_rng(0)
    X = gaussian_design(8, 4, rng=rng)
    design = MaskedDesign(X, sample_masks(X, 6, rng=rng))
    patches = np.stack([X[:, :2], X[:, 2:]], axis=1)
    return [
        KernelList([np.eye(8)]),
        ScaledDesign(design, np.ones(8)),
        CentredDesign(design, np.ones(8)),
        JoinedDesign([design, design]),
        PatchDesign(patches, patch_masks(patches, 5, rng=rng)),
        MaskedDesign(X, second_layer_masks(X, 5, width=3, rng=rng)),
    ]


@pytest.mark.parametrize("design", designs_without_cones(), ids=repr)
def test_designs_without_cones_are_refused_in_words(design):
    problem, W = (
        GroupLassoProblem(design, np.ones(8), 0.1),
        np.ones((design.p, design.d)),
    )
    with pytest.raises(TypeError, match="The cones are those of masks of X"):
        solve_relu(problem)
    for call in (decompose, relu_from_gated):
        with pytest.raises(TypeError, match="design must be .*The cones are"):
            call(design, W)
    with pytest.raises(TypeError, match="The cones are"):
        ReLUSolution.judge(problem, W, W, n_iter=0, tol=1.0)


def test_several_targets_and_other_losses_are_refused():
    problem = small(8)
    two = GroupLassoProblem(problem.design, np.ones((problem.design.n, 2)), 0.1)
    with pytest.raises(ValueError, match="one column"):
        solve_relu(two)
    with pytest.raises(ValueError, match="positive must have shape"):
        ReLUSolution.judge(problem, [[1.0]], [[1.0]], n_iter=0, tol=1.0)


@pytest.mark.parametrize("factors", [[2.0], [-1.0], [0.0, 1.0, 3.0]])
def test_scaled_rows_have_cones_of_their_own(factors):
    problem = small(12)
    scaled = problem.design.scaled(np.resize(factors, problem.design.n))
    twin = GroupLassoProblem(scaled, problem.y, problem.lam)
    ours, reference = solve_relu(twin, tol=1e-7), solve_relu(twin, method="cvxpy")
    assert ours.converged
    np.testing.assert_allclose(ours.objective, reference.objective, rtol=1e-6)


def test_the_dense_program_has_a_limit():
    rng = np.random.default_rng(0)
    X = gaussian_design(100, 50, rng=rng)
    design = MaskedDesign(X, sample_masks(X, 60, rng=rng))
    with pytest.raises(ValueError, match="Use method='interior'"):
        solve_relu(GroupLassoProblem(design, np.ones(100), 1.0), method="cvxpy")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("factor", [0.5, 0.999, 1.001, 2.0])
def test_the_gap_is_as_tight_as_the_projections_allow(seed, factor):
    "Off the optimum all reaches can be below lam; the longest still has to be exact."
    problem = small(seed)
    found = solve_relu(problem, tol=1e-8)
    parts = factor * found.positive, found.negative
    design, y, lam = problem.design, problem.y, problem.lam
    z, reach = 2 * (design.predict(parts[0] - parts[1]) - y), 0.0
    for slope, pattern in zip(design.correlate(z), design.masks.patterns.T):
        A = cone_rows(design.X, pattern)
        both = [np.linalg.norm(project_onto_cone(A, s * slope)) for s in (1, -1)]
        reach = max(reach, *both)
    scale = max(0, min(lam / reach, -2 * (z @ y) / (z @ z)))
    judged = ReLUSolution.judge(problem, *parts, n_iter=0, tol=1.0)
    floor = -scale * (z @ y) - scale**2 * (z @ z) / 4
    np.testing.assert_allclose(
        judged.gap, max(0, 1 - floor / judged.objective), rtol=1e-9, atol=1e-12
    )


def nearest_by_faces(A, c):
    "The nearest of c's projections onto the spaces where rows vanish, if in the cone."
    n, d = A.shape
    found = [c] if (A @ c >= 0).all() else []
    for k in range(1, d + 1):
        for face in combinations(range(n), k):
            rows = A[list(face)]
            point = c - np.linalg.pinv(rows) @ (rows @ c)
            if (A @ point >= -1e-12).all():
                found.append(point)
    return min(found, key=lambda point: np.linalg.norm(c - point))


def cones(number):
    "Random cones of 4 to 12 rows in 2 to 4 dimensions, and a point for each."
    rng = np.random.default_rng(0)
    for _ in range(number):
        n, d = rng.integers(4, 13), rng.integers(2, 5)
        A = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-2, 3)
        if rng.random() < 0.5:
            A[n // 2 :] = A[: n - n // 2] + 1e-3 * rng.standard_normal((n - n // 2, d))
        A *= np.sign(A @ rng.standard_normal(d))[:, None]
        yield A, rng.standard_normal(d)


def check_projections(number):
    "Rounding of a pseudo-inverse of rows that differ by 1e-3 allows 1e-8."
    for A, c in cones(number):
        ours, truth = project_onto_cone(A, c), nearest_by_faces(A, c)
        np.testing.assert_allclose(ours, truth, atol=1e-8 * np.linalg.norm(c))


def test_projections_are_nearest_whatever_the_version_of_scipy():
    check_projections(120)


def test_projections_survive_a_routine_that_stops_early(monkeypatch):
    "SciPy 1.15 does on some tables: here after two exchanges, always."

    def stops_early(E, target, maxiter):
        first = int((E.T @ target).argmax())
        m = np.zeros(E.shape[1])
        m[first] = max(0, E[:, first] @ target / (E[:, first] @ E[:, first]))
        return m, 0.0

    monkeypatch.setattr(projections, "nnls", stops_early)
    check_projections(60)


def test_lines_at_a_right_angle_to_their_samples_have_pairs():
    "Answers that are zero up to rounding once counted as lost."
    rng = np.random.default_rng(0)
    for _ in range(40):
        X, gates = rng.standard_normal((4, 3)), rng.standard_normal((6, 3))
        design = MaskedDesign(X, Masks.from_gates(X, gates))
        line = np.cross(X[0], rng.standard_normal(3))
        for size in (1, 1 / 3, 1e-9, 1e9):
            pair = decompose(design, np.tile(size * line, (design.p, 1)))
            assert not len(pair.failed)
            answers = design.masks.patterns * (X @ line)[:, None] * size
            found = [
                np.maximum(X @ v, 0) - np.maximum(X @ u, 0)
                for v, u in zip(pair.positive, pair.negative)
            ]
            on = design.masks.patterns
            np.testing.assert_allclose(
                np.transpose(found)[on], answers[on], atol=1e-7 * size
            )
