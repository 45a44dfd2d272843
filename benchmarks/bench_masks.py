"""Masks, weights and the masked design against their yardsticks, measured side by side in one run.

    python benchmarks/bench_masks.py

prints a table and writes it to nbs/results/bench_masks.csv. A few minutes at most; BLAS keeps the threads it has
(set OPENBLAS_NUM_THREADS=1 for one), the same for both sides of each ratio.
"""

import subprocess
import sys
import time
from itertools import chain

import numpy as np
from report import RESULTS, save_measurements
from threadpoolctl import threadpool_info

from fixntk.data import gaussian_design
from fixntk.design import MaskedDesign
from fixntk.masks import enumerate_masks, sample_masks
from fixntk.weights import exact_weights, sampled_weights

LARGE = """
import resource, time
import numpy as np
from fixntk.masks import count_cells, enumerate_masks
X = np.random.default_rng(0).standard_normal((1000, 3))
start = time.perf_counter()
masks = enumerate_masks(X)
seconds = time.perf_counter() - start
assert masks.p == count_cells(1000, 3)
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)
"""


def best_of(repeats, call, *args):
    """The shortest of several runs, in seconds, and what the last one returned."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call(*args)
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def enumeration():
    seconds, masks = best_of(
        5, enumerate_masks, gaussian_design(60, 4, rng=np.random.default_rng(0))
    )
    yield (
        "enumerate_masks, n=60, r=4",
        "cells per second",
        masks.p / seconds,
        "at least 500000",
    )
    run = subprocess.run(
        [sys.executable, "-c", LARGE], capture_output=True, text=True, check=True
    )
    seconds, gigabytes = map(float, run.stdout.split())
    yield "enumerate_masks, n=1000, r=3 (999002 cells)", "seconds", seconds, "under 15"
    yield (
        "enumerate_masks, n=1000, r=3 (999002 cells)",
        "peak GB of the process",
        gigabytes,
        "under 2",
    )


def exact():
    for n in (60, 200):
        seconds, (masks, _) = best_of(
            3, exact_weights, gaussian_design(n, 3, rng=np.random.default_rng(0))
        )
        yield f"exact_weights, n={n}, r=3 ({masks.p} cells)", "seconds", seconds, ""


def packed_counts(X, n_gates, rng, fast):
    """Distinct patterns of Gaussian gates and their shares; counted by a 64-bit name, or row by row with np.unique."""
    bits = np.packbits(rng.standard_normal((n_gates, X.shape[1])) @ X.T >= 0, axis=1)
    if not fast:
        patterns, counts = np.unique(bits, axis=0, return_counts=True)
        return patterns, counts / n_gates
    words = np.pad(bits, [(0, 0), (0, -bits.shape[1] % 8)]).view(np.uint64)
    odd = (
        2
        * np.random.default_rng(0).integers(2**63, size=words.shape[1], dtype=np.uint64)
        + 1
    )
    _, first, counts = np.unique(
        (words ^ (words >> np.uint64(32))) @ odd, return_index=True, return_counts=True
    )
    return bits[first], counts / n_gates


def circle_shares(X, n_circles, rng):
    found = sampled_weights(X, n_circles, rng=rng)
    return np.packbits(found.masks.patterns, axis=0).T, found.weights


def variance(estimates):
    """Total variance of one estimate, from the distances of independent pairs."""
    tables = [
        {pattern.tobytes(): weight for pattern, weight in zip(*one)}
        for one in estimates
    ]
    distances = [
        sum((a.get(key, 0) - b.get(key, 0)) ** 2 for key in a.keys() | b.keys())
        for a, b in zip(tables[::2], tables[1::2])
    ]
    return np.mean(distances) / 2


def sampling():
    for n, r, n_circles in (
        (50, 3, 20000),
        (100, 3, 20000),
        (200, 3, 20000),
        (50, 5, 50000),
    ):
        X = gaussian_design(n, r, rng=np.random.default_rng(2))
        circles = [
            best_of(1, circle_shares, X, n_circles, np.random.default_rng(seed))
            for seed in range(4)
        ]
        for fast, label in (
            (True, "counted by 64-bit names"),
            (False, "counted by np.unique(axis=0)"),
        ):
            gates = [
                best_of(
                    1,
                    packed_counts,
                    X,
                    8 * n_circles,
                    np.random.default_rng(seed),
                    fast,
                )
                for seed in range(4)
            ]
            ratio = variance([one for _, one in gates]) / variance(
                [one for _, one in circles]
            )
            ratio *= min(seconds for seconds, _ in gates) / min(
                seconds for seconds, _ in circles
            )
            yield (
                f"circles against gates, n={n}, r={r}, gates {label}",
                "variance ratio at equal time",
                ratio,
                "at least 5",
            )


def products(n, d, p):
    rng = np.random.default_rng(4)
    X = gaussian_design(n, d, rng=rng)
    design = MaskedDesign(X, sample_masks(X, p, rng=rng))
    p = design.p
    W, z, weights, floats = (
        rng.standard_normal((p, d)),
        rng.standard_normal(n),
        rng.random(p),
        design.masks.patterns.T.astype(float),
    )
    masked, scaled, other = z[:, None] * X, floats.T * weights, floats.copy()
    for name, left, right, ours, given in (
        ("predict", floats.T, W, design.predict, W),
        ("correlate", floats, masked, design.correlate, z),
        ("correlation_norms", floats, masked, design.correlation_norms, z),
        ("kernel", scaled, other, design.kernel, weights),
    ):
        share = best_of(15, np.matmul, left, right)[0] / best_of(15, ours, given)[0]
        yield (
            f"{name}, n={n}, d={d}, p={p}",
            "throughput as a share of one dgemm",
            share,
            "" if name == "predict" else "at least 0.5",
        )


def main():
    threads = max(
        (
            pool["num_threads"]
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        ),
        default=1,
    )
    measured = chain(
        enumeration(),
        exact(),
        sampling(),
        products(500, 20, 2000),
        products(1000, 60, 5000),
    )
    save_measurements(measured, RESULTS / "bench_masks.csv", blas_threads=threads)


if __name__ == "__main__":
    main()
