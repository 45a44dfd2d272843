"""The ReLU program (3) by fixntk and by pyscnn, on the same masks, measured side by side in one run.

    python benchmarks/bench_relu.py [--instances A,B] [--lams 0.1,0.01] [--cap SECONDS] [--violation 1e-4]

Every run is a process of its own with one thread. Both are judged by `ReLUSolution.judge`: the objective over that of
`solve_relu` at gap 1e-6, and the largest violation of a cone, over the length of the sample and of the longest
coefficient. pyscnn's two tolerances are tightened tenfold until the objective is within a target and the violation
is at most 1e-4. Times are the processor's. Writes nbs/results/bench_relu.csv; see benchmarks/README.md.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from report import ONE_THREAD, RESULTS, save_as_measured, settings

from fixntk import __version__
from fixntk.cones import ReLUSolution, solve_relu
from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem, group_norms
from fixntk.masks import sample_masks

SIZES = {"A": (100, 5, 50), "B": (500, 10, 500)}
TARGETS = (1e-3, 1e-4)
OWN = [
    10.0**-k for k in range(5, 11)
]  # pyscnn's tol and constraint_tol, in turn; both bound squared norms
COLUMNS = [
    "instance",
    "lam_ratio",
    "target",
    "solver",
    "version",
    "cpu_seconds",
    "excess",
    "violation",
    "ratio_to_ours",
    "note",
]


def instance(name, ratio):
    rng = np.random.default_rng(0)
    n, d, p = SIZES[name]
    X = gaussian_design(n, d, rng=rng)
    y = teacher_data(X, 10, noise=0.1, kind="relu", rng=rng)
    design = MaskedDesign(X, sample_masks(X, p, rng=rng))
    return GroupLassoProblem(
        design, y, ratio * GroupLassoProblem(design, y, 1.0).lam_max
    )


def fixntk(problem, tol):
    found = solve_relu(problem, tol=tol)
    return found.positive, found.negative


def pyscnn(problem, tol):
    """Its augmented Lagrangian method for ConvexReLU: |f - y|^2 / (2 n) + strength * sum of lengths, so strength = lam / (2 n).

    `max_primal_iters` limits the inner iterations of all rounds together, so it must be large. Parameters come in the
    order of the patterns, which it sorts, and without the mask that passes nothing.
    """
    from scnn.metrics import Metrics
    from scnn.models import ConvexReLU
    from scnn.optimize import optimize_model
    from scnn.regularizers import NeuronGL1
    from scnn.solvers import AL

    design = problem.design
    model = ConvexReLU(design.masks.gates.T.copy())
    solver = AL(
        model, max_primal_iters=10**9, max_dual_iters=10**9, tol=tol, constraint_tol=tol
    )
    trained, _ = optimize_model(
        model,
        solver,
        Metrics(metric_freq=10**9),
        design.X,
        problem.y,
        return_convex=True,
        regularizer=NeuronGL1(problem.lam / (2 * design.n)),
        unitize_data=False,
        dtype="float64",
    )
    place = {pattern.tobytes(): i for i, pattern in enumerate(design.masks.patterns.T)}
    at = [place[pattern.tobytes()] for pattern in (design.X @ trained.G > 0).T]
    parts = np.zeros((2, design.p, design.d))
    parts[:, at] = trained.parameters[0][0], trained.parameters[1][0]
    return parts


def stop(signum, frame):
    raise TimeoutError


def child(solver, name, ratio, tol, cap):
    """Print one JSON line: the processor's seconds and what the judge says; without an objective if the cap was met."""
    warnings.simplefilter("ignore")
    call = {"fixntk": fixntk, "pyscnn": pyscnn}[solver]
    if solver == "pyscnn":
        import torch

        torch.set_num_threads(1)
    eye = MaskedDesign(
        np.eye(2), sample_masks(np.eye(2), 9, rng=np.random.default_rng(0))
    )
    call(
        GroupLassoProblem(eye, np.ones(2), 0.1), 1e-2
    )  # imports, and whatever is set up once
    problem = instance(name, ratio)
    row = {
        "version": __version__ if solver == "fixntk" else version(solver),
        "own_tol": tol,
    }
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cap)
    start = time.process_time()
    try:
        parts = call(problem, tol)
        row["cpu_seconds"] = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        judged = ReLUSolution.judge(problem, *parts, n_iter=0, tol=tol)
        longest = max(group_norms(part).max() for part in parts)
        row |= {
            "objective": judged.objective,
            "gap": judged.gap,
            "violation": judged.violation / longest,
        }
    except TimeoutError:
        pass
    print(json.dumps(row), flush=True)


