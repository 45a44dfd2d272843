"""Masks against routes that share no code with them: linear programs, exact circuits, and counts found by others."""

import copy
import pickle
import tracemalloc
from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from fixntk.cells import first_of_each
from fixntk.data import add_bias, gaussian_design
from fixntk.masks import Masks, count_cells, enumerate_masks, is_complete, sample_masks
from fixntk.signs import numerical_rank


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def cube(k, *values):
    return np.array(list(product(map(float, values), repeat=k)))


def differences(k):
    return np.array([np.eye(k)[i] - np.eye(k)[j] for i, j in combinations(range(k), 2)])


def as_set(masks):
    found = {tuple(map(bool, pattern)) for pattern in masks.patterns.T}
    assert len(found) == masks.p
    return found


def by_linear_programs(X, boundary):
    "Sign vectors with a gate in a box whose margin, maximised, is positive."
    X, found = X / np.maximum(np.linalg.norm(X, axis=1), 1e-300)[:, None], set()
    live = X.any(1)
    for pattern in product([False, True], repeat=len(X)):
        yes = np.array(pattern)
        if not yes[~live].all():
            continue
        if not live.any() or boundary and yes.all():
            found.add(pattern)
            continue
        slack = np.where(yes[live], 0.0 if boundary else 1.0, 1.0)
        rows = np.column_stack([np.where(yes[live], -1, 1)[:, None] * X[live], slack])
        best = linprog(
            [0] * X.shape[1] + [-1],
            rows,
            np.zeros(len(rows)),
            bounds=[(-1, 1)] * X.shape[1] + [(0, 1)],
        )
        if best.x[-1] > 1e-7:
            found.add(pattern)
    return found


def dependency(rows):
    "The signs of the only linear dependency of `rows`, exactly; None if there is none, or more, or one with a zero."
    M = [[Fraction(float(x)) for x in column] for column in np.transpose(rows)]
    pivots = []
    for c in range(len(rows)):
        p = next((i for i in range(len(pivots), len(M)) if M[i][c]), None)
        if p is None:
            continue
        r = len(pivots)
        M[r], M[p] = M[p], M[r]
        M[r] = [x / M[r][c] for x in M[r]]
        for i in range(len(M)):
            if i != r and M[i][c]:
                M[i] = [a - M[i][c] * b for a, b in zip(M[i], M[r])]
        pivots.append(c)
    if pivots != list(range(len(rows) - 1)):
        return None
    values = [-M[i][-1] for i in range(len(pivots))] + [1]
    return None if 0 in values else [1 if v > 0 else -1 for v in values]


def by_circuits(X, boundary):
    """Sign vectors that no minimal dependency of the rows contradicts, in exact arithmetic.

    sum c_i x_i = 0 contradicts a pattern if all c_i x_i @ u would have to be at least zero and one of them positive.
    """
    circuits = []
    for k in range(2, X.shape[1] + 2):
        for chosen in combinations(np.flatnonzero(X.any(1)), k):
            if (signs := dependency(X[list(chosen)])) is not None:
                circuits += [
                    np.bincount(chosen, sign * np.array(signs), len(X))
                    for sign in (1, -1)
                ]
    circuits, found = np.array(circuits).reshape(-1, len(X)), set()
    for pattern in product([False, True], repeat=len(X)):
        side = np.where(pattern, 1, -1)
        wrong = (circuits * side >= 0).all(1)
        if boundary:
            wrong &= ((circuits != 0) & (side < 0)).any(1)
        if not wrong.any() and all(np.array(pattern)[~X.any(1)]):
            found.add(pattern)
    return found


def check_gates(X, masks, boundary=False):
    "Each gate makes its pattern; of open cells with a positive margin, on the boundary to within rounding."
    size = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(masks.gates, axis=1)
    gaps = np.where(masks.patterns, 1, -1) * (X @ masks.gates.T)
    assert (gaps >= -1e-12 * size).all()
    if not boundary:
        assert (
            np.array_equal(X @ masks.gates.T >= 0, masks.patterns)
            and (gaps[X.any(1)] > 0).all()
        )


