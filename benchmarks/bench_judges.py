"""The small instance of the page "one problem, many judges", given to the other solvers that are installed.

    python benchmarks/bench_judges.py

Each tightens its own tolerance until the relative gap of GroupLassoProblem is at most 1e-8, or a run has taken three
seconds of the processor. Writes nbs/results/judges.csv.
"""

import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from peers import SOLVERS, steps
from report import RESULTS, save

from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.masks import enumerate_masks

GAP = 1e-8


def instance():
    """20 Gaussian samples in 3 dimensions, targets of a ReLU teacher, all masks, 0.03 lam_max."""
    rng = np.random.default_rng(20)
    X = gaussian_design(20, 3, rng=rng)
    y = teacher_data(X, 4, noise=0.1, kind="relu", rng=rng)
    design = MaskedDesign(X, enumerate_masks(X))
    return GroupLassoProblem(
        design, y, 0.03 * GroupLassoProblem(design, y, 1.0).lam_max
    )


def judge(problem, name):
    call, package, _ = SOLVERS["squared"][name]
    try:
        found = version(package)
    except PackageNotFoundError:
        return {
            "solver": name,
            "version": "",
            "objective": "",
            "gap": "",
            "note": "not installed",
        }
    for tol in steps(6, 16):
        start = time.process_time()
        W = call(problem, tol)
        if (
            problem.gap(W) <= GAP or time.process_time() - start > 3 and tol < 1e-6
        ):  # the first may compile
            break
    result = {"objective": repr(problem.objective(W)), "gap": f"{problem.gap(W):.1e}"}
    return {
        "solver": name,
        "version": found,
        **result,
        "note": f"own tolerance {tol:.0e}",
    }


def main():
    problem = instance()
    rows = [judge(problem, name) for name in ("celer", "adelie")]
    save(rows, RESULTS / "judges.csv")
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
