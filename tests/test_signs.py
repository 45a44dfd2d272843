"""Signs of x'g against exact fractions, and one row alone against the same row in a table."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from fixntk.signs import is_open, numerical_rank, row_space, two_product, unit


def exact(X, gates):
    return np.array(
        [
            [
                sum(Fraction(a) * Fraction(b) for a, b in zip(x, g)) >= 0
                for g in gates.tolist()
            ]
            for x in X.tolist()
        ]
    )


def tables():
    rng = np.random.default_rng(0)
    tenths = rng.integers(-9, 10, size=(60, 4)) / 10
    yield "tenths", tenths, rng.integers(-9, 10, size=(30, 4)) / 10
    yield "thirds", tenths / 3, rng.integers(-9, 10, size=(30, 4)) * 0.1
    yield "integers", np.rint(10 * tenths), rng.integers(-3, 4, size=(30, 4)) * 1.0
    yield (
        "ties with empty rows and gates",
        np.vstack([tenths, np.zeros((2, 4))]),
        np.vstack([tenths, np.zeros((1, 4))]),
    )
    scales = np.array([1e150, 1e-150, 1.0, 1e-15])
    yield (
        "columns of all sizes",
        tenths * scales,
        rng.integers(-9, 10, size=(30, 4)) / 10 / scales,
    )
    yield (
        "rows of all sizes",
        tenths * np.logspace(-300, 300, 60)[:, None],
        tenths[:9] * np.logspace(300, -300, 9)[:, None],
    )
    yield "the smallest numbers", tenths * 2.0**-1070, tenths[:9] * 2.0**-1070
    orthogonal = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    yield (
        "orthogonal but for rounding",
        orthogonal[:2] * rng.standard_normal((2, 1)),
        orthogonal[2:],
    )
    yield "one column", rng.standard_normal((5, 1)), np.array([[1.0], [-1e-320], [0.0]])
    yield (
        "five hundred columns",
        np.tile([0.1, 0.2, -0.3, 0.7], (3, 125)),
        np.tile([1.0, 1.0, 1.0, 0.0], (2, 125)),
    )


CASES = [pytest.param(X, gates, id=name) for name, X, gates in tables()]


@pytest.mark.parametrize("X, gates", CASES)
def test_the_sign_is_the_exact_one(X, gates):
    assert np.array_equal(is_open(X, gates), exact(X, gates))


@pytest.mark.parametrize("X, gates", CASES)
def test_one_row_and_one_gate_alone(X, gates):
    table = is_open(X, gates)
    assert np.array_equal(np.vstack([is_open(x[None], gates) for x in X]), table)
    assert np.array_equal(np.hstack([is_open(X, g[None]) for g in gates]), table)
    assert np.array_equal(is_open(np.asfortranarray(X)[::-1], gates), table[::-1])


def test_products_agree_with_plain_ones_off_the_ties():
    rng = np.random.default_rng(1)
    X, gates = rng.standard_normal((300, 9)), rng.standard_normal((500, 9))
    assert np.array_equal(is_open(X, gates), X @ gates.T >= 0)


def test_blocks_of_gates_and_of_ties():
    X = np.array(list(product([-1.0, 0.0, 1.0], repeat=3)))
    gates = np.tile(X, (3000, 1))
    answers = is_open(X, gates)
    assert answers.shape == (27, 81_000) and answers.T.flags.c_contiguous
    assert np.array_equal(answers, X @ gates.T >= 0)


def test_products_and_their_errors():
    a, b = np.random.default_rng(2).standard_normal((2, 100))
    p, e = two_product(a, b)
    assert all(
        Fraction(x) + Fraction(y) == Fraction(u) * Fraction(v)
        for x, y, u, v in zip(*map(np.ndarray.tolist, (p, e, a, b)))
    )


def standardised(*columns):
    X = np.column_stack(columns)
    return np.column_stack([(X - X.mean(0)) / X.std(0), np.ones(len(X))])


@pytest.mark.parametrize("seed", range(20))
def test_columns_that_depend_on_each_other_up_to_rounding(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 60))
    a, b = rng.normal(300, 1, n), rng.normal(1013, 10, n).round(1)
    seconds = 1.7e9 + 1e6 * rng.random(n)
    for X, rank in (
        (standardised(a, 1.8 * a - 459.67), 2),
        (standardised(a, b, a + b), 3),
        (standardised(b, 0.750062 * b, a), 3),
        (standardised(seconds, seconds / 86400, a), 3),
        (standardised(2000 + np.arange(n), np.arange(n), a), 3),
    ):
        assert numerical_rank(X) == rank
        assert numerical_rank(X * 10.0 ** rng.integers(-9, 10, X.shape[1])) == rank
        assert numerical_rank(X * 10.0 ** rng.integers(-9, 10, (n, 1))) == rank


@pytest.mark.parametrize(
    "shape, rank",
    [((9, 4), 2), ((4, 9), 3), ((6, 6), 6), ((3, 5), 3), ((1, 7), 1), ((7, 1), 1)],
)
def test_row_space(shape, rank):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((shape[0], rank)) @ rng.standard_normal((rank, shape[1]))
    for table in (
        X,
        X * np.logspace(-3, 3, shape[1]),
        X * np.logspace(-30, 30, shape[0])[:, None],
    ):
        space = row_space(table)
        assert space.lift.shape == (shape[1], rank) == space.basis.shape
        np.testing.assert_allclose(
            space.basis.T @ space.basis, np.eye(rank), atol=1e-14
        )
        np.testing.assert_allclose(
            unit(table) @ space.basis @ space.basis.T, unit(table), atol=1e-13
        )
        inside = np.abs(space.lift - space.basis @ (space.basis.T @ space.lift)).max()
        assert inside <= 1e-14 * np.abs(space.lift).max()
        assert np.linalg.cond(unit(table @ space.lift)) < 100 and space.noise < 1e-13


def test_nothing_spans_nothing():
    assert (
        numerical_rank([[0, 0], [0, 0]]) == 0
        and numerical_rank([[0, 0], [0, 1e-300]]) == 1
    )
    with pytest.raises(ValueError, match="X must be finite"):
        numerical_rank([[np.nan]])
