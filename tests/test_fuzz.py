"""Random tables, bad ones on purpose, through the public functions, with an answer of another kind beside each.

`make test` tries a few dozen examples of each test, `make fuzz` 5000 (EXAMPLES=300 for fewer).
Exact fractions judge masks, kernels and ridge; linear programs judge masks and cones; Clarabel
judges programs; repeated rows judge weights. What has its answers elsewhere is named in ELSEWHERE.
"""

import importlib
import itertools
import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from exact import cells, dot, floats, fractions, signs, solved, weighted_gram
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from fixntk.bounds import effective_noise, prediction_bound
from fixntk.columns import solve_all_masks
from fixntk.compare import resampled_interval, tally
from fixntk.cones import decompose, project_onto_cone, relu_from_gated, solve_relu
from fixntk.conv import (
    PatchDesign,
    count_patch_cells,
    extract_patches,
    patch_masks,
    patch_ntk,
)
from fixntk.data import add_bias
from fixntk.deep import deep_ntk, layer_masks, product_masks, product_weights
from fixntk.design import MaskedDesign, adjoint_mismatch, masking_kernels
from fixntk.group_lasso import (
    GroupLassoProblem,
    group_norms,
    group_soft_threshold,
    solve_cvxpy,
)
from fixntk.kernels import finite_width_ntk, kernel_ridge, ntk
from fixntk.losses import (
    FreeIntercept,
    HuberLoss,
    LogisticLoss,
    SquaredHingeLoss,
    SquaredLoss,
    WeightedLoss,
    solve_loss,
)
from fixntk.masks import Masks, count_cells, enumerate_masks, is_complete, sample_masks
from fixntk.mkl import lam_hat_for, mkl_objective, optimal_weights, split_coefs
from fixntk.networks import (
    GatedReLUNetwork,
    ReLUNetwork,
    balanced,
    objective_gradient,
    random_network,
    weight_decay_objective,
)
from fixntk.newton import lam_path, solve
from fixntk.pricing import lam_max_all, price_gates, pricing_bound
from fixntk.reweighting import irls, reweight, weighted_ridge
from fixntk.row_design import RowDesign
from fixntk.weights import exact_weights, sampled_weights

ELSEWHERE = {  # public names of the chapters, and what holds them
    "test_metamorphic.py": "estimators.*",
    "test_figures.py": "figures.*",
    "test_uci_load.py and test_uci_table.py": "table1.*",
    "contract.py": "Design KernelList ScaledDesign CentredDesign JoinedDesign DeepMasks "
    "ReLULayers Solution ReLUSolution second_layer_masks deep_masks",
    "test_design.py": "scale_rows",
    "test_conv.py": "pooled_predict",
    "chapter 14 and test_kinds.py": "squared_form",
    "test_bounds.py": "lam_mean_for noise_quantile Coverage bound_coverage",
    "test_cones.py": "cone_rows cone_interior Decomposition",
    "test_losses.py": "kernel_machine",
    "chapters 0 and 1": "toy_line gaussian_design wisconsin teacher_data "
    "train_by_gradient_descent",
    "test_weights.py": "SampledWeights",
}
seeds = st.integers(0, 2**20)
numbers = st.integers(-3, 3)


def share(part):
    "Of a profile's examples: cheap tests take all, dear ones a part."
    return settings(max_examples=max(4, int(settings().max_examples * part)))


@st.composite
def tables(draw, rows=6, columns=3, scaled=True):
    "Small whole numbers: rows that repeat, oppose, vanish, depend; then other units, by powers of two."
    n, d = draw(st.integers(1, rows)), draw(st.integers(1, columns))
    X = draw(arrays(float, (n, d), elements=numbers))
    if draw(st.booleans()) and n > 1:
        X[draw(st.integers(0, n - 1))] = draw(numbers) * X[0]
    if draw(st.booleans()) and d > 1:
        X[:, -1] = draw(numbers) * X[:, 0]
    if scaled and draw(st.booleans()):
        power = st.integers(-9, 9)
        X = X * 2.0 ** np.array(draw(st.lists(power, min_size=n, max_size=n)))[:, None]
        X = X * 2.0 ** np.array(draw(st.lists(power, min_size=d, max_size=d)))
    return X


