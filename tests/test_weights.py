"""Exact weights on ordinary and degenerate data; sampled weights against exact ones."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from fixntk.design import MaskedDesign
from fixntk.kernels import ntk
from fixntk.masks import count_cells, enumerate_masks
from fixntk.weights import exact_weights, sampled_weights


def gaussian(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def check_weights(X, tol=1e-10):
    """Theorem 5.1 entrywise, the sum, opposite pairs, witnesses."""
    masks, weights = exact_weights(X)
    H = ntk(X)
    error = np.abs(MaskedDesign(X, masks).kernel(weights) - H).max()
    assert error <= tol * np.abs(H).max()
    assert abs(weights.sum() - 1) < 1e-12 and weights.min() >= 0
    np.testing.assert_array_equal(masks.patterns, X @ masks.gates.T >= 0)
    live = X.any(1)
    if live.any():
        np.testing.assert_array_equal(
            masks.patterns[live, ::2], ~masks.patterns[live, 1::2]
        )
        np.testing.assert_array_equal(weights[::2], weights[1::2])
        assert (X[live] @ masks.gates.T != 0).all()
    assert len({pattern.tobytes() for pattern in masks.patterns.T}) == masks.p
    return masks, weights


@pytest.mark.parametrize(
    "n, r, d",
    [
        (1, 1, 1),
        (200, 1, 1),
        (9, 1, 4),
        (2, 2, 2),
        (200, 2, 2),
        (50, 2, 7),
        (3, 3, 3),
        (60, 3, 3),
        (200, 3, 3),
        (40, 3, 8),
    ],
)
def test_theorem_in_general_position(n, r, d):
    X = gaussian(n, r) if d == r else gaussian(n, r) @ gaussian(r, d, seed=1)
    masks, _ = check_weights(X)
    assert masks.p == count_cells(n, r) == (masks | enumerate_masks(X)).p


GRID = np.array(list(product([-1.0, 0.0, 1.0], repeat=3)))
DEGENERATE = {
    "all zero": np.zeros((3, 2)),
    "octants": np.eye(3),
    "grid": GRID,
    "turned grid": GRID @ gaussian(3, 3),
    "grid in six dimensions": GRID @ gaussian(3, 6),
    "fine grid": np.array(list(product(range(-2, 3), repeat=3)), dtype=float),
    "copies": np.vstack(
        [gaussian(20, 3), gaussian(20, 3)[:5], 3 * gaussian(20, 3)[5:9]]
    ),
    "opposites": np.vstack(
        [gaussian(20, 3), -gaussian(20, 3)[3:9], -0.1 * gaussian(20, 3)[9:12]]
    ),
    "zero rows": np.vstack([gaussian(20, 3), np.zeros((2, 3))]),
    "copies in the plane": np.vstack(
        [gaussian(9, 2), -gaussian(9, 2), gaussian(9, 2), np.zeros((1, 2))]
    ),
    "rows of a plane and one off it": np.vstack(
        [np.column_stack([gaussian(9, 2), np.zeros(9)]), [[0.0, 0.0, 1.0]]]
    ),
    "points on a line with bias": np.column_stack([np.arange(12.0), np.ones(12)]),
    "tiny": 1e-200 * gaussian(10, 3),
    "huge": 1e150 * gaussian(10, 3),
    "lengths over thirty decades": gaussian(10, 3) * np.logspace(-15, 15, 10)[:, None],
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_theorem_on_degenerate_data(name):
    X = DEGENERATE[name]
    masks, _ = check_weights(X)
    listed = enumerate_masks(X / (np.abs(X).max() or 1))
    assert (masks | listed).p == masks.p == listed.p


@pytest.mark.parametrize(
    "angle", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-11, 1e-12, 1e-13, 1e-15]
)
@pytest.mark.parametrize("d", [2, 3, 5])
def test_theorem_on_nearly_parallel_rows(angle, d):
    r = min(d, 3)
    X, turn = gaussian(20, r), np.eye(r) if d == r else gaussian(r, d, seed=1)
    near = np.vstack(
        [
            X,
            X[:5] + angle * gaussian(5, r, seed=2),
            angle * gaussian(3, r, seed=3) - X[7:10],
        ]
    )
    check_weights(near @ turn)
    if r == 3:
        flat = np.array([[1, 0, 0], [1, angle, 0], [0, 1, 0], [0, 0, 1], [1, 2, 3]])
        check_weights(flat @ gaussian(3, 3, seed=4) @ turn)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda d: st.lists(st.tuples(*[st.integers(-3, 3)] * d), min_size=1, max_size=8)
    )
)
def test_theorem_on_small_integers(rows):
    X = np.array(rows, dtype=float)
    masks, _ = check_weights(X)
    assert (masks | enumerate_masks(X)).p == masks.p == enumerate_masks(X).p


def standardised(seed):
    "The same column in two units, or a, b and a + b, standardised, with a bias."
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 16))
    a, b, pressure = (
        20 + 3 * rng.standard_normal(n),
        5 + rng.standard_normal(n),
        1013 + 10 * rng.standard_normal(n),
    )
    X = np.column_stack(
        [[pressure, 0.750062 * pressure], [a, b, a + b], [a, b, 1.8 * a + 32]][seed % 3]
    )
    return np.column_stack([(X - X.mean(0)) / X.std(0), np.ones(n)])


@pytest.mark.parametrize("seed", range(45))
def test_theorem_on_columns_that_depend_on_each_other(seed):
    X = standardised(seed)
    masks, _ = check_weights(X)
    assert (masks | enumerate_masks(X)).p == masks.p
    found = sampled_weights(X, 3, rng=np.random.default_rng(0))
    assert (masks | found.masks).p == masks.p


@pytest.mark.parametrize("power", range(-44, -9))
def test_theorem_near_a_tie(power):
    X = np.array([[1, 0, 0], [1, 2.0**power, 0], [0, 1, 1], [1, 1, 1]])
    masks, _ = check_weights(X, tol=1e-12)
    assert masks.p == (
        12 if power > -32 else masks.p
    )  # below, the smallest of 12 cells is thinner than a gate's rounding


@pytest.mark.parametrize("angle", [1e-7, 1e-8])
def test_twelve_masks_near_a_tie(angle):
    assert (
        check_weights(
            np.array([[1, 0, 0], [1, angle, 0], [0, 1, 1], [1, 1, 1]]), tol=1e-14
        )[0].p
        == 12
    )


@pytest.mark.parametrize("power, p", [(-41, 8), (-39, 10)])
def test_rows_within_1e_12_of_parallel_are_one(power, p):
    assert (
        check_weights(
            np.array(
                [[1.0, 0.0], [1.0, 2.0**power], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
            )
        )[0].p
        == p
    )


def test_rows_must_be_parallel_as_they_stand_and_after_balancing():
    rows = [[1.0, k * 1e-13] for k in range(3)]  # the second column is small
    assert exact_weights(rows)[0].p == 2 * 3
    # in most rows it is not any more: the first three are one plane
    rows += [[0.0, 1.0], [1.0, 1.0], [2.0, -1.0], [0.3, 0.5], [1.0, -4.0]]
    assert exact_weights(rows)[0].p == 2 * 6


@pytest.mark.parametrize("seed", range(60))
def test_columns_of_all_sizes_are_right_or_refused(seed):
    rng = np.random.default_rng(seed)
    X = gaussian(6, int(rng.integers(2, 4)), seed=seed)
    X[-1] = X[0] * (1 + 10.0 ** -rng.integers(3, 16) * rng.standard_normal(X.shape[1]))
    X *= 10.0 ** rng.integers(-15, 16, X.shape[1])
    if seed % 2:
        X = np.column_stack([X, X[:, 0] - X[:, 1]])
    try:
        check_weights(X)
    except ValueError as error:
        assert any(
            words in str(error)
            for words in ("columns that depend", "cells wide enough", "rank at most 3")
        )


def test_a_table_of_many_rows_needs_no_square_of_them():
    X = gaussian(40_000, 4)
    tracemalloc.start()
    sampled_weights(X[:2000], 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="rank 4"):
        exact_weights(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8, peak


def test_sampled_weights_are_exact_in_the_plane_and_on_the_line():
    for X in (
        gaussian(30, 2),
        gaussian(30, 2) @ gaussian(2, 5),
        gaussian(5, 1),
        np.zeros((2, 3)),
    ):
        found, (masks, weights) = (
            sampled_weights(X, 3, rng=np.random.default_rng(0)),
            exact_weights(X),
        )
        order = lookup(masks, found.masks)
        assert found.masks.p == masks.p and (order < masks.p).all()
        np.testing.assert_allclose(found.weights, weights[order], rtol=1e-9, atol=1e-14)
        assert found.standard_errors.max() < 1e-7 and found.unseen_mass == 0


def lookup(masks, wanted):
    """Index in `masks` of each mask of `wanted`; masks.p where absent."""
    table = {pattern.tobytes(): i for i, pattern in enumerate(masks.patterns.T)}
    return np.array(
        [table.get(pattern.tobytes(), masks.p) for pattern in wanted.patterns.T]
    )


def test_sampled_masks_are_masks_of_X():
    X = np.vstack(
        [gaussian(12, 4), gaussian(12, 4)[:3], -gaussian(12, 4)[2:5], np.zeros((1, 4))]
    ) @ gaussian(4, 6)
    found = sampled_weights(X, 3000, rng=np.random.default_rng(0))
    everything = enumerate_masks(X)
    assert (
        lookup(everything, found.masks) < everything.p
    ).all() and found.masks.p > 0.9 * everything.p
    np.testing.assert_array_equal(found.masks.patterns, X @ found.masks.gates.T >= 0)
    assert abs(found.weights.sum() - 1) < 1e-12
    np.testing.assert_array_equal(found.weights[::2], found.weights[1::2])
    K, H = MaskedDesign(X, found.masks).kernel(found.weights), ntk(X)
    assert np.abs(K - H).max() < 0.02 * np.abs(H).max()


def test_the_same_rng_gives_the_same_weights_and_blocks_change_nothing():
    X = gaussian(40, 5)
    one, two = (
        sampled_weights(X, 20_000, rng=np.random.default_rng(0)) for _ in range(2)
    )  # several blocks
    assert one.masks == two.masks and one.unseen_mass == two.unseen_mass
    np.testing.assert_array_equal(one.weights, two.weights)
    np.testing.assert_array_equal(one.standard_errors, two.standard_errors)


def test_scores_are_standard_normal():
    """Scores of 12 masks in 200 repeats.

    The sum of their squares over the repeats is compared with chi-square quantiles at 1e-5 (Bonferroni: 24 tails, so a
    correct program fails with probability 2.4e-4 up to the skewness of the shares), means with 4.5 / sqrt(200)
    (12 two-sided tails of 7e-6 each, together 8e-5, again up to the skewness).
    """
    X = gaussian(40, 3)
    masks, weights = exact_weights(X)
    scores = []
    for seed in range(200):
        found = sampled_weights(X, 1000, rng=np.random.default_rng(seed))
        index = lookup(found.masks, masks[:24:2])
        scores.append(
            (found.weights[index] - weights[:24:2]) / found.standard_errors[index]
        )
    squares = np.sum(np.square(scores), axis=0)
    assert chi2.ppf(1e-5, 200) < squares.min() and squares.max() < chi2.ppf(
        1 - 1e-5, 200
    )
    assert np.abs(np.mean(scores, axis=0)).max() < 4.5 / np.sqrt(200)


@pytest.mark.parametrize("n_circles", [100, 400])
def test_unseen_mass_within_its_error(n_circles):
    X = gaussian(100, 3)
    masks, weights = exact_weights(X)
    estimates, truths = [], []
    for seed in range(30):
        found = sampled_weights(X, n_circles, rng=np.random.default_rng(seed))
        estimates.append(found.unseen_mass)
        truths.append(1 - weights[lookup(masks, found.masks)].sum())
    difference = np.subtract(estimates, truths)
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(30)
    assert difference.std() < 0.25 * np.mean(truths)


def test_circles_beat_gates_at_equal_inner_products():
    X = gaussian(60, 3)
    masks, weights = exact_weights(X)
    patterns = X @ np.random.default_rng(0).standard_normal((3, 4000)) >= 0
    keys = {pattern.tobytes(): i for i, pattern in enumerate(masks.patterns.T)}
    counts = (
        np.bincount(
            [keys[pattern.tobytes()] for pattern in patterns.T], minlength=masks.p
        )
        / 4000
    )
    found = sampled_weights(X, 2000, rng=np.random.default_rng(1))
    circles = np.zeros(masks.p)
    circles[lookup(masks, found.masks)] = found.weights
    assert np.sum((counts - weights) ** 2) > 5 * np.sum((circles - weights) ** 2)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda rng: exact_weights(gaussian(9, 4)),
            ValueError,
            "rank 4.*sampled_weights",
        ),
        (lambda rng: exact_weights(gaussian(2000, 3)), ValueError, "2000000 cells"),
        (lambda rng: exact_weights(np.ones(3)), ValueError, "X must be a table"),
        (
            lambda rng: exact_weights(np.full((3, 2), np.inf)),
            ValueError,
            "X must be finite",
        ),
        (
            lambda rng: sampled_weights(np.empty((0, 3)), 9, rng=rng),
            ValueError,
            "X must have at least one row",
        ),
        (
            lambda rng: sampled_weights(gaussian(9, 4), 0, rng=rng),
            ValueError,
            "n_circles",
        ),
        (
            lambda rng: sampled_weights(gaussian(9, 4), 1, rng=rng),
            ValueError,
            "at least 2",
        ),
        (
            lambda rng: sampled_weights(gaussian(9, 4), 10, rng=0),
            TypeError,
            "default_rng",
        ),
        (
            lambda rng: sampled_weights(gaussian(900, 9), 10**6, rng=rng),
            ValueError,
            "fewer circles",
        ),
        (
            lambda rng: sampled_weights(gaussian(5, 2), 10**15, rng=rng),
            ValueError,
            "fewer circles",
        ),
        (
            lambda rng: sampled_weights(gaussian(5, 2), 4.0, rng=rng),
            ValueError,
            "n_circles must be a whole number",
        ),
        (lambda rng: exact_weights([["a", "b"]]), TypeError, "X must hold numbers"),
        (
            lambda rng: exact_weights([[1.0], [1.0, 2.0]]),
            ValueError,
            "rows of equal length",
        ),
    ],
)
def test_bad_input_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(np.random.default_rng(0))