# counts


@pytest.mark.parametrize(
    "n, r", [(1000, 1), (1000, 2), (200, 3), (60, 4), (25, 5), (15, 6), (3, 7)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_general_position_has_as_many_cells_as_the_formula_says(n, r, seed):
    X = gaussian_design(n, r, rng=np.random.default_rng(seed))
    masks = enumerate_masks(X)
    assert masks.p == count_cells(n, min(n, r)) == len(as_set(masks))
    check_gates(X, masks)


def test_a_thousand_samples_of_rank_three():
    X = normal(1000, 3)
    masks = enumerate_masks(X)
    assert masks.p == count_cells(1000, 3) == 999_002
    assert len(np.unique(np.packbits(masks.patterns.T, axis=1).view("V125"))) == masks.p
    for i in range(0, masks.p, 10_000):
        S = masks.gates[i : i + 1000] @ X.T
        assert (
            np.array_equal(S >= 0, masks.patterns.T[i : i + 1000])
            and np.abs(S).min() > 0
        )


@pytest.mark.parametrize(
    "X, cells",
    [
        *[
            (add_bias(cube(k, -1, 1)), p)
            for k, p in ((1, 4), (2, 14), (3, 104), (4, 1882))
        ],  # Boolean threshold functions
        *[
            (cube(k, 0, 1)[1:], p) for k, p in ((2, 6), (3, 32), (4, 370))
        ],  # the resonance arrangement
        *[(differences(k), factorial(k)) for k in (3, 4, 5)],  # orders
        *[
            (
                np.vstack([differences(k), np.abs(differences(k)), np.eye(k)]),
                2**k * factorial(k),
            )
            for k in (2, 3, 4)
        ],  # type B
    ],
    ids=lambda v: str(v) if isinstance(v, int) else "x".join(map(str, v.shape)),
)
def test_counts_that_others_have_found(X, cells):
    for scale in (1.0, np.logspace(-6, 6, X.shape[1])):
        for turn in (
            np.eye(X.shape[1]),
            np.linalg.qr(normal(X.shape[1], X.shape[1]))[0],
        ):
            assert enumerate_masks(X @ turn * scale).p == cells


@pytest.mark.parametrize("k, faces", [(3, 13), (4, 75)])
def test_orders_with_ties_are_the_boundary_of_opposite_rows(k, faces):
    X = np.vstack([differences(k), -differences(k)])
    masks = enumerate_masks(X, boundary=True)
    assert masks.p == faces and np.array_equal(X @ masks.gates.T >= 0, masks.patterns)


def test_general_position_gains_at_most_the_zero_gate():
    for n, r in ((9, 1), (9, 3), (12, 4), (4, 4)):
        X = normal(n, r, seed=n)
        cells = enumerate_masks(X)
        everybody = cells.patterns.all(0).any()
        assert enumerate_masks(X, boundary=True).p == cells.p + (not everybody)


# degenerate tables

base = normal(6, 3, seed=3)
coplanar = np.vstack(
    [base[:4], base[0] + 2 * base[1], base[2] - base[1], -base[0] - base[3]]
)
INTEGER = {
    "one row": [[3, -1]],
    "one column": [[1], [-2], [3], [0]],
    "all zero": np.zeros((3, 2)),
    "all the same": np.ones((5, 3)),
    "grid": add_bias([[i, j] for i in range(3) for j in range(3)])[:8],
    "collinear": add_bias([[i, 2 * i + 1] for i in range(6)]),
    "square of signs and zeros": cube(2, -1, 0, 1),
    "cube": cube(3, -1, 1),
    "one-hot": np.eye(4)[[0, 1, 2, 3, 1, 0]],
    "one-hot with bias": add_bias(np.eye(4)[[0, 1, 2, 3, 1, 0]]),
    "ties on a line": add_bias([[0], [0], [1], [2], [2], [-1]]),
    "orders": differences(4),
    "years": add_bias([[2020 + i, j] for i in range(3) for j in range(2)]),
    "empty column": cube(3, 0, 1) * [1, 0, 1],
    "parallel and opposite": np.array(
        [[1, 2, 0], [2, 4, 0], [-3, -6, 0], [0, 1, 1], [0, -1, -1], [1, 1, 1]]
    ),
    "rank 2 in 4 columns": np.array(
        [[1, 2, 0, 1], [0, 1, 1, 1], [1, 3, 1, 2], [-1, -1, 1, 0], [2, 4, 0, 2]]
    ),
}
REAL = {
    "zero rows": np.vstack([base[:4], np.zeros((2, 3))]),
    "repeated": base[[0, 1, 1, 2, 3, 0]],
    "parallel": base[[0, 1, 1, 2, 3]] * np.array([1, 1, 3.3, 0.1, 1e-5])[:, None],
    "opposite": base[[0, 1, 1, 2, 3, 0]] * np.array([1, 1, -3.3, 0.1, 1, -1])[:, None],
    "planes through a line": coplanar,
    "rank 2 in 5 columns": normal(6, 2) @ normal(2, 5, seed=1),
    "wide": normal(4, 7),
    "rank 1": normal(5, 1) @ normal(1, 3, seed=1),
    "turned grid": np.array(INTEGER["grid"])[:6] @ np.linalg.qr(normal(3, 3))[0],
}
NEAR = {
    "scaled columns": cube(3, -1, 0, 1)[:7] * np.array([2.0**20, 1, 2.0**-20]),
    "1e-6 apart": np.vstack([base[:5], base[:2] + 1e-6 * normal(2, 3)]),
    "1e-8 apart": np.vstack([base[:5], base[:2] + 1e-8 * normal(2, 3)]),
    "1e-8 from opposite": np.vstack([base[:5], -base[:2] + 1e-8 * normal(2, 3)]),
    "1e-8 apart and degenerate": np.array(
        [[1, 0, 0], [1, 1e-8, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, -1, 0]]
    ),
    "decimals in odd units": normal(7, 3).round(1) * [1e6, 0.3, 1e-6],
}


def tables(*groups):
    return pytest.mark.parametrize(
        "X",
        [
            pytest.param(np.asarray(X, float), id=name)
            for g in groups
            for name, X in g.items()
        ],
    )


@pytest.mark.parametrize("boundary", [False, True])
@tables(INTEGER, REAL)
def test_degenerate_tables_by_linear_programs(X, boundary):
    masks = enumerate_masks(X, boundary=boundary)
    assert as_set(masks) == by_linear_programs(X, boundary)
    check_gates(X, masks, boundary)


@pytest.mark.parametrize("boundary", [False, True])
@tables(INTEGER, NEAR)
def test_degenerate_tables_in_exact_arithmetic(X, boundary):
    masks = enumerate_masks(X, boundary=boundary)
    assert as_set(masks) == by_circuits(X, boundary)
    check_gates(X, masks, boundary)


@tables(INTEGER)
def test_boundary_gates_of_integer_tables_are_exact(X):
    masks = enumerate_masks(X, boundary=True)
    assert np.array_equal(X @ masks.gates.T >= 0, masks.patterns)


@pytest.mark.parametrize("r", [2, 3, 4])
def test_nine_samples(r):
    X = np.random.default_rng(r).integers(-2, 3, size=(9, r)).astype(float)
    for boundary in (False, True):
        assert as_set(enumerate_masks(X, boundary=boundary)) == by_linear_programs(
            X, boundary
        )


small_tables = st.tuples(st.integers(1, 7), st.integers(1, 4)).flatmap(
    lambda shape: arrays(float, shape, elements=st.integers(-2, 2))
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(X=small_tables, boundary=st.booleans())
def test_integer_tables(X, boundary):
    masks = enumerate_masks(X, boundary=boundary)
    assert as_set(masks) == by_circuits(X, boundary)
    assert np.array_equal(X @ masks.gates.T >= 0, masks.patterns)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(X=small_tables, boundary=st.booleans())
def test_integer_tables_by_linear_programs(X, boundary):
    assert as_set(enumerate_masks(X, boundary=boundary)) == by_linear_programs(
        X, boundary
    )


def test_zero_repeated_and_opposite_rows():
    X = np.vstack([base[:4], base[0], -base[1], np.zeros(3)])
    patterns = enumerate_masks(X).patterns
    assert (
        np.array_equal(patterns[0], patterns[4])
        and np.array_equal(patterns[1], ~patterns[5])
        and patterns[6].all()
    )


def test_gates_have_length_one_and_lie_in_the_row_space():
    for X in (
        REAL["rank 2 in 5 columns"],
        REAL["wide"] * [1e3, 1, 1, 1e-3, 1, 1, 1],
        coplanar,
    ):
        gates = enumerate_masks(X).gates
        np.testing.assert_allclose(np.linalg.norm(gates, axis=1), 1)
        np.testing.assert_allclose(
            gates @ np.linalg.pinv(X, rcond=1e-10) @ X, gates, atol=1e-9
        )
        np.testing.assert_array_equal(
            gates[len(gates) // 2 :], -gates[: len(gates) // 2]
        )


def test_rows_at_the_ends_of_double_precision():
    X = np.array(
        [
            [2.0, 1.0, 0.0],
            [1.0, -2.0, 1.0],
            [-1.0, 1.0, 1.0],
            [0.0, 0.0, 0.0],
            [1.0, 3.0, 1.0],
        ]
    )
    for powers in (
        (-1070, 0, 1020, 0, 0),
        (-700, -700, -700, 0, -700),
        (1000, 1000, 1000, 0, 1000),
    ):
        scaled = X * 2.0 ** np.array(powers)[:, None]
        with np.errstate(all="raise", under="ignore"):
            for boundary in (False, True):
                assert as_set(enumerate_masks(scaled, boundary=boundary)) == as_set(
                    enumerate_masks(X, boundary=boundary)
                )
            drawn = [
                sample_masks(table, 40, method="circles", rng=np.random.default_rng(0))
                for table in (X, scaled)
            ]
            assert drawn[0] == drawn[1]


def test_order_and_scale_of_rows_change_nothing():
    X = np.vstack([coplanar, -coplanar[:1]])
    order = np.random.default_rng(0).permutation(len(X))
    there = enumerate_masks(X).patterns[order]
    back = enumerate_masks(
        X[order] * np.logspace(-8, 8, len(X))[:, None] * [1e6, 1, 1e-6]
    ).patterns
    assert set(map(tuple, there.T)) == set(map(tuple, back.T))


@pytest.mark.parametrize("seed", range(5))
def test_near_misses_are_resolved_or_refused(seed):
    grid = add_bias([[i, j] for i in range(4) for j in range(4)])
    exact = enumerate_masks(grid).p
    assert enumerate_masks(grid + 1e-15 * normal(16, 3, seed=seed)).p == exact
    assert enumerate_masks(grid + 1e-8 * normal(16, 3, seed=seed)).p == count_cells(
        16, 3
    )
    with pytest.raises(ValueError, match="rounding errors decide"):
        enumerate_masks(grid + 1e-12 * normal(16, 3, seed=seed))


# columns that depend on each other, near and far


def standardised(seed):
    "The same column in two units, or a, b and a + b, standardised, with a bias: 4 to 15 rows."
    rng = np.random.default_rng(seed)
    n, kind = int(rng.integers(4, 16)), seed % 4
    a, b = 20 + 3 * rng.standard_normal(n), 5 + rng.standard_normal(n)
    pressure = 1013 + 10 * rng.standard_normal(n)
    columns = [
        [pressure.round(1), 0.750062 * pressure.round(1)],
        [pressure, 0.750062 * pressure, b],
        [a, b, a + b],
        [a.round(), b.round(2), a.round() + b.round(2)],
    ][kind]
    X = np.column_stack(columns)
    return add_bias((X - X.mean(0)) / X.std(0)), 2 if kind == 0 else 3


def check_against_gates(X, n_gates=20_000):
    "What Gaussian gates hit is listed, and boundary masks are no fewer; nothing else is known of these tables."
    masks = enumerate_masks(X)
    drawn = Masks.from_gates(X, normal(n_gates, X.shape[1], seed=n_gates))
    assert (masks | drawn).p == masks.p
    check_gates(X, masks)
    return masks


@pytest.mark.parametrize("seed", range(60))
def test_one_column_in_two_units(seed):
    X, rank = standardised(seed)
    assert numerical_rank(X) == rank
    masks, lean = (
        check_against_gates(X),
        np.delete(X, 1 if rank == 2 or seed % 4 == 1 else 2, axis=1),
    )
    assert set(map(tuple, masks.patterns.T)) == set(
        map(tuple, enumerate_masks(lean).patterns.T)
    )
    assert is_complete(masks, X) and enumerate_masks(X, boundary=True).p == masks.p


@pytest.mark.parametrize("seed", range(40))
def test_small_counts_standardised(seed):
    "Many planes share a line but for rounding, and half of a column may be zero but for rounding; a bias adds no boundary masks."
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 5, (2, int(rng.integers(5, 13)))).astype(float)
    raw = np.column_stack([a, b, a + b] if seed % 2 else [a + 273.15, a, b])
    if (raw.std(0) == 0).any():
        raw = raw + np.eye(len(a), 3)
    X = add_bias((raw - raw.mean(0)) / raw.std(0)) * 10.0 ** rng.integers(-3, 4, 4)
    masks = check_against_gates(X, 3000)
    lattice = add_bias(
        raw[:, :2]
        if seed % 2
        else np.column_stack([np.rint(raw[:, 0] - 273.15), raw[:, 2]])
    )
    if numerical_rank(lattice) == numerical_rank(X):
        assert (
            masks.p == enumerate_masks(lattice).p == enumerate_masks(X, boundary=True).p
        )


def test_a_row_that_is_double_another_but_for_rounding():
    X = np.array([[1, 0, 1], [-1, 1, 1], [2 + 4.6e-14, 0, 2]])
    assert check_against_gates(X).p == 4 and numerical_rank(X) == 2


@pytest.mark.parametrize(
    "scales", [(1, 1, 1), (1e15, 1, 1e-15), (1e-100, 1, 1e100), (1e3, 1, 1e-12)]
)
def test_the_size_of_columns_is_not_their_rank(scales):
    X = np.column_stack([normal(8, 3), np.ones(8)]) * [*scales, 1]
    assert numerical_rank(X) == 4 and enumerate_masks(X).p == count_cells(8, 4)
    assert numerical_rank(np.zeros((3, 2))) == 0 and numerical_rank(X[:, :1]) == 1


@pytest.mark.parametrize("power, planes", [(-41, 4), (-39, 5)])
def test_rows_within_1e_12_of_parallel_are_one(power, planes):
    X = np.array(
        [[1.0, 0.0], [1.0, 2.0**power], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
    )  # 4.5e-13 and 1.8e-12
    assert enumerate_masks(X).p == 2 * planes
    assert (
        enumerate_masks(X[:3]).p == 6
    )  # here half of the column is small, so it is scaled, and the rows are no longer near
    assert (
        enumerate_masks(X[:2] * [1, 2.0**-power]).p == enumerate_masks(X[:2]).p == 4
    )  # a small column is no small angle


@pytest.mark.parametrize("power", range(-46, -29))
def test_directions_below_1e_12_are_none(power):
    X = np.array([[1.0, 1.0], [1.0, 1 + 2.0**power], [1.0, 1 - 2.0**power]])
    if np.linalg.svd(X)[1][1] / np.linalg.svd(X)[1][0] < 1e-12:
        assert numerical_rank(X) == 1 and enumerate_masks(X).p == 2
    else:
        assert numerical_rank(X) == 2
        try:
            assert enumerate_masks(X).p == 6
        except ValueError as error:
            assert "columns that depend on each other" in str(error) and power < -30


@pytest.mark.parametrize("seed", range(40))
def test_rows_nearly_parallel_at_columns_of_all_sizes(seed):
    rng = np.random.default_rng(seed)
    X = normal(7, 3, seed=seed)
    X[-2:] = X[:2] * (1 + 10.0 ** -rng.integers(3, 16) * normal(2, 3))
    X *= 10.0 ** rng.integers(-15, 16, 3)
    if seed % 2:
        X = np.column_stack([X, X[:, 0] + X[:, 1]])
    if seed % 3 == 0:
        X[0, 0] = 0
    try:
        check_against_gates(X, 5000)
    except ValueError as error:
        assert "rounding errors" in str(error)


def test_a_table_of_many_rows_needs_no_square_of_them():
    X = normal(40_000, 4)
    for call in (
        lambda: sample_masks(X, 5, rng=np.random.default_rng(0)),
        lambda: sample_masks(
            X[:20_000], 5, method="circles", rng=np.random.default_rng(0)
        ),
        lambda: pytest.raises(ValueError, enumerate_masks, X),
        lambda: numerical_rank(X),
    ):
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1e8, peak  # the square of the rows takes 13 GB


# the container, sampling, completeness


def test_masks_are_frozen_and_stored_by_mask():
    masks = enumerate_masks(base)
    assert (
        masks.patterns.T.flags.c_contiguous
        and not masks.patterns.flags.writeable
        and not masks.gates.flags.writeable
    )
    with pytest.raises(AttributeError):
        masks.gates = masks.gates
    assert (masks.n, masks.p, masks.d, len(masks)) == (6, 32, 3, 32)


def test_masks_are_copies_that_stay_locked():
    patterns, gates = np.ones((2, 1), bool), np.ones((1, 3))
    view = patterns.view()
    view.flags.writeable = False
    for masks in (Masks(patterns, gates), Masks(view, gates)):
        patterns[0] = False
        gates[0] = 7
        assert masks.patterns.all() and (masks.gates == 1).all()
        patterns[0], gates[0] = True, 1
    masks = enumerate_masks(base)
    for again in (
        pickle.loads(pickle.dumps(masks)),
        copy.deepcopy(masks),
        copy.copy(masks),
        masks[::2],
        masks[[0, 3]],
        masks | masks,
    ):
        assert not again.patterns.flags.writeable and not again.gates.flags.writeable
        for values in (again.patterns, again.gates):
            with pytest.raises(ValueError, match="read-only"):
                values[0, 0] = 0
    assert pickle.loads(pickle.dumps(masks)) == masks


def test_masks_survive_skops_locked():
    io = pytest.importorskip("skops.io")
    masks = enumerate_masks(base)
    data = io.dumps(masks)
    again = io.loads(data, trusted=io.get_untrusted_types(data=data))
    assert (
        again == masks
        and not again.patterns.flags.writeable
        and not again.gates.flags.writeable
    )


@pytest.mark.parametrize(
    "kind",
    [
        np.asfortranarray,
        lambda X: X.tolist(),
        lambda X: X.astype(np.float32),
        lambda X: X[::-1][::-1],
    ],
)
def test_tables_of_other_kinds(kind):
    X = np.rint(2 * base)
    assert enumerate_masks(kind(X)) == enumerate_masks(X) and Masks.from_gates(
        kind(X), kind(X)
    ) == Masks.from_gates(X, X)
    assert is_complete(enumerate_masks(X), kind(X))


def test_ties_do_not_depend_on_company():
    rng = np.random.default_rng(0)
    X, gates = rng.integers(-9, 10, (400, 3)) / 10, rng.integers(-9, 10, (6, 3)) / 10
    exact = [
        [
            sum(Fraction(a) * Fraction(b) for a, b in zip(x, g)) >= 0
            for g in gates.tolist()
        ]
        for x in X.tolist()
    ]
    for i, row in enumerate(X):
        for g, side in zip(gates, exact[i]):
            assert Masks.from_gates(row[None], g[None]).patterns[0, 0] == side
    together = Masks.from_gates(X, gates)
    assert set(map(tuple, together.patterns.T)) == set(map(tuple, np.array(exact).T))


def test_selection_union_equality():
    masks = enumerate_masks(base)
    keep = masks.patterns[0]
    assert (
        masks[keep] == masks[np.flatnonzero(keep)]
        and masks[2:9].p == 7
        and masks[-1].p == 1
        and masks[:] == masks
    )
    assert (
        masks[:20] | masks[10:] == masks == masks.union(masks[::-1])
        and masks != masks[::-1]
    )
    assert (masks[:20] | Masks.from_gates(base, 2 * masks.gates[:21])).gates[
        :20
    ].tolist() == masks.gates[:20].tolist()


def test_equal_keys_do_not_merge_rows():
    bits = np.random.default_rng(0).integers(0, 2, size=(500, 9), dtype=np.uint8)
    assert list(first_of_each(bits)) == sorted(
        np.unique(bits, axis=0, return_index=True)[1]
    )
    odd = np.random.default_rng(0).integers(2**63, size=2, dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    step = odd[::-1] * np.array(
        [1, 2**64 - 1], np.uint64
    )  # odd @ step is 0 modulo 2**64
    mixed = np.array([[5, 7], [5, 7]], np.uint64) + np.stack([0 * step, step])
    words = mixed ^ (mixed >> np.uint64(32))
    mixed = words ^ (words >> np.uint64(32))
    assert mixed[0] @ odd == mixed[1] @ odd and (words[0] != words[1]).all()
    assert list(first_of_each(np.concatenate([words, words]).view(np.uint8))) == [0, 1]


@pytest.mark.parametrize("method", ["gaussian", "circles"])
@pytest.mark.parametrize(
    "X",
    [
        base,
        normal(5, 1),
        np.zeros((2, 3)),
        np.vstack([coplanar, -2 * coplanar[:3], 0 * base[:1]]),
    ],
)
def test_samples_are_masks_of_the_table(X, method):
    drawn = sample_masks(X, 50, method=method, rng=np.random.default_rng(0))
    again = sample_masks(X, 50, method=method, rng=np.random.default_rng(0))
    assert drawn == again and drawn.p <= 50 and len(as_set(drawn)) == drawn.p
    assert as_set(drawn) <= as_set(enumerate_masks(X)) and np.array_equal(
        X @ drawn.gates.T >= 0, drawn.patterns
    )


def test_completeness():
    masks = enumerate_masks(base)
    assert is_complete(masks, base) and not is_complete(masks[1:], base)
    closed = enumerate_masks(np.vstack([base, -base]), boundary=True)
    assert is_complete(closed, np.vstack([base, -base]), boundary=True)
    assert not is_complete(closed[:-1], np.vstack([base, -base]), boundary=True)
    assert is_complete(
        enumerate_masks(np.vstack([base, -base])) | closed[:1], np.vstack([base, -base])
    )


# bad input


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: enumerate_masks([[1.0, np.nan]]), "X must be finite"),
        (lambda: enumerate_masks([1.0, 2.0]), r"X must be a table of shape \(n, d\)"),
        (lambda: enumerate_masks(np.empty((0, 3))), "X must have at least one row"),
        (
            lambda: enumerate_masks(base, max_masks=31),
            "max_masks=31 masks; 6 planes in 3 dimensions can have 32",
        ),
        (
            lambda: enumerate_masks(base, boundary=True, max_masks=100),
            "max_masks=100 masks.*sample_masks",
        ),
        (lambda: enumerate_masks(normal(300, 200)), "more than 10"),
        (
            lambda: enumerate_masks(base, max_masks=0),
            "max_masks must be a whole number",
        ),
        (
            lambda: is_complete(enumerate_masks(base), normal(600, 30)),
            "masks must be Masks of the 600 rows",
        ),
        (
            lambda: is_complete(
                sample_masks(normal(60, 9), 5, rng=np.random.default_rng(0)),
                normal(60, 9),
            ),
            "sample_masks",
        ),
        (lambda: is_complete(base, base), "masks must be Masks"),
        (
            lambda: sample_masks(base, 0, rng=np.random.default_rng(0)),
            "n_gates must be a whole number",
        ),
        (
            lambda: sample_masks(base, 5, method="arcs", rng=np.random.default_rng(0)),
            "'gaussian', 'circles'",
        ),
        (lambda: count_cells(0, 3), "n must be"),
        (lambda: count_cells(3, 0), "r must be"),
        (lambda: count_cells(3.0, 2), "n must be a whole number"),
        (lambda: count_cells(True, 2), "n must be a whole number"),
        (lambda: count_cells(10**30, 10**30), "must not both exceed 100000"),
        (
            lambda: sample_masks(base, 10**15, rng=np.random.default_rng(0)),
            "n_gates: 10{15} gates on 6 rows needs about",
        ),
        (
            lambda: sample_masks(
                base, 10**15, method="circles", rng=np.random.default_rng(0)
            ),
            "n_gates: 10{15} gates",
        ),
        (
            lambda: Masks([[True], [True, False]], np.ones((1, 2))),
            "patterns must be a bool array",
        ),
        (lambda: Masks("many", np.ones((1, 2))), "patterns must be a bool array"),
        (
            lambda: Masks(np.ones((2, 1), bool), [[1.0], [2.0, 3.0]]),
            "gates must have rows of equal length",
        ),
        (
            lambda: Masks(np.ones((2, 3)), np.ones((3, 2))),
            "patterns must be a bool array",
        ),
        (
            lambda: Masks(np.ones((2, 3), bool), np.ones((2, 2))),
            r"patterns must be a bool array of shape \(n, 2\)",
        ),
        (lambda: Masks(np.ones((0, 3), bool), np.ones((3, 2))), "patterns must be"),
        (lambda: Masks(np.ones((2, 1), bool), [[np.inf, 0.0]]), "gates must be finite"),
        (
            lambda: Masks.from_gates(base, base[:, :2]),
            "gates must have one column for each of the 3 columns of X",
        ),
        (lambda: enumerate_masks(base)[:0], "gates must have at least one row"),
        (
            lambda: enumerate_masks(base) | enumerate_masks(base[:3]),
            "other must be Masks of 6 samples",
        ),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_counts_that_end():
    assert (
        count_cells(5, 10**30) == 2**5 == count_cells(5, 5)
        and count_cells(10**30, 2) == 2 * 10**30
    )
    assert all(
        count_cells(n, r) == 2 * sum(comb(n - 1, k) for k in range(r))
        for n in range(1, 9)
        for r in range(1, 12)
    )


def test_a_word_is_not_a_flag():
    for call in (
        enumerate_masks,
        lambda X, boundary: is_complete(enumerate_masks(X), X, boundary=boundary),
    ):
        with pytest.raises(TypeError, match="boundary must be True or False"):
            call(base, boundary="yes")


def test_a_seed_is_not_a_generator():
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator"):
        sample_masks(base, 5, rng=0)


def test_repr_names_the_class():
    class Named(Masks):
        pass

    masks = Masks.from_gates(
        [[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]]
    )
    assert (
        repr(masks) == "Masks(n=3, p=2, d=2)"
        and repr(Named(masks.patterns, masks.gates)) == "Named(n=3, p=2, d=2)"
    )