@st.composite
def problems(draw, rows=6, columns=3, losses=None):
    "A table, all its masks or some, targets of whole numbers, a strength."
    X = draw(tables(rows, columns, scaled=False))
    assume(X.any())
    masks = enumerate_masks(X)
    if masks.p > 2 and draw(st.booleans()):
        few = draw(st.lists(st.integers(0, masks.p - 1), min_size=1, unique=True))
        masks = Masks(masks.patterns[:, few], masks.gates[few])
    loss = SquaredLoss() if losses is None else draw(st.sampled_from(losses))
    y = np.array(draw(st.lists(numbers, min_size=len(X), max_size=len(X))), float)
    if isinstance(getattr(loss, "loss", loss), (LogisticLoss, SquaredHingeLoss)):
        y = np.where(y > 0, 1.0, -1.0)
        assume(len(set(y)) == 2 or not isinstance(loss, FreeIntercept))  # else refused
    lam = draw(st.sampled_from([0.01, 0.1, 0.5, 1.0, 3.0]))
    return GroupLassoProblem(MaskedDesign(X, masks), y, lam, loss=loss)


# Masks


@given(n=st.integers(1, 60), r=st.integers(1, 12))
@share(0.2)
def test_counts_of_cells(n, r):
    from functools import cache

    @cache
    def planes(n, r):
        return 2 if min(n, r) == 1 else planes(n - 1, r) + planes(n - 1, r - 1)

    if r <= n:  # of n rows of rank r
        assert count_cells(n, r) == planes(n, r)
        assert count_patch_cells(1, n, r) == planes(n, r)


@given(X=tables())
def test_enumerated_masks_are_all_cells(X):
    masks = enumerate_masks(X)
    found = signs(X, masks.gates)
    assert np.array_equal(found >= 0, masks.patterns)
    assert np.all(found[X.any(axis=1)] != 0), "a gate lies on a plane"
    assert len(np.unique(masks.patterns, axis=1).T) == masks.p == cells(X)
    assert is_complete(masks, X)
    assert masks.p == 1 or not is_complete(
        Masks(masks.patterns[:, 1:], masks.gates[1:]), X
    )


@given(
    X=st.tuples(st.integers(2, 6), st.integers(2, 3)).flatmap(
        lambda shape: arrays(float, shape, elements=st.integers(-2, 2))
    ),
    seed=seeds,
    power=st.integers(0, 45),
)
def test_rows_that_nearly_coincide_are_told_apart_or_refused(X, seed, power):
    far = np.random.default_rng(seed).integers(-3, 4, X.shape)
    X = X * 2.0**power + far  # whole numbers still, so that fractions judge
    try:
        masks = enumerate_masks(X)
    except ValueError as refusal:
        assert power > 12 and len(str(refusal)) > 40
        return
    found = signs(X, masks.gates)
    assert np.array_equal(found >= 0, masks.patterns)
    assert np.all(found[X.any(axis=1)] != 0)
    if power < 16:  # beyond, rows within 1e-12 of parallel are one, as is said
        assert masks.p == cells(X)


@given(X=tables(rows=4, scaled=False), boundary=st.booleans())
@share(0.05)
def test_enumerated_masks_by_linear_programs(X, boundary):
    masks = enumerate_masks(X, boundary=boundary)
    expected = set()
    for pattern in itertools.product([False, True], repeat=len(X)):
        on = np.array(pattern)
        floor = 0.0 if boundary else np.where(X[on].any(axis=1), -1.0, 0.0)
        A = np.vstack([-X[on], X[~on]])
        b = np.concatenate([np.broadcast_to(floor, on.sum()), -np.ones((~on).sum())])
        if linprog(np.zeros(X.shape[1]), A, b, bounds=(None, None)).status == 0:
            expected.add(pattern)
    assert {tuple(column) for column in masks.patterns.T} == expected
    assert np.array_equal(signs(X, masks.gates) >= 0, masks.patterns)


@given(X=tables(), seed=seeds, method=st.sampled_from(["gaussian", "circles"]))
@share(0.5)
def test_sampled_masks_are_masks(X, seed, method):
    rng = np.random.default_rng(seed)
    masks = sample_masks(X, 7, method=method, rng=rng)
    assert np.array_equal(signs(X, masks.gates) >= 0, masks.patterns)
    every = {tuple(column) for column in enumerate_masks(X, boundary=True).patterns.T}
    assert {tuple(column) for column in masks.patterns.T} <= every
    assert len(np.unique(masks.patterns, axis=1).T) == masks.p


