"""Every argument of every public function, replaced by something of the wrong kind: it works, or it is refused by name (its own, or that of the argument it no longer goes with).

The values are harmless: nothing here reaches compiled code unless it is a valid argument after all.
"""

import inspect

import numpy as np
import pytest

from fixntk import (
    bounds,
    columns,
    cones,
    conv,
    data,
    deep,
    design,
    group_lasso,
    kernels,
    losses,
    mkl,
    networks,
    newton,
    reweighting,
    weights,
)
from fixntk import masks as masks_module

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 2))
Y = RNG.standard_normal(6)
MASKS = masks_module.enumerate_masks(X)
DESIGN = design.MaskedDesign(X, MASKS)
ONES = np.ones(MASKS.p)
PROBLEM = group_lasso.GroupLassoProblem(DESIGN, Y, 0.5)
LOGISTIC = group_lasso.GroupLassoProblem(
    DESIGN, np.sign(Y), 0.5, loss=losses.LogisticLoss()
)
W = newton.solve(PROBLEM).W
NETWORK = networks.ReLUNetwork(np.ones((3, 2)), np.ones(3))
GATED = networks.GatedReLUNetwork(np.ones((3, 2)), np.ones((3, 2)))
IMAGES = RNG.standard_normal((3, 4, 4))
PATCHES = conv.extract_patches(IMAGES, 2, stride=2)
FIRST = masks_module.sample_masks(X, 3, rng=np.random.default_rng(1))
rng = lambda: np.random.default_rng(0)

