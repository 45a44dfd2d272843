"""Products of masks: what is not prose in chapter 17."""

import numpy as np
import pytest

from fixntk.data import add_bias, gaussian_design
from fixntk.deep import (
    DeepMasks,
    ReLULayers,
    deep_masks,
    deep_ntk,
    layer_masks,
    product_masks,
    product_weights,
    second_layer_masks,
)
from fixntk.design import MaskedDesign, adjoint_mismatch
from fixntk.group_lasso import GroupLassoProblem, solve_cvxpy
from fixntk.kernels import ntk
from fixntk.masks import Masks, sample_masks
from fixntk.newton import solve
from fixntk.reweighting import irls


def layers(seed, n=20, d=3, p=12, width=6):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng)
    return (
        X,
        sample_masks(X, p, rng=rng),
        second_layer_masks(X, p, width=width, rng=rng),
        rng,
    )


def rows(masks):
    return {bytes(mask) for mask in masks.patterns.T}


@pytest.mark.parametrize("n, d, width", [(20, 3, 6), (1, 1, 1), (2, 1, 3), (65, 2, 4)])
def test_products_are_all_that_differ(n, d, width):
    X, first, second, _ = layers(1, n, d, width=width)
    both = product_masks(first, second)
    assert rows(both) == {
        bytes(a & b) for a in first.patterns.T for b in second.patterns.T
    } - {bytes(n)}
    assert len(rows(both)) == both.p and both.d == d and both.n == n
    np.testing.assert_array_equal(both.is_open(X), both.patterns)


def test_first_of_equal_products_is_kept_in_order():
    X, first, second, _ = layers(2)
    again = product_masks(first | first, second[: second.p])
    assert again == product_masks(first, second)
    one_by_one = [a & b for a in first.patterns.T for b in second.patterns.T]
    seen = list(dict.fromkeys(bytes(mask) for mask in one_by_one if mask.any()))
    assert [bytes(mask) for mask in again.patterns.T] == seen


def test_chosen_pairs():
    X, first, second, rng = layers(3)
    pairs = rng.integers([first.p, second.p], size=(40, 2))
    some = product_masks(first, second, pairs=pairs)
    wanted = {bytes(first.patterns[:, i] & second.patterns[:, j]) for i, j in pairs} - {
        bytes(20)
    }
    assert rows(some) == wanted


def test_three_factors_in_any_order():
    X, first, second, rng = layers(4)
    third = layer_masks(X, 6, widths=[5, 4], rng=rng)
    left, right = (
        product_masks(product_masks(first, second), third),
        product_masks(first, product_masks(second, third)),
    )
    assert rows(left) == rows(right)
    new = gaussian_design(50, 3, rng=rng)
    for masks in (left, right):
        np.testing.assert_array_equal(masks.is_open(X), masks.patterns)
        parts = [
            layer.features(new) @ gates.T >= 0
            for layer, gates in zip(
                masks.layers,
                np.split(
                    masks.gates,
                    np.cumsum([layer.width for layer in masks.layers])[:-1],
                    axis=1,
                ),
            )
        ]
        np.testing.assert_array_equal(masks.is_open(new), np.logical_and.reduce(parts))


def test_slices_unions_and_read_only():
    X, first, second, rng = layers(5)
    both = product_masks(first, second)
    part = both[[2, 0]]
    np.testing.assert_array_equal(part.is_open(X), both.patterns[:, [2, 0]])
    assert (
        both[:3] | both[1:5] == both[:5]
        and both != both[1:]
        and isinstance(part, DeepMasks)
    )
    assert not both.patterns.flags.writeable and not both.gates.flags.writeable
    assert rows(both | second) == rows(both) | rows(
        second
    )  # a second-layer mask is a product with the zero gate
    np.testing.assert_array_equal((both | second).is_open(X), (both | second).patterns)
    with pytest.raises(ValueError, match="behind the same layers"):
        both | first
    with pytest.raises(ValueError, match="behind the same layers"):
        second | second_layer_masks(X, 3, width=6, rng=rng)