@given(X=tables(scaled=False), gates=arrays(float, (4, 3), elements=numbers))
def test_masks_of_given_gates(X, gates):
    gates = gates[:, : X.shape[1]]
    masks = Masks.from_gates(X, gates)
    direct = np.unique(signs(X, gates) >= 0, axis=1)
    assert np.array_equal(np.unique(masks.patterns, axis=1), direct)
    assert np.array_equal(signs(X, masks.gates) >= 0, masks.patterns)


@given(X=tables(), seed=seeds)
@share(0.5)
def test_products_of_masks(X, seed):
    rng = np.random.default_rng(seed)
    first, second = (sample_masks(X, 3, rng=rng) for _ in range(2))
    pairs = [
        (a & b, i, j)
        for i, a in enumerate(first.patterns.T)
        for j, b in enumerate(second.patterns.T)
    ]
    expected = {tuple(both) for both, _, _ in pairs if both.any()}
    if not expected:  # as is said
        with pytest.raises(ValueError, match="must have a product that passes"):
            product_masks(first, second)
        return
    products = product_masks(first, second)
    assert {tuple(column) for column in products.patterns.T} == expected
    one, two = rng.uniform(0, 1, first.p), rng.uniform(0, 1, second.p)
    weights = product_weights(first, second, one, two)
    for pattern, weight in zip(products.patterns.T, weights):
        direct = sum(one[i] * two[j] for both, i, j in pairs if (both == pattern).all())
        np.testing.assert_allclose(weight, direct, rtol=1e-12)


@given(X=tables(), seed=seeds)
@share(0.2)
def test_masks_of_layers_answer_for_their_own_rows(X, seed):
    masks = layer_masks(X, 5, widths=[3], rng=np.random.default_rng(seed))
    assert np.array_equal(masks.at(X).patterns, masks.patterns)


# Kernels and weights


def exact_ntk(X, Y):
    "x'y (pi - angle) / (2 pi), the angle from whole numbers: atan2 of the area and the product."
    rows, others = fractions(X), fractions(Y)
    K = np.zeros((len(rows), len(others)))
    for i, j in np.ndindex(K.shape):
        x, y = rows[i], others[j]
        xy, area = dot(x, y), dot(x, x) * dot(y, y) - dot(x, y) ** 2
        if any(x) and any(y):
            shift = float(max(abs(xy), 1)) ** 2 if xy else 1.0  # keep atan2 in range
            angle = math.atan2(
                math.sqrt(area / Fraction(shift)), float(xy) / math.sqrt(shift)
            )
            K[i, j] = float(xy) * (math.pi - angle) / (2 * math.pi)
    return K


def lengths(X, Y):
    return np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y, axis=1)


@given(X=tables(), Y=tables())
def test_tangent_kernel(X, Y):
    d = min(X.shape[1], Y.shape[1])
    X, Y = np.ascontiguousarray(X[:, :d]), np.ascontiguousarray(Y[:, :d])
    close = 1e-14 * lengths(X, Y)
    assert np.all(np.abs(ntk(X, Y) - exact_ntk(X, Y)) <= close)
    assert np.all(np.abs(ntk(X) - exact_ntk(X, X)) <= 1e-14 * lengths(X, X))
    np.testing.assert_array_equal(deep_ntk(X, Y, depth=1).shape, ntk(X, Y).shape)
    assert np.all(np.abs(deep_ntk(X, Y, depth=1) - ntk(X, Y)) <= 10 * close)


@given(X=tables())
@share(0.5)
def test_weights_add_up_to_the_tangent_kernel(X):
    masks, weights = exact_weights(X)
    assert masks.p == len(weights) == cells(X)
    assert np.all(weights >= 0) and abs(weights.sum() - 1) < 1e-12
    mixture = (masks.patterns * weights) @ masks.patterns.T.astype(float) * (X @ X.T)
    assert np.all(np.abs(mixture - exact_ntk(X, X)) <= 1e-12 * lengths(X, X))


@given(X=tables(columns=2), seed=seeds)
@share(0.2)
def test_circles_of_a_plane_know_every_weight(X, seed):
    "In rank two one great circle is all, so sampling has no error."
    found = sampled_weights(X, n_circles=4, rng=np.random.default_rng(seed))
    masks, weights = exact_weights(X)
    exact = {tuple(column): w for column, w in zip(masks.patterns.T, weights)}
    if np.linalg.matrix_rank(X) == 2:
        for column, w in zip(found.masks.patterns.T, found.weights):
            assert abs(exact[tuple(column)] - w) < 1e-12


