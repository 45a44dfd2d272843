"""What the guard of BLAS threads and the tangent kernel cost: the default environment beside one thread, ntk beside the plain formula.

    python benchmarks/bench_threads.py [--out FILE]

A few minutes. Writes nbs/results/bench_threads.csv. Every timed run is a process of its own; the shortest of three counts.
"""

import argparse
import contextlib
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
from report import ONE_THREAD, RESULTS, save_measurements
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


def kernel_rows():
    from fixntk.kernels import ntk

    for name, X in tables():
        costs = []
        for kernel in (plain_ntk, ntk):
            tracemalloc.start()
            kernel(X)
            costs.append([tracemalloc.get_traced_memory()[1]])
            tracemalloc.stop()
        for _ in range(7):
            for kernel, cost in zip((plain_ntk, ntk), costs):
                start = time.process_time()
                kernel(X)
                cost.append(time.process_time() - start)
        (plain_bytes, *plain), (our_bytes, *ours) = costs
        yield f"ntk, {name}", "processor seconds", min(ours), ""
        reach = "" if "all rows close" in name else "at most 3"
        yield (
            f"ntk, {name}",
            "processor time over the plain formula's",
            min(ours) / min(plain),
            reach,
        )
        yield (
            f"ntk, {name}",
            "peak memory over the plain formula's",
            our_bytes / plain_bytes,
            "at most 3",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "bench_threads.csv")
    parser.add_argument("--run", choices=WORK, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        return run_one(args.run)
    save_measurements([*thread_rows(), *kernel_rows()], args.out)


if __name__ == "__main__":
    main()
