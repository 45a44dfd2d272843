"""Many rows: seconds, memory and gap of one solve against the number of rows, beside other solvers.

    python benchmarks/bench_large.py [--only rows,adelie] [--rows 10000,20000]

minimises |f - y|^2 + lam sum_i |W_i| over gates on d = 20 standard normal columns; the targets are those of a ReLU network
of width 10 with noise 0.1. Each solve is a process of its own with one thread, in processor seconds, until the relative gap
that `RowDesign` measures is at most 1e-4; a peer's own tolerance is tightened until it is. Written to nbs/results/large.csv.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import report

GAP, D = 1e-4, 20
COLUMNS = "rows gates lam_ratio solver seconds peak_mb gap masks ratio note".split()
CASES = [  # rows, gates, lam / lam_max, who can
    (1_000, 1000, 0.1, "rows kernel adelie celer skglm"),
    (3_000, 1000, 0.1, "rows kernel adelie celer skglm"),
    (10_000, 1000, 0.1, "rows single masks kernel adelie celer skglm"),
    (20_000, 1000, 0.1, "rows single masks adelie"),
    (100_000, 1000, 0.1, "rows single masks adelie"),
    (20_000, 1000, 0.01, "rows single adelie"),
    (100_000, 2000, 0.1, "rows single"),
    (1_000_000, 2000, 0.1, "rows single"),
]


def table(rows, gates):
    "Rows, targets and gates; the rows in single precision, as a user with many would keep them."
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, D), dtype=np.float32)
    teacher = rng.standard_normal((10, D), dtype=np.float32)
    clean = np.maximum(X @ teacher.T, 0) @ rng.standard_normal(10) / 3
    return X, clean + 0.1 * rng.standard_normal(rows), rng.standard_normal((gates, D))


def ours(make):
    def run(X, y, gates, lam, own):
        import fixntk
        from fixntk.group_lasso import GroupLassoProblem

        return fixntk.solve(GroupLassoProblem(make(X, gates), y, lam), tol=GAP).W

    return run


def in_rows(X, gates):
    from fixntk.large import RowDesign

    return RowDesign(X, gates)


def in_single(X, gates):
    from fixntk.large import RowDesign

    return RowDesign(X, gates, dtype=np.float32)


def in_masks(X, gates):
    from fixntk.design import MaskedDesign
    from fixntk.masks import Masks

    return MaskedDesign(X, Masks.from_gates(X, gates))


def by_kernel(X, y, gates, lam, own):
    "The n x n form, however many rows there are: what Newton's method was before."
    from fixntk import passes

    passes._FEW = len(X)
    return ours(in_masks)(X, y, gates, lam, own)


def peer(name):
    def run(X, y, gates, lam, own):
        import peers

        from fixntk.group_lasso import GroupLassoProblem

        problem = GroupLassoProblem(in_masks(X.astype(float), gates), y, lam)
        if name == "adelie":
            from adelie.glm import gaussian

            n = 2 * len(y)
            return peers._adelie(problem, gaussian(y), n, own, points=10)
        return getattr(peers, name)(problem, own)

    return run


SOLVERS = {  # the call, and tolerances of its own to try in turn
    "rows": (ours(in_rows), [GAP]),
    "single": (ours(in_single), [GAP]),
    "masks": (ours(in_masks), [GAP]),
    "kernel": (by_kernel, [GAP]),
    "adelie": (peer("adelie"), [10.0**-k for k in range(7, 14)]),
    "celer": (peer("celer"), [10.0**-k for k in range(3, 10)]),
    "skglm": (peer("skglm"), [10.0**-k for k in range(3, 10)]),
}


def child(solver, rows, gates, ratio):
    "Solve in this process; a line for each tolerance tried."
    warnings.simplefilter("ignore")
    from fixntk.group_lasso import GroupLassoProblem
    from fixntk.large import RowDesign

    run, tolerances = SOLVERS[solver]
    small = table(200, 20)
    run(*small, 30.0, tolerances[0])  # what is compiled or imported late is not timed
    X, y, G = table(rows, gates)
    top = GroupLassoProblem(RowDesign(X[:, :], G), y, 1.0).lam_max
    for own in tolerances:
        start = time.process_time()
        W = run(X, y, G, ratio * top, own)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        gap = GroupLassoProblem(RowDesign(X, G), y, ratio * top).gap(W)
        on = int(np.count_nonzero(W.any(1)))
        found = dict(seconds=seconds, peak_mb=peak, gap=gap, masks=on, own=own)
        print(json.dumps(found), flush=True)
        if gap <= GAP:
            return


def measure(solver, case, cap):
    "One child; its last line, or what went wrong."
    call = [sys.executable, __file__, "--child", solver, *map(str, case[:3])]
    env = os.environ | report.ONE_THREAD
    env["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    piped = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        done = subprocess.run(call, env=env, timeout=cap, **piped)
        lines, errors = done.stdout, done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired as late:
        lines, errors = (late.stdout or b"").decode(), [f"stopped after {cap} s"]
    found = [json.loads(line) for line in lines.splitlines()]
    if not found:
        return {"note": errors[-1][:100] if errors else "no answer"}
    best = found[-1]
    reached = best["gap"] <= GAP
    note = (
        f"own tolerance {best['own']:.0e}" if reached else f"not reached; {errors[-1:]}"
    )
    return best | {"note": note, "reached": reached}


def rows_of(cases, only, cap):
    for case in cases:
        base = None
        for solver in [s for s in case[3].split() if not only or s in only]:
            found = measure(solver, case, cap)
            seconds = found.get("seconds")
            base = seconds if solver == "rows" else base
            ratio = f"{seconds / base:.1f}" if seconds and base else ""
            row = dict(zip(COLUMNS, case[:3])) | {"solver": solver, "ratio": ratio}
            row |= {k: found.get(k, "") for k in ("masks", "note")}
            row["seconds"] = f"{seconds:.3g}" if seconds else ""
            row["peak_mb"] = f"{found['peak_mb']:.0f}" if seconds else ""
            row["gap"] = f"{found['gap']:.1e}" if seconds else ""
            yield {key: row[key] for key in COLUMNS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=4)
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", default="")
    parser.add_argument("--cap", type=int, default=900, help="seconds for one process")
    parser.add_argument("--out", type=Path, default=report.RESULTS / "large.csv")
    args = parser.parse_args()
    if args.child:
        solver, *sizes = args.child
        return child(solver, int(sizes[0]), int(sizes[1]), float(sizes[2]))
    asked = [int(n) for n in args.rows.split(",") if n]
    cases = [case for case in CASES if not asked or case[0] in asked]
    only, common = args.only.split(",") if args.only else [], report.settings("scipy")
    report.save_as_measured(rows_of(cases, only, args.cap), COLUMNS, args.out, common)


if __name__ == "__main__":
    main()