@given(problem=problems(), data=st.data())
@share(0.5)
def test_products_of_a_design(problem, data):
    design = problem.design
    X, P = design.X, design.masks.patterns
    W = data.draw(arrays(float, (design.p, design.d), elements=numbers))
    z = data.draw(arrays(float, design.n, elements=numbers))
    weights = data.draw(arrays(float, design.p, elements=st.integers(0, 3)))
    rows = RowDesign(np.array(X), design.masks.gates)
    answers = [
        float(sum((dot(x, w) for on, w in zip(open, fractions(W)) if on), 0))
        for x, open in zip(fractions(X), P)
    ]
    for each in (design, rows):
        np.testing.assert_array_equal(each.predict(W), answers)
        np.testing.assert_array_equal(each.correlate(z), [X.T @ (on * z) for on in P.T])
        K = [floats(row) for row in weighted_gram(X, P, weights)]
        np.testing.assert_allclose(each.kernel(weights), K, rtol=1e-12, atol=1e-12)
    assert adjoint_mismatch(design, rng=np.random.default_rng(0)) < 1e-12
    np.testing.assert_array_equal(
        masking_kernels(design), [np.outer(on, on) * (X @ X.T) for on in P.T]
    )
    np.testing.assert_allclose(
        effective_noise(design, z),
        2 / design.n * max(np.linalg.norm(X.T @ (on * z)) for on in P.T),
        rtol=1e-12,
    )


@given(problem=problems(), data=st.data())
@share(0.3)
def test_ridge_in_fractions(problem, data):
    design, y = problem.design, problem.y
    weights = data.draw(
        arrays(float, design.p, elements=st.sampled_from([0, 0.25, 1, 64]))
    )
    ridge = data.draw(st.sampled_from([2.0**-20, 0.125, 1.0, 1024.0]))
    K = weighted_gram(design.X, design.masks.patterns, weights)
    for i in range(len(K)):
        K[i][i] += Fraction(ridge)
    z = solved(K, fractions(y)[0])
    exact = float(dot(fractions(y)[0], z))
    gram = design.kernel(weights)
    worst = 1e-15 * (1 + np.linalg.norm(gram) / ridge) * 50
    scale = np.abs(floats(z)).max() + 1e-300
    np.testing.assert_allclose(
        kernel_ridge(gram, y, ridge), floats(z), rtol=0, atol=worst * scale
    )
    np.testing.assert_allclose(
        mkl_objective(design, y, weights, ridge), exact, rtol=worst, atol=1e-300
    )
    W = [
        [
            float(
                w
                * sum(
                    (zi * xi[k] for zi, xi, on in zip(z, fractions(design.X), P) if on),
                    0,
                )
            )
            for k in range(design.d)
        ]
        for w, P in zip(fractions(weights)[0], design.masks.patterns.T)
    ]
    for method in ("kernel", "lsmr"):
        loose = 1.0 if method == "kernel" else 1e7
        np.testing.assert_allclose(
            weighted_ridge(design, y, weights, ridge, method=method),
            W,
            rtol=0,
            atol=max(worst * loose, 1e-12) * (np.abs(W).max() + scale),
        )


@given(
    W=arrays(float, (3, 2), elements=numbers), threshold=st.sampled_from([0.5, 1, 2, 5])
)
def test_thresholds_and_weights_of_lengths(W, threshold):
    short = group_soft_threshold(W, threshold)
    for w, s in zip(W, short):  # the minimiser of |s - w|^2 / 2 + threshold |s|
        if s.any():
            np.testing.assert_allclose(w - s, threshold * s / np.linalg.norm(s))
        else:
            assert math.hypot(*w) <= threshold * (1 + 1e-15)
    norms = np.array([math.hypot(*w) for w in W])
    np.testing.assert_allclose(group_norms(W), norms, rtol=1e-15)
    np.testing.assert_allclose(reweight(W), norms, rtol=1e-15)
    weights = optimal_weights(W)
    assert abs(weights.sum() - 1) < 1e-14
    if norms.any():
        np.testing.assert_allclose(
            lam_hat_for(threshold, W) * 2 * norms.sum(), threshold
        )
        V = split_coefs(W, weights)
        np.testing.assert_allclose(np.sqrt(weights)[:, None] * V, W, atol=1e-15)


# Programs


