"""The group lasso with logistic loss (23) by fixntk and by other solvers, measured side by side in one run.

    python benchmarks/bench_losses.py [--instances L,S,M] [--lams 0.01] [--solvers NAME,...] [--cap SECONDS]

As bench_solvers.py, for classes: the sign of the teacher's targets about their median. Each solver is measured at two
gaps, 1e-4 and 1e-6. Writes nbs/results/bench_losses.csv and prints the table as markdown; see benchmarks/README.md.
"""

import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from bench_solvers import COLUMNS, HERE, SIZES, main, run, tidy

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
    np.savez(path, X=X, y=y, patterns=np.packbits(masks.patterns, axis=0), gates=masks.gates)
    return path, GroupLassoProblem(MaskedDesign(X, masks), y, 1.0, loss=LogisticLoss()).lam_max


def measure(names, ratios, solvers, cap, memory):
    with tempfile.TemporaryDirectory() as folder:
        for ratio, name in product(ratios, names):
            path, lam_max = instance(name, folder)
            lam, ours = ratio * lam_max, run("fixntk", path, ratio * lam_max, cap, memory, "logistic")
            for solver, target in product(solvers, GAPS):
                row = ours if solver == "fixntk" else run(solver, path, lam, cap, memory, "logistic", target)
                if solver != "fixntk" and row["stopped"]:
                    row["ratio_to_ours"], row["seconds"] = (
                        f">{row['seconds'] / ours['seconds']:.0f}",
                        f">{row['seconds']:.0f}",
                    )
                elif solver != "fixntk" and row["reached"]:
                    row["ratio_to_ours"] = f"{row['seconds'] / ours['seconds']:.1f}"
                if solver == "fixntk" and target == GAPS[0]:
                    continue  # one run, to the smaller gap, is compared with both
                passes = f"{row['seconds'] / row['pass_seconds']:.1f}" if "pass_seconds" in row else ""
                row |= {"instance": name, "lam_ratio": ratio, "solver": solver, "passes": passes}
                row["note"] = f"for a gap of {target:.0e}: {row['note']}"
                yield {key: tidy(key, row.get(key, "")) for key in COLUMNS}


if __name__ == "__main__":
    result = HERE.parent / "nbs" / "results" / "bench_losses.csv"
    main(__doc__, measure, instances="L,S,M", lams="0.01", solvers=["fixntk", "skglm", "adelie"], cap=120, out=result)
