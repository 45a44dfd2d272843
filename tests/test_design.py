"""MaskedDesign against the matrix it stands for, on ordinary and on degenerate input."""

import numpy as np
import pytest
from scipy.sparse.linalg import lsmr

from fixntk.design import CentredDesign, MaskedDesign, adjoint_mismatch, masking_kernels
from fixntk.group_lasso import GroupLassoProblem, solve_cvxpy
from fixntk.masks import Masks, sample_masks
from fixntk.newton import KernelList, lam_path, solve
from fixntk.reweighting import irls, weighted_ridge

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
    dense = np.hstack(
        [
            np.diag(pattern.astype(float)) @ design.X
            for pattern in design.masks.patterns.T
        ]
    )
    W, z, weights = rng.standard_normal((p, d)), rng.standard_normal(n), rng.random(p)
    W[1::3], weights[1::4] = 0, 0
    np.testing.assert_array_equal(design.to_dense(), dense)
    np.testing.assert_array_equal(design.block(p - 1), dense[:, -d:])
    scale = np.abs(dense).sum()
    np.testing.assert_allclose(design.predict(W), dense @ W.ravel(), atol=1e-14 * scale)
    np.testing.assert_allclose(
        design.correlate(z), (dense.T @ z).reshape(p, d), atol=1e-14 * scale
    )
    np.testing.assert_allclose(
        design.correlation_norms(z),
        np.linalg.norm((dense.T @ z).reshape(p, d), axis=1),
        atol=1e-14 * scale,
    )
    mixture = (dense * np.repeat(weights, d)) @ dense.T
    np.testing.assert_allclose(design.kernel(weights), mixture, atol=1e-14 * scale)
    np.testing.assert_array_equal(design.kernel(weights), design.kernel(weights).T)
    if p * n * n < 10**6:
        np.testing.assert_allclose(
            np.tensordot(weights, masking_kernels(design), 1),
            mixture,
            atol=1e-14 * scale,
        )
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
        operator @ np.column_stack([w, 2 * w]),
        design.to_dense() @ np.column_stack([w, 2 * w]),
        atol=1e-9,
    )
    by_kernel = design.correlate(
        np.linalg.solve(design.kernel(np.ones(design.p)) + np.eye(design.n), z)
    ).ravel()
    by_lsmr = lsmr(
        operator, z, damp=1.0, atol=1e-12, btol=1e-12, maxiter=10 * design.n
    )[0]
    np.testing.assert_allclose(by_lsmr, by_kernel, atol=1e-7 * np.abs(by_kernel).max())


@pytest.mark.parametrize(
    "indices", [slice(2, 5), [3], [5, 1, 1], np.arange(9) % 2 == 0, 4, -1], ids=str
)
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
        (
            lambda d: MaskedDesign(d.X[:, :1], d.masks),
            "masks must be made for X of shape",
        ),
        (
            lambda d: MaskedDesign(np.full_like(d.X, np.nan), d.masks),
            "X must be finite",
        ),
        (lambda d: d.predict(np.ones((d.p, d.d + 1))), "W must have shape"),
        (lambda d: d.predict(np.ones(d.p * d.d)), "W must have shape"),
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


def centred(kind="masks", n=30, offset=0.0):
    design = make(n, 3, 60)[0]
    design = MaskedDesign(
        design.X + offset,
        sample_masks(design.X + offset, 60, rng=np.random.default_rng(0)),
    )
    rng = np.random.default_rng(n)
    s, y = rng.uniform(0.2, 2, n), 5 + rng.standard_normal(n)
    design = design if kind == "masks" else KernelList(masking_kernels(design[:12]))
    return CentredDesign(design, s), s, y