def test_pooled_weights_give_the_mixture_of_all_pairs():
    X, first, second, rng = layers(6)
    a, b = rng.random(first.p), rng.random(second.p)
    weights = product_weights(first, second, a, b)
    agreement = sum(
        u * v * np.outer(D & E, D & E)
        for u, D in zip(a, first.patterns.T)
        for v, E in zip(b, second.patterns.T)
    )
    mixture = MaskedDesign(X, product_masks(first, second)).kernel(weights)
    np.testing.assert_allclose(mixture, (X @ X.T) * agreement, atol=1e-11)


def test_deep_kernel():
    rng = np.random.default_rng(7)
    X = np.vstack([gaussian_design(12, 3, rng=rng), np.zeros((1, 3))])
    X = np.vstack([X, -X[:2], 2 * X[:1], X[:1] + 1e-9])
    np.testing.assert_allclose(deep_ntk(X, depth=1), ntk(X), atol=1e-14)
    for depth in (2, 3, 5):
        K = deep_ntk(X, depth=depth)
        np.testing.assert_allclose(K, K.T, atol=1e-14)
        np.testing.assert_allclose(K.diagonal(), (X**2).sum(1) / 2**depth, atol=1e-14)
        assert np.linalg.eigvalsh(K).min() > -1e-13 and not K[12].any()
        np.testing.assert_allclose(deep_ntk(X[:3], X, depth=depth), K[:3])
    np.testing.assert_allclose(
        deep_ntk(X[:1], -X[:1], depth=2), 0, atol=1e-15
    )  # angle pi: nothing passes both


def test_gates_behind_many_neurons_approach_the_deep_kernel():
    rng = np.random.default_rng(8)
    X = gaussian_design(4, 2, rng=rng)
    means = []
    for _ in range(
        60
    ):  # independent layers of independent gates: 60 unbiased kernels but for the width
        first, second = rng.standard_normal((2, 300)), rng.standard_normal((400, 300))
        Z = np.maximum(X @ rng.standard_normal((2, 400)), 0)
        opened = (X @ first >= 0) & (Z @ second >= 0)
        means.append((X @ X.T) * (opened.astype(float) @ opened.T) / 300)
    error = np.abs(np.mean(means, axis=0) - deep_ntk(X, depth=2))
    assert np.all(
        error <= 4 * np.std(means, axis=0) / np.sqrt(60) + np.abs(X @ X.T) / 400
    )


@pytest.mark.parametrize("seed", range(5))
def test_three_layer_program_agrees_with_the_conic_solver(seed):
    X, first, second, rng = layers(seed, n=15, d=2, p=8)
    design, y = MaskedDesign(X, product_masks(first, second)), rng.standard_normal(15)
    problem = GroupLassoProblem(
        design,
        y,
        (0.5, 0.2, 0.1, 0.05, 0.01)[seed] * GroupLassoProblem(design, y, 1.0).lam_max,
    )
    found = solve(problem, tol=1e-9)
    assert found.converged
    np.testing.assert_allclose(
        found.objective, solve_cvxpy(problem).objective, rtol=1e-6
    )
    np.testing.assert_allclose(found.predict(X), design.predict(found.W), atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_conic_solver_agrees_with_a_bias_and_repeated_samples(seed):
    rng = np.random.default_rng(seed)
    X = add_bias(gaussian_design(15 + seed, 1 + seed % 3, rng=rng))
    X[-2:] = X[:2]
    y = rng.standard_normal(len(X))
    second = second_layer_masks(X, 8, width=5, rng=rng)
    design = MaskedDesign(X, product_masks(sample_masks(X, 8, rng=rng), second))
    ratio = (0.5, 0.2, 0.1, 0.05, 0.02)[seed]
    problem = GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )
    ours, reference = solve(problem, tol=1e-9), solve_cvxpy(problem)
    np.testing.assert_allclose(ours.objective, reference.objective, rtol=1e-6)