def objective(problem, W):
    "By its definition, on the dense table."
    design = problem.design
    f = sum((on * (design.X @ w) for on, w in zip(design.masks.patterns.T, W)), 0.0)
    return problem.loss.value(np.asarray(f), problem.y) + problem.lam * sum(
        math.hypot(*w) for w in W
    )


@given(problem=problems())
@share(0.1)
def test_group_lasso_by_clarabel(problem):
    reference = solve_cvxpy(problem)
    best = objective(problem, reference.W)
    for found in (solve(problem, tol=1e-9), solve_loss(problem, tol=1e-7)):
        value = objective(problem, found.W)
        np.testing.assert_allclose(found.objective, value, rtol=1e-12, atol=1e-12)
        assert value <= best + 1e-6 * (1 + best), found.reason
        floor = found.objective * (1 - found.gap)
        assert floor <= best + 1e-12 * (1 + best), "a floor above a value"
    slow = irls(problem, max_iter=30)
    assert slow.objective * (1 - slow.gap) <= best + 1e-12 * (1 + best)


LOSSES = [LogisticLoss(), SquaredHingeLoss(), HuberLoss(0.5)]
LOSSES += [FreeIntercept(loss) for loss in [SquaredLoss(), *LOSSES]]


@given(problem=problems(rows=5, columns=2, losses=LOSSES))
@share(0.05)
def test_other_losses_by_clarabel(problem):
    reference = solve_cvxpy(problem)
    found = solve_loss(problem, tol=1e-7)
    assert found.objective <= reference.objective + 1e-6 * (
        1 + abs(reference.objective)
    )
    floor = found.objective * (1 - found.gap)
    assert floor <= reference.objective + 1e-9 * (1 + abs(reference.objective))


@given(problem=problems(rows=5, columns=2))
@share(0.05)
def test_the_path_ends_where_single_fits_end(problem):
    assume(problem.lam_max > 0)
    path = lam_path(problem.design, problem.y, n_lams=4, tol=1e-8)
    for found in path:
        alone = GroupLassoProblem(problem.design, problem.y, found.lam)
        reference = solve_cvxpy(alone)
        assert objective(alone, found.W) <= reference.objective + 1e-6 * (
            1 + reference.objective
        )


@given(problem=problems(rows=5), seed=seeds)
@share(0.1)
def test_all_masks_and_their_prices(problem, seed):
    rng, X, y = np.random.default_rng(seed), problem.design.X, problem.y
    every = enumerate_masks(X)
    values = np.array([np.linalg.norm(X.T @ (on * y)) for on in every.patterns.T])
    lam_max, exact = lam_max_all(X, y, rng=rng)
    assert exact
    np.testing.assert_allclose(lam_max, 2 * values.max(), rtol=1e-10, atol=1e-10)
    assert pricing_bound(X, y) >= values.max() * (1 - 1e-12)
    gates, priced = price_gates(X, y, n_circles=5, rng=rng)
    direct = [np.linalg.norm(X.T @ ((X @ g >= 0) * y)) for g in gates]
    np.testing.assert_allclose(priced, direct, rtol=1e-10, atol=1e-10)
    found = solve_all_masks(X, y, problem.lam, tol=1e-7, rng=rng)
    whole = GroupLassoProblem(MaskedDesign(X, every), y, problem.lam)
    best = solve(whole, tol=1e-9).objective
    np.testing.assert_allclose(found.objective, best, rtol=1e-5, atol=1e-6)
    assert found.proven_over == "all masks of open cells"


@given(problem=problems(rows=4, columns=2))
@share(0.03)
def test_relu_program_by_clarabel(problem):
    reference = solve_relu(problem, method="cvxpy")
    found = solve_relu(problem, tol=1e-7)
    assert found.objective <= reference.objective + 1e-5 * (1 + reference.objective)
    assert found.objective * (1 - found.gap) <= reference.objective + 1e-6 * (
        1 + reference.objective
    )


@given(X=tables(rows=4, columns=3, scaled=False), c=arrays(float, 3, elements=numbers))
@share(0.2)
def test_projection_onto_a_cone(X, c):
    c = c[: X.shape[1]]
    nearest = np.asarray(project_onto_cone(X, c))
    scale = 1 + np.abs(X).max() * np.abs(c).max()
    assert np.all(X @ nearest >= -1e-9 * scale)
    assert abs((c - nearest) @ nearest) <= 1e-9 * scale
    # what is left over is in the polar cone: no w of the cone in a box has a positive product
    worst = linprog(-(c - nearest), -X, np.zeros(len(X)), bounds=(-1, 1))
    assert -worst.fun <= 1e-7 * scale


