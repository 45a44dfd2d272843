"""Whatever is put in the place of one argument: an answer, or a TypeError or ValueError in our words, and nothing else."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

from fixntk import conv, deep, design, group_lasso, losses, mkl, reweighting
from fixntk.masks import sample_masks
from fixntk.newton import KernelList

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 3))
Y = np.where(X[:, 0] > 0, 1.0, -1.0)
MASKS = sample_masks(X, 9, rng=RNG)
DESIGN = design.MaskedDesign(X, MASKS)
KERNELS = KernelList(design.masking_kernels(DESIGN))
P, W = MASKS.p, RNG.standard_normal((MASKS.p, 3))
ONES, Z = np.ones(P), RNG.standard_normal(12)
PROBLEM = group_lasso.GroupLassoProblem(DESIGN, Y, 1.0)
ABOVE = group_lasso.GroupLassoProblem(DESIGN, Y, 1e3)  # no need to call a solver
LOGISTIC = group_lasso.GroupLassoProblem(DESIGN, Y, 1.0, loss=losses.LogisticLoss())
SOLUTION = losses.solve_loss(PROBLEM)
SECOND = deep.second_layer_masks(X, 5, width=4, rng=RNG)
PATCHES = RNG.standard_normal((4, 3, 2))
PATCH_MASKS = conv.patch_masks(PATCHES, 5, rng=RNG)
PATCH = conv.PatchDesign(PATCHES, PATCH_MASKS)
CENTRED = design.CentredDesign(DESIGN, np.ones(12))
FREE = losses.FreeIntercept(losses.WeightedLoss(losses.HuberLoss(), np.ones(12)))


def rng():
    return np.random.default_rng(1)


CALLS = {
    "MaskedDesign": (design.MaskedDesign, [X, MASKS], {}),
    "CentredDesign": (design.CentredDesign, [DESIGN, np.ones(12)], {}),
    "masking_kernels": (design.masking_kernels, [DESIGN], {}),
    "adjoint_mismatch": (design.adjoint_mismatch, [DESIGN], {"rng": rng()}),
    "group_norms": (group_lasso.group_norms, [W], {}),
    "group_soft_threshold": (group_lasso.group_soft_threshold, [W, 0.1], {}),
    "GroupLassoProblem": (
        group_lasso.GroupLassoProblem,
        [DESIGN, Y, 1.0],
        {"loss": group_lasso.SquaredLoss()},
    ),
    "judge": (group_lasso.Solution.judge, [PROBLEM, W], {"n_iter": 1, "tol": 1e-3}),
    "solve_cvxpy": (
        group_lasso.solve_cvxpy,
        [ABOVE],
        {"solver": "CLARABEL", "tol": 1e-8, "max_entries": 1000},
    ),
    "mkl_objective": (mkl.mkl_objective, [DESIGN, Y, ONES, 1.0], {}),
    "optimal_weights": (mkl.optimal_weights, [W], {}),
    "split_coefs": (mkl.split_coefs, [W, ONES], {}),
    "lam_hat_for": (mkl.lam_hat_for, [1.0, W], {}),
    "weighted_ridge": (
        reweighting.weighted_ridge,
        [DESIGN, Y, ONES, 1.0],
        {"method": "lsqr"},
    ),
    "reweight": (reweighting.reweight, [W, 0.1], {"power": 1.0}),
    "irls": (
        reweighting.irls,
        [PROBLEM],
        dict(
            weights=ONES,
            update="text",
            floor=0.0,
            max_iter=3,
            tol=1e-3,
            method="kernel",
            keep_weights=True,
        ),
    ),
    "HuberLoss": (losses.HuberLoss, [1.0], {}),
    "WeightedLoss": (losses.WeightedLoss, [losses.LogisticLoss(), np.ones(12)], {}),
    "FreeIntercept": (losses.FreeIntercept, [losses.LogisticLoss()], {}),
    "scale_rows": (losses.scale_rows, [DESIGN, np.ones(12)], {}),
    "squared_form": (losses.squared_form, [PROBLEM], {}),
    "solve_loss": (
        losses.solve_loss,
        [LOGISTIC],
        {"tol": 1e-3, "max_iter": 3, "weights": ONES},
    ),
    "kernel_machine": (
        losses.kernel_machine,
        [LOGISTIC, ONES],
        {"tol": 1e-3, "max_iter": 9},
    ),
    "ReLULayers": (deep.ReLULayers, [3, (np.ones((3, 2)),)], {}),
    "DeepMasks": (deep.DeepMasks, [SECOND.patterns, SECOND.gates, SECOND.layers], {}),
    "DeepMasks.from_gates": (deep.DeepMasks.from_gates, [X, W, ()], {}),
    "layer_masks": (deep.layer_masks, [X, 4], {"widths": [3], "rng": rng()}),
    "second_layer_masks": (deep.second_layer_masks, [X, 4], {"width": 3, "rng": rng()}),
    "product_masks": (
        deep.product_masks,
        [MASKS, SECOND],
        {"pairs": [[0, 0]], "max_masks": 100},
    ),
    "product_weights": (
        deep.product_weights,
        [MASKS, SECOND, ONES, np.ones(SECOND.p)],
        {},
    ),
    "deep_ntk": (deep.deep_ntk, [X, X], {"depth": 2}),
    "deep_masks": (deep.deep_masks, [X, [3, 3]], {"widths": [2], "rng": rng()}),
    "extract_patches": (
        conv.extract_patches,
        [PATCHES, 2],
        {"stride": 1, "padding": 0},
    ),
    "patch_masks": (conv.patch_masks, [PATCHES, 3], {"rng": rng()}),
    "count_patch_cells": (conv.count_patch_cells, [3, 3, 2], {}),
    "PatchDesign": (conv.PatchDesign, [PATCHES, PATCH_MASKS], {}),
    "pooled_predict": (
        conv.pooled_predict,
        [SOLUTION.network(), RNG.standard_normal((2, 2, 3))],
        {},
    ),
    "patch_ntk": (conv.patch_ntk, [PATCHES, PATCHES], {}),
}
for name in (
    "objective",
    "dual_point",
    "bounds",
    "gap",
    "kkt_residual",
    "provably_zero",
):
    CALLS[name] = (getattr(PROBLEM, name), [W], {})
CALLS["dual_objective"] = (PROBLEM.dual_objective, [Z], {})
for kind in (DESIGN, KERNELS, PATCH, CENTRED, losses.scale_rows(KERNELS, np.ones(12))):
    label, n = type(kind).__name__, kind.n
    if kind is not KERNELS:  # its own file
        CALLS[f"{label}.predict"] = (kind.predict, [np.ones((kind.p, kind.d))], {})
        CALLS[f"{label}.correlate"] = (kind.correlate, [np.ones(n)], {})
        CALLS[f"{label}.correlation_norms"] = (kind.correlation_norms, [np.ones(n)], {})
        CALLS[f"{label}.kernel"] = (kind.kernel, [np.ones(kind.p)], {})
for loss in (
    group_lasso.SquaredLoss(),
    losses.LogisticLoss(),
    losses.SquaredHingeLoss(),
    losses.HuberLoss(),
    FREE,
):
    for method in (
        "value",
        "gradient",
        "curvature",
        "conjugate",
        "majorant",
        "values",
        "conjugates",
        "intercept",
    ):
        if hasattr(loss, method):
            CALLS[f"{type(loss).__name__}.{method}"] = (
                getattr(loss, method),
                [Z, Y],
                {},
            )
del CALLS["DeepMasks"][1][0]  # patterns are checked by Masks, in its own file
CALLS["DeepMasks"] = (
    lambda gates, layers: deep.DeepMasks(SECOND.patterns, gates, layers),
    *CALLS["DeepMasks"][1:],
)
CALLS["is_open"] = (SECOND.is_open, [X], {})
CALLS["DeepMasks.at"] = (SECOND.at, [X], {})
CALLS["union"] = (SECOND.union, [SECOND], {})


class Empty:
    "Nothing a function could use."


STRANGE = [
    None,
    True,
    -1,
    0,
    10**400,
    1e308,
    np.nan,
    2.5,
    1j,
    Fraction(1, 3),
    "text",
    b"bytes",
    [],
    [[1, 2], [3]],
    [["1_0"]],
    {"a": 1},
    {1, 2},
    object(),
    Empty,
    Empty(),
    np.ones((2, 2, 2, 2, 2)),
    np.ones((12, 3), bool),
    np.full((12, 3), np.nan),
    np.array(["2020-01-01"] * 12, "datetime64[D]"),
    np.ma.masked_less(Z, 0),
    np.zeros(0),
    csr_array(X),
    np.array(["a"] * 12, object),
    np.array([[1.0, None, 2.0]] * 12, object),
    (i for i in range(3)),
    MASKS,
    DESIGN,
    PROBLEM,
    SOLUTION,
    losses.LogisticLoss,
    losses.LogisticLoss(),
    np.ones,
]
RAW = (
    "attribute",
    "unsupported operand",
    "inhomogeneous",
    "broadcast",
    "not iterable",
    "not subscriptable",
    "ufunc",
    "takes ",
)


@pytest.mark.parametrize("name", CALLS)
def test_strange_arguments(name):
    call, args, named = CALLS[name]
    for place in [*range(len(args)), *named]:
        for strange in STRANGE:
            if type(strange) is int and strange > 1 and place in ("max_iter", "depth"):
                continue  # a whole number like others
            given, other = list(args), dict(named)
            (given if isinstance(place, int) else other)[place] = strange
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    call(*given, **other)
                except (TypeError, ValueError) as error:
                    words = str(error)
                    said = f"{name}({place}={strange!r:.40}): {type(error).__name__}: {words}"
                    assert not any(raw in words for raw in RAW) and len(words) < 600, (
                        said
                    )
                    assert "must" in words or "needs" in words or "has no" in words, (
                        said
                    )
                except Exception as error:  # anything else is a fault
                    pytest.fail(
                        f"{name}({place}={strange!r:.40}): {type(error).__name__}: {error}"
                    )


class Labelled:
    "Numbers with names, as a table from elsewhere: an array for NumPy, but with arithmetic that goes by the names."

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)

    def _by_name(self, other):
        return Labelled(self.values[::-1] + np.asarray(other))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = (
        _by_name
    )
    __neg__ = __abs__ = lambda self: Labelled(self.values[::-1])


def test_names_are_dropped_and_small_types_become_floats():
    s, t = Labelled(Z), Labelled(Y)
    for loss in (
        group_lasso.SquaredLoss(),
        losses.LogisticLoss(),
        losses.SquaredHingeLoss(),
        losses.HuberLoss(),
        FREE,
    ):
        for method in ("value", "gradient", "curvature", "conjugate"):
            np.testing.assert_array_equal(
                getattr(loss, method)(s, t), getattr(loss, method)(Z, Y)
            )
    big = np.array([60_000, -60_000], np.int32)
    assert group_lasso.SquaredLoss().value(big, -big) == 2 * 120_000.0**2
    small, labels = np.array([2, 3], np.uint8), np.array([1, -1], np.int8)
    for method in ("value", "gradient", "curvature", "majorant"):
        logistic = getattr(losses.LogisticLoss(), method)
        np.testing.assert_array_equal(
            logistic(small, labels), logistic([2.0, 3.0], [1.0, -1.0])
        )
    assert (
        losses.SquaredHingeLoss().value(
            np.array([200], np.uint8), np.array([-1], np.int8)
        )
        == 201.0**2
    )
    for judge in (PROBLEM.objective, PROBLEM.gap, PROBLEM.kkt_residual):
        assert judge(Labelled(W)) == judge(W)
    shortened = group_lasso.group_soft_threshold(Labelled(W), 0.1)
    np.testing.assert_array_equal(shortened, group_lasso.group_soft_threshold(W, 0.1))
    np.testing.assert_array_equal(mkl.split_coefs(Labelled(W), ONES), W)


def test_the_network_of_a_design_without_gates_is_refused():
    found = losses.solve_loss(group_lasso.GroupLassoProblem(KERNELS, Y, 1.0))
    with pytest.raises(TypeError, match="must be over masks of one gate each"):
        found.network()


@pytest.mark.parametrize("solver", ["OSQP", "SCIPY", "HIGHS"])
def test_solvers_without_cones_are_named(solver):
    with pytest.raises(ValueError, match=f"solver must .*{solver}"):
        group_lasso.solve_cvxpy(PROBLEM, solver=solver)
