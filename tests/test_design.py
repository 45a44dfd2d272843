"""MaskedDesign against the matrix it stands for, on ordinary and on degenerate input."""

import numpy as np
import pytest
from scipy.sparse.linalg import lsmr

from fixntk.design import MaskedDesign, adjoint_mismatch, masking_kernels
from fixntk.masks import Masks, sample_masks

SHAPES = [(1, 1, 3), (2, 5, 20), (9, 2, 300), (130, 3, 400), (300, 7, 1500)]


def make(n, d, n_gates):
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, d))
    X[: n // 3] = X[n // 3 : 2 * (n // 3)]  # duplicate rows
    X[-1] *= n % 2  # a zero row for even n
    gates = np.vstack([np.zeros(d), rng.standard_normal((n_gates, d))])
    return MaskedDesign(X, Masks.from_gates(X, gates)), rng


@pytest.mark.parametrize("shape", SHAPES)
def test_every_product_equals_the_dense_one(shape):
    design, rng = make(*shape)
    n, p, d = design.n, design.p, design.d
    dense = np.hstack([np.diag(pattern.astype(float)) @ design.X for pattern in design.masks.patterns.T])
    W, z, weights = rng.standard_normal((p, d)), rng.standard_normal(n), rng.random(p)
    W[1::3], weights[1::4] = 0, 0
    np.testing.assert_array_equal(design.to_dense(), dense)
    np.testing.assert_array_equal(design.block(p - 1), dense[:, -d:])
    scale = np.abs(dense).sum()
    np.testing.assert_allclose(design.predict(W), dense @ W.ravel(), atol=1e-14 * scale)
    np.testing.assert_allclose(design.correlate(z), (dense.T @ z).reshape(p, d), atol=1e-14 * scale)
    np.testing.assert_allclose(
        design.correlation_norms(z), np.linalg.norm((dense.T @ z).reshape(p, d), axis=1), atol=1e-14 * scale
    )
    mixture = (dense * np.repeat(weights, d)) @ dense.T
    np.testing.assert_allclose(design.kernel(weights), mixture, atol=1e-14 * scale)
    np.testing.assert_array_equal(design.kernel(weights), design.kernel(weights).T)
    if p * n * n < 10**6:
        np.testing.assert_allclose(np.tensordot(weights, masking_kernels(design), 1), mixture, atol=1e-14 * scale)
    assert adjoint_mismatch(design, rng=rng) < 1e-13


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_linear_operator_is_the_matrix(shape):
    design, rng = make(*shape)
    operator = design.as_linear_operator()
    assert operator.shape == (design.n, design.p * design.d)
    w, z = rng.standard_normal(operator.shape[1]), rng.standard_normal(design.n)
    np.testing.assert_allclose(operator @ w, design.to_dense() @ w, atol=1e-10)
    np.testing.assert_allclose(operator.T @ z, design.to_dense().T @ z, atol=1e-10)
    np.testing.assert_allclose(
        operator @ np.column_stack([w, 2 * w]), design.to_dense() @ np.column_stack([w, 2 * w]), atol=1e-9
    )
    by_kernel = design.correlate(np.linalg.solve(design.kernel(np.ones(design.p)) + np.eye(design.n), z)).ravel()
    by_lsmr = lsmr(operator, z, damp=1.0, atol=1e-12, btol=1e-12, maxiter=10 * design.n)[0]
    np.testing.assert_allclose(by_lsmr, by_kernel, atol=1e-7 * np.abs(by_kernel).max())


@pytest.mark.parametrize("indices", [slice(2, 5), [3], [5, 1, 1], np.arange(9) % 2 == 0, 4, -1], ids=str)
def test_a_slice_is_the_design_on_these_masks(indices):
    design, rng = make(9, 3, 300)
    design = design[:9]
    part, chosen = design[indices], np.atleast_1d(np.arange(9)[indices])
    z = rng.standard_normal(9)
    assert part.p == len(chosen)
    assert part.X is design.X and part.gram is design.gram
    np.testing.assert_array_equal(part.masks.patterns, design.masks.patterns[:, chosen])
    np.testing.assert_allclose(part.correlate(z), design.correlate(z)[chosen])


def test_zero_weights_and_zero_rows_of_W_cost_no_mask():
    design, _ = make(9, 2, 300)
    weights, W = np.zeros(design.p), np.zeros((design.p, 2))
    np.testing.assert_array_equal(design.kernel(weights), np.zeros((9, 9)))
    np.testing.assert_array_equal(design.predict(W), np.zeros(9))
    weights[7], W[7] = 2, 1
    touched = []

    class Spy(np.ndarray):
        def __getitem__(self, index):
            touched.append(np.asarray(index).tolist())
            return np.asarray(super().__getitem__(index))

    design._rows = design._rows.view(Spy)
    design.kernel(weights)
    design.predict(W)
    assert touched == [[7], [7]]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda d: MaskedDesign(d.X[:4], d.masks), "masks must be made for X of shape"),
        (lambda d: MaskedDesign(d.X[:, :1], d.masks), "masks must be made for X of shape"),
        (lambda d: MaskedDesign(np.full_like(d.X, np.nan), d.masks), "X must be finite"),
        (lambda d: d.predict(np.ones((d.p, d.d + 1))), "W must have shape"),
        (lambda d: d.predict(np.ones(d.p * d.d)), "W must be a table"),
        (lambda d: d.predict(np.full((d.p, d.d), np.inf)), "W must be finite"),
        (lambda d: d.correlate(np.ones(d.n + 1)), "z must have one entry for each"),
        (lambda d: d.correlation_norms(np.full(d.n, np.nan)), "z must be finite"),
        (lambda d: d.kernel(np.ones(d.p - 1)), "weights must have one entry for each"),
        (lambda d: d.kernel(-np.ones(d.p)), "weights must be at least zero"),
        (lambda d: d.kernel(np.full(d.p, np.nan)), "weights must be finite"),
        (lambda d: d[[]], "at least one row"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(make(9, 2, 300)[0])


def test_wide_tables_are_refused():
    X = np.random.default_rng(0).standard_normal((2000, 40))
    design = MaskedDesign(X, sample_masks(X, 3000, rng=np.random.default_rng(1)))
    for call in (design.to_dense, lambda: masking_kernels(design)):
        with pytest.raises(ValueError, match="1 GB"):
            call()


def test_the_dot_test_catches_a_wrong_adjoint():
    design, rng = make(9, 2, 300)

    class Wrong(MaskedDesign):
        def correlate(self, z):
            return -super().correlate(z)

    assert adjoint_mismatch(Wrong(design.X, design.masks), rng=rng) > 1e-3
    with pytest.raises(TypeError, match="rng"):
        adjoint_mismatch(design, rng=3)
