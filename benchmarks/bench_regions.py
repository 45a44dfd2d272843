"""Regions of hyperplanes with offsets: `enumerate_masks` beside relucent's breadth-first search.

    python benchmarks/bench_regions.py

n Gaussian hyperplanes w'x + b = 0 of two or three dimensions are one hidden layer for relucent. For us they are the rows
(w, b) of a table, with one row (0, 1) more: the masks that let it through are the regions. Both give sign vectors, which
are compared one by one. Seconds are the processor's, with one thread; relucent works in a process beside its main one,
even with nworkers=1, so both are told. It runs once, as it comes, with its own verification; ours is the smallest of
three runs. Writes nbs/results/regions.csv.
"""

import os
import time
from importlib.metadata import PackageNotFoundError, version

for library in ("OPENBLAS", "OMP", "MKL"):  # before numpy is loaded
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
from report import RESULTS, save, settings  # noqa: E402

from fixntk.enumeration import enumerate_masks  # noqa: E402

INSTANCES = [(20, 2), (14, 3), (25, 3)]  # hyperplanes, dimensions


def hyperplanes(n, d):
    rng = np.random.default_rng(100 * n + d)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def by_masks(W, b):
    "Which hyperplanes each region lies above: the masks of (w, b) that let (0, 1) through."
    table = np.column_stack([W, b])
    table = np.vstack([table, np.eye(table.shape[1])[-1]])
    patterns = enumerate_masks(table).patterns
    return {tuple(column) for column in patterns[:-1, patterns[-1]].T.tolist()}


def by_relucent(W, b):
    import relucent

    network = relucent.convert([(W, b), (np.ones((1, len(b))), np.zeros(1))])
    complex = relucent.Complex(network)
    complex.bfs(nworkers=1, verbose=0)
    return {tuple(poly.ss_np.ravel()[: len(b)] > 0) for poly in complex}


def timed(call, *args, runs):
    "What it finds, and its seconds of processor: of this process, and of those that it waited for."
    seconds = []
    for _ in range(runs):
        start, begun = os.times(), time.process_time()
        found = call(*args)
        own, end = time.process_time() - begun, os.times()
        theirs = end.children_user + end.children_system
        theirs -= start.children_user + start.children_system
        seconds.append((own, theirs))
    return found, *min(seconds)


def main():
    rows = []
    for n, d in INSTANCES:
        W, b = hyperplanes(n, d)
        ours, seconds, _ = timed(by_masks, W, b, runs=3)
        row = {"hyperplanes": n, "dimensions": d, "fixntk_regions": len(ours)}
        row |= {"fixntk_seconds": f"{seconds:.3f}"}
        try:
            peer = {"relucent": version("relucent"), **settings("relucent", "scipy")}
            theirs, main_seconds, others = timed(by_relucent, W, b, runs=1)
            row |= {"relucent_regions": len(theirs), "same": theirs == ours}
            row |= {"main_seconds": f"{main_seconds:.2f}"}
            row |= {"all_seconds": f"{main_seconds + others:.2f}", **peer}
        except PackageNotFoundError:
            row |= {"relucent": "not installed", **settings("scipy")}
        rows.append(row)
        print(row)
    save(rows, RESULTS / "regions.csv")


if __name__ == "__main__":
    main()