@pytest.mark.parametrize("kind", ["masks", "kernels"])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_a_centred_design_is_the_projected_matrix(kind, offset):
    design, s, _ = centred(kind, offset=offset)
    rng, dense = np.random.default_rng(1), design.design.to_dense()
    P = np.eye(design.n) - np.outer(s, s) / (s @ s)
    W, z, weights = (
        rng.standard_normal((design.p, design.d)),
        rng.standard_normal(design.n),
        rng.random(design.p),
    )
    A, scale = P @ dense, 1e-15 * design.n * np.linalg.norm(dense)
    np.testing.assert_allclose(design.to_dense(), A, atol=scale)
    np.testing.assert_allclose(
        design.predict(W), A @ W.ravel(), atol=scale * np.linalg.norm(W)
    )
    np.testing.assert_allclose(
        design.correlate(z).ravel(), A.T @ z, atol=scale * np.linalg.norm(z)
    )
    np.testing.assert_allclose(
        design.correlation_norms(z), np.linalg.norm(design.correlate(z), axis=1)
    )
    mixture = (A * np.repeat(weights, design.d)) @ A.T
    np.testing.assert_allclose(
        design.kernel(weights), mixture, atol=scale * np.linalg.norm(dense)
    )
    np.testing.assert_array_equal(design.kernel(weights), design.kernel(weights).T)
    np.testing.assert_allclose(
        design.block(2), A[:, 2 * design.d : 3 * design.d], atol=scale
    )
    np.testing.assert_allclose(design[[2, 0]].block(0), design.block(2))
    np.testing.assert_allclose(
        design.as_linear_operator() @ W.ravel(), design.predict(W)
    )
    assert np.all(
        design.block_norms()
        >= np.linalg.norm(A.reshape(design.n, design.p, -1), axis=(0, 2)) * (1 - 1e-12)
    )
    assert adjoint_mismatch(design, rng=rng) < 1e-12
    assert (design.masks is not None) == (kind == "masks")


@pytest.mark.parametrize("kind", ["masks", "kernels"])
def test_every_solver_takes_a_centred_design_for_a_free_direction(kind):
    """Against CVXPY on the dense matrix with the multiple of the direction as a variable of its own, without penalty."""
    import cvxpy as cp

    design, s, y = centred(kind)
    dense, lam = (
        design.design.to_dense(),
        0.1 * GroupLassoProblem(design, design.mapped(y), 1.0).lam_max,
    )
    problem = GroupLassoProblem(design, design.mapped(y), lam)

    def referee(penalty):
        W, b = cp.Variable((design.p, design.d)), cp.Variable()
        price = cp.sum_squares(dense @ cp.vec(W, order="C") + b * s - y) + penalty(W)
        cp.Problem(cp.Minimize(price)).solve(
            solver="CLARABEL", tol_gap_abs=1e-12, tol_gap_rel=1e-12
        )
        return price.value, W.value

    expected, _ = referee(lambda W: lam * cp.sum(cp.norm(W, 2, axis=1)))
    for found in (
        solve(problem, tol=1e-9),
        solve_cvxpy(problem),
        irls(problem, tol=1e-7, max_iter=3000),
    ):
        assert found.converged
        np.testing.assert_allclose(
            found.objective, expected, rtol=2e-7
        )  # reweighting's tolerance
        b = s @ (y - design.design.predict(found.W)) / (s @ s)
        by_hand = (
            np.sum((design.design.predict(found.W) + b * s - y) ** 2)
            + lam * found.weights.sum()
        )
        np.testing.assert_allclose(found.objective, by_hand, rtol=1e-11)
    path = lam_path(design, design.mapped(y), n_lams=4, lam_min_ratio=0.1, tol=1e-9)
    np.testing.assert_allclose(path[-1].objective, expected, rtol=1e-8)
    assert not path[0].W.any()
    weights = np.random.default_rng(2).uniform(0.5, 2, design.p)
    _, V = referee(
        lambda W: 0.7 * cp.sum(cp.multiply(1 / weights, cp.sum(cp.square(W), axis=1)))
    )
    for method in ("kernel", "lsqr"):
        W = weighted_ridge(design, design.mapped(y), weights, 0.7, method=method)
        np.testing.assert_allclose(
            W, V, atol=1e-5 * np.abs(V).max()
        )  # the root of Clarabel's gap


