"""The group lasso with logistic loss (23) by fixntk and by other solvers, measured side by side in one run.

    python benchmarks/bench_losses.py [--instances L,S] [--lams 0.01] [--solvers NAME,...] [--cap SECONDS]

As bench_solvers.py, for classes: the sign of the teacher's targets about their median. Each solver is measured at two
gaps, 1e-4 and 1e-6. Writes nbs/results/bench_losses.csv and prints the table as markdown; see benchmarks/README.md.
"""

import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from bench_solvers import COLUMNS, SIZES, main, run, tidy
from report import RESULTS

from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.losses import LogisticLoss
from fixntk.masks import sample_masks

GAPS = (1e-4, 1e-6)


def instance(name, folder):
    """Save an instance; its path and lam_max."""
    rng, (n, d, p) = np.random.default_rng(0), SIZES[name]
    X = gaussian_design(n, d, rng=rng)
    y = teacher_data(X, 10, noise=0.1, kind="relu", rng=rng)
    y, masks = np.where(y > np.median(y), 1.0, -1.0), sample_masks(X, p, rng=rng)
    path = Path(folder) / f"{name}.npz"
    np.savez(
        path, X=X, y=y, patterns=np.packbits(masks.patterns, axis=0), gates=masks.gates
    )
    return path, GroupLassoProblem(
        MaskedDesign(X, masks), y, 1.0, loss=LogisticLoss()
    ).lam_max


def graded(row, target, ours):
    """The first of a solver's runs that reaches `target`, or the lower bound that its last, unfinished one gives."""
    reached = [line for line in row["found"] if line["gap"] <= target]
    if reached:
        return (
            row
            | reached[0]
            | {
                "ratio_to_ours": f"{reached[0]['seconds'] / ours:.1f}",
                "note": f"own tolerance {reached[0]['own_tol']:.0e}",
            }
        )
    if row["stopped"]:
        return row | {
            "ratio_to_ours": f">{row['seconds'] / ours:.0f}",
            "seconds": f">{row['seconds']:.0f}",
        }
    return dict(row)


def measure(names, ratios, solvers, cap, memory):
    with tempfile.TemporaryDirectory() as folder:
        for ratio, name in product(ratios, names):
            path, lam_max = instance(name, folder)
            own = run("fixntk", path, ratio * lam_max, cap, memory, "logistic")
            for solver in solvers:
                row = (
                    own
                    if solver == "fixntk"
                    else run(solver, path, ratio * lam_max, cap, memory, "logistic")
                )
                if "pass_seconds" in row:
                    row["passes"] = f"{row['seconds'] / row['pass_seconds']:.1f}"
                for target in GAPS[-1:] if solver == "fixntk" else GAPS:
                    at = (
                        row
                        if solver == "fixntk"
                        else graded(row, target, own["seconds"])
                    )
                    at |= {"instance": name, "lam_ratio": ratio, "solver": solver}
                    at["note"] = f"for a gap of {target:.0e}: {at['note']}"
                    yield {key: tidy(key, at.get(key, "")) for key in COLUMNS}


if __name__ == "__main__":
    out = RESULTS / "bench_losses.csv"
    main(
        __doc__,
        measure,
        instances="L,S",
        lams="0.01",
        solvers=["fixntk", "skglm", "adelie"],
        cap=120,
        out=out,
    )
