"""What the guard of BLAS threads and the tangent kernel cost: the default environment beside one thread, ntk beside the plain formula.

    python benchmarks/bench_threads.py [--only threads|kernel] [--out FILE]

A few minutes. Writes nbs/results/bench_threads.csv; with --only the other rows stay as they are.
Fits: every timed run is a process of its own, and the shortest of three counts. Kernel: medians
of 15 runs side by side in one process, and of their ratios.
"""

import argparse
import contextlib
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from kernel_tables import plain_ntk, with_relatives
from report import ONE_THREAD, RESULTS, save, save_measurements
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def grid_search():
    from fixntk.estimators import GatedReLUClassifier

    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(
        StandardScaler(), GatedReLUClassifier(n_gates=300, random_state=0)
    )
    grid = {
        "gatedreluclassifier__lam_ratio": [0.003, 0.01, 0.03, 0.1],
        "gatedreluclassifier__n_reweightings": [0, 2, 8],
    }
    return lambda: GridSearchCV(model, grid, cv=5).fit(X, y)


def compare():
    from fixntk import cli

    table, folder = load_wine(), Path(tempfile.mkdtemp())
    rows, names = (
        np.column_stack([table.data, table.target]),
        [*table.feature_names, "class"],
    )
    np.savetxt(
        folder / "wine.csv",
        rows,
        delimiter=",",
        header=",".join(names),
        comments="",
        fmt="%g",
    )
    os.chdir(folder)
    return lambda: cli.main(["compare", "wine.csv", "--target", "class"])


def reweightings():
    from fixntk.estimators import GatedReLUClassifier

    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = GatedReLUClassifier(n_gates=300, n_reweightings=4, random_state=0)
    model.fit(X[:50], y[:50])  # imports and caches
    return lambda: model.fit(X, y)


WORK = {
    "README's grid search (60 fits and one)": grid_search,
    "fixntk compare, the wine table": compare,
    "n_reweightings=4, 569 x 30, 300 gates": reweightings,
}


def seconds_of(what, one):
    "Wall time of a piece of work in a process of its own, with one BLAS thread or as the environment has it."
    environment = {k: v for k, v in os.environ.items() if k not in ONE_THREAD}
    environment |= ONE_THREAD if one else {}
    run = subprocess.run(
        [sys.executable, __file__, "--run", what],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


def run_one(what):
    work = WORK[what]()
    start = time.perf_counter()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        work()
    print(time.perf_counter() - start)


def thread_rows():
    for what in WORK:
        pairs = [
            (seconds_of(what, True), seconds_of(what, False)) for _ in range(3)
        ]  # side by side: others may work here
        one, default = map(min, zip(*pairs))
        yield what, "seconds, one thread", one, ""
        yield what, "seconds, default threads", default, ""
        yield what, "default over one thread", default / one, "at most 1.3"


def tables():
    rng = np.random.default_rng(0)
    yield "60 x 7000, relatives among the rows", with_relatives(60, 7000, rng)
    yield "1797 x 64, raw digits", load_digits().data
    yield "1000 x 784, relatives among the rows", with_relatives(1000, 784, rng)
    yield "1000 x 784, all rows close (+ 1000)", rng.standard_normal((1000, 784)) + 1000
    yield "1000 x 10, all rows close (+ 1000)", rng.standard_normal((1000, 10)) + 1000
    for n, d in ((60, 7000), (1000, 784)):
        one = rng.standard_normal(d)
        yield f"{n} x {d}, all rows parallel", np.outer(rng.standard_normal(n), one)


def processor_seconds(kernel, X):
    "Of one call, after the BLAS threads of the call before have stopped waiting for work."
    time.sleep(0.3)  # they spin for some 60 ms, which would count for this call
    start = time.process_time()
    kernel(X)
    return time.process_time() - start


def kernel_rows():
    from fixntk.kernels import ntk

    for name, X in tables():
        peaks = []
        for kernel in (plain_ntk, ntk):
            tracemalloc.start()
            kernel(X)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        pairs = [
            (processor_seconds(plain_ntk, X), processor_seconds(ntk, X))
            for _ in range(15)
        ]
        ratio = np.median([ours / plain for plain, ours in pairs])
        ours = np.median([ours for _, ours in pairs])
        yield f"ntk, {name}", "processor seconds", ours, ""
        above = "over the plain formula's"
        yield f"ntk, {name}", f"processor time {above}", ratio, "at most 3"
        yield f"ntk, {name}", f"peak memory {above}", peaks[1] / peaks[0], "at most 3"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "bench_threads.csv")
    parser.add_argument("--only", choices=("threads", "kernel"))
    parser.add_argument("--run", choices=WORK, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        return run_one(args.run)
    before = []
    if args.only and args.out.exists():
        with args.out.open(newline="") as file:
            before = list(csv.DictReader(file))
    parts = {"threads": thread_rows, "kernel": kernel_rows}
    chosen = [args.only] if args.only else list(parts)
    save_measurements([row for part in chosen for row in parts[part]()], args.out)
    if before:
        is_kernel = lambda row: row["what"].startswith("ntk, ")
        kept = [row for row in before if is_kernel(row) != (args.only == "kernel")]
        with args.out.open(newline="") as file:
            save(sorted(kept + list(csv.DictReader(file)), key=is_kernel), args.out)


if __name__ == "__main__":
    main()