def test_directions_are_checked():
    design = make(9, 2, 300)[0]
    for direction, words in (
        (np.zeros(9), "must not be zero"),
        (np.ones(8), "one entry for each"),
        (np.full(9, np.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=f"direction.*{words}"):
            CentredDesign(design, direction)
    with pytest.raises(TypeError, match="design must be a design"):
        CentredDesign([1, 2], np.ones(2))
    np.testing.assert_allclose(
        CentredDesign(design, np.full(9, 1e300)).direction, 1 / 3
    )


def test_masks_of_another_table_are_refused_and_those_on_planes_are_not():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    masks = sample_masks(X, 300, rng=rng)
    MaskedDesign(X, masks)
    turned, swapped, one = X.copy(), X.copy(), X.copy()
    one[77] *= -1
    swapped[[3, 150]] = swapped[[150, 3]]
    for other in (
        rng.standard_normal((200, 4)),
        -X,
        X[::-1],
        X + 1,
        one,
        swapped,
        turned @ np.diag([1, 1, 1, -1.0]),
    ):
        with pytest.raises(ValueError, match="masks must be those of X"):
            MaskedDesign(other, masks)
    wrong = Masks(masks.patterns[:, ::-1], masks.gates)  # gates in another order
    with pytest.raises(ValueError, match="masks must be those of X"):
        MaskedDesign(X, wrong)
    scaled = MaskedDesign(
        rng.uniform(1e-8, 1e8, 200)[:, None] * X, masks
    )  # a row stays on its side
    assert scaled.p == masks.p
    lattices = (
        rng.integers(-2, 3, (30, 3)),
        rng.integers(-1, 2, (40, 3)) * [1e6, 1, 1e-6],
        np.repeat(X[:20, :3], 3, axis=0),
    )
    for table in (lattice.astype(float) for lattice in lattices):
        gates = np.vstack(
            [
                np.zeros(3),
                np.cross(table[0], table[1:9]),
                np.cross(table[3], table[4:9]),
            ]
        )  # with rows on them
        MaskedDesign(table, Masks.from_gates(table, gates))
        MaskedDesign(
            table * (1 + 1e-15), Masks.from_gates(table, gates)
        )  # what lies on a plane may leave it by rounding
        MaskedDesign(table, sample_masks(table, 50, rng=rng))


def test_every_kind_of_masks_that_chapters_make_is_taken():
    from fixntk.conv import PatchDesign, extract_patches, patch_masks
    from fixntk.deep import deep_masks, product_masks, second_layer_masks
    from fixntk.masks import enumerate_masks

    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 3))
    plain, deep = (
        sample_masks(X, 30, rng=rng),
        second_layer_masks(X, 30, width=5, rng=rng),
    )
    for masks in (
        enumerate_masks(X),
        enumerate_masks(X[:8], boundary=True),
        deep,
        deep[3:9],
        product_masks(plain, deep),
    ):
        design = MaskedDesign(X[: masks.n], masks)
        if masks.n == 40 and masks.p > 6:
            with pytest.raises(ValueError, match="masks must be those of X"):
                MaskedDesign(X[::-1], masks)
        assert design[[0]].p == 1
    three = deep_masks(X, [20, 20, 20], widths=[6, 6], rng=rng)
    merged = Masks(plain.patterns[np.arange(0, 40, 2)], plain.gates)
    MaskedDesign(X, three), MaskedDesign(3 * X[::2], merged)
    patches = extract_patches(rng.standard_normal((5, 4, 4)), 2)
    PatchDesign(patches, patch_masks(patches, 20, rng=rng))
    with pytest.raises(ValueError, match="masks must be those of X"):
        PatchDesign(patches[::-1], patch_masks(patches, 20, rng=rng))


def test_slices_and_scaled_rows_do_not_check_again(monkeypatch):
    from fixntk import masked as module
    from fixntk.losses import scale_rows

    design = make(30, 3, 60)[0]
    monkeypatch.setattr(module, "check_gates", lambda *_: pytest.fail("checked again"))
    assert design[:4].p == 4 and CentredDesign(design, np.ones(30))[:4].p == 4
    zero = scale_rows(
        design, np.r_[0.0, np.ones(29)]
    )  # a row of zeros lies on every plane
    np.testing.assert_allclose(
        zero.predict(np.ones((design.p, 3)))[1:],
        design.predict(np.ones((design.p, 3)))[1:],
    )


