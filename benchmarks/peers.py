"""One solver, one instance, one process: the child of bench_solvers.py and bench_losses.py.

    python benchmarks/peers.py SOLVER INSTANCE.npz LAM TOL [LOSS]

minimises |sum_i D_i X W_i - y|^2 + lam * sum_i |W_i|, or with LOSS "logistic" the same with logistic loss, tightening
the solver's own tolerance until the relative gap of GroupLassoProblem is at most TOL. Prints one JSON line for each tolerance tried. Imports and a tiny first problem,
which compiles what is compiled on demand, are not timed; the making of whatever matrix the solver needs is.
"""

import json
import resource
import statistics
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np

from fixntk import __version__
from fixntk.data import gaussian_design
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem, SquaredLoss, solve_cvxpy
from fixntk.losses import LogisticLoss, solve_loss
from fixntk.masks import Masks, sample_masks
from fixntk.newton import lam_path, solve


def dense(problem, order):
    """The n x pd matrix for solvers that need it; beyond what to_dense allows, and in the order they want."""
    design = problem.design
    A = np.empty((design.n, design.p * design.d), order=order)
    for i in range(design.p):
        A[:, i * design.d : (i + 1) * design.d] = design.block(i)
    return A


def fixntk(problem, tol):
    return solve(problem, tol=tol).W


def fixntk_path(problem, tol):
    return lam_path(
        problem.design, problem.y, tol=tol, lam_min_ratio=problem.lam / problem.lam_max
    )[-1].W


def celer(problem, tol):
    from celer import GroupLasso

    design = problem.design
    model = GroupLasso(
        groups=design.d,
        alpha=problem.lam / (2 * design.n),
        fit_intercept=False,
        tol=tol,
        max_iter=1000,
    )
    return model.fit(dense(problem, "F"), problem.y).coef_.reshape(design.p, design.d)


def _skglm(problem, lam, loss, solver):
    from skglm.penalties import WeightedGroupL2
    from skglm.utils.data import grp_converter

    design = problem.design
    indices, pointers = grp_converter(design.d, design.p * design.d)
    penalty = WeightedGroupL2(lam, np.ones(design.p), pointers, indices)
    found = solver.solve(
        dense(problem, "F"), problem.y, loss(pointers, indices), penalty
    )
    return found[0][: design.p * design.d].reshape(design.p, design.d)


def skglm(problem, tol):
    from skglm.datafits import QuadraticGroup
    from skglm.solvers import GroupBCD

    solver = GroupBCD(max_iter=1000, max_epochs=10_000, tol=tol)
    return _skglm(problem, problem.lam / (2 * problem.design.n), QuadraticGroup, solver)


def skglm_logistic(problem, tol):
    from skglm.datafits import LogisticGroup
    from skglm.solvers import GroupProxNewton

    solver = GroupProxNewton(
        max_iter=1000, max_pn_iter=10_000, tol=tol, fit_intercept=False
    )
    return _skglm(problem, problem.lam / problem.design.n, LogisticGroup, solver)


def _adelie(problem, loss, samples, tol, points=20, **options):
    "A path of `points` values of lam to the one wanted; its loss is ours over `samples`."
    import adelie as ad

    design = problem.design
    state = ad.grpnet(
        ad.matrix.convex_relu(
            np.asfortranarray(design.X),
            np.asfortranarray(design.masks.patterns),
            gated=True,
        ),
        loss,
        groups=np.arange(0, design.p * design.d, design.d),
        penalty=np.ones(design.p),
        lmda_path=np.geomspace(
            problem.lam_max / samples, problem.lam / samples, points
        ),
        tol=tol,
        newton_tol=1e-14,
        max_iters=10**8,
        early_exit=False,
        intercept=False,
        progress_bar=False,
        **options,
    )
    return np.asarray(state.betas[-1].todense()).reshape(design.p, design.d)


def adelie(problem, tol):
    from adelie.glm import gaussian

    return _adelie(problem, gaussian(problem.y), 2 * problem.design.n, tol)


def adelie_logistic(problem, tol):
    from adelie.glm import binomial

    return _adelie(
        problem,
        binomial((problem.y + 1) / 2),
        problem.design.n,
        tol,
        irls_tol=tol,
        irls_max_iters=10**6,
    )


def fixntk_logistic(problem, tol):
    return solve_loss(problem, tol=tol).W