CALLS = {
    data.add_bias: dict(X=X),
    data.toy_line: dict(n=3, rng=rng),
    data.gaussian_design: dict(n=3, d=2, rng=rng),
    data.teacher_data: dict(X=X, width=2, noise=0.1, kind="relu", rng=rng),
    networks.ReLUNetwork: dict(W=np.ones((3, 2)), output=np.ones(3)),
    networks.GatedReLUNetwork: dict(
        gates=np.ones((3, 2)), W=np.ones((3, 2)), output=np.ones(3)
    ),
    networks.random_network: dict(d=2, width=2, gated=True, rng=rng),
    networks.weight_decay_objective: dict(network=NETWORK, X=X, y=Y, lam=0.1),
    networks.balanced: dict(network=NETWORK),
    networks.objective_gradient: dict(network=GATED, X=X, y=Y, lam=0.1),
    networks.train_by_gradient_descent: dict(
        network=GATED, X=X, y=Y, lam=0.1, learning_rate=0.001, n_steps=3
    ),
    kernels.ntk: dict(X=X, Y=X),
    kernels.finite_width_ntk: dict(
        X=X, Y=X, width=3, parameterization="gated", rng=rng
    ),
    kernels.kernel_ridge: dict(K=np.eye(6), y=Y, ridge=0.1),
    masks_module.Masks: dict(patterns=MASKS.patterns, gates=MASKS.gates),
    masks_module.count_cells: dict(n=5, r=2),
    masks_module.enumerate_masks: dict(X=X, boundary=False, max_masks=1000),
    masks_module.is_complete: dict(masks=MASKS, X=X, boundary=False, max_masks=1000),
    masks_module.sample_masks: dict(X=X, n_gates=3, method="gaussian", rng=rng),
    design.MaskedDesign: dict(X=X, masks=MASKS),
    design.masking_kernels: dict(design=DESIGN),
    design.adjoint_mismatch: dict(design=DESIGN, rng=rng),
    group_lasso.group_norms: dict(W=W),
    group_lasso.group_soft_threshold: dict(W=W, threshold=0.1),
    group_lasso.GroupLassoProblem: dict(
        design=DESIGN, y=Y, lam=0.5, loss=group_lasso.SquaredLoss()
    ),
    group_lasso.solve_cvxpy: dict(
        problem=PROBLEM, solver="CLARABEL", tol=1e-8, max_entries=1000
    ),
    PROBLEM.objective: dict(W=W),
    PROBLEM.gap: dict(W=W),
    PROBLEM.kkt_residual: dict(W=W),
    PROBLEM.dual_objective: dict(z=Y),
    DESIGN.predict: dict(W=W),
    DESIGN.correlate: dict(z=Y),
    DESIGN.correlation_norms: dict(z=Y),
    DESIGN.kernel: dict(weights=ONES),
    mkl.mkl_objective: dict(design=DESIGN, y=Y, weights=ONES, lam_hat=0.1),
    mkl.optimal_weights: dict(W=W),
    mkl.split_coefs: dict(W=W, weights=ONES),
    mkl.lam_hat_for: dict(lam=0.5, W=W),
    reweighting.weighted_ridge: dict(
        design=DESIGN, y=Y, weights=ONES, ridge=0.1, method="kernel"
    ),
    reweighting.reweight: dict(W=W, floor=0.1, power=1.0),
    reweighting.irls: dict(
        problem=PROBLEM,
        weights=ONES,
        update="repaired",
        floor=0.0,
        max_iter=3,
        tol=1e-3,
        method="kernel",
    ),
    newton.solve: dict(problem=PROBLEM, tol=1e-6, weights=ONES, max_iter=20),
    newton.lam_path: dict(design=DESIGN, y=Y, n_lams=3, lam_min_ratio=0.1, tol=1e-6),
    newton.KernelList: dict(kernels=np.stack([np.eye(3)])),
    columns.price_gates: dict(X=X, z=Y, n_circles=3, rng=rng),
    columns.lam_max_all: dict(X=X, y=Y, rng=rng, n_circles=5, max_masks=1000),
    columns.pricing_bound: dict(X=X, z=Y),
    columns.solve_all_masks: dict(
        X=X, y=Y, lam=0.5, tol=1e-3, rng=rng, n_circles=5, max_masks=1000, max_rounds=5
    ),
    weights.exact_weights: dict(X=X),
    weights.sampled_weights: dict(X=X, n_circles=3, rng=rng),
    bounds.effective_noise: dict(design=DESIGN, eps=Y),
    bounds.prediction_bound: dict(lam_mean=0.1, W=W, sharp=False),
    bounds.lam_mean_for: dict(design=DESIGN, noise=0.1, level=0.5, method="union"),
    bounds.noise_quantile: dict(
        design=DESIGN, noise=0.1, level=0.5, n_draws=5, rng=rng
    ),
    bounds.bound_coverage: dict(
        design=DESIGN,
        W=W,
        lam_mean=0.1,
        noise=0.1,
        n_draws=3,
        n_fits=1,
        sharp=False,
        rng=rng,
    ),
    cones.cone_rows: dict(X=X, pattern=MASKS.patterns[:, 0]),
    cones.project_onto_cone: dict(A=np.eye(2), c=np.ones(2)),
    cones.cone_interior: dict(A=np.eye(2), gate=np.ones(2)),
    cones.solve_relu: dict(
        problem=PROBLEM, method="interior", tol=1e-3, max_iter=5, block=5
    ),
    cones.decompose: dict(design=DESIGN, W=W, method="fast"),
    cones.relu_from_gated: dict(design=DESIGN, W=W, method="fast"),
    losses.solve_loss: dict(problem=LOGISTIC, tol=1e-3, max_iter=5),
    losses.HuberLoss: dict(delta=1.0),
    losses.kernel_machine: dict(problem=LOGISTIC, weights=ONES, tol=1e-3, max_iter=5),
    deep.second_layer_masks: dict(X=X, n_gates=3, width=2, rng=rng),
    deep.layer_masks: dict(X=X, n_gates=3, widths=(2,), rng=rng),
    deep.product_masks: dict(first=FIRST, second=FIRST, max_masks=100),
    deep.deep_ntk: dict(X=X, Y=X, depth=2),
    conv.extract_patches: dict(images=IMAGES, size=2, stride=1, padding=0),
    conv.count_patch_cells: dict(n=3, n_patches=2, r=2),
    conv.patch_masks: dict(patches=PATCHES, gates=np.ones((2, PATCHES.shape[-1]))),
    conv.patch_ntk: dict(patches=PATCHES, other=PATCHES),
}
STRANGE = {
    "None": None,
    "text": "abc",
    "list of text": ["a", "b"],
    "dict": {},
    "object": object(),
    "class": dict,
    "function": len,
    "number": -3.5,
    "huge": 10**400,
    "nan": np.nan,
    "bool table": X > 0,
    "list": [1.0],
    "empty": [],
    "ragged": [[1.0, 2.0], [3.0]],
    "NaN table": np.full((6, 2), np.nan),
    "cube": np.ones((2, 2, 2)),
    "complex": X * 1j,
    "dates": np.array(["2026-01-01"] * 6, "datetime64[D]"),
    "masked": np.ma.array(Y, mask=Y > 0),
}


def called(function, arguments):
    return function(
        **{
            name: value() if value is rng else value
            for name, value in arguments.items()
        }
    )


@pytest.mark.parametrize(
    "function", CALLS, ids=lambda f: getattr(f, "__qualname__", str(f))
)
def test_wrong_kinds_are_refused_by_name(function):
    called(function, CALLS[function])  # the arguments are valid as they stand
    faults = []
    for name in CALLS[function]:
        default = inspect.signature(function).parameters[name].default
        for kind, value in STRANGE.items():
            if value is None and default is None:
                continue
            try:
                called(function, {**CALLS[function], name: value})
            except (ValueError, TypeError) as error:
                if not (
                    str(error).startswith(tuple(CALLS[function]))
                    and ("must" in str(error) or "needs about" in str(error))
                ):
                    faults.append(
                        f"{name} = {kind}: {type(error).__name__}: {str(error)[:100]}"
                    )
            except Exception as error:
                faults.append(
                    f"{name} = {kind}: {type(error).__name__}: {str(error)[:100]}"
                )
    assert not faults, "\n".join(faults)