@given(problem=problems(), seed=seeds)
@share(0.1)
def test_decomposition_keeps_answers_in_cones(problem, seed):
    design = problem.design
    W = np.random.default_rng(seed).integers(-3, 4, (design.p, design.d)).astype(float)
    found = decompose(design, W)
    sides = 2 * design.masks.patterns.T[:, :, None] - 1
    for lines in (found.positive, found.negative):
        inside = np.einsum("nk,pk->pn", design.X, lines)[:, :, None] * sides
        assert inside.min() >= -1e-8 * (1 + np.abs(lines).max())
    difference = found.positive - found.negative
    kept = np.setdiff1d(np.arange(design.p), found.failed)
    if not len(found.failed):
        network = relu_from_gated(design, W)
        f, answers = design.predict(W), network.predict(design.X)
        np.testing.assert_allclose(answers, f, atol=1e-6 * (1 + np.abs(f).max()))
    for i in kept:
        block = design.block(i)
        np.testing.assert_allclose(block @ difference[i], block @ W[i], atol=1e-7)


# Weights of samples


@given(
    problem=problems(
        rows=5, columns=2, losses=[SquaredLoss(), LogisticLoss(), HuberLoss(0.5)]
    ),
    data=st.data(),
    free=st.booleans(),
)
@share(0.05)
def test_weights_are_repeated_rows(problem, data, free):
    design, y = problem.design, problem.y
    counts = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=design.n, max_size=design.n))
    )
    assume(counts.any())
    rows = np.repeat(np.arange(design.n), counts)
    repeated = Masks(design.masks.patterns[rows], design.masks.gates)
    repeated = MaskedDesign(design.X[rows], repeated)
    if isinstance(problem.loss, LogisticLoss) and free:
        assume(len(np.unique(y[rows])) == 2)
    wrap = FreeIntercept if free else lambda loss: loss
    weighted = wrap(WeightedLoss(problem.loss, counts.astype(float)))
    one = GroupLassoProblem(design, y, problem.lam, loss=weighted)
    two = GroupLassoProblem(repeated, y[rows], problem.lam, loss=wrap(problem.loss))
    a, b = solve_loss(one, tol=1e-8), solve_loss(two, tol=1e-8)
    np.testing.assert_allclose(a.objective, b.objective, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(one.lam_max, two.lam_max, rtol=1e-6, atol=1e-9)


# Networks, patches, numbers


@given(
    X=tables(scaled=False),
    seed=seeds,
    gated=st.booleans(),
    lam=st.sampled_from([0, 0.5, 2]),
)
@share(0.3)
def test_networks_by_their_formulas(X, seed, gated, lam):
    rng = np.random.default_rng(seed)
    network = random_network(X.shape[1], 3, gated=gated, rng=rng)
    y = rng.standard_normal(len(X))
    lines = network.W
    open = X @ (network.gates if gated else lines).T >= 0
    f = ((X @ lines.T) * open) @ network.output
    np.testing.assert_allclose(network.predict(X), f, atol=1e-12)
    decay = (lines**2).sum() + (network.output**2).sum()
    value = ((f - y) ** 2).sum() + lam * decay
    if lam:
        np.testing.assert_allclose(weight_decay_objective(network, X, y, lam), value)
    even = balanced(network)
    np.testing.assert_allclose(even.predict(X), f, atol=1e-12)


@given(
    images=st.tuples(st.integers(1, 3), st.integers(2, 5), st.integers(2, 5)).flatmap(
        lambda shape: arrays(float, shape, elements=numbers)
    ),
    size=st.integers(1, 2),
    stride=st.integers(1, 2),
    padding=st.integers(0, 1),
)
@share(0.3)
def test_patches_by_loops(images, size, stride, padding):
    found = extract_patches(images, size, stride=stride, padding=padding)
    wide = np.pad(images, [(0, 0), (padding, padding), (padding, padding)])
    places = [
        (r, c)
        for r in range(0, wide.shape[1] - size + 1, stride)
        for c in range(0, wide.shape[2] - size + 1, stride)
    ]
    expected = [
        [image[r : r + size, c : c + size].ravel() for r, c in places] for image in wide
    ]
    np.testing.assert_array_equal(found, expected)
    K = np.array(
        [
            [exact_ntk(a, b).sum() for b in np.array(expected)]
            for a in np.array(expected)
        ]
    )
    np.testing.assert_allclose(patch_ntk(found), K, atol=1e-11)
    masks = patch_masks(found, 4, rng=np.random.default_rng(0))
    design = PatchDesign(found, masks)
    W = np.arange(design.p * design.d).reshape(design.p, design.d).astype(float)
    direct = [
        sum(
            (patch @ w) * (patch @ g >= 0)
            for patch in np.array(image)
            for w, g in zip(W, design.masks.gates)
        )
        for image in expected
    ]
    np.testing.assert_allclose(design.predict(W), direct, atol=1e-8)


@given(
    values=st.lists(st.floats(-1, 1), min_size=2, max_size=9), train=st.integers(1, 90)
)
def test_intervals_and_counts(values, train):
    from statistics import mean, variance

    from scipy.stats import t

    centre, half = resampled_interval(values, train, 10)
    k = len(values)
    spread = math.sqrt((1 / k + 10 / train) * variance(map(float, values)))
    np.testing.assert_allclose(centre, mean(values), atol=1e-15)
    np.testing.assert_allclose(
        half, t.ppf(0.975, k - 1) * spread, rtol=1e-9, atol=1e-15
    )
    counted = tally(values)
    assert counted.wins == sum(value > 1e-9 for value in values)
    assert counted.losses == sum(value < -1e-9 for value in values)
    assert counted.wins + counted.ties + counted.losses == k


@given(X=tables(), lam=st.sampled_from([0.5, 2.0]))
@share(0.2)
def test_small_helpers(X, lam):
    np.testing.assert_array_equal(add_bias(X), np.column_stack([X, np.ones(len(X))]))
    total = sum(math.hypot(*row) for row in X)
    assert prediction_bound(lam, X, sharp=True) <= prediction_bound(lam, X) * (
        1 + 1e-15
    )
    assert prediction_bound(lam, X) <= 4 * lam * total + 1e-300


@given(X=tables(rows=3, columns=2, scaled=False), seed=seeds)
@share(0.1)
def test_wide_networks_have_the_kernel_of_their_neurons(X, seed):
    for kind in ("gated", "relu"):
        one, two = (
            finite_width_ntk(
                X, width=6, parameterization=kind, rng=np.random.default_rng(seed)
            )
            for _ in range(2)
        )
        np.testing.assert_array_equal(one, two)
        assert np.linalg.eigvalsh(one).min() >= -1e-10 * (1 + np.abs(one).max())


@given(seed=seeds, gated=st.booleans())
@share(0.1)
def test_gradients_by_differences(seed, gated):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((4, 2)), rng.standard_normal(4)
    network = random_network(2, 3, gated=gated, rng=rng)
    make = (
        (lambda W, a: GatedReLUNetwork(network.gates, W, a)) if gated else ReLUNetwork
    )
    found = objective_gradient(network, X, y, 0.3)
    for place in range(2):
        parts = [np.array(network.W), np.array(network.output)]
        step = np.zeros_like(parts[place])
        index = tuple(rng.integers(0, size) for size in step.shape)
        step[index] = 1e-6
        ends = []
        for side in (1, -1):
            moved = list(parts)
            moved[place] = parts[place] + side * step
            ends.append(weight_decay_objective(make(*moved), X, y, 0.3))
        slope = (ends[0] - ends[1]) / 2e-6
        near = np.abs(X @ network.W.T).min() < 1e-4 and not gated
        assume(not near)
        np.testing.assert_allclose(found[place][index], slope, rtol=1e-4, atol=1e-4)


def test_every_public_name_of_the_chapters_has_an_answer_somewhere():
    "A new one gets a test here, or a line in ELSEWHERE."
    text = Path(__file__).read_text()
    body = text.replace(text[text.index("ELSEWHERE = {") : text.index("seeds = ")], "")
    named = {name for names in ELSEWHERE.values() for name in names.split()}
    for path in sorted((Path(__file__).parents[1] / "nbs").glob("[0-9][0-9]_*.ipynb")):
        page = path.stem[3:]
        if f"{page}.*" in named or page == "errata":  # which exports nothing
            continue
        for name in importlib.import_module(f"fixntk.{page}").__all__:
            assert name in named or re.search(rf"\b{name}\b", body), name
