"""Walks along great circles against every arc's own pattern, ties and zeros included."""

import numpy as np
import pytest

from fixntk.circles import (
    at_angles,
    crossings,
    names_along,
    opposite,
    random_circles,
    random_keys,
    sums_along,
    walk,
)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("slope", [0.0, -0.0, 1.0, -1.0])
def test_a_walk_from_the_plane_of_a_sample_has_it_on_the_right_side(zero, slope):
    path = walk(np.array([[zero, 1.0]]), np.array([[slope, 0.5]]))
    sums = sums_along(path, np.eye(2))[0, 0]
    keys = np.array([1, 2], dtype=np.uint64)
    names = names_along(path, keys)[0]
    for begin, length, s, name in zip(path.begins[0], path.lengths[0], sums, names):
        side = slope * np.sin(begin + length / 2)
        if length > 0 and side:
            assert (s > 0) == (side > 0) == bool(name & np.uint64(1))


def test_tied_rows_agree_after_the_last_of_them():
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, (40, 3)).astype(float)
    X = X[X.any(1)]
    X = np.vstack([X, -X[:5], 2 * X[:5]])
    steps, keys = rng.standard_normal((len(X), 2)), random_keys(len(X), rng)
    circles = random_circles(20, 3, rng)
    path = walk(circles[:, 0] @ X.T, circles[:, 1] @ X.T)
    names, sums = names_along(path, keys), sums_along(path, steps)
    wide = path.lengths > 1e-12
    assert 0 < wide.sum() < wide.size
    gates = at_angles(circles[:, None, 0], circles[:, None, 1], path.middles)
    passes = gates @ X.T >= 0
    direct = np.bitwise_xor.reduce(np.where(passes, keys, np.uint64(0)), axis=2)
    np.testing.assert_array_equal(names[wide], direct[wide])
    centred = np.moveaxis((passes - 0.5) @ steps, 2, 0)
    np.testing.assert_allclose(sums[:, wide], centred[:, wide], atol=1e-12)
    there = np.bitwise_xor.reduce(np.where(~passes, keys, np.uint64(0)), axis=2)
    np.testing.assert_array_equal(opposite(names, keys)[wide], there[wide])


def test_crossings_lie_in_half_a_turn():
    first, second = np.random.default_rng(0).standard_normal((2, 1000))
    first[:10] = 0
    angles, before = crossings(first, second)
    assert angles.min() >= 0 and angles.max() <= np.pi
    sides = first * np.cos(angles) + second * np.sin(angles)
    np.testing.assert_allclose(sides, 0, atol=1e-14)
    early = angles > 1e-8
    np.testing.assert_array_equal((first > 0)[early][10:], before[early][10:])