def test_the_table_is_copied_and_locked():
    X = np.random.default_rng(0).standard_normal((20, 3))
    design = MaskedDesign(X, sample_masks(X, 10, rng=np.random.default_rng(1)))
    before = design.kernel(np.ones(design.p))
    X *= 10
    np.testing.assert_array_equal(design.kernel(np.ones(design.p)), before)
    np.testing.assert_allclose((design.to_dense() @ design.to_dense().T), before)
    with pytest.raises(ValueError):
        design.X[0] = 0


WRONG = [None, 3, "masks", [1, 2], np.ones((9, 4), bool), {"a": 1}, Masks, object()]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: type(w).__name__)
def test_wrong_kinds_are_named(wrong):
    design, rng = make(9, 2, 300)
    for call in (
        lambda: MaskedDesign(design.X, wrong),
        lambda: masking_kernels(wrong),
        lambda: adjoint_mismatch(wrong, rng=rng),
        lambda: CentredDesign(wrong, np.ones(9)),
        lambda: GroupLassoProblem(wrong, np.ones(9), 1.0),
        lambda: GroupLassoProblem(design.X, np.ones(9), 1.0),
        lambda: adjoint_mismatch(design, rng=wrong),
    ):
        with pytest.raises(TypeError, match="must be a"):
            call()
    with pytest.raises(ValueError, match=r"np.maximum\(weights, 0\)"):
        design.kernel(np.r_[-1e-14, np.ones(design.p - 1)])


def test_kernels_one_by_one_of_any_design():
    design, s, _ = centred()
    P = np.eye(30) - np.outer(s, s) / (s @ s)
    np.testing.assert_allclose(
        masking_kernels(design), P @ masking_kernels(design.design) @ P, atol=1e-12
    )
    kernels = centred("kernels")[0].design
    np.testing.assert_allclose(masking_kernels(kernels), kernels.kernels, atol=1e-12)


def two_thousand_masks():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 4))
    return MaskedDesign(X, sample_masks(X, 2000, rng=rng)), rng


def test_slices_share_tables_and_all_ones_is_the_plain_kernel():
    design, rng = two_thousand_masks()
    z, weights = rng.standard_normal(300), rng.random(design.p)
    weights[::4] = 0
    part, on, X = design[weights > 0], weights > 0, design.X
    np.testing.assert_allclose(part.kernel(weights[on]), design.kernel(weights))
    np.testing.assert_allclose(part.correlate(z), design.correlate(z)[on])
    assert part.X is design.X and part.gram is design.gram
    everybody = MaskedDesign(X, Masks.from_gates(X, np.zeros((1, 4))))
    np.testing.assert_array_equal(everybody.kernel([1.0]), X @ X.T)
    assert not design.kernel(np.zeros(design.p)).any()


def test_messages_say_what_to_do():
    design, rng = two_thousand_masks()
    X, masks = design.X, design.masks
    W, z = rng.standard_normal((design.p, 4)), rng.standard_normal(300)
    for call, words in (
        (lambda: MaskedDesign(X[:10], masks), "Make them anew"),
        (lambda: MaskedDesign(X[::-1], masks), "masks must be those of X"),
        (lambda: design.predict(W.T), "one row a mask"),
        (lambda: design.correlate(z[:-1]), "one entry for each of the 300"),
        (lambda: masking_kernels(design), r"Use design.kernel\(weights\)"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_kernels_of_a_centred_design_far_from_the_origin():
    rng = np.random.default_rng(9)
    X = 300 + rng.standard_normal((40, 3))
    design = MaskedDesign(X, sample_masks(X, 25, rng=rng))
    s, ones = rng.uniform(0.5, 2, 40), np.ones(design.p)
    P = np.eye(40) - np.outer(s, s) / (s @ s)
    K, centred = design.kernel(ones), CentredDesign(design, s)
    # entries are near 1e5 before the projection and near one after it
    np.testing.assert_allclose(centred.kernel(ones), P @ K @ P, atol=1e-6)
    assert adjoint_mismatch(centred, rng=rng) < 1e-12
    with pytest.raises(ValueError, match="direction must not be zero"):
        CentredDesign(design, 0 * s)