def run(solver, name, ratio, tol, cap):
    """What the child says, or the last line of its error."""
    command = [
        sys.executable,
        __file__,
        "--child",
        solver,
        name,
        repr(ratio),
        repr(tol),
        repr(cap),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | ONE_THREAD
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return (
        json.loads(lines[-1])
        if lines
        else {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:120]}
    )


def reached(line, target, allowed):
    return (
        "objective" in line
        and abs(line["excess"]) <= target
        and line["violation"] <= allowed
    )


def rows_for(name, ratio, cap, allowed):
    """One row for each target and solver."""
    best = run("fixntk", name, ratio, 1e-6, cap)
    assert best["gap"] <= 1e-6, best
    ours, others = [run("fixntk", name, ratio, target, cap) for target in TARGETS], []
    for tol in OWN:
        others.append(run("pyscnn", name, ratio, tol, cap))
        if "objective" in others[-1]:
            others[-1]["excess"] = others[-1]["objective"] / best["objective"] - 1
            print(
                f"  pyscnn at own tolerance {tol:.0e}: {others[-1]}",
                file=sys.stderr,
                flush=True,
            )
        if "objective" not in others[-1] or reached(others[-1], min(TARGETS), allowed):
            break
    for target, line in zip(TARGETS, ours, strict=True):
        line["excess"] = line["objective"] / best["objective"] - 1
        assert reached(line, target, allowed), line
        rows = [{"solver": "fixntk", "note": f"own tolerance {target:.0e}"} | line]
        good = [other for other in others if reached(other, target, allowed)]
        done, last = [other for other in others if "objective" in other], others[-1]
        row = {"solver": "pyscnn", **(good[0] if good else done[-1] if done else last)}
        if good:
            row |= {
                "ratio_to_ours": f"{row['cpu_seconds'] / line['cpu_seconds']:.0f}",
                "note": f"own tolerance {row['own_tol']:.0e}",
            }
        elif "error" in last:
            row["note"] = f"failed: {last['error']}"
        else:
            row["note"] = (
                f"not reached down to own tolerance {done[-1]['own_tol']:.0e}"
                if done
                else "not reached"
            )
            if "objective" not in last:
                row |= {
                    "cpu_seconds": f">{cap}",
                    "ratio_to_ours": f">{cap / line['cpu_seconds']:.0f}",
                }
                row["note"] += f"; stopped after {cap} s at {last['own_tol']:.0e}"
        for one in (*rows, row):
            one |= {"instance": name, "lam_ratio": ratio, "target": f"{target:.0e}"}
            yield {key: tidy(key, one.get(key, "")) for key in COLUMNS}


def tidy(column, value):
    digits = {"excess": ".1e", "violation": ".1e", "cpu_seconds": ".3g"}
    return format(value, digits.get(column, "")) if isinstance(value, float) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", default="A,B")
    parser.add_argument("--lams", default="0.1,0.01")
    parser.add_argument(
        "--cap",
        type=int,
        default=120,
        help="the processor's seconds for one solver at one tolerance",
    )
    parser.add_argument(
        "--violation",
        type=float,
        default=1e-4,
        help="relative violation of a cone that is allowed",
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "bench_relu.csv")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(*args.child[:2], *map(float, args.child[2:]))
    rows = (
        row
        for ratio in map(float, args.lams.split(","))
        for name in args.instances.split(",")
        for row in rows_for(name, ratio, args.cap, args.violation)
    )
    save_as_measured(rows, COLUMNS, args.out, settings())


if __name__ == "__main__":
    main()