def clarabel(problem, tol):
    return solve_cvxpy(problem, tol=tol, max_entries=10**15).W


def pyscnn(problem, tol):
    from scnn.metrics import Metrics
    from scnn.models import ConvexGatedReLU
    from scnn.optimize import optimize_model
    from scnn.regularizers import NeuronGL1
    from scnn.solvers import RFISTA

    design = problem.design
    model = ConvexGatedReLU(design.masks.gates.T)
    scale = 1 / (2 * design.n)  # its loss is |f - y|^2 / (2 n)
    trained, _ = optimize_model(
        model,
        RFISTA(model, max_iters=10_000_000, tol=tol),
        Metrics(),
        design.X,
        problem.y,
        return_convex=True,
        regularizer=NeuronGL1(problem.lam * scale),
        unitize_data=False,
        dtype="float64",
    )
    place = {
        pattern.tobytes(): i for i, pattern in enumerate(design.masks.patterns.T)
    }  # it sorts the gates
    W = np.zeros((design.p, design.d))
    for pattern, row in zip((design.X @ trained.G > 0).T, trained.parameters[0][0]):
        W[place[pattern.tobytes()]] = row
    return W


def steps(first, last):
    """Tolerances 10^-first, ..., 10^-last."""
    return [10.0**-k for k in range(first, last + 1)]


# for each loss, solver: function, package whose version is reported, tolerances of its own to try in turn, the first too loose
# for every instance
SOLVERS = {
    "squared": {
        "fixntk": (fixntk, "fixntk", [*steps(1, 4), 1e-6]),
        "fixntk path of 20": (fixntk_path, "fixntk", [1e-6]),
        "celer": (celer, "celer", steps(4, 14)),
        "skglm": (skglm, "skglm", steps(2, 12)),
        "adelie": (adelie, "adelie", steps(9, 20)),
        "clarabel": (clarabel, "clarabel", [1e-6]),
        "pyscnn": (pyscnn, "pyscnn", steps(4, 18)[::2]),
    },
    "logistic": {
        "fixntk": (fixntk_logistic, "fixntk", [1e-6]),
        "skglm": (skglm_logistic, "skglm", steps(3, 12)),
        "adelie": (adelie_logistic, "adelie", steps(2, 20)),
    },
}
LOSSES = {"squared": SquaredLoss(), "logistic": LogisticLoss()}


def tiny(loss):
    rng = np.random.default_rng(0)
    X = gaussian_design(20, 3, rng=rng)
    design, y = (
        MaskedDesign(X, sample_masks(X, 10, rng=rng)),
        rng.choice([-1.0, 1.0], 20),
    )
    return GroupLassoProblem(
        design, y, 0.3 * GroupLassoProblem(design, y, 1.0, loss=loss).lam_max, loss=loss
    )


def timed(call, problem, tol, repeats=5, enough=2.0):
    """The median of up to five runs by the processor's clock, fewer if they are long, and the last answer."""
    seconds = []
    while len(seconds) < repeats and sum(seconds) < enough:
        start = time.process_time()
        W = call(problem, tol)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), W


def main(name, path, lam, tol, loss="squared"):
    warnings.simplefilter("ignore")
    (call, package, tolerances), loss = SOLVERS[loss][name], LOSSES[loss]
    file = np.load(path)
    masks = Masks(
        np.unpackbits(file["patterns"], axis=0, count=len(file["X"])).astype(bool),
        file["gates"],
    )
    problem = GroupLassoProblem(
        MaskedDesign(file["X"], masks), file["y"], lam, loss=loss
    )
    found = __version__ if package == "fixntk" else version(package)
    call(tiny(loss), tolerances[0])
    for own in tolerances:
        print(json.dumps({"version": found, "trying": own}), flush=True)
        seconds, W = timed(call, problem, own)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        gap = problem.gap(W)
        row = {
            "seconds": seconds,
            "gap": gap,
            "objective": problem.objective(W),
            "peak_mb": peak,
            "own_tol": own,
        }
        if package == "fixntk":
            row["pass_seconds"] = statistics.median(
                timed(lambda p, _: p.design.correlation_norms(p.y), problem, own)[0]
                for _ in range(3)
            )
        print(json.dumps(row), flush=True)
        if gap <= tol:
            return


if __name__ == "__main__":
    main(
        sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), *sys.argv[5:]
    )
