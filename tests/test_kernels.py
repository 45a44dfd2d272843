"""The tangent kernel against longer arithmetic, and its memory against the plain formula's."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_tables import plain_ntk, with_relatives
from sklearn.datasets import load_digits
from sklearn.kernel_ridge import KernelRidge

from fixntk import angles
from fixntk.kernels import finite_width_ntk, kernel_ridge, ntk
from fixntk.machine import blas_threads

needs_long = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="no longer arithmetic on this machine"
)


def by_kahan(X, Y):
    "Kahan's angle in longer arithmetic, row by row."
    X, Y = X.astype(np.longdouble), Y.astype(np.longdouble)
    sizes, pi = np.sqrt((Y * Y).sum(1)), 4 * np.arctan2(np.longdouble(1), 1)
    rows = []
    for x in X:
        P, Q = sizes[:, None] * x, np.sqrt((x * x).sum()) * Y
        lengths = (np.sqrt((D * D).sum(1)) for D in (P + Q, P - Q))
        rows.append((Y @ x) * 2 * np.arctan2(*lengths) / (2 * pi))
    return np.array(rows)


def error(X, Y=None, rows=slice(None)):
    "Largest error of ntk over |x||x'|, looked at in some rows."
    other = X if Y is None else Y
    sizes = np.maximum(
        np.outer(np.linalg.norm(X[rows], axis=1), np.linalg.norm(other, axis=1)), 1e-300
    )
    return float((np.abs(ntk(X, Y)[rows] - by_kahan(X[rows], other)) / sizes).max())


RNG = np.random.default_rng(0)
TABLES = {
    "wide": with_relatives(60, 7000, RNG),
    "wide, all parallel": np.outer(RNG.standard_normal(60), RNG.standard_normal(3000)),
    "wide crowd": RNG.standard_normal((60, 3000)) + 100,
    "pixels": with_relatives(1000, 784, RNG),
    "digits": load_digits().data,
    "digits, repeated and flipped": np.r_[
        load_digits().data[:300], -2 * load_digits().data[:300]
    ],
    "crowd": with_relatives(400, 30, RNG) + 1e3,
    "far crowd": RNG.standard_normal((400, 5)) + 1e9,
    "two scales": np.r_[
        1 + 1e-2 * RNG.standard_normal((300, 20)),
        -1 - 1e-6 * RNG.standard_normal((300, 20)),
    ],
    "all scales": np.ones((400, 20))
    + 10.0 ** RNG.uniform(-14, 0, (400, 1)) * RNG.standard_normal((400, 20)),
    "few directions": RNG.standard_normal((7, 40))[RNG.integers(7, size=600)]
    * RNG.uniform(-2, 2, (600, 1)),
    "plane": RNG.standard_normal((500, 2)),
    "line": RNG.standard_normal((500, 1)),
}


@needs_long
@pytest.mark.parametrize("name", TABLES)
def test_error_is_1e14_of_the_lengths(name):
    X = TABLES[name]
    some = np.linspace(0, len(X) - 1, min(len(X), max(6, 4 * 10**6 // X.size))).astype(
        int
    )
    assert error(X, rows=some) < 1e-14
    assert error(X[some], X[::-2].copy()) < 1e-14
    H = ntk(X)
    np.testing.assert_array_equal(H, H.T)


@needs_long
@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 140),
    st.integers(1, 12),
    st.sampled_from([0, 1, 1e4, 1e12]),
    st.floats(-18, 1),
)
def test_any_rows(seed, n, d, offset, spread):
    rng = np.random.default_rng(seed)
    X = offset * rng.standard_normal(d) + 10.0**spread * rng.standard_normal((n, d))
    X *= rng.choice([-1, 1, 0.1, 0], (n, 1), p=[0.3, 0.3, 0.3, 0.1])
    assert error(X) < 1e-14 and error(X, X[: n // 2 + 1].copy()) < 1e-14


@pytest.mark.parametrize("name", ["wide", "digits", "pixels", "crowd"])
def test_memory_is_that_of_the_plain_formula(name):
    peaks = []
    for kernel in (plain_ntk, lambda X, Y: ntk(X)):
        tracemalloc.start()
        kernel(TABLES[name], TABLES[name])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3 * peaks[0]


def test_near_opposite_rows_keep_what_their_rounding_leaves():
    x, angles = np.array([[1.0, 0.0]]), 10.0 ** -np.arange(1, 16)
    H = ntk(x, np.column_stack([-np.cos(angles), np.sin(angles)]))[0]
    np.testing.assert_allclose(
        H, -angles * np.cos(angles) / (2 * np.pi), atol=1e-16, rtol=0
    )


@pytest.mark.parametrize("scale", [1e150, 1e-150, 1e152, 1e-152])
def test_large_and_small_numbers(scale):
    X = with_relatives(24, 4, np.random.default_rng(1))
    np.testing.assert_allclose(
        ntk(scale * X), ntk(X) * scale * scale, rtol=1e-13, atol=1e-14 * scale * scale
    )
    columns = X * [1e150, 1.0, 1e-150, 0.0]
    assert np.isfinite(ntk(columns)).all() and ntk(columns).any()


def test_the_ends_of_double_precision():
    X = np.array([[1.7e308, 1e300], [5e-324, 1e-323], [0.0, 0.0], [1.0, 2.0]])
    H = ntk(X, np.array([[1e-300, 2e-300], [1e-5, 0.0]]))
    assert np.isfinite(H).all() and not H[2].any()
    np.testing.assert_allclose(
        H[0], ntk([[1.7, 1e-8]], [[1.0, 2.0], [1.0, 0.0]])[0] * [1e8, 1e303], rtol=1e-13
    )
    with pytest.raises(ValueError, match="Divide X by a number"):
        ntk(X)


def test_small_whole_numbers_stay_exact():
    np.testing.assert_array_equal(ntk([[1, 2], [2, -1], [3, 0]])[0, 1], 0)
    X = np.random.default_rng(2).integers(-9, 9, (40, 3)).astype(float)
    assert np.all(np.diag(ntk(X, -X)) == 0) and np.all(ntk(X, 0 * X) == 0)
    np.testing.assert_array_equal(np.diag(ntk(X)), (X**2).sum(1) / 2)


def test_no_negative_eigenvalue():
    X = np.random.default_rng(6).standard_normal((30, 3))
    line = np.outer(np.linspace(-1, 1, 30), [1.0, 2.0, 3.0])
    tables = [X, np.r_[X, X], np.r_[X, -X], np.r_[X, 0 * X], line, line[:1] + 1e-9 * X]
    for rows in tables:
        eigenvalues = np.linalg.eigvalsh(ntk(rows))
        assert eigenvalues[0] >= -1e-13 * eigenvalues[-1]


def test_refusals():
    with pytest.raises(ValueError, match="ridge must be a positive number; got -1.0"):
        kernel_ridge(np.eye(3), np.ones(3), -1.0)
    with pytest.raises(ValueError, match="K must be a square .* got shape .3, 2."):
        kernel_ridge(np.ones((3, 2)), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="K must be positive semidefinite"):
        kernel_ridge(-np.eye(3), np.ones(3), 0.5)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="width must be a whole number"):
        finite_width_ntk(np.eye(3), width=0, parameterization="relu", rng=rng)


def test_pivots_of_rows_and_columns_leave_few_pairs():
    """Two tables, several directions, all distances: few pairs remain for chords."""
    rng = np.random.default_rng(7)
    axes = rng.standard_normal((5, 30))
    near = 10.0 ** rng.uniform(-16, -3, (2, 300, 1)) * rng.standard_normal((2, 300, 30))
    X, Y = rng.choice([-2, 1], (2, 300, 1)) * (axes[rng.integers(5, size=300)] + near)
    for one, other in ((X, Y), (X, X)):
        products = one @ other.T
        left = angles.Rows(one, np.linalg.norm(one, axis=1))
        right = left
        if other is Y:
            right = angles.Rows(other, np.linalg.norm(other, axis=1))
        cosines = products / np.outer(left.lengths, right.lengths)
        close = np.abs(cosines) > 0.995
        if one is other:
            close = np.triu(close, 1)
        before, found = np.count_nonzero(close), np.zeros_like(products)
        angles._from_pivots(found, close, products, left, right)
        assert before > 8000 and np.count_nonzero(close) < before / 10


def test_random_kernel_in_blocks_is_the_one_in_one_piece():
    X = np.random.default_rng(3).standard_normal((2000, 3))
    for kind in ("gated", "relu"):
        H = finite_width_ntk(
            X, width=3000, parameterization=kind, rng=np.random.default_rng(4)
        )
        part = finite_width_ntk(
            X[:5],
            X[:7],
            width=3000,
            parameterization=kind,
            rng=np.random.default_rng(4),
        )
        np.testing.assert_allclose(part, H[:5, :7], rtol=1e-10, atol=1e-12)


def test_what_does_not_fit_is_refused_with_numbers():
    row = np.broadcast_to(1.0, (1, 1))
    for call in (
        lambda: ntk(np.ones((10**7, 1))),
        lambda: finite_width_ntk(
            row, width=10**15, parameterization="gated", rng=np.random.default_rng(0)
        ),
    ):
        with pytest.raises(
            ValueError, match=r"needs about .* of memory, and .* are free"
        ):
            call()


def test_a_kernel_called_row_by_row_says_precomputed():
    X, y = np.random.default_rng(5).standard_normal((9, 2)), np.arange(9.0)
    with pytest.raises(ValueError, match='use kernel="precomputed"'):
        KernelRidge(kernel=ntk).fit(X, y)


def test_asymmetry_is_told_apart_from_shape():
    with pytest.raises(ValueError, match="K and K.T differ by 1"):
        kernel_ridge([[2.0, 1.0], [0.0, 2.0]], [1.0, 1.0], 1.0)
    before = K = np.array([[2.0, 1.0], [1.0, 2.0]])
    kernel_ridge(K, [1.0, 1.0], 1.0)
    np.testing.assert_array_equal(K, before)


def test_threads_are_back():
    before = blas_threads()
    ntk(TABLES["crowd"])
    kernel_ridge(np.eye(3), np.ones(3), 1.0)
    assert blas_threads() == before