def test_answers_on_new_rows_are_sums_over_open_masks():
    X, first, second, rng = layers(12, n=30)
    design = MaskedDesign(X, product_masks(first, second))
    W, new = rng.standard_normal((design.p, 3)), gaussian_design(40, 3, rng=rng)
    by_mask = design.masks.is_open(new) * (new @ W.T)
    np.testing.assert_allclose(design.at(new).predict(W), by_mask.sum(1), atol=1e-12)
    np.testing.assert_array_equal(design.at(X).predict(W), design.predict(W))
    part = design[[3, 1]].at(new)
    np.testing.assert_array_equal(
        part.masks.patterns, design.masks.is_open(new)[:, [3, 1]]
    )
    assert isinstance(design.at(new).masks, DeepMasks) and design.at(new).n == 40


def test_one_neuron_makes_two_masks_and_is_open_where_it_is_silent():
    X, _, _, rng = layers(13, n=40)
    one = second_layer_masks(X, 50, width=1, rng=rng)
    assert one.p == 2 and one.patterns[X @ one.layers[1].weights[0][:, 0] <= 0].all()


def test_a_factor_that_passes_all_changes_nothing_and_order_does_not_matter():
    X, first, second, rng = layers(14)
    everything = Masks.from_gates(X, np.zeros((1, 3)))
    some = first.patterns.any(axis=0)
    np.testing.assert_array_equal(
        product_masks(everything, first).patterns, first.patterns[:, some]
    )
    assert rows(product_masks(second, first)) == rows(product_masks(first, second))


def test_sampled_products_rarely_coincide():
    rng = np.random.default_rng(2)
    for n in (5, 10, 20, 50, 100, 200):
        X = gaussian_design(n, 5, rng=rng)
        first = sample_masks(X, 60, rng=rng)
        second = second_layer_masks(X, 60, width=20, rng=rng)
        p, pairs = product_masks(first, second).p, first.p * second.p
        assert p <= min(pairs, 2**n - 1) and (n < 50 or p > 0.8 * pairs)


def test_a_fixed_layer_is_off_by_the_root_of_its_width():
    rng = np.random.default_rng(9)
    X, off = gaussian_design(6, 3, rng=rng), {}
    limit = deep_ntk(X, depth=2)
    for m in (40, 160, 640, 2560):
        draws = [rng.standard_normal((3, m)) for _ in range(100)]
        layers_ = [np.maximum(X @ U, 0) for U in draws]
        kernels = [deep_ntk(X, depth=1) * pass_both(Z) for Z in layers_]
        errors = [np.abs(K - limit).max() for K in kernels]
        off[m] = np.mean(errors) * np.sqrt(m)
    assert max(off.values()) < 1.5 * min(off.values())


def pass_both(Z):
    "The probability that a normal gate passes both of two rows, by angles."
    length = np.linalg.norm(Z, axis=1)
    cosine = Z @ Z.T / np.outer(length, length)
    return 0.5 - np.arccos(np.clip(cosine, -1, 1)) / (2 * np.pi)


def test_random_neurons_rarely_separate_samples_on_a_line():
    X = add_bias(np.sort(np.random.default_rng(5).standard_normal(7))[:, None])
    rng, rank = np.random.default_rng(7), np.linalg.matrix_rank
    hit = lambda m: rank(np.maximum(X @ rng.standard_normal((2, m)), 0)) == 7
    full = {m: np.mean([hit(m) for _ in range(1000)]) for m in (7, 100)}
    assert 0.01 < full[7] < 0.06  # it is 0.03 with a standard error of 0.006
    assert full[100] > 0.99


def test_reweighting_and_adjoint_take_deep_masks():
    X, first, second, rng = layers(9, n=30)
    design, y = MaskedDesign(X, product_masks(first, second)), rng.standard_normal(30)
    problem = GroupLassoProblem(
        design, y, 0.2 * GroupLassoProblem(design, y, 1.0).lam_max
    )
    assert adjoint_mismatch(design, rng=rng) < 1e-13
    np.testing.assert_allclose(
        irls(problem, tol=1e-5).objective, solve(problem).objective, rtol=1e-5
    )


