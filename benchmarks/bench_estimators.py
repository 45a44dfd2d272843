"""How long the estimators take on a table of 1000 rows and 60 columns with 1000 gates, wall and process time side by side.

    python benchmarks/bench_estimators.py [--out FILE]

One BLAS thread. Writes nbs/results/bench_estimators.csv, which chapter 15 shows.
"""

import argparse
import os
import time
from pathlib import Path

from report import ONE_THREAD, RESULTS, save, settings

os.environ.update(ONE_THREAD)
import numpy as np  # noqa: E402  (after the threads are set)

from fixntk.data import gaussian_design, teacher_data  # noqa: E402
from fixntk.estimators import GatedReLUClassifier, GatedReLUClassifierCV, NTKClassifier  # noqa: E402

STEPS = [
    ("NTKClassifier, fit", NTKClassifier(), "fit", ""),
    (
        "GatedReLUClassifier, fit",
        GatedReLUClassifier(random_state=0),
        "fit",
        "under 1 s",
    ),
    ("GatedReLUClassifier, predict", None, "predict", ""),
    ("GatedReLUClassifier, predict with spread", None, "spread", ""),
    (
        "GatedReLUClassifierCV, 20 lam, 5 folds, fit",
        GatedReLUClassifierCV(random_state=0),
        "fit",
        "under 30 s",
    ),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "bench_estimators.csv")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X = gaussian_design(1000, 60, rng=rng)
    y = np.sign(teacher_data(X, 10, noise=0.1, kind="relu", rng=rng))
    GatedReLUClassifier(n_gates=50).fit(X[:100], y[:100])  # imports and caches
    rows, model, common = [], None, settings("scikit-learn")
    for what, estimator, action, reach in STEPS:
        model = model if estimator is None else estimator
        wall, process = time.perf_counter(), time.process_time()
        if action == "fit":
            model.fit(X, y)
        else:
            model.predict(X, **({"return_spread": True} if action == "spread" else {}))
        wall, process = time.perf_counter() - wall, time.process_time() - process
        gap = f"{model.dual_gap_:.1e}" if hasattr(model, "dual_gap_") else ""
        rows.append(
            {
                "what": what,
                "wall_seconds": f"{wall:.3g}",
                "process_seconds": f"{process:.3g}",
                "gap": gap,
                "reach": reach,
            }
            | common
        )
        print(*list(rows[-1].values())[:5], sep=" | ", flush=True)
    save(rows, args.out)


if __name__ == "__main__":
    main()