def test_repeatable_and_indifferent_to_the_kind_of_array():
    X = add_bias(gaussian_design(15, 2, rng=np.random.default_rng(0))).astype(
        np.float32
    )
    make = lambda X: deep_masks(
        X, [5, 5, 4], widths=[6, 3], rng=np.random.default_rng(1)
    )
    one, wide = make(X), np.repeat(X.astype(float), 2, axis=1)[:, ::2]
    frozen = X.astype(float)
    frozen.flags.writeable = False
    for other in (make(X), make(wide), make(frozen)):
        np.testing.assert_array_equal(one.patterns, other.patterns)
        np.testing.assert_array_equal(one.gates, other.gates)


def test_duplicate_and_constant_samples():
    X = np.ones((6, 2))
    rng = np.random.default_rng(2)
    masks = product_masks(
        sample_masks(X, 9, rng=rng), second_layer_masks(X, 9, width=3, rng=rng)
    )
    assert masks.p == 1 and masks.patterns.all()


X0, FIRST, SECOND, RNG = layers(10)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: second_layer_masks(np.full((3, 2), np.nan), 3, width=2, rng=RNG),
            ValueError,
            "X must be finite",
        ),
        (
            lambda: second_layer_masks(X0, 0, width=2, rng=RNG),
            ValueError,
            "n_gates must be a whole number",
        ),
        (
            lambda: second_layer_masks(X0, 3, width=0, rng=RNG),
            ValueError,
            "width must be a whole number",
        ),
        (
            lambda: second_layer_masks(X0, 3, width=2, rng=0),
            TypeError,
            "rng must be a numpy.random.Generator",
        ),
        (
            lambda: layer_masks(X0, 3, widths=[2, 0.5], rng=RNG),
            ValueError,
            "widths must be a whole number",
        ),
        (
            lambda: layer_masks(X0, 3, widths=5, rng=RNG),
            ValueError,
            "widths must be a list",
        ),
        (
            lambda: deep_masks(X0, [3], widths=[2], rng=RNG),
            ValueError,
            "widths must be a list, one shorter",
        ),
        (
            lambda: deep_masks(X0, 3, widths=[2], rng=RNG),
            ValueError,
            "widths must be a list, one shorter",
        ),
        (
            lambda: deep_masks(X0, [3, 3], widths="a", rng=RNG),
            ValueError,
            "widths must be a list, one shorter",
        ),
        (
            lambda: layer_masks(X0, 3, widths=[[1], [2, 3]], rng=RNG),
            ValueError,
            "widths must be a whole number",
        ),
        (
            lambda: layer_masks(X0, 10**12, widths=[3], rng=RNG),
            ValueError,
            "n_gates=1000000000000 gates .* are free",
        ),
        (
            lambda: product_masks(FIRST, SECOND, pairs=[[0], [0, 1]]),
            ValueError,
            "pairs must be whole numbers",
        ),
        (
            lambda: ReLULayers(3, 5),
            TypeError,
            "weights must be a tuple or list; got int",
        ),
        (
            lambda: ReLULayers(3, (np.ma.masked_invalid(np.ones((3, 2))),)),
            TypeError,
            "weights must be a plain array",
        ),
        (
            lambda: DeepMasks(SECOND.patterns, SECOND.gates, (1, 2)),
            TypeError,
            "layers must be a ReLULayers; got int",
        ),
        (
            lambda: DeepMasks(SECOND.patterns, SECOND.gates, 3),
            TypeError,
            "layers must be a tuple; got int",
        ),
        (
            lambda: MaskedDesign(X0, SECOND).at(X0).predict([1, [2]]),
            ValueError,
            "W must have rows of equal length",
        ),
        (lambda: ReLULayers(0), ValueError, "d must be a whole number"),
        (
            lambda: product_masks(FIRST, X0),
            TypeError,
            "second must be a Masks or DeepMasks; got ndarray",
        ),
        (
            lambda: product_masks(X0, SECOND),
            TypeError,
            "first must be a Masks or DeepMasks; got ndarray",
        ),
        (
            lambda: product_masks(FIRST, SECOND[:3].patterns),
            TypeError,
            "second must be a Masks or DeepMasks",
        ),
        (
            lambda: product_masks(
                FIRST, sample_masks(X0[:9], 5, rng=np.random.default_rng(0))
            ),
            ValueError,
            r"same 20 samples and 3 features; got Masks\(n=9",
        ),
        (
            lambda: product_weights(X0, SECOND, np.ones(FIRST.p), np.ones(SECOND.p)),
            TypeError,
            "first must be a Masks or DeepMasks",
        ),
        (
            lambda: product_weights(FIRST, None, np.ones(FIRST.p), np.ones(SECOND.p)),
            TypeError,
            "second must be a Masks or DeepMasks; got NoneType",
        ),
        (
            lambda: product_masks(FIRST, SECOND, max_masks=5),
            ValueError,
            "at most max_masks=5 products",
        ),
        (
            lambda: product_masks(FIRST, SECOND, max_masks=0),
            ValueError,
            "max_masks must be a whole number",
        ),
        (
            lambda: product_masks(FIRST, SECOND, pairs=[[0, 99]]),
            ValueError,
            "pairs must be whole numbers",
        ),
        (
            lambda: product_masks(FIRST, SECOND, pairs=[[0.0, 1.0]]),
            ValueError,
            "pairs must be whole numbers",
        ),
        (
            lambda: product_masks(FIRST, SECOND, pairs=[0, 1]),
            ValueError,
            "pairs must be whole numbers",
        ),
        (
            lambda: product_masks(
                *(Masks.from_gates(np.eye(2), [g]) for g in ([1, -1], [-1, 1]))
            ),
            ValueError,
            "must have a product that passes a sample",
        ),
        (
            lambda: product_weights(
                FIRST, SECOND, -np.ones(FIRST.p), np.ones(SECOND.p)
            ),
            ValueError,
            "weights must be at least",
        ),
        (
            lambda: product_weights(FIRST, SECOND, np.ones(3), np.ones(SECOND.p)),
            ValueError,
            "weights must have one entry",
        ),
        (
            lambda: deep_ntk(X0, np.ones((2, 2)), depth=2),
            ValueError,
            "Y must have as many columns as X",
        ),
        (lambda: deep_ntk(X0, depth=1.5), ValueError, "depth must be a whole number"),
        (lambda: deep_ntk(X0, depth=0), ValueError, "depth must be a whole number"),
        (lambda: deep_ntk(X0, depth=1001), ValueError, "at most 1e.03"),
        (lambda: deep_ntk(X0, depth=10**15), ValueError, "leave double precision"),
        (
            lambda: ReLULayers(3, (np.ones((2, 4)),)),
            ValueError,
            "weights must lead from 3 inputs",
        ),
        (
            lambda: ReLULayers(3).features(np.ones((2, 4))),
            ValueError,
            "X must have 3 columns",
        ),
        (
            lambda: DeepMasks(SECOND.patterns, SECOND.gates[:, 1:], SECOND.layers),
            ValueError,
            "gates must have 9 columns",
        ),
        (
            lambda: MaskedDesign(X0, SECOND).at(X0).predict(np.ones((2, 3))),
            ValueError,
            "W must have shape",
        ),
        (lambda: SECOND.at(np.ones((2, 2))), ValueError, "X must have 3 columns"),
        (lambda: SECOND.is_open(np.ones((2, 2))), ValueError, "X must have 3 columns"),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_repr_says_which_masks():
    assert (
        repr(SECOND) == f"DeepMasks(n=20, p={SECOND.p}, d=3)"
        and repr(FIRST) == f"Masks(n=20, p={FIRST.p}, d=3)"
    )


def test_two_layer_network_of_deep_masks_is_refused():
    rng = np.random.default_rng(11)
    X = gaussian_design(10, 3, rng=rng)
    design = MaskedDesign(
        X, second_layer_masks(X, 5, width=3, rng=rng)
    )  # as many neurons as features
    found = solve(GroupLassoProblem(design, np.ones(10), 0.1))
    with pytest.raises(ValueError, match="gates must have the shape of W"):
        found.network()
